#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/newfile.h"

static int
write_all(int fd, struct span text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			text = span_skip(text, (size_t)n);
	}
	return fsync(fd) == 0 ? 0 : -errno;
}

/* Makes a name in the directory durable; some file systems do not know how. */
static void
sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

int
newfile_write(const char *path, struct span text)
{
	const char *slash = strrchr(path, '/');
	char temp[PATH_MAX], dir[PATH_MAX];
	int fd, error;

	if (slash == NULL || slash == path)
		return -EINVAL;
	if (snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path) >=
	        PATH_MAX ||
	    snprintf(temp, sizeof temp, "%s/.%s.XXXXXX", dir, slash + 1) >=
	        PATH_MAX)
		return -ENAMETOOLONG;
	fd = mkostemp(temp, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return -errno;
	error = write_all(fd, text);
	if (close(fd) != 0 && error == 0)
		error = -errno;
	if (error == 0 && link(temp, path) != 0)
		error = -errno;
	unlink(temp);
	if (error == 0)
		sync_dir(dir);
	return error;
}
