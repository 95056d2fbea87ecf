#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/spf/plan.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static struct ip
ip_of(const char *text)
{
	struct ip ip = {0};

	CU_ASSERT_EQUAL_FATAL(ip_parse(span_str(text), &ip), 0);
	return ip;
}

/* Rows from 1, as in plan.h. */
static int
make(struct arena *a, const char *record, const char *client, struct plan **ret,
    const char **why, struct span *term)
{
	struct ip ip = ip_of(client);

	return plan_make(
	    a, span_str(record), span_str("a.example"), &ip, 1, ret, why, term);
}

static const struct {
	const char *record, *client, *text;
	unsigned mechanisms;
} texts[] = {
    {"v=spf1", "192.0.2.1", "v=spf1", 0},
    {"v=spf1 -all", "192.0.2.1", "v=spf1 -all", 1},
    {"V=SPF1 +ALL", "192.0.2.1", "v=spf1 all", 1},
    {"v=spf1 a mx ~all", "192.0.2.1", "v=spf1 a:#1. mx:#2. exists:#3. ~all", 4},
    /* the record in plan.h's comment */
    {"v=spf1 mx a:%{l}.example/24 ptr include:b.example ip4:192.0.2.0/24 -all",
        "192.0.2.1",
        "v=spf1 mx:#1. a:#2./24 exists:#3. include:#4. exists:#5. "
        "ip4:192.0.2.0/24",
        6},
    {"v=spf1 mx a:%{l}.example/24 ptr include:b.example ip4:192.0.2.0/24 -all",
        "192.0.3.1",
        "v=spf1 mx:#1. a:#2./24 exists:#3. include:#4. exists:#5. -all", 6},
    /* qualifiers */
    {"v=spf1 +a ?mx ~ptr -exists:x.example ?all", "192.0.2.1",
        "v=spf1 a:#1. ?mx:#2. ~exists:#3. -exists:#4. exists:#5. ?all", 6},
    {"v=spf1 -include:b.example ~a:c.example", "192.0.2.1",
        "v=spf1 -include:#1. ~a:#2.", 2},
    /* networks that contain the client, or do not */
    {"v=spf1 ip4:192.0.2.1 -all", "192.0.2.1", "v=spf1 ip4:192.0.2.1/32", 1},
    {"v=spf1 -ip4:192.0.2.77/24 a", "192.0.2.1", "v=spf1 -ip4:192.0.2.77/24",
        1},
    {"v=spf1 ip4:192.0.3.0/24 ip6:2001:db8::/32 a", "192.0.2.1", "v=spf1 a:#1.",
        1},
    {"v=spf1 ip4:192.0.3.0/24 ip6:2001:DB8::/32 a", "2001:db8::1",
        "v=spf1 ip6:2001:db8::/32", 1},
    {"v=spf1 ip4:0.0.0.0/0 -all", "2001:db8::1", "v=spf1 -all", 1},
    {"v=spf1 ip6:::/0 -all", "192.0.2.1", "v=spf1 -all", 1},
    /* /0: libspf2 gets the half with the client */
    {"v=spf1 ip4:10.0.0.1/0 -all", "192.0.2.1", "v=spf1 ip4:192.0.2.1/1", 1},
    {"v=spf1 ip4:10.0.0.1/0 -all", "10.1.1.1", "v=spf1 ip4:10.1.1.1/1", 1},
    {"v=spf1 ip6:::/0 -all", "fe80::1", "v=spf1 ip6:fe80::1/1", 1},
    /* a network of mapped addresses has IPv6 clients, never IPv4 ones */
    {"v=spf1 ip6:::ffff:192.0.2.1 -all", "192.0.2.1", "v=spf1 -all", 1},
    {"v=spf1 ip6:::ffff:192.0.2.1/64 -all", "::5",
        "v=spf1 ip6:::ffff:192.0.2.1/64", 1},
    /* the prefix length of the client's family, unless it is all or nothing */
    {"v=spf1 a/24//64 mx:b.example/0//0 a/32 a//128", "192.0.2.1",
        "v=spf1 a:#1./24 mx:#2. a:#3. a:#4.", 4},
    {"v=spf1 a/24//64 mx:b.example/0//0 a/32 a//128 a/24", "2001:db8::1",
        "v=spf1 a:#1.//64 mx:#2. a:#3. a:#4. a:#5.", 5},
    /* behind all nothing counts */
    {"v=spf1 -all a mx redirect=b.example", "192.0.2.1", "v=spf1 -all", 1},
    {"v=spf1 a all -all ip4:192.0.2.1", "192.0.2.1",
        "v=spf1 a:#1. exists:#2. all", 3},
    /* redirect is last, or out */
    {"v=spf1 redirect=b.example a mx", "192.0.2.1",
        "v=spf1 a:#1. mx:#2. redirect=#3.", 3},
    {"v=spf1 redirect=b.example", "192.0.2.1", "v=spf1 redirect=#1.", 1},
    {"v=spf1 redirect=b.example a -all", "192.0.2.1",
        "v=spf1 a:#1. exists:#2. -all", 3},
    {"v=spf1 a redirect=b.example ip4:192.0.2.1", "192.0.2.1",
        "v=spf1 a:#1. exists:#2. ip4:192.0.2.1/32", 3},
    {"v=spf1 redirect=b.example ip4:192.0.3.1", "192.0.2.1",
        "v=spf1 redirect=#1.", 1},
    /* other modifiers */
    {"v=spf1 x=y exp=e.example exp-text=no a z=%{t} -all", "192.0.2.1",
        "v=spf1 a:#1. exists:#2. -all", 3},
};

