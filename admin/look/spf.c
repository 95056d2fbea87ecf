/*
 * The trick: the daemon's own request is run, with a witness: spf_note() is
 * called while the records of an identity are still there, and writes what is
 * to be said of them; on_answer() what came of all.
 */
#include <errno.h>
#include <stdio.h>

#include "admin/look/spf.h"
#include "admin/look/spf_json.h"
#include "admin/look/spf_text.h"

enum {
	OUTPUT_MAX = 64 * 1024 * 1024, /* 220 answers of 64 KiB as \DDD */
	TRACE_MAX = 4 * 1024 * 1024    /* 2,000 terms in each of 21 records */
};

struct options {
	const char *ip, *name, *login, *helo, *from, *to;
	bool trace;
};

/* One evaluation. */
struct spf {
	struct call *c;
	const struct options *options; /* the call's */
	struct tool tool;
	struct spf_notes notes;
};

/* --- the evaluation ------------------------------------------------------- */

void
spf_note(void *arg, const char *what, const struct lookups *l,
    const struct check_result *result)
{
	struct spf_notes *n = arg;
	struct explain e, *trace = NULL;
	struct arena a;

	arena_init(&a, TRACE_MAX);
	if (n->trace) {
		if (explain_make(&a, l, &e) == 0)
			trace = &e;
		else
			n->error = -ENOMEM;
	}
	if (n->json != NULL)
		spf_json_check(n->json, what, l, result, trace);
	else
		spf_text_check(what, l, result, trace, n->out);
	arena_free(&a);
}

static void
on_answer(void *arg, const struct request_answer *a)
{
	struct spf *s = arg;
	int error = 0;

	if (s->notes.json == NULL) {
		spf_text_answer(s->tool.settings, a, &s->c->out);
	} else {
		spf_json_answer(s->notes.json, s->tool.settings, a);
		error = spf_json_print(s->notes.json, &s->c->out);
	}
	if (s->notes.error == 0)
		s->notes.error = error != 0 ? error : buf_error(&s->c->out);
	loop_stop(s->tool.loop);
}

/* As Postfix would put it. */
static int
evaluate(struct spf *s)
{
	const struct options *o = s->options;
	const struct attr attr = {.request = span_str("smtpd_access_policy"),
	    .protocol_state = span_str("RCPT"),
	    .client_address = span_str(o->ip),
	    .client_name = span_str(o->name),
	    .sasl_username = span_str(o->login),
	    .helo_name = span_str(o->helo),
	    .sender = span_str(o->from),
	    .recipient = span_str(o->to)};
	const struct request_env env = {.loop = s->tool.loop,
	    .resolver = s->tool.resolver,
	    .settings = s->tool.settings,
	    .witness = {spf_note, &s->notes}};
	struct request *r;
	int rc = request_start(&env, &attr, on_answer, s, &r);

	if (rc == 0)
		rc = loop_run(s->tool.loop);
	return rc == 0 ? s->notes.error : rc;
}

static int
run(struct call *c)
{
	struct spf s = {.c = c, .options = c->options};
	int rc;

	if (tool_open(&s.tool, NULL, c->config, SETTINGS_POLICYD) != 0)
		return TOOL_FAILED;
	buf_init(&c->out, OUTPUT_MAX);
	s.notes = (struct spf_notes){.out = &c->out,
	    .json = c->json ? spf_json_new() : NULL,
	    .trace = s.options->trace};
	rc = c->json && s.notes.json == NULL ? -ENOMEM : evaluate(&s);
	if (rc != 0)
		buf_clear(&c->out); /* a part of it would mislead */
	spf_json_free(s.notes.json);
	tool_close(&s.tool);
	return rc;
}

/* --- the command line ----------------------------------------------------- */

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;
	struct ip ip;

	if (n > 0)
		return subcommand_wrong(c, "what is", word[0]);
	if (o->ip == NULL)
		return subcommand_wrong(c, "--ip is missing", NULL);
	if (ip_parse(span_str(o->ip), &ip) != 0)
		return subcommand_wrong(c, "not an address", o->ip);
	if (strcmp(o->from, "<>") == 0)
		o->from = "";
	if (*o->helo == '\0' && *o->from == '\0')
		return subcommand_wrong(c, "--helo or --from is missing", NULL);
	return 0;
}

const struct subcommand spf_subcommand = {
    .name = "spf",
    .words = "--ip A ...",
    .text = "what SPF says of a sender, and why",
    .head = "postseal spf --ip ADDRESS [--helo NAME] [--from SENDER] - what "
            "the policy\n"
            "daemon says of a sender, with its config and from here",
    .tail = "Exit status: 0 when there is a result, whatever it is; 1 when "
            "there is none,\n"
            "2 when the command line is wrong.",
    .column = 23,
    .options =
        &(const struct options){
            .name = "unknown", .login = "", .helo = "", .from = "", .to = ""},
    .size = sizeof(struct options),
    .option =
        {
            {'i', "ip", "ADDRESS", "of the client",
                .at = offsetof(struct options, ip)},
            {'n', "name", "NAME",
                "of the client, as Postfix found it; else unknown",
                .at = offsetof(struct options, name)},
            {'l', "login", "USER",
                "as which the client logged in; else it did not",
                .at = offsetof(struct options, login)},
            {'H', "helo", "NAME", "that it said; none: HELO is not checked",
                .at = offsetof(struct options, helo)},
            {'f', "from", "SENDER",
                "of the envelope; none, or <>: the null sender",
                .at = offsetof(struct options, from)},
            {'t', "to", "RECIPIENT", "of the envelope",
                .at = offsetof(struct options, to)},
            {'x', "trace", NULL, "show each record, term and question",
                .at = offsetof(struct options, trace)},
            {'j', "json", NULL, "for machines", .take = subcommand_take_json},
            SUBCOMMAND_CONFIG,
        },
    .take_words = take_words,
    .run = run,
};
