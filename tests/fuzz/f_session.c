/*
 * The first byte says how the rest is to be read: as the bytes of a connection,
 * or as packets (command byte, one byte of length, payload) that are framed
 * here, with a good beginning or without; and into what pieces it is cut.
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

/* The answers when `step` bytes come at a time; 0: all at once. */
static void
run(struct span in, size_t step, struct buf *out)
{
	struct session *s;
	struct buf rest;

	if (session_new(&signer_ops, &fixture.signer, NULL, NULL, &s) != 0)
		abort();
	buf_init(&rest, 1 << 22);
	while (in.n > 0 && !session_over(s)) {
		size_t n = step == 0 || step > in.n ? in.n : step, used;

		buf_add(&rest, in.p, n);
		in = span_skip(in, n);
		used = session_feed(s, buf_view(&rest), out);
		if (used > rest.n)
			abort();
		buf_drop(&rest, used);
		(void)session_timeout(s);
	}
	session_free(s);
	buf_free(&rest);
}

/* Both are packets that may be answered, alike but for the text of
 * signatures. */
static void
compare(struct span a, struct span b)
{
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
		    strchr("Ocasti", p.command) == NULL)
			abort();
	}
	if (a.n != 0 || b.n != 0)
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
	run(buf_view(&stream), 0, &once);
	run(buf_view(&stream), 1U + (data[0] >> 2), &cut);
	compare(buf_view(&once), buf_view(&cut));
	buf_free(&stream);
	buf_free(&once);
	buf_free(&cut);
	return 0;
}
