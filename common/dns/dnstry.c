#include "common/dns/dnstry.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/limits.h"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/*
 * The trick: libevent's structs are part of this one, so that a question costs
 * one allocation. The trap: heard() may close the try; after it nothing is
 * touched.
 */
struct dns_try {
	struct loop *loop;
	struct dns_server at;
	int fd;                  /* of UDP; -1: over TCP */
	struct event readable;   /* of fd */
	struct bufferevent *tcp; /* NULL: over UDP */
	size_t tcp_heard;        /* bytes of the message that heard() has */
	void (*heard)(void *arg, struct span msg, int err);
	void *arg;
	struct dns_question question;
};

/* The number of an interface, by its name or written as such (RFC 4007 section
 * 11.2); 0: there is none. */
static uint32_t
scope_of(const char *scope)
{
	unsigned long n = if_nametoindex(scope);
	char *end;

	if (n != 0 || scope[0] < '0' || scope[0] > '9')
		return (uint32_t)n;
	n = strtoul(scope, &end, 10);
	return *end == '\0' && n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* 0 and *ret_size, or -ENODEV: there is no interface of that name. */
static int
address_of(const struct dns_server *s, union address *ret, socklen_t *ret_size)
{
	*ret = (union address){.any = {.sa_family = AF_UNSPEC}};
	if (s->ip.family == AF_INET) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(s->port);
		memcpy(&ret->in.sin_addr, s->ip.b, 4);
		*ret_size = sizeof ret->in;
		return 0;
	}
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons(s->port);
	memcpy(&ret->in6.sin6_addr, s->ip.b, 16);
	*ret_size = sizeof ret->in6;
	if (s->scope[0] != '\0') {
		ret->in6.sin6_scope_id = scope_of(s->scope);
		if (ret->in6.sin6_scope_id == 0)
			return -ENODEV;
	}
	return 0;
}

/* --- TCP ------------------------------------------------------------------ */

/* Length and message, RFC 1035 section 4.2.2. */
static void
tcp_read(struct bufferevent *tcp, void *arg)
{
	struct dns_try *t = arg;
	struct evbuffer *in = bufferevent_get_input(tcp);
	unsigned char size[2];
	size_t n;
	struct span msg;

	if (evbuffer_copyout(in, size, 2) != 2)
		return;
	n = (size_t)size[0] << 8 | size[1];
	if (evbuffer_get_length(in) < 2 + n)
		return;
	msg = span_of(evbuffer_pullup(in, (ev_ssize_t)(2 + n)), 2 + n);
	t->tcp_heard = msg.n;
	if (msg.p == NULL)
		t->heard(t->arg, span_of(NULL, 0), -ENOMEM);
	else if (dns_question_answered(&t->question, span_skip(msg, 2)))
		t->heard(t->arg, span_skip(msg, 2), 0);
	else
		t->heard(t->arg, span_of(NULL, 0), -EPROTO);
}

static void
tcp_event(struct bufferevent *tcp, short what, void *arg)
{
	struct dns_try *t = arg;

	if ((what & BEV_EVENT_CONNECTED) == 0)
		t->heard(t->arg, span_of(NULL, 0), -ECONNRESET);
}

static int
tcp_send(struct dns_try *t)
{
	unsigned char size[2] = {
	    (unsigned char)(t->question.n >> 8), (unsigned char)t->question.n};

	return bufferevent_write(t->tcp, size, 2) == 0 &&
	        bufferevent_write(t->tcp, t->question.p, t->question.n) == 0
	    ? 0
	    : -ENOMEM;
}

/* The message is shown to us when it is whole: two bytes of length, and so many
 * more (tcp_read). */
static int
tcp_open(struct dns_try *t)
{
	union address to;
	socklen_t n;
	int err = address_of(&t->at, &to, &n);

	if (err != 0)
		return err;
	t->tcp = bufferevent_socket_new(
	    loop_base(t->loop), -1, BEV_OPT_CLOSE_ON_FREE);
	if (t->tcp == NULL)
		return -ENOMEM;
	bufferevent_setcb(t->tcp, tcp_read, NULL, tcp_event, t);
	bufferevent_setwatermark(t->tcp, EV_READ, 2, 2 + 65535);
	if (tcp_send(t) != 0 || bufferevent_enable(t->tcp, EV_READ) != 0)
		return -ENOMEM;
	errno = 0;
	if (bufferevent_socket_connect(t->tcp, &to.any, (int)n) != 0)
		return errno != 0 ? -errno : -ENOMEM;
	return 0;
}

