/*
 * A set of servers is counted by those who use it (nameservers_hold), so a
 * question keeps the one that it began with when resolv.conf changes. The trap
 * is the moment in which who writes that file has emptied it: the old servers
 * go on for a while (has_grace).
 */
#include "common/dns/nameservers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/dns/dnsport.h"
#include "common/dns/resolvconf.h"
#include "common/io/wholefile.h"
#include "common/limits.h"
#include "common/log/log.h"

/* What tells one state of the file from the next, through all links. That it
 * may be read is no part of it: what cannot be is tried at each look. */
struct mark {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

enum { NAMES_NONE = 1 };

struct nameservers_source {
	const char *file; /* NULL: the servers are those of the config */
	unsigned timeout; /* seconds: dns.timeout */
	bool trust_ad, tcp;
	struct nameservers *now; /* NULL: before the first question */
	struct mark mark;        /* of the file that it comes from */
	uint64_t looked;         /* at the file */

	/* What was wrong with it at the last look: 0, NAMES_NONE, or the -errno
	 * of reading it; and the same when `now` was made. Where they differ,
	 * the servers of before go on for a while. */
	int fault, asked_for;
	uint64_t since; /* when the two began to differ */
};

/* A slow server needs a second, but dead servers must not use up the question's
 * time before the last was asked, and one must leave half of it. */
static uint64_t
try_ms(unsigned timeout, unsigned try_timeout, size_t n)
{
	uint64_t all = timeout * UINT64_C(1000), ms = all / (2 * n),
	         own = try_timeout * UINT64_C(1000),
	         least = all / (n < 2 ? 2 : n);

	if (ms > own)
		ms = own;
	if (least > NAMESERVERS_TRY_MS)
		least = NAMESERVERS_TRY_MS;
	return ms > least ? ms : least;
}

static struct nameservers *
set_new(const struct nameservers_source *s, const struct resolvconf *how,
    const struct dns_server *server, size_t n)
{
	struct nameservers *set;

	set = calloc(1, sizeof *set + n * sizeof set->server[0]);
	if (set == NULL)
		return NULL;
	set->refs = 1;
	set->n = n;
	set->try_ms = try_ms(s->timeout, how->timeout, n);
	set->rounds = how->attempts;
	set->rotate = how->rotate;
	set->tcp = s->tcp || how->use_vc;
	set->trust_ad = s->trust_ad || how->trust_ad;
	for (size_t i = 0; i < n; i++)
		set->server[i].at = server[i];
	return set;
}

int
nameservers_source_new(const struct dns_settings *dns, const char *resolv_conf,
    struct nameservers_source **ret)
{
	struct nameservers_source *s = calloc(1, sizeof *s);
	struct resolvconf how;
	size_t n = dns->servers.n;

