/*
 * The trap: one buffer for all. A message can name one command at a time, and
 * must be made before the next is named. And what was given is borrowed: from
 * the command line, which lives as long as the process.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/tool/invocation.h"
#include "admin/tool/newfile.h"
#include "admin/tool/tool.h"

enum { CONFIG, POSTFIX, DIRECTORY, OPTIONS };

static const struct {
	const char *name, *letter;
} options[OPTIONS] = {
    [CONFIG] = {"config", "-c"},
    [POSTFIX] = {"postfix", "-p"},
    [DIRECTORY] = {"directory", "-D"},
};

/* Those that take more than -c (t_invocation.c compares them with theirs). */
static const struct {
	const char *subcommand;
	bool takes[OPTIONS];
} rows[] = {
    {"check", {[CONFIG] = true, [POSTFIX] = true}},
    {"genkey", {[CONFIG] = true, [DIRECTORY] = true}},
    {"rotate", {[CONFIG] = true, [DIRECTORY] = true}},
    {"setup", {[CONFIG] = true, [POSTFIX] = true, [DIRECTORY] = true}},
};

static const char *given[OPTIONS]; /* NULL: is not */

void
invocation_begin(const char *config)
{
	memset(given, 0, sizeof given);
	invocation_given("config", config);
}

void
invocation_given(const char *option, const char *argument)
{
	for (int i = 0; i < OPTIONS; i++) {
		if (strcmp(options[i].name, option) == 0)
			given[i] = argument;
	}
}

/* Those that the subcommand takes with which the words begin. */
static const bool *
takes(const char *words)
{
	static const bool others[OPTIONS] = {[CONFIG] = true};
	size_t n = strcspn(words, " ");

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strlen(rows[i].subcommand) == n &&
		    memcmp(rows[i].subcommand, words, n) == 0)
			return rows[i].takes;
	}
	return others;
}

static void
put_options(const bool takes[OPTIONS], struct buf *command)
{
	char path[PATH_MAX];

	for (int i = 0; i < OPTIONS; i++) {
		if (given[i] == NULL || !takes[i] ||
		    (i == CONFIG && strcmp(given[i], SETTINGS_FILE) == 0))
			continue;
		buf_fmt(command, " %s ", options[i].letter);
		tool_shell_word(
		    newfile_absolute(given[i], path) == 0 ? path : given[i],
		    command);
	}
}

const char *
invocation(const char *fmt, ...)
{
	static struct buf command;
	char *words = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&words, fmt, ap);
	va_end(ap);
	if (n < 0)
		return "postseal";
	buf_free(&command);
	buf_init(&command, TOOL_MESSAGES_MAX);
	buf_fmt(&command, "postseal %s", words);
	put_options(takes(words), &command);
	free(words);
	return buf_error(&command) == 0 ? buf_text(&command) : "postseal";
}
