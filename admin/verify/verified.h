/*
 * verified.h - what the verifier said of a message, for people and for
 * programs.
 *
 * Who has it verified is verifycmd.c.
 */
#ifndef POSTSEAL_ADMIN_VERIFIED_H
#define POSTSEAL_ADMIN_VERIFIED_H

#include "common/mail/message.h"
#include "verifier/inspection.h"

enum { VERIFIED_BODY_MAX = 256 * 1024 * 1024 };

struct json_t;    /* of jansson */
struct spf_json;  /* spf_json.h */
struct dmarcwalk; /* dmarcwalk.h */

struct verified {
	struct inspection letter;
	struct message message;
	struct edits edits;
	struct buf body; /* all of it, lines with CRLF */
	enum milter_word word;
	struct buf spf;            /* how SPF came to its results, for people */
	struct spf_json *spf_json; /* the same for programs; or NULL */
	struct dmarcwalk *dmarc;   /* likewise, of DMARC; NULL: there is none */
};

/* The field that is written, each signature with its result, what is done with
 * the message. 0 or -errno. */
int verified_text(const struct verified *v, struct buf *out);

/* The same as an object, or NULL when memory is out. */
struct json_t *verified_json(const struct verified *v);

/* The bytes that are hashed for each signature. 0 or -errno. */
int verified_canonical(const struct verified *v, struct buf *out);

#endif
