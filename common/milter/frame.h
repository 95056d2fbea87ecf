/*
 * frame.h - the packets of the milter protocol, cut out of a stream. (pure)
 *
 * A packet is a 32-bit length in network order, a command byte that the length
 * counts, and a payload. Whole packets are handed on where they lie; the
 * payload of BODY goes on in pieces as it arrives, so that a body is never
 * gathered.
 *
 * Nothing is copied: the caller keeps what was not used and gives it again with
 * what follows (conn.h does so). What a command byte means is command.h's
 * affair, whether it may come now is session.h's.
 */
#ifndef POSTSEAL_COMMON_FRAME_H
#define POSTSEAL_COMMON_FRAME_H

#include <stdint.h>

#include "common/bytes/span.h"
#include "common/limits.h"

/* Bytes that the caller must be able to keep for an unfinished packet. */
enum { FRAME_KEEP = 4 + MILTER_PACKET_MAX };

struct frame {
	uint32_t body_left; /* payload bytes to come of a BODY begun; else 0 */
};

struct packet {
	unsigned char command;
	struct span payload; /* borrows from the input */
	bool last;           /* false: more of this BODY follows */
};

/* The 32-bit integer in network order at p. */
uint32_t frame_u32(const char *p);

/* Makes f ready for the first byte of a connection. */
void frame_init(struct frame *f);

/* True if all packets that were begun have been handed on. It says nothing of
 * the bytes that the caller keeps. */
bool frame_between(const struct frame *f);

/*
 * Reads the packet, or the piece of a BODY, at the beginning of in.
 *
 * PARSE_OK: *ret_packet, and *ret_used bytes (at least 1) of in are done with.
 * PARSE_MORE: in holds nothing whole yet; give it again with more behind it.
 * PARSE_BAD: the length is 0 or over MILTER_PACKET_MAX; *ret_why says it. The
 * stream cannot be read on.
 */
enum parse frame_parse(struct frame *f, struct span in,
    struct packet *ret_packet, size_t *ret_used, const char **ret_why);

#endif
