#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/newfile.h"
#include "admin/tool.h"
#include "admin/undo.h"
#include "common/limits.h"

static const char *const files[] = {"main.cf", "master.cf"};
enum { FILES = 2 };

/* What each is kept as. */
#define BEFORE ".before"
#define AFTER ".after"

static int
fail(const char *path, int rc, struct buf *why)
{
	buf_fmt(why, "%s: %s\n", path, strerror(-rc));
	return rc;
}

/* DIR/FILE, or where it is kept. */
static int
path_of(const char *dir, const char *file, const char *kept, char *ret)
{
	int n = kept == NULL
	    ? snprintf(ret, PATH_MAX, "%s/%s", dir, file)
	    : snprintf(ret, PATH_MAX, "%s/postseal.undo/%s%s", dir, file, kept);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int
copy(const char *from, const char *to, struct buf *why)
{
	struct buf text;
	int rc = tool_read_file(from, CONFIG_FILE_MAX, &text);

	if (rc != 0)
		return fail(from, rc, why);
	rc = newfile_replace(to, buf_view(&text), 0644);
	buf_free(&text);
	return rc == 0 ? 0 : fail(to, rc, why);
}

/* Copies each file from one of its three places to another. */
static int
copy_all(const char *dir, const char *from, const char *to, struct buf *why)
{
	char source[PATH_MAX], target[PATH_MAX];
	int rc = 0;

	for (size_t i = 0; i < FILES && rc == 0; i++) {
		rc = path_of(dir, files[i], from, source);
		if (rc == 0)
			rc = path_of(dir, files[i], to, target);
		rc = rc == 0 ? copy(source, target, why) : fail(dir, rc, why);
	}
	return rc;
}

/* True if both files can be read and are alike. */
static bool
alike(const char *a, const char *b)
{
	struct buf x, y;
	bool same;

	if (tool_read_file(a, CONFIG_FILE_MAX, &x) != 0)
		return false;
	if (tool_read_file(b, CONFIG_FILE_MAX, &y) != 0) {
		buf_free(&x);
		return false;
	}
	same = span_eq(buf_view(&x), buf_view(&y));
	buf_free(&x);
	buf_free(&y);
	return same;
}

/* The first file that is not as setup left it, or NULL. */
static const char *
changed(const char *dir)
{
	char now[PATH_MAX], after[PATH_MAX];

	for (size_t i = 0; i < FILES; i++) {
		if (path_of(dir, files[i], NULL, now) != 0 ||
		    path_of(dir, files[i], AFTER, after) != 0 ||
		    !alike(now, after))
			return files[i];
	}
	return NULL;
}

int
undo_save(const char *dir, struct buf *why)
{
	char path[PATH_MAX];

	if (path_of(dir, "", "", path) != 0)
		return fail(dir, -ENAMETOOLONG, why);
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return fail(path, -errno, why);
	return changed(dir) == NULL ? 0 : copy_all(dir, NULL, BEFORE, why);
}

int
undo_seal(const char *dir, struct buf *why)
{
	return copy_all(dir, NULL, AFTER, why);
}

int
undo_rollback(const char *dir, struct buf *why)
{
	return copy_all(dir, BEFORE, NULL, why);
}

static void
forget(const char *dir)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < FILES; i++) {
		if (path_of(dir, files[i], BEFORE, path) == 0)
			unlink(path);
		if (path_of(dir, files[i], AFTER, path) == 0)
			unlink(path);
	}
	if (path_of(dir, "", "", path) == 0)
		rmdir(path);
}

int
undo_restore(const char *dir, struct buf *why)
{
	char path[PATH_MAX];
	const char *file;
	int rc;

	rc = path_of(dir, files[0], BEFORE, path);
	if (rc == 0 && access(path, F_OK) != 0) {
		buf_fmt(why,
		    "%s: nothing is kept here, setup has changed "
		    "nothing\n",
		    dir);
		return -ENOENT;
	}
	file = changed(dir);
	if (file != NULL) {
		buf_fmt(why,
		    "%s/%s was changed since setup; what it was before is in "
		    "%s/postseal.undo/%s" BEFORE ", put it back by hand\n",
		    dir, file, dir, file);
		return -EBUSY;
	}
	rc = copy_all(dir, BEFORE, NULL, why);
	if (rc == 0)
		forget(dir);
	return rc;
}
