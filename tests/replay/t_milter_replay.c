/*
 * Sessions that Postfix had with the signer, recorded between the two and
 * played again: *.milter. A line is a packet, "<" from the MTA and ">" from the
 * signer, its command byte, and its payload, in which a backslash and three
 * octal digits stand for a byte that is not printable; "#" begins a remark.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/milter/command.h"
#include "common/milter/session.h"
#include "tests/support/fixture.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"

static const char *const names[] = {"authenticated", "bounce", "client-drops",
    "eai", "outside", "quirks-v2", "quirks-v3", "quirks-v4", "quirks-v6", "raw",
    "sendmail", "two-from", "two-messages", "xclient-before"};

enum { NAMES = sizeof names / sizeof names[0], PACKETS_MAX = 300 };

/* The recordings are older than the list of fields that is signed now. */
#define CANON \
	"signer { canonicalization = \"relaxed/simple\"\n" \
	" sign_headers = {\"From!\", \"Subject\", \"Date\", \"To\", \"Cc\", " \
	"\"Message-ID\", \"MIME-Version\", \"Content-Type\", " \
	"\"Content-Transfer-Encoding\"} }\n"

static const char config[] = CANON "domain \"two.example\" {\n"
                                   " key \"r\" { file = \"@rsa.pem\" }\n"
                                   " key \"e\" { file = \"@ed.pem\" }\n}\n";

/* For cuts by the thousand: RSA takes too long. */
static const char quick_config[] =
    CANON "domain \"two.example\" { key \"e\" { file = \"@ed.pem\" } }\n";

struct line {
	char from; /* '<' or '>' */
	char command;
	struct span payload; /* in the recording's bytes */
};

struct recording {
	struct line line[PACKETS_MAX];
	size_t n;
	struct buf bytes; /* all payloads */
};

/* --- reading a recording ------------------------------------------------ */

static void
unescape(const char *text, struct buf *out)
{
	while (*text != '\0' && *text != '\n') {
		if (*text != '\\') {
			buf_byte(out, *text++);
			continue;
		}
		if (text[1] == '\\') {
			buf_byte(out, '\\');
			text += 2;
			continue;
		}
		buf_byte(out,
		    (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 +
		        (text[3] - '0')));
		text += 4;
	}
}

static void
read_recording(const char *name, struct recording *r)
{
	size_t begin[PACKETS_MAX + 1];
	static char text[64 * 1024];
	char path[100];
	FILE *f;

	snprintf(path, sizeof path, "tests/replay/%s.milter", name);
	f = fopen(path, "r");
	CU_ASSERT_FATAL(f != NULL);
	r->n = 0;
	buf_init(&r->bytes, 1 << 20);
	while (fgets(text, sizeof text, f) != NULL) {
		if (text[0] == '#')
			continue;
		CU_ASSERT_FATAL(r->n < PACKETS_MAX && strlen(text) >= 4);
		r->line[r->n].from = text[0];
		r->line[r->n].command = text[2];
		begin[r->n++] = r->bytes.n;
		if (text[3] == ' ')
			unescape(text + 4, &r->bytes);
	}
	fclose(f);
	begin[r->n] = r->bytes.n;
	for (size_t i = 0; i < r->n; i++)
		r->line[i].payload =
		    span_of(r->bytes.p + begin[i], begin[i + 1] - begin[i]);
}

/* --- playing it --------------------------------------------------------- */

