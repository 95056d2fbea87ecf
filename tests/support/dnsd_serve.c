#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/dnsd.h"
#include "tests/support/zone.h"

enum {
	CLIENTS_MAX = 512, /* TCP connections; more are closed at once */
	POLLED_MAX = 3 + CLIENTS_MAX,
	BUCKETS = 4096,
	HEADER = 12,
	EDNS_OPT = 41
};

/* A TCP client: what it has sent of its next query. */
struct client {
	int fd; /* -1: a free slot */
	unsigned generation;
	size_t n;
	unsigned char in[2 + 1024];
};

/* An answer that waits for its time. */
struct reply {
	struct reply *next;
	uint64_t due; /* us */
	struct sockaddr_storage to;
	socklen_t size; /* 0: over TCP */
	size_t client;
	unsigned generation;
	size_t n;
	unsigned char p[];
};

struct tally {
	struct tally *next;
	unsigned type, udp, tcp;
	size_t n;
	unsigned char name[ZONE_WIRE_MAX];
};

struct server {
	struct zone *zone;
	struct sockaddr_storage address;
	socklen_t size;
	int udp, tcp, in, out;
	bool mute;
	uint64_t clock; /* us, as it was told; 0: its own */
	struct {
		bool formerr, tcponly, drop, big, notcp, half, tcpcut, ad,
		    forged, lame, ednsfail, notimp, all, tcpid, tcpname;
	} mode;
	unsigned delay;   /* ms */
	bool port[65536]; /* a query came from it */
	struct client client[CLIENTS_MAX];
	size_t clients;             /* slots used up to now */
	struct reply *first, *last; /* by due */
	struct tally *tally[BUCKETS];
	char *text; /* commands, read up to text_n */
	size_t text_n, text_cap;
	unsigned char reply[ZONE_MESSAGE_MAX];
};

static uint64_t
now_us(const struct server *s)
{
	struct timespec t;

	if (s->clock != 0)
		return s->clock;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- counts --------------------------------------------------------------- */

static struct tally *
tally_of(struct server *s, const unsigned char *name, size_t n, unsigned type)
{
	uint32_t h = 2166136261u + type;
	struct tally **at, *t;

	for (size_t i = 0; i < n; i++)
		h = (h ^ name[i]) * 16777619u;
	at = &s->tally[h % BUCKETS];
	for (t = *at; t != NULL; t = t->next) {
		if (t->type == type && t->n == n &&
		    memcmp(t->name, name, n) == 0)
			return t;
	}
	t = calloc(1, sizeof *t);
	if (t == NULL)
		abort();
	t->type = type;
	t->n = n;
	memcpy(t->name, name, n);
	t->next = *at;
	return *at = t;
}

static void
tally_forget(struct server *s)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct tally *t;

		while ((t = s->tally[i]) != NULL) {
			s->tally[i] = t->next;
			free(t);
		}
	}
	memset(s->port, 0, sizeof s->port);
}

static void
tally_total(const struct server *s, unsigned *udp, unsigned *tcp)
{
	*udp = *tcp = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (const struct tally *t = s->tally[i]; t != NULL;
		     t = t->next) {
			*udp += t->udp;
			*tcp += t->tcp;
		}
	}
}

/* --- the port ------------------------------------------------------------- */

static void
port_close(struct server *s)
{
	close(s->udp);
	close(s->tcp);
	s->udp = s->tcp = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (s->client[i].fd >= 0)
			close(s->client[i].fd);
		s->client[i].fd = -1;
		s->client[i].generation++;
	}
}

