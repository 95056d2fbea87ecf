/*
 * The trick: the message is read whole and handed to the daemon's own
 * functions, and the fields of its edits are printed in front of the text as it
 * came, which is not touched.
 *
 * The trap: a "From " line, of a mailbox, is no field: signatures stand below
 * it.
 */
#include "admin/look/signcmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/look/trial.h"
#include "admin/look/why.h"
#include "common/log/log.h"

struct options {
	const char *client, *login, *from;
};

struct job {
	struct call *c;
	const struct options *o; /* the call's */
	struct trial trial;
	struct buf text; /* the message */
};

/* Config, tables, keys. 0 or -errno, told. */
static int
open_signer(struct job *j)
{
	struct buf warn;
	int rc;

	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = setup_read(j->c->config, &j->trial.setup, &j->c->why, &warn);
	if (rc == 0) {
		rc = trial_open(&j->trial);
		if (rc != 0)
			buf_fmt(&j->c->why, "%s\n", strerror(-rc));
	}
	tool_complain("sign", &warn);
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

/* 0, the outcome in j->trial; or -errno. */
static int
sign(struct job *j)
{
	FILE *in = fmemopen(j->text.p, j->text.n, "r");
	int rc;

	if (in == NULL)
		return -errno;
	trial_client(&j->trial, j->o->client, j->o->login, j->o->from);
	rc = trial_run(&j->trial, in);
	fclose(in);
	return rc;
}

/* Appends what is inserted on top of all fields, the last one first, with these
 * line ends. */
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

static void
print_message(const struct job *j)
{
	struct span text = buf_view(&j->text);
	size_t first = span_find(text, '\n');
	bool crlf = first > 0 && first < text.n && text.p[first - 1] == '\r';
	struct buf *out = &j->c->out;

	if (text.n > 5 && memcmp(text.p, "From ", 5) == 0) {
		buf_span(out, span_of(text.p, first + (first < text.n)));
		text = span_skip(text, first + 1);
	}
	put_fields(j->trial.edits.first, crlf ? "\r\n" : "\n", out);
	buf_span(out, text);
}

static int
report(const struct job *j)
{
	const struct outcome *o = &j->trial.letter.outcome;

	switch (o->kind) {
	case OUTCOME_SIGN:
		print_message(j);
		return WHY_SIGNED;
	case OUTCOME_UNSIGNED:
		buf_fmt(&j->c->why, "not signed: %s\n", o->reason);
		print_message(j);
		return WHY_UNSIGNED;
	case OUTCOME_TEMPFAIL:
		break;
	}
	buf_fmt(&j->c->why, "put off: %s\n", o->reason);
	return WHY_TEMPFAIL;
}

static int
work(struct job *j)
{
	int rc = read_text(j);

	if (rc == 0)
		rc = sign(j);
	if (rc == 0)
		return report(j);
	buf_fmt(&j->c->why, "the message cannot be read: %s\n",
	    rc == -ENODATA ? "it is empty" : strerror(-rc));
	return WHY_WRONG;
}

static int
run(struct call *c)
{
	struct job j = {.c = c, .o = c->options};
	int rc;

	log_open("stderr", "postseal");
	trial_init(&j.trial);
	buf_init(&j.text, TOOL_TEXT_MAX / 2);
	rc = open_signer(&j);
	if (rc == 0)
		rc = work(&j);
	buf_free(&j.text);
	trial_free(&j.trial);
	return rc;
}

static int
take_words(struct call *c, char **word, int n)
{
	const struct options *o = c->options;
	struct ip ip;

	if (n > 0)
		return subcommand_wrong(
		    c, "the message comes on standard input, not as", word[0]);
	if (ip_parse(span_str(o->client), &ip) != 0)
		return subcommand_wrong(c, "this is no address:", o->client);
	return 0;
}

const struct subcommand sign_subcommand = {
    .name = "sign",
    .words = "< FILE",
    .text = "print a message with the signatures it would get",
    .head = "usage: postseal sign [options] < MESSAGE\n"
            "\n"
            "Prints the message with the signatures that the signer would give "
            "it.",
    .tail =
        "Line ends stay what they are, LF or CRLF. Exit status: 0 signed; "
        "3 not signed,\n"
        "printed as it is, the reason is printed on stderr; 4 put off (a bad "
        "key), nothing\n"
        "is printed; 1 when the config or the message cannot be read, 2 "
        "when the command\n"
        "line is wrong. The keys must be readable, so run it as root.",
    .column = 24,
    .manner = SUBCOMMAND_NAMES,
    .options = &(const struct options){.client = "127.0.0.1", .from = ""},
    .size = sizeof(struct options),
    .option =
        {
            SUBCOMMAND_CONFIG,
            {0, "client", "ADDRESS",
                "of the SMTP client (127.0.0.1, as of sendmail(1))",
                .at = offsetof(struct options, client)},
            {0, "auth", "LOGIN", "it has authenticated so",
                .at = offsetof(struct options, login)},
            {0, "from", "ADDRESS", "envelope sender",
                .at = offsetof(struct options, from)},
        },
    .take_words = take_words,
    .run = run,
};
