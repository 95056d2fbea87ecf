/*
 * log.h - one line for one decision, never in the way of a message.
 *
 * A line is an event word and key=value pairs:
 *     signed queue_id=4AE0FA84398 domain=example.com selector=2026a
 * Values with a space, a quote, '=' or a byte outside printable ASCII are put
 * in double quotes, with \" \\ and \xHH inside: nothing that a sender controls
 * can make a second line or a false key. (Valid UTF-8 is kept, but for
 * characters that act on a terminal: C1 controls, line separators, marks of
 * direction.)
 *
 * syslog is a non-blocking datagram of our own to /dev/log (RFC 3164 form,
 * facility mail), because syslog(3) blocks when its reader is stuck. A line
 * that cannot be written at once is dropped and counted; the next line that
 * goes through is followed by one that says how many were lost:
 *     log_lines_lost count=12
 * Nothing here fails. In a file a line begins with time, ident and pid; on
 * stderr with ident and pid, since who reads it there (journald, a person) has
 * the time.
 *
 * The sink is one of the two pieces of mutable file-scope state of the house.
 */
#ifndef POSTSEAL_COMMON_LOG_H
#define POSTSEAL_COMMON_LOG_H

#include <stdint.h>
#include <syslog.h> /* LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG */

#include "common/bytes/buf.h"
#include "common/bytes/span.h"
#include "common/limits.h"

struct log_line {
	int level;
	bool cut; /* ends in "...", nothing more is added */
	size_t n;
	char text[LOG_TEXT_MAX];
};

/*
 * Opens the sink. where: "syslog" (the socket /dev/log), "syslog:/path" (a
 * socket elsewhere, as syslogd offers it for a chroot), "stderr", or an
 * absolute path of a file to append to (made with mode 0640); ident: program
 * name (borrowed for ever, a literal).
 *
 * 0 or -errno (-EINVAL: not one of these words); on failure the old sink
 * stays. That nobody reads the socket yet is no failure: each line tries to
 * connect again, and those lost meanwhile are counted. Before the first call
 * lines go to stderr. With where == NULL lines are dropped and not counted.
 */
int log_open(const char *where, const char *ident);

/*
 * The same in two steps, for settings that are not yet in force: log_prepare()
 * opens a sink beside the one in use, log_switch() puts it in the other one's
 * place (nothing happens when none was prepared), log_forget() closes it again.
 * log_prepare() fails as log_open() does; a second one forgets the first.
 */
int log_prepare(const char *where);
void log_switch(void);
void log_forget(void);

/* Closes and opens the same sink again (SIGHUP of a log file). 0 or -errno. */
int log_reopen(void);

/* Begins a line in l with the event word, a literal. What is less urgent than
 * LOG_INFO is not written: libevent has such lines. */
void log_begin(struct log_line *l, int level, const char *event);

/* Adds key=value; an empty or NULL value adds nothing. What does not fit is cut
 * and the line ends in "...". */
void log_str(struct log_line *l, const char *key, const char *value);
void log_span(struct log_line *l, const char *key, struct span value);
void log_num(struct log_line *l, const char *key, long long value);

/* The same for what a stranger chose: at most LOG_GIVEN_MAX bytes of it, as
 * they stand in the line, and "..." for the rest, so that what is told behind
 * it is not pushed out. */
void log_given(struct log_line *l, const char *key, struct span value);

/* Appends s as it may be shown on a terminal, in JSON or in a log: valid UTF-8,
 * and each byte that is none, or would act instead of being seen, as \xHH. An
 * error of memory stays in out. */
void log_clean(struct span s, struct buf *out);

/* Writes the line. */
void log_end(struct log_line *l);

/* One line at once: event, and a reason made as printf(3) does.
 *     log_event(LOG_ERR, "config", "%s:%u: %s", file, line, why);
 * gives: config reason="..." */
void log_event(int level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* One line for each line of text, as log_event() with "%s". */
void log_lines(int level, const char *event, struct span text);

/* Lines dropped since the start. */
uint64_t log_dropped(void);

#endif
