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

static unsigned long
ticks_of(int pid)
{
	char path[64], text[1024], *behind;
	unsigned long user = 0, sys = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fgets(text, sizeof text, f) != NULL &&
	    (behind = strrchr(text, ')')) != NULL)
		sscanf(behind + 1,
		    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		    &user, &sys);
	fclose(f);
	return user + sys;
}

double
load_cpu_ms(const char *pids)
{
	unsigned long ticks = 0;

	while (pids != NULL && *pids != '\0') {
		ticks += ticks_of(atoi(pids));
		pids = strchr(pids, ',');
		if (pids != NULL)
			pids++;
	}
	return (double)ticks * 1000.0 / (double)sysconf(_SC_CLK_TCK);
}

int
load_by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}
