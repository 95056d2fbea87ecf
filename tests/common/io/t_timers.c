#include <stdlib.h>

#include "common/io/timers.h"
#include "tests/support/suite.h"

static void
never(void *arg)
{
	CU_FAIL("timers.c calls nobody");
}

static void
in_order_of_deadline_then_of_setting(void)
{
	enum { N = 500 };
	struct timers t;
	struct timer *v[N], *m;
	uint64_t at = 0, seq = 0;
	unsigned seed = 7, fired = 0;

	timers_init(&t, NULL);
	for (int i = 0; i < N; i++) {
		CU_ASSERT_FATAL(timers_make(&t, never, NULL, &v[i]) == 0);
		timers_set(v[i], (uint64_t)rand_r(&seed) % 100);
	}
	for (int i = 0; i < N; i += 3)
		timers_set(v[i], (uint64_t)rand_r(&seed) % 100);
	for (int i = 1; i < N; i += 7)
		timers_clear(v[i]);
	while ((m = timers_due(&t, 99, t.seq)) != NULL) {
		CHECK(m->at > at || (m->at == at && m->seq >= seq));
		at = m->at;
		seq = m->seq;
		fired++;
	}
	CU_ASSERT_EQUAL(fired, N - (N + 5) / 7);
	CU_ASSERT_EQUAL(t.n, 0);
	for (int i = 0; i < N; i++)
		timers_drop(v[i]);
	timers_free(&t);
}

static void
not_before_its_time(void)
{
	struct timers t;
	struct timer *m;
	uint64_t at = 0;

	timers_init(&t, NULL);
	CU_ASSERT_FALSE(timers_next(&t, &at));
	CU_ASSERT_FATAL(timers_make(&t, never, NULL, &m) == 0);
	CU_ASSERT_PTR_NULL(timers_due(&t, UINT64_MAX, t.seq));
	timers_set(m, 10);
	CU_ASSERT_TRUE(timers_next(&t, &at));
	CU_ASSERT_EQUAL(at, 10);
	CU_ASSERT_PTR_NULL(timers_due(&t, 9, t.seq));
	CU_ASSERT_PTR_EQUAL(timers_due(&t, 10, t.seq), m);
	CU_ASSERT_PTR_NULL(timers_due(&t, 10, t.seq));
	timers_drop(m);
	timers_free(&t);
}

static void
one_set_meanwhile_waits_a_turn(void)
{
	struct timers t;
	struct timer *a, *b;
	uint64_t before;

	timers_init(&t, NULL);
	CU_ASSERT_FATAL(timers_make(&t, never, NULL, &a) == 0);
	CU_ASSERT_FATAL(timers_make(&t, never, NULL, &b) == 0);
	timers_set(a, 5);
	before = t.seq;
	CU_ASSERT_PTR_EQUAL(timers_due(&t, 5, before), a);
	timers_set(b, 5);
	timers_set(a, 5);
	CU_ASSERT_PTR_NULL(timers_due(&t, 5, before));
	CU_ASSERT_PTR_EQUAL(timers_due(&t, 5, t.seq), b);
	CU_ASSERT_PTR_EQUAL(timers_due(&t, 5, t.seq), a);
	timers_drop(a);
	timers_drop(b);
	timers_free(&t);
}

/* The heap has room for every timer that exists, set or not. */
static void
setting_needs_no_memory(void)
{
	enum { N = 100 };
	struct timers t;
	struct timer *v[N], **heap;

	timers_init(&t, NULL);
	for (int i = 0; i < N; i++)
		CU_ASSERT_FATAL(timers_make(&t, never, NULL, &v[i]) == 0);
	CU_ASSERT_TRUE(t.cap >= N);
	heap = t.heap;
	for (int i = 0; i < N; i++)
		timers_set(v[i], (uint64_t)(N - i));
	CU_ASSERT_PTR_EQUAL(t.heap, heap);
	CU_ASSERT_EQUAL(t.n, N);
	for (int i = 0; i < N; i++)
		timers_drop(v[i]);
	CU_ASSERT_EQUAL(t.n, 0);
	timers_free(&t);
}

SUITE("timers", T(in_order_of_deadline_then_of_setting), T(not_before_its_time),
    T(one_set_meanwhile_waits_a_turn), T(setting_needs_no_memory))
