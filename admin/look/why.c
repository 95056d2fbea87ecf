/*
 * The trick: the signer tells each rule as it looks at it (signer.say), so what
 * is printed is what it does. The signatures are made, too, which finds a key
 * that cannot sign, and are thrown away.
 *
 * The trap: a rule's text has bytes of the message in it, which would act on
 * root's terminal: each line is cleaned.
 */
#include "admin/look/why.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "admin/look/trial.h"
#include "common/log/log.h"
#include "common/milter/milter.h"

enum { RECIPIENTS_MAX = 100, MACROS_MAX = 20 };

struct options {
	const char *client, *name, *login, *daemon, *host, *from;
	const char *to[RECIPIENTS_MAX];
	size_t nto;
	const char *macro[MACROS_MAX];
	size_t nmacros;
	const char *file;
};

/* What is asked about, and what came out. */
struct answer {
	struct call *c;
	struct trial trial;
	json_t *rules; /* NULL: they are printed */
	bool failed;   /* one of them is missing */
};

/* --- the circumstances ---------------------------------------------------- */

static void
set_name(char *to, const char *name)
{
	snprintf(to, DOMAIN_MAX + 1, "%s", name);
}

static void
set_circumstances(struct answer *a)
{
	const struct options *q = a->c->options;
	struct trial *t = &a->trial;

	trial_client(t, q->client, q->login, q->from);
	t->origin.server_known = true;
	t->origin.server = t->origin.client; /* Postfix runs here */
	set_name(t->origin.name, q->name);
	set_name(t->origin.host, q->host);
	snprintf(t->origin.daemon, sizeof t->origin.daemon, "%s", q->daemon);
	for (size_t i = 0; i < q->nto; i++)
		signer_recipient(&t->signer, &t->letter, span_str(q->to[i]));
	for (size_t i = 0; i < q->nmacros; i++) {
		struct span name = span_str(q->macro[i]), value;

		value = span_skip(name, span_find(name, '=') + 1);
		name.n = span_find(name, '=');
		signer_macro(&t->signer, &t->letter, SMFIC_MAIL, name, value);
	}
}

/* What a rule said; it has bytes of the message in it. */
static void __attribute__((format(printf, 2, 0)))
on_rule(void *arg, const char *fmt, va_list ap)
{
	struct answer *a = arg;
	struct buf clean;
	char *text;

	buf_init(&clean, TOOL_MESSAGES_MAX);
	if (vasprintf(&text, fmt, ap) < 0) {
		a->failed = true;
		return;
	}
	log_clean(span_str(text), &clean);
	free(text);
	if (buf_error(&clean) != 0)
		a->failed = true;
	else if (a->rules == NULL)
		buf_fmt(&a->c->out, "%s\n", buf_text(&clean));
	else if (json_array_append_new(
	             a->rules, json_stringn(clean.p, clean.n)) != 0)
		a->failed = true;
	buf_free(&clean);
}

