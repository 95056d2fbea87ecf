#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/dnsd.h"
#include "tests/support/zone.h"

struct dnsd {
	struct dnsd *next;
	pid_t pid;
	FILE *to, *from; /* its control stream */
	unsigned port;
};

static struct dnsd *running;

_Noreturn static void
die(const char *what)
{
	fflush(stdout);
	fprintf(stderr, "dnsd: %s\n", what);
	abort();
}

/* Sends a command, if there is one, and reads one line of answer. */
static void
command(
    struct dnsd *d, const char *word, struct span rest, char *line, size_t size)
{
	if (word != NULL) {
		fprintf(d->to, "%s %.*s\n", word, (int)rest.n, rest.p);
	}
	if (fgets(line, (int)size, d->from) == NULL)
		die("the server is gone");
	if (strncmp(line, "bad", 3) == 0)
		die(line);
}

static void
order(struct dnsd *d, const char *word)
{
	char line[400];

	command(d, word, span_str(""), line, sizeof line);
}

struct dnsd *
dnsd_start(const char *zone)
{
	struct dnsd *d = calloc(1, sizeof *d);
	struct zone *z = zone_new();
	char line[400];
	pid_t parent = getpid();
	int pair[2];

	if (d == NULL || zone_add(z, zone, line) != 0)
		die(d == NULL ? "out of memory" : line);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		die("no socketpair");
	fflush(stdout);
	d->pid = fork();
	if (d->pid < 0)
		die("cannot fork");
	if (d->pid == 0) {
		/* Not left behind when the test program is killed. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(pair[0]);
		_exit(dnsd_serve(z, "127.0.0.1", 0, pair[1], pair[1]) != 0);
	}
	close(pair[1]);
	zone_free(z);
	d->to = fdopen(pair[0], "w");
	d->from = fdopen(dup(pair[0]), "r");
	if (d->to == NULL || d->from == NULL)
		die("out of memory");
	/* A buffer would come with the first command, whenever that is, and
	 * look like memory that the tested side keeps. */
	setvbuf(d->to, NULL, _IONBF, 0);
	command(d, NULL, span_str(""), line, sizeof line);
	if (sscanf(line, "port %u", &d->port) != 1)
		die(line);
	d->next = running;
	running = d;
	return d;
}

void
dnsd_stop(struct dnsd *d)
{
	struct dnsd **at = &running;

	if (d == NULL)
		return;
	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	shutdown(fileno(d->to), SHUT_RDWR);
	fclose(d->to);
	fclose(d->from);
	waitpid(d->pid, NULL, 0);
	free(d);
}

bool
dnsd_settle_all(uint64_t now, uint64_t *ret_next)
{
	char text[30], line[400];
	bool any = false;

	snprintf(text, sizeof text, "%" PRIu64, now);
	*ret_next = UINT64_MAX;
	for (struct dnsd *d = running; d != NULL; d = d->next) {
		unsigned busy;
		uint64_t next;

		command(d, "clock", span_str(text), line, sizeof line);
		if (sscanf(line, "%u %" SCNu64, &busy, &next) != 2)
			die(line);
		any = any || busy != 0;
		if (next != 0 && next < *ret_next)
			*ret_next = next;
	}
	return any;
}

uint16_t
dnsd_port(const struct dnsd *d)
{
	return (uint16_t)d->port;
}

void
dnsd_add(struct dnsd *d, const char *zone)
{
	struct span rest = span_str(zone);
	char line[400];

	while (rest.n > 0) {
		size_t n = span_find(rest, '\n');

		command(d, "add", span_of(rest.p, n), line, sizeof line);
		rest = span_skip(rest, n + 1);
	}
}

static unsigned
count(struct dnsd *d, const char *word, const char *name, const char *type,
    bool tcp_only)
{
	char what[1200], line[400];
	unsigned udp, tcp;

	snprintf(what, sizeof what, "%s %s", name, type);
	command(d, word, span_str(what), line, sizeof line);
	if (sscanf(line, "%u %u", &udp, &tcp) != 2)
		die(line);
	return tcp_only ? tcp : udp + tcp;
}

unsigned
dnsd_count(struct dnsd *d, const char *name, const char *type)
{
	return count(d, "count", name, type, false);
}

unsigned
dnsd_count_tcp(struct dnsd *d, const char *name, const char *type)
{
	return count(d, "count", name, type, true);
}

unsigned
dnsd_total(struct dnsd *d)
{
	return count(d, "total", "", "", false);
}

unsigned
dnsd_ports(struct dnsd *d)
{
	char line[400];

	command(d, "ports", span_str(""), line, sizeof line);
	return (unsigned)strtoul(line, NULL, 10);
}

void
dnsd_delay(struct dnsd *d, unsigned ms)
{
	char text[16], line[400];

	snprintf(text, sizeof text, "%u", ms);
	command(d, "delay", span_str(text), line, sizeof line);
}

void
dnsd_mode(struct dnsd *d, const char *words)
{
	char line[400];

	command(d, "mode", span_str(words), line, sizeof line);
}

void
dnsd_clear(struct dnsd *d)
{
	order(d, "clear");
}

void
dnsd_forget(struct dnsd *d)
{
	order(d, "forget");
}

void
dnsd_mute(struct dnsd *d)
{
	order(d, "mute");
}

void
dnsd_close(struct dnsd *d)
{
	order(d, "close");
}

void
dnsd_open(struct dnsd *d)
{
	order(d, "open");
}
