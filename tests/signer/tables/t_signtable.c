#include <stdio.h>

#include "signer/tables/signtable.h"
#include "tests/support/cputime.h"
#include "tests/support/suite.h"

static struct arena arena;
static struct buf why;

static void
begin(void)
{
	arena_init(&arena, 256 << 20);
	buf_init(&why, 1 << 20);
}

static void
end(void)
{
	arena_free(&arena);
	buf_free(&why);
}

/* The lines of the rows that match, in the order in which they count: "1 3 ".
 * Static. */
static const char *
walk(const struct signtable *s, const char *address)
{
	static char text[500];
	struct signtable_walk w;
	size_t n = 0, row;

	text[0] = '\0';
	signtable_begin(&w, span_str(address), strcspn(address, "@"));
	while ((row = signtable_next(s, &w)) < s->table.n)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, "%u ", s->table.row[row].line);
	CHECK(signtable_next(s, &w) == s->table.n); /* the end stays */
	return text;
}

struct lookup {
	const char *address, *lines;
};

static void
look_up(const char *spec, const char *rows, const struct lookup *l, size_t n)
{
	struct signtable s;
	struct keytable k = {.n = 0};

	/* a keylist has its own */
	if (spec[0] != 'k')
		CHECK(keytable_parse("/k", span_str("k a.example:s:/k\n"),
		          &arena, &k, &why, &why) == 0);
	CHECK(signtable_parse(spec, span_str(rows), &arena, &k, &s, &why) == 0);
	CHECK_STR(buf_text(&why), "");
	for (size_t i = 0; i < n; i++) {
		suite_row(l[i].address);
		CHECK_STR(walk(&s, l[i].address), l[i].lines);
	}
	suite_row(NULL);
	keytable_free(&k);
}

/* OpenDKIM's lookup of a plain file: the address, its host, user@.domain and
 * .domain from the longest to the shortest, user@*, '*'; where they stand in
 * the file does not count. */
static void
plain_order(void)
{
	static const char rows[] = "* k\n"             /* 1 */
	                           "u@* k\n"           /* 2 */
	                           ".example k\n"      /* 3 */
	                           ".b.example k\n"    /* 4 */
	                           "u@.example k\n"    /* 5 */
	                           "u@.b.example k\n"  /* 6 */
	                           "a.b.example k\n"   /* 7 */
	                           "u@a.b.example k\n" /* 8 */
	                           "b\xc3\xbc"
	                           "cher.example k\n"   /* 9 */
	                           "u@a.b.example k\n"; /* 10: never */
	static const struct lookup row[] = {
	    {"u@a.b.example", "8 7 6 5 4 3 2 1 "},
	    {"U@A.B.EXAMPLE", "8 7 6 5 4 3 2 1 "},
	    {"v@a.b.example", "7 4 3 1 "},
	    {"u@c.b.example", "6 5 4 3 2 1 "},
	    {"v@b.example", "3 1 "}, /* not ".b.example" itself */
	    {"v@ab.example", "3 1 "},
	    {"v@example", "1 "},
	    {"u@other.org", "2 1 "},
	    {"v@other.org", "1 "},
	    {"v@xn--bcher-kva.example", "9 3 1 "},
	};

	look_up("/s", rows, row, sizeof row / sizeof row[0]);
	look_up("file:/s", rows, row, sizeof row / sizeof row[0]);
}

/* refile: the order of the file, whatever kind a pattern is of. */
static void
refile_order(void)
{
	static const char rows[] = "x@*.example k\n*@a.example k\n"
	                           "x@a.example k\n*a.example k\n* k\n";
	static const struct lookup row[] = {
	    {"x@a.example", "1 2 3 4 5 "},
	    {"x@b.a.example", "1 4 5 "},
	    {"x@b.example", "1 5 "},
	    {"y@a.example", "2 4 5 "},
	    {"Y@A.Example", "2 4 5 "},
	    {"y@b.example", "5 "},
	};
	static const char more[] = "*@b\xc3\xbc"
	                           "cher.example k\nx*y@*.org k\n"
	                           "*@*b.example k\n";
	static const struct lookup more_rows[] = {
	    {"a@xn--bcher-kva.example", "1 "},
	    {"xy@a.org", "2 "},
	    {"xaby@a.b.org", "2 "},
	    {"xa@a.org", ""},
	    {"q@ab.example", "3 "},
	    /* no ".sub" and no "*" of the plain kind here */
	    {"q@b.deeper.example", ""},
	};

	look_up("refile:/s", rows, row, sizeof row / sizeof row[0]);
	look_up("refile:/s", more, more_rows,
	    sizeof more_rows / sizeof more_rows[0]);
}