static void
put_packet(struct buf *out, char command, struct span payload)
{
	uint32_t n = (uint32_t)payload.n + 1;
	const char head[5] = {
	    (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n, command};

	buf_add(out, head, sizeof head);
	buf_span(out, payload);
}

/* Appends the payload; of a signature without what changes with the time. */
static void
put_blanked(struct buf *out, char command, struct span payload)
{
	size_t at = out->n;
	char *p;

	put_packet(out, command, payload);
	if (command != SMFIR_INSHEADER)
		return;
	p = memmem(out->p + at, out->n - at, "t=1", 3);
	CU_ASSERT_FATAL(p != NULL);
	memset(p + 2, '#', 10);
	p = memmem(p, (size_t)(out->p + out->n - p), "\tb=", 3);
	CU_ASSERT_FATAL(p != NULL);
	memset(p + 3, '#', strlen(p + 3));
}

/* All packets in `in`, blanked. */
static void
blank_all(struct span in, struct buf *out)
{
	struct packet p;
	struct frame f;
	const char *why;
	size_t used;

	frame_init(&f);
	buf_clear(out);
	while (frame_parse(&f, in, &p, &used, &why) == PARSE_OK) {
		put_blanked(out, (char)p.command, p.payload);
		in = span_skip(in, used);
	}
	CHECK(in.n == 0);
}

/* Packet by packet: each is answered as it was when it was recorded. */
static void
play(const struct recording *r, struct session *s)
{
	struct buf in, out, got, want;
	size_t i = 0;

	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_init(&got, 1 << 20);
	buf_init(&want, 1 << 20);
	while (i < r->n) {
		CU_ASSERT_FATAL(r->line[i].from == '<');
		buf_clear(&in);
		buf_clear(&out);
		buf_clear(&want);
		put_packet(&in, r->line[i].command, r->line[i].payload);
		CHECK(session_feed(s, buf_view(&in), &out) == in.n);
		for (i++; i < r->n && r->line[i].from == '>'; i++)
			put_blanked(
			    &want, r->line[i].command, r->line[i].payload);
		blank_all(buf_view(&out), &got);
		CHECK(span_eq(buf_view(&got), buf_view(&want)));
	}
	buf_free(&in);
	buf_free(&out);
	buf_free(&got);
	buf_free(&want);
}

static void
answers(void)
{
	static struct recording r;
	struct fixture f;
	struct session *s;

	fixture_make(&f, config);
	for (size_t i = 0; i < NAMES; i++) {
		suite_row(names[i]);
		read_recording(names[i], &r);
		CU_ASSERT_FATAL(
		    session_new(&signer_ops, &f.signer, NULL, NULL, &s) == 0);
		play(&r, s);
		CHECK(session_over(s) == (r.line[r.n - 1].command == 'Q'));
		CHECK(strstr(fixture_logged(&f), "disconnected") == NULL);
		session_free(s);
		buf_free(&r.bytes);
	}
	fixture_free(&f);
}

/* The answers to the whole recording, fed first to `at`, then in steps. */
static void
feed_cut(struct signer *signer, struct span in, size_t at, size_t step,
    struct buf *ret)
{
	struct buf rest, out;
	struct session *s;

	buf_init(&rest, 1 << 20);
	buf_init(&out, 1 << 20);
	CU_ASSERT_FATAL(session_new(&signer_ops, signer, NULL, NULL, &s) == 0);
	while (in.n > 0) {
		size_t n = at > 0 ? at : step;

		n = n == 0 || n > in.n ? in.n : n;
		at = 0;
		buf_add(&rest, in.p, n);
		in = span_skip(in, n);
		buf_drop(&rest, session_feed(s, buf_view(&rest), &out));
	}
	CHECK(rest.n == 0);
	blank_all(buf_view(&out), ret);
	session_free(s);
	buf_free(&rest);
	buf_free(&out);
}

static void
check_cuts(struct signer *signer, struct span in)
{
	static const size_t step[] = {1, 2, 3, 5, 7, 11, 64, 1000};
	struct buf want, got;
	unsigned seed = 3;

	buf_init(&want, 1 << 20);
	buf_init(&got, 1 << 20);
	feed_cut(signer, in, 0, 0, &want);
	CHECK(want.n > 17);
	for (size_t i = 0; i < sizeof step / sizeof step[0]; i++) {
		feed_cut(signer, in, 0, step[i], &got);
		CHECK(span_eq(buf_view(&got), buf_view(&want)));
	}
	for (int i = 0; i < 200; i++) {
		feed_cut(signer, in, 1 + (size_t)rand_r(&seed) % in.n,
		    (size_t)rand_r(&seed) % in.n, &got);
		CHECK(span_eq(buf_view(&got), buf_view(&want)));
	}
	buf_free(&want);
	buf_free(&got);
}

static void
cuts(void)
{
	static struct recording r;
	struct fixture f;
	struct buf in;

	fixture_make(&f, quick_config);
	buf_init(&in, 1 << 20);
	for (size_t i = 0; i < NAMES; i++) {
		suite_row(names[i]);
		read_recording(names[i], &r);
		buf_clear(&in);
		for (size_t n = 0; n < r.n; n++) {
			if (r.line[n].from == '<')
				put_packet(
				    &in, r.line[n].command, r.line[n].payload);
		}
		check_cuts(&f.signer, buf_view(&in));
		buf_free(&r.bytes);
	}
	buf_free(&in);
	fixture_free(&f);
}

/* --- verifying what was recorded ---------------------------------------- */

/* The message that a recording carries, as the next hop got it. */
struct delivered {
	struct field field[64];
	struct field_list list;
	struct bodyhash *body;
	struct buf text; /* of values that lost a space on the way to us */
	bool leadspc;
};

static void
begin_message(struct delivered *d)
{
	d->list.n = 0;
	buf_clear(&d->text);
	bodyhash_begin(d->body, CANON_SIMPLE);
}

static void
add_field(struct delivered *d, struct span payload)
{
	size_t n = span_find(payload, '\0'), at = d->text.n;
	struct span value = span_skip(payload, n + 1);

	value.n--; /* its NUL */
	if (!d->leadspc) {
		/* text never moves: its room was made at once */
		buf_byte(&d->text, ' ');
		buf_span(&d->text, value);
		value = span_of(d->text.p + at, d->text.n - at);
	}
	CU_ASSERT_FATAL(d->list.n < 64);
	d->field[d->list.n++] = (struct field){span_of(payload.p, n), value};
}

/* The signature in an INSHEADER payload, as Postfix relays it. */
static void
check_signature(struct fixture *f, struct delivered *d, struct span payload,
    const unsigned char *hash)
{
	const struct keyring_domain *two =
	    keyring_find(f->keys, span_str("two.example"));
	struct span value = span_skip(payload, 4 + sizeof "DKIM-Signature");
	bool rsa = memmem(value.p, value.n, "a=rsa", 5) != NULL;
	struct buf text;

	buf_init(&text, 10000);
	value.n--;
	if (!d->leadspc)
		buf_byte(&text, ' ');
	buf_span(&text, value);
	CHECK(sign_verify(f->signer.signing.sign, two->key[rsa ? 0 : 1].key,
	          buf_view(&text), &d->list, hash) == 0);
	buf_free(&text);
}

/* Returns how many signatures there were. */
static unsigned
verify(struct fixture *f, const struct recording *r, struct delivered *d)
{
	unsigned char hash[BODYHASH_SIZE];
	unsigned n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct line *l = &r->line[i];

		if (l->from == '>' && l->command == SMFIR_OPTNEG)
			d->leadspc = (frame_u32(l->payload.p + 8) &
			                 SMFIP_HDR_LEADSPC) != 0;
		else if (l->command == SMFIC_MAIL)
			begin_message(d);
		else if (l->command == SMFIC_HEADER)
			add_field(d, l->payload);
		else if (l->command == SMFIC_BODY)
			bodyhash_feed(d->body, l->payload);
		else if (l->command == SMFIC_BODYEOB)
			CHECK(bodyhash_end(d->body, hash) == 0);
		else if (l->command == SMFIR_INSHEADER) {
			check_signature(f, d, l->payload, hash);
			n++;
		}
	}
	return n;
}

