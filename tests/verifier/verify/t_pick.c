#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"
#include "verifier/verify/pick.h"

#define BH "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; "
#define SIG(d) " v=1; a=rsa-sha256; d=" d "; s=x; h=from; " BH "b=AAAA"

enum { MOST = 200 };

/* The selected d=, parted by blanks, and "+N" for those that are left. */
static void
check(const char *author, const struct field_list *fields, size_t max,
    const char *want)
{
	struct picked p;
	struct arena a;
	struct buf got;

	arena_init(&a, 1 << 20);
	buf_init(&got, 100000);
	CHECK(pick(fields, span_str(author), max, &a, &p) == 0);
	for (size_t i = 0; i < p.n; i++)
		buf_fmt(&got, "%s%s", i == 0 ? "" : " ",
		    p.v[i]->result == DKIM_PASS ? p.v[i]->s.domain_a : "?");
	if (p.more > 0)
		buf_fmt(&got, " +%zu", p.more);
	CHECK_STR(buf_text(&got), want);
	buf_free(&got);
	arena_free(&a);
}

static void
orders(void)
{
	static const char *const value[] = {SIG("list.example"),
	    SIG("a.example"), " junk", SIG("x.b.example"), SIG("b.example"),
	    SIG("example.com"), SIG("list.example"), SIG("xb.example")};
	static const struct {
		const char *author;
		size_t max;
		const char *want;
	} row[] = {
	    {"", 10,
	        "list.example a.example x.b.example b.example example.com "
	        "xb.example ?"},
	    {"a.example", 10,
	        "a.example list.example x.b.example b.example example.com "
	        "xb.example ?"},
	    {"b.example", 10,
	        "b.example x.b.example list.example a.example example.com "
	        "xb.example ?"},
	    {"x.b.example", 10,
	        "x.b.example b.example list.example a.example example.com "
	        "xb.example ?"},
	    {"B.Example", 2, "b.example x.b.example +5"},
	    {"b.example", 7,
	        "b.example x.b.example list.example a.example example.com "
	        "xb.example ?"},
	    {"b.example", 6,
	        "b.example x.b.example list.example a.example example.com "
	        "xb.example +1"},
	    {"b.example", 1, "b.example +6"},
	};
	struct field field[9];
	struct field_list fields = {field, 9};

	field[0] = (struct field){span_str("From"), span_str(" a@b.example")};
	for (size_t i = 0; i < 8; i++)
		field[i + 1] = (struct field){
		    span_str(i % 2 == 0 ? "DKIM-Signature" : "dkim-signature "),
		    span_str(value[i])};
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].author);
		check(row[i].author, &fields, row[i].max, row[i].want);
	}
	suite_row(NULL);
	fields.n = 1;
	check("b.example", &fields, 10, "");
}

/* n different ones, and the author's below all of them. */
static void
limits(void)
{
	static const struct {
		size_t n;
		const char *want;
	} row[] = {
	    {0, "a.example"},
	    {1, "a.example d0.example"},
	    {2, "a.example d0.example +1"},
	    {CANDIDATES_MAX - 1, "a.example d0.example +62"},
	    {CANDIDATES_MAX, "d0.example d1.example +63"},
	    {MOST, "d0.example d1.example +199"},
	};
	static char text[MOST][200];
	static struct field field[MOST + 1];

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct field_list fields = {field, row[i].n + 1};

		for (size_t k = 0; k < row[i].n; k++) {
			snprintf(
			    text[k], sizeof text[k], SIG("d%zu.example"), k);
			field[k] = (struct field){
			    span_str("DKIM-Signature"), span_str(text[k])};
		}
		field[row[i].n] = (struct field){
		    span_str("DKIM-Signature"), span_str(SIG("a.example"))};
		suite_row(row[i].want);
		check("a.example", &fields, 2, row[i].want);
	}
	suite_row(NULL);
}

static void
no_memory(void)
{
	struct field field = {
	    span_str("DKIM-Signature"), span_str(SIG("a.example"))};
	struct field_list fields = {&field, 1};
	struct picked p = {NULL, 7, 7};
	struct arena a;

	arena_init(&a, 100);
	CHECK(pick(&fields, span_str(""), 10, &a, &p) == -ENOMEM);
	CHECK(p.n == 7 && p.more == 7);
	arena_free(&a);
}

SUITE("pick", T(orders), T(limits), T(no_memory))
