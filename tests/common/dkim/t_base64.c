#include <errno.h>
#include <stdio.h>

#include "common/dkim/base64.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* RFC 4648 section 10, and what has the last letters of the alphabet. */
static const char *const pairs[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/"},
    {"\xff\xff\xff\xff", "/////w=="},
};

static void
both_ways(void)
{
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct span in = guard_copy(span_str(pairs[i][0]));
		struct span text = guard_copy(span_str(pairs[i][1]));
		unsigned char got[10];
		struct buf out;
		size_t n = 99;

		suite_row(pairs[i][1]);
		buf_init(&out, 100);
		CHECK(base64_add(&out, in.p, in.n) == 0);
		CHECK(span_eq(buf_view(&out), text));
		CHECK(base64_size(in.n) == text.n);
		CHECK(base64_read(text, got, sizeof got, &n) == 0);
		CHECK(span_eq(span_of(got, n), in));
		CHECK(base64_read(text, got, in.n, &n) == 0);
		if (in.n > 0)
			CHECK(
			    base64_read(text, got, in.n - 1, &n) == -EMSGSIZE);
		buf_free(&out);
		guard_free(in);
		guard_free(text);
	}
}

static void
white_space(void)
{
	unsigned char got[10];
	size_t n;

	CHECK(base64_read(
	          span_str(" Z\tm\r\n 9v\nYg =\n="), got, sizeof got, &n) == 0);
	CHECK(span_eq(span_of(got, n), span_str("foob")));
}

/* A fold, or what is none of base64, at each place of texts with each end; and
 * each room for it. */
static void
folded_anywhere(void)
{
	static const char *const texts[] = {
	    "Zm9vYmFyZm9v", "Zm9vYmFyZg==", "Zm9vYmFyZm8="};

	for (size_t i = 0; i < 3 * 13; i++) {
		const char *whole = texts[i / 13];
		size_t at = i % 13, want, n;
		unsigned char plain[9], got[9];
		char text[20];

		CHECK(base64_read(span_str(whole), plain, 9, &want) == 0);
		snprintf(text, sizeof text, "%.*s\r\n\t%s", (int)at, whole,
		    whole + at);
		for (size_t room = 0; room <= want; room++) {
			struct span in = guard_copy(span_str(text));
			int rc = base64_read(in, got, room, &n);

			CHECK(rc == (room < want ? -EMSGSIZE : 0));
			CHECK(rc != 0 ||
			    span_eq(span_of(got, n), span_of(plain, want)));
			guard_free(in);
		}
		text[at] = '*';
		CHECK(base64_read(span_str(text), got, 9, &n) == -EINVAL);
	}
}

static void
bad(void)
{
	static const char *const texts[] = {"Z", "Zg",
	    "Zg=", "Zg===", "Zg==Zg==", "Zm9v=", "=",
	    "====", "Zh==", "Zm9=", "Zm-v", "Zm_v", "Zm9v!",
	    "Z=g=", "Zm8=Zg==", "\"Zm9v\"", "Zm9\xc3", "Zg= ;=", "----",
	    "Zm9v----", "Zm9v-", "Zm9v---", "AA=A", "=AAA"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct span in = guard_copy(span_str(texts[i]));
		unsigned char got[10];
		size_t n = 99;

		suite_row(texts[i]);
		CHECK(base64_read(in, got, sizeof got, &n) == -EINVAL);
		CHECK(n == 99);
		guard_free(in);
	}
}

/* Each byte in each place: the 64 letters are read, nothing else is. */
static void
every_byte(void)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (unsigned i = 0; i < 256 * 4; i++) {
		const char *at = memchr(letters, (int)(i / 4), 64);
		char four[] = "AAAA";
		unsigned char got[3];
		unsigned bits = at == NULL ? 0 : (unsigned)(at - letters);
		size_t n;
		int rc;

		four[i % 4] = (char)(i / 4);
		if (i / 4 == '=' || span_is_fws(four[i % 4]))
			continue;
		rc = base64_read(span_of(four, 4), got, sizeof got, &n);
		CHECK(rc == (at == NULL ? -EINVAL : 0));
		bits <<= 18 - 6 * (i % 4);
		CHECK(rc != 0 ||
		    bits == (unsigned)(got[0] << 16 | got[1] << 8 | got[2]));
	}
}

/* Longer than what is encoded at once. */
static void
every_length(void)
{
	unsigned char in[200], got[200];
	size_t n;

	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (unsigned char)(i * 37);
	for (size_t len = 0; len <= sizeof in; len++) {
		struct buf out;

		buf_init(&out, 300);
		CHECK(base64_add(&out, in, len) == 0);
		CHECK(out.n == base64_size(len));
		CHECK(base64_read(buf_view(&out), got, sizeof got, &n) == 0);
		CHECK(span_eq(span_of(got, n), span_of(in, len)));
		buf_free(&out);
	}
}

static void
no_room(void)
{
	struct buf out;

	buf_init(&out, 7);
	CHECK(base64_add(&out, "foob", 4) == -EMSGSIZE);
	buf_free(&out);
}

SUITE("base64", T(both_ways), T(white_space), T(folded_anywhere), T(bad),
    T(every_byte), T(every_length), T(no_room))
