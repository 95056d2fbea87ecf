#include "common/milter/session.h"

#include <errno.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/milter/command.h"
#include "common/milter/negotiate.h"

/*
 * Which command may come in which state, and the state it leads to.
 *
 *   n  new            nothing but OPTNEG
 *   r  ready          negotiated; the SMTP client is not known yet
 *   c  connected      between messages
 *   m  mail           envelope: MAIL, RCPT
 *   d  data           the MTA has said DATA; Postfix is silent until it has
 *                     all of the message
 *   h  header
 *   b  body           behind the end of the header fields
 *   x  over
 *   .  out of order
 *
 * QUIT may come at any time. Postfix sends ABORT after each message, after
 * RSET, after a second HELO, and before QUIT. MACRO stands before the command
 * that it belongs to.
 */
static const char commands[] = "ODCHMRTLNBEAUKQ";
static const struct {
	char state;
	const char *next;
} order[] = {
    /*    ODCHMRTLNBEAUKQ */
    {'n', "r.............x"},
    {'r', ".rc........r.rx"},
    {'c', ".c.cm......ccrx"},
    {'m', ".m.m.mdhb..cmrx"},
    {'d', ".d.....hb..c.rx"},
    {'h', ".h.....hb..c.rx"},
    {'b', ".b.......bcc.rx"},
};

enum { STATES = sizeof order / sizeof order[0] };

struct session {
	struct signer *signer; /* borrowed */
	struct frame frame;
	char state;     /* see order */
	bool inside;    /* a packet has begun and is not complete */
	bool finishing; /* over when idle */
	struct optneg agreed;
	struct origin origin;
	struct message message;
	struct outcome outcome; /* since the end of the header fields */
};

int
session_new(struct signer *signer, struct session **ret)
{
	struct session *s = calloc(1, sizeof *s);

	if (s == NULL)
		return -ENOMEM;
	s->signer = signer;
	s->state = 'n';
	frame_init(&s->frame);
	origin_init(&s->origin);
	message_init(&s->message);
	*ret = s;
	return 0;
}

void
session_free(struct session *s)
{
	if (s != NULL)
		message_free(&s->message);
	free(s);
}

bool
session_over(const struct session *s)
{
	return s->state == 'x';
}

bool
session_idle(const struct session *s)
{
	return strchr("nrcx", s->state) != NULL;
}

bool
session_begun(const struct session *s)
{
	return strchr("nr", s->state) == NULL;
}

void
session_finish(struct session *s)
{
	s->finishing = true;
	if (session_idle(s))
		s->state = 'x';
}

size_t
session_held(const struct session *s)
{
	return s->message.arena.used + mimewalk_held(&s->message.risk.mime);
}

uint64_t
session_timeout(const struct session *s)
{
	bool flowing = s->inside || strchr("nhb", s->state) != NULL;

	if (flowing)
		return MILTER_PACKET_MS;
	return session_begun(s) ? MILTER_COMMAND_MS : MILTER_FIRST_MS;
}

/* The state as the MTA would name it. */
static const char *
stage(char state)
{
	switch (state) {
	case 'n':
		return "OPTNEG";
	case 'm':
		return "MAIL";
	case 'd':
		return "DATA";
	case 'h':
		return "HEADER";
	case 'b':
		return "BODY";
	default:
		return "CONNECT";
	}
}

static void
break_at(struct session *s, const char *command, const char *why)
{
	char client[IP_TEXT_MAX];
	struct log_line l;

	log_begin(&l, LOG_WARNING, "disconnected");
	log_str(&l, "reason", why);
	log_str(&l, "command", command);
	log_str(&l, "after", stage(s->state));
	log_given(&l, "queue_id", s->message.queue_id);
	log_str(&l, "client", origin_text(&s->origin, client));
	log_end(&l);
	stats_add(s->signer->stats, STATS_MILTER_ERROR, 1);
	s->state = 'x';
}

void
session_break(struct session *s, const char *why)
{
	break_at(s, NULL, why);
}

void
session_lost(struct session *s)
{
	if (!session_idle(s))
		break_at(s, NULL, "connection lost in the middle of a message");
	else if (s->inside)
		break_at(s, NULL, "connection lost in the middle of a packet");
	s->state = 'x';
}

/* CONTINUE, unless it was agreed that this command gets no answer. */
static void
go_on(const struct session *s, enum milter_command c, struct buf *out)
{
	if (!negotiate_silent(&s->agreed, c))
		command_reply(out, SMFIR_CONTINUE);
}

static void
negotiate(struct session *s, const struct optneg *offer, struct buf *out)
{
	if (negotiate_answer(
	        offer, outcome_macros(s->signer), &s->agreed, out) != 0)
		break_at(s, "OPTNEG", "milter protocol version is too old");
}

static void
take_macros(struct session *s, const struct command *c)
{
	struct span list = c->u.macro.list, name, value;

	/* If the MTA forgot to say ABORT, what it said of the message before
	 * (who had authenticated) must not count for this one. */
	if (c->u.macro.stage == SMFIC_MAIL && s->state == 'c')
		message_reset(&s->message);
	while (command_macro(&list, &name, &value)) {
		outcome_macro(s->signer, &s->origin, &s->message,
		    c->u.macro.stage, name, value);
		if (!origin_macro(&s->origin, name, value))
			message_macro(&s->message, name, value);
	}
}

