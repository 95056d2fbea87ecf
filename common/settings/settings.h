/*
 * settings.h - the one config: every key with its type, default, range, help.
 *
 * Specified in postseal.conf(5). The rows in rows.c are the only place that
 * knows a key, and its value goes into a struct below; the parser, -T,
 * conf/postseal.conf and the test of the manual all come from them. Its syntax
 * is told in scan.h.
 *
 * What a value *means* is known by its user: an SPF action in
 * policyd/decide/verdict.c, a key file in signer/keys/keys.c. Nothing is opened
 * here but the config files.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_H
#define POSTSEAL_COMMON_SETTINGS_H

#include <stdint.h>
#include <sys/types.h>

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"
#include "common/bytes/dnsserver.h"
#include "common/bytes/endpoint.h"
#include "common/bytes/ip.h"

/* -c names another one. */
#define SETTINGS_FILE POSTSEAL_SYSCONFDIR "/postseal/postseal.conf"

/* Which parts are read and judged; what is not in scope is not even parsed, so
 * that a typo in the signer's section cannot stop inbound mail (but it must
 * close: else what follows would vanish with it). The top level and dns are
 * always in scope. */
enum settings_scope {
	SETTINGS_POLICYD = 1,
	SETTINGS_SIGNER = 2, /* signer, domain, and the files of domains.d/ */
	SETTINGS_VERIFIER = 4,
	SETTINGS_ALL = 7
};

struct text_list {
	char **v;
	size_t n;
};

struct cidr_list {
	/* One of family 0: "this-host", each address of this host */
	struct cidr *v;
	size_t n;
};

/* The word for those. */
#define SETTINGS_THIS_HOST "this-host"

/* True if it is that word. */
bool settings_is_this_host(const struct cidr *net);

/* The listed domain that the name is, or NULL. */
const char *settings_find_domain(
    const struct text_list *list, struct span name);

/* True if ip lies in one of the networks. own: it is an address of this
 * host. */
bool settings_in_networks(
    const struct cidr_list *list, const struct ip *ip, bool own);

struct endpoint_list {
	struct endpoint *v;
	size_t n;
};

struct dns_server_list {
	struct dns_server *v;
	size_t n; /* 0: those of /etc/resolv.conf */
};

struct dns_settings {
	struct dns_server_list servers;
	unsigned timeout; /* seconds for one query, all tries together */
	bool prefetch;
	bool trust_ad; /* believe the AD bit of answers */
	bool tcp;      /* no UDP; no key: as resolv.conf(5) says use-vc */
};

/* The seven results of RFC 7208 section 2.6, in the order of the keys. */
enum spf_result {
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
	SPF_NEUTRAL,
	SPF_NONE,
	SPF_PASS,
	SPF_RESULTS /* how many */
};

/* The word of RFC 7208 for a result: "fail". */
const char *spf_result_word(enum spf_result r);

enum action_kind {
	ACTION_HEADER, /* prepend the header, nothing else */
	ACTION_REJECT,
	ACTION_DEFER,
	ACTION_DUNNO, /* no header either */
	ACTION_ACCESS /* of access(5), or a restriction class: sent as it is */
};

struct action {
	enum action_kind kind;
	const char *access; /* for ACTION_ACCESS, else NULL */
};

struct identity_settings {
	bool check;
	bool no_mail_only; /* action[SPF_FAIL] is for "v=spf1 -all" only */
	struct action action[SPF_RESULTS];
};

enum header_kind { HEADER_RECEIVED_SPF, HEADER_AUTH_RESULTS, HEADER_NONE };

/* The default of listen before 0.2. */
#define SETTINGS_LEGACY_POLICYD "inet:127.0.0.1:10031"
#define SETTINGS_LEGACY_SIGNER "inet:127.0.0.1:8891"

/* What a standing daemon needs before it serves; the same keys in both. */
struct daemon_settings {
	const char *user;
	struct endpoint_list listen;

	/* Where it listened by default before there were unix sockets: a config
	 * without a listen key is served there, too. Else empty. */
	struct endpoint_list legacy;
	mode_t socket_mode;
	const char *socket_group; /* NULL: the daemon's own */

	/* The helper's (common/process/helper.h): lists of one at the most. */
	struct endpoint_list control;
	struct endpoint_list metrics;
};

struct policyd_settings {
	struct daemon_settings daemon;
	bool observe;
	unsigned time_limit; /* seconds for one request */
	unsigned void_lookups;

