/*
 * The trick: who holds a TCP port is told by no system call: its socket's
 * number stands in /proc/net/tcp, and with the process that has it, in
 * /proc/PID/fd.
 *
 * The trap: access(2) is asked by a child that has become the user: also access
 * lists and each folder on the way count then, as they will for the daemon.
 */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/tool/probe.h"
#include "admin/tool/tool.h"
#include "common/milter/milter.h"

enum { LINE_MAX_BYTES = 512, ANSWER_MAX = 4096, TCP_LISTEN_STATE = 10 };

/* --- speaking ------------------------------------------------------------- */

static int
reading_error(void)
{
	return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

/* Sends it. 0 or -errno. */
static int
put(int fd, const char *p, size_t n)
{
	ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -EPROTO;
	return (size_t)sent == n ? 0 : -EPROTO;
}

/* Reads until there are n bytes. 0; -EPROTO at the end; or -errno. */
static int
get(int fd, char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != ECONNRESET)
			return reading_error();
		if (got <= 0)
			return -EPROTO;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

int
probe_milter(const struct endpoint *at)
{
	/* version 6, all that Postfix can do and leave out */
	static const char hello[] = {0, 0, 0, 13, SMFIC_OPTNEG, 0, 0, 0, 6, 0,
	    0, 1, (char)0xff, 0, 0x1f, (char)0xff, (char)0xff};
	static const char bye[] = {0, 0, 0, 1, SMFIC_QUIT};
	char head[9]; /* length, OPTNEG, version */
	int fd, rc = tool_connect(at, CHECK_ANSWER_SECONDS, &fd);

	if (rc != 0)
		return rc;
	rc = put(fd, hello, sizeof hello);
	if (rc == 0)
		rc = get(fd, head, sizeof head);
	if (rc == 0 &&
	    (head[0] != 0 || head[4] != SMFIR_OPTNEG ||
	        head[8] < MILTER_VERSION_MIN || head[8] > 6))
		rc = -EPROTO;
	if (rc == 0)
		(void)put(fd, bye, sizeof bye);
	close(fd);
	return rc;
}

/* Up to the empty line behind "action=...". 0, -EPROTO or -errno. */
static int
read_action(int fd, struct buf *ret_action)
{
	static const char key[] = "action=";
	char text[ANSWER_MAX];
	size_t n = 0;
	int rc = 0;

	do {
		rc = n == sizeof text ? -EPROTO : get(fd, text + n, 1);
	} while (rc == 0 && (++n < 2 || memcmp(text + n - 2, "\n\n", 2) != 0));
	if (rc != 0)
		return rc;
	n = span_find(span_of(text, n), '\n');
	if (n < sizeof key || memcmp(text, key, sizeof key - 1) != 0)
		return -EPROTO;
	return buf_add(ret_action, text + sizeof key - 1, n + 1 - sizeof key);
}

int
probe_policy(const struct endpoint *at, struct buf *ret_action)
{
	static const char request[] =
	    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "protocol_name=ESMTP\nclient_address=127.0.0.1\n"
	    "client_name=localhost\nreverse_client_name=localhost\n"
	    "helo_name=localhost\nsender=\nrecipient=\nrecipient_count=0\n"
	    "queue_id=\ninstance=postseal-check\n\n";
	int fd, rc = tool_connect(at, CHECK_ANSWER_SECONDS, &fd);

	if (rc != 0)
		return rc;
	rc = put(fd, request, sizeof request - 1);
	if (rc == 0)
		rc = read_action(fd, ret_action);
	close(fd);
	return rc;
}

/* --- who listens ---------------------------------------------------------- */

/* An address as /proc/net/tcp and tcp6 write it; ret[33]. */
static void
proc_address(const struct endpoint *at, bool any, char *ret)
{
	const bool v6 = at->addr.sa.sa_family == AF_INET6;
	uint32_t word[4] = {0};

	if (!any && v6)
		memcpy(word, &at->addr.in6.sin6_addr, sizeof word);
	else if (!any)
		word[0] = at->addr.in.sin_addr.s_addr;
	for (size_t i = 0; i < (v6 ? 4 : 1); i++)
		snprintf(ret + 8 * i, 9, "%08X", word[i]);
}

/* The number of the socket that listens at that address and port, or 0. */
static unsigned long
find_socket(const char *file, const char *address, unsigned port)
{
	char line[LINE_MAX_BYTES], local[33];
	unsigned long inode, found = 0;
	unsigned at, state;
	FILE *f = fopen(file, "re");

	while (f != NULL && found == 0 && fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line,
		        " %*u: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*u %*u %lu",
		        local, &at, &state, &inode) == 4 &&
		    state == TCP_LISTEN_STATE && at == port &&
		    strcmp(local, address) == 0)
			found = inode;
	}
	if (f != NULL)
		fclose(f);
	return found;
}

