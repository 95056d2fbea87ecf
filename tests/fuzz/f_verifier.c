/*
 * A whole message for the verifier: header fields, a NUL, a body, a NUL, the
 * text of a key record at k._domainkey.a.example, a NUL, the text of an SPF
 * record at b.example, whose mail it is, a NUL, and that of a DMARC record at
 * a.example. The first byte says into what pieces
 * the stream is cut, in which order answers come, and whether a message that
 * verifies stands below the fields, in place of the body.
 *
 * However it is cut and answered, the outcome is the same: it goes on with one
 * field of ours that can be read, on top, and without those that a simple
 * reader takes for ours.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/log/log.h"
#include "common/milter/frame.h"
#include "tests/support/house.h"
#include "tests/support/must.h"
#include "tests/support/resolver_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { STREAM_MAX = 1 << 22 };

static struct house house;
static struct buf signed_mail;
static const char *const names[] = {"mx.example.jp"};
static const struct authres_ids ids = {names, 1};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_open(NULL, "fuzz");
	house_open(&house,
	    "partial_body = \"pass\"\ndomainkeys = true\n"
	    "dmarc { action = \"enforce\" }");
	buf_init(&signed_mail, 1 << 20);
	house_mail(&house,
	    "v=1; a=rsa-sha256; d=a.example; s=rsa; c=relaxed/relaxed; "
	    "h=from; bh=@; b=@\n"
	    "v=1; a=ed25519-sha256; d=a.example; s=ed; h=from; bh=@; b=@\n",
	    "From: joe@a.example\r\n\r\nHello\r\n", &signed_mail);
	return 0;
}

/* --- what an MTA sends ---------------------------------------------------- */

static void
put_packet(struct buf *out, char command, const void *p, size_t n)
{
	const char head[5] = {(char)((n + 1) >> 24), (char)((n + 1) >> 16),
	    (char)((n + 1) >> 8), (char)(n + 1), command};

	buf_add(out, head, sizeof head);
	buf_add(out, p, n);
}

/* Lines, LF or CRLF, with folds; what has no colon is left out. Counts the
 * fields that begin with our id. */
static void
put_fields(struct buf *out, struct span text, size_t *forged)
{
	while (text.n > 0 && text.p[0] != '\r' && text.p[0] != '\n') {
		size_t n = span_find(text, '\n'), colon;
		struct span field;
		struct buf payload;

		while (n + 1 < text.n &&
		    (text.p[n + 1] == ' ' || text.p[n + 1] == '\t'))
			n += 1 + span_find(span_skip(text, n + 1), '\n');
		field = span_of(text.p,
		    n > 0 && text.p[n - 1] == '\r' && n < text.n ? n - 1 : n);
		text = span_skip(text, n + 1);
		colon = span_find(field, ':');
		if (colon == 0 || colon >= field.n)
			continue;
		buf_init(&payload, STREAM_MAX);
		buf_span(&payload, span_of(field.p, colon));
		buf_byte(&payload, '\0');
		field = span_skip(field, colon + 1);
		buf_span(&payload, field);
		buf_byte(&payload, '\0');
		*forged += span_ieqs(span_of(payload.p, colon),
		               "Authentication-Results") &&
		    span_ieqs(span_of(field.p, field.n < 15 ? field.n : 15),
		        " mx.example.jp;");
		put_packet(out, 'L', payload.p, payload.n);
		buf_free(&payload);
	}
}

static void
put_message(
    struct buf *out, struct span header, struct span body, size_t *forged)
{
	put_packet(out, 'O', "\0\0\0\6\0\0\1\xff\0\x1f\xff\xff", 12);
	put_packet(out, 'C', "h\0004\0\000192.0.2.1\0", 15);
	put_packet(out, 'H', "mail.b.example", 15);
	put_packet(out, 'M', "<a@b.example>", 14);
	put_packet(out, 'R', "<r@r.example>", 14);
	put_fields(out, header, forged);
	put_packet(out, 'N', "", 0);
	put_packet(out, 'B', body.p, body.n);
	put_packet(out, 'E', "", 0);
}

/* --- and what it is told -------------------------------------------------- */

static void
feed(struct span in, size_t step, struct buf *out)
{
	struct session *s;
	struct buf rest;

	must(session_new(&verifier_ops, &house.v, NULL, NULL, &s) == 0);
	buf_init(&rest, STREAM_MAX);
	while (in.n > 0 && !session_over(s)) {
		size_t n = step == 0 || step > in.n ? in.n : step;

		buf_add(&rest, in.p, n);
		in = span_skip(in, n);
		buf_drop(&rest, session_feed(s, buf_view(&rest), out));
		house_wait_session(&house, s, out);
		must(!session_waiting(s));
	}
	session_free(s);
	buf_free(&rest);
}

