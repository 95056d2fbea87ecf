/* Real: no fake stands in for the loop and the sockets. */
/* One question at a scripted server: what counts as its answer, and what is no
 * failure. */
#include "common/dns/dnstry.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/bytes/buf.h"
#include "common/dns/dnsanswer.h"
#include "tests/support/clock.h"
#include "tests/support/descriptors.h"
#include "tests/support/dnsd.h"
#include "tests/support/pause.h"
#include "tests/support/suite.h"
#include "tests/support/unsent.h"

enum { PORTS = 10, NOTHING = 1 /* no errno, and no answer */ };

struct world {
	struct dnsd *server;
	struct dns_server at;
	struct loop *loop;
	struct dns_ports *ports;
};

/* One question, and how it ended: 0, -errno, or NOTHING yet. */
struct one {
	struct dns_try *try;
	int heard;
};

static void
begin(struct world *w, const char *zone)
{
	clock_script();
	w->server = dnsd_start(zone);
	w->at = (struct dns_server){
	    .ip = ip_bytes("\177\0\0\1", 4), .port = dnsd_port(w->server)};
	CU_ASSERT_FATAL(loop_new(&w->loop) == 0);
	CU_ASSERT_FATAL(dns_ports_new(w->loop, PORTS, &w->ports) == 0);
}

static void
end(struct world *w)
{
	dns_ports_free(w->ports);
	loop_free(w->loop);
	dnsd_stop(w->server);
}

static void
heard(void *arg, struct span msg, int err)
{
	struct one *o = arg;

	(void)msg;
	CHECK(o->heard == NOTHING && err <= 0);
	o->heard = err;
	dns_try_close(o->try);
	o->try = NULL;
}

/* Puts the question for a.example; what dns_try_open() says. */
static int
put(struct world *w, struct one *o, bool tcp)
{
	struct dnsname name;

	*o = (struct one){.heard = NOTHING};
	CU_ASSERT_FATAL(dnsname_parse(span_str("a.example"), &name) == 0);
	return dns_try_open(w->ports, &w->at, &name, DNS_A,
	    DNS_ASK_RECURSION | DNS_ASK_EDNS, tcp, heard, o, &o->try);
}

/* Whoever plays a server over TCP, or confuses two questions, is not believed:
 * the connection is of no use. So it is where UDP led there. */
static void
strange_answers_over_tcp(void)
{
	static const char cut[] =
	    "a.example A truncate\na.example A 192.0.2.1\n";
	static const struct {
		const char *mode;
		int heard;
	} row[] = {{"", 0}, {"tcpid", -EPROTO}, {"tcpname", -EPROTO}};
	struct world w;
	struct one o;

	begin(&w, cut);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].mode);
		dnsd_mode(w.server, row[i].mode);
		for (int tcp = 0; tcp < 2; tcp++) {
			CU_ASSERT_FATAL(put(&w, &o, tcp) == 0);
			pause_loop(w.loop, 100);
			CHECK(o.heard == row[i].heard);
			dns_try_close(o.try);
		}
	}
	suite_row(NULL);
	end(&w);
}

/* A server may answer the youngest copy first, and that is the one without
 * EDNS, which is cut. Where TCP leads to nothing, the answer to the other
 * counts. */
static void
a_cut_answer_to_the_plain_copy(void)
{
	static const struct {
		const char *mode;
		unsigned after; /* ms: the answer to the copy with EDNS */
		int heard;
	} row[] = {{"", 40, 0}, {"notcp", 40, 0}, {"half", 40, 0},
	    {"tcpid", 40, 0}, {"notcp", 5000, NOTHING}};
	struct buf zone;
	struct world w;
	struct one o;

	buf_init(&zone, 4096);
	for (int i = 1; i <= 40; i++)
		buf_fmt(&zone, "a.example A 192.0.2.%d\n", i);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].mode);
		begin(&w, buf_text(&zone));
		dnsd_mode(w.server, row[i].mode);
		dnsd_delay(w.server, row[i].after);
		CU_ASSERT_FATAL(put(&w, &o, false) == 0);
		pause_loop(w.loop, 10);
		dnsd_delay(w.server, 0);
		CU_ASSERT_FATAL(dns_try_plain(o.try) == 0);
		pause_loop(w.loop, 100);
		CHECK(o.heard == row[i].heard);
		dns_try_close(o.try);
		end(&w);
	}
	suite_row(NULL);
	buf_free(&zone);
}

/* While it is not 0, no connection by TCP can be begun, for that reason. */
static int unconnected_why;

/* Takes the place of libc's. */
int failing_connect(int fd, const struct sockaddr *to, socklen_t n) __asm__(
    "connect");

