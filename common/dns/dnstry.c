#include "common/dns/dnstry.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "common/limits.h"

/*
 * Over UDP or over TCP; over both when the answer to a copy without EDNS was
 * cut and that to one with it may still come whole, as some servers answer the
 * youngest copy first.
 *
 * The trap: heard() may close the try; after it nothing is touched.
 */
struct dns_try {
	struct dns_ports *ports;
	struct dns_server at;
	struct dns_port *port;   /* of UDP, or NULL */
	struct dns_port *old;    /* NULL, or the one before dns_try_renew() */
	bool answered;           /* what was sent from port */
	bool strange;            /* something else came */
	bool cut;                /* an answer was */
	unsigned with_edns;      /* copies sent, less those refused */
	struct bufferevent *tcp; /* or NULL */
	size_t tcp_heard;        /* bytes of the message that heard() has */
	void (*heard)(void *arg, struct span msg, int err);
	void *arg;
	struct dns_question question;
};

/* --- TCP ------------------------------------------------------------------ */

static void
tcp_close(struct dns_try *t)
{
	if (t->tcp == NULL)
		return;
	bufferevent_free(t->tcp);
	dns_ports_tcp(t->ports, -1);
	t->tcp = NULL;
}

static void
tcp_failed(struct dns_try *t, int err)
{
	if (t->port != NULL)
		tcp_close(t);
	else
		t->heard(t->arg, span_of(NULL, 0), err);
}

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
		tcp_failed(t, -ENOMEM);
	else if (dns_question_answered(&t->question, span_skip(msg, 2)))
		t->heard(t->arg, span_skip(msg, 2), 0);
	else
		tcp_failed(t, -EPROTO);
}

static void
tcp_event(struct bufferevent *tcp, short what, void *arg)
{
	struct dns_try *t = arg;

	if ((what & BEV_EVENT_CONNECTED) == 0)
		tcp_failed(t, -ECONNRESET);
}

static int
tcp_send(struct dns_try *t)
{
	unsigned char size[2] = {
	    (unsigned char)(t->question.n >> 8), (unsigned char)t->question.n};

	t->with_edns += t->question.edns;
	return bufferevent_write(t->tcp, size, 2) == 0 &&
	        bufferevent_write(t->tcp, t->question.p, t->question.n) == 0
	    ? 0
	    : -ENOMEM;
}

