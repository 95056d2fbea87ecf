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

int
startup_log(const struct settings *s, bool reload, const char *ident)
{
	int rc = reload ? log_prepare(s->log) : log_open(s->log, ident);

	if (rc != 0)
		log_event(
		    LOG_ERR, "config", "log \"%s\": %s", s->log, strerror(-rc));
	return rc;
}

static void
print(FILE *f, const struct buf *b)
{
	if (b->n > 0)
		fwrite(b->p, 1, b->n, f);
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
	print(stderr, &warn);
	if (rc == 0)
		settings_dump(settings, scope, &text);
	print(rc == 0 ? stdout : stderr, &text);
	settings_free(settings);
	buf_free(&text);
	buf_free(&warn);
	return rc == 0 && fflush(stdout) == 0 ? EX_OK : 1;
}
