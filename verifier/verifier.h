/*
 * verifier.h - the milter that judges inbound mail: what is done with a
 * message, and the one log line that says it.
 *
 * The story of a message. At the first recipient that the MTA has taken it is
 * known whose mail it is, and of a stranger's the SPF of the envelope is asked
 * (envelope.c), while the client still has to send the rest. Each field is
 * looked at as it comes: does it claim to be ours (strip.c)? Mail of users and
 * of this house is not verified. Of a stranger's the signatures are read and
 * picked (pick.c), all their keys are asked for at once, equal names once
 * (keyfetch.c), with the names of the author's DMARC walk (dmarc_message.c),
 * and one hash is begun for each c= and l=. The body streams through the hashes
 * and is not held. At the end of the message the wing WAITs for keys and SPF
 * that are not there yet, at most verifier.time_limit; then each signature is
 * judged (judge.c); then it WAITs for what DMARC still needs to know, out of
 * the same time. The message goes on with one Authentication-Results field of
 * ours on top, perhaps a mark below it, and without the forged ones; or is
 * held, put off or refused, where the config says so (disposition.c,
 * results.c), or where more are forged than can be removed (strip.c).
 *
 * The message is judged as it was received: forged fields may be signed, and go
 * afterwards. Nothing of our own (memory, DNS) ever refuses a message; where
 * memory is out for the removal of a forged field, it is put off.
 */
#ifndef POSTSEAL_VERIFIER_VERIFIER_H
#define POSTSEAL_VERIFIER_VERIFIER_H

#include "common/dkim/verify.h"
#include "common/io/loop.h"
#include "common/io/own.h"
#include "common/milter/session.h"
#include "common/settings/settings.h"
#include "common/stats/stats.h"
#include "verifier/dayfile.h"
#include "verifier/inspection.h"

/* What the sessions of a worker share. */
struct verifier {
	const struct settings *settings; /* borrows */
	struct loop *loop;               /* borrows */
	struct resolver *resolver;       /* borrows */
	struct verify *verify;           /* owned, scratch memory */
	struct pubkeys *pubkeys;         /* owned */
	char (*id)[AUTHRES_ID_MAX + 1];  /* owned: those that are ours */
	const char **ids;                /* owned: the same, the last place free
	                                  * for macro j */
	size_t nids;
	struct buf macros;               /* owned: the names of own_macros */
	struct own own;                  /* owned; empty until own_read() */
	struct dayfile lines;            /* of verifier.dmarc.results */
	int lines_error;                 /* of the last one, 0 or -errno */
	struct identity_witness witness; /* of SPF checks; none, at first */
	struct stats_slot *stats;        /* borrows; NULL: nothing is counted */
	uint64_t time; /* seconds since 1970; 0: that of the clock */
};

/* Makes v ready; borrows all until verifier_free(). 0 or -ENOMEM. */
int verifier_init(struct verifier *v, const struct settings *settings,
    struct loop *loop, struct resolver *resolver);
void verifier_free(struct verifier *v);

/* The engine's way in; its wing is a struct verifier, its letter a struct
 * inspection. */
extern const struct milter_ops verifier_ops;

/* The name that stands in Authentication-Results. Borrows from settings. */
const char *verifier_id(const struct settings *s);

/* A message is through: its log line, and the counters (verifier_log.c). said
 * and why are those of the engine's through(). */
void verifier_log(const struct verifier *v, const struct inspection *l,
    const struct message *m, const struct origin *from, enum milter_word said,
    const char *why);

#endif
