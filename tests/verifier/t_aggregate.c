/* The lines themselves are rows of t_verifier_dmarc.c. */
#include <string.h>

#include "tests/support/suite.h"
#include "verifier/aggregate.h"

/* What recipients lead to, joined by blanks. */
static void
check(const char *const *recipient, size_t n, const char *want)
{
	struct inspection l = {.nrecipients = 0};
	struct arena arena;
	struct buf got;

	arena_init(&arena, 1 << 16);
	l.arena = &arena;
	for (size_t i = 0; i < n; i++)
		aggregate_recipient(&l, span_str(recipient[i]));
	buf_init(&got, 1 << 16);
	for (size_t i = 0; i < l.nrecipients; i++)
		buf_fmt(&got, "%s%s", i == 0 ? "" : " ", l.recipient[i]);
	CHECK_STR(got.n == 0 ? "" : buf_text(&got), want);
	buf_free(&got);
	arena_free(&arena);
}

#define CHECK_ALL(list, want) check(list, sizeof list / sizeof list[0], want)

/* Domains as names, each once, and eight of them. */
static void
recipients(void)
{
	static const char *const shapes[] = {"<a@b.example>", "<c@B.Example>",
	    "d@e.example", " <\"x@y.example\"@z.example> ",
	    "<j@b\xc3\xbc"
	    "cher.example>"};
	static const char *const odd[] = {"", "<>", "<root>", "<a@[192.0.2.1]>",
	    "<a@localhost>", "<a@b\".example>", "<a@>"};
	static const char *const many[] = {"a@1.example", "a@2.example",
	    "a@3.example", "a@4.example", "a@5.example", "a@6.example",
	    "a@7.example", "a@8.example", "a@9.example", "a@1.example"};

	CHECK_ALL(
	    shapes, "b.example e.example z.example xn--bcher-kva.example");
	CHECK_ALL(odd, "");
	CHECK_ALL(many,
	    "1.example 2.example 3.example 4.example 5.example 6.example "
	    "7.example 8.example");
}

SUITE("aggregate", T(recipients))
