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

/* The next four characters that are no white space, of *text; how many there
 * were. */
static size_t
take_four(struct span *text, unsigned char *four)
{
	size_t n = 0, i = 0;

	for (; i < text->n && n < 4; i++) {
		if (!span_is_fws(text->p[i]))
			four[n++] = (unsigned char)text->p[i];
	}
	*text = span_skip(*text, i);
	return n;
}

/* For each character from '+' to 'z': '0' and its six bits; ' ': it is none of
 * base64's. */
static const char sextets[] = "n   odefghijklm       0123456789:;<=>?@A"
                              "BCDEFGHI      JKLMNOPQRSTUVWXYZ[\\]^_`abc";

/* The six bits of a character; over 63: none. */
static unsigned
sextet(unsigned char c)
{
	return c < '+' || c > 'z' ? 64 : (unsigned char)sextets[c - '+'] - '0';
}

/* Three bytes at the most, or 0 when it is no base64, or has bits behind its end. */
static size_t
decode_four(const unsigned char *four, unsigned char *three)
{
	size_t n = 3 - (four[3] == '=') - (four[3] == '=' && four[2] == '=');
	unsigned bits = 0;

	for (size_t i = 0; i <= n; i++) {
		unsigned six = sextet(four[i]);

		if (six > 63)
			return 0;
		bits |= six << (18 - 6 * i);
	}
	for (size_t i = 0; i < 3; i++)
		three[i] = (unsigned char)(bits >> (16 - 8 * i));
	return (bits & 0xffffffu >> 8 * n) == 0 ? n : 0;
}

static int
read_text(struct span text, bool unpadded, unsigned char *ret, size_t max,
    size_t *ret_n)
{
	unsigned char four[4], three[3];
	size_t n = 0, k = 3, chars;

	while ((chars = take_four(&text, four)) > 0) {
		if (unpadded && (chars == 2 || chars == 3)) {
			memset(four + chars, '=', 4 - chars);
			chars = 4;
		}
		if (chars < 4 || k < 3)
			return -EINVAL;
		k = decode_four(four, three);
		if (k == 0)
			return -EINVAL;
		if (k > max - n)
			return -EMSGSIZE;
		memcpy(ret + n, three, k);
		n += k;
	}
	*ret_n = n;
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
