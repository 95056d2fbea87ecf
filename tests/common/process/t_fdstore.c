#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/bytes/span.h"
#include "common/process/fdstore.h"
#include "tests/support/suite.h"

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

SUITE("fdstore", T(only_what_comes_back_is_kept))
