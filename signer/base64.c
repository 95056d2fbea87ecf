#include <errno.h>
#include <stdint.h>

#include "signer/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789+/";

int
base64_add(struct buf *out, const void *p, size_t n)
{
	const unsigned char *in = p;

	for (; n > 0; in += 3) {
		size_t k = n < 3 ? n : 3;
		uint32_t w = (uint32_t)in[0] << 16 |
		    (k > 1 ? (uint32_t)in[1] << 8 : 0) |
		    (k > 2 ? (uint32_t)in[2] : 0);
		char four[4] = {letters[w >> 18], letters[w >> 12 & 63],
		    k > 1 ? letters[w >> 6 & 63] : '=',
		    k > 2 ? letters[w & 63] : '='};

		buf_add(out, four, sizeof four);
		n -= k;
	}
	return buf_error(out);
}

/* The value of a letter, or -1. */
static int
value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

static bool
is_fws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int
base64_read(struct span text, unsigned char *ret, size_t max, size_t *ret_n)
{
	size_t n = 0, chars = 0, pads = 0;
	unsigned bits = 0; /* in w, not yet written */
	uint32_t w = 0;

	for (size_t i = 0; i < text.n; i++) {
		int v = value(text.p[i]);

		if (is_fws(text.p[i]))
			continue;
		chars++;
		if (text.p[i] == '=') {
			pads++;
			continue;
		}
		if (v < 0 || pads > 0)
			return -EINVAL;
		w = w << 6 | (uint32_t)v;
		bits += 6;
		if (bits < 8)
			continue;
		if (n == max)
			return -EMSGSIZE;
		bits -= 8;
		ret[n++] = (unsigned char)(w >> bits);
		w &= (1U << bits) - 1;
	}
	if (chars % 4 != 0 || pads != bits / 2 || w != 0)
		return -EINVAL;
	*ret_n = n;
	return 0;
}
