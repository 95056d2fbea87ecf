/*
 * command.h - a subcommand as it is called: the `postseal` that was just built,
 * what it printed, and its exit status.
 *
 * It has a directory of its own: in the words of its command line and in the
 * text of its files "@/" is that directory.
 */
#ifndef POSTSEAL_TESTS_COMMAND_H
#define POSTSEAL_TESTS_COMMAND_H

#include "tests/support/tmpdir.h"

struct command {
	struct tmpdir dir;
	int status;                         /* -1 when it ended by a signal */
	char out[32 * 1024], err[8 * 1024]; /* cut at their ends */
};

/* Makes the directory; removes it with all that is in it. */
void command_begin(struct command *c);
void command_end(struct command *c);

/* Writes a file into the directory, mode 0600. */
void command_file(const struct command *c, const char *name, const char *text);

/* Runs "postseal WORDS" with sh(1); what its output or input shall be instead
 * may stand at the end of the words. */
void command_run(struct command *c, const char *words, ...)
    __attribute__((format(printf, 2, 3)));

#endif
