/*
 * received.h - the header field that records an SPF result.
 *
 * Received-SPF as in RFC 7208 section 9.1 (with erratum 5436: one FWS between
 * result, comment and pairs), or Authentication-Results as in RFC 8601. One
 * line, because a policy reply cannot hold a fold, of at most HEADER_LINE_MAX
 * bytes; what is too long is left out or cut in the order that received.c
 * states, never so that the syntax breaks.
 *
 * What a sender controls is put in a quoted string *and* cleaned: every byte
 * outside dot-atom, '@' and ':' becomes '?', because readers of these fields
 * (OpenDMARC) split at ';' inside quotes too. So do '=', at which released
 * versions of it begin a value anew, and all '@' of a sender but the last.
 *
 * Pure. Whether a header is wanted is verdict.c's affair.
 */
#ifndef POSTSEAL_POLICYD_RECEIVED_H
#define POSTSEAL_POLICYD_RECEIVED_H

#include "common/bytes/buf.h"
#include "common/spf/check.h"

/*
 * Appends "Received-SPF: ..." without a line end; the receiver of s is in it,
 * if it has one. identity is what was checked: for the MAIL FROM of a null
 * sender the header says "helo", as the name that was checked is HELO's (RFC
 * 7208 section 2.4).
 */
void received_spf(const struct subject *s, enum identity identity,
    const struct check_result *result, struct buf *out);

/*
 * Appends the field for mail that was not checked, without a line end. why: our
 * own words. Received-SPF has no result for that ("none" means that the domain
 * has no record), so it is "X-Comment: SPF not checked: why" or, with
 * auth_results, "Authentication-Results: host; none (SPF not checked: why)"
 * (RFC 8601 section 2.2). Nothing of the client, which may be a user at home,
 * is in it.
 *
 * Of a relay (own is false) it must be seen later, as of any mail that came in,
 * that this host let it in (signer/choose/inbound.h): X-Comment names the
 * receiver, or "unknown" if s has none, and the result is "policy", which says
 * that a rule of this host stands in the place of SPF (RFC 8601 section 2.7.2).
 */
void received_skipped(const struct subject *s, bool auth_results, bool own,
    const char *why, struct buf *out);

/* Appends "Authentication-Results: ..." likewise. Shows only the domain of the
 * identity that gave the result (RFC 8601 section 2.7.2). */
void received_auth_results(const struct subject *s, enum identity identity,
    const struct check_result *result, struct buf *out);

#endif
