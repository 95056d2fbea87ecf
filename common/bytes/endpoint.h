/*
 * endpoint.h - where a daemon listens, as the config writes it.
 *
 * "unix:/path" and "inet:address:port" are ours; OpenDKIM's "local:/path",
 * "/path", "inet:port", "inet:port@address" and "inet6:port@address" are
 * understood too, and so is a bare "address:port". Only numeric addresses and
 * the word "localhost" (127.0.0.1; ::1 under inet6) are taken: a listener must
 * not wait for DNS. Opening one is listen.h's affair.
 */
#ifndef POSTSEAL_COMMON_ENDPOINT_H
#define POSTSEAL_COMMON_ENDPOINT_H

#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>

#include "common/bytes/span.h"

struct endpoint {
	union {
		struct sockaddr sa;
		struct sockaddr_un un;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} addr;
	socklen_t len;
};

enum { ENDPOINT_TEXT_MAX = 120 };

/* Text -> endpoint. 0, or -EINVAL with *ret untouched and a static reason. */
int endpoint_parse(
    struct span text, struct endpoint *ret, const char **ret_why);

/* Our own spelling of it into text[ENDPOINT_TEXT_MAX]; returns text. */
const char *endpoint_text(const struct endpoint *e, char *text);

/* True if both are the same socket. */
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

#endif
