/* What a check asks, and how much of what it was told it holds. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/spf/questions.h"
#include "tests/support/suite.h"

static struct dns_answer *
answer_of(size_t size)
{
	struct dns_answer *a = calloc(1, size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	a->size = size;
	return a;
}

static struct question *
question_of(struct questions *qs, const char *name, enum dns_type type)
{
	struct question *q = questions_find(qs, span_str(name), type);

	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	return q;
}

static void
each_once(void)
{
	struct questions qs;
	struct question *q;
	struct arena a;

	arena_init(&a, 64 * 1024);
	questions_init(&qs, &a, NULL, NULL);
	q = question_of(&qs, "a.example", DNS_A);
	CU_ASSERT_EQUAL(q->state, QUESTION_NEW);
	CU_ASSERT_PTR_EQUAL(question_of(&qs, "A.Example", DNS_A), q);
	CU_ASSERT_PTR_NOT_EQUAL(question_of(&qs, "a.example", DNS_MX), q);
	CU_ASSERT_PTR_NOT_EQUAL(question_of(&qs, "b.example", DNS_A), q);
	arena_free(&a);
}

/* As many bytes as the limit, and one more, in two answers. */
static void
held(size_t over, enum dns_status want)
{
	struct question *one, *two, *three;
	struct questions qs;
	struct arena a;

	arena_init(&a, 64 * 1024);
	questions_init(&qs, &a, NULL, NULL);
	one = question_of(&qs, "a.example", DNS_A);
	two = question_of(&qs, "b.example", DNS_A);
	three = question_of(&qs, "c.example", DNS_A);
	questions_answered(&qs, one, answer_of(1000));
	CU_ASSERT_EQUAL(one->state, QUESTION_ANSWERED);
	CU_ASSERT_EQUAL(one->answer->status, DNS_FOUND);
	questions_answered(&qs, two, answer_of(SPF_ANSWERS_MAX - 1000 + over));
	CU_ASSERT_EQUAL(two->state, QUESTION_ANSWERED);
	CU_ASSERT_EQUAL(two->answer->status, want);
	if (want == DNS_TEMPERROR)
		CHECK_STR(two->answer->why, "too much data in all");
	CU_ASSERT_EQUAL(qs.held, want == DNS_FOUND ? SPF_ANSWERS_MAX : 1000);
	/* A smaller one has room where a large one had not. */
	questions_answered(&qs, three, answer_of(500));
	CU_ASSERT_EQUAL(three->answer->status,
	    want == DNS_FOUND ? DNS_TEMPERROR : DNS_FOUND);
	questions_free(&qs);
	arena_free(&a);
}

static void
answers_have_a_limit(void)
{
	held(0, DNS_FOUND);
	held(1, DNS_TEMPERROR);
}

/* What the client's own zone says is no part of it, and limited by itself. */
static void
client_cannot_spend_it(void)
{
	struct arena a;
	struct questions qs;
	struct question *one, *two, *three;

	arena_init(&a, 65536);
	questions_init(&qs, &a, NULL, NULL);
	one = questions_find(&qs, span_str("a.example"), DNS_A);
	two = questions_find(&qs, span_str("b.example"), DNS_A);
	three = questions_find(&qs, span_str("c.example"), DNS_A);
	CU_ASSERT_FATAL(one != NULL && two != NULL && three != NULL);
	one->of_client = two->of_client = true;
	questions_answered(&qs, one, answer_of(SPF_CLIENT_ANSWER_MAX));
	CU_ASSERT_EQUAL(one->answer->status, DNS_FOUND);
	questions_answered(&qs, two, answer_of(SPF_CLIENT_ANSWER_MAX + 1));
	CU_ASSERT_EQUAL(two->answer->status, DNS_TEMPERROR);
	CHECK_STR(two->answer->why, "too much data");
	CU_ASSERT_EQUAL(qs.held, 0);
	questions_answered(&qs, three, answer_of(SPF_ANSWERS_MAX));
	CU_ASSERT_EQUAL(three->answer->status, DNS_FOUND);
	questions_free(&qs);
	arena_free(&a);
}

SUITE("questions", T(each_once), T(answers_have_a_limit),
    T(client_cannot_spend_it))
