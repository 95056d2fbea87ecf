/*
 * genkey --add is killed at each of its steps on the file system; the next run
 * of that selector ends what it has begun.
 *
 * The trick: this program's own mkdir(2), link(2), ... stand before those of
 * libc, count down, and kill the process that has come to the end. The child
 * that is killed is a fork of the test; the run that goes on is the real one.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/key/genkey.h"
#include "tests/support/command.h"
#include "tests/support/eml.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

static int left = -1; /* steps until it is killed; -1: never */

static void
step(void)
{
	if (left >= 0 && left-- == 0)
		raise(SIGKILL);
}

int
mkdir(const char *path, mode_t mode)
{
	step();
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int
link(const char *from, const char *to)
{
	step();
	return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
unlink(const char *path)
{
	step();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int
rename(const char *from, const char *to)
{
	step();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0U);
}

int
fsync(int fd)
{
	step();
	return (int)syscall(SYS_fsync, fd);
}

static struct command c;

#define AGAIN "genkey a.example -s s -b 1024 --add -D @/keys -c @/p.conf"

/* Runs the line, whose words are parted by one blank. Does not return. */
static void
run_until(int n, char *line)
{
	char *words[20];
	int count = 0;

	for (char *p = strtok(line, " "); p != NULL; p = strtok(NULL, " "))
		words[count++] = p;
	words[count] = NULL;
	if (freopen("/dev/null", "w", stdout) == NULL ||
	    freopen("/dev/null", "w", stderr) == NULL)
		_exit(99);
	left = n;
	_exit(subcommand_run(&genkey_subcommand, SETTINGS_FILE, count, words));
}

/* True if it was killed at that step; else it has ended by itself, with the
 * signer not running. */
static bool
is_killed_at(int n, const char *type)
{
	char line[4 * TMPDIR_PATH_MAX];
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(line, sizeof line, "%s -t %s",
		    tmpdir_placed(&c.dir, AGAIN), type);
		run_until(n, line);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL;
	CHECK(WEXITSTATUS(status) == TOOL_UNTOLD);
	return false;
}

static void
begin(void)
{
	command_begin(&c);
	command_file(
	    &c, "p.conf", "signer { control = {\"unix:@/control\"} }\n");
}

/* The config has these keys of a.example, none of them active, with files that
 * the signer takes. */
static void
check_config(size_t n)
{
	command_run(&c, "-c @/p.conf -T");
	CHECK(c.status == 0);
	command_run(&c, "record a.example --value -c @/p.conf");
	CHECK(c.status == 0);
	for (const char *p = c.out; *p != '\0'; p = strchr(p, '\n') + 1)
		n--;
	CHECK(n == 0);
	command_run(&c, "record a.example --json -c @/p.conf");
	CHECK(strstr(c.out, "\"active\": true") == NULL);
}

static void
goes_on(void)
{
	static const char *const types[] = {"rsa", "both"};

	for (size_t i = 0; i < 2; i++) {
		bool killed;
		int n = 0, found = 0;

		suite_row(types[i]);
		do {
			begin();
			killed = is_killed_at(n++, types[i]);
			command_run(&c, AGAIN " -t %s", types[i]);
			CHECK(c.status == TOOL_UNTOLD);
			CHECK(strstr(c.out, "\ns._domainkey.a.example. IN") !=
			    NULL);
			CHECK(strstr(c.out,
			          "domains.d/a.example.conf, not "
			          "active yet.\n") != NULL);
			found += strstr(c.out, "an earlier run") != NULL;
			check_config(i + 1);
			command_end(&c);
		} while (killed && n < 100);
		/* mkdir, link, rename at least, each with its fsync */
		CHECK(n > 8 * (int)(i + 1) && n < 100);
		CHECK(found > 3 && found < n);
	}
	suite_row(NULL);
}

/* Another kind of key, a broken one, one that others could read, one that
 * signs, one whose section names another file: nothing of it is touched. */
static void
keeps_what_is_something_else(void)
{
	static const struct {
		const char *pem, *more, *options;
		mode_t mode;
	} rows[] = {
	    {pem_ed25519, "", "", 0600},
	    {pem_ed25519, "", "-t both", 0600},
	    {pem_rsa2048, "", "-t rsa -b 3072", 0600},
	    {"half", "", "-t ed25519", 0600},
	    {pem_ed25519, "", "-t ed25519", 0644},
	    {pem_ed25519,
	        "domain a.example { key s { file = \"@/keys/a.example/"
	        "s.private\" } }\n",
	        "-t ed25519", 0600},
	    {pem_ed25519,
	        "domain a.example { key s { file = \"@/other\" active = "
	        "false } }\n",
	        "-t ed25519", 0600},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char path[TMPDIR_PATH_MAX], *file, *config;
		size_t n;

		suite_row(rows[i].options);
		begin();
		tmpdir_sub(&c.dir, "keys");
		tmpdir_sub(&c.dir, "keys/a.example");
		command_file(&c, "keys/a.example/s.private", rows[i].pem);
		tmpdir_file(&c.dir, "keys/a.example/s.private", path);
		CHECK(chmod(path, rows[i].mode) == 0);
		command_file(&c, "p.conf", rows[i].more);
		command_run(&c,
		    "genkey a.example -s s --add -D @/keys "
		    "-c @/p.conf %s",
		    rows[i].options);
		CHECK(c.status == TOOL_FAILED);
		CHECK_STR(c.out, "");
		CHECK(suite_has(c.err, "s.private exists and stays as it is"));
		file = eml_file(
		    tmpdir_file(&c.dir, "keys/a.example/s.private", path), &n);
		CHECK_STR(file, rows[i].pem);
		config = eml_file(tmpdir_file(&c.dir, "p.conf", path), &n);
		CHECK_STR(config, tmpdir_placed(&c.dir, rows[i].more));
		CHECK(
		    access(tmpdir_file(&c.dir, "domains.d", path), F_OK) != 0);
		free(file);
		free(config);
		command_end(&c);
	}
	suite_row(NULL);
}

/* One that somebody else has put there is none that a run has left: whoever has
 * its private half signs in the name of the domain. */
static void
takes_no_strangers_key(void)
{
	enum { STRANGER = 64321 };
	static const struct {
		const char *whose, *why;
	} rows[] = {
	    {"keys/a.example/s.private", "s.private exists and stays as it is"},
	    {"keys/a.example", "nothing is written: the folder"},
	};

	if (!suite_as_root())
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char path[TMPDIR_PATH_MAX];

		suite_row(rows[i].whose);
		begin();
		tmpdir_sub(&c.dir, "keys");
		tmpdir_sub(&c.dir, "keys/a.example");
		command_file(&c, "keys/a.example/s.private", pem_ed25519);
		CHECK(chown(tmpdir_file(&c.dir, rows[i].whose, path), STRANGER,
		          0) == 0);
		command_run(&c,
		    "genkey a.example -s s -t ed25519 --add -D @/keys "
		    "-c @/p.conf");
		CHECK(c.status == TOOL_FAILED);
		CHECK_STR(c.out, "");
		CHECK(suite_has(c.err, rows[i].why));
		CHECK(
		    access(tmpdir_file(&c.dir, "domains.d", path), F_OK) != 0);
		command_end(&c);
	}
	suite_row(NULL);
}

SUITE("genkey_cutoff", T(goes_on), T(keeps_what_is_something_else),
    T(takes_no_strangers_key))
