/*
 * The connections of a worker: the test is its supervisor, and the MTA on the
 * other end of socket pairs; time is turned by hand.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/milter/frame.h"
#include "common/milter/miltercounters.h"
#include "common/milter/service.h"
#include "tests/support/fixture.h"
#include "tests/support/loop_fake.h"
#include "tests/support/suite.h"
#include "tests/support/testwing.h"

/* A literal with its inner NULs, without the last one. */
#define S(text) text, sizeof(text) - 1

struct world {
	struct fixture f;
	struct loop *loop;
	struct stats *stats;
	struct worker *worker;
	struct service *service;
	int channel; /* our end; -1: closed */
};

/* Given to the worker and not yet closed, as its counters say. */
static uint64_t
connections(struct worker *w)
{
	struct stats_slot *slot = worker_stats(w);

	return stats_get(slot, STATS_ACCEPTED) - stats_get(slot, STATS_CLOSED);
}

/* A worker for that wing; NULL: the signer. */
static void
start_with(struct world *w, struct testwing *wing)
{
	const struct milter_ops *ops = wing == NULL ? &signer_ops : &wing->ops;
	void *arg = wing == NULL ? (void *)&w->f.signer : (void *)wing;
	int pair[2];

	fixture_make(&w->f,
	    "domain \"ed.example\" { key \"e\" { file = \"@ed.pem\" } }\n");
	CU_ASSERT_FATAL(loop_new(&w->loop) == 0);
	CU_ASSERT_FATAL(stats_new(1, &w->stats) == 0);
	CU_ASSERT_FATAL(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	CU_ASSERT_FATAL(worker_new(pair[1], 1, 1, stats_slot(w->stats, 0),
	                    &w->worker) == 0);
	w->channel = pair[0];
	w->f.signer.stats = worker_stats(w->worker);
	CU_ASSERT_FATAL(
	    service_new(w->loop, w->worker, ops, arg, &w->service) == 0);
}

static void
start(struct world *w)
{
	start_with(w, NULL);
}

static void
stop(struct world *w)
{
	if (w->service != NULL)
		service_free(w->service);
	worker_free(w->worker);
	if (w->channel >= 0)
		close(w->channel);
	stats_free(w->stats);
	loop_free(w->loop);
	fixture_free(&w->f);
}

/* A socket pair; `tcp`: over loopback. */
static void
make_pair(int pair[2], bool tcp)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof sin;
	int door, on = 1;

	if (!tcp) {
		CU_ASSERT_FATAL(socketpair(AF_UNIX,
		                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		                    0, pair) == 0);
		return;
	}
	door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pair[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(bind(door, (struct sockaddr *)&sin, n) == 0 &&
	    listen(door, 1) == 0 &&
	    getsockname(door, (struct sockaddr *)&sin, &n) == 0 &&
	    connect(pair[1], (struct sockaddr *)&sin, n) == 0);
	pair[0] = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	CU_ASSERT_FATAL(
	    pair[0] >= 0 && fcntl(pair[1], F_SETFL, O_NONBLOCK) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &on,
		          sizeof on) == 0);
	close(door);
}

/* A new connection; returns the MTA's end. */
static int
dial_over(struct world *w, bool tcp)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	char byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int pair[2];

	make_pair(pair, tcp);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &pair[0], sizeof(int));
	CU_ASSERT_FATAL(sendmsg(w->channel, &msg, 0) == 1);
	close(pair[0]);
	loop_run(w->loop);
	return pair[1];
}

static int
dial(struct world *w)
{
	return dial_over(w, false);
}

/* Sends a packet and returns the command bytes of what is answered; "eof" when
 * the connection is closed. Static. */
static const char *
ask(struct world *w, int fd, char command, const char *p, size_t n)
{
	static char seen[64];
	char head[5] = {0, 0, 0, (char)(n + 1), command}, in[4096];
	size_t at = 0, k = 0;
	ssize_t got;

	if (command != 0) {
		CHECK(write(fd, head, 5) == 5);
		CHECK(write(fd, p, n) == (ssize_t)n);
	}
	loop_run(w->loop);
	got = read(fd, in, sizeof in);
	if (got == 0)
		return "eof";
	while (got > 0 && at + 5 <= (size_t)got && k < sizeof seen - 1) {
		seen[k++] = in[at + 4];
		at += 4 + frame_u32(in + at);
	}
	seen[k] = '\0';
	return seen;
}

static void
greet(struct world *w, int fd)
{
	CHECK_STR(ask(w, fd, 'O', S("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff")), "O");
	CHECK_STR(ask(w, fd, 'C', S("h\0004\0\000127.0.0.1\0")), "");
}

static void
begin_message(struct world *w, int fd)
{
	CHECK_STR(ask(w, fd, 'M', S("<a@ed.example>\0")), "");
	CHECK_STR(ask(w, fd, 'L', S("From\0 a@ed.example\0")), "");
}

