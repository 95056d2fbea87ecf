/*
 * The public suites of RFC 7208 and RFC 4408, as Debian's python3-spf installs
 * them: every case, results and explanations, in every order of answers.
 * tests/support/spfsuite.py makes lines of them; nothing of their text is here.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/spfrun.h"
#include "tests/support/spfsuite.h"
#include "tests/support/suite.h"

enum { LINE_MAX_BYTES = 128 * 1024, FIELDS = 7 };

/* "pass,softfail" has the word. */
static void
check_case(struct spfrun *s, char **f)
{
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

/* Cuts line at its tabs. */
static size_t
fields_of(char *line, char **f)
{
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (n < FIELDS) {
		char *tab = strchr(line, '\t');

		f[n++] = line;
		if (tab == NULL)
			break;
		*tab = '\0';
		line = tab + 1;
	}
	return n;
}

static unsigned
run_lines(FILE *in)
{
	char *line = malloc(LINE_MAX_BYTES), *f[FIELDS];
	struct spfrun s;
	unsigned cases = 0;

	CU_ASSERT_FATAL(line != NULL);
	spfrun_open(&s);
	while (fgets(line, LINE_MAX_BYTES, in) != NULL) {
		size_t n = fields_of(line, f);

		if (strcmp(f[0], "scenario") == 0) {
			spfrun_close(&s);
			spfrun_open(&s);
		} else if (strcmp(f[0], "zone") == 0 && n == 2) {
			spfrun_zone(&s, f[1]);
		} else if (strcmp(f[0], "case") == 0 && n == FIELDS) {
			check_case(&s, f);
			cases++;
		} else {
			CU_FAIL("a line that is not understood");
		}
	}
	spfrun_close(&s);
	free(line);
	return cases;
}

static void
run_suite(const char *file, unsigned want)
{
	char command[PATH_MAX + 100];
	FILE *in;

	if (!spfsuite_command(file, command, sizeof command))
		return;
	in = popen(command, "r");
	CU_ASSERT_FATAL(in != NULL);
	CU_ASSERT_EQUAL(run_lines(in), want);
	CU_ASSERT_EQUAL(pclose(in), 0);
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
