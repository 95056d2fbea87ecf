#include <stdio.h>

#include "tests/support/suite.h"
#include "verifier/verify/strip.h"

static const char *const names[] = {"mx.example.jp"};
static const struct authres_ids ids = {names, 1};

static void
see(struct strip *s, const char *name, const char *value)
{
	strip_field(s, &ids, span_str(name), span_str(value));
}

/* The packets in their order, the name's first byte and the index. */
static void
check(const struct strip *s, const char *want)
{
	struct arena arena;
	struct edits e;
	struct buf got;

	arena_init(&arena, 1 << 20);
	edits_init(&e, &arena);
	buf_init(&got, 10000);
	strip_edits(s, &e);
	CHECK(e.error == 0);
	for (const struct edit *i = e.first; i != NULL; i = i->next) {
		CHECK(i->kind == EDIT_DELETE);
		buf_fmt(&got, "%s%c%u", got.n == 0 ? "" : " ", i->name.p[0],
		    (unsigned)i->index);
	}
	CHECK_STR(got.n == 0 ? "" : buf_text(&got), want);
	buf_free(&got);
	arena_free(&arena);
}

/* Each name has its own count. */
static void
counts(void)
{
	struct strip s;

	strip_init(&s);
	check(&s, "");
	see(&s, "Authentication-Results", " mx.example.com; dkim=pass");
	see(&s, "DomainKey-Status", " good");
	see(&s, "Authentication-Results", " mx.example.jp; dkim=pass");
	see(&s, "X-Authentication-Results", " mx.example.jp; dkim=pass");
	see(&s, "Authentication-Result", " mx.example.jp; dkim=pass");
	see(&s, "AUTHENTICATION-RESULTS\t", "");
	see(&s, "X-Postseal-DMARC", " none");
	CHECK(s.n == 4 && !s.full);
	check(&s, "A3 A2 D1 X1");
	strip_init(&s);
	see(&s, "Authentication-Results", " mx.example.jp; dkim=pass");
	check(&s, "A1");
}

static void
limit(void)
{
	struct strip s;

	strip_init(&s);
	for (unsigned i = 0; i < STRIP_MAX; i++)
		see(&s, "Authentication-Results", " mx.example.jp; a=b");
	CHECK(s.n == STRIP_MAX && !s.full);
	see(&s, "Authentication-Results", " mx.example.com; a=b");
	CHECK(!s.full);
	see(&s, "DomainKey-Status", " good");
	CHECK(s.n == 0 && s.full);
	see(&s, "DomainKey-Status", " good");
	CHECK(s.n == 0 && s.full);
}

/* Those of others cost time, too. */
static void
limit_of_others(void)
{
	struct strip s;

	strip_init(&s);
	for (unsigned i = 0; i < STRIP_SEEN_MAX; i++)
		see(&s, "Authentication-Results", " mx.example.com; a=b");
	CHECK(s.n == 0 && !s.full);
	see(&s, "Authentication-Results", " mx.example.com; a=b");
	CHECK(s.full);
}

SUITE("strip", T(counts), T(limit), T(limit_of_others))
