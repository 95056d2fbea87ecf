#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/milter/frame.h"
#include "tests/support/guard.h"
#include "tests/support/mta.h"
#include "tests/support/suite.h"

enum { BODY_CHUNK = 65535, TEXT_MAX = 4 << 20 };

/* Commands that may be negotiated away, or their answers. */
static const struct {
	char command;
	uint32_t no, no_reply;
} bits[] = {{'C', SMFIP_NOCONNECT, SMFIP_NR_CONN},
    {'H', SMFIP_NOHELO, SMFIP_NR_HELO}, {'M', SMFIP_NOMAIL, SMFIP_NR_MAIL},
    {'R', SMFIP_NORCPT, SMFIP_NR_RCPT}, {'T', SMFIP_NODATA, SMFIP_NR_DATA},
    {'L', SMFIP_NOHDRS, SMFIP_NR_HDR}, {'N', SMFIP_NOEOH, SMFIP_NR_EOH},
    {'B', SMFIP_NOBODY, SMFIP_NR_BODY}, {'U', SMFIP_NOUNKNOWN, SMFIP_NR_UNKN},
    {'D', 0, UINT32_MAX}, {'A', 0, UINT32_MAX}, {'Q', 0, UINT32_MAX},
    {'K', 0, UINT32_MAX}};

bool
mta_is_sent(uint32_t protocol, char command)
{
	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
		if (bits[i].command == command)
			return (protocol & bits[i].no) == 0;
	}
	return true;
}

bool
mta_is_answered(uint32_t protocol, char command)
{
	if (strchr("DAQK", command) != NULL)
		return false;
	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
		if (bits[i].command == command)
			return (protocol & bits[i].no_reply) == 0;
	}
	return true;
}

void
mta_init(struct mta *m, const struct milter_ops *ops, void *wing)
{
	*m = (struct mta){.offer = {6, 0x1ff, 0x1fffff},
	    .abort_after = true,
	    .asks_again = true,
	    .client = "client.example",
	    .helo = "client.example",
	    .sender = "<a@b.example>"};
	if (session_new(ops, wing, NULL, NULL, &m->session) != 0)
		abort();
	buf_init(&m->lists, 1000);
	buf_init(&m->sent, TEXT_MAX);
	buf_init(&m->rest, TEXT_MAX);
	buf_init(&m->out, TEXT_MAX);
	buf_init(&m->done, TEXT_MAX);
	for (size_t i = 0; i < MTA_INSERTED_MAX; i++)
		buf_init(&m->inserted[i].value, TEXT_MAX);
}

void
mta_free(struct mta *m)
{
	session_free(m->session);
	buf_free(&m->lists);
	buf_free(&m->sent);
	buf_free(&m->rest);
	buf_free(&m->out);
	buf_free(&m->done);
	for (size_t i = 0; i < MTA_INSERTED_MAX; i++)
		buf_free(&m->inserted[i].value);
}

static void
feed_piece(struct mta *m, struct span piece)
{
	struct span in;
	size_t used;

	buf_span(&m->rest, piece);
	in = guard_copy(buf_view(&m->rest));
	used = session_feed(m->session, in, &m->out);
	guard_free(in);
	CHECK(used <= m->rest.n);
	buf_drop(&m->rest, used);
}

void
mta_feed(struct mta *m, struct span bytes)
{
	while (bytes.n > 0 && !session_over(m->session)) {
		size_t n = m->cut == 0 || bytes.n < m->cut ? bytes.n : m->cut;

		feed_piece(m, span_of(bytes.p, n));
		bytes = span_skip(bytes, n);
	}
}

/* "i": keeps what is inserted, as Postfix relays it. */
static void
take_insert(struct mta *m, struct span payload)
{
	struct mta_inserted *f = &m->inserted[m->ninserted];
	size_t n;

	CU_ASSERT_FATAL(m->ninserted < MTA_INSERTED_MAX && payload.n > 4);
	f->index = frame_u32(payload.p);
	payload = span_skip(payload, 4);
	n = span_find(payload, '\0');
	CU_ASSERT_FATAL(n < payload.n && n < sizeof f->name);
	snprintf(f->name, sizeof f->name, "%.*s", (int)n, payload.p);
	payload = span_skip(payload, n + 1);
	n = span_find(payload, '\0');
	CHECK(n + 1 == payload.n); /* one NUL, and it is the last */
	buf_clear(&f->value);
	if ((m->agreed.protocol & SMFIP_HDR_LEADSPC) == 0)
		buf_byte(&f->value, ' ');
	buf_span(&f->value, span_of(payload.p, n));
	CHECK(span_find(buf_view(&f->value), '\r') == f->value.n);
	m->ninserted++;
}

