#include "admin/look/why.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "admin/look/mailfile.h"
#include "common/log/log.h"
#include "signer/signer.h"

enum {
	MESSAGES_MAX = 1024 * 1024, /* of the config and the keys */
	RECIPIENTS_MAX = 100,
	MACROS_MAX = 20
};

static const char help[] =
    "usage: postseal why [options] FILE\n"
    "\n"
    "Would the signer sign this message? Prints each rule that was looked at, "
    "and\n"
    "the verdict. FILE holds the message, \"-\" is standard input.\n"
    "\n"
    "  -c, --config FILE     instead of " SETTINGS_FILE "\n"
    "      --client ADDRESS  of the SMTP client (127.0.0.1, as of "
    "sendmail(1))\n"
    "      --client-name N   its name as Postfix has looked it up\n"
    "      --auth LOGIN      it has authenticated so\n"
    "      --daemon NAME     macro {daemon_name}\n"
    "      --host NAME       macro j, Postfix's own name\n"
    "      --macro NAME=V    another macro (may stand several times)\n"
    "      --from ADDRESS    envelope sender; \"\" is a bounce\n"
    "      --to ADDRESS      recipient (may stand several times)\n"
    "      --json            for programs\n"
    "  -h, --help            print this\n"
    "\n"
    "Exit status: 0 signed, 3 not signed, 4 put off (a bad key); 1 when the "
    "config\n"
    "or FILE cannot be read, 2 when the command line is wrong. The keys must "
    "be\n"
    "readable, so run it as root.\n";

struct question {
	const char *config;
	const char *client, *name, *login, *daemon, *host, *from;
	const char *to[RECIPIENTS_MAX];
	size_t nto;
	const char *macro[MACROS_MAX];
	size_t nmacros;
	bool json;
	const char *file;
};

/* What is asked about, and what came out. */
struct answer {
	struct settings *settings;
	struct keyring *keys;
	struct signer signer;
	struct message message;
	struct origin origin;
	struct letter letter;
	json_t *rules; /* NULL: they are printed at once */
	bool failed;   /* one of them is missing */
};

/* --- the command line -------------------------------------------------------- */

static int
usage(const char *why, const char *what)
{
	fprintf(stderr, "postseal why: %s %s\n%s", why, what, help);
	return WHY_COMMAND_LINE;
}

enum option_letter {
	OPT_CLIENT = 256,
	OPT_NAME,
	OPT_AUTH,
	OPT_DAEMON,
	OPT_HOST,
	OPT_MACRO,
	OPT_FROM,
	OPT_TO,
	OPT_JSON
};

/* One option. 0, or WHY_COMMAND_LINE. */
static int
take_option(struct question *q, int letter, const char *shown)
{
	switch (letter) {
	case 'c':
		q->config = optarg;
		return 0;
	case OPT_CLIENT:
		q->client = optarg;
		return 0;
	case OPT_NAME:
		q->name = optarg;
		return 0;
	case OPT_AUTH:
		q->login = optarg;
		return 0;
	case OPT_DAEMON:
		q->daemon = optarg;
		return 0;
	case OPT_HOST:
		q->host = optarg;
		return 0;
	case OPT_MACRO:
		if (strchr(optarg, '=') == NULL)
			return usage("no value in macro", optarg);
		if (q->nmacros == MACROS_MAX)
			return usage("too many macros:", optarg);
		q->macro[q->nmacros++] = optarg;
		return 0;
	case OPT_FROM:
		q->from = optarg;
		return 0;
	case OPT_TO:
		if (q->nto == RECIPIENTS_MAX)
			return usage("too many recipients:", optarg);
		q->to[q->nto++] = optarg;
		return 0;
	case OPT_JSON:
		q->json = true;
		return 0;
	case ':':
		return usage("a value is missing for", shown);
	default:
		return usage("unknown option", shown);
	}
}

/* 0 with *q; -1 when help was asked for; or WHY_COMMAND_LINE. */
static int
read_options(int argc, char **argv, struct question *q)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"client", required_argument, NULL, OPT_CLIENT},
	    {"client-name", required_argument, NULL, OPT_NAME},
	    {"auth", required_argument, NULL, OPT_AUTH},
	    {"daemon", required_argument, NULL, OPT_DAEMON},
	    {"host", required_argument, NULL, OPT_HOST},
	    {"macro", required_argument, NULL, OPT_MACRO},
	    {"from", required_argument, NULL, OPT_FROM},
	    {"to", required_argument, NULL, OPT_TO},
	    {"json", no_argument, NULL, OPT_JSON},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c, rc;

	*q = (struct question){.config = SETTINGS_FILE,
	    .client = "127.0.0.1",
	    .name = "",
	    .daemon = "",
	    .host = ""};
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:h", options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		rc = take_option(q, c, argv[optind - 1]);
		if (rc != 0)
			return rc;
	}
	if (optind != argc - 1)
		return usage("name one message,", "FILE or \"-\"");
	q->file = argv[optind];
	return 0;
}

