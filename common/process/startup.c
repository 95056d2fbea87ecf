/*
 * Trap: a spawned daemon's standard error is its peer's socket, so that nothing is
 * printed there but by -T, which a person typed.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/log/log.h"
#include "common/process/startup.h"

enum { TEXT_MAX = 64 * 1024, DUMP_MAX = 1024 * 1024 };

int
startup_settings(const char *file, enum settings_scope scope, bool warn,
    struct settings **ret, struct buf *why)
{
	struct buf warnings;
	int rc;

	buf_init(&warnings, TEXT_MAX);
	rc = settings_read(file, scope, ret, why, &warnings);
	if (warn)
		log_lines(LOG_WARNING, "config", buf_view(&warnings));
	if (rc != 0)
		log_lines(LOG_ERR, "config", buf_view(why));
	buf_free(&warnings);
	return rc;
}

static int
open_log(const struct settings *s, bool reload, const char *ident)
{
	int rc = reload ? log_prepare(s->log) : log_open(s->log, ident);

	if (rc != 0)
		log_event(
		    LOG_ERR, "config", "log \"%s\": %s", s->log, strerror(-rc));
	return rc;
}

int
startup_load(const char *file, enum settings_scope scope, bool reload,
    const char *ident, struct settings **ret)
{
	struct settings *s;
	struct buf why;
	int rc;

	buf_init(&why, TEXT_MAX);
	rc = startup_settings(file, scope, true, &s, &why);
	buf_free(&why);
	if (rc != 0)
		return rc;
	rc = open_log(s, reload, ident);
	if (rc != 0)
		settings_free(s);
	else
		*ret = s;
	return rc;
}

void
startup_print(FILE *to, const struct buf *text)
{
	if (text->n > 0)
		fwrite(text->p, 1, text->n, to);
}

int
startup_test(const char *file, enum settings_scope scope)
{
	struct settings *settings = NULL;
	struct buf text, warn;
	int rc;

	buf_init(&text, DUMP_MAX);
	buf_init(&warn, TEXT_MAX);
	rc = settings_read(file, scope, &settings, &text, &warn);
	startup_print(stderr, &warn);
	if (rc == 0)
		settings_dump(settings, scope, &text);
	startup_print(rc == 0 ? stdout : stderr, &text);
	settings_free(settings);
	buf_free(&text);
	buf_free(&warn);
	return rc == 0 && fflush(stdout) == 0 ? EX_OK : 1;
}

static int
usage(const struct startup_program *p, const struct options *o)
{
	if (p->wrong != NULL)
		return p->wrong(o);
	fprintf(stderr, "%s: %s %s\n%s", p->ident, o->wrong, o->what, p->help);
	return EX_USAGE;
}

int
startup_main(const struct startup_program *p, int argc, char **argv)
{
	struct options o;

	if (options_read(argc, argv, p->listen, &o) != 0)
		return usage(p, &o);
	switch (o.mode) {
	case OPTIONS_SERVE:
	case OPTIONS_LISTEN:
		return p->run(&o);
	case OPTIONS_TEST:
		return p->test(o.file);
	case OPTIONS_HELP:
		fputs(p->help, stdout);
		return EX_OK;
	case OPTIONS_VERSION:
		printf("%s %s\n", p->ident, POSTSEAL_VERSION);
		return EX_OK;
	}
	return EX_SOFTWARE;
}
