/*
 * conn.h - one stream: an in-fd and an out-fd (the same socket, or two pipes).
 *
 * Reads with read(2) into the loop's one scratch buffer of READ_CHUNK bytes and
 * lends it to the owner as a span; only what the owner leaves unconsumed is
 * kept, up to `keep` bytes. Writes at once what the peer takes, queues the rest
 * up to CONN_OUT_MAX. Regular files, which epoll refuses, work too.
 *
 * It knows no protocol and logs nothing.
 */
#ifndef POSTSEAL_COMMON_CONN_H
#define POSTSEAL_COMMON_CONN_H

#include <stdint.h>
#include <sys/types.h>

#include "common/bytes/span.h"
#include "common/io/loop.h"

struct conn;

enum conn_end {
	CONN_EOF,     /* the peer will send no more; writing may still work */
	CONN_LOST,    /* reset, a read or write error, or memory is out */
	CONN_TIMEOUT, /* nothing was read or written for the time set */
	/* more than `keep` unconsumed, or a conn_write() that failed */
	CONN_FULL
};

struct conn_events {
	/*
	 * Bytes from the peer, what was left last time in front; borrowed for
	 * the call. Returns how many were consumed; the rest comes again with
	 * what follows. May call anything below, conn_free() too (then what is
	 * returned does not matter).
	 */
	size_t (*data)(void *arg, struct span in);

	/*
	 * Once; no data() follows, and nothing else is told. The owner frees
	 * the connection, now or (after CONN_EOF) when it has answered what it
	 * has read. After CONN_TIMEOUT, and CONN_FULL of the input, a last word
	 * can still be written (conn_finish).
	 */
	void (*end)(void *arg, enum conn_end how);

	/* The queue was not empty and now is: all was written. May be NULL. */
	void (*drained)(void *arg);

	/* The peer never closes one half: while paused, the end of its input
	 * means that it is lost. */
	bool whole;
};

/*
 * A connection over in and out (which may be the same fd); makes both
 * non-blocking. *takes* the fds, on failure too. Borrows events and arg until
 * conn_free(). keep: bytes an unfinished item may have. Reading starts at the
 * next turn of the loop. 0 and *ret owned (conn_free), or -errno.
 */
int conn_new(struct loop *l, int in, int out, size_t keep,
    const struct conn_events *events, void *arg, struct conn **ret);

/* Closes the fds and frees; queued bytes are dropped. From callbacks too. */
void conn_free(struct conn *c);

/* Writes or queues n bytes, copied. 0, -EMSGSIZE when the queue would pass
 * CONN_OUT_MAX, -ENOMEM; then nothing more is written and end(CONN_FULL)
 * follows at the next turn. A broken peer is told by end(), not here. */
int conn_write(struct conn *c, const void *p, size_t n);

/* Bytes queued and not yet written. */
size_t conn_queued(const struct conn *c);

/* Frees the connection as soon as all queued bytes are written, the peer is
 * lost, or ms have passed; no event is called any more. *takes* c. It lingers
 * (loop.h). */
void conn_finish(struct conn *c, uint64_t ms);

/*
 * Stops and resumes data(); what is left unconsumed comes again on resume, at
 * the next turn of the loop, and may be more than `keep` until then. A paused
 * connection still sees that its peer is lost (within a second); the mere end
 * of its input is told after the resume, unless events->whole.
 */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

/* ms since a byte was read or written; counted while there is a timeout. */
uint64_t conn_quiet(const struct conn *c);

/* end(CONN_TIMEOUT) when ms pass without a byte read or written; 0: never. */
void conn_set_timeout(struct conn *c, uint64_t ms);

#endif
