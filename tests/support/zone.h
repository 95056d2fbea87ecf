/*
 * zone.h - DNS data as text, and the DNS messages that answer from it.
 *
 * Behind both stand-ins for DNS: tests/support/fake/resolver_zone.c (inside the
 * test program) and dnsd.c (a server on loopback). One record or word a line:
 *
 *     example.com        TXT    "v=spf1 " "a -all"    # two strings
 *     example.com        MX     10 mail.example.com
 *     mail.example.com   A      192.0.2.1
 *     mail.example.com   AAAA   2001:db8::1
 *     www.example.com    CNAME  example.com
 *     1.2.0.192.in-addr.arpa PTR mail.example.com
 *     slow.example.com   A      delay=20 ttl=5
 *     dead.example.com   ANY    servfail
 *
 * Types: A AAAA TXT MX PTR CNAME; ANY (words only) stands for all of them.
 * Names are absolute, a dot at the end is allowed, "." is the root; odd octets
 * as \. \\ \DDD. In a TXT string \" \\ and \DDD too; a string longer than 255
 * octets is cut into several, as DNS wants it. RDATA of any kind is "\# LENGTH
 * HEX", as in RFC 3597 section 5: "\# 0" is none at all. "#" at the start or
 * behind white space begins a comment.
 *
 * Words, several in a line: timeout silent servfail refused nxdomain bogus
 * secure cached nomem truncate garbage delay=MILLISECONDS ttl=SECONDS. What
 * they do is told by who reads them (resolver_zone.h, dnsd.h).
 */
#ifndef POSTSEAL_TESTS_ZONE_H
#define POSTSEAL_TESTS_ZONE_H

#include <stdint.h>

#include "common/bytes/span.h"

enum { ZONE_MESSAGE_MAX = 65535, ZONE_WIRE_MAX = 255 };

enum zone_status {
	ZONE_NORMAL,
	ZONE_TIMEOUT,
	ZONE_SILENT,
	ZONE_SERVFAIL,
	ZONE_REFUSED,
	ZONE_NXDOMAIN,
	ZONE_BOGUS,
	ZONE_GARBAGE
};

/* The words that stand at a name and type; those of the type before ANY's. */
struct zone_words {
	enum zone_status status;
	bool secure, cached, nomem, truncate;
	unsigned delay; /* ms */
	unsigned ttl;   /* seconds; 300 when no word says it */
};

struct zone;

/* An empty zone, owned (zone_free). Ends the program when memory is out. */
struct zone *zone_new(void);
void zone_free(struct zone *z);

/* Adds the lines of text. 0, or -EINVAL with a message in why[256]. */
int zone_add(struct zone *z, const char *text, char *why);

/* Forgets all records and words. */
void zone_clear(struct zone *z);

/* The words for a question, name in wire form, any case. CNAMEs are followed:
 * the first status on the way, all delays, secure if all are. */
struct zone_words zone_words(
    const struct zone *z, const unsigned char *name, unsigned type);

/*
 * The answer to the query message: CNAMEs are followed (40 of a loop), a
 * status word found on the way becomes the RCODE, negative answers carry an SOA
 * record. Over max bytes, it is cut and TC is set. ret holds ZONE_MESSAGE_MAX
 * bytes. Returns the length; 0 for what is no query.
 */
size_t zone_reply(const struct zone *z, const unsigned char *query, size_t n,
    size_t max, unsigned char *ret);

/* A query message for (name, type) with this id and RD set, into
 * ret[ZONE_WIRE_MAX + 16]. Returns its length. */
size_t zone_query(
    uint16_t id, const unsigned char *name, unsigned type, unsigned char *ret);

/* Name text with escapes -> lower-case wire form in ret[ZONE_WIRE_MAX]. Returns
 * its length, or 0 when it is not a name. */
size_t zone_name(struct span text, unsigned char *ret);

/* The number of a type's word (also ANY: 255), 0 for another word; and back
 * ("?" for another number). */
unsigned zone_type(struct span word);
const char *zone_type_word(unsigned type);

#endif
