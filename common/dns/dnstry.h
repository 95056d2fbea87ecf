/*
 * dnstry.h - one question at one server: by UDP, and by TCP when the answer was
 * cut.
 *
 * Each has a connected socket to itself (dnsport.h): only that server's
 * packets, and its refusals, come in. What does not answer the question is
 * passed over. There is no time-out: who asks closes it, and until then a late
 * answer counts.
 */
#ifndef POSTSEAL_COMMON_DNSTRY_H
#define POSTSEAL_COMMON_DNSTRY_H

#include "common/bytes/dnsserver.h"
#include "common/dns/dnsport.h"
#include "common/dns/dnsquestion.h"

struct dns_try;

/*
 * Puts the question (dnsquestion.h) for name and type, with an id of its own.
 * ports are of the loop that waits, and borrowed until it is closed.
 *
 * heard(arg, msg, err) is called from the loop, never inside a call of this
 * header: with err 0 and a message that answers, borrowed until it returns; or
 * with an empty one and -ECONNREFUSED when the net says that nobody is there,
 * which may be forged, so an answer still counts; or with another -errno when
 * none can come any more (-ECONNRESET, -EPROTO: by TCP; or dns_lack()). After
 * the last only dns_try_close() is allowed.
 *
 * 0 and *ret owned (dns_try_close), or -errno: -EMFILE and -ENFILE when no
 * descriptor is left, -EAGAIN when no port, -ENOMEM; others when the server
 * cannot be reached.
 */
int dns_try_open(struct dns_ports *ports, const struct dns_server *at,
    const struct dnsname *name, unsigned type, unsigned flags, bool tcp,
    void (*heard)(void *arg, struct span msg, int err), void *arg,
    struct dns_try **ret);

/* Puts it once more, without EDNS: from the same port, or on the same
 * connection. Also from heard(). 0, or -errno: no answer can come any more. */
int dns_try_plain(struct dns_try *t);

/* Its answer is late. Where our own address has changed since it was put, it is
 * put once more, from a new port; what comes to the old one still counts. */
void dns_try_renew(struct dns_try *t);

/* The answer was an RCODE that may be for EDNS: FORMERR or NOTIMP (RFC 6891
 * section 7), or SERVFAIL (RFC 2671 section 5.3). True where a copy was sent
 * with it: then the question is out without it, and *ret_err as dns_try_plain()
 * returns. Once for each such copy. */
bool dns_try_refused(struct dns_try *t, int *ret_err);

/* Also from its own heard(). NULL is allowed. */
void dns_try_close(struct dns_try *t);

#endif
