/*
 * The trick: a payload is judged whole before anything of it is used. So macros
 * need no second look when they are taken one by one.
 *
 * The trap is the NUL: it ends each string, and what stands behind the last one
 * that a command defines is a fault, or a HEADER with a NUL in its value would
 * be taken for less than the MTA sends on.
 */
#include "common/milter/command.h"

#include "common/milter/frame.h"

static const char no_nul[] = "string without NUL";
static const char surplus[] = "bytes after the payload";

/* Takes the string at the beginning of *in; false when its NUL is missing. */
static bool
take_string(struct span *in, struct span *ret)
{
	size_t n = span_find(*in, '\0');

	if (n == in->n)
		return false;
	*ret = span_of(in->p, n);
	*in = span_skip(*in, n + 1);
	return true;
}

/* The reason against a payload that must be one string, or NULL. */
static const char *
one_string(struct span in, struct span *ret)
{
	if (!take_string(&in, ret))
		return no_nul;
	return in.n > 0 ? surplus : NULL;
}

static const char *
parse_optneg(struct span in, struct optneg *ret)
{
	if (in.n < 12)
		return "OPTNEG is too short";
	*ret = (struct optneg){
	    frame_u32(in.p), frame_u32(in.p + 4), frame_u32(in.p + 8)};
	return NULL;
}

static const char *
parse_macro(struct span in, struct command *ret)
{
	struct span list, name, value;

	if (in.n == 0)
		return "MACRO without a stage";
	ret->u.macro.stage = (unsigned char)in.p[0];
	ret->u.macro.list = list = span_skip(in, 1);
	while (list.n > 0) {
		if (!take_string(&list, &name) || !take_string(&list, &value))
			return no_nul;
	}
	return NULL;
}

/* Host and family; but for an unknown one port and address, too, though the
 * port of a unix socket means nothing. */
static const char *
parse_connect(struct span in, struct command *ret)
{
	struct span host, address = {NULL, 0};
	uint16_t port = 0;
	char family;

	if (!take_string(&in, &host))
		return no_nul;
	if (in.n == 0)
		return "CONNECT without a family";
	family = in.p[0];
	in = span_skip(in, 1);
	switch (family) {
	case FAMILY_UNKNOWN:
		if (in.n > 0)
			return surplus;
		break;
	case FAMILY_INET:
	case FAMILY_INET6:
	case FAMILY_UNIX:
		if (in.n < 2)
			return "CONNECT without a port";
		port = (uint16_t)((unsigned char)in.p[0] << 8 |
		    (unsigned char)in.p[1]);
		in = span_skip(in, 2);
		if (!take_string(&in, &address))
			return no_nul;
		if (in.n > 0)
			return surplus;
		break;
	default:
		return "CONNECT with an unknown family";
	}
	ret->u.connect.host = host;
	ret->u.connect.family = (enum connect_family)family;
	ret->u.connect.port = port;
	ret->u.connect.address = address;
	return NULL;
}

static const char *
parse_envelope(struct span in, struct command *ret)
{
	if (!take_string(&in, &ret->u.envelope.address))
		return no_nul;
	if (in.n > 0 && in.p[in.n - 1] != '\0')
		return no_nul;
	ret->u.envelope.args = in;
	return NULL;
}

static const char *
parse_header(struct span in, struct command *ret)
{
	if (!take_string(&in, &ret->u.header.name) ||
	    !take_string(&in, &ret->u.header.value))
		return no_nul;
	if (in.n > 0)
		return surplus;
	return ret->u.header.name.n == 0 ? "HEADER without a name" : NULL;
}

/* The reason against the payload, or NULL and *ret. */
static const char *
parse_payload(unsigned char byte, struct span in, struct command *ret)
{
	ret->type = (enum milter_command)byte;
	switch (ret->type) {
	case SMFIC_OPTNEG:
		return parse_optneg(in, &ret->u.optneg);
	case SMFIC_MACRO:
		return parse_macro(in, ret);
	case SMFIC_CONNECT:
		return parse_connect(in, ret);
	case SMFIC_HELO:
		return one_string(in, &ret->u.helo);
	case SMFIC_MAIL:
	case SMFIC_RCPT:
		return parse_envelope(in, ret);
	case SMFIC_HEADER:
		return parse_header(in, ret);
	case SMFIC_BODY:
	case SMFIC_BODYEOB:
		ret->u.body = in;
		return NULL;
	case SMFIC_UNKNOWN:
		return one_string(in, &ret->u.unknown);
	case SMFIC_ABORT:
	case SMFIC_DATA:
	case SMFIC_EOH:
	case SMFIC_QUIT:
	case SMFIC_QUIT_NC:
		return in.n > 0 ? surplus : NULL;
	}
	return "unknown command";
}

