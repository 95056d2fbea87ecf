/*
 * b_spfworst - what the worst legal record costs outside of DNS.
 *
 *   b_spfworst [-n 1000] [-a 1]
 *
 * The record has ten mx of ten hosts each, none of which is the client: 111
 * answers. A stand-in for the resolver gives them: at once, as a warm cache
 * does; or one after the other, each in a callback of its own. -a: so many
 * addresses has each host, in a message as a resolver makes it, read in the
 * callback by dnsmsg.c; with more than are allowed the check ends early, with
 * an error.
 *
 * Prints one line of key=value: microseconds of CPU for a check in both ways,
 * and of the callbacks the longest (of each check; then the median of these, as
 * another process may have had the processor) and how many there are.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dns/dnsmsg.h"
#include "common/dns/dnsname.h"
#include "common/spf/check.h"
#include "tests/support/cputime.h"
#include "tests/support/load.h"

enum {
	MX = 10,
	HOSTS = 10,
	ASKED_MAX = 256,
	ALLOWED = 100, /* addresses of a host, within SPF_ANSWERS_MAX */
	MOST = 4000    /* in a message */
};

struct dns_query {
	void (*got)(void *arg, struct dns_answer *answer);
	void *arg;
	char name[64];
	enum dns_type type;
	bool cancelled;
};

static size_t addresses = 1; /* of a host */
static struct dns_query asked[ASKED_MAX];
static size_t nasked, ndelivered;
static bool at_once, done_called;

static void
die(const char *what)
{
	fprintf(stderr, "b_spfworst: %s\n", what);
	exit(1);
}

/* --- the resolver --------------------------------------------------------- */

/* One allocation, as dnsmsg.c makes them. */
static struct dns_answer *
answer_new(size_t n, struct dns_record **ret, char **ret_text)
{
	struct dns_answer *a = calloc(1, sizeof *a + n * sizeof **ret + 1024);

	if (a == NULL)
		die("out of memory");
	*ret = (struct dns_record *)(a + 1);
	*ret_text = (char *)(*ret + n);
	*a = (struct dns_answer){.status = DNS_FOUND, .n = n, .record = *ret};
	return a;
}

static size_t
put16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
	return 2;
}

/* The addresses of a host: 10.0.0.0 and on. */
static struct dns_answer *
host_answer(struct span name)
{
	static unsigned char msg[65535];
	struct dns_answer *a;
	struct dnsname wire;
	size_t n = 12;

	if (dnsname_parse(name, &wire) != 0)
		die("no name");
	memset(msg, 0, n);
	put16(msg + 2, 0x8180);
	put16(msg + 4, 1);
	put16(msg + 6, (unsigned)addresses);
	memcpy(msg + n, wire.b, wire.n);
	n += wire.n;
	n += put16(msg + n, DNS_A);
	n += put16(msg + n, 1);
	for (size_t i = 0; i < addresses; i++) {
		static const unsigned char head[] = {
		    0xc0, 12, 0, DNS_A, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0};

		memcpy(msg + n, head, sizeof head);
		n += sizeof head;
		n += put16(msg + n, (unsigned)i);
	}
	if (dnsmsg_read(span_of(msg, n), &wire, DNS_A, &a) != 0)
		die("out of memory");
	return a;
}

static struct dns_answer *
answer_to(struct span name, enum dns_type type)
{
	struct dns_record *r;
	struct dns_answer *a;
	char *text;

	switch (type) {
	case DNS_TXT:
		a = answer_new(1, &r, &text);
		strcpy(text, "v=spf1");
		for (int i = 0; i < MX; i++)
			sprintf(text + strlen(text), " mx:m%d.example", i);
		strcat(text, " -all");
		r->txt = span_str(text);
		return a;
	case DNS_MX:
		a = answer_new(HOSTS, &r, &text);
		for (int i = 0; i < HOSTS; i++, text += 32) {
			sprintf(text, "h%d.%.*s", i, (int)name.n, name.p);
			r[i].name = text;
		}
		return a;
	case DNS_A:
	case DNS_AAAA:
	case DNS_PTR:
	case DNS_CNAME:
		break;
	}
	return host_answer(name);
}