static void
end_message(struct world *w, int fd)
{
	CHECK_STR(ask(w, fd, 'N', S("")), "c");
	CHECK_STR(ask(w, fd, 'B', S("hi\r\n")), "");
	CHECK_STR(ask(w, fd, 'E', S("")), "ia");
}

/* One packet that makes sense behind the one before; 'p' is a part of one. */
static void
send_one(struct world *w, int fd, char command)
{
	switch (command) {
	case 'O':
		ask(w, fd, 'O', S("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"));
		break;
	case 'C':
		ask(w, fd, 'C', S("h\0004\0\000127.0.0.1\0"));
		break;
	case 'M':
	case 'R':
		ask(w, fd, command, S("<a@ed.example>\0"));
		break;
	case 'L':
		ask(w, fd, 'L', S("From\0 a@ed.example\0"));
		break;
	case 'B':
		ask(w, fd, 'B', S("hi\r\n"));
		break;
	case 'p':
		CHECK(write(fd, "\0\0", 2) == 2);
		loop_run(w->loop);
		break;
	default:
		ask(w, fd, command, S(""));
		break;
	}
}

static void
several_connections(void)
{
	struct world w;
	int fd[3];

	start(&w);
	for (int i = 0; i < 3; i++)
		fd[i] = dial(&w);
	CHECK(connections(w.worker) == 3);
	for (int i = 0; i < 3; i++)
		greet(&w, fd[i]);
	for (int i = 0; i < 3; i++)
		begin_message(&w, fd[i]);
	for (int i = 0; i < 3; i++)
		end_message(&w, fd[2 - i]);
	CHECK_STR(ask(&w, fd[1], 'Q', S("")), "eof");
	CHECK(connections(w.worker) == 2);
	close(fd[0]); /* without QUIT, as Postfix may */
	loop_run(w.loop);
	CHECK(connections(w.worker) == 1);
	begin_message(&w, fd[2]);
	end_message(&w, fd[2]);
	CHECK(strstr(fixture_logged(&w.f), "disconnected") == NULL);
	close(fd[1]);
	close(fd[2]);
	stop(&w);
}

static void
bad_packet(void)
{
	struct world w;
	int fd, other;

	start(&w);
	fd = dial(&w);
	other = dial(&w);
	greet(&w, fd);
	greet(&w, other);
	CHECK_STR(ask(&w, fd, 'E', S("")), "eof");
	CHECK(suite_has(fixture_logged(&w.f), "command out of order"));
	CHECK(connections(w.worker) == 1);
	begin_message(&w, other);
	end_message(&w, other);
	close(fd);
	close(other);
	stop(&w);
}

/* How often a counter of errors was added to. */
static uint64_t
errors(const struct world *w)
{
	return stats_sum(w->stats, MILTER_COUNT_ERROR);
}

/* Bytes as they are, as many at a time as the socket takes. */
static void
send_raw(struct world *w, int fd, const char *p, size_t n)
{
	while (n > 0 && connections(w->worker) > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		loop_run(w->loop);
		if (sent < 0 && errno != EAGAIN)
			break;
		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		}
	}
}

/* The one line of the log, or more: they are told apart. */
static const char *
one_line(struct world *w)
{
	const char *log = fixture_logged(&w->f), *end = strchr(log, '\n');

	CHECK(end != NULL && end[1] == '\0');
	return log;
}

/* What nobody should send, in the middle of a message: one line, one error
 * more, the connection is closed with no word of an answer; and its neighbour,
 * in the middle of a message, too, is signed. */
