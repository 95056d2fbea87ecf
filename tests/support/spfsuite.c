#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/spfsuite.h"
#include "tests/support/suite.h"

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