static void
canonical_texts(void)
{
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct arena a;
		struct plan *p = NULL;
		const char *why;
		struct span term;

		suite_row(texts[i].record);
		arena_init(&a, 1 << 16);
		CHECK(make(&a, texts[i].record, texts[i].client, &p, &why,
		          &term) == 0);
		if (p != NULL) {
			CHECK_STR(p->text, texts[i].text);
			CHECK(p->mechanisms == texts[i].mechanisms);
		}
		arena_free(&a);
	}
	suite_row(NULL);
}

static void
rows_of_a_plan(void)
{
	struct arena a;
	struct plan *p;
	const char *why;
	struct span term;
	const struct row *r;

	arena_init(&a, 1 << 16);
	CU_ASSERT_EQUAL_FATAL(make(&a,
	                          "v=spf1 ~A:%{d}/24 -mx/0 PTR "
	                          "exists:x.example include:b.example "
	                          "exp=%{o}.e.example redirect=c.example",
	                          "192.0.2.1", &p, &why, &term),
	    0);
	CU_ASSERT_EQUAL_FATAL(p->nrows, 6);
	CU_ASSERT_FALSE(p->ends);
	CU_ASSERT(span_eq(p->domain, span_str("a.example")));
	CU_ASSERT(span_eq(p->exp, span_str("%{o}.e.example")));
	r = p->row;
	CU_ASSERT(r[0].kind == TERM_A && r[0].qualifier == SPF_SOFTFAIL);
	CU_ASSERT(r[0].macros && r[0].bits == 24 && r[0].number == 1);
	CU_ASSERT(span_eq(r[0].text, span_str("A:%{d}/24")));
	CU_ASSERT(span_eq(r[0].domain, span_str("%{d}")));
	CU_ASSERT(r[1].kind == TERM_MX && r[1].qualifier == SPF_FAIL);
	CU_ASSERT(!r[1].macros && r[1].bits == 0 && r[1].domain.n == 0);
	CU_ASSERT(r[2].kind == TERM_PTR && r[2].domain.n == 0);
	CU_ASSERT(r[3].kind == TERM_EXISTS && r[3].number == 4);
	CU_ASSERT(r[4].kind == TERM_INCLUDE && !r[4].macros);
	CU_ASSERT(r[5].kind == TERM_REDIRECT && r[5].number == 6);
	CU_ASSERT(span_eq(r[5].text, span_str("redirect=c.example")));
	for (size_t i = 0; i < p->nrows; i++)
		CU_ASSERT(r[i].plan == p && r[i].question == NULL);
	CU_ASSERT_EQUAL_FATAL(make(&a, "v=spf1 mx ip4:192.0.2.0/24 -all",
	                          "192.0.2.1", &p, &why, &term),
	    0);
	CU_ASSERT_EQUAL_FATAL(p->nrows, 2);
	CU_ASSERT(p->ends && p->row[1].kind == TERM_IP4);
	CU_ASSERT(span_eq(p->row[1].text, span_str("ip4:192.0.2.0/24")));
	arena_free(&a);
}