static void
bad_input(void)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *log;
	} row[] = {
	    /* NULs */
	    {S("\0\0\0\x0eLSubject\0 a\0b\0"),
	        "reason=\"bytes after the payload\" command=HEADER"},
	    {S("\0\0\0\x0bLSubject\0 a"),
	        "reason=\"string without NUL\" command=HEADER"},
	    {S("\0\0\0\x08LSubject"), "reason=\"string without NUL\""},
	    {S("\0\0\0\4L\0x\0"), "reason=\"HEADER without a name\""},
	    {S("\0\0\0\1L"), "reason=\"string without NUL\""},
	    {S("\0\0\0\3Di\0"), "reason=\"string without NUL\" command=MACRO"},
	    {S("\0\0\0\4DLi\0"), "reason=\"string without NUL\" command=MACRO"},
	    {S("\0\0\0\7DLi\0x\0y"), "reason=\"string without NUL\""},
	    {S("\0\0\0\1D"), "reason=\"MACRO without a stage\""},
	    {S("\0\0\0\1M"), "reason=\"string without NUL\" command=MAIL"},
	    {S("\0\0\0\4R<a>"), "reason=\"string without NUL\" command=RCPT"},
	    {S("\0\0\0\6M<a>\0X"), "reason=\"string without NUL\""},
	    {S("\0\0\0\2Ch"), "reason=\"string without NUL\" command=CONNECT"},
	    {S("\0\0\0\3Ch\0"), "reason=\"CONNECT without a family\""},
	    {S("\0\0\0\4Ch\0Z"), "reason=\"CONNECT with an unknown family\""},
	    {S("\0\0\0\5Ch\0004\0"), "reason=\"CONNECT without a port\""},
	    /* payloads where there are none */
	    {S("\0\0\0\2Nx"), "payload\" command=END-OF-HEADER"},
	    {S("\0\0\0\2Ax"), "payload\" command=ABORT"},
	    {S("\0\0\0\2Qx"), "payload\" command=QUIT"},
	    {S("\0\0\0\4O\0\0\0"), "reason=\"OPTNEG is too short\""},
	    /* unknown, and out of order */
	    {S("\0\0\0\1z"), "reason=\"unknown command\" command=?"},
	    {S("\0\0\0\1\0"), "reason=\"unknown command\" command=?"},
	    {S("\0\0\0\1\xff"), "reason=\"unknown command\" command=?"},
	    {S("\0\0\0\rO\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"),
	        "order\" command=OPTNEG after=HEADER"},
	    {S("\0\0\0\4Ch\0U"), "order\" command=CONNECT"},
	    {S("\0\0\0\4M<>\0"), "order\" command=MAIL"},
	    {S("\0\0\0\4R<>\0"), "order\" command=RCPT"},
	    {S("\0\0\0\1T"), "order\" command=DATA"},
	    {S("\0\0\0\3Bhi"), "order\" command=BODY"},
	    {S("\0\0\0\1E"), "order\" command=END-OF-MESSAGE"},
	    /* lengths */
	    {S("\0\0\0\0"), "reason=\"packet of length 0\" after=HEADER"},
	    {S("\0\x10\0\1L"), "reason=\"packet is too long\""},
	    {S("\0\x10\0\1B"), "reason=\"packet is too long\""},
	    {S("\xff\xff\xff\xff"), "reason=\"packet is too long\""},
	    {S("GET / HTTP/1.0\r\n\r\n"), "reason=\"packet is too long\""},
	};
	struct world w;

	start(&w);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		uint64_t before = errors(&w);
		int fd = dial(&w), other = dial(&w);

		suite_row(row[i].log);
		greet(&w, fd);
		greet(&w, other);
		begin_message(&w, other);
		begin_message(&w, fd);
		send_raw(&w, fd, row[i].bytes, row[i].n);
		CHECK_STR(ask(&w, fd, 0, NULL, 0), "eof");
		CHECK(suite_has(one_line(&w), row[i].log));
		CHECK(errors(&w) == before + 1);
		end_message(&w, other);
		close(fd);
		close(other);
		loop_run(w.loop);
		fixture_logged(&w.f);
	}
	stop(&w);
}

/* The largest packet: of a header field, after which the message is unsigned,
 * and of a body, which is signed. */
static void
packet_at_the_limit(void)
{
	static const char over[] = "reason=\"the header is too large\"";
	char *packet = malloc(4 + MILTER_PACKET_MAX);
	struct world w;
	int fd;

	CU_ASSERT_FATAL(packet != NULL);
	start(&w);
	fd = dial(&w);
	greet(&w, fd);
	memset(packet, 'x', 4 + MILTER_PACKET_MAX);
	memcpy(packet, "\0\x10\0\0LX", 7); /* and the NUL of the literal */
	packet[4 + MILTER_PACKET_MAX - 1] = '\0';
	begin_message(&w, fd);
	send_raw(&w, fd, packet, 4 + MILTER_PACKET_MAX);
	CHECK_STR(ask(&w, fd, 'N', S("")), "a");
	CHECK(suite_has(one_line(&w), over));
	memcpy(packet, "\0\x10\0\0Bx", 6);
	begin_message(&w, fd);
	CHECK_STR(ask(&w, fd, 'N', S("")), "c");
	send_raw(&w, fd, packet, 4 + MILTER_PACKET_MAX);
	CHECK_STR(ask(&w, fd, 'E', S("")), "ia");
	CHECK(suite_has(
	    one_line(&w), "signed client=127.0.0.1 domain=ed.example"));
	CHECK(errors(&w) == 0);
	close(fd);
	loop_run(w.loop);
	free(packet);
	stop(&w);
}

/* An MTA that goes in the middle of a message: one line, which says where;
 * before and behind one, silence. */
