/*
 * Read and judged whole, or not at all: on a reload every key must be good, as
 * the old ones go on; at start the good ones sign, because without a signer all
 * mail would wait.
 */
#include "signer/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes/clock.h"
#include "common/log/log.h"
#include "common/process/daemon.h"
#include "signer/sign/hdrsel.h"

enum { RULES_MEMORY_MAX = 64 * 1024 };

enum { TEXT_MAX = 1024 * 1024 }; /* ten thousand bad keys, and their paths */

/* 0, -EINVAL or -ENOMEM. */
static int
check_headers(const struct settings *s, struct buf *why)
{
	const char *bad = NULL;
	struct hdrsel_rules rules;
	struct arena arena;
	int rc;

	arena_init(&arena, RULES_MEMORY_MAX);
	rc = hdrsel_read(&s->signer.sign_headers, &arena, &rules, &bad);
	if (rc == -EPERM || rc == -EINVAL) {
		settings_where(s, "signer.sign_headers", why);
		buf_fmt(why, ": %s%s\n", bad,
		    rc == -EPERM ? " changes on the way and is never signed"
		                 : "");
	}
	arena_free(&arena);
	return rc == -EPERM ? -EINVAL : rc;
}

/* The text behind the '@' of a row's pattern, or all of it. */
static struct span
domain_of(const struct table_row *row)
{
	struct span s = span_str(row->key);
	size_t at = span_find(s, '@');

	return at < s.n ? span_skip(s, at + 1) : s;
}

/* Two names or more, or a pattern for all: somebody's mail could be signed as
 * another's. */
static bool
has_several(const struct setup *s)
{
	const struct table *t = &s->keys->tables->signing.table;
	struct span first;

	if (s->settings->ndomains > 1)
		return true;
	if (t->n == 0)
		return false;
	first = domain_of(&t->row[0]);
	if (s->settings->ndomains > 0 &&
	    !span_ieqs(first, s->settings->domain[0].name))
		return true;
	for (size_t i = 0; i < t->n; i++) {
		struct span domain = domain_of(&t->row[i]);

		if (!span_ieq(domain, first) || span_eq(domain, span_str("*")))
			return true;
	}
	return false;
}

void
setup_warn(const struct setup *s, time_t now, struct buf *warn)
{
	const struct signer_settings *g = &s->settings->signer;

	if (!s->keys->tables->has_auth && has_several(s)) {
		settings_where(s->settings, "signer.auth_table", warn);
		buf_str(warn,
		    ": each login may have mail signed as any of the domains; "
		    "\"inline:* %\" lets each use its own address only, "
		    "\"inline:* *\" leaves it so\n");
	}
	if (g->list_domains.n > 0 && g->list_daemons.n == 0 &&
	    g->list_hosts.n == 0) {
		settings_where(s->settings, "signer.list_domains", warn);
		buf_str(warn,
		    ": does nothing without list_daemons or list_hosts\n");
	}
	if (clock_seconds(now) == 0)
		buf_fmt(warn,
		    "%s: the clock of this host says it is before 2020: until "
		    "it is right, signatures have neither t= nor x=\n",
		    s->settings->file);
}

int
setup_check(const struct settings *s, struct buf *why)
{
	return check_headers(s, why);
}

int
setup_read(
    const char *file, struct setup *ret, struct buf *why, struct buf *warn)
{
	struct setup s = {NULL, NULL};
	int rc = settings_read(file, SETTINGS_SIGNER, &s.settings, why, warn);

	if (rc != 0)
		return rc;
	rc = setup_check(s.settings, why);
	if (rc == -EINVAL) {
		setup_clear(&s);
		return rc;
	}
	if (rc == 0)
		rc = keyring_open(s.settings, &s.keys, why, warn);
	if (rc != 0) {
		if (rc == -ENOMEM)
			buf_fmt(why, "%s: %s\n", file, strerror(ENOMEM));
		setup_clear(&s);
		return rc;
	}
	setup_warn(&s, time(NULL), warn);
	*ret = s;
	return 0;
}

void
setup_clear(struct setup *s)
{
	keyring_free(s->keys);
	settings_free(s->settings);
	*s = (struct setup){NULL, NULL};
}

/* 0, or -errno after a sentence in why. */
static int
judge(const struct setup *s, bool reload, struct buf *why)
{
	bool strict = reload || s->settings->signer.strict_start;

	if (s->keys->bad > 0 && strict) {
		buf_str(why,
		    reload ? "bad keys: the settings in force stay\n"
		           : "bad keys, and strict_start is set\n");
		return -EINVAL;
	}
	return daemon_log(s->settings, reload, SETUP_IDENT, why);
}

int
setup_load(const char *file, bool reload, struct setup **ret)
{
	struct setup *s = calloc(1, sizeof *s);
	struct buf why, warn;
	int rc = -ENOMEM;

	buf_init(&why, TEXT_MAX);
	buf_init(&warn, TEXT_MAX);
	if (s == NULL)
		buf_fmt(&why, "%s: %s\n", file, strerror(ENOMEM));
	else
		rc = setup_read(file, s, &why, &warn);
	if (rc == 0)
		rc = judge(s, reload, &why);
	log_lines(LOG_WARNING, "config", buf_view(&warn));
	log_lines(LOG_ERR, "config", buf_view(&why));
	buf_free(&why);
	buf_free(&warn);
	if (rc == 0)
		*ret = s;
	else
		setup_free(s);
	return rc;
}

void
setup_free(struct setup *s)
{
	if (s != NULL)
		setup_clear(s);
	free(s);
}
