#include <stdio.h>
#include <string.h>

#include "tests/support/house.h"
#include "tests/support/logged.h"
#include "tests/support/suite.h"
#include "verifier/limits.h"

#define SIG(d, s, more) \
	"v=1; a=rsa-sha256; d=" d "; s=" s "; " more "h=from:to; bh=@; b=@\n"
#define GOOD SIG("a.example", "rsa", "")
#define PART SIG("a.example", "rsa", "l=1; ")
#define BROKEN \
	"v=1; a=rsa-sha256; d=a.example; s=rsa; h=from:to; bh=@; b=AAAA\n"
#define DEAD SIG("a.example", "dead", "")
#define DEAD_OTHER SIG("b.example", "dead", "")
#define TESTED \
	"v=1; a=rsa-sha256; d=a.example; s=test; h=from:to; bh=@; b=AAAA\n"
#define LIST "!List-Id: <l.list.example>\n"

#define ALL "reject = {\"no-pass\", \"not-acceptable\"}\n"
#define NO_PASS "reject = {\"no-pass\"}\n"
#define NOT_ACCEPTABLE "reject = {\"not-acceptable\"}\n"
#define DEFER "on_temperror = \"defer\"\n"
#define NONE_PASSES "550 5.7.20 No passing DKIM signature: "
#define NONE_ACCEPTABLE "550 5.7.21 No acceptable DKIM signature: "
#define TRY_AGAIN "451 4.7.5 DKIM: no answer for the author's key, try again\n"

static const char text[] = "From: Joe <joe@a.example>\r\n"
                           "To: ann@example.jp\r\n"
                           "\r\n"
                           "Hello\r\n";
static const char zone[] =
    "dead._domainkey.a.example TXT servfail\n"
    "dead._domainkey.b.example TXT servfail\n"
    "test._domainkey.a.example TXT \"v=DKIM1; t=y; p=$RSA\"\n";

/* --- what becomes of a message -------------------------------------------- */

static const struct {
	const char *name, *config, *lines;
	const char *sender, *text; /* NULL: as usual */
	const char *reply;         /* NULL: it goes on */
	const char *event;         /* of the log line */
} row[] = {
    {"nothing is refused by default", "", BROKEN, NULL, NULL, NULL, "verified"},
    {"unsigned", ALL, "", NULL, NULL, NONE_PASSES "there is no signature\n",
        "rejected"},
    {"good", ALL, GOOD, NULL, NULL, NULL, "verified"},
    {"good beside a broken one", ALL, BROKEN GOOD, NULL, NULL, NULL,
        "verified"},
    {"good beside a part", ALL, PART GOOD, NULL, NULL, NULL, "verified"},
    {"broken", ALL, BROKEN, NULL, NULL,
        NONE_PASSES "signature did not verify\n", "rejected"},
    {"broken, another word", NOT_ACCEPTABLE, BROKEN, NULL, NULL, NULL,
        "verified"},
    {"a part", ALL, PART, NULL, NULL,
        NONE_ACCEPTABLE "a part of the body is not signed\n", "rejected"},
    {"a part, another word", NO_PASS, PART, NULL, NULL, NULL, "verified"},
    {"a part, and a broken one", ALL, PART BROKEN, NULL, NULL,
        NONE_ACCEPTABLE "signature did not verify\n", "rejected"},
    {"the key is short", ALL "minimum_bits = 2048\n",
        SIG("a.example", "weak", ""), NULL, NULL, NONE_PASSES "key too short\n",
        "rejected"},
    {"expired", ALL, SIG("a.example", "rsa", "x=1; "), NULL, NULL,
        NONE_PASSES "expired\n", "rejected"},
    {"no list of tags", ALL, "!DKIM-Signature: x\n", NULL, NULL,
        NONE_PASSES "a tag without \"=\"\n", "rejected"},
    {"no From", ALL, "", NULL, "To: a@b.example\r\n\r\n",
        NONE_PASSES "there is no signature\n", "rejected"},

    /* never */
    {"a bounce", ALL, "", "<>", NULL, NULL, "verified"},
    {"a bounce that is broken", ALL, BROKEN, "<>", NULL, NULL, "verified"},
    {"a relay of ours", ALL DEFER "relays = {\"192.0.2.1/32\"}\n", BROKEN DEAD,
        NULL, NULL, NULL, "verified"},
    {"a list", ALL, LIST, NULL, NULL, NULL, "verified"},
    {"a list that breaks", ALL, LIST BROKEN, NULL, NULL, NULL, "verified"},
    {"a list, two Froms", ALL, "!From: a@b.example\n!From: c@b.example\n" LIST,
        NULL, NULL, NULL, "verified"},
    {"a list, behind two Froms", ALL, "", NULL,
        "From: a@b.example\r\nFrom: c@b.example\r\n"
        "List-Id: <l.list.example>\r\n\r\nx\r\n",
        NULL, "verified"},
    {"a key with t=y", ALL, TESTED, NULL, NULL, NULL, "verified"},
    {"DNS is dead", ALL, DEAD, NULL, NULL, NULL, "verified"},
    {"DNS of another is dead", ALL, DEAD_OTHER, NULL, NULL, NULL, "verified"},
    {"DNS is dead for one of two", ALL, DEAD BROKEN, NULL, NULL, NULL,
        "verified"},
    {"one is not evaluated", ALL "signatures = 1\n", BROKEN DEAD_OTHER, NULL,
        NULL, NULL, "verified"},

    /* put off */
    {"the author's key", DEFER, DEAD, NULL, NULL, TRY_AGAIN, "deferred"},
    {"the author's key, and a broken one", DEFER, DEAD BROKEN, NULL, NULL,
        TRY_AGAIN, "deferred"},
    {"the author's key, refusals set", DEFER ALL, DEAD, NULL, NULL, TRY_AGAIN,
        "deferred"},
    {"another's key", DEFER, DEAD_OTHER, NULL, NULL, NULL, "verified"},
    {"another's key, refusals set", DEFER ALL, DEAD_OTHER BROKEN, NULL, NULL,
        NULL, "verified"},
    {"the author's key, and a pass", DEFER, DEAD SIG("list.example", "rsa", ""),
        NULL, NULL, NULL, "verified"},
    {"no trouble: a broken one", DEFER, BROKEN, NULL, NULL, NULL, "verified"},
    {"no trouble: no key", DEFER, SIG("a.example", "none", ""), NULL, NULL,
        NULL, "verified"},
};

