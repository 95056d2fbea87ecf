/* Real: no fake stands in for the loop and the resolver. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bytes/buf.h"
#include "common/io/conn.h"
#include "common/limits.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { SEEN_MAX = 2 * 1024 * 1024, PATIENCE_MS = 5000, A_WHILE_MS = 20 };

/* One connection, its owner and its peer. */
struct side {
	struct loop *loop;
	struct timer *late; /* ends a run that waits in vain */
	struct conn *conn;
	int peer;        /* our end; -1: closed */
	struct buf seen; /* consumed by the owner */
	size_t last;     /* bytes of the last data() */
	int datas;
	int ends;
	int drains;
	int lates;
	enum conn_end how;
	bool stop; /* the run ends at the next call */

	/* What the owner does. */
	size_t item;  /* consumes multiples of this alone */
	bool pause;   /* pauses in data() */
	bool resume;  /* and resumes at once */
	bool release; /* conn_free() in whatever is called */
	bool finish;  /* writes "bye" and finishes in data() */
};

static void
happened(struct side *s)
{
	if (s->stop)
		loop_stop(s->loop);
	if (s->release) {
		conn_free(s->conn);
		s->conn = NULL;
	}
}

static size_t
on_data(void *arg, struct span in)
{
	struct side *s = arg;
	size_t used = s->item == 0 ? in.n : in.n / s->item * s->item;
	unsigned series;

	s->datas++;
	s->last = in.n;
	CHECK(in.n > 0);
	if (s->pause && used > s->item)
		used = s->item;
	series = nomem_hold();
	CHECK(buf_add(&s->seen, in.p, used) == 0);
	nomem_go_on(series);
	if (s->pause)
		conn_pause(s->conn);
	if (s->resume)
		conn_resume(s->conn);
	if (s->finish) {
		CHECK(conn_write(s->conn, "bye", 3) == 0);
		conn_finish(s->conn, 1000);
		s->conn = NULL;
	}
	happened(s);
	return used;
}

static void
on_end(void *arg, enum conn_end how)
{
	struct side *s = arg;

	s->ends++;
	s->how = how;
	happened(s);
}

static void
on_drained(void *arg)
{
	struct side *s = arg;

	s->drains++;
	CHECK(conn_queued(s->conn) == 0);
	happened(s);
}

static const struct conn_events events = {
    .data = on_data, .end = on_end, .drained = on_drained};

static void
on_late(void *arg)
{
	struct side *s = arg;

	s->lates++;
	loop_stop(s->loop);
}

/* Of an owner whose peer never closes one half. */
static const struct conn_events whole_events = {
    .data = on_data, .end = on_end, .whole = true};

static void
start_with(
    struct side *s, int in, int out, size_t keep, const struct conn_events *e)
{
	*s = (struct side){.peer = -1};
	buf_init(&s->seen, SEEN_MAX);
	CU_ASSERT_FATAL(loop_new(&s->loop) == 0);
	CU_ASSERT_FATAL(timer_new(s->loop, on_late, s, &s->late) == 0);
	CU_ASSERT_FATAL(conn_new(s->loop, in, out, keep, e, s, &s->conn) == 0);
}

static void
start_on(struct side *s, int in, int out, size_t keep)
{
	start_with(s, in, out, keep, &events);
}

