/*
 * request.h - one policy request's life: fields in, an answer out.
 *
 * Decides which identities are checked (RFC 7208 sections 2.3 and 2.4), starts
 * both checks side by side, keeps the time limit of the whole, and asks
 * verdict.c. It knows no connection and logs nothing: policy.c and `postseal
 * spf` call it alike.
 *
 *   - Only request=smtpd_access_policy at MAIL, RCPT and DATA is checked. There
 *     is no sender before MAIL, and at END-OF-MESSAGE Postfix refuses PREPEND.
 *   - HELO is checked if it is a name of two labels or more, not an address
 *     literal or a bare word. If its action ends the matter, MAIL FROM is
 *     cancelled; if MAIL FROM is answered first, it waits for HELO.
 *   - A null sender is postmaster@HELO. It is one check, judged by HELO's table
 *     and then by MAIL FROM's.
 *   - At policyd.time_limit an identity that is not decided is temperror.
 *   - What the recipient's own policy changes is in force from the first step
 *     on.
 *   - The rules of skip.h come before all checks. Those of trust.h are for mail
 *     that does not pass, which is taken as not checked if one of them holds:
 *     they are asked when that is known, or when half of the time is over.
 *
 * One request, from bytes to "action=":
 *
 * Postfix connects to the socket and writes a request for each RCPT. conn.c
 * reads what is there and shows it to policy.c; attr.c cuts the fields out of
 * it, or says that more must come. The fields point into the bytes of the
 * connection. policy.c looks whether this is another recipient of the message
 * that it answered last, and if so repeats that. Else it begins a request,
 * pauses the connection, and returns to the loop.
 *
 * The request keeps a copy of the fields and makes a struct subject of them:
 * who comes with mail for whom. It finds the recipient's rules in the config.
 * skip.c sees whether this is our own user or a relay of ours; then a timer of
 * 0 ms brings the answer. Else a check is started for HELO and one for MAIL
 * FROM (identity.c).
 *
 * A check (common/spf) begins a run: libspf2 (spfeval.c) is to evaluate a
 * record which is not there yet. The question for it is put (questions.c,
 * check.c, resolver.c), and the run is thrown away. When the answer comes, the
 * check begins a run anew; now record.c finds the record in the answer,
 * plan.c makes a short text of it, and libspf2 reads that. For each word that
 * needs DNS it asks lookups.c, which expands the macros and has the answer, or
 * has it asked: then this run is over, too. An answer that takes longer than a
 * moment makes early.c ask at once what may be needed later. After as many runs
 * as there were waits libspf2 has its verdict, run.c the term that matched; a
 * fail waits for the domain's explanation (exptext.c), but not for long.
 *
 * The result comes back through identity.c. When both are there, verdict.c
 * takes the action from the tables of the config. If the mail does not pass,
 * trust.c first asks whether somebody vouches for the client. reply.c writes a
 * refusal, received.c a header; and the action goes to policy.c, which sends
 * "action=..." and an empty line, remembers it for the other recipients, writes
 * the one line of the log, counts, and reads on.
 *
 * When the time limit comes first, what is not decided is temperror. When
 * Postfix goes away, policy.c cancels the request, which cancels the checks and
 * their questions. When memory is out, that one request is answered with
 * REQUEST_FAILED.
 */
#ifndef POSTSEAL_POLICYD_REQUEST_H
#define POSTSEAL_POLICYD_REQUEST_H

#include <stdint.h>

#include "common/dns/resolver.h"
#include "common/io/loop.h"
#include "common/io/own.h"
#include "common/settings/settings.h"
#include "common/spf/identity.h"
#include "policyd/attr.h"

struct request;

/* Where a request is evaluated; all of it outlives the request. */
struct request_env {
	struct loop *loop;
	struct resolver *resolver;
	const struct settings *settings;
	const struct own *own; /* the addresses of this host; NULL: none */
	struct identity_witness witness; /* of each check */
};

/* The action when memory is out; in observe mode it is dunno. */
#define REQUEST_FAILED "DEFER_IF_PERMIT 4.3.0 Out of memory"

struct request_answer {
	const struct attr *attr; /* the request */
	const struct subject *subject;
	const char *action; /* what follows "action=": one line of ASCII */

	/* Other requests of the instance get the same answer, but dunno in
	 * place of an action that is for one message only once
	 * (verdict_once()); NULL: it is not. */
	bool repeat;
	const char *once;

	enum action_kind kind; /* of the action, and the word for it */
	const char *word;
	const char *would;     /* observe: the action not sent; else NULL */
	const char *unchecked; /* why nothing was checked, or why that does not
				* count; NULL: it was */
	const char *by;        /* the name in the config that led to this; or
				* NULL */
	const struct policyd_settings *rules; /* the recipient's */
	const struct check_result *helo;      /* NULL: not checked */
	const struct check_result *mail_from; /* likewise */
	unsigned ms;
};

/*
 * Starts on a request; copies the fields. done(arg, answer) is called once,
 * from the loop, never inside this call; the answer is borrowed for that call,
 * after which the request is gone. 0 and *ret valid until done or
 * request_cancel(); or -errno (then the caller says dunno or closes).
 */
int request_start(const struct request_env *env, const struct attr *in,
    void (*done)(void *arg, const struct request_answer *answer), void *arg,
    struct request **ret);

/* The answer is no longer wanted; the checks are cancelled. */
void request_cancel(struct request *r);

#endif