static void
peer_lost(void)
{
	static const struct {
		const char *sends; /* commands, or 'p' for a part of a packet */
		const char *log;
	} row[] = {
	    {"", NULL},
	    {"p",
	        "disconnected reason=\"connection lost in the middle of a "
	        "packet\" after=OPTNEG client=unknown\n"},
	    {"OC", NULL},
	    {"OCp", "in the middle of a packet\" after=CONNECT"},
	    {"OCM",
	        "disconnected reason=\"connection lost in the middle of a "
	        "message\" after=MAIL client=127.0.0.1\n"},
	    {"OCMR", "in the middle of a message\" after=MAIL"},
	    {"OCMRT", "in the middle of a message\" after=DATA"},
	    {"OCMRTL", "in the middle of a message\" after=HEADER"},
	    {"OCMRTLp", "in the middle of a message\" after=HEADER"},
	    {"OCMRTLN", "in the middle of a message\" after=BODY"},
	    {"OCMRTLNB", "in the middle of a message\" after=BODY"},
	    {"OCMRTLNBE", NULL},
	    {"OCMRTLA", NULL},
	    {"OCMRTLNBEM", "in the middle of a message\" after=MAIL"},
	};
	struct world w;

	start(&w);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		uint64_t before = errors(&w);
		const char *log, *behind;
		int fd = dial(&w);

		suite_row(row[i].sends);
		for (const char *c = row[i].sends; *c != '\0'; c++)
			send_one(&w, fd, *c);
		fixture_logged(&w.f);
		close(fd);
		loop_run(w.loop);
		CHECK(connections(w.worker) == 0);
		log = fixture_logged(&w.f);
		CHECK(errors(&w) - before == (row[i].log != NULL));
		if (row[i].log == NULL) {
			CHECK_STR(log, "");
			continue;
		}
		CHECK(suite_has(log, row[i].log));
		behind = strchr(log, '\n');
		CHECK(behind != NULL && behind[1] == '\0');
	}
	stop(&w);
}

/* How long a silent MTA is waited for: ms, and whether it is cut then. */
static void
check_patience(struct world *w, int fd, uint64_t ms)
{
	loop_fake_advance(w->loop, ms - 1);
	CHECK_STR(ask(w, fd, 0, NULL, 0), "");
	loop_fake_advance(w->loop, 1);
	CHECK_STR(ask(w, fd, 0, NULL, 0), "eof");
	CHECK(connections(w->worker) == 0);
	CHECK(suite_has(fixture_logged(&w->f), "disconnected reason=timeout"));
	close(fd);
}

static void
timeouts(void)
{
	struct world w;
	int fd;

	/* what milter libraries and MTAs are made for */
	CHECK(MILTER_PACKET_MS == 60000 && MILTER_COMMAND_MS == 7260000);
	start(&w);
	fd = dial(&w); /* says nothing */
	check_patience(&w, fd, MILTER_PACKET_MS);
	fd = dial(&w); /* between commands */
	greet(&w, fd);
	check_patience(&w, fd, MILTER_COMMAND_MS);
	fd = dial(&w); /* Postfix receives a long message meanwhile */
	greet(&w, fd);
	CHECK_STR(ask(&w, fd, 'M', S("<a@ed.example>\0")), "");
	check_patience(&w, fd, MILTER_COMMAND_MS);
	fd = dial(&w);
	greet(&w, fd);
	CHECK_STR(ask(&w, fd, 'M', S("<a@ed.example>\0")), "");
	CHECK_STR(ask(&w, fd, 'T', S("")), "");
	check_patience(&w, fd, MILTER_COMMAND_MS);
	fd = dial(&w); /* between header fields */
	greet(&w, fd);
	begin_message(&w, fd);
	check_patience(&w, fd, MILTER_PACKET_MS);
	fd = dial(&w); /* before the body, and between its packets */
	greet(&w, fd);
	begin_message(&w, fd);
	CHECK_STR(ask(&w, fd, 'N', S("")), "c");
	check_patience(&w, fd, MILTER_PACKET_MS);
	fd = dial(&w);
	greet(&w, fd);
	begin_message(&w, fd);
	CHECK_STR(ask(&w, fd, 'N', S("")), "c");
	CHECK_STR(ask(&w, fd, 'B', S("hi\r\n")), "");
	check_patience(&w, fd, MILTER_PACKET_MS);
	fd = dial(&w); /* inside a packet of the body, handed on in pieces */
	greet(&w, fd);
	begin_message(&w, fd);
	CHECK_STR(ask(&w, fd, 'N', S("")), "c");
	CHECK(write(fd, "\0\1\0\0Bhi", 7) == 7);
	loop_run(w.loop);
	check_patience(&w, fd, MILTER_PACKET_MS);
	fd = dial(&w); /* inside a packet */
	greet(&w, fd);
	CHECK(write(fd, "\0\0", 2) == 2);
	loop_run(w.loop);
	check_patience(&w, fd, MILTER_PACKET_MS);
	fd = dial(&w); /* a byte now and then is enough */
	greet(&w, fd);
	begin_message(&w, fd);
	for (int i = 0; i < 5; i++) {
		loop_fake_advance(w.loop, MILTER_PACKET_MS - 1);
		CHECK_STR(ask(&w, fd, 'L', S("To\0 b@c\0")), "");
	}
	end_message(&w, fd);
	check_patience(&w, fd, MILTER_COMMAND_MS);
	stop(&w);
}