static void
start(struct side *s, size_t keep)
{
	int pair[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	start_on(s, pair[0], pair[0], keep);
	s->peer = pair[1];
	fcntl(s->peer, F_SETFL, O_NONBLOCK);
}

static void
done(struct side *s)
{
	conn_free(s->conn);
	timer_free(s->late);
	loop_free(s->loop);
	buf_free(&s->seen);
	if (s->peer >= 0)
		close(s->peer);
}

/* Runs until the next call of the owner, PATIENCE_MS at the most. */
static void
await(struct side *s)
{
	int before = s->datas + s->ends + s->drains;

	s->stop = true;
	timer_set(s->late, PATIENCE_MS);
	CU_ASSERT_EQUAL(loop_run(s->loop), 0);
	timer_clear(s->late);
	s->stop = false;
	CHECK(s->datas + s->ends + s->drains == before + 1);
}

/* Runs for a while; whatever comes comes. */
static void
idle(struct side *s)
{
	timer_set(s->late, A_WHILE_MS);
	CU_ASSERT_EQUAL(loop_run(s->loop), 0);
}

static void
say(struct side *s, const char *text)
{
	size_t n = strlen(text);

	CHECK(write(s->peer, text, n) == (ssize_t)n);
}

/* What the peer can read now, as a string. */
static const char *
heard(struct side *s, char *text, size_t size)
{
	ssize_t n = read(s->peer, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static const char *
seen(struct side *s)
{
	return buf_text(&s->seen);
}

static bool
at_end(int fd)
{
	char c;

	return read(fd, &c, 1) == 0;
}

static void
bytes_come_and_go(void)
{
	struct side s;
	char text[64];

	start(&s, 64);
	idle(&s);
	CU_ASSERT_EQUAL(s.datas, 0);
	say(&s, "hello");
	await(&s);
	CHECK_STR(seen(&s), "hello");
	CU_ASSERT_EQUAL(conn_write(s.conn, "hi ", 3), 0);
	CU_ASSERT_EQUAL(conn_write(s.conn, "there", 5), 0);
	CHECK_STR(heard(&s, text, sizeof text), "hi there");
	CU_ASSERT_EQUAL(conn_queued(s.conn), 0);
	CU_ASSERT_EQUAL(s.drains, 0);
	done(&s);
}

static void
the_rest_comes_again(void)
{
	static const char all[] = "abcdefghi";

	for (size_t cut = 1; cut < 9; cut++) {
		struct side s;

		start(&s, 8);
		s.item = 3;
		CHECK(write(s.peer, all, cut) == (ssize_t)cut);
		await(&s);
		CHECK(s.seen.n == cut / 3 * 3);
		CHECK(write(s.peer, all + cut, 9 - cut) == (ssize_t)(9 - cut));
		await(&s);
		CHECK(s.last == cut % 3 + 9 - cut);
		CHECK_STR(seen(&s), all);
		done(&s);
	}
}

/* Longer than the scratch buffer: the rest is kept, and grows. */
static void
a_long_item_is_put_together(void)
{
	enum { LONG = 3 * READ_CHUNK + 17 };
	struct side s;
	char *all = malloc(LONG);
	size_t at = 0;

	CU_ASSERT_FATAL(all != NULL);
	for (size_t i = 0; i < LONG; i++)
		all[i] = (char)(i * 7 + i / 251);
	start(&s, LONG);
	s.item = LONG;
	for (int i = 0; i < 1000 && at < LONG; i++) {
		ssize_t n = write(s.peer, all + at, LONG - at);

		at += n > 0 ? (size_t)n : 0;
		await(&s);
	}
	for (int i = 0; i < 1000 && s.seen.n == 0 && s.ends == 0; i++)
		await(&s);
	CU_ASSERT_EQUAL(s.seen.n, LONG);
	CHECK(s.seen.n == LONG && memcmp(s.seen.p, all, LONG) == 0);
	CU_ASSERT_EQUAL(s.ends, 0);
	done(&s);
	free(all);
}

static void
what_is_kept_has_a_limit(void)
{
	struct side s;

	start(&s, 8);
	s.item = 100;
	say(&s, "12345678");
	await(&s);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 0);
	say(&s, "9");
	s.item = 0; /* the ninth is consumed with all: no harm */
	await(&s);
	CHECK_STR(seen(&s), "123456789");
	s.item = 100;
	say(&s, "123456789");
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 1);
	CU_ASSERT_EQUAL(s.how, CONN_FULL);
	CU_ASSERT_EQUAL(conn_write(s.conn, "too long", 8), 0);
	conn_finish(s.conn, 1000);
	s.conn = NULL;
	done(&s);
}

static void
after_half_close_writing_works(void)
{
	struct side s;
	char text[64];

	start(&s, 8);
	say(&s, "ask");
	shutdown(s.peer, SHUT_WR);
	await(&s);
	CHECK_STR(seen(&s), "ask");
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_EOF);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 1);
	CU_ASSERT_EQUAL(conn_write(s.conn, "answer", 6), 0);
	CHECK_STR(heard(&s, text, sizeof text), "answer");
	close(s.peer);
	s.peer = -1;
	CU_ASSERT_EQUAL(conn_write(s.conn, "late", 4), 0);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 1);
	done(&s);
}

