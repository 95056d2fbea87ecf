/* The shortcut of align.c, and the walks, beside the algorithm of RFC 9989
 * section 4.10 taken word by word. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/suite.h"
#include "verifier/dmarc/evaluation.h"

/* --- a tree of names, and what stands there ------------------------------- */

/* The record of a name is drawn from the tree's number and the name. */
struct tree {
	unsigned long long number;
	unsigned records; /* of eight names, so many have one */
	unsigned psds;    /* of eight records, so many have psd= */
};

static unsigned long long
mix(unsigned long long x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static unsigned long long
drawn(const struct tree *t, struct span name)
{
	unsigned long long h = t->number;

	for (size_t i = 0; i < name.n; i++)
		h = mix(h + (unsigned char)name.p[i]);
	return h;
}

static bool
has_record(const struct tree *t, struct span name, enum dmarc_psd *ret)
{
	unsigned long long h = drawn(t, name);

	if (h % 8 >= t->records)
		return false;
	h >>= 8;
	*ret = h % 8 >= t->psds ? DMARC_PSD_UNKNOWN
	    : (h >> 8) % 2 == 0 ? DMARC_PSD_YES
	                        : DMARC_PSD_NO;
	return true;
}

/* --- the RFC, word by word ------------------------------------------------ */

enum { LABELS_MAX = 14 };

/* The rightmost `labels` labels of name. */
static struct span
rightmost(struct span name, size_t labels)
{
	size_t at = name.n;

	for (size_t n = 0; at > 0; at--) {
		if (name.p[at - 1] == '.' && ++n == labels)
			break;
	}
	return span_skip(name, at);
}

struct found {
	struct span name[LABELS_MAX]; /* longest first */
	enum dmarc_psd psd[LABELS_MAX];
	size_t n;
	unsigned queries;
};

/* Steps 1 to 7. */
static void
literal_walk(const struct tree *t, struct span start, struct found *f)
{
	size_t x = 1, next;

	for (size_t i = 0; i < start.n; i++)
		x += start.p[i] == '.';
	f->n = f->queries = 0;
	for (size_t labels = x; labels > 0; labels = next) {
		struct span target = rightmost(start, labels);
		bool first = labels == x;

		f->queries++;
		if (has_record(t, target, &f->psd[f->n])) {
			f->name[f->n++] = target;
			if (f->psd[f->n - 1] != DMARC_PSD_UNKNOWN)
				return;
		}
		next = first && x >= 8 ? 7 : labels - 1;
	}
}

static size_t
labels_of(struct span name)
{
	size_t n = 1;

	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '.';
	return n;
}

/* 4.10.2, rules 1 to 3. */
static struct span
literal_organization(struct span start, const struct found *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->psd[i] == DMARC_PSD_NO)
			return f->name[i];
		if (f->psd[i] == DMARC_PSD_YES && f->name[i].n != start.n)
			return rightmost(start, labels_of(f->name[i]) + 1);
	}
	return f->n == 0 ? start : f->name[f->n - 1];
}

/* 4.10.1: the name whose record applies; empty: none does. */
static struct span
literal_policy(const struct tree *t, struct span author)
{
	size_t labels = labels_of(author);
	struct span start, organization;
	enum dmarc_psd psd;
	struct found f;

	if (has_record(t, author, &psd))
		return author;
	if (labels == 1)
		return span_of(NULL, 0);
	start = rightmost(author, labels <= 8 ? labels - 1 : 7);
	literal_walk(t, start, &f);
	organization = literal_organization(start, &f);
	for (size_t i = 0; i < f.n; i++) {
		if (span_eq(f.name[i], organization))
			return organization;
	}
	return f.n > 0 && f.psd[f.n - 1] == DMARC_PSD_YES ? f.name[f.n - 1]
	                                                  : span_of(NULL, 0);
}

/* --- both ----------------------------------------------------------------- */

/* A name below or above the other one, or beside it. */
static void
draw_names(unsigned long long *seed, char *a, char *b)
{
	static const char letters[] = "ab";
	size_t labels[2], common;
	char *name[2] = {a, b};

	*seed = mix(*seed + 1);
	labels[0] = 1 + *seed % ((*seed >> 8) % 4 == 0 ? LABELS_MAX - 1 : 5);
	labels[1] =
	    1 + (*seed >> 16) % ((*seed >> 24) % 8 == 0 ? LABELS_MAX - 1 : 5);
	common = (*seed >> 32) % ((*seed >> 40) % 4 == 0 ? LABELS_MAX : 6);
	for (int k = 0; k < 2; k++) {
		char *p = name[k];

		for (size_t i = labels[k]; i-- > 0;) {
			/* label i from the right */
			unsigned long long h = mix(
			    *seed + i + (i < common ? 0 : 1000U * (k + 1U)));

			*p++ = letters[h % 2];
			*p++ = i > 0 ? '.' : '\0';
		}
	}
}