/* A peer that sends commands and never reads what is answered. */
static void
reads_nothing(void)
{
	static const char helo[] = "\0\0\0\3Hx\0";
	static char many[7 * 5000];
	struct world w;
	size_t sent = 0;
	int fd;

	for (size_t i = 0; i < sizeof many; i++)
		many[i] = helo[i % 7];
	start(&w);
	fd = dial(&w);
	CHECK_STR(ask(&w, fd, 'O', S("\0\0\0\6\0\0\0\0\0\0\0\0")), "O");
	CHECK_STR(ask(&w, fd, 'C', S("h\0U")), "c");
	while (connections(w.worker) > 0 && sent < 8 * CONN_OUT_MAX) {
		ssize_t n = write(fd, many + sent % 7, sizeof many - 7);

		sent += n > 0 ? (size_t)n : 0;
		loop_run(w.loop);
	}
	CHECK(connections(w.worker) == 0);
	CHECK(suite_has(fixture_logged(&w.f),
	    "disconnected reason=\"the answers are not read\""));
	close(fd);
	stop(&w);
}

/* Sends n bytes of header fields, 50,000 at a time. */
static void
send_fields(struct world *w, int fd, size_t n)
{
	enum { FIELD = 50000 };
	static char packet[5 + FIELD];

	for (; n > 0; n -= FIELD) {
		memset(packet, 'x', sizeof packet);
		memcpy(packet, "\0\0\0\0L", 5);
		packet[2] = (char)((FIELD + 1) >> 8);
		packet[3] = (char)((FIELD + 1) & 0xff);
		packet[5 + 2] = '\0';
		packet[sizeof packet - 1] = '\0';
		CHECK(
		    write(fd, packet, sizeof packet) == (ssize_t)sizeof packet);
		loop_run(w->loop);
	}
}

/* Senders of large headers, none of which may be refused for itself: when all
 * together hold too much, the largest is cut, and the others go on. */
static void
memory_short(void)
{
	enum { EACH = 800000, LARGEST = 850000 };
	static int fd[1 + MILTER_HELD_MAX / EACH];
	size_t n = 0, sum = 0;
	struct world w;

	start(&w);
	while (sum + EACH <= MILTER_HELD_MAX) {
		size_t bytes = n == 5 ? LARGEST : EACH;

		/* the room for fields and their names is not in the sum */
		if (sum + bytes < MILTER_HELD_MAX / 100 * 99)
			CHECK(connections(w.worker) == (unsigned)n);
		fd[n] = dial(&w);
		greet(&w, fd[n]);
		begin_message(&w, fd[n]);
		send_fields(&w, fd[n], bytes);
		sum += bytes;
		n++;
	}
	fd[n] = dial(&w);
	greet(&w, fd[n]);
	begin_message(&w, fd[n]);
	send_fields(&w, fd[n], EACH);
	CHECK(connections(w.worker) == (unsigned)n);
	CHECK_STR(ask(&w, fd[5], 0, NULL, 0), "eof");
	CHECK(suite_has(fixture_logged(&w.f),
	    "disconnected reason=\"memory is short, and this connection holds "
	    "the most\""));
	end_message(&w, fd[n]);
	end_message(&w, fd[0]);
	for (size_t i = 0; i <= n; i++)
		close(fd[i]);
	loop_run(w.loop);
	/* what they held is free again */
	fd[0] = dial(&w);
	greet(&w, fd[0]);
	begin_message(&w, fd[0]);
	send_fields(&w, fd[0], LARGEST);
	end_message(&w, fd[0]);
	close(fd[0]);
	stop(&w);
}

/* A reload: MTAs keep their connections, and the worker ends with the last. */
static void
drain(void)
{
	struct world w;
	int fd;

	start(&w);
	fd = dial(&w);
	greet(&w, fd);
	close(w.channel);
	w.channel = -1;
	loop_run(w.loop);
	CHECK(connections(w.worker) == 1);
	begin_message(&w, fd);
	end_message(&w, fd);
	begin_message(&w, fd);
	end_message(&w, fd);
	CHECK(!loop_fake_stopped(w.loop));
	CHECK_STR(ask(&w, fd, 'Q', S("")), "eof");
	CHECK(loop_fake_stopped(w.loop));
	close(fd);
	stop(&w);
}

/* SIGTERM: idle connections are closed, a message is brought to its end. */
static void
finish(void)
{
	struct world w;
	int idle, busy;

	start(&w);
	idle = dial(&w);
	busy = dial(&w);
	greet(&w, idle);
	greet(&w, busy);
	begin_message(&w, busy);
	loop_fake_signal(w.loop, SIGTERM);
	CHECK_STR(ask(&w, idle, 0, NULL, 0), "eof");
	CHECK(connections(w.worker) == 1);
	end_message(&w, busy);
	CHECK_STR(ask(&w, busy, 0, NULL, 0), "eof");
	CHECK(connections(w.worker) == 0);
	close(idle);
	close(busy);
	stop(&w);
}