static unsigned long
tcp_socket(const struct endpoint *at)
{
	bool v6 = at->addr.sa.sa_family == AF_INET6;
	const char *file = v6 ? "/proc/net/tcp6" : "/proc/net/tcp";
	unsigned port =
	    ntohs(v6 ? at->addr.in6.sin6_port : at->addr.in.sin_port);
	unsigned long found = 0;
	char address[33];

	for (int any = 0; found == 0 && any < 2; any++) {
		proc_address(at, any, address);
		found = find_socket(file, address, port);
	}
	/* [::] of a program that takes IPv4 there, too */
	if (found == 0 && !v6)
		found = find_socket(
		    "/proc/net/tcp6", "00000000000000000000000000000000", port);
	return found;
}

static bool
has_socket(pid_t pid, unsigned long inode)
{
	char path[64], want[64], link[64];
	bool found = false;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	snprintf(want, sizeof want, "socket:[%lu]", inode);
	d = opendir(path);
	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, link, sizeof link);

		found =
		    n > 0 && span_eq(span_of(link, (size_t)n), span_str(want));
	}
	if (d != NULL)
		closedir(d);
	return found;
}

/* A process that has that socket, or 0. */
static pid_t
find_process(unsigned long inode)
{
	struct dirent *e;
	pid_t found = 0;
	DIR *d = opendir("/proc");

	while (d != NULL && found == 0 && (e = readdir(d)) != NULL) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid > 0 && has_socket(pid, inode))
			found = pid;
	}
	if (d != NULL)
		closedir(d);
	return found;
}

static int
unix_process(const struct endpoint *at, pid_t *ret)
{
	struct ucred peer = {0};
	socklen_t n = sizeof peer;
	int fd, rc = tool_connect(at, CHECK_ANSWER_SECONDS, &fd);

	if (rc != 0)
		return rc;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0)
		rc = -errno;
	close(fd);
	*ret = peer.pid;
	return rc;
}

/* -ESRCH when it has ended. */
static int
name_of(pid_t pid, char *ret)
{
	char path[64], name[PROBE_NAME_MAX + 1] = "";
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return -ESRCH;
	if (fgets(name, sizeof name, f) != NULL)
		name[strcspn(name, "\n")] = '\0';
	fclose(f);
	memcpy(ret, name, PROBE_NAME_MAX);
	ret[PROBE_NAME_MAX - 1] = '\0';
	return 0;
}

int
probe_holder(const struct endpoint *at, pid_t guess, struct probe_holder *ret)
{
	pid_t pid = 0;
	int rc = 0;

	if (at->addr.sa.sa_family == AF_UNIX) {
		rc = unix_process(at, &pid);
	} else {
		unsigned long inode = tcp_socket(at);

		if (inode != 0)
			pid = guess > 0 && has_socket(guess, inode)
			    ? guess
			    : find_process(inode);
	}
	if (rc != 0)
		return rc;
	rc = pid <= 0 ? -ESRCH : name_of(pid, ret->name);
	if (rc == 0)
		ret->pid = pid;
	return rc;
}

/* --- what a user may ------------------------------------------------------ */

static int
become(const struct probe_user *u)
{
	int rc = u->name == NULL ? setgroups(1, &u->gid)
	                         : initgroups(u->name, u->gid);

	return rc != 0 || setgid(u->gid) != 0 || setuid(u->uid) != 0 ? -1 : 0;
}

bool
probe_user_named(const char *name, struct probe_user *ret)
{
	const struct passwd *p = getpwnam(name);

	if (p != NULL)
		*ret = (struct probe_user){p->pw_uid, p->pw_gid, name};
	return p != NULL;
}

int
probe_access(const struct probe_user *u, const char *path, int what)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		return -EPERM;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(become(u) != 0 || access(path, what) != 0 ? errno : 0);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
