/*
 * command.h - payloads of the milter protocol: commands in, replies out. (pure)
 *
 * Strings end in a NUL, integers are in network order. Every string of a
 * payload must have its NUL; what stands behind the last one that a command
 * defines is ignored where MTAs are known to add (OPTNEG), and bad elsewhere.
 *
 * Packets are cut out of the stream by frame.h. Which command may come when,
 * and what is answered, is session.h's affair.
 */
#ifndef POSTSEAL_COMMON_COMMAND_H
#define POSTSEAL_COMMON_COMMAND_H

#include <stdint.h>

#include "common/bytes/buf.h"
#include "common/bytes/span.h"
#include "common/milter/milter.h"

struct optneg {
	uint32_t version;
	uint32_t actions;  /* enum milter_action */
	uint32_t protocol; /* enum milter_protocol */
};

/* The macros that the MTA is to send with a stage. */
struct symlist {
	enum milter_stage stage;
	const char *macros; /* "i {auth_type}" */
};

enum connect_family {
	FAMILY_INET = '4',
	FAMILY_INET6 = '6',
	FAMILY_UNIX = 'L',
	FAMILY_UNKNOWN = 'U' /* neither port nor address follow */
};

/* All spans borrow from the payload. */
struct command {
	enum milter_command type;
	union {
		struct optneg optneg;
		struct {
			unsigned char stage; /* command byte they belong to */
			struct span list;    /* for command_macro() */
		} macro;
		struct {
			struct span host;
			enum connect_family family;
			uint16_t port;
			struct span address; /* text; empty for U */
		} connect;
		struct span helo;
		struct {
			struct span address; /* as the MTA wrote it, "<a@b>" */
			struct span args; /* ESMTP arguments, NUL after each */
		} envelope;               /* MAIL and RCPT */
		struct {
			struct span name;
			struct span value;
		} header;
		struct span body;    /* BODY, and what BODYEOB carries */
		struct span unknown; /* the SMTP command line */
	} u;
};

/*
 * Reads the payload of a packet. PARSE_OK with *ret, or PARSE_BAD with a static
 * reason: an unknown command byte, a string without its NUL, too few bytes, a
 * payload where there is none. Never PARSE_MORE.
 */
enum parse command_parse(unsigned char byte, struct span payload,
    struct command *ret, const char **ret_why);

/*
 * Takes the first macro off *list, which command_parse() has found well-formed.
 * The name is as sent: "i", "{auth_type}". False when none is left.
 */
bool command_macro(
    struct span *list, struct span *ret_name, struct span *ret_value);

/* The word for a command as Postfix's log has it: "MAIL", "END-OF-MESSAGE"; "?"
 * for a byte that is none. Static. */
const char *command_name(unsigned char byte);

/*
 * Replies, appended to out as whole packets; a failure is told by
 * buf_error(out).
 */

/* The replies without payload: CONTINUE, ACCEPT, REJECT, SKIP, PROGRESS. */
void command_reply(struct buf *out, enum milter_reply reply);

/* REPLYCODE or QUARANTINE, with its text, which is legal (edits.h). */
void command_reply_text(
    struct buf *out, enum milter_reply reply, const char *text);

/* OPTNEG with n macro lists (0 unless SMFIF_SETSYMLIST was agreed). */
void command_reply_optneg(struct buf *out, const struct optneg *o,
    const struct symlist *lists, size_t n);

/*
 * INSHEADER: name: value above the field number index; index 0 is above
 * Postfix's own Received. CHGHEADER: instead of the field number index of that
 * name, counted from 1 among those that Postfix shows; an empty value deletes
 * it. Folds in value must be LF and white space: Postfix passes a CR on as
 * content. Neither holds a NUL.
 */
void command_reply_field(struct buf *out, enum milter_reply reply,
    uint32_t index, struct span name, struct span value);

/* ADDHEADER: below all fields. Likewise. */
void command_reply_addheader(
    struct buf *out, struct span name, struct span value);

#endif