static void
recorded_signatures(void)
{
	static struct recording r;
	static struct delivered d;
	struct fixture f;
	unsigned n = 0;

	fixture_make(&f, config);
	CU_ASSERT_FATAL(bodyhash_new(&d.body) == 0);
	d.list.v = d.field;
	buf_init(&d.text, 1 << 20);
	for (int i = 0; i < 64 * 1024; i++)
		buf_byte(&d.text, ' ');
	for (size_t i = 0; i < NAMES; i++) {
		suite_row(names[i]);
		read_recording(names[i], &r);
		n += verify(&f, &r, &d);
		buf_free(&r.bytes);
	}
	CHECK(n == 22);
	bodyhash_free(d.body);
	buf_free(&d.text);
	fixture_free(&f);
}

/* --- when memory is out ------------------------------------------------- */

/* What one packet may be answered with while allocations fail: what it was
 * answered with before, or less of it; but no message goes out without the
 * signatures that it had, and none with a signature that it had not. */
enum { FINE, ODD_BYTES, ODD_ANSWER, WENT_UNSIGNED, NOT_CONSUMED };

struct counted {
	unsigned inserted;
	bool passed;
};

static struct counted
count_replies(struct span in, const char **ret_why)
{
	struct counted c = {0};
	struct packet p;
	struct frame f;
	size_t used;

	frame_init(&f);
	while (
	    in.n > 0 && frame_parse(&f, in, &p, &used, ret_why) == PARSE_OK) {
		c.inserted += p.command == SMFIR_INSHEADER;
		c.passed |=
		    p.command == SMFIR_ACCEPT || p.command == SMFIR_CONTINUE;
		in = span_skip(in, used);
	}
	return c;
}

