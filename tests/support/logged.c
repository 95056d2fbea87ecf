#include "tests/support/logged.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
	if (log_open(l->path, "test") != 0)
		fail(l);
}

void
logged_end(struct logged *l)
{
	log_open(NULL, "test");
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
