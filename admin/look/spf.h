/*
 * spf.h - `postseal spf`: what the policy daemon would say of a sender, and
 * why.
 *
 * The config of the daemon, the code of the daemon (policyd/request.h), the DNS
 * of this host: one request is evaluated as if Postfix had put it, and printed
 * are each identity's result, the header and the action; with --trace also what
 * led to them (common/spf/explain.h). spf_text.c writes it for people,
 * spf_json.c for machines.
 */
#ifndef POSTSEAL_ADMIN_SPF_H
#define POSTSEAL_ADMIN_SPF_H

#include "admin/tool/subcommand.h"
#include "common/spf/check.h"

struct spf_json; /* spf_json.h */

/* Its exit status: 0 when there is a result, whatever it is; 1 when there is
 * none; 2 when the command line is wrong. */
extern const struct subcommand spf_subcommand;

/* Where it is written down how checks came to their results. */
struct spf_notes {
	struct buf *out;       /* for people */
	struct spf_json *json; /* for machines, in place of it; or NULL */
	bool trace;            /* with each record, term and question */
	int error;             /* 0, or -ENOMEM: a part is missing */
};

/* The witness of a check (common/spf/identity.h); arg is a struct spf_notes. */
void spf_note(void *arg, const char *what, const struct lookups *l,
    const struct check_result *result);

#endif
