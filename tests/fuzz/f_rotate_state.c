/* Any text as the state of a rotation; what is read can be written and read
 * again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "admin/key/rotate_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rotate_state s, again;
	struct buf text;

	memset(&s, 0, sizeof s);
	memset(&again, 0, sizeof again);
	if (rotate_state_parse(span_of(data, size), &s) != PARSE_OK)
		return 0;
	buf_init(&text, ROTATE_STATE_MAX);
	if (rotate_state_print(&s, &text) != 0 ||
	    rotate_state_parse(buf_view(&text), &again) != PARSE_OK ||
	    again.new.n != s.new.n || again.old.n != s.old.n ||
	    again.made != s.made || again.activated != s.activated)
		abort();
	for (size_t i = 0; i < s.new.n; i++) {
		if (strcmp(s.new.v[i], again.new.v[i]) != 0)
			abort();
	}
	buf_free(&text);
	return 0;
}
