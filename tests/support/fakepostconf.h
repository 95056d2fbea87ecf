/*
 * fakepostconf.h - stands in for postconf(1) and postfix(1), where a test must
 * not depend on a Postfix.
 *
 * postfix(1) can do everything, says that it runs if there is a file "running",
 * finds fault with what it checks if there is "bad", and leaves a "reloaded",
 * unless there is "stuck".
 * Where there is a file "left" with "N SIGNAL", the N+1st call of the two sends
 * that signal to its caller.
 *
 * A shell script that answers -h, -xh, -n, -M and -Mx from the two files of the
 * directory, and does -e and -M NAME/TYPE=... to them. It knows no defaults but
 * those of the test's main.cf.default; of $names it resolves a value that is
 * one, and $config_directory, which is not that of -c: as in Postfix 3.10, the
 * test's main.cf.default has it, or -o.
 */
#ifndef POSTSEAL_TESTS_FAKEPOSTCONF_H
#define POSTSEAL_TESTS_FAKEPOSTCONF_H

#include "tests/support/tmpdir.h"

/* Puts it into the directory, in front of $PATH, with these files. Aborts the
 * test program on error. */
void fakepostconf_make(const struct tmpdir *d, const char *main_cf,
    const char *defaults, const char *master_cf);

#endif
