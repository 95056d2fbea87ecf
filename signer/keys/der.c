/*
 * Lengths of two bytes at the most: no key that we take is longer, and all
 * arithmetic stays small. It is written backwards, from the end of a room to
 * its front, because a head needs the length of what follows it.
 */
#include "signer/keys/der.h"

bool
der_take(struct der *d, unsigned char tag, struct der *ret)
{
	size_t n, head = 2;

	if (d->n < 2 || d->p[0] != tag)
		return false;
	n = d->p[1];
	if (n >= 0x80) {
		size_t bytes = n - 0x80;

		if (bytes == 0 || bytes > 2 || d->n < 2 + bytes)
			return false;
		n = bytes == 1 ? d->p[2] : (size_t)d->p[2] << 8 | d->p[3];
		head += bytes;
	}
	if (n > d->n - head)
		return false;
	*ret = (struct der){d->p + head, n};
	d->p += head + n;
	d->n -= head + n;
	return true;
}

bool
der_take_number(struct der *d, struct der *ret)
{
	struct der i;

	if (!der_take(d, DER_INTEGER, &i) || i.n == 0 || i.p[0] >= 0x80)
		return false;
	for (; i.n > 0 && i.p[0] == 0; i.n--)
		i.p++;
	*ret = i;
	return true;
}

unsigned
der_bits(struct der number)
{
	unsigned bits = (unsigned)number.n * 8;

	for (unsigned top = number.n > 0 ? number.p[0] : 0xff; top < 0x80;
	     top <<= 1)
		bits--;
	return bits;
}

unsigned char *
der_put_head(unsigned char *end, unsigned char tag, size_t n)
{
	*--end = (unsigned char)n;
	if (n > 0xff)
		*--end = (unsigned char)(n >> 8);
	if (n >= 0x80)
		*--end = n > 0xff ? 0x82 : 0x81;
	*--end = tag;
	return end;
}
