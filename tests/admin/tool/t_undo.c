#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/tool/undo.h"
#include "common/limits.h"
#include "tests/support/eml.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static struct tmpdir d;
static struct buf why;

static void
begin(void)
{
	tmpdir_make(&d);
	tmpdir_write(&d, "main.cf", "one\n");
	tmpdir_write(&d, "master.cf", "two\n");
	buf_init(&why, 10000);
}

static void
end(void)
{
	buf_free(&why);
	tmpdir_remove(&d);
}

static bool
is(const char *name, const char *want)
{
	char path[TMPDIR_PATH_MAX];
	char *text;
	bool same;
	size_t n;

	if (access(tmpdir_file(&d, name, path), F_OK) != 0)
		return want == NULL;
	if (want == NULL)
		return false;
	text = eml_file(path, &n);
	same = strcmp(text, want) == 0;
	free(text);
	return same;
}

/* --- a run that is killed ------------------------------------------------- */

static int left; /* changes of a file until the process is gone; 0: it lives */

static void
count(void)
{
	if (left > 0 && --left == 0)
		_exit(9);
}

/* In the place of those of libc: what changes a name in a directory, each. */
int
rename(const char *from, const char *to)
{
	count();
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
unlink(const char *path)
{
	count();
	return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
	count();
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* Runs what in a child, which is killed before change n. True if it was. */
static bool
killed_at(int n, void (*what)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		left = n;
		what();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status) == 9;
}

/* What setup does between the two. */
static void
change(const char *main_cf)
{
	tmpdir_write(&d, "main.cf", main_cf);
	tmpdir_write(&d, "master.cf", "two\nspf\n");
}

/* A setup, whole; the second of two. */
static void
set_up(void)
{
	CHECK(undo_save(d.path, &why) == 0);
	count();
	tmpdir_write(&d, "main.cf", "one\nspf\n");
	count();
	tmpdir_write(&d, "master.cf", "two\nspf\n");
	CHECK(undo_seal(d.path, &why) == 0);
}

static void
set_up_more(void)
{
	CHECK(undo_save(d.path, &why) == 0);
	count();
	tmpdir_write(&d, "main.cf", "one\nspf\ndkim\n");
	count();
	CHECK(undo_seal(d.path, &why) == 0);
}

static void
put_back(void)
{
	int rc = undo_restore(d.path, &why);

	CHECK(rc == 0 || rc == -ENOENT ||
	    (rc == -EBUSY && undo_is_open(d.path) &&
	        strstr(buf_text(&why), "run it again with --apply") != NULL));
}

/* Wherever a run is cut off, the next one goes on, and the first original comes
 * back. */
static void
cut_off(void)
{
	static void (*const run[])(void) = {set_up, set_up_more, put_back};
	enum { RUNS = 3 };
	bool cut = true;

	for (size_t k = 0; k < RUNS; k++) {
		for (size_t again = 0; again < RUNS; again++) {
			int n = 0;

			do {
				begin();
				for (size_t i = 0; i < k; i++)
					run[i]();
				cut = killed_at(++n, run[k]);
				run[again]();
				if (undo_is_open(d.path))
					set_up(); /* as it was told to */
				put_back();
				CHECK(is("main.cf", "one\n"));
				CHECK(is("master.cf", "two\n"));
				CHECK(
				    is("postseal.undo/master.cf.before", NULL));
				end();
			} while (cut);
			CHECK(n > 4);
		}
	}
}

static void
there_and_back(void)
{
	begin();
	CHECK(undo_save(d.path, &why) == 0);
	change("one\nspf\n");
	CHECK(undo_seal(d.path, &why) == 0);
	CHECK(undo_restore(d.path, &why) == 0);
	CHECK(is("main.cf", "one\n") && is("master.cf", "two\n"));
	CHECK(is("postseal.undo", NULL));
	CHECK(undo_restore(d.path, &why) == -ENOENT);
	CHECK(strstr(buf_text(&why), "nothing is kept here") != NULL);
	end();
}

/* What was there before the first setup stays what is put back. */
static void
twice(void)
{
	begin();
	CHECK(undo_save(d.path, &why) == 0);
	change("one\nspf\n");
	CHECK(undo_seal(d.path, &why) == 0);
	CHECK(undo_save(d.path, &why) == 0);
	change("one\nspf\nmore\n");
	CHECK(undo_seal(d.path, &why) == 0);
	CHECK(undo_restore(d.path, &why) == 0 && why.n == 0);
	CHECK(is("main.cf", "one\n") && is("master.cf", "two\n"));
	end();
}

static void
others_changes_stay(void)
{
	begin();
	CHECK(undo_save(d.path, &why) == 0);
	change("one\nspf\n");
	CHECK(undo_seal(d.path, &why) == 0);
	tmpdir_write(&d, "main.cf", "one\nspf\nmine\n");
	CHECK(undo_restore(d.path, &why) == -EBUSY);
	CHECK(strstr(buf_text(&why), "main.cf was changed since") != NULL);
	CHECK(is("main.cf", "one\nspf\nmine\n"));
	/* the next setup begins from there */
	buf_clear(&why);
	CHECK(undo_save(d.path, &why) == 0);
	change("new\n");
	CHECK(undo_seal(d.path, &why) == 0);
	CHECK(undo_restore(d.path, &why) == 0 && why.n == 0);
	CHECK(is("main.cf", "one\nspf\nmine\n"));
	end();
}

/* A setup that fails puts back what it found, not what was before an earlier
 * one. */
static void
failures_are_taken_back(void)
{
	begin();
	CHECK(undo_save(d.path, &why) == 0);
	change("half\n");
	CHECK(undo_rollback(d.path, &why) == 0);
	CHECK(is("main.cf", "one\n") && is("master.cf", "two\n"));
	CHECK(is("postseal.undo", NULL));

	CHECK(undo_save(d.path, &why) == 0);
	change("one\nspf\n");
	CHECK(undo_seal(d.path, &why) == 0);
	CHECK(undo_save(d.path, &why) == 0);
	change("half\n");
	CHECK(undo_rollback(d.path, &why) == 0);
	CHECK(is("main.cf", "one\nspf\n") && is("master.cf", "two\nspf\n"));
	CHECK(undo_restore(d.path, &why) == 0 && why.n == 0);
	CHECK(is("main.cf", "one\n") && is("master.cf", "two\n"));

	/* somebody's change, and then a setup that fails */
	CHECK(undo_save(d.path, &why) == 0);
	change("one\nspf\n");
	CHECK(undo_seal(d.path, &why) == 0);
	tmpdir_write(&d, "main.cf", "mine\n");
	CHECK(undo_save(d.path, &why) == 0);
	change("half\n");
	CHECK(undo_rollback(d.path, &why) == 0 && why.n == 0);
	CHECK(is("main.cf", "mine\n") && is("master.cf", "two\nspf\n"));
	end();
}

/* Passwords may stand in main.cf. */
static void
nobody_else_reads_it(void)
{
	char path[TMPDIR_PATH_MAX];
	mode_t mask = umask(0);
	struct stat st;

	begin();
	CHECK(chmod(tmpdir_file(&d, "main.cf", path), 0640) == 0);
	CHECK(undo_save(d.path, &why) == 0 && undo_seal(d.path, &why) == 0);
	CHECK(stat(tmpdir_file(&d, "postseal.undo", path), &st) == 0 &&
	    (st.st_mode & 07777) == 0700);
	tmpdir_file(&d, "postseal.undo/main.cf.before", path);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(undo_restore(d.path, &why) == 0);
	CHECK(stat(tmpdir_file(&d, "main.cf", path), &st) == 0 &&
	    (st.st_mode & 07777) == 0640);
	umask(mask);
	end();
}

/* Both files, or none. */
static void
half_a_backup(void)
{
	char path[TMPDIR_PATH_MAX];

	begin();
	CHECK(unlink(tmpdir_file(&d, "master.cf", path)) == 0);
	CHECK(undo_save(d.path, &why) == -ENOENT);
	CHECK(strstr(buf_text(&why), "/master.cf: No such file") != NULL);
	CHECK(is("main.cf", "one\n"));
	tmpdir_write(&d, "master.cf", "two\n");
	buf_clear(&why);
	CHECK(undo_save(d.path, &why) == 0 && undo_seal(d.path, &why) == 0);
	tmpdir_file(&d, "postseal.undo/master.cf.before", path);
	CHECK(unlink(path) == 0);
	tmpdir_write(&d, "postseal.undo/main.cf.before", "other\n");
	CHECK(undo_restore(d.path, &why) == -ENOENT);
	CHECK(is("main.cf", "one\n") && is("master.cf", "two\n"));
	end();
}

/* CONFIG_FILE_MAX bytes, and one more. */
static void
large_files(void)
{
	char *text = malloc(CONFIG_FILE_MAX + 2);

	CU_ASSERT_FATAL(text != NULL);
	for (size_t n = CONFIG_FILE_MAX; n <= CONFIG_FILE_MAX + 1; n++) {
		begin();
		memset(text, '#', n);
		text[n] = '\0';
		tmpdir_write(&d, "main.cf", text);
		CHECK(undo_save(d.path, &why) ==
		    (n == CONFIG_FILE_MAX ? 0 : -EFBIG));
		CHECK(is("postseal.undo", NULL) == (n > CONFIG_FILE_MAX));
		end();
	}
	free(text);
}

SUITE("undo", T(cut_off), T(there_and_back), T(twice), T(others_changes_stay),
    T(failures_are_taken_back), T(nobody_else_reads_it), T(half_a_backup),
    T(large_files))
