/*
 * inspection.h - the verifier's own state of a connection and of the message
 * under way on it, beside what common/mail/message.h keeps of any.
 *
 * The engine gives it, all zero (struct milter_ops). Questions to DNS hold
 * pointers into it until they are answered or cancelled, and it does not move.
 */
#ifndef POSTSEAL_VERIFIER_INSPECTION_H
#define POSTSEAL_VERIFIER_INSPECTION_H

#include <stdint.h>

#include "common/bytes/arena.h"
#include "common/bytes/domain.h"
#include "common/dkim/bodyhash.h"
#include "common/milter/session.h"
#include "verifier/dmarc/dmarc_message.h"
#include "verifier/verify/dkmessage.h"
#include "verifier/verify/envelope.h"
#include "verifier/verify/judge.h"
#include "verifier/verify/keyfetch.h"
#include "verifier/verify/pick.h"
#include "verifier/verify/strip.h"

_Static_assert((int)RESULTS_MAX <= (int)BODYHASH_PARTS_MAX,
    "each result may have an l= of its own");

/* The hashes of the body for all signatures with the same c=, whatever their
 * l=. */
struct body {
	struct bodyhash *hash; /* owned, kept for the next message */
	bool wanted, done;
};

enum { BODIES = CANON_RELAXED + 1 }; /* by the c= of the body */

/* Whose mail it is, and so what is done with it. */
enum whose {
	WHOSE_STRANGER, /* verified and stripped */
	WHOSE_RELAY,    /* likewise, but never refused: it took the mail in */
	WHOSE_USER,   /* logged in, or by a service for users: stripped only */
	WHOSE_TRUSTED /* of this house: neither */
};

struct result {
	const struct candidate *candidate;
	struct judged judged;
	size_t number; /* of candidate, in picked */
	bool aligned;  /* it passes for the author's domain, as DMARC has it */
	struct span b; /* the beginning of b=, without white space */
};

struct inspection {
	/* Of the connection. ready() is called to go on: inspection_waits() no
	 * more, or a turn is over. */
	void (*ready)(void *arg);
	void *ready_arg;
	char host[AUTHRES_ID_MAX + 1]; /* macro j as an id; "": none */
	const char *own_client;        /* of macros_find(), NULL: none */
	struct body body[BODIES];

	/* Of the message */
	struct arena *arena; /* the message's own: what is picked lies there */
	struct strip strip;
	struct envelope envelope;
	const char *own_message; /* of macros_find(), NULL: none */
	enum whose whose;

	/* The domain of From in A-labels; "" for none or several */
	char author[DOMAIN_MAX + 1];
	bool list;          /* has List-Id */
	bool unasked;       /* keys were not asked for, as DNS was busy */
	bool may_hold;      /* the MTA lets us put it into the hold queue */
	uint64_t now;       /* seconds since 1970, one value a message */
	uint64_t asked_ms;  /* of the loop's clock: the questions began */
	uint64_t ended_ms;  /* likewise: the message was complete; 0: not yet */
	uint64_t waited_ms; /* from then on, for keys, SPF and DMARC */
	struct picked picked;
	struct dkmessage *domainkeys; /* NULL: none, or not wanted */
	struct keyfetch keys;
	struct dmarc_message dmarc;

	/* Domains of recipients, for reports alone; in the arena */
	const char *recipient[RECIPIENT_DOMAINS_MAX];
	size_t nrecipients;
	struct result result[RESULTS_MAX];
	size_t nresults;     /* of picked, that are judged */
	const char *reply;   /* "550 5.7.1 text"; or why it is held; NULL:
	                      * none; in the message's edits */
	const char *trouble; /* why it was not verified; static */
	bool undone;         /* for a failure of ours */
};

/* True while something was asked that is not there yet, and is needed. */
bool inspection_waits(const struct inspection *l);

/* Forgets the message; what was asked is not wanted any more. */
void inspection_reset(struct inspection *l);

/* Frees everything. */
void inspection_free(struct inspection *l);

#endif
