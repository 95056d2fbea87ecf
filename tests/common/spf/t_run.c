#include <stdlib.h>
#include <string.h>

#include "common/spf/run.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* n times 'd' or 't', and what stands at the other end. */
static const char long_domain[] =
    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
    ".example"; /* 80 */
static const char long_term[] =
    "a:tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"
    ".example"; /* 80 */

static void
texts(void)
{
	static const struct {
		const char *domain, *term, *what, *want;
	} rows[] = {
	    {"a.example", "mx", "why", "a.example: mx: why"},
	    {"a.example", "", "why", "a.example: why"},
	    {"", "", "why", ": why"},
	    {"a\x80\n\x7f.example", "\tx", "why", "a???.example: ?x: why"},
	};
	struct arena a;

	arena_init(&a, 4096);
	for (size_t i = 0; i < LENGTH(rows); i++)
		CHECK_STR(run_problem(&a, span_str(rows[i].domain),
		              span_str(rows[i].term), rows[i].what),
		    rows[i].want);
	/* a NUL does not end it */
	CHECK_STR(run_problem(&a, span_of("a\0b", 3), span_of("\0", 1), "why"),
	    "a?b: ?: why");
	arena_free(&a);
}

/* At the limit, and one over it: names keep their end, terms their
 * beginning. */
static void
long_ones(void)
{
	struct arena a;
	char domain[100], term[100];
	const char *text;

	arena_init(&a, 4096);
	text =
	    run_problem(&a, span_str(long_domain), span_str(long_term), "why");
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL(strlen(text), 80 + 2 + 80 + 2 + 3);
	CU_ASSERT_PTR_NULL(strstr(text, "..."));

	strcpy(domain, "x");
	strcat(domain, long_domain);
	strcpy(term, long_term);
	strcat(term, "x");
	text = run_problem(&a, span_str(domain), span_str(term), "why");
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL(strlen(text), 80 + 2 + 80 + 2 + 3);
	CU_ASSERT(strncmp(text, "...ddd", 6) == 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ".example: a:ttt"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ".exam...: why"));
	CHECK_STR(run_show_name(span_str(domain)).text + 72, ".example");
	arena_free(&a);
}

static void
no_memory(void)
{
	struct arena a;

	arena_init(&a, 0);
	CU_ASSERT_PTR_NULL(
	    run_problem(&a, span_str("a"), span_str("b"), "why"));
	arena_free(&a);
}

SUITE("run", T(texts), T(long_ones), T(no_memory))