static void
a_broken_peer_is_told_by_the_loop(void)
{
	struct side s;

	start(&s, 8);
	close(s.peer);
	s.peer = -1;
	CU_ASSERT_EQUAL(conn_write(s.conn, "x", 1), 0);
	CU_ASSERT_EQUAL(conn_write(s.conn, "y", 1), 0);
	CU_ASSERT_EQUAL(s.ends, 0);
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_LOST);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 1);
	CU_ASSERT_EQUAL(conn_queued(s.conn), 0);
	done(&s);
}

/* Fills the socket, so that the queue has n bytes. */
static size_t
stuff(struct side *s, size_t n)
{
	static const char block[1024];
	size_t sent = 0;

	while (conn_queued(s->conn) == 0) {
		CU_ASSERT_FATAL(conn_write(s->conn, block, sizeof block) == 0);
		sent += sizeof block;
	}
	while (conn_queued(s->conn) < n) {
		size_t more = n - conn_queued(s->conn);

		if (more > sizeof block)
			more = sizeof block;
		CU_ASSERT_FATAL(conn_write(s->conn, block, more) == 0);
		sent += more;
	}
	return sent;
}

static size_t
swallow(struct side *s)
{
	char block[4096];
	size_t all = 0;
	ssize_t n;

	while ((n = read(s->peer, block, sizeof block)) > 0)
		all += (size_t)n;
	return all;
}

static void
a_slow_reader_gets_all(void)
{
	struct side s;
	size_t sent, got = 0;

	start(&s, 8);
	sent = stuff(&s, CONN_OUT_MAX);
	CU_ASSERT_EQUAL(conn_queued(s.conn), CONN_OUT_MAX);
	for (int i = 0; i < 1000 && s.drains == 0; i++) {
		got += swallow(&s);
		idle(&s);
	}
	got += swallow(&s);
	CU_ASSERT_EQUAL(got, sent);
	CU_ASSERT_EQUAL(s.drains, 1);
	CU_ASSERT_EQUAL(s.ends, 0);
	idle(&s);
	CU_ASSERT_EQUAL(s.drains, 1);
	done(&s);
}

static void
what_is_queued_has_a_limit(void)
{
	struct side s;

	start(&s, 8);
	stuff(&s, CONN_OUT_MAX);
	CU_ASSERT_EQUAL(conn_write(s.conn, "x", 1), -EMSGSIZE);
	CU_ASSERT_EQUAL(s.ends, 0);
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_FULL);
	CU_ASSERT_EQUAL(conn_write(s.conn, "x", 1), 0);
	swallow(&s);
	idle(&s);
	CU_ASSERT_EQUAL(swallow(&s), 0);
	CU_ASSERT_EQUAL(s.drains, 0);
	done(&s);
}

static void
pause_holds_back(void)
{
	struct side s;

	start(&s, 8);
	conn_pause(s.conn);
	say(&s, "one");
	idle(&s);
	CU_ASSERT_EQUAL(s.datas, 0);
	conn_resume(s.conn);
	CU_ASSERT_EQUAL(s.datas, 0);
	await(&s);
	CHECK_STR(seen(&s), "one");
	done(&s);
}

/* Requests in one packet, each answered before the next one is looked at. */
static void
pause_leaves_more_than_an_item(void)
{
	struct side s;

	start(&s, 4);
	s.item = 3;
	s.pause = true;
	say(&s, "aaabbbcccdddee");
	for (int i = 1; i <= 4; i++) {
		await(&s);
		CU_ASSERT_EQUAL(s.seen.n, (size_t)(3 * i));
		idle(&s);
		CU_ASSERT_EQUAL(s.datas, i);
		conn_resume(s.conn);
	}
	await(&s);
	CHECK_STR(seen(&s), "aaabbbcccddd");
	CU_ASSERT_EQUAL(s.last, 2);
	s.pause = false;
	conn_resume(s.conn);
	say(&s, "e");
	while (s.seen.n < 15 && s.datas < 10)
		await(&s);
	CHECK_STR(seen(&s), "aaabbbcccdddeee");
	CU_ASSERT_EQUAL(s.ends, 0);
	done(&s);
}

static void
resume_inside_data(void)
{
	struct side s;

	start(&s, 4);
	s.item = 3;
	s.pause = s.resume = true;
	say(&s, "aaabb");
	await(&s);
	CHECK_STR(seen(&s), "aaa");
	await(&s);
	CU_ASSERT_EQUAL(s.last, 2);
	say(&s, "bccc");
	while (s.seen.n < 9 && s.datas < 10)
		await(&s);
	CHECK_STR(seen(&s), "aaabbbccc");
	CU_ASSERT_EQUAL(s.ends, 0);
	done(&s);
}

