/*
 * The public suites of RFC 7208 and RFC 4408, as Debian's python3-spf installs
 * them: every case, results and explanations, in every order of answers.
 * tests/support/spfsuite.py makes lines of them; nothing of their text is here.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/spfrun.h"
#include "tests/support/spfsuite.h"
#include "tests/support/suite.h"

/* "pass,softfail" has the word. */
static void
check_case(void *arg, char **f)
{
	struct spfrun *s = arg;
	struct spfrun_result first = {0};

	for (size_t i = 0; i < SPFRUN_WAYS; i++) {
		char row[400];
		struct spfrun_result r;

		snprintf(row, sizeof row, "%s (%s)", f[1], spfrun_ways[i].name);
		suite_row(row);
		spfrun_choose(s, &spfrun_ways[i]);
		r = spfrun_check(s, f[2], f[3], f[4]);
		const char *word = spf_result_word(r.result);

		if (!spfsuite_allows(f[5], word, strlen(word)))
			CHECK_STR(spf_result_word(r.result), f[5]);
		if (f[6][0] != '\0')
			CHECK_STR(r.explanation, f[6]);
		if (r.result == SPF_PERMERROR || r.result == SPF_TEMPERROR)
			CHECK(r.problem[0] != '\0');
		if (i == 0)
			first = r;
		CHECK_STR(
		    spf_result_word(r.result), spf_result_word(first.result));
		CHECK_STR(r.mechanism, first.mechanism);
		CHECK_STR(r.problem, first.problem);
		CHECK_STR(r.explanation, first.explanation);
		CHECK(r.lookups == first.lookups);
		CHECK(r.voids == first.voids);
		CHECK(r.lookups <= 10);
	}
	suite_row(NULL);
}

static void
scenario(void *arg)
{
	spfrun_close(arg);
	spfrun_open(arg);
}

static void
zone(void *arg, const char *line)
{
	spfrun_zone(arg, line);
}

static void
run_suite(const char *file, unsigned want)
{
	static const struct spfsuite_ops ops = {scenario, zone, check_case};
	char command[PATH_MAX + 100];
	struct spfrun s;

	if (!spfsuite_command(file, command, sizeof command))
		return;
	spfrun_open(&s);
	CU_ASSERT_EQUAL(spfsuite_read(command, &ops, &s), want);
	spfrun_close(&s);
}

static void
rfc7208(void)
{
	run_suite("rfc7208-tests.yml.gz", 203);
}

static void
rfc4408(void)
{
	run_suite("rfc4408-tests.yml.gz", 191);
}

SUITE("spf_suites", T(rfc7208), T(rfc4408))
