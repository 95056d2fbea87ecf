#include "admin/look/signcmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/look/mailfile.h"
#include "admin/tool/tool.h"
#include "common/log/log.h"
#include "common/milter/milter.h"
#include "signer/signer.h"
#include "signer/setup.h"

static const char name[] = "sign";

static const char help[] =
    "usage: postseal sign [options] < MESSAGE\n"
    "\n"
    "Prints the message with the signatures that the signer would give it.\n"
    "\n"
    "  -c, --config FILE     instead of " SETTINGS_FILE "\n"
    "      --client ADDRESS  of the SMTP client (127.0.0.1, as of "
    "sendmail(1))\n"
    "      --auth LOGIN      it has authenticated so\n"
    "      --from ADDRESS    envelope sender\n"
    "  -h, --help            print this\n"
    "\n"
    "Line ends stay what they are, LF or CRLF. Exit status: 0 signed; 3 not "
    "signed,\n"
    "printed as it is, the reason is told on stderr; 4 put off (a bad key), "
    "nothing\n"
    "is printed; 1 when the config or the message cannot be read, 2 when the "
    "command\n"
    "line is wrong. The keys must be readable, so run it as root.\n";

struct job {
	const char *config, *client, *login, *from;
	struct setup setup;
	struct signer signer;
	struct message message;
	struct origin origin;
	struct letter letter;
	struct edits edits;
	struct buf text; /* the message */
};

/* 0; -1 when help was asked for; or -EINVAL, told. */
static int
read_options(int argc, char **argv, struct job *j)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"client", required_argument, NULL, 'C'},
	    {"auth", required_argument, NULL, 'a'},
	    {"from", required_argument, NULL, 'f'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:h", options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		else if (c == 'c')
			j->config = optarg;
		else if (c == 'C')
			j->client = optarg;
		else if (c == 'a')
			j->login = optarg;
		else if (c == 'f')
			j->from = optarg;
		else
			return tool_wrong(name,
			    c == ':' ? "a value is missing for"
			             : "unknown option",
			    argv[optind - 1]);
	}
	if (optind < argc)
		return tool_wrong(name,
		    "the message comes on standard input, not as",
		    argv[optind]);
	if (ip_parse(span_str(j->client), &j->origin.client) != 0)
		return tool_wrong(name, "this is no address:", j->client);
	j->origin.known = true;
	return 0;
}

/* Config, tables, keys. 0 or -errno, told. */
static int
open_signer(struct job *j)
{
	struct buf why, warn;
	int rc;

	buf_init(&why, TOOL_MESSAGES_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = setup_read(j->config, &j->setup, &why, &warn);
	if (rc == 0) {
		rc = signer_init(&j->signer, j->setup.settings, j->setup.keys);
		if (rc != 0) {
			buf_fmt(&why, "%s\n", strerror(-rc));
			setup_clear(&j->setup);
		}
	}
	tool_complain(name, &warn);
	tool_complain(name, &why);
	buf_free(&why);
	buf_free(&warn);
	return rc;
}

/* Standard input into j->text. 0 or -errno. */
static int
read_text(struct job *j)
{
	char piece[16384];
	size_t n;

	while ((n = fread(piece, 1, sizeof piece, stdin)) > 0)
		buf_add(&j->text, piece, n);
	if (ferror(stdin))
		return -EIO;
	return j->text.n == 0 ? -ENODATA : buf_error(&j->text);
}

static void
on_headers(void *arg)
{
	struct job *j = arg;

	signer_headers(
	    &j->signer, &j->letter, &j->message, &j->origin, SMFIF_ADDHDRS);
}

static void
on_body(void *arg, struct span in)
{
	struct job *j = arg;

	letter_body(&j->letter, in);
}

/* 0, the outcome in j->letter and j->edits; or -errno. */
static int
sign(struct job *j)
{
	FILE *in = fmemopen(j->text.p, j->text.n, "r");
	int rc;

	if (in == NULL)
		return -errno;
	message_sender(&j->message, span_str(j->from));
	if (j->login != NULL) {
		message_macro(
		    &j->message, span_str("{auth_type}"), span_str("PLAIN"));
		message_macro(
		    &j->message, span_str("{auth_authen}"), span_str(j->login));
	}
	rc = mailfile_feed(in, &j->message, on_headers, on_body, j);
	fclose(in);
	signer_end(&j->signer, &j->letter, &j->message, &j->edits);
	return rc;
}

/* Appends what is inserted on top of all fields, the last one first, with these line
 * ends. */
static void
put_fields(const struct edit *e, const char *end, struct buf *out)
{
	if (e == NULL)
		return;
	put_fields(e->next, end, out);
	buf_span(out, e->name);
	buf_byte(out, ':');
	for (size_t i = 0; i < e->value.n; i++) {
		if (e->value.p[i] == '\n')
			buf_str(out, end);
		else
			buf_byte(out, e->value.p[i]);
	}
	buf_str(out, end);
}

/* 0 or -errno, told. */
static int
print_message(const struct job *j)
{
	struct span text = buf_view(&j->text);
	size_t first = span_find(text, '\n');
	bool crlf = first > 0 && first < text.n && text.p[first - 1] == '\r';
	struct buf out;
	int rc;

	buf_init(&out, TOOL_TEXT_MAX);
	if (text.n > 5 && memcmp(text.p, "From ", 5) == 0) {
		buf_span(&out, span_of(text.p, first + (first < text.n)));
		text = span_skip(text, first + 1);
	}
	put_fields(j->edits.first, crlf ? "\r\n" : "\n", &out);
	buf_span(&out, text);
	rc = tool_print(name, &out, stdout);
	buf_free(&out);
	return rc;
}

static int
report(const struct job *j)
{
	const struct outcome *o = &j->letter.outcome;

	switch (o->kind) {
	case OUTCOME_SIGN:
		return print_message(j) == 0 ? SIGNCMD_SIGNED : SIGNCMD_WRONG;
	case OUTCOME_UNSIGNED:
		fprintf(stderr, "postseal sign: not signed: %s\n", o->reason);
		return print_message(j) == 0 ? SIGNCMD_UNSIGNED : SIGNCMD_WRONG;
	case OUTCOME_TEMPFAIL:
		break;
	}
	fprintf(stderr, "postseal sign: put off: %s\n", o->reason);
	return SIGNCMD_TEMPFAIL;
}

static int
work(struct job *j)
{
	int rc = read_text(j);

	if (rc == 0)
		rc = sign(j);
	if (rc == 0)
		return report(j);
	fprintf(stderr, "postseal sign: the message cannot be read: %s\n",
	    rc == -ENODATA ? "it is empty" : strerror(-rc));
	return SIGNCMD_WRONG;
}

int
signcmd_run(int argc, char **argv)
{
	struct job j = {
	    .config = SETTINGS_FILE, .client = "127.0.0.1", .from = ""};
	int rc;

	origin_init(&j.origin);
	rc = read_options(argc, argv, &j);
	if (rc != 0) {
		if (rc == -1)
			fputs(help, stdout);
		return rc == -1 ? SIGNCMD_SIGNED : SIGNCMD_COMMAND_LINE;
	}
	log_open("stderr", "postseal");
	if (open_signer(&j) != 0)
		return SIGNCMD_WRONG;
	message_init(&j.message);
	buf_init(&j.text, TOOL_TEXT_MAX / 2);
	edits_init(&j.edits, &j.message.arena);
	rc = work(&j);
	buf_free(&j.text);
	letter_free(&j.letter);
	message_free(&j.message);
	signer_free(&j.signer);
	setup_clear(&j.setup);
	return rc;
}
