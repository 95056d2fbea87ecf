/*
 * The trick: whoever looks only adds findings; what is printed and the exit
 * status are made of these at the end.
 *
 * The trap: the config is read twice. Once as all daemons would, for the other
 * looks; once as the signer does, with tables and keys, whose complaints are
 * findings and no reason to stop.
 */
#include <errno.h>
#include <resolv.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/check/checkcmd.h"
#include "admin/check/checkdns.h"
#include "admin/check/checkpostfix.h"
#include "admin/check/checkservers.h"
#include "admin/tool/invocation.h"
#include "admin/tool/progress.h"
#include "signer/setup.h"

struct options {
	struct checkdns_host host; /* with the addresses of --ip */
	bool no_dns, all;
};

struct run {
	struct call *c;
	const struct options *o;
	bool no_dns; /* nothing is known of DNS */
	struct tool tool;
	struct findings findings;
	struct checkpostfix postfix;
	struct checkdns_host host;
	struct guidelines_facts *facts; /* one a domain */
	struct buf *out;                /* the call's */
	struct progress progress;
};

/* --- looking -------------------------------------------------------------- */

/* Problems of the config, a line each. A key that another user than root may
 * not read can be well. */
static void
add_problems(struct run *r, const struct buf *why)
{
	struct span rest = buf_view(why);

	while (rest.n > 0) {
		size_t n = span_find(rest, '\n');
		struct span line = span_of(rest.p, n);
		const char *denied = strerror(EACCES);
		bool may_not = geteuid() != 0 &&
		    memmem(line.p, line.n, denied, strlen(denied)) != NULL;

		findings_add(&r->findings,
		    may_not ? FINDING_UNKNOWN : FINDING_ERROR, "config", NULL,
		    may_not ? "run this as root" : NULL, "%.*s", (int)line.n,
		    line.p);
		rest = span_skip(rest, n + 1);
	}
}

/* The signer's own reading of the config: tables and keys. */
static void
look_at_signer(struct run *r)
{
	struct setup s = {NULL, NULL};
	struct buf why, warn;

	buf_init(&why, TOOL_MESSAGES_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	if (setup_read(r->c->config, &s, &why, &warn) == 0 && why.n == 0)
		findings_add(&r->findings, FINDING_OK, "config", NULL, NULL,
		    "%s, tables and key files can be used", r->c->config);
	findings_lines(&r->findings, FINDING_WARNING, "config", &warn);
	add_problems(r, &why);
	setup_clear(&s);
	buf_free(&why);
	buf_free(&warn);
}

/* Each question would wait for all of its time: for some domains that is
 * minutes, and tells no more. */
static void
skip_dns(struct run *r)
{
	r->no_dns = true;
	findings_add(&r->findings, FINDING_UNKNOWN, "dns",
	    "no DNS server answers; when one does, look again",
	    invocation("check"),
	    "this host, its keys and %zu domain%s were not looked up",
	    r->tool.settings->ndomains, buf_plural(r->tool.settings->ndomains));
}

/* The servers first: where none answers, nothing else is asked. 0 or -errno. */
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
	progress_step(&r->progress, "looking at the DNS servers");
	rc = checkservers_look(
	    &r->tool, _PATH_RESCONF, r->host.name, &r->findings, &answers);
	if (rc == 0 && !answers) {
		skip_dns(r);
		return 0;
	}
	progress_step(
	    &r->progress, "looking in DNS for this host and its keys");
	if (rc == 0)
		rc = checkdns_host(&r->tool, &r->findings, &r->host);
	if (rc == 0)
		rc = checkdns_keys(&r->tool, &r->findings, r->facts);
	for (size_t i = 0; i < s->ndomains && rc == 0; i++) {
		progress_step(&r->progress,
		    "looking in DNS for domain %zu of %zu, %s", i + 1,
		    s->ndomains, s->domain[i].name);
		rc = checkdns_domain(&r->tool, s->domain[i].name, &r->host,
		    &r->findings, &r->facts[i]);
	}
	return rc;
}

static int
look(struct run *r)
{
	const struct postconf postfix = {.dir = r->c->postfix};
	size_t n = r->tool.settings->ndomains;

	r->facts = calloc(n + 1, sizeof *r->facts);
	if (r->facts == NULL)
		return -ENOMEM;
	progress_step(&r->progress, "reading tables and keys");
	look_at_signer(r);
	progress_step(&r->progress, "looking at Postfix and the daemons");
	checkpostfix_look(
	    &postfix, r->tool.settings, "/etc", &r->findings, &r->postfix);
	for (size_t i = 0; i < n; i++)
		r->facts[i].tls = r->postfix.tls;
	if (n == 0 && r->tool.settings->signer.signing_table == NULL)
		findings_add(&r->findings, FINDING_NOTE, "config", NULL,
		    invocation("setup DOMAIN"),
		    "%s has neither a domain section nor a signing_table: no "
		    "mail is signed",
		    r->c->config);
	return r->no_dns ? 0 : look_at_dns(r);
}