	/* Whose mail is not checked (policyd/decide/skip.h). Names are A-labels
	 * in lower case; fingerprints in upper case, as Postfix writes them. */
	struct cidr_list trusted_networks;
	bool trust_authenticated;
	struct cidr_list trusted_relays;
	struct text_list trusted_certificates;
	struct text_list trusted_clients;
	struct text_list trusted_helo;
	struct text_list trusted_forwarders; /* at most SPF_FORWARDERS_MAX */
	bool skip_header;

	enum header_kind header;
	bool hide_receiver;
	const char *reply_text; /* reply.h */
	struct text_list pass_required;
	struct text_list exempt_domains;
	struct identity_settings helo;
	struct identity_settings mail_from;

	/* Of mail with the null sender: what is not set here (action.h) is
	 * said by those two. */
	struct identity_settings null_sender;
	struct text_list restriction_classes;
};

/* The policy for one recipient, or for all of a domain: a copy of the general
 * one in which some keys are different. */
struct recipient_settings {
	const char *address; /* lower case: "user@a-label", "@a-label" */
	struct policyd_settings policyd;
	unsigned line;
};

enum canonicalization { CANON_SIMPLE, CANON_RELAXED };

struct signer_settings {
	struct daemon_settings daemon;
	unsigned workers; /* 0: one for each core */

	/* Tables and lists that signer/tables/table.h reads: paths with a type
	 * in front, or NULL; entries of signer/tables/hosts.h. */
	const char *key_table;
	const char *signing_table;
	bool sign_all; /* rows that match; false: the first */
	const char *auth_table;
	struct text_list internal_hosts;
	struct text_list ignore_hosts;
	struct text_list external_ignore;
	struct text_list sign_daemons;
	struct text_list sign_macros; /* "name" or "name=value|value" */
	struct text_list never_sign_daemons;
	struct text_list list_domains; /* of mailing lists of ours */
	struct text_list list_daemons;
	struct text_list list_hosts;
	struct text_list exempt_domains;
	struct text_list exempt_recipients; /* patterns of glob.h */
	bool match_envelope;
	bool at_risk_skip; /* mail that Postfix may change; false: is signed */
	bool at_risk_8bit; /* what is declared as 8bit is such mail */

	enum canonicalization header_canon;
	enum canonicalization body_canon;
	struct text_list sign_headers; /* signer/sign/hdrsel.h reads it */
	unsigned signature_ttl;        /* seconds from t= to x=; 0: no x= */
	unsigned rotate_keep;          /* days; for admin/key/rotate.h */
	bool verify_own;
	bool bad_key_tempfail;  /* mail of a domain whose key is bad */
	bool key_mismatch_skip; /* sign without keys that DNS has not */
	bool strict_start;
	bool key_permissions_refuse; /* false: only warn */
};

/* What is done with mail for its author's policy; "observe" at the least. */
enum dmarc_action { DMARC_OBSERVE, DMARC_MARK, DMARC_ENFORCE };

/* By what a forwarder is known. */
struct trusted_forwarder {
	enum { FORWARDER_NETWORK, FORWARDER_DKIM, FORWARDER_SPF } kind;
	struct cidr network; /* of the client, FORWARDER_NETWORK */
	const char *domain;  /* that passes; A-labels, lower case; else NULL */
};

struct forwarder_list {
	struct trusted_forwarder *v;
	size_t n;
};

/* Names are A-labels in lower case. */
struct dmarc_settings {
	bool check;
	enum dmarc_action action;
	bool quarantine_hold;
	bool unusable_from_reject;
	struct text_list exempt, enforce; /* author domains */
	struct forwarder_list trusted_forwarders;
	bool lists_reject; /* mail of lists, too; false: it is marked */
	bool temperror_defer;
	const char *results; /* a folder; NULL: none */
};

struct verifier_settings {
	struct daemon_settings daemon;
	unsigned workers; /* 0: one for each core */

	/* Names in Authentication-Results: the one that is written ("":
	 * hostname), and more whose fields are removed ("*.example.jp": all
	 * below). */
	const char *authserv_id;
	struct text_list strip_ids;

	/* Whose mail is not a stranger's (verifier/inspection.h, enum
	 * whose). */
	struct cidr_list trusted_networks;
	struct cidr_list relays; /* strangers, even within those */
	struct text_list own_daemons;
	struct text_list own_macros;

