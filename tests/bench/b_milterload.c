/*
 * b_milterload - a load generator that speaks milter protocol 6 as Postfix
 * does.
 *
 *   b_milterload -S /path/socket | -P port   [-c 64] [-n 10] [-s 4096]
 *                [-f user@example.com | -d domains] [-m file] [-p pid,pid,...]
 *                [-H]
 *
 * Opens c connections, sends n messages of s body bytes on each (several on one
 * connection, ABORT after each, as smtpd does), waits for each reply that the
 * filter did not negotiate away, and prints one line of key=value: messages,
 * signed, seconds, rate, p50/p99 latency of the end-of-body round trip and, for
 * the pids named, the CPU milliseconds a message.
 *
 * -d sends from user@d0000.example, user@d0001.example, and so on, each in
 * turn, up to so many, and then from the first again.
 *
 * -m sends what is in a file, header and body with LF or CRLF, from 192.0.2.1,
 * a stranger: what comes in. A filter that inserts a field has "signed" it,
 * too. With -d it sends what is in file.0000, file.0001, and so on, each in
 * turn; -f behind both is the envelope sender, "%d" in it that number.
 *
 * -H stops every connection in the middle of its body and holds it until
 * standard input ends: what a slow or hostile client does.
 *
 * One thread, epoll, loopback or unix sockets only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/load.h"
#include "tests/support/mta.h"

enum { PACKETS_MAX = 4096, CHUNK = 65535, DOMAINS_MAX = 10000 };
enum { SCRIPT_MAX = 300 << 20 };

/* The digits of a domain of -d, and where they stand in a message. */
enum { DIGITS = 4, PLACES_MAX = 8 };
static const char numbered[] = "user@d0000.example";

struct scripted {
	size_t end; /* offset behind it in the script */
	bool reply; /* wait for one */
	char cmd;
};

struct script {
	struct buf bytes;
	struct scripted packet[PACKETS_MAX];
	size_t packets;
};

enum phase { NEGOTIATE, SESSION, MESSAGE, DONE };

struct client {
	int fd;
	enum phase phase;
	const struct script *script;
	const char *bytes;   /* the script's, or own */
	char *own;           /* a message with the number of its domain */
	size_t sent, packet; /* of the script */
	int left;            /* messages */
	uint64_t began;      /* ns, when the end of body was sent */
	bool held, waiting, want_out, skip, signed_one;
	char in[512];
	size_t have, drop; /* drop: bytes of a long reply still to be ignored */
};

static struct script negotiate, session, message;
static struct script *messages; /* of -m, as many as domains, or one */
static uint32_t protocol;
static double *latency;
static size_t latencies, done_messages, signed_messages, failed;
static bool hold;
static size_t held;
static const char *file; /* of -m */
static size_t body_size;
static unsigned domains, next_domain; /* of -d */
static size_t place[PLACES_MAX], places;

static void
packet(struct script *s, char cmd, const void *p, size_t n)
{
	if (!mta_is_sent(protocol, cmd))
		return;
	if (s->packets == PACKETS_MAX) {
		fprintf(stderr, "body too large\n");
		exit(1);
	}
	if (s->packets == 0)
		buf_init(&s->bytes, SCRIPT_MAX);
	mta_packet(&s->bytes, cmd, span_of(p, n));
	if (buf_error(&s->bytes) != 0)
		load_die("script");
	s->packet[s->packets++] =
	    (struct scripted){s->bytes.n, mta_is_answered(protocol, cmd), cmd};
}

/* Two C strings with their NULs, as a header or macros are sent. */
static void
pair(struct script *s, char cmd, const char *a, const char *b)
{
	char text[4096];
	int n = snprintf(text, sizeof text, "%s%c%s", a, 0, b) + 1;

	packet(s, cmd, text, (size_t)n);
}

static void
make_session(void)
{
	static const char here[] = "localhost\0004\0\031127.0.0.1";
	static const char stranger[] = "far.example\0004\0\031192.0.2.1";
	static const char macros[] = "Cj\0mx.example.com\0{daemon_name}\0mx";

	packet(&session, 'D', macros, sizeof macros);
	packet(&session, 'C', file != NULL ? stranger : here,
	    file != NULL ? sizeof stranger : sizeof here);
	packet(&session, 'D', "H", 1);
	packet(&session, 'H', "localhost", 10);
}

static void
begin_message(const char *from)
{
	char value[300];

	snprintf(value, sizeof value, "<%s>", from);
	packet(&message, 'M', value, strlen(value) + 1);
	packet(&message, 'D', "Ri\0004AE0FA84398", 15);
	packet(&message, 'R', "<bob@rcpt.example>", 19);
	packet(&message, 'T', "", 0);
}