/* --- the message --------------------------------------------------------------- */

static void
on_headers(void *arg)
{
	struct answer *a = arg;

	signer_headers(
	    &a->signer, &a->letter, &a->message, &a->origin, SMFIF_ADDHDRS);
}

static void
on_body(void *arg, struct span in)
{
	struct answer *a = arg;

	letter_body(&a->letter, in);
}

/* Header, verdict, body, verdict. 0 or -errno. */
static int
run_message(struct answer *a, FILE *in)
{
	int rc = mailfile_feed(in, &a->message, on_headers, on_body, a);
	struct edits e;

	edits_init(&e, &a->message.arena);
	signer_end(&a->signer, &a->letter, &a->message, &e);
	return rc;
}

/* --- the circumstances --------------------------------------------------------- */

static void
set_name(char *to, const char *name)
{
	snprintf(to, DOMAIN_MAX + 1, "%s", name);
}

/* 0, or WHY_COMMAND_LINE. */
static int
set_circumstances(struct answer *a, const struct question *q)
{
	struct message *m = &a->message;

	if (ip_parse(span_str(q->client), &a->origin.client) != 0)
		return usage("this is no address:", q->client);
	a->origin.known = a->origin.server_known = true;
	a->origin.server = a->origin.client; /* Postfix runs here */
	set_name(a->origin.name, q->name);
	set_name(a->origin.host, q->host);
	snprintf(a->origin.daemon, sizeof a->origin.daemon, "%s", q->daemon);
	message_sender(m, span_str(q->from));
	if (q->login != NULL) {
		message_macro(m, span_str("{auth_type}"), span_str("PLAIN"));
		message_macro(m, span_str("{auth_authen}"), span_str(q->login));
	}
	for (size_t i = 0; i < q->nto; i++)
		signer_recipient(&a->signer, &a->letter, span_str(q->to[i]));
	for (size_t i = 0; i < q->nmacros; i++) {
		struct span name = span_str(q->macro[i]), value;

		value = span_skip(name, span_find(name, '=') + 1);
		name.n = span_find(name, '=');
		signer_macro(&a->signer, &a->letter, SMFIC_MAIL, name, value);
	}
	return 0;
}

/* What a rule said; it has bytes of the message in it. */
static void __attribute__((format(printf, 2, 0)))
on_rule(void *arg, const char *fmt, va_list ap)
{
	struct answer *a = arg;
	struct buf clean;
	char *text;

	buf_init(&clean, MESSAGES_MAX);
	if (vasprintf(&text, fmt, ap) < 0) {
		a->failed = true;
		return;
	}
	log_clean(span_str(text), &clean);
	free(text);
	if (buf_error(&clean) != 0)
		a->failed = true;
	else if (a->rules == NULL)
		puts(buf_text(&clean));
	else if (json_array_append_new(
	             a->rules, json_stringn(clean.p, clean.n)) != 0)
		a->failed = true;
	buf_free(&clean);
}

/* A file may have given anything, but its lines are lines. */
static void
print_errors(struct buf *b)
{
	struct span text = buf_view(b);
	struct buf clean;

	buf_init(&clean, 4 * MESSAGES_MAX);
	while (text.n > 0) {
		size_t n = span_find(text, '\n');

		log_clean(span_of(text.p, n), &clean);
		buf_byte(&clean, '\n');
		text = span_skip(text, n + 1);
	}
	if (clean.n > 0)
		fwrite(clean.p, 1, clean.n, stderr);
	buf_free(&clean);
	buf_free(b);
}

/* Config, tables, keys. 0 or -errno, told. */
static int
open_signer(struct answer *a, const struct question *q)
{
	struct buf why, warn;
	int rc;

	buf_init(&why, MESSAGES_MAX);
	buf_init(&warn, MESSAGES_MAX);
	rc = settings_read(
	    q->config, SETTINGS_SIGNER, &a->settings, &why, &warn);
	if (rc == 0)
		rc = keyring_open(a->settings, &a->keys, &why, &warn);
	if (rc == 0)
		rc = signer_init(&a->signer, a->settings, a->keys);
	if (rc == -ENOMEM)
		fprintf(stderr, "postseal why: out of memory\n");
	print_errors(&warn);
	print_errors(&why);
	if (rc == 0 && own_read(&a->signer.own) != 0)
		fprintf(stderr,
		    "postseal why: the addresses of this host cannot be read: "
		    "this-host counts for nothing\n");
	a->signer.say = on_rule;
	a->signer.say_arg = a;
	return rc;
}

