/*
 * choose.h - sign this message? as which domain and with which keys, or why not.
 *
 * A message is signed when it was handed in by somebody who may send as this
 * house (an internal or authenticated client, a service of sign_daemons, a macro
 * of sign_macros) and somebody signs for the one address in its one From field:
 * the section of its domain, that of a domain above with `subdomains`, or rows of
 * the signing table. Whoever reads the message sees that From; so where it can
 * be read in two ways, nothing is signed. Nor is what came from outside before: a
 * content filter or fetchmail hands it in from 127.0.0.1, but it bears the
 * Received-SPF or Authentication-Results of this host.
 *
 * The verdict is a value; who logs it and what is answered is signer.c's
 * affair. No key is touched. The same code answers `postseal why`, to whom each
 * rule says what it found.
 */
#ifndef POSTSEAL_SIGNER_CHOOSE_H
#define POSTSEAL_SIGNER_CHOOSE_H

#include <stdarg.h>

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"
#include "common/bytes/domain.h"
#include "common/bytes/ip.h"
#include "common/mail/field.h"
#include "signer/keys/keyring.h"
#include "signer/limits.h" /* SIGNATURES_MAX */

enum choose_verdict {
	CHOOSE_SIGN,
	CHOOSE_FROM_MISSING,     /* no From field */
	CHOOSE_FROM_REPEATED,    /* several From fields */
	CHOOSE_FROM_EMPTY,       /* a From without an address */
	CHOOSE_FROM_SEVERAL,     /* several addresses in it */
	CHOOSE_FROM_BAD,         /* cannot be read, or its domain is none */
	CHOOSE_CLIENT_IGNORED,   /* one of ignore_hosts */
	CHOOSE_DAEMON_NEVER,     /* one of never_sign_daemons */
	CHOOSE_CAME_IN,          /* was checked here as inbound mail */
	CHOOSE_CLIENT_OUTSIDE,   /* nothing says that it may have mail signed */
	CHOOSE_LOGIN_OTHER,      /* the login may not use this From */
	CHOOSE_ENVELOPE_OTHER,   /* the envelope sender has another domain */
	CHOOSE_DOMAIN_EXEMPT,    /* one of exempt_domains */
	CHOOSE_RECIPIENT_EXEMPT, /* a recipient is one of exempt_recipients */
	CHOOSE_DOMAIN_UNKNOWN,   /* nobody signs for the address */
	CHOOSE_DOMAIN_NO_KEY,    /* there is no active key */
	CHOOSE_DOMAIN_BAD_KEY,   /* no key but bad ones, or rows that are bad */
	CHOOSE_NO_MEMORY,
	CHOOSE_VERDICTS /* how many */
};

struct choose_input {
	const struct ip *client; /* NULL: the MTA gave no address */
	bool own; /* it has an address of this host, where the MTA runs */
	const char *client_name; /* as Postfix looked it up; "" or "unknown" */
	const char *daemon;      /* {daemon_name}, "" when absent */
	const char *host;        /* {j}, "" when absent */
	const char *macro;       /* of choose_macro(), NULL: none */
	bool authenticated;
	struct span login;  /* {auth_authen} */
	struct span sender; /* of the envelope, as in MAIL; empty: a bounce */
	const char *exempt; /* of choose_recipient(), NULL: none */
	struct field_list fields;
	struct arena *arena; /* for what *ret points to */

	/* For `postseal why`, else NULL: what a rule found, one line each. */
	void (*say)(void *arg, const char *fmt, va_list ap);
	void *arg;
};

/* One signature to make. */
struct choose_signature {
	const struct keyring_key *key;
	const char *domain;   /* d=, A-labels */
	const char *identity; /* i=, at or under the domain; NULL: none */
};

struct choose {
	enum choose_verdict verdict;
	struct choose_signature sign[SIGNATURES_MAX]; /* the first on top */
	size_t nsign;
	bool
	    outside; /* a stranger uses a domain of ours; not external_ignore */
	char from[DOMAIN_MAX + 1]; /* A-labels; "" when there is not one */

	/* What else should sign, while others do: keys that cannot be used, and
	 * rows that are wrong; with sign_all rows whose keys do not exist. `file`
	 * is then of the first of the former, if there is one, else of the first
	 * of the latter. */
	size_t bad;
	size_t missing;

	/* What the verdict speaks of: an entry, a field, a domain, and where it
	 * stands. NULL and 0 where there is nothing to say. */
	const char *what;
	const char *file;
	unsigned line;
};

/* The verdict for a message. Borrows keys and *in for as long as *ret is used.
 * The From field is judged first, so that ret->from is there whenever it can
 * be. */
void choose_message(const struct keyring *keys, const struct choose_input *in,
    struct choose *ret);

/* The entry of exempt_recipients that stands for a recipient as the MTA wrote it
 * ("<a@b>"), or NULL. Borrows from s. */
const char *choose_recipient(
    const struct signer_settings *s, struct span recipient);

/* The entry of sign_macros that this macro of the MTA fulfils, or NULL. Borrows
 * from s. */
const char *choose_macro(
    const struct signer_settings *s, struct span name, struct span value);

/* One clause for the log, with the specifics, appended to out: "client 192.0.2.1
 * is not internal and not authenticated". */
void choose_explain(
    const struct choose *c, const struct choose_input *in, struct buf *out);

#endif
