/*
 * wiring.h - where postseal stands in Postfix' lists, and how it gets there.
 *
 * Text in, text out: values of smtpd_recipient_restrictions and smtpd_milters
 * as postconf(1) prints them. A value is never replaced: ours is inserted into
 * what is there; what cannot be read is refused. Pure. Who runs the commands:
 * setup.
 */
#ifndef POSTSEAL_ADMIN_WIRING_H
#define POSTSEAL_ADMIN_WIRING_H

#include "common/bytes/buf.h"
#include "common/bytes/endpoint.h"
#include "common/bytes/ip.h"
#include "common/settings/settings.h"

/* The service of master.cf.snippet, and how Postfix calls it. */
#define WIRING_SERVICE "policyd-spf"
#define WIRING_CHECK "unix:private/" WIRING_SERVICE

/* The next item of a list parted by commas and blanks; "{ ... }" is one item.
 * False at the end. -> *ret_bad where a brace is left open. Advances *list. */
bool wiring_next(struct span *list, struct span *ret, bool *ret_bad);

/* The first word of "{ word, ... }", or the item itself. */
struct span wiring_word(struct span item);

/* True if one of the items is that word, in any case. */
bool wiring_has(struct span list, struct span word);

enum wiring_place {
	WIRING_ABSENT, /* no check_policy_service of ours */
	/* it stands, with nothing that refuses relaying before */
	WIRING_UNSAFE,
	WIRING_GOOD, /* it stands behind reject_unauth_destination or defer_ */
	WIRING_UNREADABLE
};

/* Where "check_policy_service target" stands in the restrictions. */
enum wiring_place wiring_place(struct span restrictions, const char *target);

/* True if the list refuses relaying by itself. */
bool wiring_guards_relay(struct span restrictions);

/* What smtpd_relay_restrictions do. */
enum wiring_relay {
	WIRING_RELAY_DEFAULT, /* not set: Postfix' own, which guard */
	WIRING_RELAY_OWN,     /* set, and guard */
	WIRING_RELAY_OPEN     /* do not guard */
};

/*
 * Appends the restrictions with "check_policy_service target" in them: behind
 * the word that refuses relaying, or at the end where smtpd_relay_restrictions
 * do. classes: smtpd_restriction_classes; what they stand for is not known
 * here. 0; -EALREADY when it is there; -EINVAL with a static reason when it
 * cannot be done safely; or an error of buf_add().
 */
int wiring_restrictions(struct span restrictions, struct span classes,
    enum wiring_relay relay, const char *target, struct buf *ret,
    const char **ret_why);

/* True if milter, as wiring_endpoint() spells it, is in the list; "localhost"
 * is 127.0.0.1. */
bool wiring_has_milter(struct span milters, const char *milter);

/* Appends the list with item at its end, which is milter with what Postfix
 * shall know of it: the signer comes last, when others have changed the
 * message. As wiring_restrictions(). */
int wiring_milters(struct span milters, const char *milter, const char *item,
    struct buf *ret, const char **ret_why);

/* The same with item at its beginning: the verifier comes first, as it judges
 * the message that was received. */
int wiring_milters_first(struct span milters, const char *milter,
    const char *item, struct buf *ret, const char **ret_why);

/* Appends the list without that milter; it stays as it is where that is not in
 * it. 0 or an error of buf_add(). */
int wiring_without_milter(
    struct span milters, const char *milter, struct buf *ret);

/* Appends the list with what `with` has in the place of its item "$name". 0;
 * -ENOENT when there is no such item; or an error of buf_add(). */
int wiring_replace_name(
    struct span milters, const char *name, struct span with, struct buf *ret);

/* Appends the list with item in the place of the milter old; of "{ old, ... }"
 * what is behind the word stays, and milter takes its place. 0; -ENOENT when
 * old is not in the list, or it cannot be read; or an error of buf_add(). */
int wiring_replace_milter(struct span milters, const char *old,
    const char *milter, const char *item, struct buf *ret);

/* What our milter's own default_action is in the list, empty where it has
 * none. */
struct span wiring_default_action(struct span milters, const char *milter);

/* "192.0.2.0/24" or "[2001:db8::]/32" as mynetworks has it. False for what is
 * none: tables, files, and '!'. */
bool wiring_network(struct span item, struct cidr *ret);

/* True if a network of the list has all of net. */
bool wiring_is_in(const struct cidr_list *list, const struct cidr *net);

/* Appends the networks of mynetworks that neither list has: " 192.0.2.0/24
 * 2001:db8::/32". Of what is no network nothing is known. */
void wiring_missing(struct span mynetworks, const struct cidr_list *one,
    const struct cidr_list *other, struct buf *ret);

/* The endpoint as Postfix writes it: "inet:127.0.0.1:8891"; a socket below
 * queue (queue_directory) as a chrooted smtpd sees it: "unix:postseal/signer";
 * one that listens on all addresses is reached on 127.0.0.1 or ::1. */
void wiring_endpoint(
    const struct endpoint *e, const char *queue, struct buf *ret);

/* True if the endpoint, so spelled, is in the list of milters. */
bool wiring_has_endpoint(
    struct span milters, const struct endpoint *e, const char *queue);

#endif
