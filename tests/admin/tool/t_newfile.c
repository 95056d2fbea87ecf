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

	tmpdir_make(&d);
	tmpdir_file(&d, "secret", path);
	CHECK(newfile_write(path, span_str("one\n"), 0600) == 0);
	check_content(path, "one\n");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(st.st_nlink == 1 && entries(&d) == 1);
	CHECK(newfile_write(path, span_str("two\n"), 0644) == -EEXIST);
	check_content(path, "one\n");
	CHECK(entries(&d) == 1);
	tmpdir_file(&d, "empty", path);
	CHECK(newfile_write(path, span_of(NULL, 0), 0644) == 0);
	check_content(path, "");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0644);
	umask(mask);
	tmpdir_remove(&d);
}

/* Nor through a link that leads nowhere, nor over a directory. */
static void
other_things_there(void)
{
	char path[TMPDIR_PATH_MAX], target[TMPDIR_PATH_MAX];
	struct tmpdir d;

	tmpdir_make(&d);
	tmpdir_file(&d, "link", path);
	tmpdir_file(&d, "target", target);
	CHECK(symlink(target, path) == 0);
	CHECK(newfile_write(path, span_str("x"), 0600) == -EEXIST);
	CHECK(access(target, F_OK) != 0);
	CHECK(mkdir(target, 0700) == 0);
	CHECK(newfile_write(target, span_str("x"), 0600) == -EEXIST);
	CHECK(entries(&d) == 2);
	tmpdir_remove(&d);
}

/* A full disk, in the middle of the file: the size limit stands for it. */
static void
half_written(void)
{
	char path[TMPDIR_PATH_MAX];
	struct rlimit old, small;
	struct tmpdir d;
	struct span text = {calloc(1, 10000), 10000};

	tmpdir_make(&d);
	tmpdir_file(&d, "secret", path);
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_FATAL(getrlimit(RLIMIT_FSIZE, &old) == 0);
	small = (struct rlimit){5000, old.rlim_max};
	CU_ASSERT_FATAL(setrlimit(RLIMIT_FSIZE, &small) == 0);
	CHECK(newfile_write(path, text, 0600) == -EFBIG);
	CU_ASSERT_FATAL(setrlimit(RLIMIT_FSIZE, &old) == 0);
	CHECK(entries(&d) == 0);
	CHECK(newfile_write(path, text, 0600) == 0);
	free((void *)(uintptr_t)text.p);
	tmpdir_remove(&d);
}

static void
bad_paths(void)
{
	static char path[PATH_MAX + 10];

	CHECK(newfile_write("secret", span_str("x"), 0600) == -EINVAL);
	CHECK(newfile_write("/secret", span_str("x"), 0600) == -EINVAL);
	CHECK(newfile_write("/nonexistent/dir/secret", span_str("x"), 0600) ==
	    -ENOENT);
	memset(path, 'a', sizeof path - 1);
	path[0] = '/';
	path[5] = '/';
	CHECK(newfile_write(path, span_str("x"), 0600) == -ENAMETOOLONG);
}

/* What is replaced keeps its mode, also behind a link; a new file gets one. */
static void
replaces(void)
{
	char path[TMPDIR_PATH_MAX], link_path[TMPDIR_PATH_MAX];
	struct tmpdir d;
	struct stat st;

	tmpdir_make(&d);
	tmpdir_file(&d, "f", path);
	tmpdir_file(&d, "l", link_path);
	CHECK(newfile_replace(path, span_str("one"), 0644) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0644);
	CHECK(chmod(path, 0640) == 0 && symlink("f", link_path) == 0);
	CHECK(newfile_replace(link_path, span_str("two"), 0644) == 0);
	check_content(path, "two");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
	CHECK(lstat(link_path, &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(newfile_replace(d.path, span_str("x"), 0644) == -EINVAL);
	tmpdir_file(&d, "none/f", path);
	CHECK(newfile_replace(path, span_str("x"), 0644) == -ENOENT);
	CHECK(entries(&d) == 2);
	tmpdir_remove(&d);
}

SUITE("newfile", T(written), T(other_things_there), T(half_written),
    T(bad_paths), T(replaces))
