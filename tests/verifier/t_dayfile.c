#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"
#include "verifier/dayfile.h"
#include "verifier/limits.h"

enum { DAY = 24 * 60 * 60, NOON = 20000 * DAY + DAY / 2 }; /* 2024-10-04 */

static void
holds(const struct tmpdir *dir, const char *name, const char *want)
{
	char path[TMPDIR_PATH_MAX], text[256] = "";
	FILE *f;
	size_t n;

	tmpdir_file(dir, name, path);
	f = fopen(path, "r");
	CHECK((f != NULL) == (want != NULL));
	if (f == NULL)
		return;
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	CHECK_STR(text, want);
}

/* A file a day, which goes on where it was, whatever the umask. */
static void
days(void)
{
	char path[TMPDIR_PATH_MAX];
	struct tmpdir dir;
	struct dayfile f;
	mode_t mask = umask(0077);
	struct stat st;

	tmpdir_make(&dir);
	dayfile_init(&f, dir.path, 3);
	CHECK(dayfile_append(&f, NOON, span_str("a")) == 0);
	CHECK(dayfile_append(&f, NOON + DAY / 2 - 1, span_str("b")) == 0);
	CHECK(dayfile_append(&f, NOON + DAY / 2, span_str("c")) == 0);
	dayfile_free(&f);
	dayfile_init(&f, dir.path, 3);
	CHECK(dayfile_append(&f, NOON, span_str("d")) == 0);
	dayfile_free(&f);
	umask(mask);
	holds(&dir, "2024-10-04.3.jsonl", "a\nb\nd\n");
	holds(&dir, "2024-10-05.3.jsonl", "c\n");
	tmpdir_file(&dir, "2024-10-04.3.jsonl", path);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640);
	tmpdir_remove(&dir);
}

/* What cannot be opened is left alone for a minute. */
static void
no_folder(void)
{
	char path[TMPDIR_PATH_MAX];
	struct tmpdir dir;
	struct dayfile f;

	tmpdir_make(&dir);
	tmpdir_file(&dir, "later", path);
	dayfile_init(&f, path, 1);
	CHECK(dayfile_append(&f, NOON, span_str("a")) == -ENOENT);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(dayfile_append(&f, NOON + 59, span_str("b")) == -EAGAIN);
	CHECK(dayfile_append(&f, NOON + 60, span_str("c")) == 0);
	dayfile_free(&f);
	holds(&dir, "later/2024-10-04.1.jsonl", "c\n");
	tmpdir_remove(&dir);
}

/* Nobody is waited for: neither the reader of a pipe nor what a link leads
 * to. */
static void
no_file(void)
{
	char path[TMPDIR_PATH_MAX];
	struct tmpdir dir;
	struct dayfile f;

	tmpdir_make(&dir);
	tmpdir_file(&dir, "2024-10-04.1.jsonl", path);
	dayfile_init(&f, dir.path, 1);
	CHECK(mkfifo(path, 0600) == 0);
	CHECK(dayfile_append(&f, NOON, span_str("a")) == -EMEDIUMTYPE);
	CHECK(unlink(path) == 0 && symlink("/dev/null", path) == 0);
	CHECK(dayfile_append(&f, NOON + 60, span_str("a")) == -ELOOP);
	CHECK(unlink(path) == 0);
	CHECK(dayfile_append(&f, NOON + 120, span_str("a")) == 0);
	dayfile_free(&f);
	holds(&dir, "2024-10-04.1.jsonl", "a\n");
	tmpdir_remove(&dir);
}

static void
end_line(const char *path)
{
	FILE *f = fopen(path, "a");

	CU_ASSERT_FATAL(f != NULL);
	CHECK(fputc('\n', f) == '\n');
	CHECK(fclose(f) == 0);
}

/* A day's file is full, and the next one is not. */
static void
full_file(void)
{
	char path[TMPDIR_PATH_MAX];
	struct tmpdir dir;
	struct dayfile f;

	tmpdir_make(&dir);
	tmpdir_write(&dir, "2024-10-04.1.jsonl", "x\n");
	tmpdir_file(&dir, "2024-10-04.1.jsonl", path);
	CHECK(truncate(path, DAYFILE_MAX - 4) == 0);
	end_line(path);
	dayfile_init(&f, dir.path, 1);
	CHECK(dayfile_append(&f, NOON, span_str("abc")) == -EFBIG);
	CHECK(dayfile_append(&f, NOON, span_str("ab")) == 0);
	CHECK(dayfile_append(&f, NOON, span_str("")) == -EFBIG);
	CHECK(dayfile_append(&f, NOON + DAY, span_str("c")) == 0);
	dayfile_free(&f);
	holds(&dir, "2024-10-05.1.jsonl", "c\n");
	tmpdir_remove(&dir);
}

/* A disk that takes half of a line (here: the limit of the process), and then
 * nothing; what comes later is a line of its own. */
static void
full_disk(void)
{
	struct rlimit before, limit;
	struct tmpdir dir;
	struct dayfile f;

	tmpdir_make(&dir);
	dayfile_init(&f, dir.path, 1);
	CHECK(dayfile_append(&f, NOON, span_str("a")) == 0);
	CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
	limit = before;
	limit.rlim_cur = 4;
	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHECK(dayfile_append(&f, NOON, span_str("bcd")) == -ENOSPC);
	CHECK(dayfile_append(&f, NOON, span_str("efg")) == -EFBIG);
	CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
	CHECK(dayfile_append(&f, NOON, span_str("hij")) == 0);
	CHECK(dayfile_append(&f, NOON, span_str("k")) == 0);
	dayfile_free(&f);
	holds(&dir, "2024-10-04.1.jsonl", "a\nbc\nhij\nk\n");
	/* nor where another one has left it so */
	tmpdir_write(&dir, "2024-10-04.1.jsonl", "a\nbc");
	dayfile_init(&f, dir.path, 1);
	CHECK(dayfile_append(&f, NOON, span_str("d")) == 0);
	dayfile_free(&f);
	holds(&dir, "2024-10-04.1.jsonl", "a\nbc\nd\n");
	tmpdir_remove(&dir);
}

SUITE("dayfile", T(days), T(no_folder), T(no_file), T(full_file), T(full_disk))
