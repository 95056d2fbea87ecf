/*
 * checklook.h - what the parts of `postseal check` that look at Postfix share.
 *
 * For checkpostfix.c, checkpolicy.c, checknetworks.c, checkmilter.c,
 * checkverifier.c, checkinbound.c, checkpeers.c, checkfilter.c and
 * checkdaemons.c alone.
 */
#ifndef POSTSEAL_ADMIN_CHECKLOOK_H
#define POSTSEAL_ADMIN_CHECKLOOK_H

#include "admin/check/finding.h"
#include "admin/limits.h"
#include "admin/postfix/postconf.h"
#include "common/settings/settings.h"

#define CHECKLOOK_AREA "postfix"

/* A parameter that was asked for: postconf(1) is started once for each. */
struct checklook_value {
	struct checklook_value *next;
	const char *name, *text;
};

struct checklook {
	const struct postconf *postfix;
	const struct settings *settings;
	struct findings *f;
	const char *etc; /* the folder of opendkim.conf and opendmarc.conf */
	struct buf services; /* master.cf, a line each, $names resolved */
	struct buf queue;    /* queue_directory */
	struct buf target;   /* of check_policy_service: ours */
	bool asks;           /* the restrictions have it */
	bool spawned;        /* it is a service of master.cf */
	struct checklook_value *values; /* in the findings' arena */
	bool failed; /* postconf(1) does not work, which was told */
	bool runs;   /* Postfix does */
};

/* The value with its $names resolved, "" where there is none. Borrowed until
 * buf_free(ret), which is buf_init()ed here. */
const char *checklook_get(
    struct checklook *l, const char *name, struct buf *ret);

/* True if that is the value, in any case; if there is none. */
bool checklook_is(struct checklook *l, const char *name, const char *value);
bool checklook_is_empty(struct checklook *l, const char *name);

/* The value in seconds; what is no time counts as otherwise. */
unsigned checklook_seconds(
    struct checklook *l, const char *name, unsigned otherwise);

/* What an item such as "pcre:/etc/postfix/x" or "inline:{...}" has: the item
 * itself, and behind it what is in the file, if it is text. ret is buf_init()ed
 * here. */
void checklook_table(struct span table, struct buf *ret);

/* Adds a finding that "postconf OPTION WORD" mends, for the Postfix that was
 * looked at. */
void checklook_add(struct checklook *l, enum finding_level level,
    const char *why, const char *option, const char *word, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* The endpoint as this Postfix spells it, in name, borrowed from that; NULL
 * when memory is out. */
const char *checklook_spell(
    struct checklook *l, const struct endpoint *e, struct buf *name);

/* The first of a daemon's listeners, those of old included, that is in the list
 * of milters, whose spelling is put into name; NULL: none is. Borrows from d.
 */
const struct endpoint *checklook_lists(struct checklook *l,
    const struct daemon_settings *d, struct span milters, struct buf *name);

/* True if the list has one of the listeners of the signer, of the verifier. */
bool checklook_has_signer(struct checklook *l, struct span milters);
bool checklook_has_verifier(struct checklook *l, struct span milters);

/* Of a line of master.cf: an smtpd; one that takes mail back from a filter on
 * this host. */
bool checklook_is_smtpd(struct span line);
bool checklook_takes_back(struct checklook *l, struct span line);

/* True if the parameter is not empty for that service: its own -o, which may be
 * an empty one, else main.cf's; if it is not for any. */
bool checklook_is_set(struct checklook *l, struct span line, const char *name);
bool checklook_any_has(struct checklook *l, const char *name);

/* True if what this smtpd takes comes to the milter that has() finds in a
 * list. */
bool checklook_reaches(struct checklook *l, struct span line,
    bool (*has)(struct checklook *l, struct span milters));

/* True if there is a content_filter or smtpd_proxy_filter. */
bool checklook_has_filter(struct checklook *l);

/* The policy service: checkpolicy.c. */
void checkpolicy_look(struct checklook *l);

/* The signer, and what breaks its signatures: checkmilter.c. */
void checkmilter_look(struct checklook *l);

/* Services and filters, on whose way mail is signed or not: checkfilter.c. */
void checkfilter_look(struct checklook *l);

/* The verifier: checkverifier.c. */
void checkverifier_look(struct checklook *l);

/* What spoils mail on its way to the verifier: checkinbound.c. without:
 * smtpd_milters without it. */
void checkinbound_look(struct checklook *l, const struct buf *without);

/* True if the milter, an item of a list, is known to leave mail as it was
 * signed. */
bool checkpeers_keeps(struct checklook *l, struct span item);

/* Which milters stand beside each other in the list that `where` names:
 * opendmarc, and another signer beside ours. checkpeers.c. */
void checkpeers_order(
    struct checklook *l, const char *where, struct span milters);

/* opendkim and opendmarc beside the verifier: checkpeers.c. milters:
 * smtpd_milters. */
void checkpeers_look(struct checklook *l, struct span milters);

/*
 * Clients of our own that the policy service takes for strangers, or the
 * signer: checknetworks.c. Who is in signer.internal_hosts has mail signed. If
 * Postfix asks the policy service about the same client, its mail gets our
 * Received-SPF, and the signer takes that for mail from outside
 * (signer/choose/inbound.h).
 */

/* Looks at the networks of internal_hosts, of which names are no part.
 * restrictions: those that have check_policy_service. */
void checknetworks_look(struct checklook *l, struct span restrictions);

/* Appends those networks that neither the list nor mynetworks, a list of
 * Postfix's, have: " 192.0.2.0/24 [2001:db8::]/32". */
void checknetworks_unknown(struct checklook *l, const struct cidr_list *trusted,
    struct span mynetworks, struct buf *ret);

/* Looks for clients of mynetworks, who may send without a login, whose mail is
 * not signed: in neither internal_hosts nor ignore_hosts. Where internal_hosts
 * has names, nobody knows. */
void checknetworks_unsigned(struct checklook *l);

/* The daemons themselves, which run or not: checkdaemons.c. After
 * checkpolicy_look(), which finds l->target. */
void checkdaemons_look(struct checklook *l);

#endif
