#include <string.h>
#include <unistd.h>

#include "tests/support/asker.h"
#include "tests/support/suite.h"

static int
open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void
asker_begin(struct asker *a)
{
	struct sockaddr *address = (struct sockaddr *)&a->address;

	CU_ASSERT_FATAL(loop_new(&a->loop) == 0);
	a->fd = open_socket();
	/* bound to a family alone, it gets a free abstract name: unix(7) */
	a->address = (struct sockaddr_un){.sun_family = AF_UNIX};
	a->len = sizeof a->address;
	CU_ASSERT_FATAL(bind(a->fd, address, sizeof(sa_family_t)) == 0);
	getsockname(a->fd, address, &a->len);
	CU_ASSERT_FATAL(listen(a->fd, 100) == 0);
}

void
asker_end(struct asker *a)
{
	loop_run(a->loop);
	close(a->fd);
	loop_free(a->loop);
}

int
asker_dial(struct asker *a)
{
	int fd = open_socket();

	CU_ASSERT_FATAL(
	    connect(fd, (struct sockaddr *)&a->address, a->len) == 0);
	return fd;
}

const char *
asker_say(struct asker *a, int fd, const char *text)
{
	ssize_t n = (ssize_t)strlen(text);
	size_t at = 0;

	if (n > 0)
		CHECK(send(fd, text, (size_t)n, MSG_NOSIGNAL) == n);
	n = -1;
	for (int i = 0; i < 100; i++) {
		loop_run(a->loop);
		n = read(fd, a->answer + at, sizeof a->answer - 1 - at);
		if (n == 0)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	a->answer[at] = '\0';
	return n == 0 ? a->answer : NULL;
}
