#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/tool/newfile.h"
#include "tests/support/eml.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static struct buf why; /* of the running test */

/* How many files there are in the directory. */
static int
entries(const struct tmpdir *d)
{
	DIR *dir = opendir(d->path);
	int n = 0;

	CU_ASSERT_FATAL(dir != NULL);
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		n +=
		    strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(dir);
	return n;
}

static void
check_content(const char *path, const char *want)
{
	size_t n;
	char *got = eml_file(path, &n);

	CHECK_STR(got, want);
	free(got);
}

static void
written(void)
{
	char path[TMPDIR_PATH_MAX];
	struct tmpdir d;
	struct stat st;
	mode_t mask = umask(0);

	buf_init(&why, 10000);
	tmpdir_make(&d);
	tmpdir_file(&d, "secret", path);
	CHECK(newfile_write(path, span_str("one\n"), 0600, &why) == 0);
	check_content(path, "one\n");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(st.st_nlink == 1 && entries(&d) == 1);
	CHECK(newfile_write(path, span_str("two\n"), 0644, &why) == -EEXIST);
	CHECK(why.n == 0);
	check_content(path, "one\n");
	CHECK(entries(&d) == 1);
	tmpdir_file(&d, "empty", path);
	CHECK(newfile_write(path, span_of(NULL, 0), 0644, &why) == 0);
	check_content(path, "");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0644);
	umask(mask);
	tmpdir_remove(&d);
	buf_free(&why);
}

/* Nor through a link that leads nowhere, nor over a directory. */
static void
other_things_there(void)
{
	char path[TMPDIR_PATH_MAX], target[TMPDIR_PATH_MAX];
	struct tmpdir d;

	buf_init(&why, 10000);
	tmpdir_make(&d);
	tmpdir_file(&d, "link", path);
	tmpdir_file(&d, "target", target);
	CHECK(symlink(target, path) == 0);
	CHECK(newfile_write(path, span_str("x"), 0600, &why) == -EEXIST);
	CHECK(access(target, F_OK) != 0);
	CHECK(mkdir(target, 0700) == 0);
	CHECK(newfile_write(target, span_str("x"), 0600, &why) == -EEXIST);
	CHECK(entries(&d) == 2);
	tmpdir_remove(&d);
	buf_free(&why);
}

/* A full disk, in the middle of the file: the size limit stands for it. */
static void
half_written(void)
{
	char path[TMPDIR_PATH_MAX];
	struct rlimit old, small;
	struct tmpdir d;
	struct span text = {calloc(1, 10000), 10000};

	buf_init(&why, 10000);
	tmpdir_make(&d);
	tmpdir_file(&d, "secret", path);
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_FATAL(getrlimit(RLIMIT_FSIZE, &old) == 0);
	small = (struct rlimit){5000, old.rlim_max};
	CU_ASSERT_FATAL(setrlimit(RLIMIT_FSIZE, &small) == 0);
	CHECK(newfile_write(path, text, 0600, &why) == -EFBIG);
	CU_ASSERT_FATAL(setrlimit(RLIMIT_FSIZE, &old) == 0);
	CHECK(entries(&d) == 0);
	CHECK(newfile_write(path, text, 0600, &why) == 0);
	free((void *)(uintptr_t)text.p);
	tmpdir_remove(&d);
	buf_free(&why);
}

static void
bad_paths(void)
{
	static char path[PATH_MAX + 10];

	buf_init(&why, 10000);
	CHECK(newfile_write("secret", span_str("x"), 0600, &why) == -EINVAL);
	CHECK_STR(buf_text(&why), "secret: Invalid argument\n");
	CHECK(newfile_write("/secret", span_str("x"), 0600, &why) == -EINVAL);
	CHECK(newfile_write("/nonexistent/dir/secret", span_str("x"), 0600,
	          &why) == -ENOENT);
	memset(path, 'a', sizeof path - 1);
	path[0] = '/';
	path[5] = '/';
	CHECK(newfile_write(path, span_str("x"), 0600, &why) == -ENAMETOOLONG);
	buf_free(&why);
}