/* What is open when the worker ends is closed. */
static void
end_with_connections(void)
{
	struct world w;
	char byte;
	int fd;

	start(&w);
	fd = dial(&w);
	greet(&w, fd);
	begin_message(&w, fd);
	service_free(w.service);
	w.service = NULL;
	CHECK(suite_has(fixture_logged(&w.f),
	    "disconnected reason=\"the daemon ends\" after=HEADER"));
	stop(&w);
	CHECK(read(fd, &byte, 1) == 0);
	close(fd);
}

/* --- a wing that waits ---------------------------------------------------- */

struct waiting {
	struct world w;
	struct testwing wing;
	int fd;
};

/* A message up to its end, where the wing waits. */
static void
begin_waiting(struct waiting *x)
{
	CHECK_STR(ask(&x->w, x->fd, 'M', S("<a@ed.example>\0")), "");
	CHECK_STR(ask(&x->w, x->fd, 'L', S("From\0 a@ed.example\0")), "");
	CHECK_STR(ask(&x->w, x->fd, 'N', S("")), "c");
	CHECK_STR(ask(&x->w, x->fd, 'E', S("")), "");
	CHECK(connections(x->w.worker) == 1);
	testwing_seen(&x->wing);
}

static void
start_waiting(struct waiting *x, uint64_t ms, bool tcp)
{
	testwing_init(&x->wing);
	x->wing.ops.steps = SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_HDR;
	x->wing.waits = 1000;
	x->wing.wait_ms = ms;
	start_with(&x->w, &x->wing);
	x->fd = dial_over(&x->w, tcp);
	greet(&x->w, x->fd);
	begin_waiting(x);
}

static void
stop_waiting(struct waiting *x)
{
	close(x->fd);
	stop(&x->w);
	testwing_free(&x->wing);
}

/* The wing knows enough. */
static void
resume(struct waiting *x)
{
	x->wing.waits = 0;
	session_resume(x->wing.session);
}

/* What comes from the connection now, and after so many ms. */
static const char *
after(struct waiting *x, uint64_t ms)
{
	loop_fake_advance(x->w.loop, ms);
	return ask(&x->w, x->fd, 0, NULL, 0);
}

/* Answered when the wing resumes: at once, or later; then the connection goes
 * on. */
static void
wait_answered(void)
{
	static const uint64_t ms[] = {0, 1, 9999};

	for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++) {
		struct waiting x;

		start_waiting(&x, 10000, false);
		CHECK_STR(after(&x, ms[i]), "");
		resume(&x);
		CHECK_STR(after(&x, 0), "a");
		CHECK_STR(testwing_seen(&x.wing), "end through reset");
		CHECK_STR(ask(&x.w, x.fd, 'A', S("")), "");
		x.wing.waits = 1;
		begin_waiting(&x);
		resume(&x);
		CHECK_STR(after(&x, 0), "a");
		/* it is patient again as ever */
		check_patience(&x.w, x.fd, MILTER_COMMAND_MS);
		CHECK(x.wing.errors == 1); /* that time-out */
		x.fd = -1;
		stop_waiting(&x);
	}
}

/* Resumed before it has said WAIT: asked again at the next turn. */
static void
wait_answered_at_once(void)
{
	struct waiting x;

	start_waiting(&x, 10000, false);
	resume(&x);
	CHECK_STR(after(&x, 0), "a");
	x.wing.waits = 1;
	x.wing.at_once = true;
	CHECK_STR(ask(&x.w, x.fd, 'M', S("<a@ed.example>\0")), "");
	CHECK_STR(ask(&x.w, x.fd, 'L', S("From\0 a\0")), "");
	CHECK_STR(ask(&x.w, x.fd, 'N', S("")), "c");
	CHECK_STR(ask(&x.w, x.fd, 'E', S("")), "a");
	stop_waiting(&x);
}

/* What happens to a wing that works in pieces, after the first two of them. */
enum between { NOTHING, LATE, ABORTED, LOST, CUT };

