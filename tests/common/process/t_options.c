#include <errno.h>
#include <string.h>

#include "common/process/options.h"
#include "common/settings/settings.h"
#include "tests/support/suite.h"

enum { ARGS = 5 };

/* Of policyd: the arguments, and what is read from them. */
static const struct {
	const char *arg[ARGS];
	enum options_mode mode;
	const char *file, *wrong, *what;
} rows[] = {
    {{NULL}, OPTIONS_SERVE, SETTINGS_FILE, NULL, NULL},
    {{"--listen"}, OPTIONS_LISTEN, SETTINGS_FILE, NULL, NULL},
    {{"-T"}, OPTIONS_TEST, SETTINGS_FILE, NULL, NULL},
    {{"-h"}, OPTIONS_HELP, SETTINGS_FILE, NULL, NULL},
    {{"--help"}, OPTIONS_HELP, SETTINGS_FILE, NULL, NULL},
    {{"--vers"}, OPTIONS_VERSION, SETTINGS_FILE, NULL, NULL},
    {{"-c", "x"}, OPTIONS_SERVE, "x", NULL, NULL},
    {{"-cx", "-T"}, OPTIONS_TEST, "x", NULL, NULL},
    {{"-Tcx"}, OPTIONS_TEST, "x", NULL, NULL},
    {{"-cx", "-cy", "--listen"}, OPTIONS_LISTEN, "y", NULL, NULL},
    {{"-c"}, OPTIONS_SERVE, SETTINGS_FILE, "a value is missing for", "-c"},
    {{"-T", "-x"}, OPTIONS_TEST, SETTINGS_FILE, "unknown option", "-x"},
    {{"-Tx"}, OPTIONS_TEST, SETTINGS_FILE, "unknown option", "-x"},
    {{"--nope", "-T"}, OPTIONS_SERVE, SETTINGS_FILE, "unknown option",
        "--nope"},
    {{"--help=1"}, OPTIONS_SERVE, SETTINGS_FILE, "unknown option", "--help=1"},
    {{"-T", "more"}, OPTIONS_TEST, SETTINGS_FILE, "unexpected argument",
        "more"},
    {{"--", "-T"}, OPTIONS_SERVE, SETTINGS_FILE, "unexpected argument", "-T"},
};

static void
each(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[ARGS][32], *argv[ARGS + 2];
		int argc = 0;
		struct options o;

		argv[argc++] = (char[]){"daemon"};
		for (size_t a = 0; a < ARGS && rows[i].arg[a] != NULL; a++)
			argv[argc++] = strcpy(text[a], rows[i].arg[a]);
		argv[argc] = NULL;
		suite_row(rows[i].arg[0]);
		CHECK(options_read(argc, argv, true, &o) ==
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
	struct options o;

	CHECK(options_read(2, argv, false, &o) == -EINVAL);
	CHECK_STR(o.wrong, "unknown option");
	CHECK_STR(o.what, "--listen");
}

SUITE("options", T(each), T(signer_does_not_listen))
