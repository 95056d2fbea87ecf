#include <errno.h>

#include <openssl/evp.h>

#include "common/dkim/bodyhash.h"
#include "tests/support/guard.h"
#include "tests/support/hashed.h"
#include "tests/support/suite.h"

static const char *
base64(const unsigned char *hash)
{
	static unsigned char text[4 * (BODYHASH_SIZE + 2) / 3 + 1];

	EVP_EncodeBlock(text, hash, BODYHASH_SIZE);
	return (const char *)text;
}

static const char *
hash_of(struct bodyhash *b, enum canonicalization canon, const char *body)
{
	unsigned char hash[BODYHASH_SIZE];

	bodyhash_begin(b, canon);
	bodyhash_feed(b, span_str(body));
	CHECK(bodyhash_end(b, hash) == 0);
	return base64(hash);
}

/* RFC 6376 sections 3.4.3 and 3.4.4, RFC 8463 A.3, RFC 6376 A.2. */
static void
published(void)
{
	static const char one[] = "Hi.\r\n\r\nWe lost the game. Are you "
	                          "hungry yet?\r\n\r\nJoe.\r\n";
	static const char two[] = "Hi.\r\n\r\nWe lost the game.  Are you "
	                          "hungry yet?\r\n\r\nJoe.\r\n";
	static const char joe[] =
	    "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";
	struct bodyhash *b;

	CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
	CHECK_STR(hash_of(b, CANON_SIMPLE, ""),
	    "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
	CHECK_STR(hash_of(b, CANON_RELAXED, ""),
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
	CHECK_STR(hash_of(b, CANON_RELAXED, two), joe);
	CHECK_STR(hash_of(b, CANON_SIMPLE, one), joe);
	bodyhash_free(b);
}

/* What was fed before begin, or before an end, does not matter. */
static void
used_again(void)
{
	unsigned char hash[BODYHASH_SIZE];
	struct bodyhash *b;
	const char *want = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

	CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
	bodyhash_feed(b, span_str("left over \r"));
	CHECK_STR(hash_of(b, CANON_RELAXED, ""), want);
	bodyhash_begin(b, CANON_RELAXED);
	bodyhash_feed(b, span_str("left over \r"));
	CHECK_STR(hash_of(b, CANON_RELAXED, "\r\n \r\n"), want);
	bodyhash_begin(b, CANON_RELAXED);
	CHECK(bodyhash_end(b, hash) == 0);
	CHECK_STR(base64(hash), want);
	bodyhash_free(b);
}

/*
 * Runs of every length around the sizes at which they are copied, flushed or
 * handed on; the order of the bytes must stay.
 */
static void
run_lengths(void)
{
	static const size_t lengths[] = {
	    0, 1, 2047, 2048, 2049, 6143, 6144, 6145, 8191, 8192, 8193};
	enum { N = sizeof lengths / sizeof lengths[0] };
	unsigned char got[BODYHASH_SIZE], want[BODYHASH_SIZE];
	static char body[4 * 8200], plain[4 * 8200];
	struct bodyhash *b;
	unsigned bad = 0;

	CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
	for (size_t i = 0; i < N * N * N; i++) {
		const size_t run[] = {
		    lengths[i % N], lengths[i / N % N], lengths[i / N / N]};
		size_t n = 0, m = 0;

		for (size_t k = 0; k < 3; k++) {
			for (size_t j = 0; j < run[k]; j++)
				body[n++] = plain[m++] = (char)('a' + j % 23);
			body[n++] = '\t'; /* ends the run */
			plain[m++] = ' ';
			body[n++] = plain[m++] = '.';
		}
		memcpy(plain + m, "\r\n", 2);
		CU_ASSERT_FATAL(EVP_Digest(plain, m + 2, want, NULL,
		                    EVP_sha256(), NULL) == 1);
		bodyhash_begin(b, CANON_RELAXED);
		bodyhash_feed(b, span_of(body, n));
		bad += bodyhash_end(b, got) != 0 ||
		    memcmp(got, want, sizeof got) != 0;
	}
	CHECK(bad == 0);
	bodyhash_free(b);
}

struct splitting {
	struct bodyhash *b;
	unsigned char want[BODYHASH_SIZE];
};

static void
feed_both(void *arg, struct span head, struct span tail)
{
	unsigned char got[BODYHASH_SIZE];
	struct splitting *s = arg;

	bodyhash_begin(s->b, CANON_RELAXED);
	bodyhash_feed(s->b, head);
	bodyhash_feed(s->b, tail);
	CHECK(bodyhash_end(s->b, got) == 0);
	CHECK(memcmp(got, s->want, sizeof got) == 0);
}

static void
splits(void)
{
	static const char canonical[] = " a b\r\n\r\nc d\r\n";
	struct splitting s;

	CU_ASSERT_FATAL(bodyhash_new(&s.b) == 0);
	CU_ASSERT_FATAL(EVP_Digest(canonical, sizeof canonical - 1, s.want,
	                    NULL, EVP_sha256(), NULL) == 1);
	guard_splits(
	    span_str("\t a  b\t\r\n \r\nc\td \r\n \r\n\r\n"), feed_both, &s);
	bodyhash_free(s.b);
}

static void
nothing_to_free(void)
{
	bodyhash_free(NULL);
}

/* l=: of the canonical form, at every cut of it and one over; how long it all
 * is is known afterwards. */
static void
parts(void)
{
	static const char body[] = "a  b \r\n\r\n c\r\n\r\n\r\n";
	static const char canonical[] = "a b\r\n\r\n c\r\n";
	const size_t n = sizeof canonical - 1;
	unsigned char hash[BODYHASH_SIZE], want[BODYHASH_SIZE];
	struct bodyhash *b;

	CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
	for (size_t part = 0; part <= n + 1; part++) {
		CU_ASSERT_FATAL(EVP_Digest(canonical, part < n ? part : n, want,
		                    NULL, EVP_sha256(), NULL) == 1);
		bodyhash_begin_part(b, CANON_RELAXED, part);
		bodyhash_feed(b, span_str(body));
		CHECK(bodyhash_end(b, hash) == 0);
		CHECK(memcmp(hash, want, sizeof hash) == 0);
		CHECK(bodyhash_length(b) == n);
	}
	bodyhash_free(b);
}

/* Several l= at once, of every set of a few cuts, asked for in any order and
 * with the body in two pieces: each has its own hash. */
static const char lines[] = "a  b \r\n\r\n c\r\n\r\n\r\n";
static const char lines_relaxed[] = "a b\r\n\r\n c\r\n";

struct cuts {
	struct bodyhash *b;
	const uint64_t *length;
	size_t n;
	uint64_t seed;
};

static void
check_cuts(void *arg, struct span head, struct span tail)
{
	const size_t all = sizeof lines_relaxed - 1;
	unsigned char hash[BODYHASH_SIZE], want[BODYHASH_SIZE];
	struct cuts *c = arg;
	size_t first = c->seed++ % c->n;

	bodyhash_begin_part(c->b, CANON_RELAXED, c->length[first]);
	for (size_t i = 0; i < c->n; i++)
		CHECK(bodyhash_also(c->b, c->length[(first + 2 * i) % c->n]) ==
		    0);
	bodyhash_feed(c->b, head);
	bodyhash_feed(c->b, tail);
	CHECK(bodyhash_end(c->b, hash) == 0);
	CHECK(bodyhash_length(c->b) == all);
	for (size_t i = 0; i < c->n; i++) {
		size_t n = c->length[i] < all ? (size_t)c->length[i] : all;
		const unsigned char *got = bodyhash_digest(c->b, c->length[i]);

		CU_ASSERT_FATAL(got != NULL &&
		    EVP_Digest(
		        lines_relaxed, n, want, NULL, EVP_sha256(), NULL) == 1);
		CHECK(memcmp(got, want, sizeof want) == 0);
		CHECK(i != first || memcmp(hash, want, sizeof want) == 0);
	}
	CHECK(bodyhash_digest(c->b, 99) == NULL);
}

static void
several_parts(void)
{
	static const uint64_t one_by_one[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	static const uint64_t some[] = {BODYHASH_ALL, 10, 11, 5, 12};
	static const uint64_t ends[] = {BODYHASH_ALL, 0, UINT64_MAX - 1};
	static const uint64_t one[] = {7};
	struct cuts c = {.seed = 0};

	CHECK(sizeof lines_relaxed - 1 == 11);
	CU_ASSERT_FATAL(bodyhash_new(&c.b) == 0);
#define CUTS(set) \
	c.length = set; \
	c.n = sizeof set / sizeof set[0]; \
	guard_splits(span_str(lines), check_cuts, &c)
	CUTS(one_by_one);
	CUTS(some);
	CUTS(ends);
	CUTS(one);
#undef CUTS
	bodyhash_free(c.b);
}

/* BODYHASH_PARTS_MAX lengths, and one over it; one that is there costs
 * nothing. */
static void
most_parts(void)
{
	struct bodyhash *b;

	CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
	bodyhash_begin(b, CANON_SIMPLE);
	for (uint64_t i = 1; i < BODYHASH_PARTS_MAX; i++)
		CHECK(bodyhash_also(b, 100 - i) == 0);
	CHECK(bodyhash_also(b, 5) == -E2BIG);
	CHECK(bodyhash_also(b, 99) == 0);
	CHECK(bodyhash_also(b, BODYHASH_ALL) == 0);
	bodyhash_begin(b, CANON_SIMPLE);
	CHECK(bodyhash_also(b, 5) == 0);
	bodyhash_free(b);
}

/* However many parts: each byte is hashed once, and none behind the longest
 * one. */
static void
hashed_once(void)
{
	static const struct {
		uint64_t longest;
		size_t want; /* of the 100,002 canonical bytes */
	} row[] = {{BODYHASH_ALL, 100002}, {50000, 50000}, {1000, 1000}};
	static char body[100000];
	unsigned char hash[BODYHASH_SIZE];
	struct bodyhash *b;

	CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
	memset(body, 'x', sizeof body);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		bodyhash_begin_part(b, CANON_RELAXED, row[i].longest);
		for (uint64_t n = 1; n < BODYHASH_PARTS_MAX; n++)
			CHECK(bodyhash_also(b, n * 99) == 0);
		hashed = 0;
		for (size_t at = 0; at < sizeof body; at += 1000)
			bodyhash_feed(b, span_of(body + at, 1000));
		CHECK(bodyhash_end(b, hash) == 0);
		CHECK(hashed == row[i].want);
		CHECK(bodyhash_length(b) == sizeof body + 2);
	}
	bodyhash_free(b);
}

SUITE("bodyhash", T(parts), T(several_parts), T(most_parts), T(hashed_once),
    T(published), T(used_again), T(run_lengths), T(splits), T(nothing_to_free))