enum parse
command_parse(unsigned char byte, struct span payload, struct command *ret,
    const char **ret_why)
{
	struct command c;
	const char *why = parse_payload(byte, payload, &c);

	if (why != NULL) {
		*ret_why = why;
		return PARSE_BAD;
	}
	*ret = c;
	return PARSE_OK;
}

bool
command_macro(struct span *list, struct span *ret_name, struct span *ret_value)
{
	return list->n > 0 && take_string(list, ret_name) &&
	    take_string(list, ret_value);
}

const char *
command_name(unsigned char byte)
{
	switch ((enum milter_command)byte) {
	case SMFIC_ABORT:
		return "ABORT";
	case SMFIC_BODY:
		return "BODY";
	case SMFIC_CONNECT:
		return "CONNECT";
	case SMFIC_MACRO:
		return "MACRO";
	case SMFIC_BODYEOB:
		return "END-OF-MESSAGE";
	case SMFIC_HELO:
		return "HELO";
	case SMFIC_QUIT_NC:
		return "QUIT_NC";
	case SMFIC_HEADER:
		return "HEADER";
	case SMFIC_MAIL:
		return "MAIL";
	case SMFIC_EOH:
		return "END-OF-HEADER";
	case SMFIC_OPTNEG:
		return "OPTNEG";
	case SMFIC_QUIT:
		return "QUIT";
	case SMFIC_RCPT:
		return "RCPT";
	case SMFIC_DATA:
		return "DATA";
	case SMFIC_UNKNOWN:
		return "UNKNOWN";
	}
	return "?";
}

static void
put32(struct buf *out, uint32_t v)
{
	const unsigned char b[4] = {(unsigned char)(v >> 24),
	    (unsigned char)(v >> 16), (unsigned char)(v >> 8),
	    (unsigned char)v};

	buf_add(out, b, sizeof b);
}

/* The head of a packet with n bytes of payload. */
static void
put_head(struct buf *out, enum milter_reply reply, size_t n)
{
	put32(out, (uint32_t)(1 + n));
	buf_byte(out, (char)reply);
}

void
command_reply(struct buf *out, enum milter_reply reply)
{
	put_head(out, reply, 0);
}

void
command_reply_optneg(struct buf *out, const struct optneg *o,
    const struct symlist *lists, size_t n)
{
	size_t size = 12;

	for (size_t i = 0; i < n; i++)
		size += 4 + strlen(lists[i].macros) + 1;
	put_head(out, SMFIR_OPTNEG, size);
	put32(out, o->version);
	put32(out, o->actions);
	put32(out, o->protocol);
	for (size_t i = 0; i < n; i++) {
		put32(out, lists[i].stage);
		buf_add(out, lists[i].macros, strlen(lists[i].macros) + 1);
	}
}

void
command_reply_text(struct buf *out, enum milter_reply reply, const char *text)
{
	size_t n = strlen(text) + 1;

	put_head(out, reply, n);
	buf_add(out, text, n);
}

static void
put_field(struct buf *out, struct span name, struct span value)
{
	buf_span(out, name);
	buf_byte(out, '\0');
	buf_span(out, value);
	buf_byte(out, '\0');
}

void
command_reply_field(struct buf *out, enum milter_reply reply, uint32_t index,
    struct span name, struct span value)
{
	put_head(out, reply, 4 + name.n + 1 + value.n + 1);
	put32(out, index);
	put_field(out, name, value);
}

void
command_reply_addheader(struct buf *out, struct span name, struct span value)
{
	put_head(out, SMFIR_ADDHEADER, name.n + 1 + value.n + 1);
	put_field(out, name, value);
}