/* dkim-milter's keylist: "pattern:domain:/path", the first that matches. */
static void
keylist_order(void)
{
	static const char rows[] = "# list\n*@a.example:a.example:/k/s1\n"
	                           "*:all.example:/k/s2\n";
	static const struct lookup row[] = {
	    {"x@a.example", "2 3 "}, {"x@b.example", "3 "}};

	look_up("keylist:/s", rows, row, sizeof row / sizeof row[0]);
}

/* "name:identity", parted as OpenDKIM does it: at the first ':'. */
static void
values(void)
{
	enum { GOOD, BLANKS, NAMELESS };
	static const struct {
		const char *value, *identity; /* NULL: none */
		int is;
	} row[] = {
	    {"k", NULL, GOOD},
	    {"k:bob@a.example", "bob@a.example", GOOD},
	    {"k:@%", "@%", GOOD},
	    {"k:", NULL, GOOD},
	    {"k: @%", "@%", GOOD},
	    {"k:x:y@a.example", "x:y@a.example", GOOD},
	    {"%:@%", "@%", GOOD},
	    {"k @%", NULL, BLANKS},
	    {"k\t@%", NULL, BLANKS},
	    {"k :@%", NULL, BLANKS},
	    {"k:@a.example x", NULL, BLANKS},
	    {":@a.example", NULL, NAMELESS},
	    {":", NULL, NAMELESS},
	    {"", NULL, NAMELESS},
	};

	for (size_t i = 0; i < 2 * (sizeof row / sizeof row[0]); i++) {
		const char *value = row[i / 2].value;
		const char *spec = i % 2 == 0 ? "/s" : "refile:/s";
		char text[100], says[300];
		struct signtable s;
		struct keytable k;

		suite_row(value);
		snprintf(text, sizeof text, "a@a.example %s\n", value);
		says[0] = '\0';
		if (row[i / 2].is == BLANKS)
			snprintf(says, sizeof says,
			    "/s:1: no white space may stand in \"%s\": an "
			    "identity is written name:identity, as in "
			    "k:@example.com\n",
			    value);
		else if (row[i / 2].is == NAMELESS)
			snprintf(says, sizeof says,
			    "/s:1: after the pattern must come the name of "
			    "a key\n");
		CHECK(keytable_parse("/k", span_str("k a.example:s:/k\n"),
		          &arena, &k, &why, &why) == 0);
		CHECK(signtable_parse(
		          spec, span_str(text), &arena, &k, &s, &why) == 0);
		CHECK(s.row[0].wrong == (row[i / 2].is != GOOD));
		CHECK(s.bad == s.row[0].wrong);
		CHECK_STR(buf_text(&why), says);
		if (!s.row[0].wrong)
			CHECK_STR(s.row[0].identity, row[i / 2].identity);
		buf_clear(&why);
		keytable_free(&k);
	}
	suite_row(NULL);
}

/* 10,000 domains: each is found, and finding one takes no longer than a small
 * part of a signature. */
static void
many_rows(void)
{
	enum { DOMAINS = 10000, ROUNDS = 20 };
	struct buf keys, rows;
	struct signtable s;
	struct keytable k;
	double us;

	buf_init(&keys, 4 << 20);
	buf_init(&rows, 4 << 20);
	for (int i = 0; i < DOMAINS; i++) {
		buf_fmt(&keys, "k%d d%d.example:s:/k\n", i, i);
		buf_fmt(&rows, "*@%sd%d.example k%d\n", i % 2 == 0 ? "" : "*",
		    i, i);
	}
	CHECK(
	    keytable_parse("/k", buf_view(&keys), &arena, &k, &why, &why) == 0);
	CHECK(signtable_parse(
	          "refile:/s", buf_view(&rows), &arena, &k, &s, &why) == 0);
	CHECK(s.bad == 0 && why.n == 0);
	us = cputime_us();
	for (int n = 0; n < ROUNDS * DOMAINS; n++) {
		struct signtable_walk w;
		char address[50];
		int i = n % DOMAINS;

		snprintf(address, sizeof address, "user@d%d.example", i);
		signtable_begin(&w, span_str(address), 4);
		if (signtable_next(&s, &w) != (size_t)i)
			CHECK(0);
	}
	us = (cputime_us() - us) / (ROUNDS * DOMAINS);
	/* 2 us here; generous for slow machines and sanitizers */
	CHECK(us < 100);
	keytable_free(&k);
	buf_free(&keys);
	buf_free(&rows);
}

SUITE("signtable", T(begin), T(plain_order), T(refile_order), T(keylist_order),
    T(values), T(many_rows), T(end))