enum ask
resolver_ask(struct resolver *r, unsigned turn, struct span name,
    enum dns_type type, void (*got)(void *arg, struct dns_answer *answer),
    void *arg, struct dns_query **ret_query, struct dns_answer **ret_answer)
{
	(void)r;
	if (at_once) {
		*ret_answer = answer_to(name, type);
		return ASK_READY;
	}
	if (nasked == ASKED_MAX)
		die("more questions than the limits allow");
	if (name.n >= sizeof asked->name)
		die("a longer name than was given");
	asked[nasked] =
	    (struct dns_query){.got = got, .arg = arg, .type = type};
	memcpy(asked[nasked].name, name.p, name.n);
	*ret_query = &asked[nasked++];
	return ASK_PENDING;
}

unsigned
resolver_turn(struct resolver *r)
{
	return 0;
}

bool
resolver_busy(const struct resolver *r)
{
	return false;
}

void
resolver_cancel(struct dns_query *q)
{
	q->cancelled = true;
}

/* --- the checks ----------------------------------------------------------- */

static void
done(void *arg, const struct check_result *r)
{
	struct loop *l = arg;
	bool allowed = addresses <= ALLOWED;

	if (allowed && (r->result != SPF_FAIL || r->lookups != MX))
		die("not the result of this record");
	if (!allowed && r->result != SPF_TEMPERROR)
		die("a result without all addresses");
	done_called = true;
	loop_stop(l);
}

/* One check; returns its longest callback. */
static double
check(struct loop *l)
{
	struct check_input in = {.subject.sender = span_str("u@worst.example"),
	    .subject.helo = span_str("mail.worst.example"),
	    .void_max = 2,
	    .prefetch = true,
	    .identity = IDENTITY_MAIL_FROM};
	struct check *c;
	double longest = 0;

	nasked = ndelivered = 0;
	done_called = false;
	if (ip_parse(span_str("203.0.113.77"), &in.subject.client) != 0 ||
	    check_start(l, NULL, &in, done, l, &c) != 0)
		die("check_start");
	while (!at_once && !done_called) {
		struct dns_query q = asked[ndelivered++];
		double began = cputime_us(), took;

		if (ndelivered > nasked)
			die("the check waits for nothing");
		if (!q.cancelled)
			q.got(q.arg, answer_to(span_str(q.name), q.type));
		took = cputime_us() - began;
		longest = took > longest ? took : longest;
	}
	if (at_once && loop_run(l) != 0)
		die("loop_run");
	return longest;
}

int
main(int argc, char **argv)
{
	double ready, apart, began, *longest;
	struct loop *l;
	int opt, n = 1000;

	while ((opt = getopt(argc, argv, "n:a:")) != -1) {
		if (opt == 'n')
			n = atoi(optarg);
		else if (opt == 'a')
			addresses = (size_t)atoi(optarg);
		else
			return 2;
	}
	if (addresses < 1 || addresses > MOST)
		return 2;
	longest = calloc((size_t)n, sizeof *longest);
	if (n < 1 || longest == NULL || loop_new(&l) != 0)
		die("start");
	at_once = true;
	began = cputime_us();
	for (int i = 0; i < n; i++)
		check(l);
	ready = (cputime_us() - began) / n;
	at_once = false;
	began = cputime_us();
	for (int i = 0; i < n; i++)
		longest[i] = check(l);
	apart = (cputime_us() - began) / n;
	qsort(longest, (size_t)n, sizeof *longest, load_by_value);
	printf("ready_us=%.1f apart_us=%.1f callbacks=%zu callback_us=%.1f\n",
	    ready, apart, nasked, longest[n / 2]);
	free(longest);
	loop_free(l);
	return 0;
}
