/*
 * origin.h - where the messages of a milter connection come from. (pure)
 *
 * The SMTP client as CONNECT names it, and the macros that belong to the
 * connection. Whether it may have mail signed is choose.c's affair. A name that
 * is too long for DNS is as good as none.
 */
#ifndef POSTSEAL_COMMON_ORIGIN_H
#define POSTSEAL_COMMON_ORIGIN_H

#include "common/bytes/domain.h"
#include "common/bytes/ip.h"
#include "common/io/own.h"
#include "common/milter/command.h"

struct origin {
	struct ip client;
	struct ip server; /* {daemon_addr}: where Postfix took the connection */
	bool server_known;
	bool known;      /* false: the MTA gave no address */
	char daemon[64]; /* macro {daemon_name}, cut to that; "" when absent */
	char name[DOMAIN_MAX + 1]; /* of the client, "" when there is none */
	char host[DOMAIN_MAX + 1]; /* macro j: the MTA's own name, or "" */
	char helo[DOMAIN_MAX + 1]; /* as in HELO; "" where it is not sent */
};

/* Nothing is known. */
void origin_init(struct origin *o);

/*
 * What CONNECT says (c->type is SMFIC_CONNECT). A client on a socket file is
 * this machine, 127.0.0.1; so is sendmail(1), which Postfix announces as such.
 * What is no address (family U, XCLIENT ADDR=[UNAVAILABLE]) is unknown.
 */
void origin_connect(struct origin *o, const struct command *c);

/* What HELO says. A second one, behind STARTTLS, counts. */
void origin_helo(struct origin *o, struct span name);

/* A macro. {client_addr} counts only as long as no address is known. False when
 * it is not about the connection. */
bool origin_macro(struct origin *o, struct span name, struct span value);

/* True if the client has an address of this host, and Postfix runs here, too.
 * In a container it does not, and sees strangers from the address of the host
 * that hands their connections on. */
bool origin_is_own(const struct origin *o, const struct own *own);

/* The address into text[IP_TEXT_MAX], or "unknown"; returns text. */
const char *origin_text(const struct origin *o, char *text);

#endif
