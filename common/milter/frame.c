/*
 * The trick: the payload of BODY is handed on as far as it is there, so that
 * nobody keeps a body, and f->body_left is all that is known of the packet
 * until its end.
 *
 * The trap is the empty one: a BODY of no bytes is a whole packet, and is
 * answered; five bytes of one that has more are none yet.
 */
#include "common/milter/frame.h"

#include "common/milter/milter.h"

enum { HEAD = 5 }; /* length and command byte */

uint32_t
frame_u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

void
frame_init(struct frame *f)
{
	f->body_left = 0;
}

bool
frame_between(const struct frame *f)
{
	return f->body_left == 0;
}

/* Hands on what is there of the left bytes of a BODY; returns how many. */
static size_t
take_body(
    struct frame *f, struct span in, uint32_t left, struct packet *ret_packet)
{
	if (in.n > left)
		in.n = left;
	f->body_left = left - (uint32_t)in.n;
	*ret_packet = (struct packet){SMFIC_BODY, in, f->body_left == 0};
	return in.n;
}

enum parse
frame_parse(struct frame *f, struct span in, struct packet *ret_packet,
    size_t *ret_used, const char **ret_why)
{
	struct span payload;
	uint32_t n;

	if (f->body_left > 0) {
		if (in.n == 0)
			return PARSE_MORE;
		*ret_used = take_body(f, in, f->body_left, ret_packet);
		return PARSE_OK;
	}
	if (in.n < 4)
		return PARSE_MORE;
	n = frame_u32(in.p);
	if (n == 0 || n > MILTER_PACKET_MAX) {
		*ret_why = n == 0 ? "packet of length 0" : "packet is too long";
		return PARSE_BAD;
	}
	if (in.n < HEAD)
		return PARSE_MORE;
	n--; /* the command byte */
	payload = span_skip(in, HEAD);
	if (in.p[4] == SMFIC_BODY && (payload.n > 0 || n == 0)) {
		*ret_used = HEAD + take_body(f, payload, n, ret_packet);
		return PARSE_OK;
	}
	if (payload.n < n)
		return PARSE_MORE;
	*ret_packet = (struct packet){
	    (unsigned char)in.p[4], span_of(payload.p, n), true};
	*ret_used = HEAD + n;
	return PARSE_OK;
}