static void
end_message(const char *body, size_t size)
{
	body_size = size;
	packet(&message, 'N', "", 0);
	for (size_t at = 0; at < size; at += CHUNK) {
		packet(&message, 'B', body + at,
		    size - at < CHUNK ? size - at : CHUNK);
	}
	packet(&message, 'D', "Ei\0004AE0FA84398", 15);
	packet(&message, 'E', "", 0);
	packet(&message, 'A', "", 0);
}

/* A field of the file, its folds with LF; where the next one begins, or
 * NULL. */
static char *
put_field(char *at)
{
	char *end = at, *colon = strchr(at, ':');

	while ((end = strchr(end, '\n')) != NULL &&
	    (end[1] == ' ' || end[1] == '\t'))
		end++;
	if (end == NULL || colon == NULL || colon > end)
		return NULL;
	*end = *colon = '\0';
	pair(&message, 'L', at, colon + 1);
	return end + 1;
}

/* The whole file with LF, a NUL behind it. */
static char *
read_lines(const char *name)
{
	FILE *f = fopen(name, "r");
	size_t n = 0, cap = 64 * 1024 * 1024;
	char *text = malloc(cap);
	int c;

	if (f == NULL || text == NULL)
		load_die(name);
	while ((c = getc(f)) != EOF && n + 1 < cap) {
		if (c != '\r')
			text[n++] = (char)c;
	}
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
make_message_of_file(const char *name, const char *from)
{
	char *text = read_lines(name), *at = text, *body;
	size_t n = 0;

	begin_message(from);
	while (at != NULL && *at != '\n')
		at = put_field(at);
	if (at == NULL)
		load_die("no message");
	body = malloc(2 * strlen(at) + 1);
	if (body == NULL)
		load_die("malloc");
	for (at++; *at != '\0'; at++) {
		if (*at == '\n')
			body[n++] = '\r';
		body[n++] = *at;
	}
	end_message(body, n);
	free(body);
	free(text);
}

static void
make_messages_of_files(const char *from)
{
	unsigned n = domains > 0 ? domains : 1;
	char name[4096], sender[256];

	messages = calloc(n, sizeof *messages);
	if (messages == NULL)
		load_die("calloc");
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "%s.%04u", file, i);
		load_number(sender, sizeof sender, from, (int)i);
		make_message_of_file(domains > 0 ? name : file, sender);
		messages[i] = message;
		memset(&message, 0, sizeof message);
	}
}

static void
make_message(const char *from, size_t size)
{
	static const char line[] = "The quick brown fox  jumps over the lazy "
	                           "dog, and writes a mail.\r\n";
	char value[300], *body = malloc(size + 2);
	size_t filled = 0;

	if (body == NULL)
		load_die("malloc");
	begin_message(from);
	snprintf(value, sizeof value, " Alice Example <%s>", from);
	pair(&message, 'L', "From", value);
	pair(&message, 'L', "To", " Bob <bob@rcpt.example>");
	pair(&message, 'L', "Subject", " A message of ordinary length");
	pair(&message, 'L', "Date", " Thu, 19 Nov 2026 10:00:00 +0000");
	pair(&message, 'L', "Message-ID", " <20261119.1@example.com>");
	pair(&message, 'L', "MIME-Version", " 1.0");
	pair(&message, 'L', "Content-Type", " text/plain; charset=utf-8");
	pair(&message, 'L', "Received",
	    " from client.example (client.example [192.0.2.1])\n\tby "
	    "mx.example.com "
	    "(Postfix) with ESMTPSA id 4AE0FA84398;\n\tThu, 19 Nov 2026 "
	    "10:00:00 "
	    "+0000 (UTC)");
	while (filled < size) {
		size_t n = size - filled < sizeof line - 1 ? size - filled
		                                           : sizeof line - 1;
		memcpy(body + filled, line + (sizeof line - 1 - n), n);
		filled += n;
	}
	end_message(body, size);
	free(body);
}

/* Where the numbers of a domain stand in the message. */
static void
find_places(void)
{
	const char *at = message.bytes.p, *end = at + message.bytes.n;

	while ((at = memmem(at, (size_t)(end - at), numbered,
	            sizeof numbered - 1)) != NULL) {
		if (places == PLACES_MAX)
			load_die("places");
		place[places++] =
		    (size_t)(at - message.bytes.p) + strlen("user@d");
		at++;
	}
}

