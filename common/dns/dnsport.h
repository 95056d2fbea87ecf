/*
 * dnsport.h - UDP sockets to name servers. Each is connected to one, and serves
 * one question at a time, then the next: to make a socket costs more than all
 * the rest of a question.
 *
 * Its port is what an attacker must guess beside the id (RFC 5452 section 9.2).
 * So none serves more than DNS_PORT_QUESTIONS questions, nor another one when
 * it is DNS_PORT_MS old; and only one is kept to which nothing came but the
 * answer, which its user has to say.
 */
#ifndef POSTSEAL_COMMON_DNSPORT_H
#define POSTSEAL_COMMON_DNSPORT_H

#include <sys/socket.h>

#include "common/bytes/dnsserver.h"
#include "common/io/loop.h"

struct dns_ports;
struct dns_port;

/* Those that are kept make room for those in use, so that there are not more
 * than max of both. l is borrowed. 0 and *ret owned (dns_ports_free), or
 * -ENOMEM. */
int dns_ports_new(struct loop *l, size_t max, struct dns_ports **ret);

/* The loop that they are in. */
struct loop *dns_ports_loop(const struct dns_ports *ps);

/* An id for a question, which nobody can guess. 0, or -EAGAIN: the system has
 * nothing random. */
int dns_ports_id(struct dns_ports *ps, uint16_t *ret);

/* None may be in use any more. NULL is allowed. */
void dns_ports_free(struct dns_ports *ps);

/*
 * A socket that is connected to that server: what another host sends is dropped
 * by the kernel. readable(arg, port) is called from the loop, never inside a
 * call of this header, when there is something to read.
 *
 * 0 and *ret owned (dns_port_keep or dns_port_close), or -errno: -EMFILE and
 * -ENFILE when no descriptor is left, -EAGAIN when no port, -ENOMEM; others
 * when the server cannot be reached.
 */
int dns_port_open(struct dns_ports *ps, const struct dns_server *at,
    void (*readable)(void *arg, struct dns_port *p), void *arg,
    struct dns_port **ret);

/* Its descriptor, for send(2) and recv(2); it does not block. */
int dns_port_fd(const struct dns_port *p);

/* *Taken*: its question was answered and nothing else came, it may serve
 * another one. Also from readable(). */
void dns_port_keep(struct dns_port *p);

/* *Taken*: it is closed. Also from readable(). */
void dns_port_close(struct dns_port *p);

/* Whether our own address, towards that server, is another one than when the
 * port was made: it may be that no answer comes there any more. */
bool dns_port_stale(const struct dns_port *p);

/* Whether as many are in use as may be: max of dns_ports_new(). */
bool dns_ports_full(const struct dns_ports *ps);

/* Connections by TCP begin or end, so many: they count as ports in use. */
void dns_ports_tcp(struct dns_ports *ps, int change);

/* Closes all that are kept. False: there was none. */
bool dns_ports_clear(struct dns_ports *ps);

/* Whether what failed with err is worth another try: it was for want of
 * descriptors, and those that were kept have left some. */
bool dns_ports_spare(struct dns_ports *ps, int err);

/* Whether err is of what this process or host lacks: -EMFILE, -ENFILE, -EAGAIN
 * (no port), -ENOMEM. It says nothing about a server. */
bool dns_lack(int err);

/* The address of a server for connect(2). 0 and *ret_size, or -ENODEV: there is
 * no interface of that name (RFC 4007 section 11.2). */
int dns_server_sockaddr(const struct dns_server *s,
    struct sockaddr_storage *ret, socklen_t *ret_size);

#endif
