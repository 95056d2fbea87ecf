/*
 * The trick: a wing of the milter engine is a table of functions, and a file is
 * fed to them as a connection would: fields, headers(), body(), end(). What
 * came of it stands in the wing's own letter.
 *
 * The trap: spans of the results point into the message, which lives until all
 * is printed.
 */
#include "admin/verify/verifycmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/look/mailfile.h"
#include "admin/look/spf.h"
#include "admin/look/spf_json.h"
#include "admin/verify/dmarcwalk.h"
#include "admin/verify/verified.h"
#include "admin/verify/zonefile.h"
#include "verifier/verifier.h"

enum { SPF_TEXT_MAX = 64 * 1024 * 1024 }; /* 220 answers of 64 KiB as \DDD */

struct options {
	const char *client, *helo, *from, *dns, *time, *file;
	bool canonical;
};

struct job {
	struct call *c;
	const struct options *o; /* the call's */
	struct tool tool;
	struct zonefile zone; /* of --dns */
	struct verifier v;
	struct origin origin;
	struct spf_notes notes;
	struct verified is;
	bool over; /* the last word was said at the end of the header */
};

/* --- the message, to the daemon's functions ------------------------------- */

static void
on_headers(void *arg)
{
	struct job *j = arg;
	struct field_list fields = message_fields(&j->is.message);

	for (size_t i = 0; i < fields.n; i++)
		verifier_ops.field(
		    &j->v, &j->is.letter, fields.v[i].name, fields.v[i].value);
	j->is.word = verifier_ops.headers(&j->v, &j->is.letter, &j->is.message,
	    &j->origin, verifier_ops.actions, &j->is.edits);
	j->over = j->is.word != MILTER_GO_ON;
}

static void
on_body(void *arg, struct span in)
{
	struct job *j = arg;

	if (j->over)
		return;
	verifier_ops.body(&j->v, &j->is.letter, in);
	buf_span(&j->is.body, in);
}

static void
on_ready(void *arg)
{
	loop_stop(arg);
}

/* For HELO's check, too, for which no message waits: it is to be shown. */
static int
wait_for_answers(struct job *j)
{
	const struct inspection *l = &j->is.letter;
	int rc = 0;

	while (
	    rc == 0 && (inspection_waits(l) || l->envelope.helo.check != NULL))
		rc = loop_run(j->tool.loop);
	return rc;
}

/* 0, and what came of it in j->is.letter, j->is.word and j->is.edits; or
 * -errno. */
static int
verify(struct job *j, FILE *in)
{
	struct inspection *l = &j->is.letter;
	int rc;

	message_sender(&j->is.message, span_str(j->o->from));
	rc = mailfile_feed(in, &j->is.message, on_headers, on_body, j);
	if (rc == 0)
		rc = buf_error(&j->is.body);
	if (rc == 0 && j->is.message.nfields == 0 &&
	    j->is.message.body_bytes == 0 &&
	    j->is.message.trouble == MESSAGE_FINE)
		rc = -ENODATA;
	if (rc != 0 || j->over)
		return rc;
	do { /* a piece at a time */
		rc = wait_for_answers(j);
		if (rc == 0)
			j->is.word = verifier_ops.end(&j->v, l, &j->is.message,
			    &j->origin, false, &j->is.edits);
	} while (rc == 0 && j->is.word == MILTER_WAIT);
	return rc;
}

