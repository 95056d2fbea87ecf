#include "tests/support/plaincanon.h"

static void
plain_line(struct buf *out, const char *p, size_t n, bool relaxed)
{
	bool space = false;

	for (size_t i = 0; i < n; i++) {
		if (relaxed && (p[i] == ' ' || p[i] == '\t')) {
			space = true;
			continue;
		}
		if (space)
			buf_byte(out, ' ');
		space = false;
		buf_byte(out, p[i]);
	}
}

void
plaincanon_body(enum canonicalization canon, struct span in, struct buf *out)
{
	bool relaxed = canon == CANON_RELAXED;
	size_t start = 0, i = 0;

	for (; i + 1 < in.n; i++) {
		if (in.p[i] != '\r' || in.p[i + 1] != '\n')
			continue;
		plain_line(out, in.p + start, i - start, relaxed);
		buf_str(out, "\r\n");
		i++;
		start = i + 1;
	}
	i = out->n;
	plain_line(out, in.p + start, in.n - start, relaxed);
	if (out->n > i)
		buf_str(out, "\r\n");
	while (out->n >= 4 && memcmp(out->p + out->n - 4, "\r\n\r\n", 4) == 0)
		out->n -= 2;
	if (out->n == 2 && memcmp(out->p, "\r\n", 2) == 0)
		out->n = 0;
	if (!relaxed && out->n == 0)
		buf_str(out, "\r\n");
}