static void
a_paused_owner_hears_that_the_peer_is_lost(void)
{
	struct side s;

	start(&s, 8);
	s.pause = true;
	say(&s, "ask");
	await(&s);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 0);
	close(s.peer);
	s.peer = -1;
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_LOST);
	done(&s);
}

/* Also behind bytes that nobody has read, when descriptors are not looked
 * at. */
static void
a_paused_owner_hears_it_behind_unread_bytes(void)
{
	struct side s;

	start(&s, 8);
	conn_pause(s.conn);
	say(&s, "ask");
	idle(&s);
	close(s.peer);
	s.peer = -1;
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_LOST);
	CU_ASSERT_EQUAL(s.datas, 0);
	done(&s);
}

/* Also one that pauses again at what was left of the last time. */
static void
an_owner_paused_again_hears_it(void)
{
	struct side s;

	start(&s, 8);
	s.item = 3;
	s.pause = true;
	say(&s, "aaabbb");
	await(&s);
	say(&s, "c");
	idle(&s);
	conn_resume(s.conn);
	await(&s);
	CHECK_STR(seen(&s), "aaabbb");
	close(s.peer);
	s.peer = -1;
	await(&s);
	CU_ASSERT_EQUAL(s.ends, 1);
	CU_ASSERT_EQUAL(s.how, CONN_LOST);
	done(&s);
}

static void
half_close_while_paused_is_told_later(void)
{
	struct side s;
	char text[16];

	start(&s, 8);
	conn_pause(s.conn);
	say(&s, "ask");
	shutdown(s.peer, SHUT_WR);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 0);
	conn_resume(s.conn);
	await(&s);
	CHECK_STR(seen(&s), "ask");
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_EOF);
	CU_ASSERT_EQUAL(conn_write(s.conn, "yes", 3), 0);
	CHECK_STR(heard(&s, text, sizeof text), "yes");
	done(&s);
}

/* Where there is no half-close the end of the input is the peer's. */
static void
half_close_while_paused_is_a_loss(void)
{
	struct side s;
	int pair[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	start_with(&s, pair[0], pair[0], 8, &whole_events);
	s.peer = pair[1];
	conn_pause(s.conn);
	say(&s, "ask");
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 0);
	shutdown(s.peer, SHUT_WR);
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_LOST);
	CU_ASSERT_EQUAL(s.datas, 0);
	done(&s);
}

static void
free_inside_data(void)
{
	struct side s;

	start(&s, 8);
	s.release = true;
	s.item = 100;
	say(&s, "something");
	await(&s);
	CHECK(at_end(s.peer));
	done(&s);
}

static void
free_inside_end(void)
{
	struct side s;

	start(&s, 8);
	s.release = true;
	shutdown(s.peer, SHUT_WR);
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_EOF);
	CHECK(at_end(s.peer));
	done(&s);
}

static void
free_inside_drained(void)
{
	struct side s;

	start(&s, 8);
	stuff(&s, 1);
	swallow(&s);
	s.release = true;
	await(&s);
	CU_ASSERT_EQUAL(s.drains, 1);
	swallow(&s);
	CHECK(at_end(s.peer));
	done(&s);
}

static void
silence_times_out(void)
{
	struct side s;
	uint64_t begin;

	start(&s, 8);
	begin = loop_now(s.loop);
	conn_set_timeout(s.conn, 60);
	for (int i = 0; i < 4; i++) {
		say(&s, "x");
		idle(&s); /* 80 ms in all, but never 60 of silence */
	}
	CU_ASSERT_EQUAL(s.ends, 0);
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_TIMEOUT);
	CHECK(loop_now(s.loop) - begin >= 3 * A_WHILE_MS + 60);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 1);
	done(&s);
}

static void
no_timeout_when_it_was_taken_back(void)
{
	struct side s;

	start(&s, 8);
	conn_set_timeout(s.conn, 5);
	conn_set_timeout(s.conn, 0);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 0);
	done(&s);
}

static void
finish_writes_what_is_queued(void)
{
	struct side s;
	size_t sent, got = 0;

	start(&s, 8);
	sent = stuff(&s, 10000);
	conn_finish(s.conn, PATIENCE_MS);
	s.conn = NULL;
	say(&s, "nobody hears this");
	for (int i = 0; i < 1000 && got < sent; i++) {
		got += swallow(&s);
		idle(&s);
	}
	CU_ASSERT_EQUAL(got, sent);
	CU_ASSERT_EQUAL(s.datas + s.ends + s.drains, 0);
	done(&s);
}

