#include "tests/support/logged.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log/log.h"
#include "tests/support/suite.h"

static void
fail(const struct logged *l)
{
	perror(l->path);
	abort();
}

void
logged_begin(struct logged *l)
{
	tmpdir_make(&l->dir);
	tmpdir_file(&l->dir, "log", l->path);
	buf_init(&l->text, 1 << 20);
	l->syslogd = -1;
	if (log_open(l->path, "test") != 0)
		fail(l);
}

void
logged_end(struct logged *l)
{
	log_open(NULL, "test");
	if (l->syslogd >= 0)
		close(l->syslogd);
	tmpdir_remove(&l->dir);
	buf_free(&l->text);
}

const char *
logged_text(struct logged *l)
{
	int fd = open(l->path, O_RDWR | O_CLOEXEC);
	char piece[4096];
	ssize_t n;

	buf_clear(&l->text);
	if (fd < 0)
		fail(l);
	while ((n = read(fd, piece, sizeof piece)) > 0)
		buf_add(&l->text, piece, (size_t)n);
	if (n < 0 || ftruncate(fd, 0) != 0 || close(fd) != 0)
		fail(l);
	return buf_text(&l->text);
}

const char *
logged_line(struct logged *l)
{
	struct span text = span_str(logged_text(l));
	size_t n = span_find(text, '\n');

	CHECK(n < text.n);
	if (n < text.n)
		l->text.p[n + 1] = '\0';
	return l->text.p;
}

int
logged_syslogd(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strncpy(un.sun_path, path, sizeof un.sun_path - 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof un) != 0) {
		perror(path);
		abort();
	}
	return fd;
}

void
logged_levels(struct logged *l)
{
	char path[TMPDIR_PATH_MAX], where[TMPDIR_PATH_MAX + 8];

	l->syslogd = logged_syslogd(tmpdir_file(&l->dir, "syslog", path));
	snprintf(where, sizeof where, "syslog:%s", path);
	if (log_open(where, "test") != 0)
		fail(l);
}

int
logged_level(struct logged *l)
{
	char line[LOG_LINE_MAX + 1];
	ssize_t n = recv(l->syslogd, line, sizeof line - 1, 0);
	int priority;

	if (n < 0)
		return -1;
	line[n] = '\0';
	if (sscanf(line, "<%d>", &priority) != 1 ||
	    (priority & ~LOG_PRIMASK) != LOG_MAIL)
		return -1;
	return priority & LOG_PRIMASK;
}
