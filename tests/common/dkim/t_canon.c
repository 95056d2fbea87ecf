/* Canonicalization beside a plain one that holds the whole body and looks at
 * one byte after the other. */
#include <errno.h>
#include <stdlib.h>

#include "common/bytes/buf.h"
#include "common/dkim/canon.h"
#include "tests/support/guard.h"
#include "tests/support/plaincanon.h"
#include "tests/support/suite.h"

/* --- ours, into a buffer -------------------------------------------------- */

static void
append(void *arg, struct span run)
{
	CHECK(run.n > 0);
	buf_span(arg, run);
}

struct cutting {
	struct canon_body body;
	struct canon_sink sink;
	struct buf got;
	struct buf want;
};

static void
cutting_begin(struct cutting *c, enum canonicalization canon, struct span in)
{
	buf_init(&c->got, 1 << 21);
	buf_init(&c->want, 1 << 21);
	c->sink = (struct canon_sink){append, &c->got};
	canon_body_init(&c->body, canon);
	plaincanon_body(canon, in, &c->want);
}

static void
cutting_feed(struct cutting *c, struct span in)
{
	canon_body_feed(&c->body, in, &c->sink);
}

/* Also makes the object ready for the next body. */
static bool
cutting_end(struct cutting *c)
{
	bool same;

	canon_body_end(&c->body, &c->sink);
	same = span_eq(buf_view(&c->got), buf_view(&c->want));
	buf_clear(&c->got);
	return same;
}

static void
cutting_free(struct cutting *c)
{
	buf_free(&c->got);
	buf_free(&c->want);
}

static const enum canonicalization both[] = {CANON_SIMPLE, CANON_RELAXED};

/* --- rows ----------------------------------------------------------------- */

static const struct {
	const char *in;
	const char *simple;
	const char *relaxed;
} bodies[] = {
    /* RFC 6376 sections 3.4.3 to 3.4.5 */
    {"", "\r\n", ""},
    {"\r\n", "\r\n", ""},
    {"\r\n\r\n\r\n", "\r\n", ""},
    {" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
    {"a", "a\r\n", "a\r\n"},
    {"a\r\n", "a\r\n", "a\r\n"},
    {"a\r\n\r\n", "a\r\n", "a\r\n"},
    /* a line of white space is empty for relaxed only */
    {" \t", " \t\r\n", ""},
    {" \r\n", " \r\n", ""},
    {"a\r\n \r\n\t\r\n", "a\r\n \r\n\t\r\n", "a\r\n"},
    {"a\r\n \r\nb\r\n", "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
    {"\r\n\r\na\r\n", "\r\n\r\na\r\n", "\r\n\r\na\r\n"},
    /* leading white space stays, as one space */
    {"\t a\r\n", "\t a\r\n", " a\r\n"},
    {"  a  ", "  a  \r\n", " a\r\n"},
    /* lone CR and LF are content */
    {"a\rb\nc\r\n", "a\rb\nc\r\n", "a\rb\nc\r\n"},
    {"a\r", "a\r\r\n", "a\r\r\n"},
    {"a\n", "a\n\r\n", "a\n\r\n"},
    {"a\r\r\n", "a\r\r\n", "a\r\r\n"},
    {"\n", "\n\r\n", "\n\r\n"},
    {"\r", "\r\r\n", "\r\r\n"},
    {"a \r", "a \r\r\n", "a \r\r\n"},
    {"a  \r\r\n", "a  \r\r\n", "a \r\r\n"},
    {"a \n", "a \n\r\n", "a \n\r\n"},
    {"\r\n\n\r\n\r\n", "\r\n\n\r\n", "\r\n\n\r\n"},
    {"a\tb\r\n", "a\tb\r\n", "a b\r\n"},
    {"a \tb  c\r\n", "a \tb  c\r\n", "a b c\r\n"},
};

static void
body_rows(void)
{
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		for (size_t c = 0; c < 2; c++) {
			const char *want =
			    c == 0 ? bodies[i].simple : bodies[i].relaxed;
			struct cutting cut;

			suite_row(bodies[i].in);
			cutting_begin(&cut, both[c], span_str(bodies[i].in));
			cutting_feed(&cut, span_str(bodies[i].in));
			CHECK(span_eq(buf_view(&cut.want), span_str(want)));
			CHECK(cutting_end(&cut));
			cutting_free(&cut);
		}
	}
}

static void
feed_both(void *arg, struct span head, struct span tail)
{
	struct cutting *c = arg;

	cutting_feed(c, head);
	cutting_feed(c, tail);
	CHECK(cutting_end(c));
}

static void
splits_of(struct span in)
{
	for (size_t c = 0; c < 2; c++) {
		struct cutting cut;

		cutting_begin(&cut, both[c], in);
		guard_splits(in, feed_both, &cut);
		cutting_free(&cut);
	}
}

static void
body_splits(void)
{
	static const char prose[] =
	    "Dear all,\r\n\r\nthis line is longer than one block of sixty-four "
	    "bytes and has no odd white space in it at all, which matters.\r\n"
	    "  - a list,  with two  spaces\r\n\t- and\ttabs \t mixed\t\r\n"
	    "-- \r\nA signature behind dash dash space \r\n \r\n\t\r\n\r\n"
	    "\xe6\x97\xa5\xe6\x9c\xac \xe8\xaa\x9e\r\rx\n\ny \r \n\r\n\r\n";

	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		suite_row(bodies[i].in);
		splits_of(span_str(bodies[i].in));
	}
	suite_row(prose);
	splits_of(span_str(prose));
}