/* The next message of files. */
static const struct script *
next_message(void)
{
	size_t i = next_domain;

	next_domain = domains > 0 ? (next_domain + 1) % domains : 0;
	return &messages[i];
}

/* The message of the next domain. */
static const char *
number(struct client *c)
{
	char digits[DIGITS + 1];

	if (domains == 0)
		return message.bytes.p;
	if (c->own == NULL) {
		c->own = malloc(message.bytes.n);
		if (c->own == NULL)
			load_die("malloc");
		memcpy(c->own, message.bytes.p, message.bytes.n);
	}
	snprintf(digits, sizeof digits, "%04u", next_domain % DOMAINS_MAX);
	next_domain = (next_domain + 1) % domains;
	for (size_t i = 0; i < places; i++)
		memcpy(c->own + place[i], digits, DIGITS);
	return c->own;
}

static void
start(struct client *c, enum phase phase, const struct script *s)
{
	if (s == &message && messages != NULL)
		s = next_message();
	c->phase = phase;
	c->script = s;
	c->bytes = s == &message ? number(c) : s->bytes.p;
	c->sent = c->packet = 0;
	c->skip = c->signed_one = false;
}

static void
next_phase(struct client *c)
{
	switch (c->phase) {
	case NEGOTIATE:
		start(c, SESSION, &session);
		return;
	case MESSAGE:
		done_messages++;
		c->left--;
		__attribute__((fallthrough));
	case SESSION:
		if (c->left > 0)
			start(c, MESSAGE, &message);
		else
			c->phase = DONE;
		return;
	case DONE:
		return;
	}
}

/* Sends up to the next packet that waits for a reply. */
static void
send_some(struct client *c)
{
	while (!c->waiting && c->phase != DONE) {
		size_t last = c->packet, stop;

		while (
		    last < c->script->packets && !c->script->packet[last].reply)
			last++;
		stop = last < c->script->packets ? c->script->packet[last].end
		                                 : c->script->bytes.n;
		if (hold && c->phase == MESSAGE && c->packet == 0)
			stop = c->script->bytes.n - 30 - body_size / 2;
		while (c->sent < stop) {
			ssize_t n = send(c->fd, c->bytes + c->sent,
			    stop - c->sent, MSG_NOSIGNAL);
			if (n < 0 && errno == EAGAIN) {
				c->want_out = true;
				return;
			}
			if (n < 0)
				load_die("send");
			c->sent += (size_t)n;
		}
		if (hold && c->phase == MESSAGE) {
			c->waiting = true;
			held +=
			    !c->held; /* the end of the header is answered */
			c->held = true;
			return;
		}
		c->packet = last;
		if (last < c->script->packets) {
			if (c->script->packet[last].cmd == 'E')
				c->began = load_now_ns();
			c->waiting = true;
		} else {
			next_phase(c);
		}
	}
}

static void
reply(struct client *c, char cmd, const char *data, size_t n)
{
	uint32_t word;

	if (cmd == 'i' || cmd == 'h') {
		c->signed_one = true;
		return;
	}
	if (cmd == 'O' && n >= 12) {
		memcpy(&word, data + 8, 4);
		protocol = ntohl(word);
		if (session.packets == 0)
			make_session();
	}
	if (cmd == 'p' || cmd == 'm' || cmd == 'l')
		return;
	if (c->phase == MESSAGE && c->script->packet[c->packet].cmd == 'E') {
		latency[latencies++] = (double)(load_now_ns() - c->began) / 1e6;
		signed_messages += c->signed_one;
		failed += cmd != 'c' && cmd != 'a';
	}
	if (c->phase == MESSAGE && cmd == 's') {
		/* skip what is left of the body */
		while (c->packet + 1 < c->script->packets &&
		    c->script->packet[c->packet + 1].cmd == 'B')
			c->packet++;
		c->sent = c->script->packet[c->packet].end;
	}
	c->packet++;
	c->waiting = false;
	if (c->packet == c->script->packets)
		next_phase(c);
}

static void
receive(struct client *c)
{
	ssize_t got = recv(c->fd, c->in + c->have, sizeof c->in - c->have, 0);
	size_t at = 0;

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		fprintf(stderr, "the filter closed a connection\n");
		failed++;
		c->phase = DONE;
		return;
	}
	c->have += (size_t)got;
	while (c->have - at > 0) {
		uint32_t len;
		size_t left = c->have - at;

		if (c->drop > 0) {
			size_t n = c->drop < left ? c->drop : left;
			c->drop -= n;
			at += n;
			continue;
		}
		if (left < 5)
			break;
		memcpy(&len, c->in + at, 4);
		len = ntohl(len);
		if (c->in[at + 4] == 'O' && left < 4u + len)
			break;
		reply(c, c->in[at + 4], c->in + at + 5, len - 1);
		at += 5;
		c->drop = len - 1;
	}
	memmove(c->in, c->in + at, c->have - at);
	c->have -= at;
}

