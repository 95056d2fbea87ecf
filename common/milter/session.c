/*
 * The trick is the order table: seven lines that are the whole protocol. A
 * command is looked up there before anything is done with it, so that act()
 * never asks whether it may be here.
 *
 * The trap is that a state is left before its command is acted on: act() sees
 * the state behind the command, and ends a message by setting the next one
 * itself.
 */
#include "common/milter/session.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/milter/command.h"

/*
 * Which command may come in which state, and the state it leads to: in state
 * 'm', where the envelope is read, RCPT ('R') leads to 'm' again, HEADER ('L')
 * to 'h', and END-OF-MESSAGE ('E') is out of order ('.').
 *
 *   n  new            nothing but OPTNEG
 *   r  ready          negotiated; the SMTP client is not known yet
 *   c  connected      between messages
 *   m  mail           envelope: MAIL, RCPT
 *   d  data           the MTA has said DATA; Postfix is silent until it has
 *                     all of the message
 *   h  header
 *   b  body           behind the end of the header fields
 *   w  waiting        the wing has said WAIT; nothing is read, so no row
 *   x  over           likewise
 *   .  out of order
 *
 * The letters of the commands are those of the protocol (milter.h). QUIT may
 * come at any time. Postfix sends ABORT after each message, after RSET, after a
 * second HELO, and before QUIT. MACRO stands before the command that it belongs
 * to.
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
	/* Of the connection, from its first byte to its last */
	const struct milter_ops *ops; /* borrowed, as are the next three */
	void *wing;
	void (*ready)(void *arg);
	void *arg;
	struct frame frame;
	char state;     /* see order */
	bool inside;    /* a packet has begun and is not complete */
	bool finishing; /* over when idle */
	struct optneg agreed;
	struct origin origin;

	/* Of the message under way; forget() begins them anew */
	struct message message;
	struct edits edits;
	enum milter_word word; /* kept for the end; MILTER_GO_ON: none yet */
	bool resumed;          /* end() is to be asked again */

	/* The wing's own */
	alignas(max_align_t) char letter[];
};

int
session_new(const struct milter_ops *ops, void *wing, void (*ready)(void *arg),
    void *arg, struct session **ret)
{
	struct session *s = calloc(1, sizeof *s + ops->letter_size);

	if (s == NULL)
		return -ENOMEM;
	s->ops = ops;
	s->wing = wing;
	s->ready = ready;
	s->arg = arg;
	s->state = 'n';
	frame_init(&s->frame);
	origin_init(&s->origin);
	message_init(&s->message);
	edits_init(&s->edits, &s->message.arena);
	if (ops->open != NULL)
		ops->open(wing, s->letter, s);
	*ret = s;
	return 0;
}

/* The message, whatever has become of it. */
static void
forget(struct session *s)
{
	s->ops->reset(s->wing, s->letter);
	message_reset(&s->message);
	edits_init(&s->edits, &s->message.arena);
	s->word = MILTER_GO_ON;
	s->resumed = false;
}

/* The wing's side of the connection ends. */
static void
close_letter(struct session *s)
{
	if (s->ops->close != NULL)
		s->ops->close(s->wing, s->letter);
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	forget(s);
	close_letter(s);
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
	return strchr("nrcx", s->state) != NULL; /* not yet, between, over */
}

bool
session_begun(const struct session *s)
{
	return s->state != 'n' && s->state != 'r';
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
	size_t own = s->ops->held == NULL ? 0 : s->ops->held(s->letter);

	return s->message.arena.used + own;
}

