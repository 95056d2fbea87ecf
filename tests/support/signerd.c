#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/milter/frame.h"
#include "tests/support/await.h"
#include "tests/support/built.h"
#include "tests/support/pem.h"
#include "tests/support/signerd.h"
#include "tests/support/suite.h"

struct signerd signerd;

void
signerd_write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_FATAL(f != NULL && chmod(path, mode) == 0);
	fputs(text, f);
	CU_ASSERT_FATAL(fclose(f) == 0);
}

/* A config with `more` inside of signer {} and the domains behind it. The group
 * of its socket is the caller's own: the default's, Postfix's, is not for
 * everybody. */
void
signerd_configure(const char *more, const char *domains)
{
	const struct passwd *me = getpwuid(getuid());
	char text[4096];

	snprintf(text, sizeof text,
	    "log = \"%s\"\nsigner {\n user = \"%s\"\n listen = {\"unix:%s\"}\n"
	    " workers = 1\n socket_group = \"\"\n control = {}\n%s}\n%s",
	    signerd.log, getuid() == 0 || me == NULL ? "nobody" : me->pw_name,
	    signerd.socket, more, domains);
	signerd_write_file(signerd.config, text, 0644);
}

/* "domain { key }" with that selector and file. Static. */
const char *
signerd_domain(const char *name, const char *selector, const char *file)
{
	static char text[4][512];
	static unsigned i;
	char *t = text[i++ % 4];

	snprintf(t, sizeof text[0],
	    "domain \"%s\" { key \"%s\" { file = \"%s\" } }\n", name, selector,
	    file);
	return t;
}

void
signerd_begin(void)
{
	tmpdir_make(&signerd.dir);
	tmpdir_file(&signerd.dir, "postseal.conf", signerd.config);
	tmpdir_file(&signerd.dir, "log", signerd.log);
	tmpdir_file(&signerd.dir, "sock", signerd.socket);
	tmpdir_file(&signerd.dir, "good.pem", signerd.good);
	tmpdir_file(&signerd.dir, "other.pem", signerd.other);
	signerd_write_file(signerd.good, pem_ed25519, 0600);
}

void
signerd_finish(void)
{
	tmpdir_remove(&signerd.dir);
}

/* Starts the program; its standard output and error go to the file "out". */
pid_t
signerd_start(const char *option)
{
	const char *argv[] = {
	    "postseal-signer", "-c", signerd.config, option, NULL};
	char path[BUILT_PATH_MAX], out[TMPDIR_PATH_MAX];
	pid_t pid;

	built_path("postseal-signer", path);
	tmpdir_file(&signerd.dir, "out", out);
	fflush(stdout);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid > 0)
		return pid;
	dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
	dup2(1, 2);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

const char *
signerd_printed(void)
{
	char path[TMPDIR_PATH_MAX];

	return tmpdir_read(tmpdir_file(&signerd.dir, "out", path));
}

/* Waits until the log has a line with want. */
int
signerd_logged(const char *want)
{
	return await_logged(signerd.log, want, 1) ||
	    suite_has(tmpdir_read(signerd.log), want);
}

pid_t
signerd_start_serving(void)
{
	pid_t pid = signerd_start(NULL);

	CU_ASSERT_FATAL(signerd_logged(" started generation=1"));
	return pid;
}

/* --- an MTA over the socket --------------------------------------------- */

int
signerd_dial(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = AWAIT_SECONDS};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", signerd.socket);
	CU_ASSERT_FATAL(
	    connect(fd, (const struct sockaddr *)&a, sizeof a) == 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

void
signerd_tell(int fd, char command, const char *p, size_t n)
{
	char packet[260] = {0, 0, 0, (char)(n + 1), command};

	memcpy(packet + 5, p, n);
	CHECK(write(fd, packet, 5 + n) == (ssize_t)(5 + n));
}

/* The next packet's command; its payload as text in ret[4096]. 0 at the end. */
char
signerd_hear(int fd, char *ret)
{
	char head[5];
	size_t n;

	if (recv(fd, head, 5, MSG_WAITALL) != 5)
		return 0;
	n = frame_u32(head) - 1;
	CU_ASSERT_FATAL(n < 4096);
	CHECK(n == 0 || recv(fd, ret, n, MSG_WAITALL) == (ssize_t)n);
	for (size_t i = 0; i < n; i++) {
		if (ret[i] == '\0')
			ret[i] = ' ';
	}
	ret[n] = '\0';
	return head[4];
}

void
signerd_greet(int fd)
{
	char text[4096];

	signerd_tell(fd, 'O', S("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"));
	CHECK(signerd_hear(fd, text) == 'O');
	signerd_tell(fd, 'C', S("h\0004\0\000127.0.0.1\0"));
}

void
signerd_begin_message(int fd, const char *from)
{
	char field[100], text[4096];
	int n = snprintf(field, sizeof field, "From# a@%s#", from);

	for (int i = 0; i < n; i++) {
		if (field[i] == '#')
			field[i] = '\0';
	}
	signerd_tell(fd, 'M', S("<>\0"));
	signerd_tell(fd, 'L', field, (size_t)n);
	signerd_tell(fd, 'N', S(""));
	CHECK(strchr("ac", signerd_hear(fd, text)) != NULL);
}

/* The answers to the end of a message; the text of the signature. Static. */
const char *
signerd_end_message(int fd, const char *want)
{
	static char text[4096];
	char seen[8], none[4096];
	size_t n = 0;

	signerd_tell(fd, 'B', S("hi\r\n"));
	signerd_tell(fd, 'E', S(""));
	text[0] = '\0';
	do {
		seen[n] = signerd_hear(fd, n == 0 ? text : none);
	} while (seen[n++] == 'i' && n < 7);
	seen[n] = '\0';
	CHECK_STR(seen, want);
	return text;
}
