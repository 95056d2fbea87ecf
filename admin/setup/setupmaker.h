/*
 * setupmaker.h - a plan in the making, and what its steps share: questions to
 * Postfix, commands for it.
 *
 * For setupplan.c, which has the whole, and setupmilters.c alone. Functions
 * return 0, or -errno after a sentence in m->why.
 */
#ifndef POSTSEAL_ADMIN_SETUPMAKER_H
#define POSTSEAL_ADMIN_SETUPMAKER_H

#include "admin/postfix/postconf.h"
#include "common/settings/settings.h"

enum { SETUPPLAN_COMMANDS_MAX = 8 };

/* A daemon that Postfix is going to ask. */
struct setupplan_daemon {
	const char *name; /* static: "signer" */
	struct endpoint at;
};

struct setupplan {
	struct postconf_command command[SETUPPLAN_COMMANDS_MAX];
	size_t n;
	struct setupplan_daemon daemon[2];
	size_t ndaemons;
	bool wired;        /* the check is in the restrictions already */
	struct buf listen; /* signer.listen; empty: it stays as it is */
	struct buf verifier_listen; /* likewise */
	bool verifier;              /* it is wired, or will be */
	struct buf networks; /* value of verifier.trusted_networks; likewise */
	struct buf hostname; /* myhostname */
	struct buf dir;      /* config_directory */
	struct buf advice;   /* lines for people, about what is left alone */
};

struct setupmaker {
	const struct postconf *postfix;
	const struct settings *settings;
	const char *config;
	bool enforcing, verify_only;
	struct setupplan *plan;
	struct buf *why;
};

/* A parameter's value, "" when Postfix does not know it. ret is buf_init()ed
 * here. */
int setupmaker_get(struct setupmaker *m, const char *name, struct buf *ret);

/* The same with what its $names stand for: "mx.$mydomain". */
int setupmaker_expand(struct setupmaker *m, const char *name, struct buf *ret);

/* -ENOMEM. */
int setupmaker_no_memory(struct setupmaker *m);

/* One more "postconf OPTION WORD"; "postconf -e NAME=VALUE". */
int setupmaker_add(struct setupmaker *m, const char *option, const char *word);
int setupmaker_add_set(
    struct setupmaker *m, const char *name, const char *value);

/* Says that a parameter is not understood, and what to do. -EINVAL. */
int setupmaker_refuse(struct setupmaker *m, const char *name,
    const char *reason, const char *hand);

/* The first number of Postfix's version, 0 where it says none; all of it in
 * version, which is buf_init()ed here. */
int setupmaker_get_major(
    struct setupmaker *m, struct buf *version, unsigned long *ret);

/* Postfix 3.0 and later know what one milter may do when it is away. */
int setupmaker_is_old(struct setupmaker *m, bool *ret);

#endif
