/*
 * setupplan.h - what has to change in Postfix so that postseal works: the
 * commands.
 *
 * Reads Postfix with postconf(1) and compares it with what master.cf.snippet
 * says; makes commands for what lacks, and none when nothing does. Nothing is
 * changed here.
 */
#ifndef POSTSEAL_ADMIN_SETUPPLAN_H
#define POSTSEAL_ADMIN_SETUPPLAN_H

#include "admin/setup/setupmaker.h"

/* The policy daemon as spawn(8) starts it. */
#define SETUPPLAN_POLICYD POSTSEAL_LIBEXECDIR "/postseal/postseal-policyd"

/* What SELinux says that it does: "1". */
#define SETUPPLAN_ENFORCE "/sys/fs/selinux/enforce"

/* True if SELinux enforces its policy: file is SETUPPLAN_ENFORCE. */
bool setupplan_enforcing(const char *file);

/* How it is to be: bits. */
enum {
	SETUPPLAN_ENFORCING = 1, /* SELinux is */
	SETUPPLAN_VERIFY = 2     /* the verifier alone, and nothing else */
};

/*
 * s: the config. The signer gets a socket in the queue of this Postfix, unless
 * its listen key names one, or a TCP address, which was chosen then. config:
 * its path, NULL where the daemons find it by themselves. enforcing: SELinux
 * lets smtpd connect to no unix socket of ours, so the signer gets the TCP port
 * that the policy knows, unless main.cf names a socket of it already: then the
 * administrator has allowed that. 0 and *ret (setupplan_free); or -errno and
 * sentences in why: there is no Postfix, or it is set in a way that is not
 * understood; then nothing may be changed.
 */
int setupplan_make(const struct postconf *p, const struct settings *s,
    const char *config, unsigned how, struct setupplan *ret, struct buf *why);

void setupplan_free(struct setupplan *plan);

#endif
