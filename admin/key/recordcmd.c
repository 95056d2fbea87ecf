#include <errno.h>

#include <jansson.h>

#include "admin/key/domainkey.h"
#include "admin/key/recordcmd.h"
#include "common/bytes/domain.h"

struct options {
	char domain[DOMAIN_MAX + 1];
	char selector[DOMAIN_MAX + 1]; /* "": all of them */
	bool zone, value;
};

/* --- one record ----------------------------------------------------------- */

static struct keyrecord
record_of(const struct domainkey *k)
{
	return (struct keyrecord){
	    .algorithm = k->facts.algorithm, .key = buf_view(&k->half)};
}

/* True where it is for people, and not for what reads a zone. */
static bool
explains(const struct call *c)
{
	const struct options *o = c->options;

	return !o->zone && !o->value && !c->json;
}

static void
print(const struct options *o, const struct domainkey *k, struct buf *out)
{
	const struct keyrecord record = record_of(k);

	if (o->zone) {
		keyrecord_zone(&record, span_str(k->settings->selector),
		    span_str(k->domain->name), out);
	} else if (o->value) {
		keyrecord_print(&record, out);
		buf_byte(out, '\n');
	} else {
		domainkey_record(k, out);
	}
}

/* --- all of them ---------------------------------------------------------- */

/* TOOL_OK; TOOL_FAILED when there is one that cannot be used, told; or
 * -errno. */
static int
print_all(struct call *c, const struct domainkeys *keys)
{
	json_t *all = c->json ? json_array() : NULL;
	const struct domainkey *printed =
	    NULL; /* if any, one that may not sign yet */
	int rc = TOOL_OK, error = 0;

	for (size_t i = 0; i < keys->n && error == 0; i++) {
		const struct domainkey *k = &keys->key[i];

		if (k->problem != NULL) {
			domainkey_tell_unusable(k, &c->why);
			rc = TOOL_FAILED;
		} else if (c->json) {
			error =
			    json_array_append_new(all, domainkey_json(k)) == 0
			    ? 0
			    : -ENOMEM;
		} else {
			print(c->options, k, &c->out);
			if (printed == NULL || printed->settings->active)
				printed = k;
		}
	}
	if (printed != NULL && explains(c))
		domainkey_next(printed, &c->out);
	if (error == 0 && c->json)
		error = subcommand_json(c, json_incref(all));
	json_decref(all);
	return error == 0 ? rc : error;
}

static int
run(struct call *c)
{
	const struct options *o = c->options;
	struct domainkeys keys = {.n = 0};
	struct settings *s = NULL;
	struct buf warn;
	int rc;

	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = settings_read(c->config, SETTINGS_SIGNER, &s, &c->why, &warn);
	buf_free(&warn);
	if (rc == 0)
		rc = domainkeys_read(s, o->domain,
		    o->selector[0] == '\0' ? NULL : o->selector, &keys,
		    &c->why);
	if (rc == 0 && keys.n == 0)
		rc = domainkeys_tell_none(c->config, o->domain, &c->why);
	if (rc == 0)
		rc = print_all(c, &keys);
	domainkeys_free(&keys);
	settings_free(s);
	return rc;
}

/* --- the command line ----------------------------------------------------- */

static int
take_selector(struct call *c, const char *word)
{
	struct options *o = c->options;

	return subcommand_selector(c, word, o->selector);
}

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;

	if (n != 1)
		return subcommand_wrong(
		    c, n == 0 ? "which domain?" : "one domain at a time", NULL);
	if (o->zone + o->value + c->json > 1)
		return subcommand_wrong(
		    c, "--zone, --value and --json: one of them", NULL);
	return subcommand_domain(c, word[0], o->domain);
}

const struct subcommand record_subcommand = {
    .name = "record",
    .words = "DOMAIN",
    .text = "print the DNS records of its keys",
    .head = "postseal record DOMAIN [-s NAME] - print the DNS records of its "
            "keys, to publish\n"
            "\n"
            "DNS is not asked; testkey does that.",
    .tail = "Exit status: 0; 1 when there is no such key, or it cannot be "
            "used; 2 when the\n"
            "command line is wrong.",
    .column = 24,
    .options = &(const struct options){.zone = false},
    .size = sizeof(struct options),
    .option =
        {
            {'s', "selector", "NAME", "only this key", .take = take_selector},
            {'z', "zone", NULL, "only the lines of a zone file",
                .at = offsetof(struct options, zone)},
            {'V', "value", NULL,
                "only the value, as a web form wants it; of several keys a "
                "line\neach",
                .at = offsetof(struct options, value)},
            {'j', "json", NULL, "for machines", .take = subcommand_take_json},
            SUBCOMMAND_CONFIG,
        },
    .take_words = take_words,
    .run = run,
};