static void
between_pieces(enum between what, const char *want)
{
	static const char whole[] = "\0\0\0\4M<>\0\0\0\0\1N\0\0\0\1E";
	const char *piece = what == LATE ? "late" : "end";
	char seen[50], answer[10];
	struct waiting x;
	int fd;

	start_waiting(&x, 10000, false);
	resume(&x);
	CHECK_STR(after(&x, 0), "a");
	fd = dial(&x.w);
	greet(&x.w, fd);
	x.wing.waits = 20;
	x.wing.at_once = true;
	x.wing.wait_ms = what == LATE ? 0 : 10000;
	testwing_seen(&x.wing);
	CHECK(write(fd, S(whole)) == sizeof whole - 1);
	loop_fake_turn(x.w.loop);
	snprintf(seen, sizeof seen, "headers:0 end %s", piece);
	CHECK_STR(testwing_seen(&x.wing), seen);
	CHECK(read(fd, answer, sizeof answer) == 5); /* to N */
	/* another message comes in, and is answered */
	CHECK(write(x.fd, whole, sizeof whole - 6) == sizeof whole - 6);
	loop_fake_turn(x.w.loop);
	snprintf(seen, sizeof seen, "headers:0 %s", piece);
	CHECK_STR(testwing_seen(&x.wing), seen);
	CHECK(read(x.fd, answer, sizeof answer) == 5);
	CHECK(read(fd, answer, sizeof answer) < 0);
	switch (what) {
	case NOTHING:
	case LATE:
		break;
	case ABORTED:
		CHECK(write(fd, S("\0\0\0\1A")) == 5);
		break;
	case LOST:
		close(fd);
		break;
	case CUT:
		service_free(x.w.service);
		x.w.service = NULL;
		break;
	}
	loop_run(x.w.loop);
	CHECK_STR(testwing_seen(&x.wing), want);
	if (what < LOST)
		CHECK(read(fd, answer, sizeof answer) == 5 && answer[4] == 'a');
	if (what != LOST)
		close(fd);
	stop_waiting(&x);
}

#define SIX(word) word " " word " " word " " word " " word " " word
#define EIGHTEEN(word) SIX(word) " " SIX(word) " " SIX(word)

/* Other messages have their turn between two pieces. An MTA that goes, or a
 * worker that ends, ends the work; an ABORT waits for its end. */
static void
wait_in_pieces(void)
{
	between_pieces(NOTHING, EIGHTEEN("end") " through reset");
	between_pieces(LATE, EIGHTEEN("late") " through reset");
	between_pieces(ABORTED, EIGHTEEN("end") " through reset reset");
	between_pieces(LOST, "reset close");
	between_pieces(CUT, "reset close reset close");
}

/* Resumed, and it waits on: the time of the first WAIT counts. */
static void
wait_again(void)
{
	struct waiting x;

	start_waiting(&x, 10000, false);
	for (int i = 0; i < 9; i++) {
		CHECK_STR(after(&x, 1000), "");
		session_resume(x.wing.session);
	}
	CHECK_STR(testwing_seen(&x.wing), "end end end end end end end end");
	CHECK_STR(after(&x, 999), "");
	CHECK_STR(testwing_seen(&x.wing), "end");
	CHECK_STR(after(&x, 1), "a");
	CHECK_STR(testwing_seen(&x.wing), "late through reset");
	stop_waiting(&x);
}

/* Never answered: the MTA hears that we are still at it, and then to come
 * again. */
static void
wait_never(void)
{
	static const struct {
		uint64_t ms, lasts;
		unsigned progress;
	} row[] = {
	    {10000, 10000, 0},
	    {20000, 20000, 0}, /* the answer itself */
	    {20001, 20001, 1},
	    {65000, 65000, 3},
	    {3600000, MILTER_WAIT_MAX_MS, 11},
	};

	CHECK(MILTER_PROGRESS_MS == 20000);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct waiting x;
		static char name[30];
		uint64_t left = row[i].lasts;

		snprintf(name, sizeof name, "%ju ms", (uintmax_t)row[i].ms);
		suite_row(name);
		start_waiting(&x, row[i].ms, false);
		x.wing.at_end = MILTER_WAIT;
		for (unsigned n = 0; n < row[i].progress; n++) {
			CHECK_STR(after(&x, MILTER_PROGRESS_MS - 1), "");
			CHECK_STR(after(&x, 1), "p");
			left -= MILTER_PROGRESS_MS;
		}
		CHECK_STR(after(&x, left - 1), "");
		CHECK_STR(after(&x, 1), "y");
		CHECK(x.wing.said == MILTER_TEMPFAIL);
		CHECK_STR(ask(&x.w, x.fd, 'Q', S("")), "eof");
		CHECK(x.wing.errors == 0);
		stop_waiting(&x);
	}
	suite_row(NULL);
}

/* No time at all is none. */
static void
wait_no_time(void)
{
	struct testwing wing;
	struct world w;
	int fd;

	testwing_init(&wing);
	wing.ops.steps = SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_HDR;
	wing.at_end = MILTER_WAIT;
	wing.wait_ms = 0;
	start_with(&w, &wing);
	fd = dial(&w);
	greet(&w, fd);
	begin_message(&w, fd);
	CHECK_STR(ask(&w, fd, 'N', S("")), "c");
	CHECK_STR(ask(&w, fd, 'E', S("")), "y");
	close(fd);
	stop(&w);
	testwing_free(&wing);
}