int
main(int argc, char **argv)
{
	const char *path = NULL, *pids = NULL, *from = "alice@example.com";
	int connections = 64, each = 10, opt, port = 0, open_ = 0, ep;
	size_t size = 4096;
	struct client *client;
	static const char offer[] = "\0\0\0\6\0\0\1\377\0\037\377\377";
	double cpu, seconds;
	uint64_t began;

	while ((opt = getopt(argc, argv, "S:P:c:n:s:f:d:m:p:H")) != -1) {
		switch (opt) {
		case 'S':
			path = optarg;
			break;
		case 'P':
			port = atoi(optarg);
			break;
		case 'c':
			connections = atoi(optarg);
			break;
		case 'n':
			each = atoi(optarg);
			break;
		case 's':
			size = strtoul(optarg, NULL, 10);
			break;
		case 'f':
			from = optarg;
			break;
		case 'd':
			domains = (unsigned)strtoul(optarg, NULL, 10);
			from = numbered;
			break;
		case 'm':
			file = optarg;
			from = "bounce@far.example";
			break;
		case 'p':
			pids = optarg;
			break;
		case 'H':
			hold = true;
			break;
		default:
			return 2;
		}
	}
	if ((path == NULL && port == 0) || domains > DOMAINS_MAX) {
		fprintf(stderr, "-S socket or -P port; -d up to 10000\n");
		return 2;
	}
	load_raise_limit();
	client = calloc((size_t)connections, sizeof *client);
	latency =
	    calloc((size_t)connections * (size_t)each + 1, sizeof *latency);
	ep = epoll_create1(0);
	if (client == NULL || latency == NULL || ep < 0)
		load_die("start");
	packet(&negotiate, 'O', offer, 12);

	/* One connection first: what is negotiated decides the scripts. */
	cpu = load_cpu_ms(pids);
	began = load_now_ns();
	for (int i = 0; i < connections; i++) {
		struct client *c = &client[i];
		struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

		c->fd = load_dial(path, port);
		fcntl(c->fd, F_SETFL, O_NONBLOCK);
		c->left = each;
		start(c, NEGOTIATE, &negotiate);
		if (i == 0) {
			struct pollfd pfd = {.fd = c->fd, .events = POLLIN};

			send_some(c);
			while (c->waiting && poll(&pfd, 1, 30000) == 1)
				receive(c);
			if (session.packets == 0) {
				fprintf(stderr, "no negotiation\n");
				return 1;
			}
			if (file != NULL)
				make_messages_of_files(from);
			else
				make_message(from, size);
			if (domains > 0 && file == NULL)
				find_places();
		}
		send_some(c);
		if (c->want_out)
			ev.events |= EPOLLOUT;
		epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
		open_++;
	}
	while (open_ > 0 && held < (size_t)connections) {
		struct epoll_event ev[256];
		int n = epoll_wait(ep, ev, 256, 60000);

		if (n <= 0) {
			fprintf(stderr, "nothing for 60 s\n");
			return 1;
		}
		for (int i = 0; i < n; i++) {
			struct client *c = ev[i].data.ptr;
			struct epoll_event mod = {.data.ptr = c};

			if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
				receive(c);
			c->want_out = false;
			send_some(c);
			mod.events = c->want_out ? EPOLLIN | EPOLLOUT : EPOLLIN;
			epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &mod);
			if (c->phase == DONE) {
				close(c->fd);
				open_--;
			}
		}
	}
	if (hold) {
		printf("held=%zu\n", held);
		fflush(stdout);
		while (getchar() != EOF)
			;
		return 0;
	}
	seconds = (double)(load_now_ns() - began) / 1e9;
	cpu = load_cpu_ms(pids) - cpu;
	qsort(latency, latencies, sizeof *latency, load_by_value);
	printf("messages=%zu signed=%zu failed=%zu seconds=%.3f rate=%.1f "
	       "p50_ms=%.3f p99_ms=%.3f cpu_ms=%.4f\n",
	    done_messages, signed_messages, failed, seconds,
	    (double)done_messages / seconds,
	    latencies > 0 ? latency[latencies / 2] : 0,
	    latencies > 0 ? latency[latencies * 99 / 100] : 0,
	    done_messages > 0 ? cpu / (double)done_messages : 0);
	return failed == 0 && signed_messages == done_messages ? 0 : 1;
}
