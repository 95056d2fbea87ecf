#include <stdlib.h>

#include "signer/sign/risk.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* A body of lines, each n bytes of 'x' and its end. */
static const struct {
	int n[4];
	const char *end;
	bool last_end; /* the last line has one, too */
	bool is_long;
} bodies[] = {
    {{1, 2, 3, 0}, "\r\n", true, false},
    {{998}, "\r\n", true, false},
    {{999}, "\r\n", true, true},
    {{998}, "\r\n", false, false},
    {{999}, "\r\n", false, true},
    {{998}, "\n", true, false},
    {{999}, "\n", true, true},
    {{997, 998, 998}, "\r\n", true, false},
    {{500, 499}, "\n", true, false},
    {{500, 499}, "\r\n", true, false},
    {{998, 999}, "\r\n", true, true},
    {{999, 1}, "\r\n", true, true},
    {{3000}, "\r\n", true, true},
    {{10, 3000, 10}, "\r\n", true, true},
    {{0, 0, 999}, "\r\n", false, true},
};

static bool want;

static void
feed(void *arg, struct span head, struct span tail)
{
	struct risk r = {.line = 0};

	(void)arg;
	risk_init(&r);
	risk_body(&r, head);
	risk_body(&r, tail);
	risk_end(&r);
	CHECK(r.long_line == want && !r.eight_bit);
	CHECK_STR(risk_word(&r), want ? "long-line" : NULL);
}

static void
long_lines(void)
{
	static char text[10000];

	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		size_t n = 0, end = strlen(bodies[i].end), last = 0;

		for (size_t l = 0; l < 4; l++) {
			if (l > 0 && bodies[i].n[l] == 0)
				continue;
			memset(text + n, 'x', (size_t)bodies[i].n[l]);
			n += (size_t)bodies[i].n[l];
			memcpy(text + n, bodies[i].end, end);
			n += end;
			last = n - end;
		}
		suite_row(bodies[i].end);
		want = bodies[i].is_long;
		guard_splits(
		    span_of(text, bodies[i].last_end ? n : last), feed, NULL);
	}
}

/* The same as line by line, on lines of all kinds of lengths. */
static void
any_cutting(void)
{
	static char text[20000];
	unsigned seed = 1;

	for (int round = 0; round < 400; round++) {
		size_t n = 0, at = 0;
		bool is_long = false;
		struct risk r = {.line = 0};

		while (n < sizeof text - 1100) {
			size_t len = (size_t)rand_r(&seed) %
			    (round % 2 == 0 ? 999 : 1001);

			is_long = is_long || len > 998;
			memset(text + n, 'y', len);
			memcpy(text + n + len, "\r\n", 2);
			n += len + 2;
		}
		risk_init(&r);
		while (at < n) {
			size_t piece = (size_t)rand_r(&seed) % 3000;

			piece = piece > n - at ? n - at : piece;
			risk_body(&r, span_of(text + at, piece));
			at += piece;
		}
		risk_end(&r);
		CHECK(r.long_line == is_long);
	}
}

/* What is declared, not what is there; mimewalk.c has the rest. */
static void
eight_bit(void)
{
	static const struct {
		const char *encoding, *body, *word;
	} row[] = {
	    {" 8bit", "ascii\r\n", "8bit"},
	    {" 7bit", "\xc3\xa4\r\n", NULL},
	    {" 7bit", "ascii\r\n", NULL},
	};
	struct risk r = {.line = 0};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const struct field f = {span_str("Content-Transfer-Encoding"),
		    span_str(row[i].encoding)};

		risk_init(&r);
		risk_header(&r, &(struct field_list){&f, 1}, hdrsel_default());
		risk_body(&r, span_str(row[i].body));
		risk_end(&r);
		CHECK_STR(risk_word(&r), row[i].word);
	}
	r.eight_bit = r.long_line = true;
	CHECK_STR(risk_word(&r), "8bit,long-line");
	risk_free(&r);
}

static void
header(void)
{
	static const struct {
		const char *name;
		int first, second;
		bool is_long;
	} row[] = {{"Subject", 998 - 8, 0, false},
	    {"Subject", 999 - 8, 0, true}, {"Subject", 5, 997, false},
	    {"subject", 5, 998, true}, {"X-Other", 2000, 0, false},
	    {"Received", 2000, 0, false}};
	char value[3000];

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct field f = {span_str(row[i].name), span_of(value, 0)};
		struct risk r = {.line = 0};

		memset(value, 'x', sizeof value);
		f.value.n = (size_t)row[i].first;
		if (row[i].second > 0) {
			memcpy(value + row[i].first, "\n ", 2);
			f.value.n += 2 + (size_t)row[i].second;
		}
		risk_init(&r);
		risk_header(&r, &(struct field_list){&f, 1}, hdrsel_default());
		CHECK(r.long_line == row[i].is_long);
		risk_free(&r);
	}
}

SUITE("risk", T(long_lines), T(any_cutting), T(eight_bit), T(header))
