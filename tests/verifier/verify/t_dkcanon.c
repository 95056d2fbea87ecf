/* The canonical forms beside a plain one that holds the whole body and looks at
 * one byte after the other. */
#include <stdlib.h>

#include "tests/support/dksign.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"
#include "verifier/verify/dkcanon.h"

enum { TEXT_MAX = 1 << 21 };

static void
append(void *arg, struct span run)
{
	CHECK(run.n > 0);
	buf_span(arg, run);
}

/* --- bodies --------------------------------------------------------------- */

static const struct {
	const char *in, *simple, *nofws;
} bodies[] = {
    /* nothing, and the empty line above it, too */
    {"", "", ""},
    {"\r\n", "", ""},
    {"\r\n\r\n\r\n", "", ""},
    {"a", "\r\na\r\n", "\r\na\r\n"},
    {"a\r\n", "\r\na\r\n", "\r\na\r\n"},
    {"a\r\n\r\n\r\n", "\r\na\r\n", "\r\na\r\n"},
    {"\r\n\r\na\r\n", "\r\n\r\n\r\na\r\n", "\r\n\r\n\r\na\r\n"},
    {"a\r\n\r\nb\r\n", "\r\na\r\n\r\nb\r\n", "\r\na\r\n\r\nb\r\n"},
    {" x \t y \r\n", "\r\n x \t y \r\n", "\r\nxy\r\n"},
    /* a line of blanks is empty for nofws only */
    {" ", "\r\n \r\n", ""},
    {" \t\r\n\r\n", "\r\n \t\r\n", ""},
    {"a\r\n \r\n\t\r\n", "\r\na\r\n \r\n\t\r\n", "\r\na\r\n"},
    {"a\r\n \r\nb", "\r\na\r\n \r\nb\r\n", "\r\na\r\n\r\nb\r\n"},
    /* a CR or LF alone is no line end, but white space */
    {"a\rb\nc\r\n", "\r\na\rb\nc\r\n", "\r\nabc\r\n"},
    {"a\r", "\r\na\r\r\n", "\r\na\r\n"},
    {"\r", "\r\n\r\r\n", ""},
    {"\n", "\r\n\n\r\n", ""},
    {"a\r\r\n", "\r\na\r\r\n", "\r\na\r\n"},
    {"a\r\n\r", "\r\na\r\n\r\r\n", "\r\na\r\n"},
    {"a\r \nb", "\r\na\r \nb\r\n", "\r\nab\r\n"},
    {"a\v\f\r\n", "\r\na\v\f\r\n", "\r\na\v\f\r\n"},
};

struct cut {
	bool nofws;
	struct span want;
};

static void
in_two(void *arg, struct span head, struct span tail)
{
	const struct cut *c = arg;
	struct dkcanon canon;
	struct buf got;
	const struct canon_sink sink = {append, &got};

	buf_init(&got, TEXT_MAX);
	dkcanon_init(&canon, c->nofws);
	for (int i = 0; i < 2; i++) { /* it is ready for another one, too */
		buf_clear(&got);
		dkcanon_feed(&canon, head, &sink);
		dkcanon_feed(&canon, tail, &sink);
		dkcanon_end(&canon, &sink);
		CHECK(span_eq(buf_view(&got), c->want));
	}
	buf_free(&got);
}

static void
check_body(struct span in, bool nofws, const char *want)
{
	struct buf plain;
	struct cut c = {.nofws = nofws};

	buf_init(&plain, TEXT_MAX);
	dksign_body(nofws, in, &plain);
	if (want != NULL)
		CHECK_STR(buf_text(&plain), want);
	c.want = buf_view(&plain);
	guard_splits(in, in_two, &c);
	buf_free(&plain);
}

static void
each_row(void)
{
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		suite_row(bodies[i].in);
		check_body(span_str(bodies[i].in), false, bodies[i].simple);
		check_body(span_str(bodies[i].in), true, bodies[i].nofws);
	}
	suite_row(NULL);
}

/* Of what matters, in any order; and more than a piece. */
static void
random_bodies(void)
{
	static const char *const bit[] = {
	    "\r\n", "\r", "\n", " ", "\t", "ab", "c"};
	struct buf in;

	srand(4870);
	buf_init(&in, TEXT_MAX);
	for (int i = 0; i < 400; i++) {
		buf_clear(&in);
		for (int k = rand() % 24; k > 0; k--)
			buf_str(&in, bit[rand() % 7]);
		check_body(buf_view(&in), false, NULL);
		check_body(buf_view(&in), true, NULL);
	}
	buf_clear(&in);
	while (in.n < 9000)
		buf_str(&in, bit[rand() % 7]);
	check_body(buf_view(&in), false, NULL);
	check_body(buf_view(&in), true, NULL);
	/* nothing but line ends where a piece ends */
	buf_clear(&in);
	while (in.n < 4093)
		buf_byte(&in, 'x');
	for (int i = 0; i < 8; i++)
		buf_str(&in, "\r\n");
	buf_str(&in, "y");
	check_body(buf_view(&in), true, NULL);
	buf_free(&in);
}

/* --- fields --------------------------------------------------------------- */

static void
fields(void)
{
	static const struct {
		struct field field;
		const char *simple, *nofws;
	} row[] = {
	    {{{"Subject", 7}, {" a  b\n\tc", 8}}, "Subject: a  b\r\n\tc\r\n",
	        "Subject:abc\r\n"},
	    {{{"Subject", 7}, {" a\r\n b", 6}}, "Subject: a\r\n b\r\n",
	        "Subject:ab\r\n"},
	    {{{"sUBJECT", 7}, {"a", 1}}, "sUBJECT:a\r\n", "sUBJECT:a\r\n"},
	    {{{"To \t", 4}, {"", 0}}, "To \t:\r\n", "To:\r\n"},
	    {{{"To", 2}, {" : ", 3}}, "To: : \r\n", "To::\r\n"},
	};
	struct buf out;

	buf_init(&out, TEXT_MAX);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].nofws);
		buf_clear(&out);
		CHECK(dkcanon_field(&out, false, &row[i].field) == 0);
		CHECK_STR(buf_text(&out), row[i].simple);
		buf_clear(&out);
		CHECK(dkcanon_field(&out, true, &row[i].field) == 0);
		CHECK_STR(buf_text(&out), row[i].nofws);
	}
	suite_row(NULL);
	buf_free(&out);
	buf_init(&out, 4);
	CHECK(dkcanon_field(&out, true, &row[0].field) != 0);
	buf_free(&out);
}

SUITE("dkcanon", T(each_row), T(random_bodies), T(fields))
