#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "admin/look/spf.h"
#include "admin/look/spf_json.h"
#include "admin/look/spf_text.h"
#include "policyd/decide/received.h"

enum {
	EXIT_FAILED = 1,
	EXIT_COMMAND_LINE = 2,
	OUTPUT_MAX = 64 * 1024 * 1024, /* 220 answers of 64 KiB as \DDD */
	MESSAGES_MAX = 1024 * 1024,
	TRACE_MAX = 4 * 1024 * 1024 /* 2,000 terms in each of 21 records */
};

struct options {
	const char *config;
	const char *ip, *name, *login, *helo, *from, *to;
	bool trace, json;
};

/* One evaluation. */
struct spf {
	const struct options *options;
	struct loop *loop;
	struct settings *settings;
	struct resolver *resolver;
	struct spf_json *json; /* NULL: text */
	struct buf out;
	int error;
};

/* --- pieces of lines ------------------------------------------------------------ */

void
spf_clean(struct span s, struct buf *out)
{
	size_t plain = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= ' ' && c <= '~' && c != '\\')
			continue;
		buf_add(out, s.p + plain, i - plain);
		buf_fmt(out, "\\%03u", c);
		plain = i + 1;
	}
	if (plain < s.n)
		buf_add(out, s.p + plain, s.n - plain);
}

const char *
spf_status(const struct question *q)
{
	switch (q->answer->status) {
	case DNS_FOUND:
		break;
	case DNS_NODATA:
		return "no data";
	case DNS_NXDOMAIN:
		return "NXDOMAIN";
	case DNS_TEMPERROR:
		return q->answer->why;
	}
	return "";
}

const char *
spf_security(enum dns_security s)
{
	return s == DNS_SECURE ? "secure" : "insecure";
}

void
spf_record(
    const struct question *q, const struct dns_record *r, struct buf *out)
{
	char ip[IP_TEXT_MAX];

	switch (q->type) {
	case DNS_A:
	case DNS_AAAA:
		buf_str(out, ip_text(&r->ip, ip));
		return;
	case DNS_MX:
		buf_fmt(out, "%u %s", r->preference,
		    *r->name == '\0' ? "." : r->name);
		return;
	case DNS_PTR:
		buf_str(out, *r->name == '\0' ? "." : r->name);
		return;
	case DNS_TXT:
		spf_clean(r->txt, out);
		return;
	}
}

void
spf_header(
    const struct settings *s, const struct request_answer *a, struct buf *out)
{
	const struct policyd_settings *p =
	    settings_recipient(s, a->attr->recipient);
	const struct check_result *result =
	    a->mail_from != NULL ? a->mail_from : a->helo;
	enum identity identity =
	    result == a->mail_from ? IDENTITY_MAIL_FROM : IDENTITY_HELO;
	struct subject subject = {.sender = a->attr->sender,
	    .helo = a->attr->helo_name,
	    .receiver = s->hostname,
	    .hide_receiver = p->hide_receiver};

	if (result == NULL ||
	    ip_parse(a->attr->client_address, &subject.client) != 0)
		return;
	switch (p->header) {
	case HEADER_RECEIVED_SPF:
		received_spf(&subject, identity, result, out);
		return;
	case HEADER_AUTH_RESULTS:
		received_auth_results(&subject, identity, result, out);
		return;
	case HEADER_NONE:
		return;
	}
}

/* --- the evaluation ------------------------------------------------------------- */

static void
on_check(void *arg, const char *what, const struct lookups *l,
    const struct check_result *result)
{
	struct spf *s = arg;
	struct explain e, *trace = NULL;
	struct arena a;

	arena_init(&a, TRACE_MAX);
	if (s->options->trace) {
		if (explain_make(&a, l, &e) == 0)
			trace = &e;
		else
			s->error = -ENOMEM;
	}
	if (s->json != NULL)
		spf_json_check(s->json, what, l, result, trace);
	else
		spf_text_check(what, l, result, trace, &s->out);
	arena_free(&a);
}

static void
on_answer(void *arg, const struct request_answer *a)
{
	struct spf *s = arg;
	int error = 0;

	if (s->json == NULL) {
		spf_text_answer(s->settings, a, &s->out);
	} else {
		spf_json_answer(s->json, s->settings, a);
		error = spf_json_print(s->json, &s->out);
	}
	if (s->error == 0)
		s->error = error != 0 ? error : buf_error(&s->out);
	loop_stop(s->loop);
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
	const struct request_env env = {.loop = s->loop,
	    .resolver = s->resolver,
	    .settings = s->settings,
	    .explain = on_check,
	    .explain_arg = s};
	struct request *r;
	int rc = request_start(&env, &attr, on_answer, s, &r);

	if (rc == 0)
		rc = loop_run(s->loop);
	return rc == 0 ? s->error : rc;
}

static int
open_all(struct spf *s)
{
	int rc = loop_new(&s->loop);

	if (rc == 0)
		rc = resolver_new(s->loop, &s->settings->dns, &s->resolver);
	if (rc == 0 && s->options->json) {
		s->json = spf_json_new();
		rc = s->json == NULL ? -ENOMEM : 0;
	}
	return rc;
}