/* Config, tables, keys. 0 or -errno. */
static int
open_signer(struct answer *a)
{
	struct setup *setup = &a->trial.setup;
	struct signer *signer = &a->trial.signer;
	struct buf why, warn; /* their lines begin with the file's name */
	int rc;

	buf_init(&why, TOOL_MESSAGES_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = settings_read(
	    a->c->config, SETTINGS_SIGNER, &setup->settings, &why, &warn);
	if (rc == 0)
		rc = keyring_open(setup->settings, &setup->keys, &why, &warn);
	if (rc == 0)
		rc = trial_open(&a->trial);
	if (rc == -ENOMEM)
		buf_str(&a->c->why, "out of memory\n");
	tool_complain(NULL, &warn);
	tool_complain(NULL, &why);
	buf_free(&why);
	buf_free(&warn);
	if (rc == 0 && own_read(&signer->own) != 0)
		buf_str(&a->c->why,
		    "the addresses of this host cannot be read: this-host "
		    "counts for nothing\n");
	signer->say = on_rule;
	signer->say_arg = a;
	return rc;
}

/* --- the answer ----------------------------------------------------------- */

static const char *
verdict_word(enum outcome_kind kind)
{
	switch (kind) {
	case OUTCOME_SIGN:
		return "signed";
	case OUTCOME_UNSIGNED:
		return "not signed";
	case OUTCOME_TEMPFAIL:
		return "put off";
	}
	return "";
}

static const char *
algorithm_of(const struct choose_signature *s)
{
	return key_algorithm_word(key_facts(s->key->key)->algorithm);
}

static void
print_text(const struct answer *a, const char *reason)
{
	const struct outcome *o = &a->trial.letter.outcome;
	struct buf *out = &a->c->out;
	const char *risk = risk_word(&a->trial.letter.risk);

	for (size_t i = 0; o->kind == OUTCOME_SIGN && i < o->choice.nsign;
	     i++) {
		const struct choose_signature *s = &o->choice.sign[i];

		buf_fmt(out, "signature: d=%s s=%s a=%s", s->domain,
		    s->key->settings->selector, algorithm_of(s));
		if (s->identity != NULL)
			buf_fmt(out, " i=%s", s->identity);
		buf_byte(out, '\n');
	}
	if (risk != NULL)
		buf_fmt(
		    out, "at_risk: %s: Postfix may have to change it\n", risk);
	buf_fmt(out, "verdict: %s%s%s\n", verdict_word(o->kind),
	    o->reason[0] == '\0' ? "" : ": ", reason);
}

/* NULL stays null. */
static json_t *
text_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? json_null()
	                                       : json_string(text);
}

/* 0 or -ENOMEM. */
static int
print_json(struct answer *a, const char *reason)
{
	static const char *const word[] = {[OUTCOME_SIGN] = "signed",
	    [OUTCOME_UNSIGNED] = "unsigned",
	    [OUTCOME_TEMPFAIL] = "tempfail"};
	const struct outcome *o = &a->trial.letter.outcome;
	json_t *signatures = json_array();

	for (size_t i = 0; o->kind == OUTCOME_SIGN && i < o->choice.nsign;
	     i++) {
		const struct choose_signature *s = &o->choice.sign[i];

		json_array_append_new(signatures,
		    json_pack("{s:s, s:s, s:s, s:o, s:s}", "domain", s->domain,
		        "selector", s->key->settings->selector, "algorithm",
		        algorithm_of(s), "identity", text_or_null(s->identity),
		        "key", s->key->settings->file));
	}
	return subcommand_json(a->c,
	    json_pack("{s:s, s:o, s:o, s:o, s:o, s:O}", "verdict",
	        word[o->kind], "reason", text_or_null(reason), "from_domain",
	        text_or_null(o->choice.from), "at_risk",
	        text_or_null(risk_word(&a->trial.letter.risk)), "signatures",
	        signatures, "rules", a->rules));
}

/* The exit status, or -errno. */
static int
print_answer(struct answer *a)
{
	struct buf reason;
	int rc = 0;

	buf_init(&reason, 4 * OUTCOME_REASON_MAX);
	log_clean(span_str(a->trial.letter.outcome.reason), &reason);
	if (a->failed || buf_text(&reason) == NULL)
		rc = -ENOMEM;
	else if (a->c->json)
		rc = print_json(a, reason.p);
	else
		print_text(a, reason.p);
	buf_free(&reason);
	if (rc != 0)
		return rc;
	switch (a->trial.letter.outcome.kind) {
	case OUTCOME_SIGN:
		return WHY_SIGNED;
	case OUTCOME_UNSIGNED:
		return WHY_UNSIGNED;
	case OUTCOME_TEMPFAIL:
		break;
	}
	return WHY_TEMPFAIL;
}

