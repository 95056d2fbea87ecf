#include "tests/support/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TRIES_MAX = 1000, AGAIN_US = 10000 };

void
load_die(const char *what)
{
	perror(what);
	exit(1);
}

uint64_t
load_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
load_raise_limit(void)
{
	struct rlimit rl;

	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
}

int
load_dial(const char *path, int port)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1,
	    fd = socket(path != NULL ? AF_UNIX : AF_INET,
	        SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		load_die("socket");
	if (path != NULL)
		snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	else
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	for (int tries = 0;; tries++) {
		int rc = path != NULL
		    ? connect(fd, (struct sockaddr *)&un, sizeof un)
		    : connect(fd, (struct sockaddr *)&in, sizeof in);

		if (rc == 0)
			return fd;
		if (errno != EAGAIN || tries > TRIES_MAX)
			load_die("connect");
		usleep(AGAIN_US); /* the listen queue is full */
	}
}

/* The kernel's clock of a process: to the nanosecond, where /proc has ticks. */
static double
cpu_ms_of(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double
load_cpu_ms(const char *pids)
{
	double ms = 0;

	while (pids != NULL && *pids != '\0') {
		ms += cpu_ms_of(atoi(pids));
		pids = strchr(pids, ',');
		if (pids != NULL)
			pids++;
	}
	return ms;
}

int
load_by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
load_number(char *to, size_t n, const char *pattern, int number)
{
	const char *at = strstr(pattern, "%d");

	if (at == NULL)
		snprintf(to, n, "%s", pattern);
	else
		snprintf(to, n, "%.*s%d%s", (int)(at - pattern), pattern,
		    number, at + 2);
}
