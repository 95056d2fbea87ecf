/*
 * The trick: a file "changing" stands beside what is kept, from before the
 * first change until all is sealed or put back. Where it is found, a run was
 * cut off, and what is kept is the original: it is never written over then, as
 * the files of Postfix may be half changed.
 *
 * The trap: the order in which kept files go and come. Without the last of
 * BEFORE nothing is kept; so it goes first and comes last.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/tool/newfile.h"
#include "admin/tool/tool.h"
#include "admin/tool/undo.h"
#include "common/limits.h"

static const char *const files[] = {"main.cf", "master.cf"};
enum { FILES = 2 };

/* What each is kept as. */
#define BEFORE ".before"
#define AFTER ".after"
#define CHANGING "changing"

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

static void
free_files(struct buf *text)
{
	for (size_t i = 0; i < FILES; i++)
		buf_free(&text[i]);
}

/* Reads all files of one of the three places. On failure there is nothing to
 * free. */
static int
read_files(const char *dir, const char *kept, struct buf *ret, struct buf *why)
{
	char path[PATH_MAX];
	int rc = 0;

	for (size_t i = 0; i < FILES; i++)
		buf_init(&ret[i], CONFIG_FILE_MAX);
	for (size_t i = 0; i < FILES && rc == 0; i++) {
		rc = path_of(dir, files[i], kept, path);
		if (rc == 0)
			rc = tool_read_file(path, CONFIG_FILE_MAX, &ret[i]);
		if (rc != 0)
			fail(path, rc, why);
	}
	if (rc != 0)
		free_files(ret);
	return rc;
}

/* Writes them to another. What is kept is for the owner alone: a main.cf may
 * have passwords that its own mode protects. */
static int
write_files(
    const char *dir, const char *kept, struct buf *text, struct buf *why)
{
	char path[PATH_MAX];
	int rc = 0;

	for (size_t i = 0; i < FILES && rc == 0; i++) {
		rc = path_of(dir, files[i], kept, path);
		rc = rc == 0
		    ? newfile_replace(path, buf_view(&text[i]), 0600, why)
		    : fail(path, rc, why);
	}
	return rc;
}

/* Copies the files from one of their three places to another: all are read
 * before one is written. */
