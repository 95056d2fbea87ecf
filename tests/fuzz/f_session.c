/*
 * The first byte says how the rest is to be read: as the bytes of a connection,
 * or as packets (command byte, one byte of length, payload) that are framed
 * here, with a good beginning or without; into what pieces it is cut; and whose
 * the session is: the signer's, or that of a wing which says any word and notes
 * any edit, as the bytes themselves have it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/log/log.h"
#include "common/milter/command.h"
#include "common/milter/session.h"
#include "tests/support/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct fixture fixture;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fixture_make(&fixture,
	    "domain \"two.example\" { key \"e\" { file = \"@ed.pem\" } }\n"
	    "domain \"c.d\" { key \"x\" { file = \"@none.pem\" } }\n");
	log_open(NULL, "fuzz");
	tmpdir_remove(&fixture.dir);
	return 0;
}

static void
put_packet(struct buf *out, char command, const void *p, size_t n)
{
	const char head[5] = {
	    0, 0, (char)((n + 1) >> 8), (char)(n + 1), command};

	buf_add(out, head, sizeof head);
	buf_add(out, p, n);
}

static void
put_beginning(struct buf *out)
{
	put_packet(out, 'O', "\0\0\0\6\0\0\1\xff\0\x1f\xff\xff", 12);
	put_packet(out, 'C', "h\0004\0\000127.0.0.1\0", 15);
	put_packet(out, 'M', "<>\0", 3);
	put_packet(out, 'L', "From\0 x@two.example\0", 20);
}

static void
make_stream(const uint8_t *data, size_t size, struct buf *out)
{
	uint8_t how = data[0];

	data++;
	size--;
	if ((how & 1) != 0)
		put_beginning(out);
	if ((how & 2) == 0) {
		buf_add(out, data, size);
		return;
	}
	while (size >= 2) {
		size_t n = data[1] < size - 2 ? data[1] : size - 2;

		put_packet(out, (char)data[0], data + 2, n);
		data += 2 + n;
		size -= 2 + n;
	}
}

/* --- a wing of moods ------------------------------------------------------ */

/* Moods come from the stream, and are drawn where its pieces do not matter. */
static uint32_t mood;

static uint32_t
draw(uint32_t below)
{
	mood = mood * 1664525 + 1013904223;
	return (mood >> 16) % below;
}

static void
note(struct edits *e)
{
	static const char *const value[] = {
	    " x", "y", " a\n\tb", "", " x\r\n", " x\n", " 50%"};
	struct span name = span_str(draw(2) == 0 ? "X-A" : "X-B");
	struct span v = span_str(value[draw(10) == 0 ? draw(7) : draw(3)]);
	uint32_t index = draw(5);

	switch (draw(4)) {
	case 0:
		edits_insert(e, index, name, v);
		break;
	case 1:
		edits_add(e, name, v);
		break;
	case 2:
		edits_change(e, name, index, v);
		break;
	case 3:
		edits_delete(e, name, index);
		break;
	}
}

static enum milter_word
moody_word(struct edits *e)
{
	for (uint32_t n = draw(4); n > 0; n--)
		note(e);
	if (draw(16) == 0)
		edits_clear(e);
	switch (draw(8)) {
	case 0:
		return edits_reply(
		    e, 400 + draw(250), "5.7.1", span_str("100% \n"));
	case 1:
		return edits_quarantine(e, span_str("why"));
	case 2:
		return edits_wait(e, draw(1000));
	default:
		return (enum milter_word)draw(4); /* those without a text */
	}
}

static enum milter_word
moody_headers(void *wing, void *letter, struct message *m,
    const struct origin *from, uint32_t may, struct edits *e)
{
	return draw(2) == 0 ? MILTER_GO_ON : moody_word(e);
}

static enum milter_word
moody_end(void *wing, void *letter, struct message *m,
    const struct origin *from, bool late, struct edits *e)
{
	return moody_word(e);
}

