/*
 * The real postseal-policyd, from outside: on a socket as spawn(8) gives it, on
 * pipes and files, standing, and with options that are wrong. DNS is a scripted
 * server. BUILD names the directory of the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes/buf.h"
#include "tests/support/await.h"
#include "tests/support/built.h"
#include "tests/support/dnsd.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static const char zone[] = "example.com     TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
                           "slow.example    TXT \"v=spf1 -all\"\n"
                           "slow.example    TXT delay=300\n"
                           "late.example    TXT \"v=spf1 -all\"\n"
                           "late.example    TXT delay=100\n"
                           "broken.example  TXT \"v=spf1 foo:bar -all\"\n"
                           "deep.example    TXT \"v=spf1 include:example.com "
                           "a:absent.example mx ptr exists:%{i}.x -all\"\n"
                           "dead.example    TXT servfail\n";

static struct {
	struct tmpdir dir;
	struct dnsd *dns;
	char config[TMPDIR_PATH_MAX];
	char log[TMPDIR_PATH_MAX];
} w;

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_FATAL(f != NULL);
	fputs(text, f);
	CU_ASSERT_FATAL(fclose(f) == 0);
}

/* The config, with more at the end of the top level. */
static void
configure(const char *log, const char *more)
{
	char text[1024];

	snprintf(text, sizeof text,
	    "hostname = \"mx.example.org\"\nlog = \"%s\"\n"
	    "dns { servers = {\"127.0.0.1:%u\"} timeout = 5 }\n%s",
	    log, dnsd_port(w.dns), more);
	write_file(w.config, text);
}

static void
begin(void)
{
	tmpdir_make(&w.dir);
	tmpdir_file(&w.dir, "postseal.conf", w.config);
	tmpdir_file(&w.dir, "log", w.log);
	w.dns = dnsd_start(zone);
	configure(w.log, "");
}

static void
finish(void)
{
	dnsd_stop(w.dns);
	tmpdir_remove(&w.dir);
}

/* Starts the program with these descriptors as 0, 1 and 2. */
static pid_t
start(int in, int out, int err, const char *const *argv)
{
	char path[BUILT_PATH_MAX];
	pid_t pid;

	built_path("postseal-policyd", path);
	fflush(stdout);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid > 0)
		return pid;
	/* none of the three may be overwritten before it is copied */
	in = fcntl(in, F_DUPFD, 10);
	out = fcntl(out, F_DUPFD, 10);
	err = fcntl(err, F_DUPFD, 10);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* As spawn(8) does it: one socket on 0, 1 and 2. Our end is *ret_fd. */
