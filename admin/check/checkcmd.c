#include <errno.h>
#include <getopt.h>
#include <resolv.h>
#include <stdlib.h>

#include <jansson.h>

#include "admin/check/checkcmd.h"
#include "admin/check/checkdns.h"
#include "admin/check/checkpostfix.h"
#include "admin/check/checkservers.h"
#include "signer/setup.h"

struct options {
	const char *config, *postfix;
	struct checkdns_host host; /* with the addresses of --ip */
	bool no_dns, all, json;
};

struct run {
	const struct options *o;
	bool no_dns; /* nothing is known of DNS */
	struct tool tool;
	struct findings findings;
	struct checkpostfix postfix;
	struct checkdns_host host;
	struct guidelines_facts *facts; /* one a domain */
	struct buf out;
};

/* --- looking -------------------------------------------------------------- */

/* The signer's own reading of the config: tables and keys. */
static void
look_at_signer(struct run *r)
{
	struct setup s = {NULL, NULL};
	struct buf why, warn;

	buf_init(&why, TOOL_MESSAGES_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	if (setup_read(r->o->config, &s, &why, &warn) == 0 && why.n == 0)
		findings_add(&r->findings, FINDING_OK, "config", NULL, NULL,
		    "%s, tables and key files can be used", r->o->config);
	findings_lines(&r->findings, FINDING_WARNING, "config", &warn);
	findings_lines(&r->findings, FINDING_ERROR, "config", &why);
	setup_clear(&s);
	buf_free(&why);
	buf_free(&warn);
}

/* Each question would wait for all of its time: for some domains that is minutes, and
 * tells no more. */
static void
skip_dns(struct run *r)
{
	r->no_dns = true;
	findings_add(&r->findings, FINDING_UNKNOWN, "dns",
	    "no DNS server answers", "postseal check, when one does",
	    "no record of this host, its keys and %zu domains was looked up",
	    r->tool.settings->ndomains);
}

static int
look_at_dns(struct run *r)
{
	const struct settings *s = r->tool.settings;
	bool answers;
	int rc;

	r->host = r->o->host;
	r->host.name = r->postfix.hostname.n > 0
	    ? buf_text(&r->postfix.hostname)
	    : s->hostname;
	if (r->host.name == NULL)
		return -ENOMEM;
	checkdns_addresses(buf_view(&r->postfix.addresses), &r->host);
	rc = checkservers_look(
	    &r->tool, _PATH_RESCONF, r->host.name, &r->findings, &answers);
	if (rc == 0 && !answers) {
		skip_dns(r);
		return 0;
	}
	if (rc == 0)
		rc = checkdns_host(&r->tool, &r->findings, &r->host);
	if (rc == 0)
		rc = checkdns_keys(&r->tool, &r->findings, r->facts);
	for (size_t i = 0; i < s->ndomains && rc == 0; i++)
		rc = checkdns_domain(&r->tool, s->domain[i].name, &r->host,
		    &r->findings, &r->facts[i]);
	return rc;
}

static int
look(struct run *r)
{
	const struct postconf postfix = {.dir = r->o->postfix};
	size_t n = r->tool.settings->ndomains;

	r->facts = calloc(n + 1, sizeof *r->facts);
	if (r->facts == NULL)
		return -ENOMEM;
	look_at_signer(r);
	checkpostfix_look(
	    &postfix, r->tool.settings, &r->findings, &r->postfix);
	for (size_t i = 0; i < n; i++)
		r->facts[i].tls = r->postfix.tls;
	if (n == 0 && r->tool.settings->signer.signing_table == NULL)
		findings_add(&r->findings, FINDING_NOTE, "config", NULL,
		    "postseal setup DOMAIN",
		    "%s has neither a domain section nor a signing_table: no "
		    "mail is signed",
		    r->o->config);
	return r->no_dns ? 0 : look_at_dns(r);
}

/* --- telling -------------------------------------------------------------- */

static void
print_text(struct run *r)
{
	const struct settings *s = r->tool.settings;
	const size_t *n = r->findings.count;
	size_t missing = 0;

	findings_print(&r->findings, r->o->all, tool_colour(), &r->out);
	for (size_t i = 0; i < s->ndomains && !r->no_dns; i++)
		missing += guidelines_print(s->domain[i].name, &r->facts[i],
		    r->o->all, tool_colour(), &r->out);
	buf_fmt(&r->out, "%zu errors, %zu warnings, %zu unknown, %zu ok",
	    n[FINDING_ERROR], n[FINDING_WARNING], n[FINDING_UNKNOWN],
	    n[FINDING_OK]);
	if (!r->no_dns && s->ndomains > 0)
		buf_fmt(&r->out,
		    "; %zu rules of Google, Yahoo and Microsoft not met",
		    missing);
	buf_byte(&r->out, '\n');
}

static int
print_json(struct run *r)
{
	const struct settings *s = r->tool.settings;
	json_t *rules = json_array(), *whole;
	char *text = NULL;

	for (size_t i = 0; i < s->ndomains && !r->no_dns; i++) {
		json_t *more = guidelines_json(s->domain[i].name, &r->facts[i]);

		if (more == NULL || json_array_extend(rules, more) != 0) {
			json_decref(more);
			json_decref(rules);
			return -ENOMEM;
		}
		json_decref(more);
	}
	whole = json_pack("{s:o, s:o}", "findings", findings_json(&r->findings),
	    "rules", rules);
	if (whole != NULL)
		text = json_dumps(whole, JSON_INDENT(2));
	json_decref(whole);
	if (text == NULL)
		return -ENOMEM;
	buf_fmt(&r->out, "%s\n", text);
	free(text);
	return 0;
}

static int
judge(const struct findings *f)
{
	if (f->count[FINDING_ERROR] + f->count[FINDING_WARNING] > 0)
		return TOOL_FAILED;
	return f->count[FINDING_UNKNOWN] > 0 ? TOOL_LATER : TOOL_OK;
}

static int
run(const struct options *o)
{
	struct run r = {.o = o, .no_dns = o->no_dns};
	int rc = tool_open(&r.tool, "check", o->config, SETTINGS_ALL);

	if (rc != 0)
		return TOOL_FAILED;
	findings_init(&r.findings);
	buf_init(&r.out, TOOL_TEXT_MAX);
	rc = look(&r);
	if (rc == 0 && r.findings.no_memory)
		rc = -ENOMEM;
	if (rc == 0 && o->json)
		rc = print_json(&r);
	else if (rc == 0)
		print_text(&r);
	if (rc != 0)
		fprintf(stderr, "postseal check: %s\n", strerror(-rc));
	else
		rc = tool_print("check", &r.out, stdout);
	rc = rc != 0 ? TOOL_FAILED : judge(&r.findings);
	checkpostfix_free(&r.postfix);
	findings_free(&r.findings);
	free(r.facts);
	buf_free(&r.out);
	tool_close(&r.tool);
	return rc;
}

/* --- the command line ----------------------------------------------------- */

static const char help[] =
    "postseal check - look at config, keys, DNS and Postfix, say what to mend\n"
    "\n"
    "  -a, --all             say also what is well\n"
    "  -i, --ip ADDRESS      that mail leaves from (may be repeated); else "
    "what Postfix\n"
    "                        binds to, else those of its name\n"
    "  -n, --no-dns          ask no DNS\n"
    "  -j, --json            for machines; all of it\n"
    "  -c, --postfix DIR     another Postfix: as in postconf -c DIR\n"
    "  -c, --config FILE     instead of " SETTINGS_FILE "\n"
    "  -h, --help            print this\n"
    "\n"
    "Exit status: 0 when there is neither a warning nor an error, 1 when there "
    "is,\n"
    "2 when the command line is wrong, 3 when something could not be found "
    "out.\n";

static int
read_option(int letter, struct options *o)
{
	struct ip ip;

	switch (letter) {
	case 'a':
		o->all = true;
		return 0;
	case 'n':
		o->no_dns = true;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case 'p':
		o->postfix = optarg;
		return 0;
	case 'c':
		if (tool_is_dir(optarg))
			o->postfix = optarg;
		else
			o->config = optarg;
		return 0;
	case 'f':
		o->config = optarg;
		return 0;
	case 'i':
		if (ip_parse(span_str(optarg), &ip) != 0)
			return tool_wrong("check", "not an address", optarg);
		checkdns_addresses(span_str(optarg), &o->host);
		return 0;
	}
	return tool_wrong("check", "that is not how it is called", NULL);
}

/* 0, 1 after --help, or -EINVAL after saying what is wrong. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {{"all", no_argument, NULL, 'a'},
	    {"ip", required_argument, NULL, 'i'},
	    {"no-dns", no_argument, NULL, 'n'},
	    {"json", no_argument, NULL, 'j'},
	    {"postfix", required_argument, NULL, 'p'},
	    {"config", required_argument, NULL, 'f'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int letter, rc = 0;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while (rc == 0 &&
	    (letter = getopt_long(argc, argv, "ai:njp:c:h", longs, NULL)) !=
	        -1) {
		if (letter == 'h')
			return fputs(help, stdout) == EOF ? -EIO : 1;
		rc = read_option(letter, o);
	}
	if (rc == 0 && optind < argc)
		return tool_wrong("check", "what is", argv[optind]);
	return rc;
}

int
checkcmd_run(int argc, char **argv)
{
	struct options o = {.config = SETTINGS_FILE};
	int rc = read_options(argc, argv, &o);

	if (rc != 0)
		return rc > 0 ? TOOL_OK : TOOL_COMMAND_LINE;
	return run(&o);
}
