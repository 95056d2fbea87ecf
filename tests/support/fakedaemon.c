#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fakedaemon.h"

static void
serve(int listener, struct span answer)
{
	char in[4096];

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		if (read(fd, in, sizeof in) > 0 && answer.n > 0)
			(void)!send(fd, answer.p, answer.n, MSG_NOSIGNAL);
		close(fd);
	}
}

pid_t
fakedaemon_start(const char *name, const char *at, struct span answer,
    struct endpoint *ret_at)
{
	const char *why;
	int fd, ready[2];
	char byte;
	pid_t pid;

	if (endpoint_parse(span_str(at), ret_at, &why) != 0)
		abort();
	if (ret_at->addr.sa.sa_family != AF_UNIX)
		ret_at->addr.in.sin_port = 0; /* where that of IPv6 is, too */
	if (pipe(ready) != 0 ||
	    (fd = socket(ret_at->addr.sa.sa_family, SOCK_STREAM, 0)) < 0 ||
	    bind(fd, &ret_at->addr.sa, ret_at->len) != 0 ||
	    getsockname(fd, &ret_at->addr.sa, &ret_at->len) != 0 ||
	    (pid = fork()) < 0)
		abort();
	if (pid == 0) { /* who has called listen(2) is its peer */
		if (name != NULL)
			prctl(PR_SET_NAME, name);
		if (listen(fd, 8) != 0 || write(ready[1], "", 1) != 1)
			abort();
		serve(fd, answer);
	}
	if (read(ready[0], &byte, 1) != 1)
		abort();
	close(ready[0]);
	close(ready[1]);
	close(fd);
	return pid;
}

int
fakedaemon_stop(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		abort();
	return WTERMSIG(status);
}
