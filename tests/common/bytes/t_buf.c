#include <errno.h>

#include "common/bytes/buf.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"

static void
check_view(const struct buf *b, const char *want)
{
	CHECK(span_eq(buf_view(b), span_str(want)));
}

static void
appends_pieces(void)
{
	struct buf b;

	buf_init(&b, 1000);
	CHECK(buf_add(&b, "ab\0", 3) == 0);
	buf_clear(&b);
	CHECK(buf_str(&b, "one") == 0);
	CHECK(buf_byte(&b, ' ') == 0);
	CHECK(buf_span(&b, span_of("two!", 3)) == 0);
	CHECK(buf_fmt(&b, " %d-%s", 3, "x") == 0);
	CHECK(buf_span(&b, (struct span){0}) == 0);
	check_view(&b, "one two 3-x");
	CHECK_STR(buf_text(&b), "one two 3-x");
	check_view(&b, "one two 3-x");
	buf_clear(&b);
	CHECK(buf_quoted(&b, span_of("a \"b\" c\\d", 9)) == 0);
	CHECK_STR(buf_text(&b), "\"a \\\"b\\\" c\\\\d\"");
	CHECK(buf_error(&b) == 0);
	buf_free(&b);
	check_view(&b, "");
	CHECK(b.max == 1000);
}

static void
empty_is_text(void)
{
	struct buf b;

	buf_init(&b, 1);
	CHECK_STR(buf_text(&b), "");
	buf_free(&b);
	buf_init(&b, 0);
	CHECK(buf_text(&b) == NULL);
	CHECK(buf_add(&b, "", 0) == 0);
	CHECK(buf_byte(&b, 'x') == -EMSGSIZE);
	buf_free(&b);
}

static void
holds_max_and_not_one_more(void)
{
	char much[300];

	memset(much, 'x', sizeof much);
	for (size_t max = 1; max < sizeof much; max++) {
		struct buf b;

		buf_init(&b, max);
		for (size_t i = 0; i < max; i++)
			CHECK(buf_byte(&b, 'x') == 0);
		CHECK(b.cap <= max);
		CHECK(buf_text(&b) == NULL);
		CHECK(buf_error(&b) == 0);
		CHECK(buf_byte(&b, 'y') == -EMSGSIZE);
		CHECK(span_eq(buf_view(&b), span_of(much, max)));
		buf_free(&b);

		buf_init(&b, max);
		CHECK(buf_add(&b, much, max + 1) == -EMSGSIZE);
		CHECK(b.n == 0);
		buf_free(&b);
	}
}

/* What comes behind the piece that failed must not close the gap. */
static void
an_error_stays(void)
{
	struct buf b;

	buf_init(&b, 4);
	CHECK(buf_str(&b, "abc") == 0);
	CHECK(buf_str(&b, "de") == -EMSGSIZE);
	CHECK(buf_byte(&b, 'f') == -EMSGSIZE);
	CHECK(buf_fmt(&b, "%c", 'g') == -EMSGSIZE);
	CHECK(buf_error(&b) == -EMSGSIZE);
	check_view(&b, "abc");
	CHECK_STR(buf_text(&b), "abc");
	buf_clear(&b);
	CHECK(buf_error(&b) == 0);
	CHECK(buf_str(&b, "wxyz") == 0);
	check_view(&b, "wxyz");
	buf_free(&b);
}

static void
formats_any_length(void)
{
	for (int width = 250; width < 262; width++) {
		struct buf b;

		buf_init(&b, 2000);
		CHECK(buf_fmt(&b, "%*d", width, 7) == 0);
		CHECK(b.n == (size_t)width);
		CHECK(b.p[b.n - 1] == '7');
		CHECK(b.p[0] == ' ');
		CHECK(buf_fmt(&b, "%2000s", "") == -EMSGSIZE);
		CHECK(b.n == (size_t)width);
		buf_free(&b);
	}
}

/* What was meant for behind it and found no room is taken back. */
static void
cut_off(void)
{
	struct buf b;

	buf_init(&b, 6);
	buf_str(&b, "abc");
	buf_str(&b, "de");
	CHECK(buf_str(&b, "fg") == -EMSGSIZE);
	buf_cut(&b, 3);
	check_view(&b, "abc");
	CHECK(buf_error(&b) == 0);
	CHECK(buf_str(&b, "xyz") == 0);
	buf_cut(&b, 7);
	check_view(&b, "abcxyz");
	buf_free(&b);
}

static void
counts_one_and_more(void)
{
	CHECK_STR(buf_plural(0), "s");
	CHECK_STR(buf_plural(1), "");
	CHECK_STR(buf_plural(2), "s");
	CHECK_STR(buf_plural(-1ULL), "s");
}

static void
drops_from_the_front(void)
{
	struct buf b;

	buf_init(&b, 10);
	buf_drop(&b, 3);
	buf_str(&b, "abcdef");
	buf_drop(&b, 0);
	check_view(&b, "abcdef");
	buf_drop(&b, 2);
	check_view(&b, "cdef");
	buf_str(&b, "ghijkl");
	check_view(&b, "cdefghijkl");
	buf_drop(&b, 11);
	check_view(&b, "");
	CHECK(buf_str(&b, "0123456789") == 0);
	buf_free(&b);
}

static void
bears_lack_of_memory(void)
{
	for (long n = 0; nomem_round(n); n++) {
		struct buf b;
		int rc = 0;

		buf_init(&b, 100000);
		for (int i = 0; i < 100 && rc == 0; i++)
			rc = buf_fmt(&b, "%300d", i);
		if (nomem_end()) {
			CHECK(rc == -ENOMEM);
			CHECK(buf_error(&b) == -ENOMEM);
			CHECK(b.n % 300 == 0);
			buf_clear(&b);
			CHECK(buf_str(&b, "x") == 0);
		} else {
			CHECK(rc == 0);
		}
		buf_free(&b);
	}
	for (long n = 0; nomem_round(n); n++) {
		struct buf b;
		const char *text;

		buf_init(&b, 10);
		text = buf_text(&b);
		CHECK((text == NULL) == nomem_end());
		buf_free(&b);
	}
}

SUITE("buf", T(appends_pieces), T(empty_is_text), T(holds_max_and_not_one_more),
    T(an_error_stays), T(formats_any_length), T(cut_off),
    T(counts_one_and_more), T(drops_from_the_front), T(bears_lack_of_memory))