static int
print(const struct buf *b, FILE *to)
{
	if (b->n > 0 && fwrite(b->p, 1, b->n, to) != b->n)
		return -EIO;
	return fflush(to) == 0 ? 0 : -errno;
}

/* With settings that can be used. */
static int
run(struct spf *s)
{
	int rc = open_all(s);

	if (rc == 0)
		rc = evaluate(s);
	if (rc == 0)
		rc = print(&s->out, stdout);
	if (rc != 0)
		fprintf(stderr, "postseal spf: %s\n", strerror(-rc));
	spf_json_free(s->json);
	resolver_free(s->resolver);
	loop_free(s->loop);
	return rc;
}

static int
run_with(const struct options *o)
{
	struct spf s = {.options = o};
	struct buf why, warn;
	int rc;

	buf_init(&s.out, OUTPUT_MAX);
	buf_init(&why, MESSAGES_MAX);
	buf_init(&warn, MESSAGES_MAX);
	rc = settings_read(
	    o->config, SETTINGS_POLICYD, &s.settings, &why, &warn);
	(void)print(&warn, stderr);
	(void)print(&why, stderr);
	if (rc == 0)
		rc = run(&s);
	settings_free(s.settings);
	buf_free(&s.out);
	buf_free(&why);
	buf_free(&warn);
	return rc == 0 ? 0 : EXIT_FAILED;
}

/* --- the command line ----------------------------------------------------------- */

static const char help[] =
    "postseal spf --ip ADDRESS [--helo NAME] [--from SENDER] - what the "
    "policy\n"
    "daemon says of a sender, with its config and from here\n"
    "\n"
    "  -i, --ip ADDRESS     of the client\n"
    "  -n, --name NAME      of the client, as Postfix found it; else unknown\n"
    "  -l, --login USER     as which the client logged in; else it did not\n"
    "  -H, --helo NAME      that it said; none: HELO is not checked\n"
    "  -f, --from SENDER    of the envelope; none, or <>: the null sender\n"
    "  -t, --to RECIPIENT   of the envelope\n"
    "  -x, --trace          show each record, term and question\n"
    "  -j, --json           for machines\n"
    "  -c, --config FILE    instead of " SETTINGS_FILE "\n"
    "  -h, --help           print this\n"
    "\n"
    "Exit status: 0 when there is a result, whatever it is; 1 when there is "
    "none,\n"
    "2 when the command line is wrong.\n";

static int
wrong(const char *problem, const char *word)
{
	fprintf(stderr,
	    "postseal spf: %s%s%s%s\nTry \"postseal spf --help\".\n", problem,
	    word == NULL ? "" : ": \"", word == NULL ? "" : word,
	    word == NULL ? "" : "\"");
	return -EINVAL;
}

static void
read_option(int letter, struct options *o)
{
	switch (letter) {
	case 'i':
		o->ip = optarg;
		break;
	case 'n':
		o->name = optarg;
		break;
	case 'l':
		o->login = optarg;
		break;
	case 'H':
		o->helo = optarg;
		break;
	case 'f':
		o->from = strcmp(optarg, "<>") == 0 ? "" : optarg;
		break;
	case 't':
		o->to = optarg;
		break;
	case 'x':
		o->trace = true;
		break;
	case 'j':
		o->json = true;
		break;
	case 'c':
		o->config = optarg;
		break;
	}
}

static int
judge_options(const struct options *o, const char *word)
{
	struct ip ip;

	if (word != NULL)
		return wrong("what is", word);
	if (o->ip == NULL)
		return wrong("--ip is missing", NULL);
	if (ip_parse(span_str(o->ip), &ip) != 0)
		return wrong("not an address", o->ip);
	if (*o->helo == '\0' && *o->from == '\0')
		return wrong("--helo or --from is missing", NULL);
	return 0;
}

/* 0, 1 after --help, or -EINVAL after saying what is wrong. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"ip", required_argument, NULL, 'i'},
	    {"name", required_argument, NULL, 'n'},
	    {"login", required_argument, NULL, 'l'},
	    {"helo", required_argument, NULL, 'H'},
	    {"from", required_argument, NULL, 'f'},
	    {"to", required_argument, NULL, 't'},
	    {"trace", no_argument, NULL, 'x'}, {"json", no_argument, NULL, 'j'},
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int letter;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while ((letter = getopt_long(
	            argc, argv, "i:n:l:H:f:t:xjc:h", longs, NULL)) != -1) {
		if (letter == '?')
			return wrong("that is not how it is called", NULL);
		if (letter == 'h')
			return fputs(help, stdout) == EOF ? -EIO : 1;
		read_option(letter, o);
	}
	return judge_options(o, optind < argc ? argv[optind] : NULL);
}

int
spf_run(int argc, char **argv)
{
	struct options o = {.config = SETTINGS_FILE,
	    .name = "unknown",
	    .login = "",
	    .helo = "",
	    .from = "",
	    .to = ""};
	int rc = read_options(argc, argv, &o);

	if (rc != 0)
		return rc > 0 ? 0 : EXIT_COMMAND_LINE;
	return run_with(&o);
}
