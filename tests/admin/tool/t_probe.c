#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/tool/probe.h"
#include "tests/support/fakedaemon.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

#define BYTES(s) \
	{ \
		s, sizeof s - 1 \
	}

/* What answers, and what is made of it. */
static const struct {
	const char *name;
	struct span answer;
	int milter, policy; /* 0 or -errno */
	const char *action;
} rows[] = {
    {"a milter", BYTES("\0\0\0\15O\0\0\0\6\0\0\0\21\0\0\0\1"), 0, -EPROTO,
        NULL},
    {"an old milter", BYTES("\0\0\0\15O\0\0\0\2\0\0\0\21\0\0\0\1"), 0, -EPROTO,
        NULL},
    {"version 7", BYTES("\0\0\0\15O\0\0\0\7\0\0\0\21\0\0\0\1"), -EPROTO,
        -EPROTO, NULL},
    {"a milter that refuses", BYTES("\0\0\0\1r"), -EPROTO, -EPROTO, NULL},
    {"an SMTP server", BYTES("220 mx.example ESMTP\r\n"), -EPROTO, -EPROTO,
        NULL},
    {"nothing", BYTES(""), -EPROTO, -EPROTO, NULL},
    {"a policy service", BYTES("action=DUNNO\n\n"), -EPROTO, 0, "DUNNO"},
    {"with a word", BYTES("action=PREPEND X: y\n\n"), -EPROTO, 0,
        "PREPEND X: y"},
    {"an action that is cut", BYTES("action=DUNNO\n"), -EPROTO, -EPROTO, NULL},
    {"no action", BYTES("action=\n\n"), -EPROTO, -EPROTO, NULL},
    {"another attribute", BYTES("request=x\n\n"), -EPROTO, -EPROTO, NULL},
};

static void
speaks(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct endpoint at;
		pid_t pid = fakedaemon_start(
		    NULL, "inet:127.0.0.1:1", rows[i].answer, &at);
		struct buf action;

		suite_row(rows[i].name);
		buf_init(&action, 100);
		CHECK(probe_milter(&at) == rows[i].milter);
		CHECK(probe_policy(&at, &action) == rows[i].policy);
		if (rows[i].action != NULL)
			CHECK_STR(buf_text(&action), rows[i].action);
		fakedaemon_stop(pid);
		CHECK(probe_milter(&at) == -ECONNREFUSED);
		CHECK(probe_policy(&at, &action) == -ECONNREFUSED);
		buf_free(&action);
	}
	suite_row(NULL);
}

/* The name that the kernel has of this program. */
static void
own_name(char *ret)
{
	FILE *f = fopen("/proc/self/comm", "r");

	CU_ASSERT_FATAL(f != NULL && fgets(ret, PROBE_NAME_MAX + 1, f) != NULL);
	ret[strcspn(ret, "\n")] = '\0';
	fclose(f);
}

static void
holder(void)
{
	static const char *const kinds[] = {
	    "unix", "inet:127.0.0.1:1", "inet:[::1]:1", "inet:0.0.0.0:1"};
	char name[PROBE_NAME_MAX + 1];

	own_name(name);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		char path[TMPDIR_PATH_MAX], text[TMPDIR_PATH_MAX + 10];
		struct probe_holder h = {0};
		struct endpoint at;
		struct tmpdir d;
		pid_t pid;

		suite_row(kinds[i]);
		tmpdir_make(&d);
		snprintf(
		    text, sizeof text, "unix:%s", tmpdir_file(&d, "s", path));
		pid = fakedaemon_start(
		    NULL, i == 0 ? text : kinds[i], span_str(""), &at);
		CHECK(probe_holder(&at, 0, &h) == 0);
		CHECK(h.pid == pid);
		CHECK_STR(h.name, name);
		h.pid = 0;
		CHECK(probe_holder(&at, pid, &h) == 0 && h.pid == pid);
		CHECK(probe_holder(&at, 1, &h) == 0 && h.pid == pid);
		fakedaemon_stop(pid);
		CHECK(probe_holder(&at, pid, &h) ==
		    (i == 0 ? -ECONNREFUSED : -ESRCH));
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

/* Whoever has called listen(2) may have left the socket to others. */
static void
holder_has_ended(void)
{
	char path[TMPDIR_PATH_MAX];
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct endpoint at = {.len = sizeof a};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct probe_holder h = {0};
	struct tmpdir d;
	pid_t pid;

	tmpdir_make(&d);
	snprintf(
	    a.sun_path, sizeof a.sun_path, "%s", tmpdir_file(&d, "s", path));
	at.addr.un = a;
	CHECK(bind(fd, &at.addr.sa, at.len) == 0);
	pid = fork();
	if (pid == 0)
		_exit(listen(fd, 8));
	waitpid(pid, NULL, 0);
	CHECK(probe_holder(&at, 0, &h) == -ESRCH);
	/* as the next daemon does (fdstore.c) */
	CHECK(listen(fd, 8) == 0);
	CHECK(probe_holder(&at, 0, &h) == 0 && h.pid == getpid());
	close(fd);
	tmpdir_remove(&d);
}

static void
access_of_a_user(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	char path[TMPDIR_PATH_MAX];
	struct probe_user u;
	struct tmpdir d;

	tmpdir_make(&d);
	tmpdir_write(&d, "f", "");
	tmpdir_file(&d, "f", path);
	CU_ASSERT_FATAL(nobody != NULL);
	u = (struct probe_user){nobody->pw_uid, nobody->pw_gid, NULL};
	if (geteuid() != 0) {
		CHECK(probe_access(&u, path, R_OK) == -EPERM);
	} else {
		CHECK(probe_access(&u, path, R_OK) == -EACCES);
		CHECK(chmod(path, 0644) == 0);
		CHECK(probe_access(&u, path, R_OK) == 0);
		CHECK(probe_access(&u, path, X_OK) == -EACCES);
		CHECK(chmod(path, 0664) == 0);
		CHECK(probe_access(&u, path, W_OK) == -EACCES);
		u.gid = 0;
		CHECK(probe_access(&u, path, W_OK) == 0);
		u.name = NULL;
		CHECK(probe_access(&u, path, W_OK) == 0);
		CHECK(chmod(d.path, 0700) == 0);
		CHECK(probe_access(&u, path, R_OK) == -EACCES);
		CHECK(probe_access(&u, "/none", R_OK) == -ENOENT);
	}
	tmpdir_remove(&d);
}

SUITE("probe", T(speaks), T(holder), T(holder_has_ended), T(access_of_a_user))