/* The message is through. */
static void
end_message(struct session *s)
{
	outcome_log(s->signer, &s->outcome, &s->message, &s->origin);
	message_reset(&s->message);
	s->state = s->finishing ? 'x' : 'c';
}

static void
end_of_headers(struct session *s, struct buf *out)
{
	outcome_headers(s->signer, &s->message, &s->origin,
	    (s->agreed.actions & SMFIF_ADDHDRS) != 0, &s->outcome);
	if (s->outcome.kind == OUTCOME_UNSIGNED) {
		command_reply(out, SMFIR_ACCEPT);
		end_message(s);
	} else {
		command_reply(out, SMFIR_CONTINUE);
	}
}

static void
body(struct session *s, struct span piece, bool last, struct buf *out)
{
	uint32_t bits = s->agreed.protocol & (SMFIP_NR_BODY | SMFIP_SKIP);

	message_body(&s->message, piece);
	if (!last)
		return;
	if (s->outcome.kind != OUTCOME_SIGN && bits == SMFIP_SKIP)
		command_reply(out, SMFIR_SKIP);
	else
		go_on(s, SMFIC_BODY, out);
}

static void
end_of_message(struct session *s, struct span piece, struct buf *out)
{
	bool one_space = (s->agreed.protocol & SMFIP_HDR_LEADSPC) == 0;

	message_body(&s->message, piece);
	outcome_end(s->signer, &s->message, one_space, &s->outcome, out);
	command_reply(out,
	    s->outcome.kind == OUTCOME_TEMPFAIL ? SMFIR_TEMPFAIL
	                                        : SMFIR_ACCEPT);
	end_message(s);
}

static void
aborted(struct session *s)
{
	message_reset(&s->message);
	if (s->finishing)
		s->state = 'x';
}

/* A command that may come now; the state is the one that it leads to. */
static void
act(struct session *s, const struct command *c, bool last, struct buf *out)
{
	switch (c->type) {
	case SMFIC_OPTNEG:
		negotiate(s, &c->u.optneg, out);
		break;
	case SMFIC_MACRO:
		take_macros(s, c);
		break;
	case SMFIC_CONNECT:
		origin_connect(&s->origin, c);
		go_on(s, c->type, out);
		break;
	case SMFIC_MAIL:
		message_sender(&s->message, c->u.envelope.address);
		go_on(s, c->type, out);
		break;
	case SMFIC_RCPT:
		outcome_recipient(
		    s->signer, &s->message, c->u.envelope.address);
		go_on(s, c->type, out);
		break;
	case SMFIC_HELO:
	case SMFIC_DATA:
	case SMFIC_UNKNOWN:
		go_on(s, c->type, out);
		break;
	case SMFIC_HEADER:
		message_field(&s->message, c->u.header.name, c->u.header.value,
		    (s->agreed.protocol & SMFIP_HDR_LEADSPC) == 0);
		go_on(s, c->type, out);
		break;
	case SMFIC_EOH:
		end_of_headers(s, out);
		break;
	case SMFIC_BODY:
		body(s, c->u.body, last, out);
		break;
	case SMFIC_BODYEOB:
		end_of_message(s, c->u.body, out);
		break;
	case SMFIC_ABORT:
		aborted(s);
		break;
	case SMFIC_QUIT_NC:
		aborted(s);
		origin_init(&s->origin);
		break;
	case SMFIC_QUIT:
		break;
	}
}

/* The state that the command leads to, '.' when it may not come now. */
static char
next_state(char state, unsigned char command)
{
	const char *column = memchr(commands, command, sizeof commands - 1);

	for (size_t i = 0; column != NULL && i < STATES; i++) {
		if (order[i].state == state)
			return order[i].next[column - commands];
	}
	return '.';
}

static void
take_packet(struct session *s, const struct packet *p, struct buf *out)
{
	const char *why = NULL;
	struct command c;
	char next;

	if (command_parse(p->command, p->payload, &c, &why) != PARSE_OK) {
		break_at(s, command_name(p->command), why);
		return;
	}
	next = next_state(s->state, p->command);
	if (next == '.') {
		break_at(s, command_name(p->command), "command out of order");
		return;
	}
	s->state = next;
	act(s, &c, p->last, out);
}

size_t
session_feed(struct session *s, struct span in, struct buf *out)
{
	const char *why = NULL;
	size_t done = 0, used;
	struct packet p;
	enum parse r;

	while (s->state != 'x') {
		r = frame_parse(
		    &s->frame, span_skip(in, done), &p, &used, &why);
		if (r == PARSE_MORE)
			break;
		if (r == PARSE_BAD) {
			break_at(s, NULL, why);
			break;
		}
		take_packet(s, &p, out);
		done += used;
	}
	s->inside = done < in.n || !frame_between(&s->frame);
	return done;
}
