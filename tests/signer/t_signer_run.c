/*
 * The real postseal-signer, from outside: options, the milter on a socket, bad
 * keys at the start and at a reload, its end. BUILD names the directory of the
 * program.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "signer/frame.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* A literal with its inner NULs, without the last one. */
#define S(text) text, sizeof(text) - 1

enum { PATIENCE_MS = 20 * 1000 }; /* valgrind is slow */

static struct {
	struct tmpdir dir;
	char config[TMPDIR_PATH_MAX];
	char log[TMPDIR_PATH_MAX];
	char socket[TMPDIR_PATH_MAX];
	char good[TMPDIR_PATH_MAX]; /* a key file */
	char other[TMPDIR_PATH_MAX];
} w;

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_FATAL(f != NULL && chmod(path, mode) == 0);
	fputs(text, f);
	CU_ASSERT_FATAL(fclose(f) == 0);
}

static const char *
read_file(const char *path)
{
	static char text[64 * 1024];
	FILE *f = fopen(path, "r");
	size_t n = f == NULL ? 0 : fread(text, 1, sizeof text - 1, f);

	if (f != NULL)
		fclose(f);
	text[n] = '\0';
	return text;
}

/* A config with `more` inside of signer {} and the domains behind it. */
static void
configure(const char *more, const char *domains)
{
	const struct passwd *me = getpwuid(getuid());
	char text[4096];

	snprintf(text, sizeof text,
	    "log = \"%s\"\nsigner {\n user = \"%s\"\n listen = {\"unix:%s\"}\n"
	    " workers = 1\n%s}\n%s",
	    w.log, getuid() == 0 || me == NULL ? "nobody" : me->pw_name,
	    w.socket, more, domains);
	write_file(w.config, text, 0644);
}

/* "domain { key }" with that selector and file. Static. */
static const char *
domain(const char *name, const char *selector, const char *file)
{
	static char text[4][512];
	static unsigned i;
	char *t = text[i++ % 4];

	snprintf(t, sizeof text[0],
	    "domain \"%s\" { key \"%s\" { file = \"%s\" } }\n", name, selector,
	    file);
	return t;
}

static void
begin(void)
{
	tmpdir_make(&w.dir);
	tmpdir_file(&w.dir, "postseal.conf", w.config);
	tmpdir_file(&w.dir, "log", w.log);
	tmpdir_file(&w.dir, "sock", w.socket);
	tmpdir_file(&w.dir, "good.pem", w.good);
	tmpdir_file(&w.dir, "other.pem", w.other);
	write_file(w.good, pem_ed25519, 0600);
}

static void
finish(void)
{
	tmpdir_remove(&w.dir);
}

