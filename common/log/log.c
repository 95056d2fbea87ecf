/*
 * Nothing here waits, ever: a line that the log does not take at once is
 * dropped and counted, and the count is told when lines go in again. The daemon
 * answers mail; a log that stands still must not stop it.
 *
 * A reload opens the new log beside the old one (log_prepare) and changes over
 * only when all else is well.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/log/log.h"

enum sink_kind { SINK_NONE, SINK_STDERR, SINK_FILE, SINK_SYSLOG };

enum {
	PRIORITY_MAX = sizeof "<191>",
	STAMP_MAX = LOG_LINE_MAX - LOG_TEXT_MAX - PRIORITY_MAX
};

/* "Nov 22 03:17:00 postseal-policyd[1234567]: ", or for a file
 * "2026-11-22T03:17:00+0000 postseal-policyd[1234567]: " */
struct stamp {
	time_t second;       /* that it is for */
	enum sink_kind kind; /* of sink that it is for */
	pid_t pid;           /* whose it is; 0: nobody's yet */
	size_t n;
	char text[STAMP_MAX];
};

struct target {
	enum sink_kind kind;
	int fd;
	char path[PATH_MAX]; /* of the file, or of syslog's socket */
};

static struct {
	struct target to;
	struct target next; /* of log_prepare() */
	bool prepared;
	const char *ident;
	uint64_t dropped;
	uint64_t reported; /* so many of the dropped ones were told */
	struct stamp stamp;
} sink = {
    .to = {.kind = SINK_STDERR, .fd = STDERR_FILENO}, .ident = "postseal"};

/* --- the sink ------------------------------------------------------------ */

/* The fd becomes a client of the socket at sink.to.path. 0 or -errno. */
static int
syslog_connect(int fd, const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(un.sun_path, path, strlen(path) + 1);
	return connect(fd, (struct sockaddr *)&un, sizeof un) == 0 ? 0 : -errno;
}

/* The fd, or -errno. */
static int
sink_open(enum sink_kind kind, const char *path)
{
	int fd = STDERR_FILENO;

	switch (kind) {
	case SINK_NONE:
	case SINK_STDERR:
		break;
	case SINK_FILE:
		/* O_NONBLOCK: a FIFO must not block either. */
		fd = open(path,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
		        O_NONBLOCK,
		    0640);
		break;
	case SINK_SYSLOG:
		if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path)
			return -ENAMETOOLONG;
		fd = socket(
		    AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0) /* nobody there yet: syslog_send() tries again */
			(void)syslog_connect(fd, path);
		break;
	}
	return fd < 0 ? -errno : fd;
}

static void
target_close(const struct target *t)
{
	if (t->kind == SINK_FILE || t->kind == SINK_SYSLOG)
		close(t->fd);
}

/* What `where` of log.h means. 0 or -EINVAL. */
static int
where_parse(const char *where, enum sink_kind *ret_kind, const char **ret_path)
{
	*ret_path = "";
	if (where == NULL) {
		*ret_kind = SINK_NONE;
	} else if (strcmp(where, "stderr") == 0) {
		*ret_kind = SINK_STDERR;
	} else if (strcmp(where, "syslog") == 0) {
		*ret_kind = SINK_SYSLOG;
		*ret_path = "/dev/log";
	} else if (strncmp(where, "syslog:/", 8) == 0) {
		*ret_kind = SINK_SYSLOG;
		*ret_path = where + 7;
	} else if (where[0] == '/') {
		*ret_kind = SINK_FILE;
		*ret_path = where;
	} else {
		return -EINVAL;
	}
	return strlen(*ret_path) < sizeof sink.to.path ? 0 : -ENAMETOOLONG;
}

int
log_prepare(const char *where)
{
	enum sink_kind kind;
	const char *path;
	int rc = where_parse(where, &kind, &path);
	int fd = rc == 0 ? sink_open(kind, path) : rc;

	if (fd < 0)
		return fd;
	log_forget();
	sink.next.kind = kind;
	sink.next.fd = fd;
	memcpy(sink.next.path, path, strlen(path) + 1);
	sink.prepared = true;
	return 0;
}

void
log_switch(void)
{
	if (!sink.prepared)
		return;
	target_close(&sink.to);
	sink.to = sink.next;
	sink.prepared = false;
}

void
log_forget(void)
{
	if (sink.prepared)
		target_close(&sink.next);
	sink.prepared = false;
}

int
log_open(const char *where, const char *ident)
{
	int rc = log_prepare(where);

	if (rc != 0)
		return rc;
	log_switch();
	sink.ident = ident;
	sink.stamp.pid = 0;
	tzset(); /* now, and not after a chroot */
	return 0;
}

