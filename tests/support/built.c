#include "tests/support/built.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/support/await.h"

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
	struct await a = {0};
	int status;

	do {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	} while (await_more(&a, "the end of a program"));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -2;
}