static void
finish_has_a_limit(void)
{
	struct side s;

	start(&s, 8);
	stuff(&s, 10000);
	conn_finish(s.conn, 10);
	s.conn = NULL;
	idle(&s);
	swallow(&s);
	CHECK(at_end(s.peer)); /* though much was not read in time */
	CU_ASSERT_EQUAL(s.ends, 0);
	done(&s);
}

static void
finish_with_a_lost_peer(void)
{
	struct side s;

	start(&s, 8);
	stuff(&s, 10000);
	conn_finish(s.conn, 60 * 1000);
	s.conn = NULL;
	close(s.peer);
	s.peer = -1;
	CU_ASSERT_EQUAL(loop_run(s.loop), 0); /* nothing is left to wait for */
	done(&s);
}

static void
finish_inside_data(void)
{
	struct side s;
	char text[16];

	start(&s, 8);
	s.finish = true;
	s.item = 100;
	say(&s, "quit");
	await(&s);
	CHECK_STR(heard(&s, text, sizeof text), "bye");
	CHECK(at_end(s.peer));
	done(&s);
}

/* Epoll refuses regular files. */
static void
files_work_too(void)
{
	struct tmpdir dir;
	struct side s;
	char in[TMPDIR_PATH_MAX], out[TMPDIR_PATH_MAX], text[16] = "";
	int fd;

	tmpdir_make(&dir);
	tmpdir_file(&dir, "in", in);
	tmpdir_file(&dir, "out", out);
	fd = open(in, O_RDWR | O_CREAT, 0600);
	CHECK(write(fd, "from a file", 11) == 11);
	lseek(fd, 0, SEEK_SET);
	start_on(&s, fd, open(out, O_RDWR | O_CREAT, 0600), 8);
	s.pause = true;
	s.item = 5;
	await(&s);
	CHECK_STR(seen(&s), "from ");
	idle(&s);
	CU_ASSERT_EQUAL(s.datas, 1);
	s.pause = false;
	s.item = 0;
	conn_resume(s.conn);
	await(&s);
	CHECK_STR(seen(&s), "from a file");
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_EOF);
	CU_ASSERT_EQUAL(conn_write(s.conn, "to a file", 9), 0);
	done(&s);
	fd = open(out, O_RDONLY);
	CHECK(read(fd, text, sizeof text) == 9);
	CHECK_STR(text, "to a file");
	close(fd);
	start_on(
	    &s, open("/dev/null", O_RDONLY), open("/dev/full", O_WRONLY), 8);
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_EOF);
	CU_ASSERT_EQUAL(conn_write(s.conn, "x", 1), 0);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 1);
	done(&s);
	tmpdir_remove(&dir);
}

static void
two_pipes(void)
{
	struct side s;
	int in[2], out[2];
	char text[16];

	CU_ASSERT_FATAL(pipe(in) == 0 && pipe(out) == 0);
	start_on(&s, in[0], out[1], 8);
	CHECK(write(in[1], "ask", 3) == 3);
	await(&s);
	CHECK_STR(seen(&s), "ask");
	CU_ASSERT_EQUAL(conn_write(s.conn, "answer", 6), 0);
	s.peer = out[0];
	CHECK_STR(heard(&s, text, sizeof text), "answer");
	/* The end of `in` is no loss, even while paused; that of `out` is. */
	conn_pause(s.conn);
	close(in[1]);
	idle(&s);
	CU_ASSERT_EQUAL(s.ends, 0);
	close(s.peer);
	s.peer = -1;
	await(&s);
	CU_ASSERT_EQUAL(s.how, CONN_LOST);
	done(&s);
	CHECK(fcntl(in[0], F_GETFD) == -1 && fcntl(out[1], F_GETFD) == -1);
}

static void
descriptors_are_taken_on_failure(void)
{
	struct side s;
	struct conn *c = NULL;
	int pair[2];

	start(&s, 8);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	close(pair[1]);
	CU_ASSERT_EQUAL(
	    conn_new(s.loop, pair[0], pair[1], 8, &events, &s, &c), -EBADF);
	CU_ASSERT_PTR_NULL(c);
	CHECK(fcntl(pair[0], F_GETFD) == -1);
	done(&s);
}