static void
syntax_errors(void)
{
	static const struct {
		const char *record, *term;
	} rows[] = {
	    {"v=spf1 a moo -all", "moo"},
	    {"v=spf1 -all moo", "moo"},
	    {"v=spf1 ip4:192.0.2.1 -a:", "a:"},
	    {"v=spf1 a a a a a a a a a a a a moo", "moo"},
	    {"v=spf1 redirect=a.example redirect=b.example",
	        "redirect=b.example"},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct arena a;
		struct plan *p = NULL;
		const char *why = NULL;
		struct span term = {0};

		suite_row(rows[i].record);
		arena_init(&a, 1 << 16);
		CHECK(make(&a, rows[i].record, "192.0.2.1", &p, &why, &term) ==
		    -EINVAL);
		CHECK(p == NULL && why != NULL);
		CHECK(span_eq(term, span_str(rows[i].term)));
		arena_free(&a);
	}
	suite_row(NULL);
}

/* Appends n times term to "v=spf1", then end. Freed by the caller. */
static char *
repeat(const char *term, unsigned n, const char *end)
{
	size_t len = 6, room = 7 + n * (strlen(term) + 1) + strlen(end) + 1;
	char *text = malloc(room);

	CU_ASSERT_FATAL(text != NULL);
	memcpy(text, "v=spf1", 7);
	for (unsigned i = 0; i < n; i++)
		len += (size_t)sprintf(text + len, " %s", term);
	sprintf(text + len, " %s", end);
	return text;
}

/* Ten terms fit; behind the eleventh nothing is written. */
static void
eleventh_term(void)
{
	static const char *const terms[] = {"a:x.example/24//64", "mx/24//64",
	    "ptr", "exists:x.example", "include:x.example"};

	for (size_t i = 0; i < LENGTH(terms); i++) {
		struct arena a;
		struct plan *p;
		const char *why;
		struct span term;
		char *text;

		suite_row(terms[i]);
		arena_init(&a, 1 << 16);
		text = repeat(terms[i], 10, "-all");
		CHECK(make(&a, text, "2001:db8::1", &p, &why, &term) == 0);
		CHECK(p->nrows == 11 && p->ends && p->mechanisms == 12);
		free(text);
		text = repeat(terms[i], 10, "redirect=x.example");
		CHECK(make(&a, text, "2001:db8::1", &p, &why, &term) == 0);
		CHECK(p->nrows == 11 && !p->ends && p->mechanisms == 11);
		free(text);
		text = repeat(terms[i], 11, "-all");
		CHECK(make(&a, text, "2001:db8::1", &p, &why, &term) == 0);
		CHECK(p->nrows == 11 && !p->ends && p->mechanisms == 11);
		free(text);
		text = repeat(terms[i], 2000, "redirect=x.example");
		CHECK(make(&a, text, "2001:db8::1", &p, &why, &term) == 0);
		CHECK(p->nrows == 11 && !p->ends && p->mechanisms == 11);
		CHECK(strlen(p->text) < 300);
		free(text);
		arena_free(&a);
	}
	suite_row(NULL);
}

/* The longest text there is: ten terms in front of a network, with row numbers
 * of three digits. */
static void
longest_text(void)
{
	struct ip client = ip_of("2001:db8:1111:2222:3333:4444:5555:6666");
	struct arena a;
	struct plan *p;
	const char *why;
	struct span term;
	char *text = repeat("?include:x.example", 10,
	    "?ip6:2001:db8:1111:2222:3333:4444:5555:6666/127");

	arena_init(&a, 1 << 16);
	CU_ASSERT_EQUAL_FATAL(
	    plan_make(&a, span_str(text), span_str("a.example"), &client, 220,
	        &p, &why, &term),
	    0);
	CU_ASSERT_EQUAL(p->mechanisms, 12);
	CU_ASSERT(strlen(p->text) < 300);
	CU_ASSERT(strstr(p->text, "6666/127") != NULL);
	free(text);
	arena_free(&a);
}

static void
no_memory(void)
{
	unsigned failed = 0;
	size_t max;

	for (max = 0; max < 1 << 16; max += 16) {
		struct arena a;
		struct plan *p = NULL;
		const char *why;
		struct span term;
		int rc;

		arena_init(&a, max);
		rc = make(&a, "v=spf1 a mx include:b.example -all", "192.0.2.1",
		    &p, &why, &term);
		arena_free(&a);
		if (rc == 0)
			break;
		CU_ASSERT_EQUAL(rc, -ENOMEM);
		CU_ASSERT_PTR_NULL(p);
		failed++;
	}
	CU_ASSERT(failed > 2 && max < 4096);
}

SUITE("plan", T(canonical_texts), T(rows_of_a_plan), T(syntax_errors),
    T(eleventh_term), T(longest_text), T(no_memory))
