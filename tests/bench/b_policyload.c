/*
 * b_policyload - a load generator for Postfix policy services.
 *
 *   b_policyload -e "command" | -S /path/socket | -P port
 *                [-c 1] [-n 1000] [-a client] [-d domain] [-H helo] [-b first]
 *                [-p pid] [-i idle]
 *
 * With -e each of the c connections is a process of its own, started as
 * spawn(8) does: fds 0, 1 and 2 are one socket. Asks n questions on each
 * connection, one after the other. "%d" in domain and helo becomes the number
 * of the question (from first on), so that names can be unique or all the same.
 * Before them so many idle connections are made, which stay and say nothing.
 *
 * Prints one line of key=value: first_ms (process start, or connect, to the
 * first answer), checks, rate, p50/p99 latency in ms, rss_kb and pss_kb of the
 * first process after the last check, cpu_ms of all for a check, and the last
 * action. Rate, latency and CPU are those after the first answer: they hold no
 * start (with -e, of one connection).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/load.h"

struct client {
	int fd;
	pid_t pid;
	int left;
	uint64_t asked; /* ns */
	char in[4096];
	size_t have;
};

static const char *domain = "example.test", *helo = "mail.example.test";
static const char *address = "192.0.2.1";
static char action[256];
static int number;

static void
ask(struct client *c)
{
	char sender[256], h[256], pattern[256];
	int value = number++;

	snprintf(pattern, sizeof pattern, "user@%s", domain);
	load_number(sender, sizeof sender, pattern, value);
	load_number(h, sizeof h, helo, value);
	c->asked = load_now_ns();
	load_ask(c->fd, h, sender, address, value);
}

/* A whole reply is there: remember the action. */
static bool
answered(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->have, sizeof c->in - 1 - c->have, 0);
	char *end;

	if (n <= 0) {
		fprintf(stderr, "the service closed a connection\n");
		exit(1);
	}
	c->have += (size_t)n;
	c->in[c->have] = '\0';
	end = strstr(c->in, "\n\n");
	if (end == NULL)
		return false;
	*end = '\0';
	snprintf(action, sizeof action, "%.255s", c->in);
	c->have = 0;
	return true;
}

/* Connections are taken in order: the answer on the last tells that all are. */
static void
dial_idle(int n, const char *path, int port)
{
	struct client c = {0};

	for (int i = 0; i < n; i++)
		c.fd = load_dial(path, port);
	ask(&c);
	while (!answered(&c))
		;
}

/* Those whose CPU counts, for load_cpu_ms(). */
static char *
list_pids(const struct client *client, int n, pid_t one)
{
	size_t room = 12 * ((size_t)n + 1), at = 0;
	char *list = malloc(room);

	if (list == NULL)
		load_die("malloc");
	if (one != 0)
		snprintf(list, room, "%d", (int)one);
	for (int i = 0; one == 0 && i < n; i++)
		at += (size_t)snprintf(list + at, room - at, "%s%d",
		    i > 0 ? "," : "", (int)client[i].pid);
	return list;
}

int
main(int argc, char **argv)
{
	const char *command = NULL, *path = NULL;
	int connections = 1, each = 1000, port = 0, opt, open_, ep;
	pid_t watch = 0;
	int idle = 0;
	struct client *client;
	char *watched, one[12];
	double *latency, first = 0, cpu = 0, seconds;
	size_t done = 0;
	uint64_t began;

	while ((opt = getopt(argc, argv, "e:S:P:c:n:a:d:H:b:p:i:")) != -1) {
		switch (opt) {
		case 'e':
			command = optarg;
			break;
		case 'S':
			path = optarg;
			break;
		case 'P':
			port = atoi(optarg);
			break;
		case 'c':
			connections = atoi(optarg);
			break;
		case 'n':
			each = atoi(optarg);
			break;
		case 'a':
			address = optarg;
			break;
		case 'd':
			domain = optarg;
			break;
		case 'H':
			helo = optarg;
			break;
		case 'b':
			number = atoi(optarg);
			break;
		case 'p':
			watch = atoi(optarg);
			break;
		case 'i':
			idle = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (command == NULL && path == NULL && port == 0) {
		fprintf(stderr, "-e command, -S socket or -P port\n");
		return 2;
	}
	load_raise_limit();
	client = calloc((size_t)connections, sizeof *client);
	latency = calloc((size_t)connections * (size_t)each, sizeof *latency);
	ep = epoll_create1(EPOLL_CLOEXEC);
	if (client == NULL || latency == NULL || ep < 0)
		load_die("start");
	if (idle > 0)
		dial_idle(idle, path, port);
	began = load_now_ns();
	for (int i = 0; i < connections; i++) {
		struct epoll_event ev = {
		    .events = EPOLLIN, .data.ptr = &client[i]};

		if (command != NULL)
			client[i].fd = load_spawn(command, &client[i].pid);
		else
			client[i].fd = load_dial(path, port);
		client[i].left = each;
		epoll_ctl(ep, EPOLL_CTL_ADD, client[i].fd, &ev);
	}
	watched = list_pids(client, connections, watch);
	if (watch == 0)
		watch = client[0].pid;
	snprintf(one, sizeof one, "%d", (int)watch);
	for (int i = 0; i < connections; i++)
		ask(&client[i]);
	open_ = connections;
	while (open_ > 0) {
		struct epoll_event ev[256];
		int n = epoll_wait(ep, ev, 256, 120000);

		if (n <= 0) {
			fprintf(stderr, "nothing for 120 s\n");
			return 1;
		}
		for (int i = 0; i < n; i++) {
			struct client *c = ev[i].data.ptr;

			if (!answered(c))
				continue;
			if (done == 0) {
				first = (double)(load_now_ns() - began) / 1e6;
				cpu = load_cpu_ms(watched);
				began = load_now_ns();
			} else {
				latency[done - 1] =
				    (double)(load_now_ns() - c->asked) / 1e6;
			}
			done++;
			if (--c->left > 0) {
				ask(c);
			} else {
				epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);
				open_--;
			}
		}
	}
	seconds = (double)(load_now_ns() - began) / 1e9;
	cpu = load_cpu_ms(watched) - cpu;
	if (done > 1)
		qsort(latency, done - 1, sizeof *latency, load_by_value);
	printf("first_ms=%.2f checks=%zu rate=%.1f p50_ms=%.3f p99_ms=%.3f "
	       "rss_kb=%ld pss_kb=%ld cpu_ms=%.4f action=\"%.120s\"\n",
	    first, done, done > 1 ? (double)(done - 1) / seconds : 0,
	    done > 1 ? latency[(done - 1) / 2] : 0,
	    done > 1 ? latency[(done - 1) * 99 / 100] : 0,
	    load_memory_kb(one, "Rss:"), load_memory_kb(one, "Pss:"),
	    done > 1 ? cpu / (double)(done - 1) : 0, action);
	for (int i = 0; i < connections; i++) {
		close(client[i].fd);
		if (client[i].pid > 0)
			waitpid(client[i].pid, NULL, 0);
	}
	return 0;
}