int
failing_connect(int fd, const struct sockaddr *to, socklen_t n)
{
	socklen_t size = sizeof(int);
	int type = 0;

	if (unconnected_why != 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
	    type == SOCK_STREAM) {
		errno = unconnected_why;
		return -1;
	}
	return (int)syscall(SYS_connect, fd, to, n);
}

/* The server has said that there is an answer: it does not come by TCP,
 * whatever the reason, if that is not what we lack. */
static void
cut_and_no_connection(void)
{
	static const struct {
		int why, heard;
	} row[] = {{ECONNREFUSED, -ECONNRESET}, {EADDRNOTAVAIL, -ECONNRESET},
	    {EPERM, -ECONNRESET}, {ENETUNREACH, -ECONNRESET}, {EAGAIN, -EAGAIN},
	    {EMFILE, -EMFILE}};
	struct world w;
	struct one o;

	begin(&w, "a.example A truncate\na.example A 192.0.2.1\n");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(strerror(row[i].why));
		unconnected_why = row[i].why;
		CU_ASSERT_FATAL(put(&w, &o, false) == 0);
		pause_loop(w.loop, 100);
		CHECK(o.heard == row[i].heard);
		dns_try_close(o.try);
	}
	unconnected_why = 0;
	suite_row(NULL);
	end(&w);
}

/* Full queues, and full tables of firewalls, lose packets, as a net does: the
 * next copy may get through. What else stops it is told at once. */
static void
what_cannot_be_sent_now_is_lost(void)
{
	static const struct {
		int why;
		bool lost;
	} row[] = {{EAGAIN, true}, {ENOBUFS, true}, {EINTR, true},
	    {EPERM, true}, {ENETUNREACH, false}, {EHOSTUNREACH, false}};
	struct world w;
	struct one o;

	begin(&w, "a.example A 192.0.2.1\n");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(strerror(row[i].why));
		unsent_why = row[i].why;
		unsent = row[i].lost ? 1 : 2; /* another port is tried */
		CHECK(put(&w, &o, false) == (row[i].lost ? 0 : -row[i].why));
		CHECK(unsent == 0);
		if (!row[i].lost)
			CU_ASSERT_FATAL(put(&w, &o, false) == 0);
		unsent = 1;
		CHECK(dns_try_plain(o.try) == (row[i].lost ? 0 : -row[i].why));
		pause_loop(w.loop, 100);
		CHECK(o.heard == (row[i].lost ? NOTHING : 0));
		if (row[i].lost) {
			CHECK(dns_try_plain(o.try) == 0);
			pause_loop(w.loop, 100);
			CHECK(o.heard == 0);
		}
		dns_try_close(o.try);
	}
	suite_row(NULL);
	end(&w);
}

/* With no descriptor left, that of a port which is kept serves for TCP. */
static void
a_kept_port_makes_room_for_tcp(void)
{
	struct rlimit old;
	struct world w;
	struct one o, other;
	int next;

	begin(&w, "a.example A 192.0.2.1\n");
	CU_ASSERT_FATAL(put(&w, &o, false) == 0);
	pause_loop(w.loop, 100);
	dns_try_close(o.try); /* its port is kept */
	next = dup(0);        /* all below it are in use */
	old = descriptors_limit((rlim_t)next);
	CHECK(put(&w, &o, true) == 0);
	CHECK(put(&w, &other, true) == -EMFILE); /* none is kept now */
	descriptors_back(&old);
	close(next);
	pause_loop(w.loop, 100);
	CHECK(o.heard == 0);
	dns_try_close(o.try);
	end(&w);
}

/* So does that of the port where the answer to a copy may still come. */
static void
a_waiting_port_makes_room_for_tcp(void)
{
	struct rlimit old;
	struct world w;
	struct one o;
	int next;

	begin(&w, "a.example A truncate\na.example A 192.0.2.1\n");
	dnsd_delay(w.server, 40);
	CU_ASSERT_FATAL(put(&w, &o, false) == 0);
	CU_ASSERT_FATAL(dns_try_plain(o.try) == 0);
	pause_loop(w.loop, 10);
	next = dup(0);
	old = descriptors_limit((rlim_t)next);
	pause_loop(w.loop, 60);
	descriptors_back(&old);
	close(next);
	pause_loop(w.loop, 100);
	CHECK(o.heard == 0);
	dns_try_close(o.try);
	end(&w);
}

SUITE("dnstry", T(strange_answers_over_tcp), T(a_cut_answer_to_the_plain_copy),
    T(cut_and_no_connection), T(what_cannot_be_sent_now_is_lost),
    T(a_kept_port_makes_room_for_tcp), T(a_waiting_port_makes_room_for_tcp))