/* What is replaced keeps its mode, also behind a link; a new file gets one. */
static void
replaces(void)
{
	char path[TMPDIR_PATH_MAX], link_path[TMPDIR_PATH_MAX];
	struct tmpdir d;
	struct stat st;

	buf_init(&why, 10000);
	tmpdir_make(&d);
	tmpdir_file(&d, "f", path);
	tmpdir_file(&d, "l", link_path);
	CHECK(newfile_replace(path, span_str("one"), 0644, &why) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0644);
	CHECK(chmod(path, 0640) == 0 && symlink("f", link_path) == 0);
	CHECK(newfile_replace(link_path, span_str("two"), 0644, &why) == 0);
	check_content(path, "two");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
	CHECK(lstat(link_path, &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(newfile_replace(d.path, span_str("x"), 0644, &why) == -EINVAL);
	tmpdir_file(&d, "none/f", path);
	CHECK(newfile_replace(path, span_str("x"), 0644, &why) == -ENOENT);
	CHECK(entries(&d) == 2);
	tmpdir_remove(&d);
	buf_free(&why);
}

/* --- as root, where others may write ------------------------------------- */

enum { STRANGER = 64321 };

/* "theirs", of a stranger, with links in it to "victim" and to the folder
 * "ours". */
static void
make_trap(struct tmpdir *d)
{
	static const char *const links[][2] = {{"theirs/victim", "victim"},
	    {"theirs/ours", "ours"}, {"theirs/none", "ours/none"}};
	char path[TMPDIR_PATH_MAX], to[TMPDIR_PATH_MAX];

	tmpdir_make(d);
	tmpdir_sub(d, "theirs");
	tmpdir_sub(d, "ours");
	tmpdir_write(d, "victim", "precious");
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		CU_ASSERT_FATAL(symlink(tmpdir_file(d, links[i][1], to),
		                    tmpdir_file(d, links[i][0], path)) == 0);
	CU_ASSERT_FATAL(
	    chown(tmpdir_file(d, "theirs", path), STRANGER, 0) == 0);
}

static void
check_refused(const struct tmpdir *d, int rc, const char *path)
{
	char want[1000], theirs[TMPDIR_PATH_MAX];

	tmpdir_file(d, "theirs", theirs);
	snprintf(want, sizeof want,
	    "%s: nothing is written: the folder %s belongs to uid 64321, who "
	    "can put another file in the place of this one; run: chown root "
	    "%s, or keep the file in a folder of root's\n",
	    path, theirs, theirs);
	CHECK(rc == -EPERM);
	CHECK_STR(buf_text(&why), want);
	buf_clear(&why);
}

static void
goes_through_no_foreign_folder(void)
{
	static const char *const names[] = {"theirs/victim", "theirs/new",
	    "theirs/ours/new", "theirs/none", "theirs/deep/new"};
	char path[TMPDIR_PATH_MAX];
	struct tmpdir d;
	bool made = false;

	if (!suite_as_root())
		return;
	buf_init(&why, 10000);
	make_trap(&d);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		suite_row(names[i]);
		tmpdir_file(&d, names[i], path);
		check_refused(
		    &d, newfile_write(path, span_str("x"), 0600, &why), path);
		check_refused(
		    &d, newfile_replace(path, span_str("x"), 0600, &why), path);
		check_refused(&d, newfile_dir(path, 0700, &made, &why), path);
	}
	suite_row(NULL);
	CHECK(!made);
	check_content(tmpdir_file(&d, "victim", path), "precious");
	CHECK(rmdir(tmpdir_file(&d, "ours", path)) == 0); /* still empty */
	buf_free(&why);
	tmpdir_remove(&d);
}

/* In a folder like /tmp only what others put there is dangerous. */
static void
may_use_a_sticky_folder(void)
{
	char path[TMPDIR_PATH_MAX], to[TMPDIR_PATH_MAX];
	struct tmpdir d;
	bool made = false;

	if (!suite_as_root())
		return;
	buf_init(&why, 10000);
	tmpdir_make(&d);
	tmpdir_write(&d, "victim", "precious");
	CHECK(chmod(d.path, 01777) == 0);
	CHECK(newfile_replace(
	          tmpdir_file(&d, "f", path), span_str("x"), 0600, &why) == 0);
	CHECK(newfile_dir(tmpdir_file(&d, "d", path), 0700, &made, &why) == 0);
	CHECK(made);
	CHECK(newfile_dir(path, 0700, &made, &why) == 0 && !made);
	CHECK(why.n == 0);
	tmpdir_file(&d, "link", path);
	CHECK(symlink(tmpdir_file(&d, "victim", to), path) == 0 &&
	    lchown(path, STRANGER, 0) == 0);
	CHECK(newfile_replace(path, span_str("x"), 0600, &why) == -EPERM);
	CHECK(strstr(buf_text(&why), " belongs to uid 64321, ") != NULL);
	check_content(to, "precious");
	buf_free(&why);
	tmpdir_remove(&d);
}

/* An absolute path stays as it is; one that has just room, and one too long. */
static void
absolute_paths(void)
{
	char here[PATH_MAX], want[2 * PATH_MAX], path[PATH_MAX + 1];
	char long_path[PATH_MAX + 1];

	CU_ASSERT_FATAL(getcwd(here, sizeof here) != NULL);
	CHECK(newfile_absolute("/a/../b", path) == 0);
	CHECK_STR(path, "/a/../b");
	snprintf(want, sizeof want, "%s/keys", here);
	CHECK(newfile_absolute("keys", path) == 0);
	CHECK_STR(path, want);

	memset(long_path, 'a', sizeof long_path);
	long_path[0] = '/';
	long_path[PATH_MAX] = '\0';
	CHECK(newfile_absolute(long_path, path) == -ENAMETOOLONG);
	long_path[PATH_MAX - 1] = '\0';
	CHECK(newfile_absolute(long_path, path) == 0);
	CHECK_STR(path, long_path);
}

SUITE("newfile", T(absolute_paths), T(written), T(other_things_there),
    T(half_written), T(bad_paths), T(replaces),
    T(goes_through_no_foreign_folder), T(may_use_a_sticky_folder))