/* Every body of up to 7 bytes that has something to decide, cut everywhere. */
static void
body_every_short(void)
{
	static const char letter[] = "a \t\r\n";
	char text[7];

	for (unsigned n = 0; n <= sizeof text; n++) {
		unsigned all = 1, bad = 0;

		for (unsigned i = 0; i < n; i++)
			all *= 5;
		for (unsigned v = 0; v < all * 2; v++) {
			struct cutting cut;

			for (unsigned i = 0, w = v / 2; i < n; i++, w /= 5)
				text[i] = letter[w % 5];
			cutting_begin(&cut, both[v % 2], span_of(text, n));
			for (unsigned at = 0; at <= n; at++) {
				cutting_feed(&cut, span_of(text, at));
				cutting_feed(&cut, span_of(text + at, n - at));
				bad += !cutting_end(&cut);
			}
			for (unsigned i = 0; i < n; i++)
				cutting_feed(&cut, span_of(text + i, 1));
			bad += !cutting_end(&cut);
			cutting_free(&cut);
		}
		CHECK(bad == 0);
	}
}

/* Random bytes of which `plain` in 64 are letters; then random cuts. */
static void
random_body(unsigned *seed, int plain, bool relaxed)
{
	static const char odd[] = "  \t\t\r\n";
	size_t n = (size_t)rand_r(seed) % 1500;
	char *text = malloc(n + 1);
	struct cutting cut;
	struct span in;

	for (size_t i = 0; i < n; i++) {
		int r = rand_r(seed) % 64;

		text[i] =
		    r < plain ? (char)('a' + r % 26) : odd[rand_r(seed) % 6];
		if (text[i] == '\n' && i > 0)
			text[i - 1] = '\r';
	}
	in = guard_copy(span_of(text, n));
	free(text);
	cutting_begin(&cut, relaxed ? CANON_RELAXED : CANON_SIMPLE, in);
	for (int again = 0; again < 4; again++) {
		for (size_t at = 0, k; at < n; at += k) {
			k = 1 + (size_t)rand_r(seed) % 300;
			k = k > n - at ? n - at : k;
			cutting_feed(&cut, span_of(in.p + at, k));
		}
		CHECK(cutting_end(&cut));
	}
	cutting_free(&cut);
	guard_free(in);
}

static void
body_random(void)
{
	unsigned seed = 6376;

	suite_row("random bodies");
	for (int i = 0; i < 3000; i++)
		random_body(&seed, i % 65, i % 2 == 0);
}

/* White space at each place of a block, and of those behind it. */
static void
body_every_place(void)
{
	static const char *const odd[] = {"\t", "  ", " \r\n", "\r\n\r\n", " "};
	char text[200];

	for (size_t o = 0; o < sizeof odd / sizeof odd[0]; o++) {
		unsigned bad = 0;

		suite_row(odd[o]);
		for (size_t at = 0; at + strlen(odd[o]) <= sizeof text; at++) {
			struct cutting cut;

			memset(text, 'x', sizeof text);
			memcpy(text + at, odd[o], strlen(odd[o]));
			cutting_begin(
			    &cut, CANON_RELAXED, span_of(text, sizeof text));
			cutting_feed(&cut, span_of(text, sizeof text));
			bad += !cutting_end(&cut);
			cutting_free(&cut);
		}
		CHECK(bad == 0);
	}
}

