/*
 * The service manager keeps listening sockets for us while nobody runs, by a
 * name; the socket's file is known by device and inode, so that a socket whose
 * file has been replaced meanwhile is not taken for the one in the way.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/process/fdstore.h"
#include "common/process/notify.h"

enum { FIRST_FD = 3 };

/* "DEV.INODE ADDRESS", as a name must have no colon: | instead. False where it
 * would not be a name, or another address than ours: such a socket is not
 * stored. */
static bool
name_of(const struct listen_socket *s, char name[FDSTORE_NAME_MAX])
{
	char text[ENDPOINT_TEXT_MAX];

	snprintf(name, FDSTORE_NAME_MAX, "%llx.%llx %s",
	    (unsigned long long)s->dev, (unsigned long long)s->ino,
	    endpoint_text(&s->endpoint, text));
	for (const char *p = text; *p != '\0'; p++) {
		if (!span_is_shown(*p) || *p == '|')
			return false;
	}
	for (char *p = name; (p = strchr(p, ':')) != NULL;)
		*p = '|';
	return true;
}

static int
parse_name(const char *name, struct listen_socket *ret)
{
	struct listen_socket s = {.kept = true};
	char text[ENDPOINT_TEXT_MAX];
	const char *why;
	char *end;

	s.dev = (dev_t)strtoull(name, &end, 16);
	if (*end != '.')
		return -EINVAL;
	s.ino = (ino_t)strtoull(end + 1, &end, 16);
	if (*end != ' ' || strlen(end) >= sizeof text)
		return -EINVAL;
	memcpy(text, end + 1, strlen(end + 1) + 1);
	for (char *p = text; (p = strchr(p, '|')) != NULL;)
		*p = ':';
	if (endpoint_parse(span_str(text), &s.endpoint, &why) != 0)
		return -EINVAL;
	*ret = s;
	return 0;
}

static bool
listens(int fd)
{
	int on = 0;
	socklen_t n = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 &&
	    on != 0;
}

/* Who connects sees as its peer who has called listen(2) last (SO_PEERCRED):
 * us, and not the daemon that was before. */
static bool
prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && listen(fd, SOMAXCONN) == 0;
}

static void
drop_name(const char *name)
{
	char text[FDSTORE_NAME_MAX + 40];

	snprintf(text, sizeof text, "FDSTOREREMOVE=1\nFDNAME=%s", name);
	notify_send(text);
}

/* Takes the descriptor into the set, or gives it up. */
static void
take(struct listen_set *set, int fd, const char *name)
{
	struct listen_socket s;

	if (set->n < LISTEN_MAX && listens(fd) && prepare(fd) &&
	    parse_name(name, &s) == 0) {
		s.fd = fd;
		set->v[set->n++] = s;
		return;
	}
	close(fd);
	drop_name(name);
}

/* Descriptors that were handed to this process, or 0. */
static int
handed(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

	if (pid == NULL || n == NULL || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	return (int)strtoul(n, NULL, 10);
}

int
fdstore_take(struct listen_set *ret)
{
	const char *env = getenv("LISTEN_FDNAMES");
	struct listen_set set = {.group = (gid_t)-1};
	char *names = strdup(env == NULL ? "" : env), *rest = names, *name;
	int n = handed(), rc = 0;

	set.v = n == 0 ? NULL : calloc(LISTEN_MAX, sizeof *set.v);
	if (names == NULL || (n > 0 && set.v == NULL))
		rc = -ENOMEM;
	for (int i = 0; rc == 0 && i < n; i++) {
		name = strsep(&rest, ":");
		take(&set, FIRST_FD + i, name == NULL ? "" : name);
	}
	free(names);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (rc == 0)
		*ret = set;
	return rc;
}

void
fdstore_keep(struct listen_set *set)
{
	char name[FDSTORE_NAME_MAX], text[FDSTORE_NAME_MAX + 40];

	if (getenv("FDSTORE") == NULL)
		return;
	for (size_t i = 0; i < set->n; i++) {
		struct listen_socket *s = &set->v[i];

		if (s->kept || !name_of(s, name))
			continue;
		/* a listener is never at its end, and not to be watched for
		 * it */
		snprintf(
		    text, sizeof text, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
		s->kept = notify_fd(text, s->fd) == 0;
	}
}

void
fdstore_drop(const struct listen_socket *s)
{
	char name[FDSTORE_NAME_MAX];

	if (name_of(s, name))
		drop_name(name);
}
