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
#include "common/bytes/buf.h"
#include "common/spf/explain.h"
#include "policyd/request.h"

/* Its exit status: 0 when there is a result, whatever it is; 1 when there is
 * none; 2 when the command line is wrong. */
extern const struct subcommand spf_subcommand;

/* Appends s as printable ASCII: every other octet, and the backslash, as \DDD
 * (RFC 1035 section 5.1). */
void spf_clean(struct span s, struct buf *out);

/* "NXDOMAIN", "no data", the reason of an error; "" when there are records. */
const char *spf_status(const struct question *q);

/* "secure", "insecure" */
const char *spf_security(enum dns_security s);

/* One record of an answer: an address, "10 mx.example", a name, a text. */
void spf_record(
    const struct question *q, const struct dns_record *r, struct buf *out);

/* The header of the result that counts: that of MAIL FROM, else of HELO;
 * nothing where the config wants none. */
void spf_header(
    const struct settings *s, const struct request_answer *a, struct buf *out);

#endif