static int
copy_all(const char *dir, const char *from, const char *to, struct buf *why)
{
	struct buf text[FILES];
	int rc = read_files(dir, from, text, why);

	if (rc != 0)
		return rc;
	rc = write_files(dir, to, text, why);
	free_files(text);
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

/* True if the file is as it is kept. */
static bool
is_as_kept(const char *dir, const char *file, const char *kept)
{
	char now[PATH_MAX], then[PATH_MAX];

	return path_of(dir, file, NULL, now) == 0 &&
	    path_of(dir, file, kept, then) == 0 && alike(now, then);
}

/* The first file that is not as setup left it, or NULL. */
static const char *
changed(const char *dir)
{
	for (size_t i = 0; i < FILES; i++) {
		if (!is_as_kept(dir, files[i], AFTER))
			return files[i];
	}
	return NULL;
}

/* The last file first. */
static void
forget(const char *dir, const char *kept)
{
	char path[PATH_MAX];

	for (size_t i = FILES; i-- > 0;) {
		if (path_of(dir, files[i], kept, path) == 0)
			unlink(path);
	}
}

static bool
has(const char *dir, const char *file, const char *kept)
{
	char path[PATH_MAX];

	return path_of(dir, file, kept, path) == 0 && access(path, F_OK) == 0;
}

/* --- under way ------------------------------------------------------------ */

bool
undo_is_open(const char *dir)
{
	return has(dir, CHANGING, "") && has(dir, files[FILES - 1], BEFORE);
}

void
undo_list(const char *dir, struct buf *out)
{
	for (size_t i = 0; i < FILES; i++) {
		if (has(dir, files[i], BEFORE))
			buf_fmt(out, "%s/postseal.undo/%s" BEFORE "\n", dir,
			    files[i]);
	}
}

static int
open_it(const char *dir, struct buf *why)
{
	char path[PATH_MAX];
	int rc = path_of(dir, CHANGING, "", path);

	return rc == 0 ? newfile_replace(path, span_str(""), 0600, why)
	               : fail(dir, rc, why);
}

static void
close_it(const char *dir)
{
	char path[PATH_MAX];

	if (path_of(dir, CHANGING, "", path) == 0)
		unlink(path);
}

/* --- the four ------------------------------------------------------------- */

static void
forget_all(const char *dir)
{
	char path[PATH_MAX];

	forget(dir, BEFORE);
	forget(dir, AFTER);
	close_it(dir);
	if (path_of(dir, "", "", path) == 0)
		rmdir(path);
}

/* Keeps the files as they are now, in the place of what was kept. */
static int
keep(const char *dir, struct buf *why)
{
	struct buf text[FILES];
	char path[PATH_MAX];
	bool made;
	int rc = read_files(dir, NULL, text, why);

	if (rc != 0)
		return rc;
	rc = path_of(dir, "", "", path);
	rc = rc == 0 ? newfile_dir(path, 0700, &made, why) : fail(dir, rc, why);
	if (rc == 0) {
		forget(dir, BEFORE);
		forget(dir, AFTER); /* there is none, until undo_seal() */
		close_it(dir);
		rc = write_files(dir, BEFORE, text, why);
	}
	free_files(text);
	return rc;
}

int
undo_save(const char *dir, struct buf *why)
{
	int rc = 0;

	if (undo_is_open(dir))
		return 0;
	if (changed(dir) != NULL)
		rc = keep(dir, why);
	return rc == 0 ? open_it(dir, why) : rc;
}

int
undo_seal(const char *dir, struct buf *why)
{
	int rc = copy_all(dir, NULL, AFTER, why);

	if (rc == 0)
		close_it(dir);
	return rc;
}

int
undo_rollback(const char *dir, struct buf *why)
{
	bool sealed = has(dir, files[FILES - 1], AFTER);
	int rc = copy_all(dir, sealed ? AFTER : BEFORE, NULL, why);

	if (rc == 0 && sealed)
		close_it(dir);
	else if (rc == 0)
		forget_all(dir);
	return rc;
}

/* Says that a file is neither as setup left it nor as it was before. */
static int
refuse(const char *dir, const char *file, struct buf *why)
{
	if (undo_is_open(dir))
		buf_fmt(why,
		    "setup was cut off while it changed %s/%s: run it again "
		    "with --apply, which goes on, and then --undo; or put "
		    "%s/postseal.undo/%s" BEFORE " back by hand\n",
		    dir, file, dir, file);
	else
		buf_fmt(why,
		    "%s/%s was changed since setup; what it was before is in "
		    "%s/postseal.undo/%s" BEFORE ", put it back by hand\n",
		    dir, file, dir, file);
	return -EBUSY;
}

int
undo_restore(const char *dir, struct buf *why)
{
	char path[PATH_MAX];
	int rc = path_of(dir, files[FILES - 1], BEFORE, path);

	if (rc == 0 && access(path, F_OK) != 0 && errno != ENOENT)
		return fail(path, -errno, why);
	if (rc == 0 && !has(dir, files[FILES - 1], BEFORE)) {
		buf_fmt(why,
		    "%s: nothing is kept here, setup has changed "
		    "nothing\n",
		    dir);
		return -ENOENT;
	}
	for (size_t i = 0; i < FILES; i++) {
		if (!is_as_kept(dir, files[i], AFTER) &&
		    !is_as_kept(dir, files[i], BEFORE))
			return refuse(dir, files[i], why);
	}
	rc = open_it(dir, why);
	if (rc == 0)
		rc = copy_all(dir, BEFORE, NULL, why);
	if (rc == 0)
		forget_all(dir);
	return rc;
}