uint64_t
session_timeout(const struct session *s)
{
	/* An MTA that connects speaks at once, and header and body come in one
	 * stream; else it waits for its own client. */
	bool flowing =
	    s->inside || s->state == 'n' || s->state == 'h' || s->state == 'b';

	if (s->state == 'w')
		return 0;
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
	case 'w':
		return "END-OF-MESSAGE";
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
	s->ops->error(s->wing);
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

/* --- negotiation ---------------------------------------------------------- */

/* True if it was agreed that this command gets no answer. */
static bool
silent(const struct session *s, enum milter_command c)
{
	static const uint32_t no_reply[] = {
	    [SMFIC_CONNECT] = SMFIP_NR_CONN,
	    [SMFIC_HELO] = SMFIP_NR_HELO,
	    [SMFIC_MAIL] = SMFIP_NR_MAIL,
	    [SMFIC_RCPT] = SMFIP_NR_RCPT,
	    [SMFIC_DATA] = SMFIP_NR_DATA,
	    [SMFIC_HEADER] = SMFIP_NR_HDR,
	    [SMFIC_EOH] = SMFIP_NR_EOH,
	    [SMFIC_BODY] = SMFIP_NR_BODY,
	    [SMFIC_UNKNOWN] = SMFIP_NR_UNKN,
	};

	return (size_t)c < sizeof no_reply / sizeof no_reply[0] &&
	    (s->agreed.protocol & no_reply[c]) != 0;
}

/* CONTINUE, unless it was agreed that this command gets no answer. */
static void
go_on(const struct session *s, enum milter_command c, struct buf *out)
{
	if (!silent(s, c))
		command_reply(out, SMFIR_CONTINUE);
}

/* The MTA cuts one space off each value, and puts one in front of ours. */
static bool
one_space(const struct session *s)
{
	return (s->agreed.protocol & SMFIP_HDR_LEADSPC) == 0;
}

enum { STAGES = SMFIM_EOH + 1 };

/*
 * The macros that are used here are asked for, so that they come however the
 * MTA is set up: the engine's own, and behind them the wing's. Each list takes
 * the place of the MTA's own, so what is not asked for is not sent. Into
 * list[STAGES], how many; their text lives in text.
 */
static size_t
list_macros(const struct session *s, struct buf *text, struct symlist *list)
{
	static const char *const own[STAGES] = {
	    [SMFIM_CONNECT] = "j {daemon_name} {daemon_addr} {client_addr}",
	    [SMFIM_MAIL] = "i {auth_type} {auth_authen}",
	    [SMFIM_RCPT] = "i",
	    [SMFIM_EOM] = "i"};
	size_t begin[STAGES], n = 0;

	for (int i = 0; i < STAGES; i++) {
		const char *wings = s->ops->macros == NULL
		    ? NULL
		    : s->ops->macros(s->wing, (enum milter_stage)i);

		if (own[i] == NULL && wings == NULL)
			continue;
		list[n].stage = (enum milter_stage)i;
		begin[n++] = text->n;
		buf_str(text, own[i] == NULL ? "" : own[i]);
		buf_str(text, own[i] == NULL || wings == NULL ? "" : " ");
		buf_str(text, wings == NULL ? "" : wings);
		buf_byte(text, '\0');
	}
	if (buf_error(text) != 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		list[i].macros = text->p + begin[i]; /* it moves no more */
	return n;
}

/* Takes of the offer no more than is needed. */
static void
negotiate(struct session *s, const struct optneg *offer, struct buf *out)
{
	struct symlist list[STAGES];
	struct buf text;
	size_t n = 0;

	if (offer->version < MILTER_VERSION_MIN) {
		break_at(s, "OPTNEG", "milter protocol version is too old");
		return;
	}
	s->agreed.version = offer->version < MILTER_VERSION_MAX
	    ? offer->version
	    : MILTER_VERSION_MAX;
	s->agreed.actions =
	    offer->actions & (s->ops->actions | SMFIF_SETSYMLIST);
	s->agreed.protocol =
	    offer->protocol & (s->ops->steps | SMFIP_HDR_LEADSPC);
	buf_init(&text, CONN_OUT_MAX / 2);
	if ((offer->actions & SMFIF_SETSYMLIST) != 0)
		n = list_macros(s, &text, list);
	if (buf_error(&text) != 0)
		break_at(s, "OPTNEG", "out of memory");
	else
		command_reply_optneg(out, &s->agreed, list, n);
	buf_free(&text);
}

/* --- commands ------------------------------------------------------------- */

static void
take_macros(struct session *s, const struct command *c)
{
	struct span list = c->u.macro.list, name, value;

	/* If the MTA forgot to say ABORT, what it said of the message before
	 * (who had authenticated) must not count for this one. */
	if (c->u.macro.stage == SMFIC_MAIL && s->state == 'c')
		forget(s);
	while (command_macro(&list, &name, &value)) {
		if (s->ops->macro != NULL)
			s->ops->macro(
			    s->wing, s->letter, c->u.macro.stage, name, value);
		if (!origin_macro(&s->origin, name, value))
			message_macro(&s->message, name, value);
	}
}

static void
take_recipient(struct session *s, struct span address)
{
	if (s->ops->recipient != NULL)
		s->ops->recipient(
		    s->wing, s->letter, &s->message, &s->origin, address);
}

static void
take_field(struct session *s, struct span name, struct span value)
{
	if (s->ops->field != NULL)
		s->ops->field(s->wing, s->letter, name, value);
	message_field(&s->message, name, value, one_space(s));
}

/* The message is through; why: as through() has it. */
static void
end_message(struct session *s, enum milter_word said, const char *why)
{
	s->ops->through(s->wing, s->letter, &s->message, &s->origin, said, why);
	forget(s);
	s->state = s->finishing ? 'x' : 'c';
}

/* Why something could not be written, of what it was tried with. */
static const char *
failure(int error)
{
	switch (error) {
	case 0:
		return NULL;
	case -ENOMEM:
		return "out of memory";
	case -EMSGSIZE:
		return "there is no room for all of the answer";
	default:
		return "a header field of ours is not valid";
	}
}

/* NULL when all that goes with the word was agreed on, and could be noted. */
static const char *
hindrance(const struct session *s, enum milter_word word)
{
	uint32_t needs = s->edits.needs;

	if (word == MILTER_QUARANTINE)
		needs |= SMFIF_QUARANTINE;
	if ((needs & ~s->agreed.actions) != 0)
		return "the MTA does not let us change the message";
	return failure(s->edits.error);
}

/* A message that goes on: the edits, then the word. NULL, or why they cannot
 * be. */
static const char *
let_go(const struct session *s, enum milter_word word, struct buf *out)
{
	const char *why = hindrance(s, word);

	if (why != NULL)
		return why;
	edits_write(&s->edits, one_space(s), out);
	if (word == MILTER_QUARANTINE)
		edits_write_quarantine(&s->edits, out);
	command_reply(out, SMFIR_ACCEPT);
	return NULL;
}

/* The word, with what belongs to it; or TEMPFAIL, and nothing is written. Sets
 * *why where that is none of the wing's. */
static enum milter_word
say(const struct session *s, enum milter_word word, struct buf *out,
    const char **why)
{
	switch (word) {
	case MILTER_GO_ON:
	case MILTER_ACCEPT:
	case MILTER_QUARANTINE:
		*why = let_go(s, word, out);
		return *why == NULL ? word : MILTER_TEMPFAIL;
	case MILTER_REJECT:
		command_reply(out, SMFIR_REJECT);
		return word;
	case MILTER_REPLY:
		edits_write_reply(&s->edits, out);
		return word;
	case MILTER_TEMPFAIL:
	case MILTER_WAIT: /* too late for that */
		break;
	}
	*why = failure(s->edits.error);
	return MILTER_TEMPFAIL;
}

/* As say(), and TEMPFAIL if there is no room for all of that: nothing of it is
 * said then. Nor is it where an answer before it had no room, which costs the
 * connection: the error must stay. */
static enum milter_word
say_whole(const struct session *s, enum milter_word word, struct buf *out,
    const char **why)
{
	size_t before = out->n;

	*why = failure(buf_error(out));
	if (*why != NULL)
		return MILTER_TEMPFAIL;
	word = say(s, word, out, why);
	if (buf_error(out) == 0)
		return word;
	*why = failure(buf_error(out));
	buf_cut(out, before);
	return MILTER_TEMPFAIL;
}

/* A failure of ours. Not SMFIR_TEMPFAIL, of which Postfix makes 4.7.1: that
 * would say that the sender may not (RFC 3463). There is room for it in the
 * memory that the first answers had. */
static void
put_off(struct buf *out)
{
	command_reply_text(out, SMFIR_REPLYCODE,
	    "451 4.3.0 Temporary system problem, try again later");
}

/* A word at the end of the message. */
static void
conclude(struct session *s, enum milter_word word, struct buf *out)
{
	const char *why;

	word = say_whole(s, word, out, &why);
	if (word == MILTER_TEMPFAIL)
		put_off(out);
	end_message(s, word, why);
}

/* An ACCEPT that needs no edits can be said before the end. */
static bool
is_early(const struct session *s)
{
	return s->word == MILTER_ACCEPT && s->edits.n == 0 &&
	    s->edits.error == 0;
}

static void
end_of_headers(struct session *s, struct buf *out)
{
	s->word = s->ops->headers(s->wing, s->letter, &s->message, &s->origin,
	    s->agreed.actions, &s->edits);
	if (is_early(s) && !silent(s, SMFIC_EOH))
		conclude(s, s->word, out);
	else
		go_on(s, SMFIC_EOH, out);
}

static void
take_body(struct session *s, struct span in)
{
	message_body(&s->message, in);
	if (s->word == MILTER_GO_ON && in.n > 0)
		s->ops->body(s->wing, s->letter, in);
}

/* last: this packet is complete, and is answered, if that was not agreed
 * away. */
static void
body(struct session *s, struct span in, bool last, struct buf *out)
{
	take_body(s, in);
	if (!last || silent(s, SMFIC_BODY))
		return;
	if (is_early(s))
		conclude(s, s->word, out);
	else if (s->word != MILTER_GO_ON &&
	    (s->agreed.protocol & SMFIP_SKIP) != 0)
		command_reply(out, SMFIR_SKIP);
	else
		go_on(s, SMFIC_BODY, out);
}

/* Asks the wing, whose word is the last one, or WAIT: too late for that, unless
 * it only lets others have their turn. */
static void
ask(struct session *s, bool late, struct buf *out)
{
	enum milter_word word;

	s->resumed = false;
	word = s->ops->end(
	    s->wing, s->letter, &s->message, &s->origin, late, &s->edits);
	if (word == MILTER_WAIT && (!late || s->resumed))
		s->state = 'w';
	else
		conclude(s, word, out);
}

static void
end_of_message(struct session *s, struct span in, struct buf *out)
{
	take_body(s, in);
	if (s->word == MILTER_GO_ON)
		ask(s, false, out);
	else
		conclude(s, s->word, out);
}

static void
aborted(struct session *s)
{
	forget(s);
	if (s->finishing)
		s->state = 'x';
}

/* The next SMTP client on the same connection. */
static void
begin_anew(struct session *s)
{
	aborted(s);
	close_letter(s);
	memset(s->letter, 0, s->ops->letter_size);
	if (s->ops->open != NULL)
		s->ops->open(s->wing, s->letter, s);
	origin_init(&s->origin);
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
		take_recipient(s, c->u.envelope.address);
		go_on(s, c->type, out);
		break;
	case SMFIC_HELO:
		origin_helo(&s->origin, c->u.helo);
		go_on(s, c->type, out);
		break;
	case SMFIC_DATA:
	case SMFIC_UNKNOWN:
		go_on(s, c->type, out);
		break;
	case SMFIC_HEADER:
		take_field(s, c->u.header.name, c->u.header.value);
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
		begin_anew(s);
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

	while (s->state != 'x' && s->state != 'w') {
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
	s->inside =
	    s->state != 'w' && (done < in.n || !frame_between(&s->frame));
	return done;
}

/* --- waiting -------------------------------------------------------------- */

void
session_resume(struct session *s)
{
	s->resumed = true;
	if (s->state == 'w' && s->ready != NULL)
		s->ready(s->arg);
}

bool
session_waiting(const struct session *s)
{
	return s->state == 'w';
}

uint64_t
session_wait_ms(const struct session *s)
{
	uint64_t ms = s->edits.wait_ms;

	return ms < MILTER_WAIT_MAX_MS ? ms : MILTER_WAIT_MAX_MS;
}

bool
session_resumed(const struct session *s)
{
	return s->resumed;
}

void
session_answer(struct session *s, bool late, struct buf *out)
{
	if (s->state != 'w')
		return;
	s->state = 'c'; /* where END-OF-MESSAGE leads to */
	ask(s, late, out);
}