/* --- the answer ------------------------------------------------------------------ */

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
	const struct outcome *o = &a->letter.outcome;
	const char *risk = risk_word(&a->letter.risk);

	for (size_t i = 0; o->kind == OUTCOME_SIGN && i < o->choice.nsign;
	     i++) {
		const struct choose_signature *s = &o->choice.sign[i];

		printf("signature: d=%s s=%s a=%s", s->domain,
		    s->key->settings->selector, algorithm_of(s));
		if (s->identity != NULL)
			printf(" i=%s", s->identity);
		putchar('\n');
	}
	if (risk != NULL)
		printf("at_risk: %s: Postfix may have to change it\n", risk);
	printf("verdict: %s%s%s\n", verdict_word(o->kind),
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
	const struct outcome *o = &a->letter.outcome;
	json_t *signatures = json_array(), *all;
	int rc = -ENOMEM;

	for (size_t i = 0; o->kind == OUTCOME_SIGN && i < o->choice.nsign;
	     i++) {
		const struct choose_signature *s = &o->choice.sign[i];

		json_array_append_new(signatures,
		    json_pack("{s:s, s:s, s:s, s:o, s:s}", "domain", s->domain,
		        "selector", s->key->settings->selector, "algorithm",
		        algorithm_of(s), "identity", text_or_null(s->identity),
		        "key", s->key->settings->file));
	}
	all = json_pack("{s:s, s:o, s:o, s:o, s:o, s:O}", "verdict",
	    word[o->kind], "reason", text_or_null(reason), "from_domain",
	    text_or_null(o->choice.from), "at_risk",
	    text_or_null(risk_word(&a->letter.risk)), "signatures", signatures,
	    "rules", a->rules);
	if (all != NULL && json_dumpf(all, stdout, JSON_INDENT(2)) == 0 &&
	    putchar('\n') != EOF)
		rc = 0;
	json_decref(all);
	return rc;
}

static int
print_answer(struct answer *a, const struct question *q)
{
	struct buf reason;
	int rc = 0;

	buf_init(&reason, 4 * OUTCOME_REASON_MAX);
	log_clean(span_str(a->letter.outcome.reason), &reason);
	if (a->failed || buf_text(&reason) == NULL)
		rc = -ENOMEM;
	else if (q->json)
		rc = print_json(a, reason.p);
	else
		print_text(a, reason.p);
	buf_free(&reason);
	if (rc != 0 || fflush(stdout) != 0) {
		fprintf(stderr, "postseal why: cannot write all\n");
		return WHY_WRONG;
	}
	switch (a->letter.outcome.kind) {
	case OUTCOME_SIGN:
		return WHY_SIGNED;
	case OUTCOME_UNSIGNED:
		return WHY_UNSIGNED;
	case OUTCOME_TEMPFAIL:
		break;
	}
	return WHY_TEMPFAIL;
}

static int
ask(struct answer *a, const struct question *q)
{
	bool standard = strcmp(q->file, "-") == 0;
	FILE *in = standard ? stdin : fopen(q->file, "r");
	int rc;

	if (in == NULL) {
		fprintf(
		    stderr, "postseal why: %s: %s\n", q->file, strerror(errno));
		return WHY_WRONG;
	}
	rc = set_circumstances(a, q);
	if (rc == 0 && run_message(a, in) != 0) {
		fprintf(stderr, "postseal why: %s: cannot be read\n", q->file);
		rc = WHY_WRONG;
	}
	if (!standard)
		fclose(in);
	return rc == 0 ? print_answer(a, q) : rc;
}

int
why_run(int argc, char **argv)
{
	struct answer a = {.settings = NULL};
	struct question q;
	int rc = read_options(argc, argv, &q);

	if (rc != 0) {
		if (rc == -1)
			fputs(help, stdout);
		return rc == -1 ? 0 : rc;
	}
	log_open("stderr", "postseal");
	message_init(&a.message);
	origin_init(&a.origin);
	a.rules = q.json ? json_array() : NULL;
	if (q.json && a.rules == NULL)
		rc = WHY_WRONG;
	else if (open_signer(&a, &q) != 0)
		rc = WHY_WRONG;
	else
		rc = ask(&a, &q);
	if (a.keys != NULL)
		signer_free(&a.signer);
	json_decref(a.rules);
	letter_free(&a.letter);
	message_free(&a.message);
	keyring_free(a.keys);
	settings_free(a.settings);
	return rc;
}
