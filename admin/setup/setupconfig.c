#include <errno.h>

#include "admin/key/confedit.h"
#include "admin/limits.h"
#include "admin/setup/setupconfig.h"
#include "admin/tool/newfile.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

static const struct confedit_step in_policyd[] = {{"policyd", NULL}};
static const struct confedit_step in_signer[] = {{"signer", NULL}};
static const struct confedit_step in_mail_from[] = {
    {"policyd", NULL}, {"mail_from", NULL}};
static const struct confedit_step in_verifier[] = {{"verifier", NULL}};

static int
fail(struct setupconfig *c, int rc)
{
	buf_fmt(c->why, "%s: %s\n", c->file, strerror(-rc));
	return rc;
}

int
setupconfig_read(struct setupconfig *c, const char *file, struct buf *why)
{
	struct buf warn;
	bool is_new;
	int rc;

	*c = (struct setupconfig){.file = file, .why = why};
	buf_init(&c->changes, TOOL_MESSAGES_MAX);
	rc = tool_read_file(file, CONFIG_FILE_MAX, &c->text);
	is_new = rc == -ENOENT;
	if (rc != 0 && !is_new)
		return fail(c, rc);
	if (is_new)
		buf_init(&c->text, CONFIG_FILE_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = is_new
	    ? settings_parse(
	          file, span_str(""), SETTINGS_ALL, &c->settings, why, &warn)
	    : settings_read(file, SETTINGS_ALL, &c->settings, why, &warn);
	buf_free(&warn);
	if (rc != 0)
		setupconfig_free(c);
	return rc;
}

void
setupconfig_free(struct setupconfig *c)
{
	settings_free(c->settings);
	c->settings = NULL;
	buf_free(&c->text);
	buf_free(&c->changes);
}

/* Sets a value in c->text. */
static int
set(struct setupconfig *c, const struct confedit_step *path, size_t depth,
    const char *key, const char *value)
{
	struct buf next;
	int rc;

	buf_init(&next, CONFIG_FILE_MAX);
	rc = confedit_set(c->file, buf_view(&c->text), path, depth, key, value,
	    &next, c->why);
	if (rc != 0) {
		buf_free(&next);
		return rc == -EINVAL ? rc : fail(c, rc);
	}
	buf_free(&c->text);
	c->text = next;
	buf_str(&c->changes, "  ");
	for (size_t i = 0; i < depth; i++)
		buf_fmt(&c->changes, "%s { ", path[i].section);
	buf_fmt(&c->changes, "%s = %s", key, value);
	for (size_t i = 0; i < depth; i++)
		buf_str(&c->changes, " }");
	buf_byte(&c->changes, '\n');
	return 0;
}

int
setupconfig_plan(struct setupconfig *c, const char *hostname, bool observe,
    const char *listen)
{
	struct span there;
	struct buf name;
	int rc = 0;

	buf_init(&name, strlen(hostname) * 2 + 3);
	tool_config_string(hostname, &name);
	if (buf_text(&name) == NULL)
		rc = fail(c, -ENOMEM);
	if (rc == 0 &&
	    confedit_get(buf_view(&c->text), NULL, 0, "hostname", &there) ==
	        -ENOENT)
		rc = set(c, NULL, 0, "hostname", buf_text(&name));
	if (rc == 0 && observe &&
	    confedit_get(buf_view(&c->text), in_policyd, 1, "observe",
	        &there) == -ENOENT)
		rc = set(c, in_policyd, 1, "observe", "true");
	if (rc == 0 && listen[0] != '\0')
		rc = set(c, in_signer, 1, "listen", listen);
	buf_free(&name);
	return rc;
}

/* Sets a key of the verifier's that the file does not have. */
static int
set_missing(struct setupconfig *c, const char *key, const char *value)
{
	struct span there;

	return confedit_get(buf_view(&c->text), in_verifier, 1, key, &there) ==
	        -ENOENT
	    ? set(c, in_verifier, 1, key, value)
	    : 0;
}

int
setupconfig_verify(struct setupconfig *c, const char *id, const char *listen,
    const char *networks)
{
	struct buf name;
	int rc = 0;

	buf_init(&name, strlen(id) * 2 + 3);
	tool_config_string(id, &name);
	if (buf_text(&name) == NULL)
		rc = fail(c, -ENOMEM);
	if (rc == 0)
		rc = set_missing(c, "authserv_id", buf_text(&name));
	if (rc == 0 && networks[0] != '\0')
		rc = set_missing(c, "trusted_networks", networks);
	if (rc == 0 && listen[0] != '\0')
		rc = set(c, in_verifier, 1, "listen", listen);
	buf_free(&name);
	return rc;
}

/* verifier.reject with one word more. */
static int
refuse_more(struct setupconfig *c, const char *word)
{
	const struct text_list *now = &c->settings->verifier.reject;
	struct buf list;
	int rc;

	buf_init(&list, CONFIG_FILE_MAX);
	buf_byte(&list, '{');
	for (size_t i = 0; i < now->n; i++) {
		if (strcmp(now->v[i], word) == 0) {
			buf_free(&list);
			return 0;
		}
		buf_fmt(&list, "\"%s\", ", now->v[i]);
	}
	buf_fmt(&list, "\"%s\"}", word);
	rc = buf_text(&list) == NULL
	    ? fail(c, -ENOMEM)
	    : set(c, in_verifier, 1, "reject", buf_text(&list));
	buf_free(&list);
	return rc;
}

int
setupconfig_enforce(struct setupconfig *c, bool verifies)
{
	const struct identity_settings *from = &c->settings->policyd.mail_from;
	int rc = 0;

	if (c->settings->policyd.observe)
		rc = set(c, in_policyd, 1, "observe", "false");
	if (rc == 0 && verifies && from->action[SPF_FAIL].kind == ACTION_REJECT)
		rc = set(c, in_mail_from, 2, "fail", "\"header\"");
	if (rc == 0 && verifies)
		rc = refuse_more(c, "spf-fail");
	return rc;
}

int
setupconfig_store(struct setupconfig *c)
{
	struct settings *s = NULL;
	struct buf warn;
	int rc;

	if (c->changes.n == 0)
		return 0;
	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = settings_parse(
	    c->file, buf_view(&c->text), SETTINGS_ALL, &s, c->why, &warn);
	buf_free(&warn);
	settings_free(s);
	if (rc != 0)
		return rc;
	return newfile_replace(c->file, buf_view(&c->text), 0644, c->why);
}