/* Writes an edit down: "m 2 Name| value", '|' where the colon is. */
static void
take_edit(struct mta *m, char reply, struct span payload)
{
	uint32_t needs = reply == 'm' ? SMFIF_CHGHDRS
	    : reply == 'q'            ? SMFIF_QUARANTINE
	                              : SMFIF_ADDHDRS;
	size_t n;

	CHECK((m->agreed.actions & needs) != 0);
	if (reply == 'i')
		take_insert(m, payload);
	buf_fmt(&m->done, "%c ", reply);
	if (reply == 'i' || reply == 'm') {
		CU_ASSERT_FATAL(payload.n > 4);
		buf_fmt(&m->done, "%u ", frame_u32(payload.p));
		payload = span_skip(payload, 4);
	}
	n = span_find(payload, '\0');
	buf_span(&m->done, span_of(payload.p, n));
	if (reply != 'q') {
		CU_ASSERT_FATAL(n + 1 < payload.n);
		payload = span_skip(payload, n + 1);
		buf_byte(&m->done, '|');
		n = span_find(payload, '\0');
		buf_span(&m->done, span_of(payload.p, n));
	}
	CHECK(n + 1 == payload.n); /* one NUL, and it is the last */
	buf_byte(&m->done, '\n');
}

/* The last answer to a command: may it be said there? */
static void
check_final(const struct mta *m, char command, const struct packet *p)
{
	CHECK(strchr(command == 'E' ? "cary" : "cas", p->command) != NULL);
	CHECK(p->command != 's' ||
	    (command == 'B' && (m->agreed.protocol & SMFIP_SKIP) != 0));
	CHECK((p->payload.n > 0) == (p->command == 'y'));
	/* nothing is done to what is refused */
	CHECK(m->done.n == 0 || command != 'E' ||
	    strchr("ry", p->command) == NULL);
}

/* Takes the answers to one command. */
static char
take_answers(struct mta *m, char command)
{
	struct span out = buf_view(&m->out);
	struct packet p;
	struct frame f;
	const char *why;
	unsigned finals = 0;
	size_t used;
	char last = 0;

	frame_init(&f);
	while (frame_parse(&f, out, &p, &used, &why) == PARSE_OK) {
		out = span_skip(out, used);
		CHECK(finals == 0); /* nothing behind the final answer */
		if (strchr("ihmq", p.command) != NULL) {
			CHECK(command == 'E');
			take_edit(m, (char)p.command, p.payload);
			continue;
		}
		check_final(m, command, &p);
		if (p.command == 'y')
			buf_fmt(&m->done, "%.*s\n", (int)p.payload.n - 1,
			    p.payload.p);
		last = (char)p.command;
		finals++;
	}
	CHECK(out.n == 0);
	CHECK(finals == mta_is_answered(m->agreed.protocol, command) ||
	    session_over(m->session) || session_waiting(m->session));
	buf_clear(&m->out);
	return last;
}

char
mta_answer(struct mta *m, bool late)
{
	char last;

	do {
		session_answer(m->session, late, &m->out);
	} while (m->asks_again && session_waiting(m->session) &&
	    session_resumed(m->session));
	last = take_answers(m, 'E');
	if (!session_waiting(m->session) && m->rest.n > 0)
		feed_piece(m, span_of(NULL, 0));
	return last;
}

void
mta_packet(struct buf *out, char command, struct span payload)
{
	uint32_t n = (uint32_t)payload.n + 1;
	const char head[5] = {
	    (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n, command};

	buf_add(out, head, sizeof head);
	buf_span(out, payload);
}

static void
send_packet(struct mta *m, char command, struct span payload)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	mta_packet(&b, command, payload);
	buf_span(&m->sent, buf_view(&b));
	mta_feed(m, buf_view(&b));
	buf_free(&b);
}

char
mta_send(struct mta *m, char command, struct span payload)
{
	if (session_over(m->session) ||
	    !mta_is_sent(m->agreed.protocol, command))
		return 0;
	send_packet(m, command, payload);
	return take_answers(m, command);
}

