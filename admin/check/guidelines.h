/*
 * guidelines.h - the rules for senders of Google, Yahoo and Microsoft, as data.
 *
 * support.google.com/mail/answer/81126 (February 2024), senders.yahooinc.com,
 * Microsoft's for Outlook.com (May 2025). The providers change them: change the
 * rows. What a tool cannot see from here (spam rate, unsubscribe links of
 * single messages) is told as such.
 */
#ifndef POSTSEAL_ADMIN_GUIDELINES_H
#define POSTSEAL_ADMIN_GUIDELINES_H

#include <jansson.h>

#include "common/bytes/buf.h"

/* What could not be found out is neither. */
enum guidelines_fact { GUIDELINES_NO, GUIDELINES_YES, GUIDELINES_UNKNOWN };

/* What was found out about one domain, on this host. */
struct guidelines_facts {
	enum guidelines_fact spf;  /* the outbound address passes */
	enum guidelines_fact dkim; /* an active key of enough bits is in DNS */
	unsigned bits; /* of the smallest active RSA key; 0: there is none */
	enum guidelines_fact dmarc;
	enum guidelines_fact ptr; /* every outbound address leads back */
	enum guidelines_fact tls; /* outgoing mail is, where possible */
};

/* Whether both are so: a no wins over what is not known. */
enum guidelines_fact guidelines_both(
    enum guidelines_fact a, enum guidelines_fact b);

/* Appends a line for each rule, of what is missing or not known; all: of the
 * others, too. Returns how many are not met. */
size_t guidelines_print(const char *domain, const struct guidelines_facts *f,
    bool all, bool colour, struct buf *out);

/* An array of the rules, each with whether it is met, null where that is not
 * known; NULL: no memory. */
json_t *guidelines_json(const char *domain, const struct guidelines_facts *f);

#endif
