/*
 * A file is written under another name and synced, then named by link(2), which
 * never replaces a file, or rename(2), which does; and the folder is synced,
 * too. After a crash there is the old one or the new one, whole. The way to it
 * is looked at first: root writes nothing where another user could put a link.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/tool/newfile.h"
#include "admin/tool/tool.h"
#include "common/io/owners.h"

/* --- where it is written -------------------------------------------------- */

int
newfile_absolute(const char *path, char ret[PATH_MAX])
{
	char here[PATH_MAX] = "";
	int n;

	if (path[0] != '/' && getcwd(here, sizeof here) == NULL)
		return -errno;
	n = snprintf(
	    ret, PATH_MAX, "%s%s%s", here, path[0] == '/' ? "" : "/", path);
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int
fail(const char *path, int error, struct buf *why)
{
	buf_fmt(why, "%s: %s\n", path, strerror(-error));
	return error;
}

/* Root writes nothing where somebody else could put a link: it would lead to
 * another file. What is safe stays so, as nobody else can change a step of the
 * way. */
static int
check_way(const char *path, struct buf *why)
{
	struct owners o = {.writing = true};
	struct buf note;

	if (geteuid() != 0)
		return 0;
	buf_init(&note, 2 * PATH_MAX + 256);
	if (!owners_look(&o, path, &note)) {
		buf_free(&note);
		return 0;
	}
	buf_fmt(why, "%s: nothing is written: ", path);
	buf_span(why, buf_view(&note));
	buf_byte(why, '\n');
	buf_free(&note);
	return -EPERM;
}

int
newfile_dir(const char *path, unsigned mode, bool *ret_made, struct buf *why)
{
	int error = check_way(path, why);
	bool made;

	if (error != 0)
		return error;
	made = mkdir(path, mode) == 0;
	if (!made && errno != EEXIST)
		return fail(path, -errno, why);
	if (!made)
		error = check_way(path, why); /* it may have come just now */
	if (error == 0)
		*ret_made = made;
	return error;
}

/* --- writing -------------------------------------------------------------- */

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

/* The directory of path, and a name in it for mkostemp(3). 0 or -errno. */
static int
make_names(const char *path, char *dir, char *temp)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return -EINVAL;
	if (snprintf(dir, PATH_MAX, "%.*s", (int)(slash - path), path) >=
	        PATH_MAX ||
	    snprintf(temp, PATH_MAX, "%s/.%s.XXXXXX", dir, slash + 1) >=
	        PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

/* A name that nobody knows, then link(2): it fails where the name is taken, and
 * never shows half a file. */
static int
write_new(const char *path, struct span text, unsigned mode)
{
	char temp[PATH_MAX], dir[PATH_MAX];
	int fd, error = make_names(path, dir, temp);

	if (error != 0)
		return error;
	fd = mkostemp(temp, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return -errno;
	error = fchmod(fd, mode) == 0 ? 0 : -errno;
	if (error == 0)
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

int
newfile_write(
    const char *path, struct span text, unsigned mode, struct buf *why)
{
	int error = check_way(path, why);
	sigset_t old;

	if (error != 0)
		return error;
	tool_hold_signals(&old);
	error = write_new(path, text, mode);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return error == 0 || error == -EEXIST ? error : fail(path, error, why);
}

/* --- replacing ------------------------------------------------------------ */

/* Owner and mode of the file that is replaced, or the mode of a new one. */
static int
dress(int fd, const char *path, unsigned mode)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT && fchmod(fd, mode) == 0 ? 0 : -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((st.st_uid != geteuid() || st.st_gid != getegid()) &&
	    fchown(fd, st.st_uid, st.st_gid) != 0)
		return -errno;
	return fchmod(fd, st.st_mode & 07777) == 0 ? 0 : -errno;
}

/* The target of a link is replaced, not the link. Owner and mode are set before
 * there is anything in the file. */
static int
replace(const char *path, struct span text, unsigned mode)
{
	char temp[PATH_MAX], dir[PATH_MAX], real[PATH_MAX];
	int fd, error;

	if (realpath(path, real) == NULL) {
		if (errno != ENOENT || strlen(path) >= PATH_MAX)
			return -errno;
		memcpy(real, path, strlen(path) + 1);
	}
	error = make_names(real, dir, temp);
	if (error != 0)
		return error;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = dress(fd, real, mode);
	if (error == 0)
		error = write_all(fd, text);
	if (close(fd) != 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(temp, real) != 0)
		error = -errno;
	if (error == 0)
		sync_dir(dir);
	else
		unlink(temp);
	return error;
}

int
newfile_replace(
    const char *path, struct span text, unsigned mode, struct buf *why)
{
	int error = check_way(path, why);
	sigset_t old;

	if (error != 0)
		return error;
	tool_hold_signals(&old);
	error = replace(path, text, mode);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return error == 0 ? 0 : fail(path, error, why);
}