static void
put32(struct buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_byte(b, (char)(v >> shift & 0xff));
}

/* The macro lists behind the answer to OPTNEG. */
static void
take_lists(struct mta *m, struct span tail)
{
	buf_clear(&m->lists);
	CHECK(tail.n == 0 || (m->agreed.actions & SMFIF_SETSYMLIST) != 0);
	while (tail.n > 0) {
		size_t n;

		CU_ASSERT_FATAL(tail.n > 4);
		buf_fmt(&m->lists, "%u ", frame_u32(tail.p));
		tail = span_skip(tail, 4);
		n = span_find(tail, '\0');
		CU_ASSERT_FATAL(n < tail.n);
		buf_fmt(&m->lists, "%.*s\n", (int)n, tail.p);
		tail = span_skip(tail, n + 1);
	}
}

bool
mta_open(struct mta *m)
{
	struct span out;
	struct buf b;

	buf_init(&b, 100);
	put32(&b, m->offer.version);
	put32(&b, m->offer.actions);
	put32(&b, m->offer.protocol);
	send_packet(m, 'O', buf_view(&b));
	buf_free(&b);
	out = buf_view(&m->out);
	if (session_over(m->session) || out.n < 17)
		return false;
	CHECK(frame_u32(out.p) + 4 == out.n && out.p[4] == 'O');
	m->agreed = (struct optneg){
	    frame_u32(out.p + 5), frame_u32(out.p + 9), frame_u32(out.p + 13)};
	take_lists(m, span_skip(out, 17));
	buf_clear(&m->out);
	/* milter8.c: anything else is a communication error */
	return m->agreed.version <= m->offer.version &&
	    m->agreed.version >= 2 &&
	    (m->agreed.actions & ~m->offer.actions) == 0 &&
	    (m->agreed.protocol & ~m->offer.protocol) == 0;
}

void
mta_macros(struct mta *m, int stage, ...)
{
	const char *text;
	struct buf b;
	va_list ap;

	buf_init(&b, 10000);
	buf_byte(&b, (char)stage);
	va_start(ap, stage);
	while ((text = va_arg(ap, const char *)) != NULL)
		buf_add(&b, text, strlen(text) + 1);
	va_end(ap);
	mta_send(m, 'D', buf_view(&b));
	buf_free(&b);
}

void
mta_connect(struct mta *m, const char *address)
{
	struct buf b;

	buf_init(&b, 1000);
	mta_macros(m, 'C', "j", "mx.example", "{daemon_name}", "smtpd", NULL);
	buf_add(&b, m->client, strlen(m->client) + 1);
	buf_byte(&b, strchr(address, ':') == NULL ? '4' : '6');
	buf_add(&b, "\x34\xa7", 2);
	buf_add(&b, address, strlen(address) + 1);
	mta_send(m, 'C', buf_view(&b));
	buf_free(&b);
	mta_macros(m, 'H', NULL);
	mta_send(m, 'H', span_of(m->helo, strlen(m->helo) + 1));
}

static char
send_envelope(struct mta *m, const char *login)
{
	struct buf mail;
	char r;

	buf_init(&mail, 1000);
	buf_add(&mail, m->sender, strlen(m->sender) + 1);
	buf_add(&mail, "SIZE=9", sizeof "SIZE=9");
	if (login != NULL)
		mta_macros(m, 'M', "{auth_type}", "PLAIN", "{auth_authen}",
		    login, "{mail_addr}", "a@b.example", m->macro,
		    m->macro_value, NULL);
	else
		mta_macros(m, 'M', "{mail_addr}", "a@b.example", m->macro,
		    m->macro_value, NULL);
	r = mta_send(m, 'M', buf_view(&mail));
	buf_free(&mail);
	if (r == 'a')
		return r;
	mta_macros(m, 'R', "{rcpt_addr}", "r@r.example", NULL);
	mta_send(m, 'R', span_of("<r@r.example>", 14));
	if (m->idle != NULL)
		m->idle(m->idle_arg);
	mta_macros(m, 'T', "i", "4AE0FA84398", NULL);
	return mta_send(m, 'T', span_of(NULL, 0));
}

