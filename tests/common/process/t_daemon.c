#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/process/daemon.h"
#include "tests/support/suite.h"

enum { ARGS = 5 };

/* Of policyd: the arguments, and what is read from them. */
static const struct {
	const char *arg[ARGS];
	enum daemon_mode mode;
	const char *file, *wrong, *what;
} rows[] = {
    {{NULL}, DAEMON_SERVE, SETTINGS_FILE, NULL, NULL},
    {{"--listen"}, DAEMON_LISTEN, SETTINGS_FILE, NULL, NULL},
    {{"-T"}, DAEMON_TEST, SETTINGS_FILE, NULL, NULL},
    {{"-h"}, DAEMON_HELP, SETTINGS_FILE, NULL, NULL},
    {{"--help"}, DAEMON_HELP, SETTINGS_FILE, NULL, NULL},
    {{"--vers"}, DAEMON_VERSION, SETTINGS_FILE, NULL, NULL},
    {{"-c", "x"}, DAEMON_SERVE, "x", NULL, NULL},
    {{"-cx", "-T"}, DAEMON_TEST, "x", NULL, NULL},
    {{"-Tcx"}, DAEMON_TEST, "x", NULL, NULL},
    {{"-cx", "-cy", "--listen"}, DAEMON_LISTEN, "y", NULL, NULL},
    {{"-c"}, DAEMON_SERVE, SETTINGS_FILE, "a value is missing for", "-c"},
    {{"-T", "-x"}, DAEMON_TEST, SETTINGS_FILE, "unknown option", "-x"},
    {{"-Tx"}, DAEMON_TEST, SETTINGS_FILE, "unknown option", "-x"},
    {{"--nope", "-T"}, DAEMON_SERVE, SETTINGS_FILE, "unknown option", "--nope"},
    {{"--help=1"}, DAEMON_SERVE, SETTINGS_FILE, "unknown option", "--help=1"},
    {{"-T", "more"}, DAEMON_TEST, SETTINGS_FILE, "unexpected argument", "more"},
    {{"--", "-T"}, DAEMON_SERVE, SETTINGS_FILE, "unexpected argument", "-T"},
};

static void
each(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[ARGS][32], *argv[ARGS + 2];
		int argc = 0;
		struct daemon_options o;

		argv[argc++] = (char[]){"daemon"};
		for (size_t a = 0; a < ARGS && rows[i].arg[a] != NULL; a++)
			argv[argc++] = strcpy(text[a], rows[i].arg[a]);
		argv[argc] = NULL;
		suite_row(rows[i].arg[0]);
		CHECK(daemon_options(argc, argv, true, &o) ==
		    (rows[i].wrong == NULL ? 0 : -EINVAL));
		CHECK(o.mode == rows[i].mode);
		CHECK_STR(o.file, rows[i].file);
		CHECK_STR(o.wrong, rows[i].wrong);
		CHECK_STR(o.what, rows[i].what);
	}
}

static void
signer_does_not_listen(void)
{
	char *argv[] = {(char[]){"daemon"}, (char[]){"--listen"}, NULL};
	struct daemon_options o;

	CHECK(daemon_options(2, argv, false, &o) == -EINVAL);
	CHECK_STR(o.wrong, "unknown option");
	CHECK_STR(o.what, "--listen");
}

/* --- what main() does with them ------------------------------------------- */

/* What was called last, and with which file. */
static char called[100];

static int
note(const char *what, const char *file)
{
	snprintf(called, sizeof called, "%s %s", what, file);
	return 7;
}

static int
test(const char *file)
{
	return note("test", file);
}

static int
spawned(const char *file)
{
	return note("spawned", file);
}

static int
load(const char *file, bool reload, struct supervisor_plan *ret)
{
	note(reload ? "reload" : "load", file);
	return -ENOENT;
}

static int
wrong(const struct daemon_options *o)
{
	return note(o->wrong, o->what);
}

static void
mode_decides(void)
{
	static const struct daemon can_be_spawned = {.ident = "daemon",
	    .usage = "",
	    .load = load,
	    .test = test,
	    .spawned = spawned,
	    .wrong = wrong};
	static const struct daemon listens = {
	    .ident = "daemon", .usage = "", .load = load, .wrong = wrong};
	static const struct {
		const struct daemon *daemon;
		const char *arg, *called;
		/* 1: the supervisor has no settings to begin with */
		int status;
	} row[] = {
	    {&can_be_spawned, "-cx", "spawned x", 7},
	    {&can_be_spawned, "-Tcx", "test x", 7},
	    {&can_be_spawned, "--listen", "load " SETTINGS_FILE, 1},
	    {&can_be_spawned, "-x", "unknown option -x", 7},
	    {&can_be_spawned, "-h", "", 0},
	    {&listens, "-cx", "load x", 1},
	    {&listens, "--listen", "unknown option --listen", 7},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char arg[32], *argv[] = {(char[]){"daemon"}, arg, NULL};

		suite_row(row[i].arg);
		strcpy(arg, row[i].arg);
		called[0] = '\0';
		CHECK(daemon_main(row[i].daemon, 2, argv) == row[i].status);
		CHECK_STR(called, row[i].called);
	}
}

SUITE("daemon", T(each), T(signer_does_not_listen), T(mode_decides))