/* --- UDP ------------------------------------------------------------------ */

static void
udp_close(struct dns_try *t)
{
	if (t->fd < 0)
		return;
	event_del(&t->readable);
	close(t->fd);
	t->fd = -1;
}

/* A packet that cannot be sent now is a lost one. */
static int
udp_send(struct dns_try *t)
{
	if (send(t->fd, t->question.p, t->question.n, MSG_NOSIGNAL) >= 0 ||
	    errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
		return 0;
	return -errno;
}

/* What does not answer our question is passed over in silence: whoever guesses
 * must not be able to end it. A cut answer is asked for again over TCP. */
static void
udp_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dns_try *t = arg;
	char *p = loop_scratch(t->loop);
	ssize_t n = recv(fd, p, READ_CHUNK, 0);
	int err;

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			t->heard(t->arg, span_of(NULL, 0), -errno);
		return;
	}
	if (!dns_question_answered(&t->question, span_of(p, (size_t)n)))
		return;
	if (!dns_question_head(span_of(p, (size_t)n)).tc) {
		t->heard(t->arg, span_of(p, (size_t)n), 0);
		return;
	}
	udp_close(t);
	err = tcp_open(t);
	if (err != 0)
		t->heard(t->arg, span_of(NULL, 0), err);
}

/* A socket for each try: connected, so that the kernel drops what another host
 * sends. */
static int
udp_open(struct dns_try *t)
{
	union address to;
	socklen_t n;
	int err = address_of(&t->at, &to, &n);

	if (err != 0)
		return err;
	t->fd = socket(
	    t->at.ip.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		return -errno;
	/* the kernel picks a port by chance */
	err = connect(t->fd, &to.any, n) != 0 ? -errno : udp_send(t);
	if (err == 0 &&
	    (event_assign(&t->readable, loop_base(t->loop), t->fd,
	         EV_READ | EV_PERSIST, udp_readable, t) != 0 ||
	        event_add(&t->readable, NULL) != 0))
		err = -ENOMEM;
	if (err != 0) {
		close(t->fd);
		t->fd = -1;
	}
	return err;
}

/* --- both ----------------------------------------------------------------- */

int
dns_try_open(struct loop *l, const struct dns_server *at,
    const struct dnsname *name, unsigned type, unsigned flags, bool tcp,
    void (*heard)(void *arg, struct span msg, int err), void *arg,
    struct dns_try **ret)
{
	struct dns_try *t = malloc(sizeof *t);
	uint16_t id;
	int err;

	if (t == NULL)
		return -ENOMEM;
	*t = (struct dns_try){
	    .loop = l, .at = *at, .fd = -1, .heard = heard, .arg = arg};
	err = getrandom(&id, sizeof id, 0) == sizeof id ? 0 : -EAGAIN;
	if (err == 0) {
		dns_question_write(&t->question, name, type, id, flags);
		err = tcp ? tcp_open(t) : udp_open(t);
	}
	if (err != 0) {
		dns_try_close(t);
		return err;
	}
	*ret = t;
	return 0;
}

int
dns_try_plain(struct dns_try *t)
{
	dns_question_plain(&t->question);
	if (t->tcp == NULL)
		return udp_send(t);
	evbuffer_drain(bufferevent_get_input(t->tcp), t->tcp_heard);
	t->tcp_heard = 0;
	return tcp_send(t);
}

bool
dns_try_has_edns(const struct dns_try *t)
{
	return t->question.edns;
}

void
dns_try_close(struct dns_try *t)
{
	if (t == NULL)
		return;
	udp_close(t);
	if (t->tcp != NULL)
		bufferevent_free(t->tcp);
	free(t);
}
