#include "signer/generation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

enum { TEXT_MAX = 1024 * 1024 }; /* ten thousand bad keys, and their paths */

int
generation_read(
    const char *file, struct generation *ret, struct buf *why, struct buf *warn)
{
	struct generation g = {NULL, NULL};
	int rc = settings_read(file, SETTINGS_SIGNER, &g.settings, why, warn);

	if (rc != 0)
		return rc;
	rc = keyring_open(g.settings, &g.keys, why, warn);
	if (rc != 0) {
		buf_fmt(why, "%s: %s\n", file, strerror(-rc));
		generation_clear(&g);
		return rc;
	}
	*ret = g;
	return 0;
}

void
generation_clear(struct generation *g)
{
	keyring_free(g->keys);
	settings_free(g->settings);
	*g = (struct generation){NULL, NULL};
}

static void
log_lines(int level, struct span text)
{
	while (text.n > 0) {
		size_t n = span_find(text, '\n');

		log_event(level, "config", "%.*s", (int)n, text.p);
		text = span_skip(text, n + 1);
	}
}

/* 0, or -errno after a sentence in why. */
static int
judge(const struct generation *g, bool reload, struct buf *why)
{
	bool strict = reload || g->settings->signer.strict_start;
	int rc;

	if (g->keys->bad > 0 && strict) {
		buf_str(why,
		    reload ? "bad keys: the settings in force stay\n"
		           : "bad keys, and strict_start is set\n");
		return -EINVAL;
	}
	rc = log_open(g->settings->log, GENERATION_IDENT);
	if (rc != 0)
		buf_fmt(
		    why, "log \"%s\": %s\n", g->settings->log, strerror(-rc));
	return rc;
}

int
generation_load(const char *file, bool reload, struct generation **ret)
{
	struct generation *g = calloc(1, sizeof *g);
	struct buf why, warn;
	int rc = -ENOMEM;

	buf_init(&why, TEXT_MAX);
	buf_init(&warn, TEXT_MAX);
	if (g == NULL)
		buf_fmt(&why, "%s: %s\n", file, strerror(ENOMEM));
	else
		rc = generation_read(file, g, &why, &warn);
	if (rc == 0)
		rc = judge(g, reload, &why);
	log_lines(LOG_WARNING, buf_view(&warn));
	log_lines(LOG_ERR, buf_view(&why));
	buf_free(&why);
	buf_free(&warn);
	if (rc == 0)
		*ret = g;
	else
		generation_free(g);
	return rc;
}

void
generation_free(struct generation *g)
{
	if (g != NULL)
		generation_clear(g);
	free(g);
}
