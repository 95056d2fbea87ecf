#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/process/notify.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* The service manager; path as $NOTIFY_SOCKET has it. */
static int
manager(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	size_t n = strlen(path);

	memcpy(a.sun_path, path, n);
	if (path[0] == '@')
		a.sun_path[0] = '\0';
	CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&a,
	                    (socklen_t)(sizeof a.sun_family + n)) == 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static const char *
heard(int fd)
{
	static char text[200];
	ssize_t n = recv(fd, text, sizeof text - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
manager_hears(void)
{
	char path[TMPDIR_PATH_MAX];
	struct tmpdir dir;
	int fd;

	tmpdir_make(&dir);
	fd = manager(tmpdir_file(&dir, "notify", path));
	notify_send("READY=1");
	CHECK_STR(heard(fd), "READY=1");
	notify_reloading();
	CHECK(strncmp(heard(fd), "RELOADING=1\nMONOTONIC_USEC=", 27) == 0);
	close(fd);
	notify_send("READY=1"); /* nobody is there: nothing happens */
	tmpdir_remove(&dir);
	snprintf(path, sizeof path, "@postseal-test-%d", (int)getpid());
	fd = manager(path);
	notify_send("STOPPING=1");
	CHECK_STR(heard(fd), "STOPPING=1");
	for (int i = 0; i < 10000; i++) /* a full queue does not block */
		notify_send("READY=1");
	close(fd);
}

static void
without_manager(void)
{
	char path[300];

	memset(path, 'a', sizeof path - 1);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	setenv("NOTIFY_SOCKET", path, 1);
	notify_send("READY=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	notify_send("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	notify_send("READY=1");
	unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1");
	CHECK(1);
}

SUITE("notify", T(manager_hears), T(without_manager))