static pid_t
start_spawned(int *ret_fd)
{
	const char *const argv[] = {"postseal-policyd", "-c", w.config, NULL};
	int pair[2];
	pid_t pid;

	CU_ASSERT_FATAL(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	pid = start(pair[1], pair[1], pair[1], argv);
	close(pair[1]);
	*ret_fd = pair[0];
	return pid;
}

static void
say(int fd, const char *text)
{
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* What comes until `last` stands at its end, the stream ends, or patience
 * does. */
static const char *
hear(int fd, const char *last)
{
	static char text[8192];
	size_t n = 0;

	text[0] = '\0';
	while (n < sizeof text - 1) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (last != NULL && n >= strlen(last) &&
		    strcmp(text + n - strlen(last), last) == 0)
			break;
		if (poll(&p, 1, AWAIT_SECONDS * 1000) != 1)
			break;
		got = read(fd, text + n, sizeof text - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
		text[n] = '\0';
	}
	return text;
}

static const char *
request(const char *sender, const char *instance)
{
	static char text[1024];

	snprintf(text, sizeof text,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "client_address=192.0.2.1\nhelo_name=localhost\nsender=%s\n"
	    "recipient=r@example.org\ninstance=%s\n\n",
	    sender, instance);
	return text;
}

static const char *
ask(int fd, const char *sender, const char *instance)
{
	say(fd, request(sender, instance));
	return hear(fd, "\n\n");
}

/* Says it, and waits until it is under way: DNS has been asked for the
 * sender. */
static void
say_and_wait(int fd, const char *domain, const char *instance)
{
	unsigned before = dnsd_count(w.dns, domain, "TXT");
	struct await a = {0};
	char sender[64];

	snprintf(sender, sizeof sender, "u@%s", domain);
	say(fd, request(sender, instance));
	while (dnsd_count(w.dns, domain, "TXT") == before &&
	    await_more(&a, "a question of the daemon"))
		;
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static const char pass[] =
    "action=PREPEND Received-SPF: pass (mx.example.org: example.com designates "
    "192.0.2.1 as permitted sender) client-ip=192.0.2.1; "
    "envelope-from=\"u@example.com\"; helo=localhost; receiver=mx.example.org; "
    "mechanism=\"ip4:192.0.2.1\"; identity=mailfrom\n\n";

/* --- spawned -------------------------------------------------------------- */

static pid_t
begin_spawned(int *ret_fd)
{
	begin();
	return start_spawned(ret_fd);
}

/* The peer goes, then the daemon. */
static void
finish_spawned(pid_t pid, int fd)
{
	close(fd);
	CHECK(built_end_of(pid) == 0);
	finish();
}

static void
on_a_socket(void)
{
	char path[64], target[64];
	int fd;
	pid_t pid;

	pid = begin_spawned(&fd);
	CHECK_STR(ask(fd, "u@example.com", "1"), pass);
	CHECK_STR(ask(fd, "u@example.com", "1"), "action=dunno\n\n");
	CHECK(begins(ask(fd, "u@broken.example", "2"),
	    "action=PREPEND Received-SPF: permerror "));
	CHECK(begins(ask(fd, "u@dead.example", "3"),
	    "action=PREPEND Received-SPF: temperror "));
	CHECK(begins(ask(fd, "u@deep.example", "4"),
	    "action=PREPEND Received-SPF: pass "));
	CHECK(begins(ask(fd, "u@absent.example", "5"),
	    "action=PREPEND Received-SPF: none "));
	/* of a process that may not be traced, only root sees them */
	for (int i = 0; geteuid() == 0 && i < 3; i++) {
		ssize_t n;

		snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, i);
		n = readlink(path, target, sizeof target - 1);
		target[n < 0 ? 0 : n] = '\0';
		CHECK_STR(target, "/dev/null");
	}
	shutdown(fd, SHUT_WR);
	CHECK_STR(hear(fd, NULL), ""); /* no noise at the end */
	CHECK(built_end_of(pid) == 0);
	close(fd);
	CHECK(strstr(tmpdir_read(w.log),
	          " spf instance=1 client=192.0.2.1 "
	          "action=header to=r@example.org result=pass ") != NULL);
	finish();
}

static void
end_behind_a_request(void)
{
	int fd;
	pid_t pid;

	pid = begin_spawned(&fd);
	say(fd, request("u@slow.example", "1"));
	shutdown(fd, SHUT_WR);
	CHECK(begins(hear(fd, NULL), "action=550 5.7.23 "));
	CHECK(built_end_of(pid) == 0);
	close(fd);
	finish();
}

static void
peer_lost(void)
{
	int fd;
	pid_t pid;

	begin();
	dnsd_mute(w.dns);
	pid = start_spawned(&fd);
	say_and_wait(fd, "example.com", "1");
	close(fd);
	CHECK(built_end_of(pid) == 0);
	CHECK(strstr(tmpdir_read(w.log), " spf ") == NULL);
	finish();
}

/* HELO and MAIL FROM are of one domain: its record is asked for once. */
static void
one_domain(void)
{
	int fd;
	pid_t pid;

	pid = begin_spawned(&fd);
	say(fd,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "client_address=192.0.2.1\nhelo_name=late.example\n"
	    "sender=u@late.example\nrecipient=r@example.org\ninstance=1\n\n");
	CHECK(begins(hear(fd, "\n\n"), "action=550 5.7.23 "));
	close(fd);
	CHECK(built_end_of(pid) == 0);
	CHECK(strstr(tmpdir_read(w.log), " helo_result=fail ") != NULL);
	CHECK(dnsd_count(w.dns, "late.example", "TXT") == 1);
	finish();
}

/* DNS that says nothing costs a request the time limit and no more; when it
 * is back, the next name is looked up within a second. */
static void
dead_dns(void)
{
	uint64_t start;
	int fd;
	pid_t pid;

	begin();
	configure(w.log, "policyd { time_limit = 1 }\n");
	dnsd_mute(w.dns);
	pid = start_spawned(&fd);
	start = await_now_ms();
	CHECK(begins(ask(fd, "u@broken.example", "1"),
	    "action=PREPEND Received-SPF: temperror "));
	CHECK(await_now_ms() - start >= 900);
	CHECK(await_now_ms() - start < 2000);
	dnsd_open(w.dns);
	start = await_now_ms();
	CHECK_STR(ask(fd, "u@example.com", "3"), pass);
	CHECK(await_now_ms() - start < 1000);
	finish_spawned(pid, fd);
}

static void
terminated(void)
{
	int fd;
	pid_t pid;

	pid = begin_spawned(&fd); /* idle */
	CHECK_STR(ask(fd, "u@example.com", "1"), pass);
	kill(pid, SIGTERM);
	CHECK_STR(hear(fd, NULL), "");
	CHECK(built_end_of(pid) == 0);
	close(fd);

	pid = start_spawned(&fd); /* with a request under way: answered */
	CHECK_STR(ask(fd, "u@example.com", "1"), pass);
	say_and_wait(fd, "slow.example", "2");
	kill(pid, SIGTERM);
	CHECK(begins(hear(fd, NULL), "action=550 5.7.23 "));
	CHECK(built_end_of(pid) == 0);
	close(fd);
	finish();
}

/* In the middle of a check, and between the recipients of a message: none of
 * them ends it. The first of them are told in the log. */
static void
other_signals(void)
{
	static const int signals[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGALRM,
	    SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR, SIGPIPE, SIGXFSZ, SIGWINCH,
	    SIGURG, SIGCHLD, SIGTSTP, SIGCONT};
	enum { ALL = sizeof signals / sizeof signals[0], TOLD = 8 };
	int fd;
	pid_t pid;

	pid = begin_spawned(&fd);
	CHECK_STR(ask(fd, "u@example.com", "1"), pass);
	for (size_t i = 0; i < ALL; i++)
		kill(pid, signals[i]);
	CHECK_STR(ask(fd, "u@example.com", "1"), "action=dunno\n\n");
	say_and_wait(fd, "slow.example", "2");
	for (size_t i = 0; i < ALL; i++)
		kill(pid, signals[i]);
	CHECK(begins(hear(fd, "\n\n"), "action=550 5.7.23 "));
	close(fd);
	CHECK(built_end_of(pid) == 0);
	for (size_t i = 0; i < TOLD; i++) {
		char text[64];

		snprintf(text, sizeof text, " reason=\"signal %d is ignored; ",
		    signals[i]);
		CHECK(strstr(tmpdir_read(w.log), text) != NULL);
	}
	finish();
}

/* As SIGTERM; also where it was started with all of them blocked. */
static void
ending_signals(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGQUIT};

	begin();
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		sigset_t all, before;
		int fd;
		pid_t pid;

		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, &before);
		pid = start_spawned(&fd);
		sigprocmask(SIG_SETMASK, &before, NULL);
		CHECK_STR(ask(fd, "u@example.com", "1"), pass);
		say_and_wait(fd, "slow.example", "2");
		kill(pid, signals[i]);
		CHECK(begins(hear(fd, NULL), "action=550 5.7.23 "));
		CHECK(built_end_of(pid) == 0);
		close(fd);
	}
	finish();
}

