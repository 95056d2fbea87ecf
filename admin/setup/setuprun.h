/*
 * setuprun.h - one run of `postseal setup`: what it is to do, what it has found
 * and done, and how that is told.
 *
 * setupcmd.c does it; setupreport.c tells it, as text for people or as JSON.
 */
#ifndef POSTSEAL_ADMIN_SETUPRUN_H
#define POSTSEAL_ADMIN_SETUPRUN_H

#include "admin/postfix/postconf.h"
#include "admin/setup/setupconfig.h"
#include "admin/setup/setupdns.h"
#include "admin/setup/setupplan.h"
#include "common/bytes/domain.h"

struct setup_options {
	const char *config; /* the call's */
	const char *keydir;
	char domain[DOMAIN_MAX + 1];
	enum { SETUP_SHOW, SETUP_APPLY, SETUP_UNDO, SETUP_ENFORCE } what;
	bool both, verify;
};

struct setuprun {
	const struct setup_options *o;
	struct buf *why; /* the call's */
	bool json;
	struct postconf postfix;
	struct setupconfig config;
	struct setupplan plan;
	bool new_key, goes_on; /* an earlier run was cut off */
	bool planned;          /* the plan is whole, */
	bool applied;          /* it was done, */
	bool shown;            /* all up to DNS was printed */
	struct setupdns dns;
	struct buf start; /* units that do not run, with a blank before */
	bool untold;      /* a daemon, or Postfix, has older settings, told */
	bool asleep;      /* Postfix does not run */
};

/* True if there is something to tell: it was done, or was to be shown only. */
bool setuprun_is_known(const struct setuprun *r);

/* True if nothing is left to change. */
bool setuprun_is_nothing(const struct setuprun *r);

/* True if Postfix is to be reloaded: its own files change, or the config, as
 * the policyd that it spawns keeps its settings as long as smtpd asks it. */
bool setuprun_needs_reload(const struct setuprun *r);

/* Appends "postfix WORD", as the instance wants it, as a line for people. */
void setupreport_postfix(
    const struct setuprun *r, const char *word, struct buf *out);

/* Appends what was, or would be, done, what DNS has, and what comes next, as
 * far as the run has come. */
void setupreport_print(const struct setuprun *r, struct buf *out);

/* The same for --json. Owned; NULL: memory is out. */
struct json_t *setupreport_json(const struct setuprun *r);

#endif
