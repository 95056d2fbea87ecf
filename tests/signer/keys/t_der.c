#include "signer/keys/der.h"

#include <string.h>

#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* An element of n bytes, at the end of a guard page; then one byte short. */
static void
heads(void)
{
	static const size_t size[] = {0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff};

	for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
		static unsigned char text[DER_HEAD_MAX + 0xffff];
		unsigned char *at =
		    der_put_head(text + DER_HEAD_MAX, DER_SEQUENCE, size[i]);
		size_t head = (size_t)(text + DER_HEAD_MAX - at);
		struct span in = guard_copy(span_of(at, head + size[i]));
		struct der d = {(const unsigned char *)in.p, in.n}, got;

		CHECK(head ==
		    (size[i] < 0x80           ? 2u
		            : size[i] < 0x100 ? 3u
		                              : 4u));
		CHECK(!der_take(&d, DER_INTEGER, &got));
		CHECK(der_take(&d, DER_SEQUENCE, &got) && got.n == size[i]);
		CHECK(d.n == 0);
		guard_free(in);
		in = guard_copy(span_of(at, head + size[i] - 1));
		d = (struct der){(const unsigned char *)in.p, in.n};
		CHECK(!der_take(&d, DER_SEQUENCE, &got) && d.n == in.n);
		guard_free(in);
	}
}

static void
numbers(void)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool good;
		unsigned bits;
	} row[] = {
	    {"\x02\x01\x00", 3, true, 0},
	    {"\x02\x01\x01", 3, true, 1},
	    {"\x02\x01\x7f", 3, true, 7},
	    {"\x02\x02\x00\x80", 4, true, 8},
	    {"\x02\x03\x00\x00\x81", 5, true, 8},
	    {"\x02\x02\x01\x00", 4, true, 9},
	    {"\x02\x01\x80", 3, false, 0}, /* negative */
	    {"\x02\x00", 2, false, 0},
	    {"\x02\x80", 2, false, 0}, /* no definite length */
	    {"\x02\x83\x00\x00\x01\x01", 6, false, 0},
	    {"\x04\x01\x01", 3, false, 0},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span in = guard_copy(span_of(row[i].bytes, row[i].n));
		struct der d = {(const unsigned char *)in.p, in.n}, got;

		CHECK(der_take_number(&d, &got) == row[i].good);
		if (row[i].good)
			CHECK(der_bits(got) == row[i].bits && d.n == 0);
		guard_free(in);
	}
}

SUITE("der", T(heads), T(numbers))