int
log_reopen(void)
{
	int fd = sink_open(sink.to.kind, sink.to.path);

	if (fd < 0)
		return fd;
	target_close(&sink.to);
	sink.to.fd = fd;
	return 0;
}

/* --- writing ------------------------------------------------------------- */

/* Local time as RFC 3164 has it, ISO 8601 for a file; and who we are. Most
 * lines come in the same second as the one before. */
static struct iovec
stamp_now(void)
{
	struct stamp *s = &sink.stamp;
	time_t now = time(NULL);
	pid_t pid = getpid();
	struct tm tm = {0};

	if (s->pid == pid && s->second == now && s->kind == sink.to.kind)
		return (struct iovec){s->text, s->n};
	*s = (struct stamp){.second = now, .kind = sink.to.kind, .pid = pid};
	localtime_r(&now, &tm);
	if (s->kind == SINK_SYSLOG)
		s->n = strftime(s->text, STAMP_MAX, "%b %e %H:%M:%S ", &tm);
	else if (s->kind == SINK_FILE)
		s->n =
		    strftime(s->text, STAMP_MAX, "%Y-%m-%dT%H:%M:%S%z ", &tm);
	s->n += (size_t)snprintf(s->text + s->n, STAMP_MAX - s->n,
	    "%.20s[%ld]: ", sink.ident, (long)pid);
	return (struct iovec){s->text, s->n};
}

/*
 * One datagram, after a restart of syslogd on a connection made anew.
 * connect(2) of a datagram socket never waits.
 */
static bool
syslog_send(const struct msghdr *m)
{
	ssize_t n = sendmsg(sink.to.fd, m, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		return true;
	if (errno != ECONNREFUSED && errno != ENOTCONN && errno != ECONNRESET &&
	    errno != EDESTADDRREQ)
		return false;
	if (syslog_connect(sink.to.fd, sink.to.path) != 0)
		return false;
	return sendmsg(sink.to.fd, m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/*
 * stderr is whatever our parent made it, and O_NONBLOCK on it would hit the
 * parent too: a socket (journald's) is asked not to wait, anything else is
 * written to only when poll(2) says that a line goes in. A line is shorter than
 * PIPE_BUF, so it goes in whole or not at all.
 */
static bool
stream_send(struct msghdr *m, size_t n)
{
	struct pollfd ready = {.fd = sink.to.fd, .events = POLLOUT};
	ssize_t sent;

	if (sink.to.kind == SINK_STDERR) {
		sent = sendmsg(sink.to.fd, m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0 || errno != ENOTSOCK)
			return sent == (ssize_t)n;
		if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
			return false;
	}
	return writev(sink.to.fd, m->msg_iov, (int)m->msg_iovlen) == (ssize_t)n;
}

static bool
sink_send(struct log_line *l)
{
	char priority[PRIORITY_MAX], end[] = "\n";
	struct iovec v[] = {
	    {priority, 0}, stamp_now(), {l->text, l->n}, {end, 1}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = 4};

	if (sink.to.kind != SINK_SYSLOG)
		return stream_send(&m, v[1].iov_len + l->n + 1);
	v[0].iov_len = (size_t)snprintf(
	    priority, sizeof priority, "<%d>", LOG_MAIL | l->level);
	m.msg_iovlen = 3; /* no end of line in a datagram */
	return syslog_send(&m);
}

static void
report_dropped(void)
{
	uint64_t dropped = sink.dropped;
	struct log_line l;

	if (dropped == sink.reported)
		return;
	log_begin(&l, LOG_WARNING, "log_lines_lost");
	log_num(&l, "count", (long long)(dropped - sink.reported));
	if (sink_send(&l))
		sink.reported = dropped;
}

void
log_end(struct log_line *l)
{
	int saved = errno;

	if (sink.to.kind != SINK_NONE && l->level <= LOG_INFO) {
		if (sink_send(l))
			report_dropped();
		else
			sink.dropped++;
	}
	errno = saved;
}

uint64_t
log_dropped(void)
{
	return sink.dropped;
}

void
log_event(int level, const char *event, const char *fmt, ...)
{
	char reason[LOG_LINE_MAX]; /* longer than what fits: log_str() cuts */
	struct log_line l;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	log_begin(&l, level, event);
	log_str(&l, "reason", reason);
	log_end(&l);
}

void
log_lines(int level, const char *event, struct span text)
{
	struct log_line l;

	while (text.n > 0) {
		size_t n = span_find(text, '\n');

		log_begin(&l, level, event);
		log_span(&l, "reason", span_of(text.p, n));
		log_end(&l);
		text = span_skip(text, n + 1);
	}
}
