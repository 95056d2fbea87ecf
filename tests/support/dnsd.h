/*
 * dnsd.h - a small scripted DNS server for tests: UDP and TCP, one process.
 *
 * Answers from a zone text (zone.h) as a recursive resolver would: CNAMEs are
 * followed, so it can stand behind any stub resolver. It serves one port of one
 * address until its control stream ends.
 *
 * What the words of the zone text do here:
 *     timeout, silent   no answer
 *     servfail, refused, nxdomain   that RCODE; bogus: SERVFAIL, as a
 *                       validating resolver says it
 *     truncate          over UDP only TC, the whole answer over TCP
 *     garbage           an answer section that cannot be read
 *     delay=MS ttl=S    the answer comes later; is valid for so long
 *     secure cached nomem   nothing
 * Answers that do not fit what the client takes over UDP are truncated as well.
 *
 * In a test program dnsd_start() forks it and the other functions command it;
 * prog/dnsd.c makes it a program for scripts, commanded over stdin:
 *     add LINE          one more line of zone text
 *     clear             forget the zone
 *     count NAME TYPE   "UDP TCP": queries since the last forget
 *     total             the same for all names
 *     ports             from how many ports there were queries over UDP
 *     forget            counts become 0
 *     clock US          its clock stands there from now on: "BUSY NEXT",
 *                       whether anything had come, and when an answer is due
 *                       (0: none)
 *     delay MS          before every answer, added to delay=MS
 *     mute, close, open no answers any more (a black hole); the port is closed;
 *                       back to service
 *     mode WORD...      what else is wrong with it, from now on:
 *         formerr       does not know EDNS: FORMERR
 *         tcponly       the same over TCP alone
 *         ednsfail      does not know EDNS: SERVFAIL
 *         notimp        does not know EDNS: NOTIMP
 *         all           of these four: says it without EDNS, too
 *         lame          neither knows nor asks others, and says nothing
 *         drop          questions with EDNS get lost
 *         big           UDP answers are never cut
 *         notcp         TCP connections are closed at once
 *         half          they are closed in the middle of an answer
 *         tcpcut        answers over TCP say that they were cut, too
 *         tcpid tcpname they have a wrong id, a wrong name
 *         ad            says that it has validated, to who asks with AD
 *         forged        before each answer, packets with a wrong id, a wrong
 *                       name, as a question, with a wrong type, and of 5 bytes;
 *                       and a right one that says NXDOMAIN, from another port
 * Each command gets one line back: "ok", numbers, or "bad REASON".
 */
#ifndef POSTSEAL_TESTS_DNSD_H
#define POSTSEAL_TESTS_DNSD_H

#include <stdbool.h>
#include <stdint.h>

struct dnsd;
struct zone;

/* Forks a server of the zone text on a free port of 127.0.0.1. Owned
 * (dnsd_stop). Ends the test program with a message when it cannot, here as
 * below. */
struct dnsd *dnsd_start(const char *zone);
void dnsd_stop(struct dnsd *d);

uint16_t dnsd_port(const struct dnsd *d);

/* Adds zone text, line by line; forgets all records. */
void dnsd_add(struct dnsd *d, const char *zone);
void dnsd_clear(struct dnsd *d);

/* Queries since the start or dnsd_forget(), over UDP and TCP together. type is
 * the word, "TXT". */
unsigned dnsd_count(struct dnsd *d, const char *name, const char *type);
unsigned dnsd_count_tcp(struct dnsd *d, const char *name, const char *type);
unsigned dnsd_total(struct dnsd *d);
void dnsd_forget(struct dnsd *d);

/* From how many ports queries came over UDP, since then, too. */
unsigned dnsd_ports(struct dnsd *d);

/* Before every answer, in ms. */
void dnsd_delay(struct dnsd *d, unsigned ms);

/* Sets the clocks of all that run, in us. Returns whether one of them had
 * anything to do; when the next answer is due, or UINT64_MAX. */
bool dnsd_settle_all(uint64_t now, uint64_t *ret_next);

/* The words of "mode"; "": nothing is wrong. */
void dnsd_mode(struct dnsd *d, const char *words);

/* A black hole; a closed port; back to service on the same port. */
void dnsd_mute(struct dnsd *d);
void dnsd_close(struct dnsd *d);
void dnsd_open(struct dnsd *d);

/*
 * Serves the zone on address:port (port 0: a free one), writes "port N\n" to
 * out, then obeys the commands from in until its end; in -1: for ever. 0, or
 * -errno when the port cannot be had. *takes* z.
 */
int dnsd_serve(
    struct zone *z, const char *address, uint16_t port, int in, int out);

#endif
