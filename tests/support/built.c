#include "tests/support/built.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { PATIENCE_MS = 20 * 1000, NAP_MS = 2 }; /* valgrind is slow */

char *
built_path(const char *program, char *path)
{
	const char *build = getenv("BUILD");

	snprintf(path, BUILT_PATH_MAX, "%s/%s",
	    build == NULL ? ".build/release" : build, program);
	return path;
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
