#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include <jansson.h>

#include "admin/key/domainfile.h"
#include "admin/key/domainkey.h"
#include "admin/key/genkey.h"
#include "admin/key/testkey.h"
#include "common/bytes/domain.h"

struct options {
	const char *config;
	char domain[DOMAIN_MAX + 1];   /* "": all */
	char selector[DOMAIN_MAX + 1]; /* likewise */
	bool activate, json;
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

/* The record that should be there, where another one is, or none. */
static void
print_record(const struct domainkey *k, struct buf *out)
{
	if (k->problem != NULL || domainkey_good(k) || k->diff == KEYDIFF_NODNS)
		return;
	buf_byte(out, '\n');
	genkey_record(k->domain->name, k->settings->selector,
	    k->facts.algorithm, buf_view(&k->half), out);
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
print_json(const struct domainkey *k, size_t n, struct buf *out)
{
	json_t *all = json_array();
	char *text;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		rc |= json_array_append_new(all, key_json(&k[i]));
	text = rc == 0 ? json_dumps(all, JSON_INDENT(2)) : NULL;
	json_decref(all);
	if (text == NULL)
		return -ENOMEM;
	buf_fmt(out, "%s\n", text);
	free(text);
	return 0;
}

/* --- what is done --------------------------------------------------------- */

/* Lets the keys sign whose records are right. 0, 1 when there was one, or -errno. */
static int
activate(const struct domainkey *k, size_t n, struct buf *out, struct buf *why)
{
	int done = 0;

	for (size_t i = 0; i < n; i++) {
		int rc;

		if (k[i].settings->active || !domainkey_good(&k[i]))
			continue;
		rc = domainfile_activate(k[i].settings, k[i].domain->name, why);
		if (rc != 0)
			return rc;
		buf_fmt(out, "%s is active now (%s)\n", k[i].name,
		    k[i].settings->origin);
		done = 1;
	}
	if (done)
		buf_str(
		    out, "Tell the signer: systemctl reload postseal-signer\n");
	return done;
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

static int
report(const struct options *o, const struct domainkey *k, size_t n,
    struct buf *out, struct buf *why)
{
	int rc = 0;

	if (o->json) {
		rc = print_json(k, n, out);
	} else {
		for (size_t i = 0; i < n; i++)
			print_key(&k[i], tool_colour(), out);
		print_dnssec(k, n, out);
		for (size_t i = 0; i < n; i++)
			print_record(&k[i], out);
	}
	if (rc == 0 && o->activate && !o->json)
		rc = activate(k, n, out, why);
	else if (rc == 0 && o->activate) {
		struct buf quiet;

		buf_init(&quiet, TOOL_MESSAGES_MAX);
		rc = activate(k, n, &quiet, why);
		buf_free(&quiet);
	}
	return rc < 0 ? rc : 0;
}

/* Looks, and reports. 0 or -errno. */
static int
look(const struct options *o, struct tool *t, struct domainkeys *k,
    struct buf *out, struct buf *why)
{
	int rc = domainkeys_look(t, o->domain[0] == '\0' ? NULL : o->domain,
	    o->selector[0] == '\0' ? NULL : o->selector, k, why);

	if (rc != 0)
		buf_fmt(why, "%s\n", strerror(-rc));
	else if (k->n == 0)
		buf_fmt(why, "%s: there is no such key\n", o->config);
	return rc == 0 ? report(o, k->key, k->n, out, why) : rc;
}

/* False when a table that may name more keys cannot be read, or not all of it. */
static bool
whole(const struct options *o, const struct domainkeys *k)
{
	return k->tables != NULL &&
	    (k->tables->bad == 0 || o->domain[0] != '\0');
}

static int
run(const struct options *o)
{
	struct domainkeys k = {.n = 0};
	struct buf out, why;
	struct tool t;
	int rc = tool_open(&t, "testkey", o->config, SETTINGS_SIGNER);

	if (rc != 0)
		return TOOL_FAILED;
	buf_init(&out, TOOL_TEXT_MAX);
	buf_init(&why, TOOL_MESSAGES_MAX);
	rc = look(o, &t, &k, &out, &why);
	if (tool_print("testkey", &out, stdout) != 0)
		rc = -EIO;
	tool_complain("testkey", &why);
	rc = rc != 0 || !whole(o, &k) ? TOOL_FAILED : judge(k.key, k.n);
	domainkeys_free(&k);
	buf_free(&out);
	buf_free(&why);
	tool_close(&t);
	return rc;
}

/* --- the command line ----------------------------------------------------- */

static const char help[] =
    "postseal testkey [DOMAIN [-s NAME]] - compare keys with their DNS "
    "records\n"
    "\n"
    "  -s, --selector NAME   only this key\n"
    "  -a, --activate        let those sign whose record is right\n"
    "  -j, --json            for machines\n"
    "  -c, --config FILE     instead of " SETTINGS_FILE "\n"
    "  -h, --help            print this\n"
    "\n"
    "Exit status: 0 when all are right; 1 when one is not, 2 when the command "
    "line is\n"
    "wrong, 3 when nothing is wrong but DNS gave no answer.\n";

/* 0, 1 after --help, or -EINVAL after saying what is wrong. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"selector", required_argument, NULL, 's'},
	    {"activate", no_argument, NULL, 'a'},
	    {"json", no_argument, NULL, 'j'},
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int letter;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while (
	    (letter = getopt_long(argc, argv, "s:ajc:h", longs, NULL)) != -1) {
		if (letter == 's' &&
		    domain_to_ascii(span_str(optarg), o->selector) != 0)
			return tool_wrong("testkey", "not a selector", optarg);
		if (letter == 's')
			continue;
		if (letter == 'a')
			o->activate = true;
		else if (letter == 'j')
			o->json = true;
		else if (letter == 'c')
			o->config = optarg;
		else if (letter == 'h')
			return fputs(help, stdout) == EOF ? -EIO : 1;
		else
			return tool_wrong(
			    "testkey", "that is not how it is called", NULL);
	}
	if (optind + 1 < argc)
		return tool_wrong("testkey", "one domain at a time", NULL);
	if (optind == argc && o->selector[0] != '\0')
		return tool_wrong("testkey", "which domain?", NULL);
	return optind == argc ? 0
	                      : tool_domain("testkey", argv[optind], o->domain);
}

int
testkey_run(int argc, char **argv)
{
	struct options o = {.config = SETTINGS_FILE};
	int rc = read_options(argc, argv, &o);

	if (rc != 0)
		return rc > 0 ? TOOL_OK : TOOL_COMMAND_LINE;
	return run(&o);
}
