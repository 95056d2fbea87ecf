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

enum { TRIES_MAX = 1000, AGAIN_US = 10000, WORDS_MAX = 32 };

void
load_die(const char *what)
{
	perror(what);
	exit(1);
}

void
load_must(int is, const char *what)
{
	if (!is)
		load_die(what);
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

int
load_spawn(const char *command, pid_t *ret_pid)
{
	char *words[WORDS_MAX + 1], *save = NULL, *copy = strdup(command);
	int pair[2], n = 0;

	if (copy == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		load_die("socketpair");
	for (char *w = strtok_r(copy, " ", &save); w != NULL && n < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	words[n] = NULL;
	*ret_pid = fork();
	if (*ret_pid == 0) {
		for (int fd = 0; fd < 3; fd++)
			dup2(pair[1], fd);
		execv(words[0], words);
		_exit(127);
	}
	free(copy);
	close(pair[1]);
	return pair[0];
}

void
load_ask(int fd, const char *helo, const char *sender, const char *address,
    int number)
{
	char text[2048];
	int n = snprintf(text, sizeof text,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "protocol_name=ESMTP\nhelo_name=%s\nqueue_id=\nsender=%s\n"
	    "recipient=bob@rcpt.test\nrecipient_count=0\nclient_address=%s\n"
	    "client_name=unknown\nreverse_client_name=unknown\n"
	    "instance=%d.%d.0\nsasl_method=\nsasl_username=\nsasl_sender=\n"
	    "size=0\nccert_subject=\nccert_issuer=\nccert_fingerprint=\n"
	    "encryption_protocol=\nencryption_cipher=\n"
	    "encryption_keysize=0\netrn_domain=\nstress=\n\n",
	    helo, sender, address, (int)getpid(), number);

	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		load_die("send");
}

/* A figure of all of "pid,pid". */
static double
sum_of(
    const char *pids, double (*of)(pid_t pid, const char *key), const char *key)
{
	double sum = 0;

	while (pids != NULL && *pids != '\0') {
		sum += of(atoi(pids), key);
		pids = strchr(pids, ',');
		if (pids != NULL)
			pids++;
	}
	return sum;
}

static double
kb_of(pid_t pid, const char *key)
{
	char path[64], line[256];
	double kb = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, key, strlen(key)) == 0)
			kb = strtod(line + strlen(key), NULL);
	}
	if (f != NULL)
		fclose(f);
	return kb;
}

long
load_memory_kb(const char *pids, const char *key)
{
	return (long)sum_of(pids, kb_of, key);
}

/* The kernel's clock of a process: to the nanosecond, where /proc has ticks. */
static double
cpu_ms_of(pid_t pid, const char *key)
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
	return sum_of(pids, cpu_ms_of, NULL);
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