static void
crlf(void)
{
	int fd;
	pid_t pid;

	pid = begin_spawned(&fd);
	say(fd,
	    "request=smtpd_access_policy\r\nprotocol_state=RCPT\r\n"
	    "client_address=192.0.2.1\r\nhelo_name=h.example.com\r\n"
	    "sender=u@example.com\r\ninstance=1\r\n\r\n");
	CHECK(begins(hear(fd, "\n\n"), "action=PREPEND Received-SPF: pass "));
	close(fd);
	CHECK(built_end_of(pid) == 0);
	CHECK(strstr(tmpdir_read(w.log), "malformed") == NULL);
	finish();
}

static void
malformed(void)
{
	int fd;
	pid_t pid;

	pid = begin_spawned(&fd);
	say(fd, "HELO there\n\n");
	CHECK_STR(hear(fd, NULL), "");
	CHECK(built_end_of(pid) == 0);
	close(fd);
	CHECK(strstr(tmpdir_read(w.log), "malformed") != NULL);
	finish();
}

/* --- pipes and files ------------------------------------------------------ */

static void
on_pipes(void)
{
	const char *const argv[] = {"postseal-policyd", "-c", w.config, NULL};
	int in[2], out[2];
	pid_t pid;

	begin();
	CU_ASSERT_FATAL(
	    pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	pid = start(in[0], out[1], out[1], argv);
	close(in[0]);
	close(out[1]);
	say(in[1], request("u@example.com", "1"));
	CHECK_STR(hear(out[0], "\n\n"), pass);
	say(in[1], request("u@slow.example", "2"));
	close(in[1]);
	CHECK(begins(hear(out[0], NULL), "action=550 5.7.23 "));
	CHECK(built_end_of(pid) == 0);
	close(out[0]);
	finish();
}

static void
on_files(void)
{
	const char *const argv[] = {"postseal-policyd", "-c", w.config, NULL};
	char path[TMPDIR_PATH_MAX], text[4096];
	const char *got;
	int in, out;
	pid_t pid;

	begin();
	snprintf(text, sizeof text, "%s", request("u@slow.example", "1"));
	strcat(text, request("u@example.com", "2"));
	strcat(text, request("u@example.com", "2"));
	tmpdir_file(&w.dir, "in", path);
	write_file(path, text);
	in = open(path, O_RDONLY | O_CLOEXEC);
	tmpdir_file(&w.dir, "out", path);
	out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CU_ASSERT_FATAL(in >= 0 && out >= 0);
	pid = start(in, out, out, argv);
	CHECK(built_end_of(pid) == 0);
	close(in);
	close(out);
	got = tmpdir_read(path);
	CHECK(begins(got, "action=550 5.7.23 "));
	CHECK(strstr(got, "\n\naction=PREPEND Received-SPF: pass ") != NULL);
	CHECK(strstr(got, "\n\naction=dunno\n\n") != NULL);
	finish();
}

/* --- settings ------------------------------------------------------------- */

/* Settings that cannot be used stop no mail. */
static void
broken_settings(void)
{
	int fd;
	pid_t pid;

	begin();
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			configure(
			    w.log, "policyd { header = \"none of these\" }\n");
		else
			unlink(w.config);
		pid = start_spawned(&fd);
		CHECK_STR(ask(fd, "u@slow.example", "1"), "action=dunno\n\n");
		CHECK_STR(ask(fd, "u@slow.example", "2"), "action=dunno\n\n");
		shutdown(fd, SHUT_WR);
		CHECK_STR(hear(fd, NULL), "");
		CHECK(built_end_of(pid) == 0);
		close(fd);
	}
	finish();
}

