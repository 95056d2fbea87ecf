/*
 * trial.h - one message on the signer's own code, without a daemon: for
 * `postseal why` and `postseal sign`.
 *
 * As the milter engine would: who hands it in, its fields, the verdict, its
 * body, the signatures. They stand in `edits` then, what was decided in
 * `letter`. Config and keys are opened by the caller, who also tells what is
 * wrong with them.
 */
#ifndef POSTSEAL_ADMIN_TRIAL_H
#define POSTSEAL_ADMIN_TRIAL_H

#include <stdio.h>

#include "common/milter/edits.h"
#include "common/milter/origin.h"
#include "signer/setup.h"
#include "signer/signer.h"

struct trial {
	struct setup setup; /* the caller's, before trial_open() */
	struct signer signer;
	struct message message;
	struct origin origin;
	struct letter letter;
	struct edits edits;
};

/* Makes *t ready, without a setup: for trial_free(). */
void trial_init(struct trial *t);
void trial_free(struct trial *t);

/* Makes the signer of t->setup. 0 or -errno as of signer_init(). */
int trial_open(struct trial *t);

/* Who hands the message in: an address that ip_parse() takes, a login or NULL,
 * a sender of the envelope. */
void trial_client(
    struct trial *t, const char *client, const char *login, const char *sender);

/* Reads the message to the end of in, decides and signs. 0, or an error of
 * mailfile_feed(). */
int trial_run(struct trial *t, FILE *in);

#endif
