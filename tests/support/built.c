#include "tests/support/built.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { PATIENCE_MS = 20 * 1000, NAP_MS = 2 }; /* valgrind is slow */

char *
built_path(const char *program, char *path)
{
	const char *build = getenv("BUILD");

	snprintf(path, BUILT_PATH_MAX, "%s/%s",
	    build == NULL ? ".build/release" : build, program);
	return path;
}

static void
slurp(const struct tmpdir *d, const char *name, char *text, size_t max)
{
	char path[TMPDIR_PATH_MAX];
	FILE *f = fopen(tmpdir_file(d, name, path), "r");

	CU_ASSERT_FATAL(f != NULL);
	text[fread(text, 1, max - 1, f)] = '\0';
	fclose(f);
}

void
built_run(struct built *r, const char *command)
{
	char all[4096], path[BUILT_PATH_MAX];
	struct tmpdir d;
	int n;

	tmpdir_make(&d);
	n = snprintf(all, sizeof all, "%s >%s/out 2>%s/err",
	    built_path(command, path), d.path, d.path);
	CU_ASSERT_FATAL(strlen(path) < sizeof path - 1);
	CU_ASSERT_FATAL(n > 0 && (size_t)n < sizeof all);
	r->status = system(all);
	r->status = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : -1;
	slurp(&d, "out", r->out, sizeof r->out);
	slurp(&d, "err", r->err, sizeof r->err);
	tmpdir_remove(&d);
}

int
built_end_of(pid_t pid)
{
	int status;

	for (int ms = 0; ms < PATIENCE_MS; ms += NAP_MS) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		poll(NULL, 0, NAP_MS);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -2;
}
