/*
 * Reads in one pass, four characters to three bytes. Bits behind the end and a
 * wrong number of '=' are refused: each text has one meaning.
 */
#include "common/dkim/base64.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

enum { PIECE = 48 }; /* bytes encoded at a time */

int
base64_add(struct buf *out, const void *p, size_t n)
{
	unsigned char text[PIECE / 3 * 4 + 1]; /* and OpenSSL's NUL */
	const unsigned char *in = p;

	while (n > 0) {
		size_t k = n < PIECE ? n : PIECE;
		int len = EVP_EncodeBlock(text, in, (int)k);

		buf_add(out, text, (size_t)len);
		in += k;
		n -= k;
	}
	return buf_error(out);
}

/* For each character from '+' to 'z': '0' and its six bits; '.': it is none of
 * base64's. */
static const char sextets[] = "n...odefghijklm.......0123456789:;<=>?@A"
                              "BCDEFGHI......JKLMNOPQRSTUVWXYZ[\\]^_`abc";

/* The six bits of a character; over 63: none. */
static unsigned
sextet(unsigned char c)
{
	return c < '+' || c > 'z' ? 64 : (unsigned char)sextets[c - '+'] - '0';
}

/* What a text has behind its last whole four: so many characters and '='; bits:
 * those of the characters. How many bytes they are, or -EINVAL. */
static int
read_tail(
    size_t chars, size_t pads, bool unpadded, unsigned bits, unsigned char *ret)
{
	if (chars == 0 && pads == 0)
		return 0;
	if (chars < 2 || chars + pads > 4 || (chars + pads < 4 && !unpadded))
		return -EINVAL;
	bits <<= 6 * (4 - chars);
	if ((bits & 0xffffffu >> 8 * (chars - 1)) != 0)
		return -EINVAL; /* more than whole bytes */
	ret[0] = (unsigned char)(bits >> 16);
	ret[1] = (unsigned char)(bits >> 8);
	return (int)chars - 1;
}

/* Reads fours of base64 from the front, until something else is among them or
 * there is no room. How many. */
static size_t
read_fours(struct span text, unsigned char *ret, size_t max)
{
	const unsigned char *p = (const unsigned char *)text.p;
	size_t n = (text.n < max / 3 * 4 ? text.n : max / 3 * 4) / 4;

	for (size_t i = 0; i < n; i++, p += 4, ret += 3) {
		unsigned a = sextet(p[0]), b = sextet(p[1]), c = sextet(p[2]),
		         d = sextet(p[3]);

		if ((a | b | c | d) > 63)
			return i;
		ret[0] = (unsigned char)(a << 2 | b >> 4);
		ret[1] = (unsigned char)(b << 4 | c >> 2);
		ret[2] = (unsigned char)(c << 6 | d);
	}
	return n;
}

static int
read_text(struct span text, bool unpadded, unsigned char *ret, size_t max,
    size_t *ret_n)
{
	unsigned char last[2];
	size_t n = 0, chars = 0, pads = 0, fours;
	unsigned bits = 0;
	int tail;

	for (size_t i = 0;; i++) {
		unsigned six;

		if (chars % 4 == 0 && pads == 0) {
			fours =
			    read_fours(span_skip(text, i), ret + n, max - n);
			i += 4 * fours;
			n += 3 * fours;
		}
		if (i == text.n)
			break;
		six = sextet((unsigned char)text.p[i]);
		if (six > 63) {
			if (text.p[i] != '=' && !span_is_fws(text.p[i]))
				return -EINVAL;
			pads += text.p[i] == '=';
			continue;
		}
		if (pads > 0)
			return -EINVAL;
		bits = (bits << 6 | six) & 0xffffff;
		if (++chars % 4 != 0)
			continue;
		if (max - n < 3)
			return -EMSGSIZE;
		ret[n++] = (unsigned char)(bits >> 16);
		ret[n++] = (unsigned char)(bits >> 8);
		ret[n++] = (unsigned char)bits;
	}
	tail = read_tail(chars % 4, pads, unpadded, bits, last);
	if (tail < 0)
		return tail;
	if ((size_t)tail > max - n)
		return -EMSGSIZE;
	memcpy(ret + n, last, (size_t)tail);
	*ret_n = n + (size_t)tail;
	return 0;
}

int
base64_read(struct span text, unsigned char *ret, size_t max, size_t *ret_n)
{
	return read_text(text, false, ret, max, ret_n);
}

int
base64_read_tag(struct span text, unsigned char *ret, size_t max, size_t *ret_n)
{
	return read_text(text, true, ret, max, ret_n);
}
