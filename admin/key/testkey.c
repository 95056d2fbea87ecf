/*
 * The trap: --activate writes, and says so in words; with --json these would
 * spoil what a program reads, so they go nowhere.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <jansson.h>

#include "admin/key/domainfile.h"
#include "admin/key/domainkey.h"
#include "admin/key/follow.h"
#include "admin/key/testkey.h"
#include "common/bytes/domain.h"

struct options {
	char domain[DOMAIN_MAX + 1];   /* "": all */
	char selector[DOMAIN_MAX + 1]; /* likewise */
	bool activate;
};

/* --- what is printed ------------------------------------------------------ */

static void
print_key(const struct domainkey *k, bool colour, struct buf *out)
{
	const char *mark = domainkey_good(k) ? "32" : "31";

	if (k->problem == NULL && k->diff == KEYDIFF_NODNS)
		mark = "33";
	if (colour)
		buf_fmt(out, "\033[%sm", mark);
	buf_str(out, k->name);
	if (colour)
		buf_str(out, "\033[0m");
	buf_str(out, ": ");
	if (k->problem != NULL)
		buf_fmt(out, "%s: %s", k->settings->file, k->problem);
	else
		buf_span(out, buf_view(&k->text));
	if (!k->settings->active)
		buf_str(out, " [not active]");
	if (k->problem == NULL && k->security == DNS_SECURE)
		buf_str(out, " [DNSSEC]");
	buf_byte(out, '\n');
}

/* What is said once, below. */
static void
print_dnssec(const struct domainkey *k, size_t n, struct buf *out)
{
	size_t good = 0, secure = 0;

	for (size_t i = 0; i < n; i++) {
		good += domainkey_good(&k[i]);
		secure += domainkey_good(&k[i]) && k[i].security == DNS_SECURE;
	}
	if (good > 0 && secure < good)
		buf_str(out,
		    "(Without DNSSEC, as for most domains: signatures are "
		    "verified all the same.)\n");
}

static json_t *
key_json(const struct domainkey *k)
{
	struct span text = buf_view(&k->text);

	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:s, s:o, s:b}", "name",
	    k->name, "domain", k->domain->name, "selector",
	    k->settings->selector, "active", (int)k->settings->active, "good",
	    (int)domainkey_good(k), "status",
	    k->problem != NULL ? "no-private-key" : keydiff_word(k->diff),
	    "text",
	    k->problem != NULL
	        ? json_string(k->problem)
	        : json_stringn(text.p == NULL ? "" : text.p, text.n),
	    "dnssec", (int)(k->security == DNS_SECURE));
}

static int
print_json(const struct domainkey *k, size_t n, struct call *c)
{
	json_t *all = json_array();
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		rc |= json_array_append_new(all, key_json(&k[i]));
	if (rc == 0)
		return subcommand_json(c, all);
	json_decref(all);
	return -ENOMEM;
}

/* --- what is done --------------------------------------------------------- */

/* Lets the keys sign whose records are right. 0 or -errno. */
static int
activate(const struct domainkey *k, size_t n, struct buf *out, struct buf *why)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (k[i].settings->active || !domainkey_good(&k[i]))
			continue;
		rc = domainfile_activate(k[i].settings, k[i].domain->name, why);
		if (rc == 0)
			buf_fmt(out, "%s is active now (%s)\n", k[i].name,
			    k[i].settings->origin);
	}
	return rc;
}

/* When the files of the good keys were changed last; 0: there is none. */
static time_t
changed(const struct domainkey *k, size_t n)
{
	time_t last = 0;

	for (size_t i = 0; i < n; i++) {
		struct stat st;

		if (domainkey_good(&k[i]) &&
		    stat(k[i].settings->origin, &st) == 0 && st.st_ctime > last)
			last = st.st_ctime;
	}
	return last;
}

/* And they sign: also those that were active before, of which the signer did
 * not hear. TOOL_OK, TOOL_UNTOLD or -errno, told. */
static int
let_sign(struct call *c, const struct domainkey *k, size_t n)
{
	struct buf quiet, *out = &c->out;
	int rc;

	buf_init(&quiet, TOOL_MESSAGES_MAX);
	if (c->json)
		out = &quiet;
	rc = activate(k, n, out, &c->why);
	if (rc == 0 && changed(k, n) != 0) {
		rc = follow_signer(c->config, changed(k, n), &c->why);
		if (rc == 0)
			buf_str(out, "The signer runs with these settings.\n");
	}
	buf_free(&quiet);
	return rc;
}