/* Bytes behind the end of a message stay unread until the answer. */
static void
wait_with_more_sent(void)
{
	static const char more[] = "\0\0\0\1A"
	                           "\0\0\0\4M<>\0"
	                           "\0\0\0\x09L"
	                           "From\0 a\0"
	                           "\0\0\0\1N"
	                           "\0\0\0\1Q";
	struct waiting x;

	for (int i = 0; i < 2; i++) {
		start_waiting(&x, 10000, i != 0);
		send_raw(&x.w, x.fd, S(more));
		CHECK_STR(after(&x, 5000), "");
		CHECK_STR(testwing_seen(&x.wing), "");
		resume(&x);
		CHECK_STR(after(&x, 0), "ac");
		CHECK_STR(after(&x, 0), "eof");
		CHECK_STR(testwing_seen(&x.wing),
		    "end through reset reset field:From headers:1 reset "
		    "close");
		CHECK(connections(x.w.worker) == 0);
		CHECK(x.wing.errors == 0);
		stop_waiting(&x);
	}
}

/* More than a packet may have, behind a WAIT: it is not read, and is no
 * fault. */
static void
wait_with_much_sent(void)
{
	static char many[4 * MILTER_PACKET_MAX];
	struct waiting x;
	size_t at = 0;

	for (size_t i = 0; i < sizeof many; i++)
		many[i] = "\0\0\0\1A"[i % 5];
	start_waiting(&x, 10000, false);
	for (int idle = 0; idle < 3 && at < sizeof many;) {
		ssize_t n = send(x.fd, many + at, sizeof many - at,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		at += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		loop_run(x.w.loop);
	}
	CHECK(at > 0 && at < sizeof many); /* the socket is full */
	CHECK_STR(after(&x, 5000), "");
	resume(&x);
	CHECK_STR(after(&x, 0), "a");
	CHECK(connections(x.w.worker) == 1 && x.wing.errors == 0);
	stop_waiting(&x);
}

/* An MTA that goes while the wing waits: the wing is told within a second,
 * whether something was sent behind the end of the message or not. */
static void
wait_and_lost(void)
{
	for (int i = 0; i < 4; i++) {
		struct waiting x;

		start_waiting(&x, 10000, i % 2 != 0);
		CHECK_STR(after(&x, 3000), "");
		if (i >= 2)
			send_raw(&x.w, x.fd, S("\0\0\0\1A\0\0\0\1Q"));
		close(x.fd);
		loop_fake_advance(x.w.loop, 1000);
		CHECK_STR(testwing_seen(&x.wing), "reset close");
		CHECK(connections(x.w.worker) == 0);
		CHECK(x.wing.errors == 1);
		CHECK(suite_has(fixture_logged(&x.w.f),
		    "disconnected reason=\"connection lost in the middle of a "
		    "message\" after=END-OF-MESSAGE client=127.0.0.1\n"));
		loop_fake_advance(x.w.loop, 60000);
		CHECK_STR(testwing_seen(&x.wing), "");
		x.fd = -1;
		stop_waiting(&x);
	}
}

/* A reload does not shorten a WAIT; nor does SIGTERM, which ends the connection
 * behind the answer. */
static void
wait_and_orders(void)
{
	static const struct {
		bool reload, term, answered;
		const char *last; /* behind the answer */
	} row[] = {
	    {true, false, true, ""},
	    {true, false, false, ""},
	    {false, true, true, "eof"},
	    {false, true, false, "eof"},
	    {true, true, true, "eof"},
	    {true, true, false, "eof"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct waiting x;

		start_waiting(&x, 10000, false);
		x.wing.at_end = MILTER_WAIT;
		if (row[i].reload) {
			close(x.w.channel);
			x.w.channel = -1;
			loop_run(x.w.loop);
		}
		if (row[i].term)
			loop_fake_signal(x.w.loop, SIGTERM);
		CHECK_STR(after(&x, 9999), "");
		if (row[i].answered) {
			x.wing.at_end = MILTER_ACCEPT;
			resume(&x);
			CHECK_STR(after(&x, 0), "a");
		} else {
			CHECK_STR(after(&x, 1), "y");
		}
		CHECK_STR(after(&x, 0), row[i].last);
		CHECK(connections(x.w.worker) == (row[i].last[0] == '\0'));
		CHECK(x.wing.errors == 0);
		stop_waiting(&x);
	}
}

/* The worker is stopped while the wing waits. */
static void
wait_and_cut(void)
{
	struct waiting x;

	start_waiting(&x, 10000, false);
	service_free(x.w.service);
	x.w.service = NULL;
	CHECK(suite_has(fixture_logged(&x.w.f),
	    "reason=\"the daemon ends\" after=END-OF-MESSAGE"));
	CHECK_STR(testwing_seen(&x.wing), "reset close");
	stop_waiting(&x);
}

SUITE("service", T(several_connections), T(bad_packet), T(bad_input),
    T(packet_at_the_limit), T(peer_lost), T(timeouts), T(reads_nothing),
    T(memory_short), T(drain), T(finish), T(end_with_connections),
    T(wait_answered), T(wait_answered_at_once), T(wait_in_pieces),
    T(wait_again), T(wait_never), T(wait_no_time), T(wait_with_more_sent),
    T(wait_with_much_sent), T(wait_and_lost), T(wait_and_orders),
    T(wait_and_cut))