/* What the log would be is the peer: nothing is written there. */
static void
log_to_stderr(void)
{
	int fd;
	pid_t pid;

	begin();
	configure("stderr", "");
	pid = start_spawned(&fd);
	CHECK_STR(ask(fd, "u@example.com", "1"), pass);
	shutdown(fd, SHUT_WR);
	CHECK_STR(hear(fd, NULL), "");
	CHECK(built_end_of(pid) == 0);
	close(fd);
	finish();
}

/* --- options -------------------------------------------------------------- */

/* Runs with these arguments; output and errors into out and err. */
static int
run(const char *const *argv, char *out, char *err, size_t size)
{
	int o[2], e[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC), code;
	pid_t pid;

	CU_ASSERT_FATAL(pipe2(o, O_CLOEXEC) == 0 && pipe2(e, O_CLOEXEC) == 0);
	pid = start(null, o[1], e[1], argv);
	close(null);
	close(o[1]);
	close(e[1]);
	snprintf(out, size, "%s", hear(o[0], NULL));
	snprintf(err, size, "%s", hear(e[0], NULL));
	code = built_end_of(pid);
	close(o[0]);
	close(e[0]);
	return code;
}

static void
options(void)
{
	static const struct {
		const char *argv[5];
		int code;
		const char *out, *err;
	} row[] = {
	    {{"p", "--version"}, 0, "postseal-policyd ", ""},
	    {{"p", "--help"}, 0, "usage: ", ""},
	    {{"p", "-h"}, 0, "usage: ", ""},
	    {{"p", "-x"}, 64, "", "postseal-policyd: unknown option -x\n"},
	    {{"p", "-hx"}, 64, "", "postseal-policyd: unknown option -x\n"},
	    {{"p", "--nonsense"}, 64, "",
	        "postseal-policyd: unknown option --nonsense\n"},
	    {{"p", "-c"}, 64, "",
	        "postseal-policyd: a value is missing for -c\n"},
	    {{"p", "word"}, 64, "",
	        "postseal-policyd: unexpected argument word\n"},
	    {{"p", "-T", "-c", "/nonexistent/x.conf"}, 1, "",
	        "/nonexistent/x.conf"},
	};
	char out[8192], err[8192];

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].argv[1]);
		CHECK(run(row[i].argv, out, err, sizeof out) == row[i].code);
		CHECK(begins(out, row[i].out));
		CHECK(begins(err, row[i].err));
		CHECK((*out == '\0') == (*row[i].out == '\0'));
		CHECK((*err == '\0') == (*row[i].err == '\0'));
	}
}

