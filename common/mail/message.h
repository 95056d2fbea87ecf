/*
 * message.h - what is kept of one message until its end, whoever looks at it:
 * header fields, envelope sender, login, queue id. Never the body.
 *
 * One object serves the messages of a connection one after the other; memory of
 * ordinary size is kept for the next. Limits (MESSAGE_HEADERS_MAX,
 * MESSAGE_FIELDS_MAX) and memory that is out are remembered, not reported at
 * once: the message goes on, and its end decides.
 *
 * What a wing needs beside it (hashes, its findings) is its own letter.
 * Recipients are not kept: there may be thousands, and a wing is told each as
 * it comes.
 */
#ifndef POSTSEAL_COMMON_MESSAGE_H
#define POSTSEAL_COMMON_MESSAGE_H

#include <stdint.h>

#include "common/bytes/arena.h"
#include "common/bytes/span.h"
#include "common/mail/field.h"

enum message_trouble {
	MESSAGE_FINE,
	MESSAGE_HEADERS_LARGE, /* more bytes than MESSAGE_HEADERS_MAX */
	MESSAGE_FIELDS_MANY,   /* more fields than MESSAGE_FIELDS_MAX */
	MESSAGE_NO_MEMORY
};

struct message {
	struct arena arena;
	struct field *field;
	size_t nfields, room; /* of field */
	size_t header_bytes;  /* of names and values */
	uint64_t body_bytes;
	enum message_trouble trouble; /* the first; the fields are gone then */
	struct span queue_id;    /* macro i; empty until Postfix knows it */
	struct span auth_type;   /* macro {auth_type}; empty: none */
	struct span auth_authen; /* macro {auth_authen} */
	struct span sender;      /* of the envelope, as in MAIL */

	/* The MTA cuts one space off each value (no SMFIP_HDR_LEADSPC). It is
	 * put back on a guess: "Name:value" and "Name: value" look the same. */
	bool guessed;
};

/* Makes m empty; allocates nothing. */
void message_init(struct message *m);

/* Forgets the message, keeps memory of ordinary size. */
void message_reset(struct message *m);

/* Frees everything; m is as after message_init(). */
void message_free(struct message *m);

/* A macro of any stage; those that are not kept are ignored. Copies. */
void message_macro(struct message *m, struct span name, struct span value);

/* The envelope sender as MAIL has it. Copies. */
void message_sender(struct message *m, struct span address);

/* The next header field. Copies. one_space: the MTA has cut one space off the
 * value; it is put back, and noted as a guess. */
void message_field(
    struct message *m, struct span name, struct span value, bool one_space);

/* The fields so far; borrows until the next call that changes m. Empty after
 * trouble. */
struct field_list message_fields(const struct message *m);

/* The next bytes of the body, which are counted. */
void message_body(struct message *m, struct span in);

#endif
