/*
 * nameservers.h - which servers are asked, in which order, and who is silent.
 *
 * They are those of the config, or those of resolv.conf(5), which is read again
 * when it has changed: whom a set names never changes, a new one takes its
 * place, and questions under way keep the one they began with. No question is
 * put here; the resolver and dnsprobe.c write down what they heard.
 */
#ifndef POSTSEAL_COMMON_NAMESERVERS_H
#define POSTSEAL_COMMON_NAMESERVERS_H

#include "common/settings/settings.h"

/* Times are those of loop_now(). */
struct nameserver {
	struct dns_server at;
	uint64_t heard;  /* when it said something last; 0: never */
	uint64_t silent; /* until then it is asked last; 0: it is not silent */
	uint64_t slow;   /* until then it counts as one whose answers take long
	                  * whatever the question */
	uint64_t probed; /* when it was asked for a sign of life last */
	unsigned probes; /* how often */
};

struct nameservers {
	unsigned refs;
	uint64_t try_ms; /* after so much silence the next one is asked */
	unsigned rounds; /* how often each is asked */
	bool rotate;     /* the first of the order turns */
	bool tcp;        /* no UDP */
	bool trust_ad;   /* ask for the AD bit, and believe it */
	size_t n;        /* at least one, at most NAMESERVERS_MAX */
	struct nameserver server[];
};

struct nameservers_source;

/*
 * Where sets come from: dns, or where that names no server the file
 * resolv_conf. Borrows resolv_conf, copies what it needs of dns. Opens nothing
 * yet. 0 and *ret owned (nameservers_source_free), or -ENOMEM.
 */
int nameservers_source_new(const struct dns_settings *dns,
    const char *resolv_conf, struct nameservers_source **ret);

/* Sets that were handed out stay. NULL is allowed. */
void nameservers_source_free(struct nameservers_source *s);

/*
 * The set for a question that is put now: returns it owned (nameservers_drop),
 * or NULL when memory or descriptors are out. Looks at the file once a second
 * at the most. When it cannot be read or names no server, the set before is
 * kept for NAMESERVERS_GRACE_MS (it may be being written); then, or where there
 * was none, it is 127.0.0.1, as resolv.conf(5) says. That is logged when it
 * begins, and when the reason has become another one; not at the first look,
 * where there is no file or none is named: on some hosts that is wanted.
 */
struct nameservers *nameservers_now(struct nameservers_source *s, uint64_t now);

void nameservers_drop(struct nameservers *set);

/* One more who drops it. Returns set. */
struct nameservers *nameservers_hold(struct nameservers *set);

/* It has said something: it is not silent. */
void nameserver_heard(struct nameserver *server, uint64_t now);

/* The order to ask in: into order[set->n], indexes. It begins at turn where the
 * set rotates; those that are silent come last. */
void nameservers_order(const struct nameservers *set, unsigned turn,
    uint64_t now, unsigned char *order);

#endif
