/*
 * Trap: the signer is told of recipients and macros before the header, as from
 * the wire, so the caller does that between trial_client() and trial_run().
 */
#include "admin/look/trial.h"

#include "admin/look/mailfile.h"
#include "common/milter/milter.h"

void
trial_init(struct trial *t)
{
	*t = (struct trial){.setup = {NULL, NULL}};
	message_init(&t->message);
	origin_init(&t->origin);
	edits_init(&t->edits, &t->message.arena);
}

void
trial_free(struct trial *t)
{
	letter_free(&t->letter);
	message_free(&t->message);
	if (t->signer.settings != NULL)
		signer_free(&t->signer);
	setup_clear(&t->setup);
}

int
trial_open(struct trial *t)
{
	return signer_init(&t->signer, t->setup.settings, t->setup.keys);
}

void
trial_client(
    struct trial *t, const char *client, const char *login, const char *sender)
{
	ip_parse(span_str(client), &t->origin.client);
	t->origin.known = true;
	message_sender(&t->message, span_str(sender));
	if (login == NULL)
		return;
	message_macro(&t->message, span_str("{auth_type}"), span_str("PLAIN"));
	message_macro(&t->message, span_str("{auth_authen}"), span_str(login));
}

static void
on_headers(void *arg)
{
	struct trial *t = arg;

	signer_headers(
	    &t->signer, &t->letter, &t->message, &t->origin, SMFIF_ADDHDRS);
}

static void
on_body(void *arg, struct span in)
{
	struct trial *t = arg;

	letter_body(&t->letter, in);
}

int
trial_run(struct trial *t, FILE *in)
{
	int rc = mailfile_feed(in, &t->message, on_headers, on_body, t);

	signer_end(&t->signer, &t->letter, &t->message, &t->edits);
	return rc;
}
