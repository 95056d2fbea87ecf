/*
 * verdict.h - SPF results and settings -> what Postfix is told.
 *
 * The table is policyd { helo { } mail_from { } }: an action for each of the
 * seven results. HELO decides first: reject, defer and an access(5) action that
 * ends the matter are the answer, and MAIL FROM is not needed. Else MAIL FROM's
 * action is the answer; where that is only a header or dunno, an access(5)
 * action of HELO that does not end the matter (WARN, HOLD, ...) goes before it.
 *
 * For the null sender policyd { null_sender { } } comes first, where it has an
 * action for the result.
 *
 * Two keys stand above the tables: of mail from pass_required nothing but a
 * pass is let in, and with no_mail_only a fail is acted on only where the
 * domain says that it sends no mail at all.
 *
 * With a sender that is not null a HELO result is never shown in a header: it
 * was taken for a MAIL FROM pass (CVE-2019-20790).
 *
 * Pure. The text of headers is received.c's, that of refusals reply.c's, the
 * checks are request.c's.
 */
#ifndef POSTSEAL_POLICYD_VERDICT_H
#define POSTSEAL_POLICYD_VERDICT_H

#include "common/bytes/buf.h"
#include "common/settings/settings.h"
#include "common/spf/check.h"
#include "policyd/decide/received.h"
#include "policyd/decide/skip.h"

/* The results of one request. NULL: this identity was not checked. */
struct verdict_results {
	const struct check_result *helo;
	/* Of a null sender: postmaster@HELO's */
	const struct check_result *mail_from;
	bool null_sender;
};

struct verdict {
	enum action_kind kind;
	enum identity identity; /* whose action it is */

	/* That led to it; NULL: none did, and kind is ACTION_DUNNO */
	const struct check_result *result;
	const char *access; /* ACTION_ACCESS; else NULL */
	enum skip skip;     /* not SKIP_NO: the header tells this */
};

/* True if HELO's result is the answer, whatever MAIL FROM's would be. */
bool verdict_helo_ends(const struct policyd_settings *p,
    const struct check_result *result, bool null_sender);

/* What the tables say. Borrows from both. With observe whatever could refuse or
 * divert mail (reject, defer, access) is a header instead. */
struct verdict verdict_choose(const struct policyd_settings *p,
    const struct verdict_results *r, bool observe);

/* The verdict for mail that is not checked, for this reason. */
struct verdict verdict_skip(const struct policyd_settings *p, enum skip skip);

/*
 * Appends what follows "action=" in the reply: one line of printable ASCII.
 * "dunno", "PREPEND field", "550 5.7.23 text", "DEFER_IF_PERMIT 4.7.24 text",
 * or the access(5) action of the config.
 */
void verdict_action(const struct policyd_settings *p, const struct verdict *v,
    const struct subject *s, struct buf *out);

/* What the action adds to the message, which must not be told again for it:
 * "header", of which a message has one, or the action itself, such as "BCC
 * a@b". NULL: it adds nothing and is told each recipient. Borrows from v. */
const char *verdict_once(const struct verdict *v);

/* "header", "reject", "defer", "dunno" or "access", for the log and the
 * counters. */
const char *verdict_word(enum action_kind kind);

#endif
