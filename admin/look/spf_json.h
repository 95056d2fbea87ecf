/*
 * spf_json.h - what `postseal spf --json` prints: one object.
 *
 *     { "client": "192.0.2.1", "helo": "mail.a.example", "from": "u@a.example",
 *       "checks": [ { "identity": "MAIL FROM", "result": "pass",
 *           "domain": "a.example", "mechanism": "mx", "lookups": 1, "voids": 0,
 *           "queries": 3, "dnssec": "insecure", "record": { ... } } ],
 *       "action": "PREPEND ...", "header": "Received-SPF: ...", "ms": 12 }
 *
 * Names are stable; what does not apply is left out. Texts from DNS are
 * printable ASCII with \DDD for other octets (spf_text.h).
 */
#ifndef POSTSEAL_ADMIN_SPF_JSON_H
#define POSTSEAL_ADMIN_SPF_JSON_H

#include "common/bytes/buf.h"
#include "common/spf/explain.h"
#include "policyd/request.h"

struct spf_json;
struct json_t; /* of jansson */

/* An empty object, returned owned (spf_json_free); NULL: memory is out. */
struct spf_json *spf_json_new(void);
void spf_json_free(struct spf_json *j);

/* As spf_text.h. */
void spf_json_check(struct spf_json *j, const char *what,
    const struct lookups *l, const struct check_result *result,
    const struct explain *e);
void spf_json_answer(struct spf_json *j, const struct settings *s,
    const struct request_answer *a);

/* What spf_json_check() wrote: an array, returned owned; NULL: memory is
 * out. */
struct json_t *spf_json_checks(const struct spf_json *j);

/* Appends the text of it. 0, or -ENOMEM when it is not whole. */
int spf_json_print(const struct spf_json *j, struct buf *out);

#endif