/* What a process that starts every few minutes does not repeat. */
static void
no_warnings_spawned(void)
{
	int fd;
	pid_t pid;

	begin();
	configure(w.log, "policyd { mail_from { neutral = \"OK\" } }\n");
	pid = start_spawned(&fd);
	CHECK_STR(ask(fd, "u@example.com", "1"), pass);
	close(fd);
	CHECK(built_end_of(pid) == 0);
	CHECK(strstr(tmpdir_read(w.log), "skips") == NULL);
	finish();
}

static void
test_of_settings(void)
{
	const char *const argv[] = {
	    "postseal-policyd", "-c", w.config, "-T", NULL};
	char out[8192], err[8192];

	begin();
	CHECK(run(argv, out, err, sizeof out) == 0);
	CHECK(strstr(out, "hostname = \"mx.example.org\"\n") != NULL);
	CHECK(strstr(out, "policyd {") != NULL);
	CHECK_STR(err, "");
	configure(w.log, "policyd { mail_from { pass = \"OK\" } }\n");
	CHECK(run(argv, out, err, sizeof out) == 0); /* a warning */
	CHECK(strstr(out, "pass = \"OK\"") != NULL);
	CHECK(strstr(err, w.config) != NULL);
	configure(w.log, "policyd { mail_from { pass = \"heeader\" } }\n");
	CHECK(run(argv, out, err, sizeof out) == 1);
	CHECK_STR(out, "");
	CHECK(begins(err, w.config));
	CHECK(strstr(err, "heeader") != NULL);
	finish();
}