/* The exit status, or -errno. */
static int
ask(struct answer *a)
{
	const struct options *q = a->c->options;
	bool standard = strcmp(q->file, "-") == 0;
	FILE *in = standard ? stdin : fopen(q->file, "r");
	int rc;

	if (in == NULL) {
		buf_fmt(&a->c->why, "%s: %s\n", q->file, strerror(errno));
		return WHY_WRONG;
	}
	set_circumstances(a);
	rc = trial_run(&a->trial, in);
	if (!standard)
		fclose(in);
	if (rc == 0)
		return print_answer(a);
	buf_fmt(&a->c->why, "%s: cannot be read\n", q->file);
	return WHY_WRONG;
}

static int
run(struct call *c)
{
	struct answer a = {.c = c};
	int rc = WHY_WRONG;

	log_open("stderr", "postseal");
	trial_init(&a.trial);
	a.rules = c->json ? json_array() : NULL;
	if (c->json && a.rules == NULL)
		rc = -ENOMEM;
	else if (open_signer(&a) == 0)
		rc = ask(&a);
	json_decref(a.rules);
	trial_free(&a.trial);
	return rc;
}

/* --- the command line ----------------------------------------------------- */

static int
take_macro(struct call *c, const char *word)
{
	struct options *q = c->options;

	if (strchr(word, '=') == NULL)
		return subcommand_wrong(c, "no value in macro", word);
	if (q->nmacros == MACROS_MAX)
		return subcommand_wrong(c, "too many macros:", word);
	q->macro[q->nmacros++] = word;
	return 0;
}

static int
take_to(struct call *c, const char *word)
{
	struct options *q = c->options;

	if (q->nto == RECIPIENTS_MAX)
		return subcommand_wrong(c, "too many recipients:", word);
	q->to[q->nto++] = word;
	return 0;
}

static int
take_words(struct call *c, char **word, int n)
{
	struct options *q = c->options;
	struct ip ip;

	if (n != 1)
		return subcommand_wrong(
		    c, "name one message,", "FILE or \"-\"");
	if (ip_parse(span_str(q->client), &ip) != 0)
		return subcommand_wrong(c, "this is no address:", q->client);
	q->file = word[0];
	return 0;
}

const struct subcommand why_subcommand = {
    .name = "why",
    .words = "FILE",
    .text = "would this message be signed, and why",
    .head = "usage: postseal why [options] FILE\n"
            "\n"
            "Would the signer sign this message? Prints each rule that was "
            "looked at, and\n"
            "the verdict. FILE holds the message, \"-\" is standard input.",
    .tail = "Exit status: 0 signed, 3 not signed, 4 put off (a bad key); 1 "
            "when the config\n"
            "or FILE cannot be read, 2 when the command line is wrong. The "
            "keys must be\n"
            "readable, so run it as root.",
    .column = 24,
    .manner = SUBCOMMAND_NAMES | SUBCOMMAND_USAGE,
    .options =
        &(const struct options){
            .client = "127.0.0.1", .name = "", .daemon = "", .host = ""},
    .size = sizeof(struct options),
    .option =
        {
            SUBCOMMAND_CONFIG,
            {0, "client", "ADDRESS",
                "of the SMTP client (127.0.0.1, as of sendmail(1))",
                .at = offsetof(struct options, client)},
            {0, "client-name", "N", "its name as Postfix has looked it up",
                .at = offsetof(struct options, name)},
            {0, "auth", "LOGIN", "it has authenticated so",
                .at = offsetof(struct options, login)},
            {0, "daemon", "NAME", "macro {daemon_name}",
                .at = offsetof(struct options, daemon)},
            {0, "host", "NAME", "macro j, Postfix's own name",
                .at = offsetof(struct options, host)},
            {0, "macro", "NAME=V", "another macro (may stand several times)",
                .take = take_macro},
            {0, "from", "ADDRESS", "envelope sender; \"\" is a bounce",
                .at = offsetof(struct options, from)},
            {0, "to", "ADDRESS", "recipient (may stand several times)",
                .take = take_to},
            {0, "json", NULL, "for programs", .take = subcommand_take_json},
        },
    .take_words = take_words,
    .run = run,
};
