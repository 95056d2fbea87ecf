/*
 * The new text is read by the config's own reader before it takes the place of
 * the old one: no command can write a file that the signer would refuse at its
 * next start.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "admin/key/confedit.h"
#include "admin/key/domainfile.h"
#include "admin/limits.h"
#include "admin/tool/newfile.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

enum { FILE_MODE = 0644, DIR_MODE = 0755 };

/* Says why path is not written. */
static int
fail(const char *path, int rc, struct buf *why)
{
	buf_fmt(why, "%s: %s\n", path, strerror(-rc));
	return rc;
}

/* The new text, if the signer would take it, to its place. */
static int
store(const char *path, const struct buf *text, struct buf *why)
{
	struct settings *s = NULL;
	struct buf warn;
	int rc = buf_error(text);

	if (rc != 0)
		return fail(path, rc, why);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = settings_parse(
	    path, buf_view(text), SETTINGS_SIGNER, &s, why, &warn);
	buf_free(&warn);
	settings_free(s);
	if (rc != 0)
		return rc;
	return newfile_replace(path, buf_view(text), FILE_MODE, why);
}

/* The directory of domains.d, made where it lacks, and the domain's file. */
static int
own_path(const char *config, const char *domain, char *ret, struct buf *why)
{
	const char *slash = strrchr(config, '/');
	int n = slash == NULL ? 0 : (int)(slash - config) + 1;
	char dir[PATH_MAX];
	bool made;

	if (snprintf(dir, sizeof dir, "%.*sdomains.d", n, config) >= PATH_MAX ||
	    snprintf(ret, PATH_MAX, "%.*sdomains.d/%s.conf", n, config,
	        domain) >= PATH_MAX)
		return fail(config, -ENAMETOOLONG, why);
	return newfile_dir(dir, DIR_MODE, &made, why);
}

const struct key_settings *
domainfile_key(const struct domain_settings *d, const char *selector)
{
	for (size_t i = 0; d != NULL && i < d->nkeys; i++) {
		if (strcmp(d->key[i].selector, selector) == 0)
			return &d->key[i];
	}
	return NULL;
}

/* Sets one value of the key's section in text, in place. */
static int
set(const char *path, struct buf *text, const struct confedit_step *step,
    const char *key, const char *value, struct buf *why)
{
	struct buf changed;
	int rc;

	buf_init(&changed, CONFIG_FILE_MAX);
	rc = confedit_set(
	    path, buf_view(text), step, 2, key, value, &changed, why);
	if (rc != 0) {
		buf_free(&changed);
		return rc == -EINVAL ? rc : fail(path, rc, why);
	}
	buf_free(text);
	*text = changed;
	return 0;
}

/* Reads path; a file that is not there is empty. */
static int
read_text(const char *path, struct buf *ret, struct buf *why)
{
	int rc = tool_read_file(path, CONFIG_FILE_MAX, ret);

	if (rc == -ENOENT) {
		buf_init(ret, CONFIG_FILE_MAX);
		return 0;
	}
	return rc == 0 ? 0 : fail(path, rc, why);
}

int
domainfile_add(const char *config, const struct settings *s, const char *domain,
    const char *selector, const char *file, bool active, char *ret,
    struct buf *why)
{
	const struct confedit_step step[] = {
	    {"domain", domain}, {"key", selector}};
	const struct domain_settings *d =
	    s == NULL ? NULL : settings_domain(s, span_str(domain));
	struct buf text, value;
	char path[PATH_MAX];
	int rc = 0;

	if (domainfile_key(d, selector) != NULL) {
		buf_fmt(why,
		    "%s: domain %s has a key \"%s\"; name another selector "
		    "with -s\n",
		    d->origin, domain, selector);
		return -EEXIST;
	}
	if (d != NULL)
		snprintf(path, sizeof path, "%s", d->origin);
	else
		rc = own_path(config, domain, path, why);
	if (rc == 0)
		rc = read_text(path, &text, why);
	if (rc != 0)
		return rc;
	buf_init(&value, PATH_MAX * 2);
	tool_config_string(file, &value);
	rc = set(path, &text, step, "file", buf_text(&value), why);
	if (rc == 0)
		rc = set(path, &text, step, "active", active ? "true" : "false",
		    why);
	if (rc == 0)
		rc = store(path, &text, why);
	if (rc == 0)
		snprintf(ret, PATH_MAX, "%s", path);
	buf_free(&value);
	buf_free(&text);
	return rc;
}

int
domainfile_activate(
    const struct key_settings *key, const char *domain, struct buf *why)
{
	const struct confedit_step step[] = {
	    {"domain", domain}, {"key", key->selector}};
	struct buf text;
	int rc = read_text(key->origin, &text, why);

	if (rc != 0)
		return rc;
	rc = set(key->origin, &text, step, "active", "true", why);
	if (rc == 0)
		rc = store(key->origin, &text, why);
	buf_free(&text);
	return rc;
}

int
domainfile_remove(
    const struct key_settings *key, const char *domain, struct buf *why)
{
	const struct confedit_step step[] = {
	    {"domain", domain}, {"key", key->selector}};
	struct buf text, changed;
	int rc = read_text(key->origin, &text, why);

	if (rc != 0)
		return rc;
	buf_init(&changed, CONFIG_FILE_MAX);
	rc = confedit_remove(
	    key->origin, buf_view(&text), step, 2, &changed, why);
	if (rc == 0)
		rc = store(key->origin, &changed, why);
	else if (rc != -EINVAL)
		fail(key->origin, rc, why);
	buf_free(&changed);
	buf_free(&text);
	return rc;
}
