/*
 * why.h - `postseal why`: would this message be signed, and which rule says so?
 *
 * Reads the config, tables and keys as the signer does, takes a message from a
 * file and a description of who hands it in from the command line, and runs the
 * signer's own code on them (trial.h), which tells each rule that it
 * looks at. The signatures are made, too, so that a key that does not work is
 * found, and thrown away. Nothing is sent and no daemon is asked.
 */
#ifndef POSTSEAL_ADMIN_WHY_H
#define POSTSEAL_ADMIN_WHY_H

#include "admin/tool/subcommand.h"

/* Exit status: as the signer would do, and what every command has for what is
 * wrong. */
enum why_status {
	WHY_SIGNED = 0,
	WHY_WRONG = TOOL_FAILED, /* the config or the file cannot be read */
	WHY_COMMAND_LINE = TOOL_COMMAND_LINE,
	WHY_UNSIGNED = 3,
	WHY_TEMPFAIL = 4
};

extern const struct subcommand why_subcommand;

#endif