	unsigned time_limit;   /* seconds for the questions of one message */
	unsigned void_lookups; /* of an SPF check */
	unsigned signatures;   /* that are evaluated */
	unsigned minimum_bits; /* of RSA keys */
	bool partial_body_pass;
	struct text_list required_fields;
	unsigned drift; /* seconds that clocks may differ */
	bool domainkeys;
	unsigned domainkeys_min_bits; /* of their RSA keys */
	bool temperror_defer;
	struct text_list reject; /* words of RFC 7372 */
	struct dmarc_settings dmarc;
};

struct key_settings {
	const char *selector; /* A-labels, lower case */
	const char *file;     /* absolute */
	char *pem; /* the key itself, where a table has it; NULL: in file */
	bool active;
	const char *origin; /* config file it stands in */
	unsigned line;
};

struct domain_settings {
	const char *name; /* A-labels, lower case */
	bool subdomains;  /* signs for those without a section, too */
	struct key_settings *key;
	size_t nkeys;
	const char *origin;
	unsigned line;
};

struct settings {
	struct arena arena; /* owns everything below */
	const char *file;
	unsigned *line; /* for settings_where() */
	const char *hostname;
	const char *log; /* what log_open() takes */
	struct dns_settings dns;
	struct policyd_settings policyd;
	struct recipient_settings *recipient; /* sorted by address */
	size_t nrecipients;
	struct signer_settings signer;
	struct verifier_settings verifier;
	struct domain_settings *domain; /* sorted by name */
	size_t ndomains;
};

/*
 * Reads file and, when the signer is in scope, every *.conf of domains.d/
 * beside it (regular files whose names do not begin with a dot, in the order of
 * their names; they hold domain sections only). 0 and *ret returned owned
 * (settings_free), or -errno with *ret untouched and one sentence a problem,
 * each with file, line and key, a newline behind each, appended to why:
 *     FILE:LINE: KEY: REASON
 * -EINVAL for bad content; when file itself cannot be read, its errno. Warnings
 * (an action that skips later restrictions) are appended to warn, in the same
 * form, also on success.
 */
int settings_read(const char *file, enum settings_scope scope,
    struct settings **ret, struct buf *why, struct buf *warn);

/* The same from memory: `text` is what the file `name` would hold; domains.d/
 * is not read. For tests, fuzzers and tools. Borrows text during the call. */
int settings_parse(const char *name, struct span text,
    enum settings_scope scope, struct settings **ret, struct buf *why,
    struct buf *warn);

/* Frees all of it; NULL is allowed. */
void settings_free(struct settings *s);

/* Appends "FILE:LINE: KEY", the place of a key such as "signer.key_table", for
 * what is found wrong with its value later. The line is left out where the file
 * does not set the key. */
void settings_where(const struct settings *s, const char *key, struct buf *out);

/* The effective settings in scope, in the syntax of the file: reading them
 * again (settings_parse) gives the same settings. */
void settings_dump(
    const struct settings *s, enum settings_scope scope, struct buf *out);

/* The last line of -T when all is well: a comment, so that what stands above
 * it stays a config. */
#define SETTINGS_OK "\n# OK\n"

/* Of these what differs from the defaults, and of a recipient what differs from
 * all others; each domain and key has its section. 0, or -ENOMEM with nothing
 * appended. */
int settings_dump_changed(
    const struct settings *s, enum settings_scope scope, struct buf *out);

/* The commented sample file, made from the rows. */
void settings_sample(struct buf *out);

/* Calls row(arg, "policyd.helo.fail", type, default, help) for each key; the
 * texts are borrowed for the call. Where there is no default, it is an example.
 * A key for which there is no memory is left out. */
void settings_each(void (*row)(void *arg, const char *key, const char *type,
                       const char *value, const char *help),
    void *arg);

/* Bytes of a recipient that can have a policy of its own: RFC 5321 limits a
 * local part to 64. */
enum { SETTINGS_RECIPIENT_MAX = 64 + 1 + 253 };

/* The policy for mail to address: its own, its domain's, or the general one.
 * Borrows from s. */
const struct policyd_settings *settings_recipient(
    const struct settings *s, struct span address);

/* An address as it is compared: lower case, the domain as A-labels; the local
 * part may be empty. Into ret[SETTINGS_RECIPIENT_MAX + 1]. 0, or -EINVAL with
 * ret untouched for what is no address. */
int settings_recipient_key(struct span address, char *ret);

/* The domain named name (A-labels, any case), or NULL. Borrows from s. */
const struct domain_settings *settings_domain(
    const struct settings *s, struct span name);

#endif
