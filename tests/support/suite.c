#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "tests/support/suite.h"

static const char *row;
static unsigned skipped; /* tests */

void
suite_row(const char *text)
{
	row = text;
}

void
suite_check(int ok, const char *expr, const char *file, unsigned line)
{
	if (!ok && row != NULL) {
		printf("\n  row: %s\n", row);
		row = NULL;
	}
	CU_assertImplementation(ok != 0, line, expr, file, "", CU_FALSE);
}

void
suite_check_str(
    const char *got, const char *want, const char *file, unsigned line)
{
	int same = got == want ||
	    (got != NULL && want != NULL && strcmp(got, want) == 0);

	if (!same) {
		printf("\n  got:  %s\n  want: %s\n",
		    got == NULL ? "(null)" : got,
		    want == NULL ? "(null)" : want);
	}
	suite_check(same, "strings are equal", file, line);
}

int
suite_has(const char *text, const char *want)
{
	if (strstr(text, want) != NULL)
		return 1;
	printf("\n  got:  %s\n  want: %s\n", text, want);
	return 0;
}

void
suite_skip(const char *why)
{
	skipped++;
	printf("\nskipped: %s: %s\n", CU_get_current_test()->pName, why);
}

int
suite_as_root(void)
{
	if (geteuid() == 0)
		return 1;
	suite_skip("only root can do it");
	return 0;
}

int
suite_has_python(const char *module)
{
	char text[200];

	snprintf(text, sizeof text,
	    "/usr/bin/python3 -c 'import %s' >/dev/null 2>&1", module);
	if (system(text) == 0)
		return 1;
	snprintf(text, sizeof text,
	    "/usr/bin/python3 has no module '%s' (Debian: python3-%s)", module,
	    module);
	suite_skip(text);
	return 0;
}

int
suite_skip_valgrind(void)
{
	if (!suite_under_valgrind())
		return 0;
	suite_skip("not under valgrind");
	return 1;
}

/* nohup(1) or a shell's "&" may have said to ignore them, and programs that are
 * tested would, too. */
static void
take_signals(void)
{
	static const int taken[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
		signal(taken[i], SIG_DFL);
}

int
suite_run(const char *name, const struct suite_test *test, size_t n)
{
	unsigned failed = 1;
	CU_pSuite suite;

	take_signals();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	suite = CU_add_suite(name, NULL, NULL);
	for (size_t i = 0; suite != NULL && i < n; i++) {
		if (CU_add_test(suite, test[i].name, test[i].run) == NULL)
			suite = NULL;
	}
	if (suite != NULL) {
		CU_basic_set_mode(CU_BRM_NORMAL);
		CU_basic_run_tests();
		failed = CU_get_number_of_tests_failed() +
		    (CU_get_number_of_tests_run() != n);
		printf("%u passed, %u failed",
		    CU_get_number_of_tests_run() -
		        CU_get_number_of_tests_failed() - skipped,
		    CU_get_number_of_tests_failed());
		if (skipped > 0)
			printf(", %u skipped", skipped);
		printf("\n");
	}
	CU_cleanup_registry();
	return failed == 0 ? 0 : 1;
}

int
suite_under_valgrind(void)
{
	return getenv("RUN_UNDER") != NULL; /* of tests/run */
}