/* One field, folded or not; returns its length in text. */
static size_t
send_field(struct mta *m, struct span text)
{
	bool leadspc = (m->agreed.protocol & SMFIP_HDR_LEADSPC) != 0;
	size_t colon = span_find(text, ':'), i = colon + 1;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_span(&b, span_of(text.p, colon));
	buf_byte(&b, '\0');
	if (!leadspc && i < text.n && text.p[i] == ' ')
		i++;
	for (; i < text.n; i++) {
		bool end = text.p[i] == '\r' && i + 1 < text.n &&
		    text.p[i + 1] == '\n';

		if (!end) {
			buf_byte(&b, text.p[i]);
			continue;
		}
		i++;
		if (i + 1 == text.n ||
		    (text.p[i + 1] != ' ' && text.p[i + 1] != '\t'))
			break;
		buf_byte(&b, '\n');
	}
	buf_byte(&b, '\0');
	mta_macros(m, 'L', "i", "4AE0FA84398", NULL);
	mta_send(m, 'L', buf_view(&b));
	buf_free(&b);
	return i < text.n ? i + 1 : text.n;
}

/* The last answer: 's' when no more is wanted, 'a' when not the end, either. */
static char
send_body(struct mta *m, struct span body)
{
	char r = 0;

	while (body.n > 0 && r != 's' && r != 'a') {
		size_t n = body.n < BODY_CHUNK ? body.n : BODY_CHUNK;

		mta_macros(m, 'B', "i", "4AE0FA84398", NULL);
		r = mta_send(m, 'B', span_of(body.p, n));
		m->body_sent += n;
		body = span_skip(body, n);
	}
	return r;
}

char
mta_message(struct mta *m, const char *login, struct span text)
{
	char r;

	m->ninserted = 0;
	buf_clear(&m->done);
	m->body_sent = 0;
	r = send_envelope(m, login);
	while (r != 'a' && text.n > 0 && text.p[0] != '\r')
		text = span_skip(text, send_field(m, text));
	if (r != 'a') {
		mta_macros(m, 'N', "i", "4AE0FA84398", NULL);
		r = mta_send(m, 'N', span_of(NULL, 0));
	}
	if (r != 'a')
		r = send_body(m, span_skip(text, 2));
	if (r != 'a') {
		mta_macros(m, 'E', "i", "4AE0FA84398", NULL);
		r = mta_send(m, 'E', span_of(NULL, 0));
	}
	if (m->asks_again && session_resumed(m->session))
		r = mta_answer(m, false);
	if (m->abort_after)
		mta_send(m, 'A', span_of(NULL, 0));
	return r;
}

/* The fields of text as they stand in it; returns where the body begins. */
static size_t
split_fields(struct span text, struct field *field, size_t max, size_t *ret_n)
{
	size_t at = 0, n = 0;

	while (at < text.n && text.p[at] != '\r') {
		struct span rest = span_skip(text, at);
		size_t colon = span_find(rest, ':'), end = colon + 1;

		while (end < rest.n &&
		    !(rest.p[end] == '\n' && rest.p[end - 1] == '\r' &&
		        (end + 1 == rest.n ||
		            (rest.p[end + 1] != ' ' &&
		                rest.p[end + 1] != '\t'))))
			end++;
		CU_ASSERT_FATAL(n < max && end < rest.n);
		field[n].name = span_of(rest.p, colon);
		field[n++].value =
		    span_of(rest.p + colon + 1, end - 1 - (colon + 1));
		at += end + 1;
	}
	*ret_n = n;
	return at + 2 < text.n ? at + 2 : text.n;
}

int
mta_verify(const struct mta *m, size_t i, struct key *key,
    struct signer *signer, struct span text)
{
	unsigned char hash[BODYHASH_SIZE];
	struct field *field = calloc(MESSAGE_FIELDS_MAX, sizeof *field);
	struct field_list list = {field, 0};
	struct bodyhash *b;
	size_t at;
	int rc;

	if (field == NULL || bodyhash_new(&b) != 0)
		abort();
	at = split_fields(text, field, MESSAGE_FIELDS_MAX, &list.n);
	bodyhash_begin(b, signer->settings->signer.body_canon);
	bodyhash_feed(b, span_skip(text, at));
	CHECK(bodyhash_end(b, hash) == 0);
	bodyhash_free(b);
	rc = sign_verify(signer->signing.sign, key,
	    buf_view(&m->inserted[i].value), &list, hash);
	free(field);
	return rc;
}