static void
check(struct span out, size_t forged)
{
	size_t deleted = 0, ours = 0, marks = 0;
	struct packet p;
	struct frame f;
	struct span name;
	const char *why;
	size_t used;
	char last = 0;

	frame_init(&f);
	while (frame_parse(&f, out, &p, &used, &why) == PARSE_OK) {
		out = span_skip(out, used);
		last = (char)p.command;
		deleted += p.command == 'm';
		if (p.command != 'i')
			continue;
		p.payload = span_skip(p.payload, 4);
		name = span_of(p.payload.p, span_find(p.payload, '\0'));
		p.payload = span_skip(p.payload, name.n + 1);
		p.payload.n--;
		if (span_ieqs(name, DMARC_MARK_NAME)) {
			must(span_ieqs(p.payload, " reject") ||
			    span_ieqs(p.payload, " quarantine"));
			marks++;
			continue;
		}
		must(authres_owner(p.payload, &ids) == AUTHRES_OURS);
		ours++;
	}
	/* over: a NUL in a field; no field: that of a header too large to
	 * hold; a second field: the mark */
	must(last == 'a' || last == 'y' || last == 'O' || last == 'c');
	must(last != 'a' || (ours == 1 && marks <= 1 && deleted >= forged));
}

/* A TXT record of any bytes. */
static void
publish_txt(const char *name, struct span text)
{
	struct buf line;

	buf_init(&line, STREAM_MAX);
	buf_fmt(&line, "%s TXT \\# %zu ", name, text.n + (text.n + 254) / 255);
	for (size_t i = 0; i < text.n; i++) {
		size_t left = text.n - i;

		if (i % 255 == 0)
			buf_fmt(
			    &line, "%02x", (unsigned)(left < 255 ? left : 255));
		buf_fmt(&line, "%02x", (unsigned char)text.p[i]);
	}
	if (text.n > 0 && text.n < 16000)
		resolver_zone_load(house.resolver, buf_text(&line));
	buf_free(&line);
}

/* The text up to the next NUL; the rest. */
static struct span
next_text(struct span *rest)
{
	struct span text = span_of(rest->p, span_find(*rest, '\0'));

	*rest = span_skip(*rest, text.n + 1);
	return text;
}

/* texts: of the key, a NUL, of SPF, a NUL, of DMARC. */
static void
publish(struct span texts, enum zone_order order, unsigned seed)
{

	resolver_free(house.resolver);
	must(resolver_new(house.loop, &house.settings->dns, &house.resolver) ==
	    0);
	house.v.resolver = house.resolver;
	house_zone(&house,
	    "rsa._domainkey.a.example TXT \"v=DKIM1; k=rsa; p=$RSA\"\n"
	    "ed._domainkey.a.example TXT \"v=DKIM1; k=ed25519; p=$ED\"\n");
	publish_txt("k._domainkey.a.example", next_text(&texts));
	publish_txt("b.example", next_text(&texts));
	publish_txt("_dmarc.a.example", next_text(&texts));
	resolver_zone_order(house.resolver, order, seed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in, header, body;
	struct buf text, stream, once, cut;
	size_t forged = 0;
	bool good;

	if (size < 1)
		return 0;
	good = (data[0] & 1) != 0;
	in = span_of(data + 1, size - 1);
	header = span_of(in.p, span_find(in, '\0'));
	in = span_skip(in, header.n + 1);
	body = span_of(in.p, span_find(in, '\0'));
	in = span_skip(in, body.n + 1);
	buf_init(&text, STREAM_MAX);
	buf_span(&text, header);
	if (good) {
		if (text.n > 0 && text.p[text.n - 1] != '\n')
			buf_byte(&text, '\n');
		buf_span(&text, buf_view(&signed_mail));
		body = span_str("Hello\r\n");
	}
	buf_init(&stream, STREAM_MAX);
	buf_init(&once, STREAM_MAX);
	buf_init(&cut, STREAM_MAX);
	put_message(&stream, buf_view(&text), body, &forged);
	publish(in, ZONE_READY, 0);
	feed(buf_view(&stream), 0, &once);
	check(buf_view(&once), forged);
	publish(in, ZONE_SHUFFLED, data[0]);
	feed(buf_view(&stream), 1U + (data[0] >> 1), &cut);
	must(span_eq(buf_view(&once), buf_view(&cut)));
	buf_free(&text);
	buf_free(&stream);
	buf_free(&once);
	buf_free(&cut);
	return 0;
}
