/*
 * Files may hold keys: what is read is never moved by realloc(3), which would
 * leave a copy behind, but copied by hand and wiped. O_NONBLOCK, or a FIFO in
 * the place of a file would hold us for ever.
 */
#include "common/io/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0 and *ret_size, or -errno. */
static int
look(int fd, size_t max, struct wholefile *ret, size_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EMEDIUMTYPE;
	if (st.st_size < 0 || (uintmax_t)st.st_size > max)
		return -EFBIG;
	ret->mode = st.st_mode & 07777;
	*ret_size = (size_t)st.st_size;
	return 0;
}

/* Room for n bytes. realloc(3) would leave what it moves where it was. */
static int
grow(struct wholefile *f, size_t n)
{
	struct wholefile larger = *f;

	larger.p = malloc(n);
	larger.room = n;
	if (larger.p == NULL)
		return -ENOMEM;
	if (f->n > 0)
		memcpy(larger.p, f->p, f->n);
	wholefile_free(f);
	*f = larger;
	return 0;
}

/* Reads to the end; a file that grows meanwhile has its end at max. */
static int
read_all(int fd, size_t max, struct wholefile *f)
{
	for (;;) {
		ssize_t n;
		int rc = 0;

		if (f->n > max)
			return -EFBIG;
		if (f->n == f->room)
			rc = grow(f, f->room < max / 2 ? 2 * f->room : max + 1);
		if (rc != 0)
			return rc;
		n = read(fd, f->p + f->n, f->room - f->n);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		f->n += n < 0 ? 0 : (size_t)n;
	}
}

int
wholefile_read(const char *path, size_t max, struct wholefile *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct wholefile f = {.p = NULL};
	size_t size = 0;
	int rc;

	if (fd < 0)
		return -errno;
	rc = look(fd, max, &f, &size);
	if (rc == 0)
		rc = grow(&f, size + 1); /* and its end is seen at once */
	if (rc == 0)
		rc = read_all(fd, max, &f);
	close(fd);
	if (rc != 0)
		wholefile_free(&f);
	else
		*ret = f;
	return rc;
}

void
wholefile_free(struct wholefile *f)
{
	if (f->p != NULL)
		explicit_bzero(f->p, f->room);
	free(f->p);
	f->p = NULL;
	f->n = f->room = 0;
}

const char *
wholefile_problem(int error, const char *large)
{
	switch (error) {
	case -EMEDIUMTYPE:
		return "is not a regular file";
	case -EFBIG:
		return large;
	case -EACCES:
		return "Permission denied; start the daemon as root, it drops "
		       "its rights when the keys are read";
	default:
		return strerror(-error);
	}
}
