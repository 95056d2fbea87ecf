/*
 * authres.h - Authentication-Results: RFC 8601, written and judged.
 *
 * Writes the value of one field for a milter, folded with LF and a TAB, a
 * result a line. What goes into it are words of ours and values that were
 * cleaned here: of a sender's text no byte that any reader of the field takes
 * for the end of a value. Readers are known to split at blanks, ';', '=' and
 * parentheses inside quotes, too (OpenDMARC before 1.4), so such values are
 * left out, not quoted.
 *
 * And says of a field that came in whether its authserv-id is ours, so that it
 * is forged: in doubt it is. Its results are never read.
 */
#ifndef POSTSEAL_COMMON_AUTHRES_H
#define POSTSEAL_COMMON_AUTHRES_H

#include "common/bytes/buf.h"
#include "common/bytes/domain.h"
#include "common/bytes/span.h"

#define AUTHRES_NAME "Authentication-Results"

/* --- writing -------------------------------------------------------------- */

struct authres {
	struct buf *out;
	size_t column; /* bytes on this line */
};

/* Begins the value with the space behind the colon and the id. Borrows out. */
void authres_begin(struct authres *a, const char *id, struct buf *out);

/* "; method=result reason="..."": words of ours; reason may be NULL. */
void authres_result(struct authres *a, const char *method, const char *result,
    const char *reason);

/* "(comment)": likewise. Comments stand between a result and its properties. */
void authres_comment(struct authres *a, const char *comment);

/* "name=value", name as "header.d". Nothing, if a byte of value is none of
 * letters, digits, '.', '-', '_'. */
void authres_domain(struct authres *a, const char *name, struct span value);

/* The same for an address: "local@domain", or "@domain" if the local part has
 * other bytes than those and '+', or too many; nothing if the domain has. */
void authres_address(struct authres *a, const char *name, struct span value);

/* The same for base64, which is quoted where it has a '/', '+' or '='. */
void authres_base64(struct authres *a, const char *name, struct span value);

/* --- judging -------------------------------------------------------------- */

enum { AUTHRES_ID_MAX = 2 + DOMAIN_MAX };

/*
 * Writes a name that is ours as it is compared, in A-labels and lower case,
 * into ret[AUTHRES_ID_MAX + 1]: "mx.example.jp", or "*.example.jp" for all
 * names below example.jp. False, and ret is "", for what is no name.
 */
bool authres_id(struct span name, char *ret);

/* Those that are ours, each of authres_id(): that is done once, and not for
 * each field that somebody sends. */
struct authres_ids {
	const char *const *v;
	size_t n;
};

enum authres_owner {
	AUTHRES_OTHER,     /* the id of somebody else */
	AUTHRES_OURS,      /* one of ours */
	AUTHRES_UNREADABLE /* no id, or none that every reader sees alike */
};

/*
 * Whose id a field has, value as it came, folds as LF or CRLF: compared without
 * case, U-labels as A-labels, without dots at the end, quotes undone, "id/job"
 * as "id" (OpenDKIM wrote that). UNREADABLE are also an id that is no name or
 * not one word, no ";" behind it, another version than 1, a control byte, a
 * comment or a quoted string without its end anywhere in the value, and more
 * than AUTHRES_MAX bytes.
 */
enum authres_owner authres_owner(
    struct span value, const struct authres_ids *ids);

#endif