/* A mistake in argv= of master.cf: Postfix hears nothing of it. */
static void
usage_error_spawned(void)
{
	const char *const argv[] = {"postseal-policyd", "--nonsense", NULL};
	int pair[2];
	pid_t pid;

	CU_ASSERT_FATAL(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	pid = start(pair[1], pair[1], pair[1], argv);
	close(pair[1]);
	CHECK_STR(hear(pair[0], NULL), "");
	CHECK(built_end_of(pid) == 64);
	close(pair[0]);
}

/* --- standing ------------------------------------------------------------- */

static int
connect_to(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct await a = {0};

	do {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
			return fd;
		close(fd);
	} while (await_more(&a, "a daemon that listens"));
	return -1;
}

/* A port that was free a moment ago. */
static uint16_t
free_port(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&a, n) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void
configure_standing(uint16_t port, const char *header)
{
	char more[256];

	snprintf(more, sizeof more,
	    "policyd { user = \"nobody\" control = {} socket_group = \"\" "
	    "listen = {\"inet:127.0.0.1:%u\"} "
	    "header = \"%s\" mail_from { neutral = \"OK\" } }\n",
	    port, header);
	configure(w.log, more);
}

static bool
logged(const char *what)
{
	return await_logged(w.log, what, 1);
}

static void
standing(void)
{
	const char *const argv[] = {
	    "postseal-policyd", "-c", w.config, "--listen", NULL};
	int fd, idle, busy, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint16_t port = free_port();
	pid_t pid;

	begin();
	configure_standing(port, "Received-SPF");
	pid = start(null, null, null, argv);
	fd = connect_to(port);
	CHECK_STR(ask(fd, "u@example.com", "1"), pass);
	idle = connect_to(port);
	CHECK_STR(ask(idle, "u@example.com", "2"), pass);

	/* a reload with wrong settings changes nothing */
	configure_standing(port, "nonsense");
	kill(pid, SIGHUP);
	CHECK(logged("skips all later restrictions")); /* neutral = "OK" */
	CHECK(logged("reload_failed"));
	CHECK_STR(ask(fd, "u@example.com", "3"), pass);

	/* a good one: connections keep the settings that they began with */
	busy = connect_to(port);
	say_and_wait(busy, "slow.example", "4");
	configure_standing(port, "Authentication-Results");
	kill(pid, SIGHUP);
	CHECK(logged("reloaded"));
	CHECK(begins(hear(busy, "\n\n"), "action=550 5.7.23 "));
	CHECK_STR(ask(idle, "u@example.com", "2.1"), pass);
	CHECK_STR(ask(busy, "u@example.com", "4.1"), pass);
	close(fd);
	close(idle);
	/* its worker stays, which only time can show */
	CHECK(poll(&(struct pollfd){.fd = busy, .events = POLLIN}, 1, 50) == 0);
	close(busy);
	CHECK(logged("worker_ended"));
	fd = connect_to(port);
	say(fd, request("u@example.com", "5"));
	CHECK(begins(hear(fd, "\n\n"),
	    "action=PREPEND Authentication-Results: mx.example.org; "
	    "spf=pass "));

	/* the end: what is under way is answered */
	say_and_wait(fd, "slow.example", "6");
	kill(pid, SIGTERM);
	CHECK(begins(hear(fd, NULL), "action=550 5.7.23 "));
	CHECK(built_end_of(pid) == 0);
	close(fd);
	close(null);
	finish();
}

enum { ATTACKERS = 45, OTHERS = 20 };

/* A record for each attacker: ten mx of ten hosts, on servers that say nothing;
 * and one for each other sender. */
static void
load_attack(void)
{
	struct buf text;

	buf_init(&text, 4 * 1024 * 1024);
	for (int i = 0; i < ATTACKERS; i++) {
		buf_fmt(&text, "t%d.evil.example TXT \"v=spf1", i);
		for (int m = 0; m < 10; m++)
			buf_fmt(&text, " mx:m%d.t%d.evil.example", m, i);
		buf_str(&text, " -all\"\n");
		for (int h = 0; h < 100; h++)
			buf_fmt(&text,
			    "m%d.t%d.evil.example MX 1 h%d.t%d.evil.example\n"
			    "h%d.t%d.evil.example A timeout\n",
			    h / 10, i, h, i, h, i);
	}
	for (int i = 0; i < OTHERS; i++)
		buf_fmt(&text,
		    "g%d.example TXT \"v=spf1 include:x%d.example "
		    "a:y%d.example -all\"\n"
		    "x%d.example TXT \"v=spf1 ip4:198.51.100.1 -all\"\n"
		    "y%d.example A 192.0.2.1\n",
		    i, i, i, i, i);
	CU_ASSERT_PTR_NOT_NULL_FATAL(buf_text(&text));
	dnsd_stop(w.dns);
	w.dns = dnsd_start(buf_text(&text));
	buf_free(&text);
}

/* Senders whose checks are as many questions as can be, which nobody answers,
 * take nothing from the others but a little time. */
static void
others_under_attack(void)
{
	const char *const argv[] = {
	    "postseal-policyd", "-c", w.config, "--listen", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd,
	    attacker[ATTACKERS];
	uint16_t port = free_port();
	char sender[64];
	uint64_t start_ms;
	pid_t pid;

	begin();
	load_attack();
	configure_standing(port, "Received-SPF");
	pid = start(null, null, null, argv);
	fd = connect_to(port);
	for (int i = 0; i < ATTACKERS; i++) {
		attacker[i] = connect_to(port);
		snprintf(sender, sizeof sender, "u@t%d.evil.example", i);
		say(attacker[i], request(sender, "1"));
	}
	start_ms = await_now_ms();
	for (int i = 0; i < OTHERS; i++) {
		snprintf(sender, sizeof sender, "u@g%d.example", i);
		say(fd, request(sender, sender));
		CHECK(begins(
		    hear(fd, "\n\n"), "action=PREPEND Received-SPF: pass "));
	}
	CHECK(await_now_ms() - start_ms < OTHERS * 500);
	for (int i = 0; i < ATTACKERS; i++)
		close(attacker[i]);
	close(fd);
	kill(pid, SIGTERM);
	CHECK(built_end_of(pid) == 0);
	close(null);
	finish();
}

static void
standing_does_not_start(void)
{
	const char *const argv[] = {
	    "postseal-policyd", "-c", w.config, "--listen", NULL};
	char out[8192], err[8192];

	begin();
	configure_standing(1, "nonsense");
	CHECK(run(argv, out, err, sizeof out) == 1);
	CHECK_STR(out, "");
	CHECK(strstr(err, "nonsense") != NULL);
	finish();
}

/* Whatever it was started with, root's by whoever runs this test. */
static void
no_capabilities(void)
{
	static const char *const sets[] = {
	    "CapInh:", "CapPrm:", "CapEff:", "CapAmb:"};
	char path[64];
	const char *status, *at;
	int fd;
	pid_t pid;

	pid = begin_spawned(&fd);
	CHECK_STR(ask(fd, "u@example.com", "1"), pass);
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	status = tmpdir_read(path);
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		suite_row(sets[i]);
		at = strstr(status, sets[i]);
		CHECK(at != NULL && begins(at + 7, "\t0000000000000000\n"));
	}
	suite_row(NULL);
	finish_spawned(pid, fd);
}

/* With a good config and a broken one: no new privileges; and what may not be
 * dumped nor traced belongs to root in /proc, whatever its user and group
 * are. */
static void
confined(void)
{
	static const char *const more[] = {"", "nonsense = 1\n"};
	const gid_t group = geteuid() == 0 ? 65534 : getegid();
	char path[64];
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		int fd;
		pid_t pid;

		suite_row(more[i]);
		begin();
		configure(w.log, more[i]);
		CU_ASSERT_FATAL(setregid(group, group) == 0);
		pid = start_spawned(&fd);
		CU_ASSERT_FATAL(geteuid() != 0 || setregid(0, 0) == 0);
		CHECK(begins(ask(fd, "u@example.com", "1"), "action="));
		snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
		CHECK(strstr(tmpdir_read(path), "NoNewPrivs:\t1\n") != NULL);
		snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
		CHECK(stat(path, &st) == 0 && st.st_uid == 0 && st.st_gid == 0);
		close(fd);
		CHECK(built_end_of(pid) == 0);
		finish();
	}
	suite_row(NULL);
}

SUITE("policyd_spawn", T(on_a_socket), T(no_capabilities), T(confined),
    T(end_behind_a_request), T(peer_lost), T(one_domain), T(dead_dns),
    T(terminated), T(other_signals), T(ending_signals), T(crlf), T(malformed),
    T(on_pipes), T(on_files), T(broken_settings), T(no_warnings_spawned),
    T(log_to_stderr), T(options), T(test_of_settings), T(usage_error_spawned),
    T(standing), T(others_under_attack), T(standing_does_not_start))