struct flood {
	struct loop *loop;
	struct conn *conn;
	int peer;
	int datas;
	int *other;
};

static size_t
on_flood(void *arg, struct span in)
{
	struct flood *f = arg;

	if (++f->datas > 20 || *f->other > 0)
		loop_stop(f->loop);
	return in.n;
}

/* A peer that sends all the time has one read a turn, like everybody. */
static void
nobody_starves(void)
{
	static const struct conn_events flood_events = {
	    .data = on_flood, .end = on_end};
	static const char block[READ_CHUNK];
	struct flood f = {0};
	struct side s;
	int pair[2], size = 4 * 1024 * 1024;

	start(&s, 8);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	fcntl(pair[1], F_SETFL, O_NONBLOCK);
	f = (struct flood){.loop = s.loop, .peer = pair[1], .other = &s.datas};
	CU_ASSERT_FATAL(conn_new(s.loop, pair[0], pair[0], 8, &flood_events, &f,
	                    &f.conn) == 0);
	while (write(f.peer, block, sizeof block) > 0)
		;
	say(&s, "me too");
	timer_set(s.late, PATIENCE_MS);
	CU_ASSERT_EQUAL(loop_run(s.loop), 0);
	CU_ASSERT_EQUAL(s.datas, 1);
	CHECK(f.datas <= 2);
	conn_free(f.conn);
	close(f.peer);
	done(&s);
}

/* --- memory is out, for libevent, too ------------------------------------- */

enum { FINE, LOST };

/* What comes is answered, and a timer fires. An endless wait is ended by
 * SIGALRM. */
static int
talk_short(void *arg)
{
	static char text[8192];
	struct side *s = arg;
	int rc = FINE, pair[2];

	alarm(10);
	*s = (struct side){.peer = -1, .stop = true};
	buf_init(&s->seen, SEEN_MAX);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 ||
	    loop_new(&s->loop) != 0)
		return FINE;
	if (timer_new(s->loop, on_late, s, &s->late) == 0 &&
	    conn_new(s->loop, pair[0], pair[0], 64, &events, s, &s->conn) ==
	        0) {
		timer_set(s->late, A_WHILE_MS);
		if (write(pair[1], "hello", 5) != 5 || loop_run(s->loop) != 0)
			rc = LOST;
		else if (s->datas > 0 &&
		    conn_write(s->conn, "answer", 6) == 0 &&
		    read(pair[1], text, sizeof text) != 6)
			rc = LOST;
		/* no timer is lost: this ends */
		if (s->lates == 0 && loop_run(s->loop) != 0)
			rc = LOST;
		conn_free(s->conn);
	}
	timer_free(s->late);
	loop_free(s->loop);
	return rc;
}

static void
memory_is_out(void)
{
	static const unsigned one_in[] = {2, 4, 30};
	static struct side s;
	char row[50];

	for (unsigned seed = 1; seed <= 150; seed++) {
		int rc = nomem_child(seed, one_in[seed % 3], talk_short, &s);

		snprintf(row, sizeof row, "seed %u: %d", seed, rc);
		suite_row(row);
		CHECK(rc == FINE);
	}
	suite_row(NULL);
}

SUITE("conn", T(memory_is_out), T(bytes_come_and_go), T(the_rest_comes_again),
    T(a_long_item_is_put_together), T(what_is_kept_has_a_limit),
    T(after_half_close_writing_works), T(a_broken_peer_is_told_by_the_loop),
    T(a_slow_reader_gets_all), T(what_is_queued_has_a_limit),
    T(pause_holds_back), T(pause_leaves_more_than_an_item),
    T(resume_inside_data), T(a_paused_owner_hears_that_the_peer_is_lost),
    T(a_paused_owner_hears_it_behind_unread_bytes),
    T(an_owner_paused_again_hears_it), T(half_close_while_paused_is_told_later),
    T(half_close_while_paused_is_a_loss), T(free_inside_data),
    T(free_inside_end), T(free_inside_drained), T(silence_times_out),
    T(no_timeout_when_it_was_taken_back), T(finish_writes_what_is_queued),
    T(finish_has_a_limit), T(finish_with_a_lost_peer), T(finish_inside_data),
    T(files_work_too), T(two_pipes), T(descriptors_are_taken_on_failure),
    T(nobody_starves))