static int
read_file(struct job *j)
{
	const char *name = j->o->file;
	bool is_stdin = strcmp(name, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(name, "r");
	int rc;

	if (in == NULL) {
		rc = -errno;
	} else {
		rc = verify(j, in);
		if (!is_stdin)
			fclose(in);
	}
	if (rc != 0)
		buf_fmt(&j->c->why, "%s: %s\n", is_stdin ? "the message" : name,
		    rc == -ENODATA ? "it is empty" : strerror(-rc));
	return rc;
}

/* --- a run ---------------------------------------------------------------- */

static int
status_of(const struct inspection *l)
{
	bool later = false;

	for (size_t i = 0; i < l->nresults; i++) {
		if (l->result[i].judged.result == DKIM_PASS)
			return TOOL_OK;
		later = later || l->result[i].judged.result == DKIM_TEMPERROR;
	}
	return later ? TOOL_LATER : TOOL_FAILED;
}

static int
print(struct job *j)
{
	int rc = j->notes.error;

	if (rc == 0)
		rc = buf_error(&j->is.spf);
	if (rc != 0)
		return rc;
	if (j->o->canonical)
		rc = verified_canonical(&j->is, &j->c->out);
	else if (j->c->json)
		rc = subcommand_json(j->c, verified_json(&j->is));
	else
		rc = verified_text(&j->is, &j->c->out);
	if (rc != 0)
		buf_clear(&j->c->out); /* a part of it would mislead */
	return rc == 0 ? status_of(&j->is.letter) : rc;
}

/* The verifier is there, and the zone. */
static int
work(struct job *j)
{
	int rc;

	if (j->o->dns != NULL)
		resolver_answer_from(
		    j->tool.resolver, zonefile_answer, &j->zone);
	buf_init(&j->is.spf, SPF_TEXT_MAX);
	if (j->c->json)
		j->is.spf_json = spf_json_new();
	if (j->c->json && j->is.spf_json == NULL)
		return -ENOMEM;
	j->notes = (struct spf_notes){
	    .out = &j->is.spf, .json = j->is.spf_json, .trace = true};
	j->v.witness = (struct identity_witness){spf_note, &j->notes};
	if (j->o->time != NULL)
		j->v.time = strtoull(j->o->time, NULL, 10);
	origin_init(&j->origin);
	if (j->o->client != NULL) {
		ip_parse(span_str(j->o->client), &j->origin.client);
		j->origin.known = true;
		/* Postfix is here, so a client of this host is its own */
		j->origin.server = j->origin.client;
		j->origin.server_known = own_read(&j->v.own) == 0;
	}
	origin_helo(&j->origin, span_str(j->o->helo));
	inspection_reset(&j->is.letter);
	j->is.letter.ready = on_ready;
	j->is.letter.ready_arg = j->tool.loop;
	message_init(&j->is.message);
	edits_init(&j->is.edits, &j->is.message.arena);
	buf_init(&j->is.body, VERIFIED_BODY_MAX);
	rc = read_file(j);
	if (rc == 0 && j->is.letter.dmarc.over)
		rc = dmarcwalk_new(j->tool.loop, j->tool.resolver,
		    &j->is.letter.dmarc, j->is.letter.author, &j->is.dmarc);
	if (rc == 0)
		rc = print(j);
	verifier_ops.close(&j->v, &j->is.letter);
	buf_free(&j->is.body);
	buf_free(&j->is.spf);
	spf_json_free(j->is.spf_json);
	dmarcwalk_free(j->is.dmarc);
	message_free(&j->is.message);
	return rc;
}

static int
run(struct call *c)
{
	struct job j = {.c = c, .o = c->options};
	int rc = 0;

	if (j.o->dns != NULL)
		rc = zonefile_read(j.o->dns, &j.zone, &c->why);
	if (rc != 0)
		return rc;
	buf_init(&c->out, 2 * VERIFIED_BODY_MAX);
	rc = tool_open(&j.tool, "verify", c->config, SETTINGS_VERIFIER);
	if (rc != 0) {
		rc = TOOL_FAILED; /* told */
	} else {
		rc = verifier_init(
		    &j.v, j.tool.settings, j.tool.loop, j.tool.resolver);
		if (rc == 0)
			rc = work(&j);
		verifier_free(&j.v);
		tool_close(&j.tool);
	}
	if (j.o->dns != NULL)
		zonefile_free(&j.zone);
	return rc;
}

/* --- the command line ----------------------------------------------------- */

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;
	struct ip ip;

	if (n > 1)
		return subcommand_wrong(c, "what is", word[1]);
	if (n == 1)
		o->file = word[0];
	if (strcmp(o->from, "<>") == 0)
		o->from = "";
	if (o->client != NULL && ip_parse(span_str(o->client), &ip) != 0)
		return subcommand_wrong(c, "not an address", o->client);
	if (o->time != NULL &&
	    (o->time[0] == '\0' || strspn(o->time, "0123456789") > 18 ||
	        o->time[strspn(o->time, "0123456789")] != '\0'))
		return subcommand_wrong(
		    c, "not a number of seconds since 1970", o->time);
	if (o->canonical && c->json)
		return subcommand_wrong(
		    c, "--canonical and --json: one at a time", NULL);
	return 0;
}

const struct subcommand verify_subcommand = {
    .name = "verify",
    .words = "[FILE]",
    .text = "what the verifier says of a message, and why",
    .head = "postseal verify [FILE] - what the verifier would say of a stored "
            "message, and\n"
            "why, signature by signature; without FILE, or with -, of standard "
            "input",
    .tail = "Exit status: 0 when a signature passes; 1 when none does; 3 when "
            "none does and\n"
            "DNS did not answer; 2 when the command line is wrong.",
    .column = 24,
    .options = &(const struct options){.helo = "", .from = "", .file = "-"},
    .size = sizeof(struct options),
    .option =
        {
            {0, "client", "ADDRESS",
                "of the SMTP client; without it there is no SPF",
                .at = offsetof(struct options, client)},
            {0, "helo", "NAME", "that it said; the sender of a bounce, for SPF",
                .at = offsetof(struct options, helo)},
            {0, "from", "SENDER",
                "of the envelope; none, or <>: the null sender",
                .at = offsetof(struct options, from)},
            {0, "dns", "FILE", "ask this zone file, not DNS",
                .at = offsetof(struct options, dns)},
            {0, "time", "SECONDS", "since 1970: as if it were then",
                .at = offsetof(struct options, time)},
            {0, "canonical", NULL, "print the bytes that are hashed",
                .at = offsetof(struct options, canonical)},
            {'j', "json", NULL, "for machines", .take = subcommand_take_json},
            SUBCOMMAND_CONFIG,
        },
    .take_words = take_words,
    .run = run,
};
