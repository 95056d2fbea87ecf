#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes/span.h"
#include "common/process/fdstore.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* The service manager, which hears and does nothing. */
static int
manager(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char path[64];
	int n = snprintf(path, sizeof path, "@t_fdstore-%d", (int)getpid());

	memcpy(a.sun_path + 1, path + 1, (size_t)n - 1);
	CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&a,
	                    (socklen_t)(sizeof a.sun_family + (size_t)n)) == 0);
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("FDSTORE", "64", 1);
	return fd;
}

/* What would come back under another name, or none, would be in the way of the
 * next daemon: it is alive, and nobody's. */
static void
only_what_comes_back_is_kept(void)
{
	static const struct {
		const char *endpoint, *name;
	} rows[] = {{"unix:/run/a b", "FDNAME=1f.2e unix|/run/a b"},
	    {"inet:[::1]:8891", "FDNAME=1f.2e inet|[||1]|8891"},
	    {"unix:/run/a|b", NULL}, {"unix:/run/\303\244", NULL},
	    {"unix:/run/a\177", NULL}};
	int fd = manager();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct listen_socket s = {.fd = 1, .dev = 0x1f, .ino = 0x2e};
		struct listen_set set = {.v = &s, .n = 1};
		const char *why, *name = rows[i].name;
		char text[512];
		ssize_t n;

		CU_ASSERT_FATAL(endpoint_parse(span_str(rows[i].endpoint),
		                    &s.endpoint, &why) == 0);
		fdstore_keep(&set);
		n = recv(fd, text, sizeof text - 1, 0);
		text[n < 0 ? 0 : n] = '\0';
		CHECK(s.kept == (name != NULL));
		CHECK(name == NULL ? n < 0 : strstr(text, name) != NULL);
		unsetenv("FDSTORE");
		s.kept = false;
		fdstore_keep(&set);
		CHECK(!s.kept && recv(fd, text, sizeof text, 0) < 0);
		setenv("FDSTORE", "64", 1);
	}
	close(fd);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("FDSTORE");
}

/* Who connects sees us, and not the daemon that was before. */
static void
who_takes_over_is_the_peer(void)
{
	char path[TMPDIR_PATH_MAX], text[TMPDIR_PATH_MAX + 40];
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct ucred peer = {0};
	socklen_t n = sizeof peer;
	struct listen_set set;
	int fd, saved = dup(3), to;
	struct tmpdir d;

	tmpdir_make(&d);
	snprintf(
	    a.sun_path, sizeof a.sun_path, "%s", tmpdir_file(&d, "s", path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
	if (fork() == 0)
		_exit(listen(fd, 1));
	CHECK(wait(NULL) > 0);
	CU_ASSERT_FATAL(dup2(fd, 3) == 3); /* where systemd hands it over */
	snprintf(text, sizeof text, "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", "1", 1);
	snprintf(text, sizeof text, "1.1 unix|%s", path);
	setenv("LISTEN_FDNAMES", text, 1);
	CU_ASSERT_FATAL(fdstore_take(&set) == 0);
	CHECK(set.n == 1 && set.v[0].fd == 3);
	CHECK(connect(to, (struct sockaddr *)&a, sizeof a) == 0);
	CHECK(getsockopt(to, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0);
	CHECK(peer.pid == getpid());
	free(set.v);
	close(to);
	close(3);
	if (fd != 3)
		close(fd);
	if (saved >= 0) {
		dup2(saved, 3);
		close(saved);
	}
	tmpdir_remove(&d);
}

SUITE("fdstore", T(only_what_comes_back_is_kept), T(who_takes_over_is_the_peer))