struct short_run {
	struct signer *signer;
	const struct recording *r;
	struct buf in, out, want;
};

/* Each packet as it was recorded, until the session ends. */
static int
play_short(void *arg)
{
	struct short_run *t = arg;
	const struct recording *r = t->r;
	struct session *s;
	const char *why;

	if (session_new(&signer_ops, t->signer, NULL, NULL, &s) != 0)
		return FINE;
	for (size_t i = 0; i < r->n && !session_over(s);) {
		struct counted got, want;
		char command = r->line[i].command;
		unsigned series = nomem_hold();
		size_t used;

		buf_clear(&t->in);
		buf_clear(&t->out);
		buf_clear(&t->want);
		put_packet(&t->in, command, r->line[i].payload);
		for (i++; i < r->n && r->line[i].from == '>'; i++)
			put_packet(
			    &t->want, r->line[i].command, r->line[i].payload);
		nomem_go_on(series);
		used = session_feed(s, buf_view(&t->in), &t->out);
		if (used != t->in.n && !session_over(s))
			return NOT_CONSUMED;
		got = count_replies(buf_view(&t->out), &why);
		want = count_replies(buf_view(&t->want), &why);
		if (got.inserted > want.inserted)
			return ODD_ANSWER;
		if (want.inserted > 0 && got.inserted == 0 && got.passed)
			return WENT_UNSIGNED;
	}
	session_free(s);
	return FINE;
}

static void
memory_is_out(void)
{
	static struct recording r;
	static char row[100];
	struct fixture f;

	fixture_make(&f, config);
	for (size_t i = 0; i < NAMES; i++) {
		struct short_run t = {.signer = &f.signer, .r = &r};

		read_recording(names[i], &r);
		buf_init(&t.in, 1 << 20);
		buf_init(&t.out, 1 << 20);
		buf_init(&t.want, 1 << 20);
		for (unsigned seed = 1; seed <= 60; seed++) {
			int rc = nomem_child(
			    seed, seed % 3 == 0 ? 4 : 30, play_short, &t);

			snprintf(row, sizeof row, "%s, seed %u: %d", names[i],
			    seed, rc);
			suite_row(row);
			CHECK(rc == FINE);
		}
		buf_free(&t.in);
		buf_free(&t.out);
		buf_free(&t.want);
		buf_free(&r.bytes);
	}
	fixture_free(&f);
}

SUITE("milter_replay", T(answers), T(cuts), T(recorded_signatures),
    T(memory_is_out))