static int
socket_open(struct server *s, int kind)
{
	int fd = socket(
	    s->address.ss_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, room = 4 * 1024 * 1024;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (kind == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&s->address, s->size) != 0 ||
	    (kind == SOCK_STREAM && listen(fd, 128) != 0)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* UDP takes any port when none is given; TCP then needs the same one, which may
 * be taken: another pair is tried. */
static int
port_open(struct server *s)
{
	struct sockaddr_storage wanted = s->address;
	int err = 0;

	for (int tries = 0; tries < 50; tries++) {
		s->address = wanted;
		s->udp = socket_open(s, SOCK_DGRAM);
		if (s->udp < 0)
			return s->udp;
		s->size = sizeof s->address;
		getsockname(s->udp, (struct sockaddr *)&s->address, &s->size);
		s->tcp = socket_open(s, SOCK_STREAM);
		if (s->tcp >= 0)
			return 0;
		err = s->tcp;
		close(s->udp);
		s->udp = -1;
	}
	return err;
}

static int
address_set(struct server *s, const char *address, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&s->address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&s->address;
	const char *scope = strchr(address, '%');
	char without[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		s->size = sizeof *in;
		return 0;
	}
	snprintf(without, sizeof without, "%.*s", (int)strcspn(address, "%"),
	    address);
	if (inet_pton(AF_INET6, without, &in6->sin6_addr) != 1)
		return -EINVAL;
	if (scope != NULL)
		in6->sin6_scope_id = if_nametoindex(scope + 1);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	s->size = sizeof *in6;
	return 0;
}

/* --- answers -------------------------------------------------------------- */

/* What somebody who wants to be believed would send. */
static void
forged_send(struct server *s, const struct reply *r)
{
	static const struct {
		size_t at;
		unsigned char flip;
	} row[] = {{0, 1}, {1, 128}, {2, 128}, {2, 8}, {HEADER + 1, 1}};
	unsigned char copy[ZONE_MESSAGE_MAX];
	int other;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		memcpy(copy, r->p + 2, r->n - 2);
		copy[row[i].at] ^= row[i].flip;
		sendto(s->udp, copy, r->n - 2, 0,
		    (const struct sockaddr *)&r->to, r->size);
	}
	sendto(
	    s->udp, r->p + 2, 5, 0, (const struct sockaddr *)&r->to, r->size);
	memcpy(copy, r->p + 2, r->n - 2);
	copy[3] = 0x83; /* RA, NXDOMAIN */
	other = socket(s->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	sendto(
	    other, copy, r->n - 2, 0, (const struct sockaddr *)&r->to, r->size);
	close(other);
}

static void
reply_send(struct server *s, const struct reply *r)
{
	struct client *c = &s->client[r->client];
	size_t done = 0, size = s->mode.half ? r->n / 2 : r->n;

	if (r->size > 0) {
		if (s->udp >= 0 && s->mode.forged)
			forged_send(s, r);
		if (s->udp >= 0)
			sendto(s->udp, r->p + 2, r->n - 2, 0,
			    (const struct sockaddr *)&r->to, r->size);
		return;
	}
	if (c->fd < 0 || c->generation != r->generation)
		return;
	while (done < size) {
		struct pollfd p = {.fd = c->fd, .events = POLLOUT};
		ssize_t n = send(c->fd, r->p + done, size - done, MSG_NOSIGNAL);

		if (n < 0 && (errno != EAGAIN || poll(&p, 1, 1000) <= 0))
			return;
		if (n > 0)
			done += (size_t)n;
	}
	if (s->mode.half)
		shutdown(c->fd, SHUT_WR);
}

static void
replies_due(struct server *s)
{
	struct reply *r;

	while ((r = s->first) != NULL && r->due <= now_us(s)) {
		s->first = r->next;
		if (s->first == NULL)
			s->last = NULL;
		reply_send(s, r);
		free(r);
	}
}

static void
reply_queue(struct server *s, struct reply *r)
{
	struct reply **at = &s->first;

	/* Nearly always the last, as delays are mostly the same. */
	if (s->last != NULL && s->last->due <= r->due) {
		s->last = s->last->next = r;
		return;
	}
	while (*at != NULL && (*at)->due <= r->due)
		at = &(*at)->next;
	r->next = *at;
	*at = r;
	if (r->next == NULL)
		s->last = r;
}

/* What the client takes over UDP: 512, or what its EDNS record says. */
static size_t
udp_room(const unsigned char *query, size_t n, size_t question)
{
	const unsigned char *opt = query + HEADER + question;
	size_t room = 512;

	if (n >= HEADER + question + 11 && opt[0] == 0 && opt[1] == 0 &&
	    opt[2] == EDNS_OPT)
		room = (size_t)opt[3] << 8 | opt[4];
	return room < 512 ? 512 : room;
}

static size_t
question_size(const unsigned char *query, size_t n)
{
	size_t at = HEADER;

	while (at < n && query[at] != 0)
		at += 1 + (size_t)query[at];
	return at + 5 <= n ? at + 5 - HEADER : 0;
}

/* Makes the reply's bytes in s->reply. */
static size_t
reply_make(struct server *s, const unsigned char *query, size_t n, size_t room,
    const struct zone_words *words)
{
	size_t question = question_size(query, n);
	size_t size = zone_reply(s->zone, query, n, room, s->reply);

	if (words->status == ZONE_BOGUS)
		s->reply[3] = 0x82; /* RA, SERVFAIL */
	if (words->status == ZONE_GARBAGE) {
		/* One record is promised, of which two bytes come. */
		size = HEADER + question + 2;
		memcpy(s->reply + size - 2, "\x3f\x3f", 2);
		s->reply[3] = 0x80;
		memcpy(s->reply + 6, "\0\1\0\0\0\0", 6);
	}
	if (words->status == ZONE_BOGUS ||
	    (words->truncate && room < ZONE_MESSAGE_MAX)) {
		size = HEADER + question;
		memset(s->reply + 6, 0, 6);
	}
	if (words->truncate && room < ZONE_MESSAGE_MAX)
		s->reply[2] |= 2;
	return size;
}

/* What it says of all questions, or of those with EDNS; 0: nothing special. */
static unsigned char
mode_rcode(const struct server *s, bool edns, bool tcp)
{
	if (!edns && !s->mode.all)
		return 0;
	if (s->mode.formerr || (s->mode.tcponly && tcp))
		return 1;
	if (s->mode.ednsfail)
		return 2;
	return s->mode.notimp ? 4 : 0;
}

static void
query_take(struct server *s, const unsigned char *query, size_t n,
    const struct reply *to)
{
	size_t question, room, size;
	unsigned char name[ZONE_WIRE_MAX];
	struct zone_words words;
	struct tally *tally;
	struct reply *r;
	unsigned char rcode;
	unsigned type;
	bool edns;

	/* zone_reply() knows what is a query. */
	if (zone_reply(s->zone, query, n, ZONE_MESSAGE_MAX, s->reply) == 0)
		return;
	question = question_size(query, n);
	for (size_t i = 0; i < question - 4; i++)
		name[i] = span_lower(query[HEADER + i]);
	type = (unsigned)query[HEADER + question - 4] << 8 |
	    query[HEADER + question - 3];
	tally = tally_of(s, name, question - 4, type);
	if (to->size > 0) {
		s->port[ntohs(
		    ((const struct sockaddr_in *)&to->to)->sin_port)] = true;
		tally->udp++;
	} else {
		tally->tcp++;
	}
	words = zone_words(s->zone, name, type);
	edns = n > HEADER + question;
	if (s->mute || words.status == ZONE_TIMEOUT ||
	    words.status == ZONE_SILENT || (edns && s->mode.drop))
		return;
	room = to->size > 0 && !s->mode.big ? udp_room(query, n, question)
	                                    : ZONE_MESSAGE_MAX;
	size = reply_make(s, query, n, room, &words);
	rcode = mode_rcode(s, edns, to->size == 0);
	if (rcode != 0) {
		size = HEADER + question;
		s->reply[3] = 0x80 | rcode; /* RA */
		memset(s->reply + 6, 0, 6);
	}
	if (s->mode.tcpcut && to->size == 0)
		s->reply[2] |= 2; /* TC */
	if (s->mode.tcpid && to->size == 0)
		s->reply[0] ^= 1;
	if (s->mode.tcpname && to->size == 0)
		s->reply[HEADER + 1] ^= 1;
	if (s->mode.lame) {
		size = HEADER + question;
		s->reply[2] &= 0x81; /* not AA */
		s->reply[3] = 0;     /* not RA */
		memset(s->reply + 6, 0, 6);
	}
	if (s->mode.ad && (query[3] & 0x20) != 0)
		s->reply[3] |= 0x20;
	r = malloc(sizeof *r + 2 + size);
	if (r == NULL)
		return;
	*r = *to;
	r->due = now_us(s) + (uint64_t)(s->delay + words.delay) * 1000;
	r->n = size + 2;
	r->p[0] = (unsigned char)(size >> 8);
	r->p[1] = (unsigned char)size;
	memcpy(r->p + 2, s->reply, size);
	reply_queue(s, r);
}

static void
udp_read(struct server *s)
{
	unsigned char query[1024];
	struct reply to = {.next = NULL};
	ssize_t n;

	for (;;) {
		to.size = sizeof to.to;
		n = recvfrom(s->udp, query, sizeof query, 0,
		    (struct sockaddr *)&to.to, &to.size);
		if (n < 0)
			return;
		query_take(s, query, (size_t)n, &to);
	}
}

static void
tcp_accept(struct server *s)
{
	int fd = accept4(s->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	for (size_t i = 0; fd >= 0 && !s->mode.notcp && i < CLIENTS_MAX; i++) {
		if (s->client[i].fd < 0) {
			s->client[i].fd = fd;
			s->client[i].n = 0;
			if (s->clients <= i)
				s->clients = i + 1;
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

static void
tcp_read(struct server *s, size_t i)
{
	struct client *c = &s->client[i];
	struct reply to = {.client = i, .generation = c->generation};
	ssize_t n = recv(c->fd, c->in + c->n, sizeof c->in - c->n, 0);
	size_t size;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		close(c->fd);
		c->fd = -1;
		c->generation++;
		return;
	}
	c->n += (size_t)n;
	while (c->n >= 2 &&
	    c->n >= (size = 2 + ((size_t)c->in[0] << 8 | c->in[1]))) {
		query_take(s, c->in + 2, size - 2, &to);
		c->n -= size;
		memmove(c->in, c->in + size, c->n);
	}
}

/* --- commands ------------------------------------------------------------- */

static void
count_say(struct server *s, char *rest)
{
	char *space = strchr(rest, ' ');
	unsigned char name[ZONE_WIRE_MAX];
	const struct tally *t;
	unsigned type;
	size_t n;

	n = space == NULL
	    ? 0
	    : zone_name(span_of(rest, (size_t)(space - rest)), name);
	type = space == NULL ? 0 : zone_type(span_str(space + 1));
	if (n == 0 || type == 0) {
		dprintf(s->out, "bad question\n");
		return;
	}
	t = tally_of(s, name, n, type);
	dprintf(s->out, "%u %u\n", t->udp, t->tcp);
}

static void
ports_say(const struct server *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof s->port; i++)
		n += s->port[i];
	dprintf(s->out, "%u\n", n);
}

static void
total_say(struct server *s)
{
	unsigned udp, tcp;

	tally_total(s, &udp, &tcp);
	dprintf(s->out, "%u %u\n", udp, tcp);
}

static const char *
port_again(struct server *s)
{
	s->mute = false;
	return s->udp >= 0 || port_open(s) == 0 ? NULL : "port is taken";
}

static void
mode_set(struct server *s, const char *words)
{
	s->mode.formerr = strstr(words, "formerr") != NULL;
	s->mode.tcponly = strstr(words, "tcponly") != NULL;
	s->mode.lame = strstr(words, "lame") != NULL;
	s->mode.drop = strstr(words, "drop") != NULL;
	s->mode.big = strstr(words, "big") != NULL;
	s->mode.notcp = strstr(words, "notcp") != NULL;
	s->mode.half = strstr(words, "half") != NULL;
	s->mode.tcpcut = strstr(words, "tcpcut") != NULL;
	s->mode.ad = strstr(words, "ad") != NULL;
	s->mode.ednsfail = strstr(words, "ednsfail") != NULL;
	s->mode.notimp = strstr(words, "notimp") != NULL;
	s->mode.all = strstr(words, "all") != NULL;
	s->mode.tcpid = strstr(words, "tcpid") != NULL;
	s->mode.tcpname = strstr(words, "tcpname") != NULL;
	s->mode.forged = strstr(words, "forged") != NULL;
}

/* What is waited for; [0] are the commands. */
static nfds_t
polled(const struct server *s, struct pollfd *p)
{
	p[0] = (struct pollfd){.fd = s->in, .events = POLLIN};
	p[1] = (struct pollfd){.fd = s->udp, .events = POLLIN};
	p[2] = (struct pollfd){.fd = s->tcp, .events = POLLIN};
	for (size_t i = 0; i < s->clients; i++)
		p[3 + i] =
		    (struct pollfd){.fd = s->client[i].fd, .events = POLLIN};
	return 3 + s->clients;
}

/* What has come, but for the commands. */
static void
take_all(struct server *s, const struct pollfd *p)
{
	size_t clients = s->clients;

	replies_due(s);
	if (p[1].revents != 0)
		udp_read(s);
	for (size_t i = 0; i < clients; i++) {
		if (p[3 + i].revents != 0)
			tcp_read(s, i);
	}
	if (p[2].revents != 0)
		tcp_accept(s);
	replies_due(s);
}

/* It is so late now: acts on all that has come, and says whether anything has,
 * and when the next answer is due (0: none is). */
static void
clock_set(struct server *s, const char *us)
{
	struct pollfd p[POLLED_MAX];
	unsigned busy = 0;
	nfds_t n;

	s->clock = strtoull(us, NULL, 10);
	while (n = polled(s, p), p[0].fd = -1, poll(p, n, 0) > 0) {
		take_all(s, p);
		busy = 1;
	}
	if (s->first != NULL && s->first->due <= s->clock)
		busy = 1;
	replies_due(s);
	dprintf(s->out, "%u %" PRIu64 "\n", busy,
	    s->first == NULL ? 0 : s->first->due);
}

/* Obeys a command that is answered with "ok"; the reason if it cannot. */
static const char *
obey(struct server *s, const char *word, const char *rest, char *why)
{
	if (strcmp(word, "add") == 0)
		return zone_add(s->zone, rest, why) == 0 ? NULL : why;
	if (strcmp(word, "delay") == 0)
		s->delay = (unsigned)strtoul(rest, NULL, 10);
	else if (strcmp(word, "clear") == 0)
		zone_clear(s->zone);
	else if (strcmp(word, "forget") == 0)
		tally_forget(s);
	else if (strcmp(word, "mode") == 0)
		mode_set(s, rest);
	else if (strcmp(word, "mute") == 0)
		s->mute = true;
	else if (strcmp(word, "close") == 0)
		port_close(s);
	else if (strcmp(word, "open") == 0)
		return port_again(s);
	else
		return "command";
	return NULL;
}

static void
command_take(struct server *s, char *line)
{
	char *rest = strchr(line, ' '), why[256];
	const char *bad;

	if (rest == NULL)
		rest = line + strlen(line);
	else
		*rest++ = '\0';
	if (strcmp(line, "count") == 0) {
		count_say(s, rest);
	} else if (strcmp(line, "total") == 0) {
		total_say(s);
	} else if (strcmp(line, "ports") == 0) {
		ports_say(s);
	} else if (strcmp(line, "clock") == 0) {
		clock_set(s, rest);
	} else {
		bad = obey(s, line, rest, why);
		dprintf(s->out, bad == NULL ? "ok\n" : "bad %s\n", bad);
	}
}

/* False at the end of the control stream. */
static bool
commands_read(struct server *s)
{
	ssize_t n;
	char *end;

	if (s->text_cap - s->text_n < 4096) {
		s->text_cap += 64 * 1024;
		s->text = realloc(s->text, s->text_cap);
		if (s->text == NULL)
			abort();
	}
	n = read(s->in, s->text + s->text_n, s->text_cap - s->text_n);
	if (n <= 0)
		return n < 0 && errno == EINTR;
	s->text_n += (size_t)n;
	while ((end = memchr(s->text, '\n', s->text_n)) != NULL) {
		*end = '\0';
		command_take(s, s->text);
		s->text_n -= (size_t)(end + 1 - s->text);
		memmove(s->text, end + 1, s->text_n);
	}
	return true;
}

/* --- the loop ------------------------------------------------------------- */

/* Waits for something to read, or until the first reply is due: benchmarks
 * count the microseconds of a delay. */
static int
wait_for(const struct server *s, struct pollfd *p, nfds_t n)
{
	uint64_t now = now_us(s), us = 0;
	struct timespec t;

	if (s->first == NULL || (s->clock != 0 && s->first->due > now))
		return poll(p, n, -1);
	if (s->first->due > now)
		us = s->first->due - now;
	t = (struct timespec){.tv_sec = (time_t)(us / 1000000),
	    .tv_nsec = (long)(us % 1000000) * 1000};
	return ppoll(p, n, &t, NULL);
}

static bool
serve_once(struct server *s)
{
	struct pollfd p[POLLED_MAX];

	if (wait_for(s, p, polled(s, p)) < 0 && errno != EINTR)
		return false;
	take_all(s, p);
	return p[0].revents == 0 || commands_read(s);
}

int
dnsd_serve(struct zone *z, const char *address, uint16_t port, int in, int out)
{
	struct server *s = calloc(1, sizeof *s);
	struct reply *r;
	int err;

	if (s == NULL)
		abort();
	s->zone = z;
	s->in = in;
	s->out = out;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s->client[i].fd = -1;
	err = address_set(s, address, port);
	if (err == 0)
		err = port_open(s);
	if (err == 0) {
		dprintf(out, "port %u\n",
		    ntohs(((struct sockaddr_in *)&s->address)->sin_port));
		while (serve_once(s))
			continue;
		port_close(s);
	}
	while ((r = s->first) != NULL) {
		s->first = r->next;
		free(r);
	}
	tally_forget(s);
	zone_free(s->zone);
	free(s->text);
	free(s);
	return err;
}
