/*
 * The trap: a packet on the loopback is seldom, but may be, a moment under way.
 * Only what is still there after QUIET_MS of the real time counts as silence.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/support/clock.h"
#include "tests/support/dnsd.h"

enum { QUIET_MS = 5, SIGSET_BYTES = 8 };

static struct {
	bool scripted;
	uint64_t now; /* us, of the monotonic clock */
	time_t set_back;
} clocks;

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ret);

	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ret->tv_sec -= clocks.set_back;
	if (clocks.scripted &&
	    (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE))
		*ret = (struct timespec){(time_t)(clocks.now / 1000000),
		    (long)(clocks.now % 1000000) * 1000};
	return rc;
}

int
gettimeofday(struct timeval *restrict ret, void *restrict zone_of)
{
	struct timespec t;

	(void)zone_of;
	clock_gettime(CLOCK_REALTIME, &t);
	*ret = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return 0;
}

time_t
time(time_t *ret)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (ret != NULL)
		*ret = t.tv_sec;
	return t.tv_sec;
}

static int
real_wait(int fd, struct epoll_event *events, int max, int ms)
{
	return (int)syscall(
	    SYS_epoll_pwait, fd, events, max, ms, NULL, SIGSET_BYTES);
}

/* The clock jumps to what comes first: this time-out, or an answer of a
 * server. */
static int
scripted_wait(int fd, struct epoll_event *events, int max, int ms)
{
	uint64_t until = ms < 0 ? UINT64_MAX : clocks.now + (uint64_t)ms * 1000,
	         next;
	int n = real_wait(fd, events, max, 0);

	while (n == 0 && clocks.now < until) {
		bool busy = dnsd_settle_all(clocks.now, &next);

		n = real_wait(fd, events, max, QUIET_MS);
		if (n != 0 || busy)
			continue;
		if (until == UINT64_MAX && next == UINT64_MAX)
			return real_wait(fd, events, max, -1);
		clocks.now = next < until ? next : until;
		if (clocks.now == until) /* what a timer asks is dated so */
			dnsd_settle_all(clocks.now, &next);
	}
	return n;
}

int
epoll_wait(int fd, struct epoll_event *events, int max, int ms)
{
	return clocks.scripted ? scripted_wait(fd, events, max, ms)
	                       : real_wait(fd, events, max, ms);
}

void
clock_script(void)
{
	struct timespec t;

	if (clocks.scripted)
		return;
	clock_gettime(CLOCK_MONOTONIC, &t);
	clocks.now = (uint64_t)t.tv_sec * 1000000; /* whole, as its steps are */
	clocks.scripted = true;
}

void
clock_set_back(time_t seconds)
{
	clocks.set_back = seconds;
}
