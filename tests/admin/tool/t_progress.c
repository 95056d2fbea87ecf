#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/limits.h"
#include "admin/tool/progress.h"
#include "tests/support/suite.h"

/* A terminal: what is written to *ret_to is read from what is returned; -1: the
 * test is skipped, as a builder's chroot may have none. */
static int
terminal(int *ret_to)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd < 0) {
		suite_skip("there are no terminals here (/dev/ptmx)");
		return -1;
	}
	CU_ASSERT_FATAL(grantpt(fd) == 0 && unlockpt(fd) == 0);
	*ret_to = open(ptsname(fd), O_RDWR | O_NOCTTY);
	CU_ASSERT_FATAL(*ret_to >= 0);
	CU_ASSERT_FATAL(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	return fd;
}

static const char *
read_all(int fd, char *text, size_t size)
{
	ssize_t n = read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* Who waits sees the last step, the next one, and then nothing. */
static void
who_waits_is_told(void)
{
	char text[400], name[200];
	struct progress p;
	int to, fd = terminal(&to);

	if (fd < 0)
		return;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	progress_begin(&p, to);
	progress_step(&p, "one");
	progress_step(&p, "two of %d", 3);
	usleep(100 * 1000);
	CHECK_STR(read_all(fd, text, sizeof text), "");
	usleep(PROGRESS_MS * 1000 + 300 * 1000);
	CHECK_STR(read_all(fd, text, sizeof text), "\r\033[Ktwo of 3 ...");
	progress_step(&p, "three");
	usleep(300 * 1000);
	CHECK_STR(read_all(fd, text, sizeof text), "\r\033[Kthree ...");
	progress_step(&p, "%s", name);
	usleep(300 * 1000);
	CHECK(strlen(read_all(fd, text, sizeof text)) < 80);
	progress_end(&p);
	CHECK_STR(read_all(fd, text, sizeof text), "\r\033[K");
	progress_step(&p, "over");
	progress_end(&p);
	close(to);
	close(fd);
}

/* What is done at once needs no words; what is no terminal gets none. */
static void
nobody_is_told(void)
{
	char text[400];
	struct progress p;
	int pair[2], to, fd = terminal(&to);

	if (fd < 0)
		return;
	progress_begin(&p, to);
	progress_step(&p, "one");
	progress_end(&p);
	CHECK_STR(read_all(fd, text, sizeof text), "");
	close(to);
	close(fd);
	CU_ASSERT_FATAL(pipe(pair) == 0);
	progress_begin(&p, pair[1]);
	CHECK(p.fd == -1);
	progress_step(&p, "one");
	progress_end(&p);
	close(pair[1]);
	CHECK(read(pair[0], text, sizeof text) == 0);
	close(pair[0]);
}

SUITE("progress", T(who_waits_is_told), T(nobody_is_told))