/* Counts what is fed, so that the sanitizers see each byte. */
static void
moody_body(void *wing, void *letter, struct span in)
{
	size_t *sum = letter;

	for (size_t i = 0; i < in.n; i++)
		*sum += (unsigned char)in.p[i];
}

static void
moody_through(void *wing, void *letter, const struct message *m,
    const struct origin *from, enum milter_word said, const char *why)
{
	if (said == MILTER_WAIT || (why != NULL && said != MILTER_TEMPFAIL))
		abort();
}

static void
moody_reset(void *wing, void *letter)
{
	memset(letter, 0, sizeof(size_t));
}

static void
moody_error(void *wing)
{
}

static const struct milter_ops moody_ops = {
    .actions = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE,
    .steps = SMFIP_SKIP | SMFIP_NR_EOH | SMFIP_NR_HDR | SMFIP_NR_MAIL,
    .letter_size = sizeof(size_t),
    .headers = moody_headers,
    .body = moody_body,
    .end = moody_end,
    .through = moody_through,
    .reset = moody_reset,
    .error = moody_error};

/* As service.c does: the last time it is asked the wait is over. */
static void
answer(struct session *s, struct buf *out)
{
	for (int i = 0; session_waiting(s); i++) {
		bool late = i > 4 || draw(3) == 0;

		if (session_timeout(s) != 0 || session_idle(s))
			abort();
		if (!late)
			session_resume(s);
		session_answer(s, late, out);
		if (late && session_waiting(s))
			abort();
	}
}

/* The answers when `step` bytes come at a time; 0: all at once. */
static void
run(struct span in, bool moody, size_t step, struct buf *out)
{
	struct session *s;
	struct buf rest;
	int rc = moody
	    ? session_new(&moody_ops, NULL, NULL, NULL, &s)
	    : session_new(&signer_ops, &fixture.signer, NULL, NULL, &s);

	if (rc != 0)
		abort();
	mood = 0;
	for (size_t i = 0; i < in.n; i++)
		mood = mood * 31 + (unsigned char)in.p[i];
	buf_init(&rest, 1 << 22);
	while (in.n > 0 && !session_over(s)) {
		size_t n = step == 0 || step > in.n ? in.n : step, used;

		buf_add(&rest, in.p, n);
		in = span_skip(in, n);
		do {
			answer(s, out);
			used = session_feed(s, buf_view(&rest), out);
			if (used > rest.n)
				abort();
			buf_drop(&rest, used);
		} while (session_waiting(s));
		(void)session_timeout(s);
	}
	session_free(s);
	buf_free(&rest);
}

/* Both are packets that may be answered, alike but for the text of signatures;
 * what is done to a message stands before it goes on, and before nothing
 * else. */
static void
compare(struct span a, struct span b)
{
	bool edits = false;
	struct frame f = {0}, g = {0};
	struct packet p, q;
	const char *why;
	size_t used;

	while (frame_parse(&f, a, &p, &used, &why) == PARSE_OK) {
		a = span_skip(a, used);
		if (frame_parse(&g, b, &q, &used, &why) != PARSE_OK)
			abort();
		b = span_skip(b, used);
		if (p.command != q.command || p.payload.n != q.payload.n ||
		    strchr("Ocastryihmq", p.command) == NULL)
			abort();
		if (edits && strchr("ihmqa", p.command) == NULL)
			abort();
		edits = strchr("ihmq", p.command) != NULL;
	}
	if (a.n != 0 || b.n != 0 || edits)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf stream, once, cut;

	if (size < 1)
		return 0;
	buf_init(&stream, 1 << 22);
	buf_init(&once, 1 << 22);
	buf_init(&cut, 1 << 22);
	make_stream(data, size, &stream);
	run(buf_view(&stream), (data[0] & 4) != 0, 0, &once);
	run(buf_view(&stream), (data[0] & 4) != 0, 1U + (data[0] >> 3), &cut);
	compare(buf_view(&once), buf_view(&cut));
	buf_free(&stream);
	buf_free(&once);
	buf_free(&cut);
	return 0;
}
