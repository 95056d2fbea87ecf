/*
 * choice.h - a message on its way through the rules of choose.c: what is known
 * of it, what was found, and how that is said.
 *
 * Values only: which rule judges what, and in which order, is choose.c's
 * affair, which keys sign choose_keys.c's.
 */
#ifndef POSTSEAL_SIGNER_CHOICE_H
#define POSTSEAL_SIGNER_CHOICE_H

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
	const char *macro;       /* of macros_find(), NULL: none */
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
	bool outside; /* a stranger in our name; not external_ignore */
	char from[DOMAIN_MAX + 1]; /* A-labels; "" when there is not one */

	/* What else should sign, while others do: keys that cannot be used, and
	 * rows that are wrong; with sign_all rows whose keys do not exist.
	 * `file` is then of the first of the former, if there is one, else of
	 * the first of the latter. */
	size_t bad;
	size_t missing;

	/* What the verdict speaks of: an entry, a field, a domain, and where it
	 * stands. NULL and 0 where there is nothing to say. */
	const char *what;
	const char *file;
	unsigned line;
};

/* The way of a message through all rules. */
struct choose_path {
	const struct keyring *keys;
	const struct signer_settings *settings;
	const struct tables *tables;
	const struct choose_input *in;
	struct choose *ret;
	struct span address; /* of From: local@domain, A-labels, in the arena */
	size_t at;           /* its last '@' */
};

/* Says one line to `postseal why`, where it asks. */
void choose_say(const struct choose_path *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes what a verdict speaks of; returns v. */
enum choose_verdict choose_because(struct choose_path *p, enum choose_verdict v,
    const char *what, const char *file, unsigned line);

/* One clause for the log, with the specifics, appended to out: "client
 * 192.0.2.1 is not internal and not authenticated". */
void choose_explain(
    const struct choose *c, const struct choose_input *in, struct buf *out);

#endif
