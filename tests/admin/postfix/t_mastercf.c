#include <errno.h>

#include "admin/postfix/mastercf.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

static void
words(void)
{
	struct span line = guard_copy(span_str(
	    "127.0.0.1:10025 inet n - y - 0  smtpd -o { a = b c } -o x=y"));

	CHECK(span_eq(
	    mastercf_word(line, MASTERCF_NAME), span_str("127.0.0.1:10025")));
	CHECK(span_eq(mastercf_word(line, MASTERCF_TYPE), span_str("inet")));
	CHECK(span_eq(mastercf_word(line, MASTERCF_CHROOT), span_str("y")));
	CHECK(span_eq(mastercf_word(line, MASTERCF_MAXPROC), span_str("0")));
	CHECK(
	    span_eq(mastercf_word(line, MASTERCF_COMMAND), span_str("smtpd")));
	guard_free(line);
	CHECK(mastercf_word(span_str("smtp inet n"), MASTERCF_CHROOT).n == 0);
	CHECK(mastercf_word(span_str(""), MASTERCF_NAME).n == 0);
}

static void
lines(void)
{
	struct span text = span_str("a\n\nb"), line;

	CHECK(mastercf_next(&text, &line) && span_eq(line, span_str("a")));
	CHECK(mastercf_next(&text, &line) && line.n == 0);
	CHECK(mastercf_next(&text, &line) && span_eq(line, span_str("b")));
	CHECK(!mastercf_next(&text, &line));
}

static void
options(void)
{
	static const struct {
		const char *line, *want; /* NULL: none */
	} rows[] = {{"smtpd -o m=x", "x"}, {"smtpd -o m= -o n=1", ""},
	    {"smtpd -o { m = a, b } -v", "a, b"}, {"smtpd -o {m=}", ""},
	    {"smtpd -o m=x -o m=y", "y"}, {"smtpd -o mm=x", NULL},
	    {"smtpd m=x", NULL}, {"smtpd -o", NULL}, {"smtpd -o m", NULL},
	    {"smtpd -o {", NULL}, {"smtpd -o { m = a", NULL},
	    {"smtpd -o xm=y", NULL}, {"", NULL}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span line = guard_copy(span_str(rows[i].line)), value;
		bool found = mastercf_option(line, "m", &value);

		suite_row(rows[i].line);
		CHECK(found == (rows[i].want != NULL));
		if (found && rows[i].want != NULL)
			CHECK(span_eq(value, span_str(rows[i].want)));
		guard_free(line);
	}
	suite_row(NULL);
}

static void
times(void)
{
	static const struct {
		const char *text;
		unsigned want;
		int rc;
	} rows[] = {{"3600", 3600, 0}, {" 100s ", 100, 0}, {"2m", 120, 0},
	    {"1h", 3600, 0}, {"1d", 86400, 0}, {"2w", 1209600, 0}, {"0", 0, 0},
	    {"4294967289", 4294967289U, 0}, {"42949672950", 0, -EINVAL},
	    {"7102w", 0, -EINVAL}, {"7101w", 4294684800U, 0}, {"", 0, -EINVAL},
	    {"s", 0, -EINVAL}, {"1x", 0, -EINVAL}, {"1ss", 0, -EINVAL},
	    {"-1", 0, -EINVAL}, {"$a", 0, -EINVAL}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span text = guard_copy(span_str(rows[i].text));
		unsigned n = 7;

		suite_row(rows[i].text);
		CHECK(mastercf_seconds(text, &n) == rows[i].rc);
		CHECK(n == (rows[i].rc == 0 ? rows[i].want : 7));
		guard_free(text);
	}
	suite_row(NULL);
}

static void
feed(void *arg, struct span head, struct span tail)
{
	struct span part[] = {head, tail};

	for (int i = 0; i < 2; i++) {
		struct span line, value;

		for (int c = MASTERCF_NAME; c <= MASTERCF_COMMAND; c++)
			(void)mastercf_word(part[i], c);
		(void)mastercf_option(part[i], "smtpd_milters", &value);
		(void)mastercf_has(part[i], "spawn");
		while (mastercf_next(&part[i], &line))
			continue;
	}
	CHECK(true);
}

static void
every_split(void)
{
	guard_splits(span_str("smtp inet n - y - - smtpd\n127.0.0.1:1 inet n "
	                      "- n - - smtpd -o { smtpd_milters = a, b } -o "
	                      "smtpd_milters=\n"),
	    feed, NULL);
}

SUITE("mastercf", T(words), T(lines), T(options), T(times), T(every_split))