/* What heard() has is over; there may be more already. */
static void
tcp_go_on(struct dns_try *t)
{
	evbuffer_drain(bufferevent_get_input(t->tcp), t->tcp_heard);
	t->tcp_heard = 0;
	bufferevent_trigger(t->tcp, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}

static int
tcp_connect(struct dns_try *t)
{
	struct sockaddr_storage to;
	socklen_t n;
	int err = dns_server_sockaddr(&t->at, &to, &n);

	if (err != 0)
		return err;
	errno = 0;
	if (bufferevent_socket_connect(
	        t->tcp, (struct sockaddr *)&to, (int)n) != 0)
		return errno != 0 ? -errno : -ENOMEM;
	return 0;
}

/* The message is shown to us when it is whole: two bytes of length, and so many
 * more (tcp_read). */
static int
tcp_open(struct dns_try *t)
{
	int err;

	t->tcp = bufferevent_socket_new(
	    loop_base(dns_ports_loop(t->ports)), -1, BEV_OPT_CLOSE_ON_FREE);
	if (t->tcp == NULL)
		return -ENOMEM;
	dns_ports_tcp(t->ports, 1);
	if (t->port == NULL)
		t->with_edns = 0; /* of those nothing is heard any more */
	bufferevent_setcb(t->tcp, tcp_read, NULL, tcp_event, t);
	bufferevent_setwatermark(t->tcp, EV_READ, 2, 2 + 65535);
	if (tcp_send(t) != 0 || bufferevent_enable(t->tcp, EV_READ) != 0)
		return -ENOMEM;
	err = tcp_connect(t);
	if (dns_ports_spare(t->ports, err))
		err = tcp_connect(t);
	return err;
}

/* --- UDP ------------------------------------------------------------------ */

static void
udp_close(struct dns_try *t)
{
	if (t->old != NULL)
		dns_port_close(t->old);
	if (t->port != NULL && t->answered && !t->strange)
		dns_port_keep(t->port);
	else if (t->port != NULL)
		dns_port_close(t->port);
	t->old = t->port = NULL;
}

static ssize_t
udp_put(const struct dns_try *t)
{
	return send(
	    dns_port_fd(t->port), t->question.p, t->question.n, MSG_NOSIGNAL);
}

/* A packet that cannot be sent now is a lost one; a full table of connections
 * in a firewall of this host says EPERM. */
static int
udp_send(struct dns_try *t)
{
	ssize_t n = udp_put(t);

	t->answered = false;
	t->with_edns += t->question.edns;
	if (n < 0 && errno == ECONNREFUSED) /* of what was sent before */
		n = udp_put(t);
	if (n >= 0 || errno == EAGAIN || errno == ENOBUFS || errno == EPERM ||
	    errno == EINTR)
		return 0;
	return -errno;
}

/* A cut answer is asked for again over TCP, which gets the place of the port if
 * nothing else can come there, or there is no other place. */
static void
udp_cut(struct dns_try *t)
{
	int err;

	if (t->cut) {
		if (t->tcp == NULL) /* it has led to nothing */
			t->heard(t->arg, span_of(NULL, 0), -ECONNRESET);
		return;
	}
	t->cut = true;
	if (t->question.edns || t->with_edns == 0 || dns_ports_full(t->ports))
		udp_close(t);
	err = tcp_open(t);
	if (dns_lack(err)) {
		udp_close(t);
		tcp_close(t);
		err = tcp_open(t);
	}
	if (err != 0)
		tcp_failed(t, dns_lack(err) ? err : -ECONNRESET);
}

/* What does not answer our question is passed over in silence: whoever guesses
 * must not be able to end it. So it goes on after an error, which may be that
 * of an ICMP message: who sends it needs to guess the port alone. */
static void
udp_readable(void *arg, struct dns_port *p)
{
	struct dns_try *t = arg;
	char *in = loop_scratch(dns_ports_loop(t->ports));
	ssize_t n = recv(dns_port_fd(p), in, READ_CHUNK, 0);
	struct span msg = span_of(in, n < 0 ? 0 : (size_t)n);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR && p == t->port &&
		    t->tcp == NULL)
			t->heard(t->arg, span_of(NULL, 0), -ECONNREFUSED);
		return;
	}
	if (!dns_question_answered(&t->question, msg)) {
		t->strange = true;
		return;
	}
	if (dns_question_head(msg).tc) {
		udp_cut(t);
		return;
	}
	t->answered = p == t->port;
	t->heard(t->arg, msg, 0);
}

/* From a port that was kept, or a new one. */
static int
udp_ask(struct dns_try *t)
{
	int err = dns_port_open(t->ports, &t->at, udp_readable, t, &t->port);

	return err != 0 ? err : udp_send(t);
}

/* That nothing can be sent from a port which was kept says nothing of the
 * server: our address may have gone, or an error have waited there. */
static int
udp_open(struct dns_try *t)
{
	int err = udp_ask(t);

	if (err == 0 || t->port == NULL)
		return err;
	udp_close(t);
	dns_ports_clear(t->ports);
	return udp_ask(t);
}

/* --- both ----------------------------------------------------------------- */

int
dns_try_open(struct dns_ports *ports, const struct dns_server *at,
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
	    .ports = ports, .at = *at, .heard = heard, .arg = arg};
	err = dns_ports_id(ports, &id);
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
	tcp_go_on(t);
	return tcp_send(t);
}

bool
dns_try_refused(struct dns_try *t, int *ret_err)
{
	if (t->with_edns == 0)
		return false;
	t->with_edns--;
	*ret_err = 0;
	if (t->question.edns)
		*ret_err = dns_try_plain(t);
	else if (t->tcp != NULL)
		tcp_go_on(t);
	return true;
}

void
dns_try_renew(struct dns_try *t)
{
	struct dns_port *was = t->port;

	if (was == NULL || t->old != NULL || !dns_port_stale(was))
		return;
	dns_ports_clear(t->ports); /* they are no better */
	if (dns_ports_full(t->ports))
		return;
	if (dns_port_open(t->ports, &t->at, udp_readable, t, &t->port) != 0)
		return;
	t->old = was;
	(void)udp_send(t);
}

void
dns_try_close(struct dns_try *t)
{
	if (t == NULL)
		return;
	udp_close(t);
	tcp_close(t);
	free(t);
}
