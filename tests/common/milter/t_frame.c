#include <stdlib.h>

#include "common/bytes/buf.h"
#include "common/milter/frame.h"
#include "common/milter/milter.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* A packet of n payload bytes, each `fill`. */
static void
put_packet(struct buf *b, char command, size_t n, char fill)
{
	uint32_t len = (uint32_t)n + 1;

	for (int shift = 24; shift >= 0; shift -= 8)
		buf_byte(b, (char)(len >> shift & 0xff));
	buf_byte(b, command);
	for (size_t i = 0; i < n; i++)
		buf_byte(b, fill);
}

/* What came out of a stream, as text: commands, and the bytes of each. */
struct log {
	struct frame f;
	struct buf text;
	char body_of; /* command of the packet that goes on, or 0 */
	size_t n;     /* bytes of it so far */
	const char *bad;
};

static void
log_init(struct log *l)
{
	*l = (struct log){.bad = NULL};
	frame_init(&l->f);
	buf_init(&l->text, 1 << 20);
}

static void
log_packet(struct log *l, const struct packet *p)
{
	l->n += p->payload.n;
	if (p->last) {
		buf_fmt(&l->text, "%c%zu ", p->command, l->n);
		l->n = 0;
	}
}

/* Feeds as a connection does: what is not used stays in front. */
static void
feed(struct log *l, struct buf *kept, struct span in)
{
	struct packet p;
	size_t used;

	buf_span(kept, in);
	while (l->bad == NULL) {
		/* on a guard page: a byte read behind the input faults */
		struct span s = guard_copy(buf_view(kept));
		enum parse r = frame_parse(&l->f, s, &p, &used, &l->bad);

		if (r == PARSE_OK) {
			CHECK(used > 0 && used <= s.n);
			log_packet(l, &p);
			buf_drop(kept, used);
		}
		guard_free(s);
		if (r != PARSE_OK)
			return;
	}
}

struct split_case {
	const char *want; /* of the whole stream */
	const char *bad;
};

static void
split(void *arg, struct span head, struct span tail)
{
	const struct split_case *c = arg;
	struct log l;
	struct buf kept;

	log_init(&l);
	buf_init(&kept, FRAME_KEEP);
	feed(&l, &kept, head);
	feed(&l, &kept, tail);
	CHECK_STR(buf_text(&l.text), c->want);
	CHECK_STR(l.bad, c->bad);
	CHECK(buf_error(&kept) == 0);
	buf_free(&l.text);
	buf_free(&kept);
}

static void
check_stream(const struct buf *in, const char *want, const char *bad)
{
	struct split_case c = {want, bad};

	suite_row(want);
	guard_splits(buf_view(in), split, &c);
}

static void
every_split(void)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	put_packet(&b, 'O', 12, 'x');
	put_packet(&b, 'D', 1, 'C');
	put_packet(&b, 'B', 0, 0);
	put_packet(&b, 'B', 1, 'a');
	put_packet(&b, 'B', 300, '\n');
	put_packet(&b, 'L', 40, 'h');
	put_packet(&b, 'B', 70, '\r');
	put_packet(&b, 'E', 0, 0);
	put_packet(&b, 'Q', 0, 0);
	check_stream(&b, "O12 D1 B0 B1 B300 L40 B70 E0 Q0 ", NULL);
	buf_free(&b);
}

static void
byte_by_byte(void)
{
	struct buf b, kept;
	struct log l;

	log_init(&l);
	buf_init(&b, 1 << 16);
	buf_init(&kept, FRAME_KEEP);
	put_packet(&b, 'B', 500, 0);
	put_packet(&b, 'E', 3, 0);
	for (size_t i = 0; i < b.n; i++) {
		feed(&l, &kept, span_of(b.p + i, 1));
		/* a body is never kept: at most its head is */
		CHECK(i >= 505 || kept.n <= 5);
		CHECK(frame_between(&l.f) == (i < 5 || i >= 504));
	}
	CHECK_STR(buf_text(&l.text), "B500 E3 ");
	buf_free(&b);
	buf_free(&kept);
	buf_free(&l.text);
}

static void
big_packets(void)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	put_packet(&b, 'L', 20000, 'v');
	put_packet(&b, 'B', 65535, 'x');
	put_packet(&b, 'N', 0, 0);
	check_stream(&b, "L20000 B65535 N0 ", NULL);
	buf_free(&b);
}

static void
bad_lengths(void)
{
	static const struct {
		const char *in;
		size_t n;
		const char *bad;
	} row[] = {
	    {"\0\0\0\0", 4, "packet of length 0"},
	    {"\xff\xff\xff\xff", 4, "packet is too long"},
	    {"\x80\0\0\0", 4, "packet is too long"},
	    {"GET / HTTP/1.0\r\n", 16, "packet is too long"},
	    {"\0\x10\0\1L", 5, "packet is too long"},
	    {"\0\x10\0\1B", 5, "packet is too long"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct split_case c = {"", row[i].bad};

		suite_row(row[i].in);
		guard_splits(span_of(row[i].in, row[i].n), split, &c);
	}
}

/* A good packet in front of a bad length is still read. */
static void
bad_after_good(void)
{
	struct buf b;

	buf_init(&b, 100);
	put_packet(&b, 'B', 2, 'x');
	buf_add(&b, "\0\0\0\0", 4);
	check_stream(&b, "B2 ", "packet of length 0");
	buf_free(&b);
}

static void
limit(void)
{
	struct buf b, kept;
	struct log l;

	log_init(&l);
	buf_init(&b, 2 * FRAME_KEEP);
	buf_init(&kept, FRAME_KEEP);
	put_packet(&b, 'L', MILTER_PACKET_MAX - 1, 'x');
	feed(&l, &kept, span_of(b.p, b.n - 1));
	CHECK_STR(buf_text(&l.text), "");
	CHECK(l.bad == NULL);
	feed(&l, &kept, span_of(b.p + b.n - 1, 1));
	CHECK_STR(buf_text(&l.text), "L1048575 ");
	CHECK(buf_error(&kept) == 0);
	buf_clear(&b);
	put_packet(&b, 'L', MILTER_PACKET_MAX, 'x');
	feed(&l, &kept, span_of(b.p, 4));
	CHECK_STR(l.bad, "packet is too long");
	buf_free(&b);
	buf_free(&kept);
	buf_free(&l.text);
}

SUITE("frame", T(every_split), T(byte_by_byte), T(big_packets), T(bad_lengths),
    T(bad_after_good), T(limit))
