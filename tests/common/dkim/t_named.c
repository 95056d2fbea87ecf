#include <errno.h>

#include "common/dkim/named.h"
#include "common/limits.h"
#include "tests/support/suite.h"

/* Checks the values of what was picked, a letter each; '-' for no field. */
static void
check_picked(const struct named_fields *got, const char *want)
{
	char text[16] = "";

	CU_ASSERT_FATAL(got->n < sizeof text);
	for (size_t i = 0; i < got->n; i++)
		text[i] =
		    got->v[i].field == NULL ? '-' : got->v[i].field->value.p[0];
	CHECK_STR(text, want);
}

static void
which(void)
{
	static const struct field fields[] = {
	    {{"To", 2}, {"1", 1}},
	    {{"From", 4}, {"2", 1}},
	    {{"TO", 2}, {"3", 1}},
	    {{"X-Long", 6}, {"4", 1}},
	    {{"Tx", 2}, {"5", 1}},
	    {{"to", 2}, {"6", 1}},
	    {{"from ", 5}, {"7", 1}},
	};
	static const struct {
		const char *names, *want;
	} row[] = {
	    {"from", "2"},
	    {"From:to", "26"},
	    {"to:from:to:To:tO", "6231-"},
	    {" to\r\n\t: From :\tto", "623"},
	    {"x-long:tx:ty:t", "45--"},
	    {"::from", "--2"},
	    {"from:from:from", "2--"},
	    {"", ""},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const struct field_list list = {
		    fields, sizeof fields / sizeof fields[0]};
		struct named_fields got = {NULL, 0};
		struct arena arena;

		suite_row(row[i].names);
		arena_init(&arena, 1 << 20);
		CHECK(named_pick(span_str(row[i].names), &list, NULL, &arena,
		          &got) == 0);
		check_picked(&got, row[i].want);
		arena_free(&arena);
	}
	suite_row(NULL);
}

/* DomainKeys: what a name has below the signature, all of it. */
static void
below(void)
{
	static const struct field fields[] = {
	    {{"To", 2}, {"0", 1}},
	    {{"DomainKey-Signature", 19}, {"s", 1}},
	    {{"To", 2}, {"1", 1}},
	    {{"From", 4}, {"2", 1}},
	    {{"TO", 2}, {"3", 1}},
	    {{"Tx", 2}, {"4", 1}},
	    {{"to ", 3}, {"5", 1}},
	    {{"From", 4}, {"6", 1}},
	};
	static const struct {
		const char *names, *want;
	} row[] = {
	    {"", "123456"},
	    {"from", "26"},
	    {"to", "135"},
	    {"From:to", "26135"},
	    {"to:FROM", "13526"},
	    {"to:from:to", "13265"},
	    {"to:to:from:to", "13265"},
	    {"to:to:to:to", "135"},
	    {"to:tx:to:to:from:to", "413265"},
	    {"x:tx:\r\n\t From :y", "426"},
	    {"tx:tx:tx", "4"},
	    {"x", ""},
	    {"domainkey-signature", ""},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const struct field_list list = {
		    fields, sizeof fields / sizeof fields[0]};
		struct named_fields got = {NULL, 0};
		struct arena arena;

		suite_row(row[i].names);
		arena_init(&arena, 1 << 20);
		CHECK(named_pick_below(span_str(row[i].names), &list,
		          &fields[1], &arena, &got) == 0);
		check_picked(&got, row[i].want);
		/* the signature is the last field: nothing is below */
		CHECK(named_pick_below(span_str(row[i].names), &list,
		          &fields[list.n - 1], &arena, &got) == 0);
		CHECK(got.n == 0);
		arena_free(&arena);
	}
	suite_row(NULL);
}

/* The signature that is verified is none of them, another one with the same
 * text is. */
static void
but_not_itself(void)
{
	static const struct field fields[] = {
	    {{"DKIM-Signature", 14}, {"1", 1}},
	    {{"dkim-signature", 14}, {"2", 1}},
	    {{"DKIM-Signature", 14}, {"2", 1}}};
	const struct field_list list = {fields, 3};
	struct span names = span_str("dkim-signature:DKIM-Signature:x");
	struct named_fields got = {NULL, 0};
	struct arena arena;

	arena_init(&arena, 1 << 20);
	CHECK(named_pick(names, &list, &fields[1], &arena, &got) == 0);
	CU_ASSERT_FATAL(got.n == 3);
	CHECK(got.v[0].field == &fields[2] && got.v[1].field == &fields[0]);
	CHECK(got.v[2].field == NULL && span_eq(got.v[2].name, span_str("x")));
	arena_free(&arena);
}

static void
limits(void)
{
	static const struct field to = {{"To", 2}, {"1", 1}};
	static char text[2 * SIGNATURE_NAMES_MAX + 2];
	const struct field_list list = {&to, 1};
	struct named_fields got = {NULL, 99};
	struct arena arena;

	for (size_t i = 0; i <= SIGNATURE_NAMES_MAX; i++)
		memcpy(text + 2 * i, "x:", 2);
	arena_init(&arena, 1 << 20);
	CHECK(named_pick(span_of(text, sizeof text), &list, NULL, &arena,
	          &got) == -E2BIG);
	CHECK(got.n == 99);
	CHECK(named_pick(span_of(text, sizeof text - 2), &list, NULL, &arena,
	          &got) == 0);
	CHECK(got.n == SIGNATURE_NAMES_MAX);
	arena_free(&arena);
	arena_init(&arena, 100);
	got.n = 99;
	CHECK(named_pick(span_of(text, sizeof text - 2), &list, NULL, &arena,
	          &got) == -ENOMEM);
	CHECK(got.n == 99);
	CHECK(named_pick_below(span_of(text, sizeof text - 2), &list, &to,
	          &arena, &got) == -ENOMEM);
	CHECK(got.n == 99);
	arena_free(&arena);
	arena_init(&arena, 1 << 20);
	CHECK(named_pick_below(span_of(text, sizeof text), &list, &to, &arena,
	          &got) == -E2BIG);
	CHECK(got.n == 99);
	arena_free(&arena);
}

SUITE("named", T(which), T(below), T(but_not_itself), T(limits))