static int
judge(const struct domainkey *k, size_t n)
{
	bool unknown = false;

	for (size_t i = 0; i < n; i++) {
		if (k[i].problem == NULL && k[i].diff == KEYDIFF_NODNS)
			unknown = true;
		else if (!domainkey_good(&k[i]))
			return TOOL_FAILED;
	}
	return n == 0 ? TOOL_FAILED : unknown ? TOOL_LATER : TOOL_OK;
}

/* What is wrong with a key that is told above: how to make it right. */
static void
print_next(const struct domainkey *k, struct buf *out)
{
	if (k->problem != NULL)
		domainkey_unusable_next(k, out);
	if (!domainkey_lacks(k))
		return;
	buf_byte(out, '\n');
	domainkey_record(k, out);
	domainkey_next(k, out);
}

static void
print_text(const struct domainkey *k, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		print_key(&k[i], tool_colour(), out);
	print_dnssec(k, n, out);
	for (size_t i = 0; i < n; i++)
		print_next(&k[i], out);
}

static int
report(struct call *c, const struct domainkey *k, size_t n)
{
	const struct options *o = c->options;
	int rc = 0;

	if (c->json)
		rc = print_json(k, n, c);
	else
		print_text(k, n, &c->out);
	return rc == 0 && o->activate ? let_sign(c, k, n) : rc;
}

/* Looks, reports, and lets sign. 0, TOOL_UNTOLD or -errno. */
static int
look(struct call *c, struct tool *t, struct domainkeys *k)
{
	const struct options *o = c->options;
	int rc = domainkeys_look(t, o->domain[0] == '\0' ? NULL : o->domain,
	    o->selector[0] == '\0' ? NULL : o->selector, k, &c->why);

	if (rc != 0)
		buf_fmt(&c->why, "%s\n", strerror(-rc));
	else if (k->n == 0)
		(void)domainkeys_tell_none(c->config, o->domain, &c->why);
	return rc == 0 ? report(c, k->key, k->n) : rc;
}

/* False when a table that may name more keys cannot be read, or not all of
 * it. */
static bool
whole(const struct options *o, const struct domainkeys *k)
{
	return k->tables != NULL &&
	    (k->tables->bad == 0 || o->domain[0] != '\0');
}

static int
run(struct call *c)
{
	struct domainkeys k = {.n = 0};
	struct tool t;
	int rc = tool_open(&t, "testkey", c->config, SETTINGS_SIGNER);

	if (rc != 0)
		return TOOL_FAILED;
	rc = look(c, &t, &k);
	if (rc < 0 || !whole(c->options, &k))
		rc = TOOL_FAILED;
	else if (rc != TOOL_UNTOLD || judge(k.key, k.n) == TOOL_FAILED)
		rc = judge(k.key, k.n);
	domainkeys_free(&k);
	tool_close(&t);
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

	if (n > 1)
		return subcommand_wrong(c, "one domain at a time", NULL);
	if (n == 0 && o->selector[0] != '\0')
		return subcommand_wrong(c, "which domain?", NULL);
	return n == 0 ? 0 : subcommand_domain(c, word[0], o->domain);
}

const struct subcommand testkey_subcommand = {
    .name = "testkey",
    .words = "[DOMAIN]",
    .text = "compare keys with their DNS records",
    .head = "postseal testkey [DOMAIN [-s NAME]] - compare keys with their DNS "
            "records",
    .tail = "Exit status: 0 when all are right; 1 when one is not, 2 when the "
            "command line is\n"
            "wrong, 3 when nothing is wrong but DNS gave no answer, 4 when the "
            "running signer\n"
            "does not have the activated keys yet: the last line says what to "
            "do.",
    .column = 24,
    .options = &(const struct options){.activate = false},
    .size = sizeof(struct options),
    .option =
        {
            {'s', "selector", "NAME", "only this key", .take = take_selector},
            {'a', "activate", NULL, "let those sign whose record is right",
                .at = offsetof(struct options, activate)},
            {'j', "json", NULL, "for machines", .take = subcommand_take_json},
            SUBCOMMAND_CONFIG,
        },
    .take_words = take_words,
    .run = run,
};