	if (s == NULL)
		return -ENOMEM;
	s->timeout = dns->timeout;
	s->trust_ad = dns->trust_ad;
	s->tcp = dns->tcp;
	if (n == 0) {
		s->file = resolv_conf;
		*ret = s;
		return 0;
	}
	resolvconf_read(span_str(""), &how); /* its defaults */
	s->now = set_new(
	    s, &how, dns->servers.v, n < NAMESERVERS_MAX ? n : NAMESERVERS_MAX);
	if (s->now == NULL) {
		free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void
nameservers_source_free(struct nameservers_source *s)
{
	if (s == NULL)
		return;
	nameservers_drop(s->now);
	free(s);
}

/* --- resolv.conf ---------------------------------------------------------- */

static struct mark
mark_of(const char *file)
{
	struct stat st;

	if (stat(file, &st) != 0)
		return (struct mark){0};
	return (struct mark){.dev = st.st_dev,
	    .ino = st.st_ino,
	    .size = st.st_size,
	    .changed = st.st_mtim};
}

static bool
mark_equal(const struct mark *a, const struct mark *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec;
}

/* 0, or what is wrong with it; then *ret has the defaults. */
static int
read_file(const char *file, struct resolvconf *ret)
{
	struct wholefile f;
	int err = wholefile_read(file, RESOLVCONF_MAX, &f);

	resolvconf_read(err == 0 ? wholefile_view(&f) : span_str(""), ret);
	if (err != 0)
		return err;
	wholefile_free(&f);
	return ret->n == 0 ? NAMES_NONE : 0;
}

/* The file is as it was at the last look, for all that its mark can tell. */
static bool
is_known(const struct nameservers_source *s, const struct mark *mark)
{
	return s->now != NULL && s->fault >= 0 && s->fault == s->asked_for &&
	    mark_equal(mark, &s->mark);
}

/* Whether the servers of before go on, though the file names none or cannot be
 * read: who writes it may be in the middle of that. */
static bool
has_grace(const struct nameservers_source *s, uint64_t now)
{
	return s->now != NULL && s->fault != 0 && s->fault != s->asked_for &&
	    now - s->since < NAMESERVERS_GRACE_MS;
}

/* Once for each fault. At the start no file, and none that it names, are how
 * that is wanted on some hosts (resolv.conf(5)), where each process would say
 * it. */
static void
tell(const struct nameservers_source *s)
{
	if (s->fault == 0 || s->fault == s->asked_for)
		return;
	if (s->fault == NAMES_NONE && s->now != NULL)
		log_event(LOG_WARNING, "resolver",
		    "%s names no server: 127.0.0.1 is asked", s->file);
	else if (s->fault < 0 && (s->now != NULL || s->fault != -ENOENT))
		log_event(LOG_WARNING, "resolver",
		    "%s cannot be read: %s; 127.0.0.1 is asked", s->file,
		    s->fault == -EMEDIUMTYPE ? "not a regular file"
		                             : strerror(-s->fault));
}

static bool
set_equal(const struct nameservers *a, const struct nameservers *b)
{
	if (a->n != b->n || a->try_ms != b->try_ms || a->rounds != b->rounds ||
	    a->rotate != b->rotate || a->tcp != b->tcp ||
	    a->trust_ad != b->trust_ad)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!dns_server_equal(&a->server[i].at, &b->server[i].at))
			return false;
	}
	return true;
}

/* The mark is of before the reading: what changes meanwhile is read again.
 * Without memory the old servers do, and the next look tries again. */
static void
look(struct nameservers_source *s, uint64_t now)
{
	static const struct dns_server localhost = {
	    .ip = {.family = AF_INET, .b = {127, 0, 0, 1}}, .port = DNS_PORT};
	struct mark mark = mark_of(s->file);
	struct nameservers *set;
	struct resolvconf conf;
	int fault;

	s->looked = now;
	if (is_known(s, &mark))
		return;
	fault = read_file(s->file, &conf);
	if (dns_lack(fault))
		return; /* it says nothing of the file */
	if (s->fault == s->asked_for)
		s->since = now;
	s->fault = fault;
	if (has_grace(s, now))
		return;
	set = fault == 0 ? set_new(s, &conf, conf.server, conf.n)
	                 : set_new(s, &conf, &localhost, 1);
	if (set == NULL)
		return;
	tell(s);
	s->mark = mark;
	s->asked_for = fault;
	if (s->now != NULL && set_equal(set, s->now)) {
		nameservers_drop(set); /* it does not know who is silent */
		return;
	}
	nameservers_drop(s->now);
	s->now = set;
}

struct nameservers *
nameservers_now(struct nameservers_source *s, uint64_t now)
{
	if (s->file != NULL &&
	    (s->now == NULL || now - s->looked >= NAMESERVERS_LOOK_MS))
		look(s, now);
	return s->now == NULL ? NULL : nameservers_hold(s->now);
}

struct nameservers *
nameservers_hold(struct nameservers *set)
{
	set->refs++;
	return set;
}

void
nameservers_drop(struct nameservers *set)
{
	if (set != NULL && --set->refs == 0)
		free(set);
}

void
nameserver_heard(struct nameserver *server, uint64_t now)
{
	server->heard = now;
	server->silent = 0;
}

void
nameservers_order(const struct nameservers *set, unsigned turn, uint64_t now,
    unsigned char *order)
{
	size_t first = set->rotate ? turn % set->n : 0, at = 0;

	for (int silent = 0; silent < 2; silent++) {
		for (size_t i = 0; i < set->n; i++) {
			size_t k = (first + i) % set->n;

			if ((set->server[k].silent > now) == silent)
				order[at++] = (unsigned char)k;
		}
	}
}
