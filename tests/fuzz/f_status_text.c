/* Any JSON as the answer of a daemon: it is printed, whatever it is. */
#include <stdint.h>
#include <stdlib.h>

#include "admin/look/status_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *answer = json_loadb((const char *)data, size, 0, NULL);
	struct buf out;

	if (answer == NULL)
		return 0;
	buf_init(&out, 1 << 20);
	status_text(answer, &out);
	if (out.n == 0)
		abort();
	buf_free(&out);
	json_decref(answer);
	return 0;
}