/* --- telling -------------------------------------------------------------- */

static void
print_text(struct run *r)
{
	const struct settings *s = r->tool.settings;
	const size_t *n = r->findings.count;
	size_t missing = 0;

	findings_print(&r->findings, r->o->all, tool_colour(), r->out);
	for (size_t i = 0; i < s->ndomains && !r->no_dns; i++)
		missing += guidelines_print(s->domain[i].name, &r->facts[i],
		    r->o->all, tool_colour(), r->out);
	buf_fmt(r->out, "%zu error%s, %zu warning%s, %zu unknown, %zu ok",
	    n[FINDING_ERROR], buf_plural(n[FINDING_ERROR]), n[FINDING_WARNING],
	    buf_plural(n[FINDING_WARNING]), n[FINDING_UNKNOWN], n[FINDING_OK]);
	if (!r->no_dns && s->ndomains > 0)
		buf_fmt(r->out,
		    "; %zu rule%s of Google, Yahoo and Microsoft not met",
		    missing, buf_plural(missing));
	buf_byte(r->out, '\n');
}

static int
print_json(struct run *r)
{
	const struct settings *s = r->tool.settings;
	json_t *rules = json_array();

	for (size_t i = 0; i < s->ndomains && !r->no_dns; i++) {
		json_t *more = guidelines_json(s->domain[i].name, &r->facts[i]);

		if (more == NULL || json_array_extend(rules, more) != 0) {
			json_decref(more);
			json_decref(rules);
			return -ENOMEM;
		}
		json_decref(more);
	}
	return subcommand_json(r->c,
	    json_pack("{s:o, s:o}", "findings", findings_json(&r->findings),
	        "rules", rules));
}

/* What is not known could be an error: it wins over a warning. */
static int
judge(const struct findings *f)
{
	if (f->count[FINDING_ERROR] > 0)
		return TOOL_FAILED;
	if (f->count[FINDING_UNKNOWN] > 0)
		return TOOL_LATER;
	return f->count[FINDING_WARNING] > 0 ? TOOL_FAILED : TOOL_OK;
}

static int
run(struct call *c)
{
	const struct options *o = c->options;
	struct run r = {.c = c, .o = o, .no_dns = o->no_dns, .out = &c->out};
	int rc = tool_open(&r.tool, "check", c->config, SETTINGS_ALL);

	if (rc != 0)
		return TOOL_FAILED;
	findings_init(&r.findings);
	progress_begin(&r.progress, STDERR_FILENO);
	rc = look(&r);
	progress_end(&r.progress);
	if (rc == 0 && r.findings.no_memory)
		rc = -ENOMEM;
	if (rc == 0 && c->json)
		rc = print_json(&r);
	else if (rc == 0)
		print_text(&r);
	if (rc == 0)
		rc = judge(&r.findings);
	checkpostfix_free(&r.postfix);
	findings_free(&r.findings);
	free(r.facts);
	tool_close(&r.tool);
	return rc;
}

/* --- the command line ----------------------------------------------------- */

static int
take_ip(struct call *c, const char *word)
{
	struct options *o = c->options;
	struct ip ip;

	if (ip_parse(span_str(word), &ip) != 0)
		return subcommand_wrong(c, "not an address", word);
	checkdns_addresses(span_str(word), &o->host);
	return 0;
}

static int
take_words(struct call *c, char **word, int n)
{
	return n == 0 ? 0 : subcommand_wrong(c, "what is", word[0]);
}

const struct subcommand check_subcommand = {
    .name = "check",
    .text = "look at config, keys, DNS and Postfix",
    .head = "postseal check - look at config, keys, DNS and Postfix, say what "
            "to fix",
    .tail = "Exit status: 0 when there is neither a warning nor an error, 1 "
            "when there is,\n"
            "2 when the command line is wrong, 3 when something could not be "
            "found out: that\n"
            "counts less than an error, and more than a warning.",
    .column = 24,
    .options = &(const struct options){.all = false},
    .size = sizeof(struct options),
    .option =
        {
            {'a', "all", NULL, "say also what is well",
                .at = offsetof(struct options, all)},
            {'i', "ip", "ADDRESS",
                "that mail leaves from (may be repeated); else what Postfix\n"
                "binds to, else those of its name",
                .take = take_ip},
            {'n', "no-dns", NULL, "ask no DNS",
                .at = offsetof(struct options, no_dns)},
            {'j', "json", NULL, "for machines; all of it",
                .take = subcommand_take_json},
            SUBCOMMAND_POSTFIX,
            SUBCOMMAND_CONFIG,
        },
    .take_words = take_words,
    .run = run,
};