/* Starts the program; its standard output and error go to the file "out". */
static pid_t
start(const char *option)
{
	const char *argv[] = {"postseal-signer", "-c", w.config, option, NULL};
	const char *build = getenv("BUILD");
	char path[512], out[TMPDIR_PATH_MAX];
	pid_t pid;

	snprintf(path, sizeof path, "%s/postseal-signer",
	    build == NULL ? ".build/release" : build);
	tmpdir_file(&w.dir, "out", out);
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

static const char *
printed(void)
{
	char path[TMPDIR_PATH_MAX];

	return read_file(tmpdir_file(&w.dir, "out", path));
}

/* The exit code, or -1 when it was a signal; -2 when it does not end. */
static int
end_of(pid_t pid)
{
	uint64_t end = now_ms() + PATIENCE_MS;
	int status;

	while (now_ms() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		poll(NULL, 0, 2);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -2;
}

static int
has(const char *text, const char *want)
{
	if (strstr(text, want) != NULL)
		return 1;
	printf("\n  got:  %s\n  want: %s\n", text, want);
	return 0;
}

/* Waits until the log has a line with want. */
static int
logged(const char *want)
{
	uint64_t end = now_ms() + PATIENCE_MS;

	while (now_ms() < end) {
		if (strstr(read_file(w.log), want) != NULL)
			return 1;
		poll(NULL, 0, 5);
	}
	return has(read_file(w.log), want);
}

static pid_t
start_serving(void)
{
	pid_t pid = start(NULL);

	CU_ASSERT_FATAL(logged(" started generation=1"));
	return pid;
}

/* --- an MTA over the socket --------------------------------------------- */

static int
dial(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", w.socket);
	CU_ASSERT_FATAL(
	    connect(fd, (const struct sockaddr *)&a, sizeof a) == 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

static void
tell(int fd, char command, const char *p, size_t n)
{
	char packet[260] = {0, 0, 0, (char)(n + 1), command};

	memcpy(packet + 5, p, n);
	CHECK(write(fd, packet, 5 + n) == (ssize_t)(5 + n));
}

/* The next packet's command; its payload as text in ret[4096]. 0 at the end. */
static char
hear(int fd, char *ret)
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

static void
greet(int fd)
{
	char text[4096];

	tell(fd, 'O', S("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"));
	CHECK(hear(fd, text) == 'O');
	tell(fd, 'C', S("h\0004\0\000127.0.0.1\0"));
}

static void
begin_message(int fd, const char *from)
{
	char field[100], text[4096];
	int n = snprintf(field, sizeof field, "From# a@%s#", from);

	for (int i = 0; i < n; i++) {
		if (field[i] == '#')
			field[i] = '\0';
	}
	tell(fd, 'M', S("<>\0"));
	tell(fd, 'L', field, (size_t)n);
	tell(fd, 'N', S(""));
	CHECK(strchr("ac", hear(fd, text)) != NULL);
}

/* The answers to the end of a message; the text of the signature. Static. */
static const char *
end_message(int fd, const char *want)
{
	static char text[4096];
	char seen[8], none[4096];
	size_t n = 0;

	tell(fd, 'B', S("hi\r\n"));
	tell(fd, 'E', S(""));
	text[0] = '\0';
	do {
		seen[n] = hear(fd, n == 0 ? text : none);
	} while (seen[n++] == 'i' && n < 7);
	seen[n] = '\0';
	CHECK_STR(seen, want);
	return text;
}

/* --- the rows ------------------------------------------------------------ */

static void
options(void)
{
	static const struct {
		const char *option;
		int code;
		const char *says;
	} row[] = {
	    {"--help", 0, "usage: postseal-signer [-c FILE] [-T]"},
	    {"-h", 0, "SIGHUP reads config and keys again"},
	    {"--version", 0, "postseal-signer " POSTSEAL_VERSION "\n"},
	    {"--listen", 64, "unknown option --listen\nusage:"},
	    {"x", 64, "unexpected argument x\nusage:"},
	    {"-c", 64, "a value is missing for -c\nusage:"},
	};

	begin();
	configure("", "");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].option);
		CHECK(end_of(start(row[i].option)) == row[i].code);
		CHECK(has(printed(), row[i].says));
	}
	suite_row(NULL);
	finish();
}

static void
test_option(void)
{
	begin();
	configure("", domain("a.example", "s", w.good));
	CHECK(end_of(start("-T")) == 0);
	CHECK(has(printed(), "domain \"a.example\""));
	CHECK(strstr(printed(), "policyd") == NULL);
	/* a key that others may read */
	chmod(w.good, 0640);
	CHECK(end_of(start("-T")) == 1);
	CHECK(has(printed(), "good.pem: mode 0640"));
	configure(
	    " key_permissions = \"warn\"\n", domain("a.example", "s", w.good));
	CHECK(end_of(start("-T")) == 0);
	CHECK(has(printed(), "good.pem: mode 0640"));
	configure("", domain("a.example", "s", w.other));
	CHECK(end_of(start("-T")) == 1);
	CHECK(has(printed(), "other.pem: No such file or directory"));
	configure(" nonsense = 1\n", "");
	CHECK(end_of(start("-T")) == 1);
	CHECK(has(printed(), "nonsense"));
	unlink(w.config);
	CHECK(end_of(start("-T")) == 1);
	CHECK(has(printed(), "No such file"));
	CHECK_STR(read_file(w.log), ""); /* nothing was served or logged */
	finish();
}

static void
serves(void)
{
	char text[4096];
	int fd[3];
	pid_t pid;

	begin();
	configure("", domain("a.example", "s", w.good));
	pid = start_serving();
	for (int i = 0; i < 3; i++) {
		fd[i] = dial();
		greet(fd[i]);
		begin_message(fd[i], "a.example");
	}
	for (int i = 0; i < 3; i++)
		CHECK(has(end_message(fd[i], "ia"), "d=a.example; s=s;"));
	tell(fd[0], 'Q', S(""));
	CHECK(hear(fd[0], text) == 0);
	tell(fd[1], 'E', S("")); /* out of order */
	CHECK(hear(fd[1], text) == 0);
	CHECK(logged("disconnected reason=\"command out of order\" "
	             "command=END-OF-MESSAGE"));
	begin_message(fd[2], "a.example");
	end_message(fd[2], "ia");
	CHECK(logged(" signed "));
	kill(pid, SIGTERM); /* the idle connection is closed */
	CHECK(hear(fd[2], text) == 0);
	CHECK(end_of(pid) == 0);
	CHECK(access(w.socket, F_OK) != 0);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	finish();
}

/* A message is brought to its end before the daemon is. */
static void
ends_behind_a_message(void)
{
	char text[4096];
	pid_t pid;
	int fd;

	begin();
	configure("", domain("a.example", "s", w.good));
	pid = start_serving();
	fd = dial();
	greet(fd);
	begin_message(fd, "a.example");
	kill(pid, SIGTERM);
	poll(NULL, 0, 50);
	end_message(fd, "ia");
	CHECK(hear(fd, text) == 0);
	CHECK(end_of(pid) == 0);
	close(fd);
	finish();
}

/* A bad key costs its own domain only, unless strict_start is set. */
static void
bad_key_at_start(void)
{
	char both[1024];
	pid_t pid;
	int fd;

	begin();
	snprintf(both, sizeof both, "%s%s", domain("a.example", "s", w.good),
	    domain("b.example", "t", w.other));
	configure(" strict_start = true\n", both);
	CHECK(end_of(start(NULL)) == 1);
	CHECK(has(printed(), "other.pem: No such file or directory"));
	CHECK(has(printed(), "strict_start"));
	configure("", both);
	pid = start_serving();
	CHECK(has(read_file(w.log), "domain b.example: key "));
	fd = dial();
	greet(fd);
	begin_message(fd, "a.example");
	end_message(fd, "ia");
	begin_message(fd, "b.example");
	end_message(fd, "t");
	CHECK(logged("tempfail reason=\"a key for b.example cannot be used ("));
	close(fd);
	kill(pid, SIGTERM);
	CHECK(end_of(pid) == 0);
	finish();
}

static void
reload(void)
{
	int before, after;
	pid_t pid;

	begin();
	configure("", domain("a.example", "old", w.good));
	pid = start_serving();
	before = dial();
	greet(before);
	begin_message(before, "a.example");
	CHECK(has(end_message(before, "ia"), "s=old;"));
	/* any bad key refuses the reload, and the old ones go on */
	configure("", domain("a.example", "new", w.other));
	kill(pid, SIGHUP);
	CHECK(logged("other.pem: No such file or directory"));
	CHECK(logged("reload_failed"));
	after = dial();
	greet(after);
	begin_message(after, "a.example");
	CHECK(has(end_message(after, "ia"), "s=old;"));
	close(after);
	/* mended, the next one has it; a connection keeps what it began with */
	write_file(w.other, pem_ed25519, 0600);
	poll(NULL, 0, 1100); /* HUPs within a second are one */
	kill(pid, SIGHUP);
	CHECK(logged("reloaded generation="));
	after = dial();
	greet(after);
	begin_message(after, "a.example");
	CHECK(has(end_message(after, "ia"), "s=new;"));
	begin_message(before, "a.example");
	CHECK(has(end_message(before, "ia"), "s=old;"));
	close(before);
	close(after);
	kill(pid, SIGTERM);
	CHECK(end_of(pid) == 0);
	finish();
}

SUITE("signer_run", T(options), T(test_option), T(serves),
    T(ends_behind_a_message), T(bad_key_at_start), T(reload))
