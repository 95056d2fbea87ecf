/*
 * Postfix is asked, never read: only postconf(1) knows its defaults, its
 * includes and what "$name" comes to. Each of our commands can be printed as it
 * would be typed.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/postfix/postconf.h"
#include "admin/tool/program.h"
#include "admin/tool/tool.h"

/* --- commands ------------------------------------------------------------- */

int
postconf_command(const struct postconf *p, struct postconf_command *ret,
    const char *program, ...)
{
	const char *words[POSTCONF_WORDS_MAX + 1] = {program};
	struct postconf_command c = {{NULL}};
	size_t n = 1;
	va_list ap;

	if (p->dir != NULL) {
		words[n++] = "-c";
		words[n++] = p->dir;
	}
	va_start(ap, program);
	while (n < POSTCONF_WORDS_MAX &&
	    (words[n] = va_arg(ap, const char *)) != NULL)
		n++;
	va_end(ap);
	for (size_t i = 0; i < n; i++) {
		c.word[i] = strdup(words[i]);
		if (c.word[i] == NULL) {
			postconf_command_free(&c);
			return -ENOMEM;
		}
	}
	*ret = c;
	return 0;
}

void
postconf_command_free(struct postconf_command *c)
{
	for (size_t i = 0; c->word[i] != NULL; i++) {
		free(c->word[i]);
		c->word[i] = NULL;
	}
}

void
postconf_command_print(const struct postconf_command *c, struct buf *out)
{
	for (size_t i = 0; c->word[i] != NULL; i++) {
		if (i > 0)
			buf_byte(out, ' ');
		tool_shell_word(c->word[i], out);
	}
	buf_byte(out, '\n');
}

/* Says that a command did not do it, with the last of what it said. */
static void
tell_failure(const struct postconf_command *c, int rc, int status,
    const struct buf *err, struct buf *why)
{
	struct span said = buf_view(err);

	while (said.n > 0 && said.p[said.n - 1] == '\n')
		said.n--;
	if (rc == -ENOENT)
		buf_fmt(why, "there is no %s(1): is Postfix installed?\n",
		    c->word[0]);
	else if (rc != 0)
		buf_fmt(why, "%s: %s\n", c->word[0], strerror(-rc));
	else
		buf_fmt(why, "%s ends with status %d: %.*s\n", c->word[0],
		    status, (int)said.n, said.p == NULL ? "" : said.p);
}

/* Runs it. 0; or -errno after a sentence in why. */
static int
run(const struct postconf_command *c, struct buf *out, struct buf *why)
{
	const char *words[POSTCONF_WORDS_MAX + 1];
	struct buf err;
	int status = 0, rc;

	for (size_t i = 0; i <= POSTCONF_WORDS_MAX; i++)
		words[i] = c->word[i];
	buf_init(&err, PROGRAM_OUTPUT_MAX);
	rc = program_run(words, out, &err, &status);
	if (rc != 0 || status != 0) {
		tell_failure(c, rc, status, &err, why);
		rc = rc == 0 ? -EIO : rc == -ENOENT ? -ENOEXEC : rc;
	}
	buf_free(&err);
	return rc;
}

int
postconf_command_run(const struct postconf_command *c, struct buf *why)
{
	struct buf out;
	int rc;

	buf_init(&out, PROGRAM_OUTPUT_MAX);
	rc = run(c, &out, why);
	buf_free(&out);
	return rc;
}

int
postconf_run_postfix(
    const struct postconf *p, const char *word, struct buf *why)
{
	struct postconf_command c;
	int rc = postconf_command(p, &c, "postfix", word, NULL);

	if (rc != 0)
		return rc;
	rc = postconf_command_run(&c, why);
	postconf_command_free(&c);
	return rc;
}

bool
postconf_postfix_runs(const struct postconf *p)
{
	struct buf quiet;
	bool runs;

	buf_init(&quiet, TOOL_MESSAGES_MAX);
	runs = postconf_run_postfix(p, "status", &quiet) == 0;
	buf_free(&quiet);
	return runs;
}

/* --- questions ------------------------------------------------------------ */

/* From 3.10 on Postfix resolves $config_directory to its own also when -c names
 * another one; -o has the last word in all. */
static int
expanding(
    const struct postconf *p, const char *name, struct postconf_command *ret)
{
	char *own;
	int rc;

	if (p->dir == NULL)
		return postconf_command(p, ret, "postconf", "-xh", name, NULL);
	if (asprintf(&own, "config_directory=%s", p->dir) < 0)
		return -ENOMEM;
	rc = postconf_command(p, ret, "postconf", "-o", own, "-xh", name, NULL);
	free(own);
	return rc;
}

static int
ask(const struct postconf *p, const char *option, const char *word,
    struct buf *ret, struct buf *why)
{
	struct postconf_command c;
	int rc = strcmp(option, "-xh") == 0
	    ? expanding(p, word, &c)
	    : postconf_command(p, &c, "postconf", option, word, NULL);

	if (rc != 0) {
		buf_fmt(why, "%s\n", strerror(-rc));
		return rc;
	}
	rc = run(&c, ret, why);
	postconf_command_free(&c);
	return rc;
}

/* Appends text without its last newline, other line ends as blanks. */
static void
add_line(struct span text, struct buf *ret)
{
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	for (size_t i = 0; i < text.n; i++)
		buf_byte(ret, text.p[i] == '\n' ? ' ' : text.p[i]);
}

/* As ask(), in one line; -ENOENT when it says nothing at all. */
static int
ask_line(const struct postconf *p, const char *option, const char *word,
    struct buf *ret, struct buf *why)
{
	struct buf out;
	int rc;

	buf_init(&out, PROGRAM_OUTPUT_MAX);
	rc = ask(p, option, word, &out, why);
	if (rc == 0 && out.n == 0)
		rc = -ENOENT;
	if (rc == 0) {
		add_line(buf_view(&out), ret);
		rc = buf_error(ret);
		if (rc != 0)
			buf_fmt(why, "postconf says too much of %s: %s\n",
			    word == NULL ? option : word, strerror(-rc));
	}
	buf_free(&out);
	return rc;
}

int
postconf_get(const struct postconf *p, const char *name, bool expand,
    struct buf *ret, struct buf *why)
{
	return ask_line(p, expand ? "-xh" : "-h", name, ret, why);
}

int
postconf_directory(const struct postconf *p, struct buf *ret, struct buf *why)
{
	if (p->dir == NULL)
		return postconf_get(p, "config_directory", false, ret, why);
	buf_str(ret, p->dir);
	return 0;
}

int
postconf_is_set(
    const struct postconf *p, const char *name, bool *ret, struct buf *why)
{
	struct buf out;
	int rc;

	buf_init(&out, PROGRAM_OUTPUT_MAX);
	rc = ask(p, "-n", name, &out, why);
	if (rc == 0)
		*ret = out.n > 0;
	buf_free(&out);
	return rc;
}

int
postconf_service(const struct postconf *p, const char *service, struct buf *ret,
    struct buf *why)
{
	return ask_line(p, "-M", service, ret, why);
}

int
postconf_services(const struct postconf *p, struct buf *ret, struct buf *why)
{
	return ask(p, "-Mx", NULL, ret, why);
}
