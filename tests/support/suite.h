/*
 * suite.h - the main() of a test program: CUnit, one suite, its rows.
 *
 * A test file ends with
 *     SUITE("canon", T(empty_body), T(every_split))
 * and the program exits 0 only if every test passed. CU_ASSERT goes on after a
 * failure, CU_ASSERT_FATAL leaves the test. ROW(i) names the row of a table in
 * which an assertion that fails next stood.
 */
#ifndef POSTSEAL_TESTS_SUITE_H
#define POSTSEAL_TESTS_SUITE_H

#include <stddef.h>
#include <CUnit/CUnit.h>

struct suite_test {
	const char *name;
	void (*run)(void);
};

/* Runs the tests with CUnit, prints failures and the summary. 0 or 1. */
int suite_run(const char *name, const struct suite_test *test, size_t n);

/*
 * Says which row of a table is being tested: printed once in front of the first
 * assertion that fails in it. Borrows text until the next call.
 */
void suite_row(const char *text);

/* As CU_ASSERT, and prints the row that suite_row() named when it fails. */
#define CHECK(expr) suite_check((expr), #expr, __FILE__, __LINE__)
void suite_check(int ok, const char *expr, const char *file, unsigned line);

/* As CHECK for two C strings; prints both when they differ. NULL is allowed. */
#define CHECK_STR(got, want) suite_check_str((got), (want), __FILE__, __LINE__)
void suite_check_str(
    const char *got, const char *want, const char *file, unsigned line);

/* For CHECK: true if text has want in it; prints both when not. */
int suite_has(const char *text, const char *want);

/*
 * True if valgrind runs the test: it takes ten times the CPU time and more,
 * serves malloc(3) itself, and stands between the program and limits of
 * descriptors, so that what is about these cannot be seen.
 */
int suite_under_valgrind(void);

/*
 * Says that the running test cannot be done here, and why: it counts as
 * skipped, not as passed. For the caller to return with, before it has checked
 * anything. Borrows why for the call.
 */
void suite_skip(const char *why);

/* True if root runs the test; else it is skipped. */
int suite_as_root(void);

/* True if Debian's Python has that module; else the test is skipped. */
int suite_has_python(const char *module);

/* True, and the test is skipped, if valgrind runs it. */
int suite_skip_valgrind(void);

#define T(function) \
	{ \
#function, function \
	}

#define SUITE(name, ...) \
	int main(void) \
	{ \
		static const struct suite_test tests[] = {__VA_ARGS__}; \
		return suite_run(name, tests, sizeof tests / sizeof tests[0]); \
	}

#endif