/* More line ends than are sent at once, and then content. */
static void
body_many_empty_lines(void)
{
	struct cutting cut;
	struct buf in;

	buf_init(&in, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_str(&in, "\r\n");
	for (int i = 0; i < 2; i++) {
		cutting_begin(&cut, both[i], buf_view(&in));
		cutting_feed(&cut, buf_view(&in));
		CHECK(cutting_end(&cut));
		cutting_free(&cut);
	}
	buf_str(&in, "x");
	for (int i = 0; i < 2; i++) {
		cutting_begin(&cut, both[i], buf_view(&in));
		cutting_feed(&cut, buf_view(&in));
		CHECK(cut.body.owed == 0);
		CHECK(cutting_end(&cut));
		cutting_free(&cut);
	}
	buf_free(&in);
}

/* --- header --------------------------------------------------------------- */

static const struct {
	const char *name, *value, *simple, *relaxed;
} fields[] = {
    /* RFC 6376 section 3.4.5 */
    {"A", " X", "A: X\r\n", "a:X\r\n"},
    {"B ", " Y\t\n\tZ  ", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},
    /* the fold as LF, as CRLF, and several of them */
    {"Subject", " a\n b", "Subject: a\r\n b\r\n", "subject:a b\r\n"},
    {"Subject", " a\r\n b", "Subject: a\r\n b\r\n", "subject:a b\r\n"},
    {"To", "\n a,\n\t \n b", "To:\r\n a,\r\n\t \r\n b\r\n", "to:a, b\r\n"},
    {"X", "", "X:\r\n", "x:\r\n"},
    {"X", " \t", "X: \t\r\n", "x:\r\n"},
    {"X", " \n ", "X: \r\n \r\n", "x:\r\n"},
    {"X", "a", "X:a\r\n", "x:a\r\n"},
    {"X", "\ta", "X:\ta\r\n", "x:a\r\n"},
    {"X", " a\rb", "X: a\rb\r\n", "x:a\rb\r\n"},
    {"X", " a  b\t\tc", "X: a  b\t\tc\r\n", "x:a b c\r\n"},
    {"X", " \xc3\xa9 \xff", "X: \xc3\xa9 \xff\r\n", "x:\xc3\xa9 \xff\r\n"},
    {"A-Name-That-Is-Longer-Than-The-Sixty-Four-Bytes-That-Are-Lowered-At-Once",
        " 1",
        "A-Name-That-Is-Longer-Than-The-Sixty-Four-Bytes-That-Are-Lowered-At-"
        "Once: 1\r\n",
        "a-name-that-is-longer-than-the-sixty-four-bytes-that-are-lowered-at-"
        "once:1\r\n"},
};

static void
header_rows(void)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct field f = {span_str(fields[i].name),
		    guard_copy(span_str(fields[i].value))};
		struct buf out;

		buf_init(&out, 1000);
		suite_row(fields[i].simple);
		CHECK(canon_field(&out, CANON_SIMPLE, &f) == 0);
		CHECK_STR(buf_text(&out), fields[i].simple);
		buf_clear(&out);
		CHECK(canon_field(&out, CANON_RELAXED, &f) == 0);
		CHECK_STR(buf_text(&out), fields[i].relaxed);
		buf_free(&out);
		guard_free(f.value);
	}
}

static void
header_no_room(void)
{
	struct field f = {span_str("Subject"), span_str(" a b")};
	struct buf out;

	for (size_t room = 0; room < sizeof "subject:a b\r\n" - 1; room++) {
		buf_init(&out, room);
		CHECK(canon_field(&out, CANON_RELAXED, &f) == -EMSGSIZE);
		CHECK(canon_field(&out, CANON_SIMPLE, &f) == -EMSGSIZE);
		buf_free(&out);
	}
}

static const struct {
	const char *name, *value;
	size_t n; /* of the value, if a NUL is in it */
	bool sound;
} sound[] = {
    {"From", " a@b.example", 0, true},
    {"From", " a\n b", 0, true},
    {"From", " a\r\n\tb", 0, true},
    {"From", " \n ", 0, true},
    {"From", "", 0, true},
    {"Subject", " \xe3\x81\x82 \x01\x0b\x7f", 0, true},
    {"From", " a\nb", 0, false},
    {"From", " a\n", 0, false},
    {"From", "\n", 0, false},
    {"From", " a\r\n", 0, false},
    {"From", " a\rb", 0, false},
    {"From", " a\r", 0, false},
    {"From", " a\n\n b", 0, false},
    {"From", " a\0b", 4, false},
    {"", " a", 0, false},
    {"Fr om", " a", 0, false},
    {"From ", " a", 0, false},
    {"Fr:om", " a", 0, false},
    {"Fr\xc3\xa9", " a", 0, false},
    {"Fr\x7f", " a", 0, false},
    {"!~", " a", 0, true},
};

static void
header_sound(void)
{
	for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
		size_t n = sound[i].n > 0 ? sound[i].n : strlen(sound[i].value);
		struct field f = {guard_copy(span_str(sound[i].name)),
		    guard_copy(span_of(sound[i].value, n))};

		suite_row(sound[i].value);
		CHECK(canon_field_sound(&f) == sound[i].sound);
		guard_free(f.name);
		guard_free(f.value);
	}
}

static void
words(void)
{
	CHECK_STR(canon_words(CANON_SIMPLE, CANON_SIMPLE), "simple/simple");
	CHECK_STR(canon_words(CANON_SIMPLE, CANON_RELAXED), "simple/relaxed");
	CHECK_STR(canon_words(CANON_RELAXED, CANON_SIMPLE), "relaxed/simple");
	CHECK_STR(canon_words(CANON_RELAXED, CANON_RELAXED), "relaxed/relaxed");
}

SUITE("canon", T(body_rows), T(body_splits), T(body_every_short),
    T(body_random), T(body_every_place), T(body_many_empty_lines),
    T(header_rows), T(header_no_room), T(header_sound), T(words))