static void
words(void)
{
	struct logged log;

	logged_begin(&log);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct house h;
		struct buf message;
		struct mta m;
		const char *line;

		suite_row(row[i].name);
		house_open(&h, row[i].config);
		house_zone(&h, zone);
		buf_init(&message, 1 << 20);
		house_mail(&h, row[i].lines,
		    row[i].text == NULL ? text : row[i].text, &message);
		house_connect(&h, &m, "192.0.2.1");
		if (row[i].sender != NULL)
			m.sender = row[i].sender;
		CHECK(mta_message(&m, NULL, buf_view(&message)) ==
		    (row[i].reply == NULL ? 'a' : 'y'));
		if (row[i].reply != NULL)
			CHECK_STR(buf_text(&m.done), row[i].reply);
		else
			CHECK(m.ninserted == 1);
		line = logged_line(&log);
		CHECK(strstr(line, row[i].event) != NULL);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
	suite_row(NULL);
	logged_end(&log);
}

/* --- header.b ------------------------------------------------------------- */

#define B(b) BN("", b)
#define BN(more, b) \
	"!DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=rsa; " \
	"h=from:to;" more \
	" bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=" b "\n"

/* At least 8 bytes, and as many as tell one from another. */
static void
header_b(void)
{
	static const struct {
		const char *lines, *want[3];
	} b[] = {
	    {B("ABCDEFGHIJKL"), {"ABCDEFGH"}},
	    {B("ABCD"), {"ABCD"}},
	    {B("AB CD\tEFGH IJKL"), {"ABCDEFGH"}},
	    {B("ABCDEFGHIJKL") B("ABCDEFGHIJXX"),
	        {"ABCDEFGHIJK", "ABCDEFGHIJX"}},
	    {B("ABCDEFGH") B("ABCDEFGHIJXX"), {"ABCDEFGH", "ABCDEFGHI"}},
	    /* a copy that was changed is no other signature */
	    {B("ABCDEFGHIJKL") BN(" n=1;", "ABCD EFGHIJKL"), {"ABCDEFGH"}},
	    {B("ABCDEF/HIJKL"), {"\"ABCDEF/H\""}},
	    {B("ABCDEQ=="), {"\"ABCDEQ==\""}},
	    {B("ABCDEFGH+JKL"), {"ABCDEFGH"}},
	    {B("ABCDEFGHIJKL") B("ABCDEFGHIJKM") B("ABCDEFGHIJ+L"),
	        {"ABCDEFGHIJKL", "ABCDEFGHIJKM", "\"ABCDEFGHIJ+\""}},
	};

	for (size_t i = 0; i < sizeof b / sizeof b[0]; i++) {
		struct buf message;
		struct house h;
		struct mta m;
		const char *at;

		suite_row(b[i].want[0]);
		house_open(&h, "");
		buf_init(&message, 1 << 20);
		house_mail(&h, b[i].lines, text, &message);
		CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
		at = house_whole_field(&h, &m);
		for (size_t k = 0; k < 3 && b[i].want[k] != NULL; k++) {
			size_t n = strlen(b[i].want[k]);

			at = strstr(at, "header.b=");
			CU_ASSERT_FATAL(at != NULL);
			at += strlen("header.b=");
			CHECK(strncmp(at, b[i].want[k], n) == 0 &&
			    (at[n] == ';' || at[n] == '\0'));
			if (strncmp(at, b[i].want[k], n) != 0)
				CHECK_STR(at, b[i].want[k]);
		}
		CHECK(strstr(at, "header.b=") == NULL);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
	suite_row(NULL);
}

/* Signatures that are alike but for the end, with all the white space that fits
 * and long names: each has its result, no line is too long for a reader. */
static void
long_results(void)
{
	static char name[64], b[1400];
	struct buf lines, message;
	struct house h;
	struct mta m;
	const char *got, *line;
	size_t results = 0;

	memset(name, 'n', 60);
	memset(b, 'A', 1360);
	house_open(&h, "signatures = 11");
	buf_init(&lines, 4 << 20);
	buf_init(&message, 4 << 20);
	for (int i = 0; i < 11; i++)
		buf_fmt(&lines,
		    "!DKIM-Signature: v=1; a=rsa-sha256; s=%s.%s; "
		    "d=%s.a.example; i=%s%s%s@%s.%s.%s.a.example; h=from; "
		    "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; "
		    "b=%50000s%c%c%c%c\n",
		    name, name, name, name, name, name, name, name, name, b,
		    'A', 'A', 'A', 'A' + i);
	house_mail(&h, buf_text(&lines), text, &message);
	CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
	CU_ASSERT_FATAL(m.ninserted == 1);
	got = buf_text(&m.inserted[0].value);
	for (line = got; line != NULL; line = strchr(line + 1, '\n')) {
		CHECK(strcspn(line + 1, "\n") < 900);
		results += strncmp(line + 1, "\tdkim=", 6) == 0;
	}
	CHECK(results == 11);
	for (line = got; (line = strstr(line, "header.b=")) != NULL; line++)
		results--;
	CHECK(results == 0);
	mta_free(&m);
	buf_free(&lines);
	buf_free(&message);
	house_close(&h);
}

/* Results with long names in the log: each is there as far as the line has
 * room, and it shows that it is cut. */
static void
long_log(void)
{
	static const int n[] = {230, 230, 90, 238};
	char d[256];
	struct buf lines, message;
	struct logged log;
	struct house h;
	struct mta m;
	const char *line;

	logged_begin(&log);
	house_open(&h, "");
	buf_init(&lines, 1 << 20);
	buf_init(&message, 1 << 20);
	for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
		memset(d, 'd', sizeof d);
		for (int k = 60; k < n[i]; k += 61)
			d[k] = '.';
		buf_fmt(&lines,
		    "!DKIM-Signature: v=1; a=rsa-sha256; d=%.*s; s=k; h=from; "
		    "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; "
		    "b=AAA%c\n",
		    n[i], d, "AEIM"[i]);
	}
	house_mail(&h, buf_text(&lines), text, &message);
	CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
	line = logged_line(&log);
	CHECK(strstr(line, ", permerror d=dd") != NULL);
	CHECK(
	    strlen(line) > 4 && strcmp(line + strlen(line) - 4, "...\n") == 0);
	mta_free(&m);
	buf_free(&lines);
	buf_free(&message);
	house_close(&h);
	logged_end(&log);
}

SUITE("results", T(words), T(header_b), T(long_results), T(long_log))
