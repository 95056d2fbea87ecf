#include "tests/support/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/support/built.h"
#include "tests/support/suite.h"

void
command_begin(struct command *c)
{
	tmpdir_make(&c->dir);
}

void
command_end(struct command *c)
{
	tmpdir_remove(&c->dir);
}

void
command_file(const struct command *c, const char *name, const char *text)
{
	tmpdir_write(&c->dir, name, tmpdir_placed(&c->dir, text));
}

static void
slurp(const char *path, char *text, size_t max)
{
	FILE *f = fopen(path, "r");

	CU_ASSERT_FATAL(f != NULL);
	text[fread(text, 1, max - 1, f)] = '\0';
	fclose(f);
}

void
command_run(struct command *c, const char *words, ...)
{
	char line[2000], all[4096], program[BUILT_PATH_MAX];
	char out[TMPDIR_PATH_MAX], err[TMPDIR_PATH_MAX];
	va_list ap;
	int n;

	va_start(ap, words);
	n = vsnprintf(line, sizeof line, words, ap);
	va_end(ap);
	CU_ASSERT_FATAL(n >= 0 && (size_t)n < sizeof line);
	tmpdir_file(&c->dir, ".out", out);
	tmpdir_file(&c->dir, ".err", err);
	n = snprintf(all, sizeof all, ">%s 2>%s %s %s", out, err,
	    built_path("postseal", program), tmpdir_placed(&c->dir, line));
	CU_ASSERT_FATAL(n > 0 && (size_t)n < sizeof all);
	n = system(all);
	c->status = WIFEXITED(n) ? WEXITSTATUS(n) : -1;
	slurp(out, c->out, sizeof c->out);
	slurp(err, c->err, sizeof c->err);
}
