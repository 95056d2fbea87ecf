#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/spfsuite.h"
#include "tests/support/suite.h"

enum { LINE_MAX_BYTES = 128 * 1024 };

bool
spfsuite_command(const char *file, char *ret, size_t n)
{
	const char *dir = getenv("SPF_SUITE_DIR");
	char path[PATH_MAX], why[PATH_MAX + 100];

	snprintf(path, sizeof path, "%s/%s",
	    dir == NULL ? "/usr/share/doc/python3-spf" : dir, file);
	if (access(path, R_OK) != 0) {
		snprintf(why, sizeof why,
		    "cannot read %s (Debian: python3-spf has it)", path);
		suite_skip(why);
		return false;
	}
	snprintf(
	    ret, n, "/usr/bin/python3 tests/support/spfsuite.py '%s'", path);
	return suite_has_python("yaml");
}

/* Cuts line at its tabs. */
static size_t
fields_of(char *line, char **f)
{
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (n < SPFSUITE_FIELDS && line != NULL)
		f[n++] = strsep(&line, "\t");
	return n;
}

unsigned
spfsuite_read(const char *command, const struct spfsuite_ops *ops, void *arg)
{
	FILE *in = popen(command, "r");
	static char line[LINE_MAX_BYTES];
	char *f[SPFSUITE_FIELDS];
	unsigned cases = 0;

	CU_ASSERT_FATAL(in != NULL);
	while (fgets(line, sizeof line, in) != NULL) {
		size_t n = fields_of(line, f);

		if (strcmp(f[0], "scenario") == 0) {
			ops->scenario(arg);
		} else if (strcmp(f[0], "zone") == 0 && n == 2) {
			ops->zone(arg, f[1]);
		} else if (strcmp(f[0], "case") == 0 && n == SPFSUITE_FIELDS) {
			ops->check(arg, f);
			cases++;
		} else {
			CU_FAIL("a line that is not understood");
		}
	}
	CU_ASSERT_EQUAL(pclose(in), 0);
	return cases;
}

bool
spfsuite_allows(const char *list, const char *word, size_t n)
{
	for (const char *p = list; p != NULL; p = strchr(p, ',')) {
		if (*p == ',')
			p++;
		if (strncmp(p, word, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	}
	return false;
}
