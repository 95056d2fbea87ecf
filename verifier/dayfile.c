/*
 * Trap: a full disk can take a part of a line. What is written next must not
 * become its end, so it begins with a newline; who reads skips what is no JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "verifier/dayfile.h"
#include "verifier/limits.h"

enum { DAY = 24 * 60 * 60 };

void
dayfile_init(struct dayfile *f, const char *folder, unsigned number)
{
	*f = (struct dayfile){.folder = folder, .number = number, .fd = -1};
}

void
dayfile_free(struct dayfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* The mode whatever the umask is: a group of its own may read it. And another
 * one may have left a part of a line. */
static int
look(struct dayfile *f)
{
	struct stat st;
	char last = '\n';

	if (fstat(f->fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EMEDIUMTYPE;
	if (st.st_size == 0 && fchmod(f->fd, 0640) != 0)
		return -errno;
	if (st.st_size > 0 && pread(f->fd, &last, 1, st.st_size - 1) < 0)
		return -errno;
	f->bytes = (uint64_t)st.st_size;
	f->cut = last != '\n';
	return 0;
}

static int
open_day(struct dayfile *f, uint64_t now)
{
	const time_t t = (time_t)now;
	char path[PATH_MAX];
	struct tm tm;
	int rc;

	if (gmtime_r(&t, &tm) == NULL)
		return -EOVERFLOW;
	rc = snprintf(path, sizeof path, "%s/%04d-%02d-%02d.%u.jsonl",
	    f->folder, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, f->number);
	if (rc >= (int)sizeof path)
		return -ENAMETOOLONG;
	f->fd = open(path,
	    O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC,
	    0640);
	if (f->fd < 0)
		return -errno;
	rc = look(f);
	if (rc != 0)
		dayfile_free(f);
	f->day = now / DAY;
	return rc;
}

/* The file of that day is open. What failed is not tried at each line. */
static int
ready(struct dayfile *f, uint64_t now)
{
	int rc;

	if (f->fd >= 0 && f->day == now / DAY)
		return 0;
	dayfile_free(f);
	if (now < f->again)
		return -EAGAIN;
	rc = open_day(f, now);
	f->again = rc == 0 ? 0 : now + DAYFILE_RETRY_SECONDS;
	return rc;
}

int
dayfile_append(struct dayfile *f, uint64_t now, struct span line)
{
	char end = '\n';
	struct iovec part[] = {
	    {&end, 1}, {(void *)(uintptr_t)line.p, line.n}, {&end, 1}};
	size_t from, n;
	ssize_t put;
	int rc = ready(f, now);

	if (rc != 0)
		return rc;
	from = f->cut ? 0 : 1;
	n = line.n + 2 - from;
	if (f->bytes + n > DAYFILE_MAX)
		return -EFBIG;
	put = writev(f->fd, part + from, 3 - (int)from);
	if (put < 0)
		return -errno;
	f->bytes += (uint64_t)put;
	f->cut = (size_t)put < n;
	return f->cut ? -ENOSPC : 0;
}