static void
answer(struct evaluation *e, const struct tree *t, unsigned number)
{
	struct walk_name *n = &e->names.v[number];

	n->found =
	    has_record(t, n->name, &n->record.psd) ? WALK_RECORD : WALK_NOTHING;
}

static void
start(struct evaluation *e, const char *author)
{
	static struct walk_name v[WALK_NAMES_MAX];

	evaluation_start(
	    e, (struct walk_names){v, 0, WALK_NAMES_MAX}, author, false);
}

/* As the daemon asks: what is wanted, until there is a result. */
static bool
evaluate(struct evaluation *e, const struct tree *t, const char *author,
    const char *identifier, struct evaluation_result *ret, unsigned *ret_asked)
{
	struct evaluation_question q;

	start(e, author);
	evaluation_verified(
	    e, evaluation_identify(e, DMARC_DKIM, identifier), DMARC_PASSES);
	evaluation_close(e);
	for (*ret_asked = 0; evaluation_want(e, &q); ++*ret_asked)
		answer(e, t, q.number);
	return evaluation_result(e, ret);
}

static bool
as_the_rfc_says(const struct tree *t, const char *author,
    const char *identifier, unsigned *ret_saved)
{
	static struct evaluation e;
	struct span a = span_str(author), b = span_str(identifier);
	struct span policy = literal_policy(t, a);
	struct evaluation_result r;
	struct found fa, fb;
	unsigned asked;
	bool aligned;

	literal_walk(t, a, &fa);
	literal_walk(t, b, &fb);
	aligned = span_eq(a, b) ||
	    span_eq(literal_organization(a, &fa), literal_organization(b, &fb));
	if (!evaluate(&e, t, author, identifier, &r, &asked))
		return false;
	*ret_saved = fa.queries + fb.queries -
	    (asked < fa.queries + fb.queries ? asked : fa.queries + fb.queries);
	if (policy.n == 0)
		return r.result == DMARC_RESULT_NONE && r.at == NULL;
	return r.at != NULL && span_eq(r.at->name, policy) &&
	    r.result == (aligned ? DMARC_RESULT_PASS : DMARC_RESULT_FAIL);
}

/* Trees that are tried: more with DMARC_TREES in the environment. */
static unsigned long
trees(void)
{
	const char *more = getenv("DMARC_TREES");

	if (more != NULL)
		return strtoul(more, NULL, 10);
	return suite_under_valgrind() ? 20000 : 1000000;
}

static void
shortcut_is_the_algorithm(void)
{
	unsigned long long seed = 1, saved = 0, passed = 0, n = trees();

	for (unsigned long long i = 0; i < n; i++) {
		char a[2 * LABELS_MAX + 1], b[2 * LABELS_MAX + 1], row[100];
		struct tree t = {.number = mix(i + 1)};
		unsigned less = 0;

		t.records = 1 + t.number % 6;
		t.psds = (t.number >> 8) % 6;
		draw_names(&seed, a, b);
		if (as_the_rfc_says(&t, a, b, &less)) {
			passed++;
		} else {
			snprintf(row, sizeof row, "tree %llu: %s %s", i, a, b);
			suite_row(row);
			CHECK(false);
		}
		saved += less;
	}
	CHECK(passed == n);
	CHECK(saved > n); /* or the shortcut is none */
	suite_row(NULL);
}

/* An answer that fails, or has not come: never another result than with it. */
static void
errors_change_no_result(void)
{
	unsigned long long seed = 99;
	unsigned undecided = 0;

	for (unsigned i = 0; i < 20000; i++) {
		static struct evaluation e;
		char a[2 * LABELS_MAX + 1], b[2 * LABELS_MAX + 1];
		struct tree t = {
		    .number = mix(i + 7), .records = 1 + i % 6, .psds = i % 4};
		struct evaluation_result with, without;
		struct evaluation_question q;
		unsigned asked;

		draw_names(&seed, a, b);
		CHECK(evaluate(&e, &t, a, b, &with, &asked));
		start(&e, a);
		evaluation_verified(
		    &e, evaluation_identify(&e, DMARC_DKIM, b), DMARC_PASSES);
		evaluation_close(&e);
		while (evaluation_want(&e, &q)) {
			if (mix(i + q.number) % 4 == 0)
				evaluation_answer(&e, q.number, NULL);
			else
				answer(&e, &t, q.number);
		}
		CHECK(evaluation_result(&e, &without));
		undecided += without.result == DMARC_RESULT_TEMPERROR;
		CHECK(without.result == DMARC_RESULT_TEMPERROR ||
		    without.result == with.result);
	}
	CHECK(undecided > 1000 && undecided < 15000);
}

SUITE("align", T(shortcut_is_the_algorithm), T(errors_change_no_result))
