#include <stdalign.h>
#include <stdint.h>

#include "common/bytes/arena.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"

enum { ALIGN = alignof(max_align_t) };

static bool
all_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

/* Pieces of all sizes are zeroed, aligned, and do not overlap. */
static void
hands_out_pieces(void)
{
	static char *piece[1000];
	struct arena a;

	arena_init(&a, SIZE_MAX);
	for (int round = 0; round < 3; round++) {
		for (size_t n = 0; n < 1000; n++) {
			piece[n] = arena_alloc(&a, n * 7);
			CU_ASSERT_FATAL(piece[n] != NULL);
			CHECK((uintptr_t)piece[n] % ALIGN == 0);
			CHECK(all_zero(piece[n], n * 7));
			memset(piece[n], (int)(n % 251) + 1, n * 7);
		}
		for (size_t n = 0; n < 1000; n++) {
			char want = (char)(n % 251 + 1);

			for (size_t i = 0; i < n * 7; i += 97)
				CHECK(piece[n][i] == want);
		}
		arena_reset(&a);
		CHECK(a.used == 0);
	}
	arena_free(&a);
	CHECK(a.first == NULL);
}

static void
reset_keeps_one_block(void)
{
	struct arena a;
	void *kept;

	arena_init(&a, SIZE_MAX);
	CHECK(arena_alloc(&a, 100000) != NULL); /* first, and too big to keep */
	kept = arena_alloc(&a, 10);
	for (int i = 0; i < 100; i++)
		CHECK(arena_alloc(&a, 1000) != NULL);
	arena_reset(&a);
	CHECK(a.first != NULL && a.first == a.last);
	CHECK(arena_alloc(&a, 10) == kept);
	arena_reset(&a);
	CHECK(arena_alloc(&a, 10) == kept);
	arena_free(&a);
	arena_reset(&a);
	CHECK(a.first == NULL);
}

static void
obeys_max(void)
{
	struct arena a;

	arena_init(&a, 10 * ALIGN);
	CHECK(arena_alloc(&a, 10 * ALIGN) != NULL);
	CHECK(arena_alloc(&a, 1) == NULL);
	CHECK(arena_alloc(&a, 0) == NULL);
	arena_reset(&a);
	CHECK(arena_alloc(&a, 10 * ALIGN + 1) == NULL);
	for (int i = 0; i < 10; i++)
		CHECK(arena_alloc(&a, 1) != NULL);
	CHECK(a.used == 10 * ALIGN);
	CHECK(arena_alloc(&a, 1) == NULL);
	arena_free(&a);
}

static void
refuses_what_no_memory_holds(void)
{
	struct arena a;

	arena_init(&a, SIZE_MAX);
	CHECK(arena_alloc(&a, SIZE_MAX) == NULL);
	CHECK(arena_alloc(&a, SIZE_MAX - ALIGN) == NULL);
	CHECK(arena_alloc(&a, 16) != NULL);
	CHECK(a.used == 16);
	arena_free(&a);
}

static void
copies_spans(void)
{
	struct arena a;
	char *p;

	arena_init(&a, 100);
	CHECK_STR(arena_dup(&a, span_of("hello", 4)), "hell");
	CHECK_STR(arena_dup(&a, (struct span){0}), "");
	p = arena_dup(&a, span_of("a\0b", 3));
	CU_ASSERT_FATAL(p != NULL);
	CHECK(memcmp(p, "a\0b", 4) == 0);
	CHECK(arena_dup(&a,
	          span_str("a text that is longer than what is left "
	                   "of one hundred bytes")) == NULL);
	arena_free(&a);
}

/* Of what is freed nothing can be read any more; that it is overwritten shows
 * in the memory of a whole daemon (t_signer_secrets). */
static void
wipes(void)
{
	struct arena a;

	arena_init(&a, SIZE_MAX);
	arena_wipe(&a);
	for (int i = 0; i < 50; i++)
		CHECK(arena_alloc(&a, 1000) != NULL);
	arena_wipe(&a);
	CHECK(a.used == 0 && a.first == NULL);
	CHECK(arena_alloc(&a, 1) != NULL);
	arena_wipe(&a);
}

static void
bears_lack_of_memory(void)
{
	for (long n = 0; nomem_round(n); n++) {
		struct arena a;
		int got = 0;

		arena_init(&a, SIZE_MAX);
		for (int i = 0; i < 50; i++)
			got += arena_alloc(&a, 1000) != NULL;
		CHECK(got == (nomem_end() ? 49 : 50));
		CHECK(a.used == (size_t)got * 1008);
		arena_reset(&a);
		CHECK(arena_alloc(&a, 1) != NULL);
		arena_free(&a);
	}
}

SUITE("arena", T(hands_out_pieces), T(reset_keeps_one_block), T(obeys_max),
    T(refuses_what_no_memory_holds), T(copies_spans), T(wipes),
    T(bears_lack_of_memory))
