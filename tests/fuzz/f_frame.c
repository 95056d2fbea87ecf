#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/milter/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKETS = 256 };

/* What a stream is: command and length of each packet, and how it ends. */
struct story {
	unsigned char command[PACKETS];
	size_t n[PACKETS];
	size_t count;
	bool bad;
};

static void
put(struct story *s, const struct packet *p)
{
	if (s->count == PACKETS)
		return;
	s->command[s->count] = p->command;
	s->n[s->count] += p->payload.n;
	if (p->last)
		s->count++;
}

/* Reads the stream as if `step` bytes came at a time (0: all at once). */
static void
read_all(struct span in, size_t step, struct story *ret)
{
	size_t have = step == 0 ? in.n : 0, used;
	const char *why = NULL;
	struct packet p;
	struct frame f;

	memset(ret, 0, sizeof *ret);
	frame_init(&f);
	for (;;) {
		enum parse r =
		    frame_parse(&f, span_of(in.p, have), &p, &used, &why);

		if (r == PARSE_BAD) {
			ret->bad = true;
			return;
		}
		if (r == PARSE_OK) {
			if (used == 0 || used > have)
				abort();
			put(ret, &p);
			in = span_skip(in, used);
			have -= used;
		} else if (have == in.n) {
			return;
		} else {
			have = in.n - have < step ? in.n : have + step;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct story once, cut;

	if (size == 0)
		return 0;
	read_all(span_of(data + 1, size - 1), 0, &once);
	read_all(span_of(data + 1, size - 1), 1U + data[0] % 64, &cut);
	if (memcmp(once.command, cut.command, sizeof once.command) != 0 ||
	    memcmp(once.n, cut.n, sizeof once.n) != 0 ||
	    once.count != cut.count || once.bad != cut.bad)
		abort();
	return 0;
}
