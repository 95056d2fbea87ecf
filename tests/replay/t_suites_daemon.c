/*
 * The public SPF suites once more, from outside: each case is a policy request
 * to the real postseal-policyd, DNS is a scripted server. What
 * common/spf/t_spf_suites.c says of the checks is said here of the whole
 * daemon.
 *
 * Every result is told to be refused, because only a refusal shows both the
 * result and the explanation. BUILD names the directory of the program.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/dnsd.h"
#include "tests/support/spfsuite.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { PATIENCE_MS = 30 * 1000 };

static struct {
	struct tmpdir dir;
	struct dnsd *dns;
	char config[TMPDIR_PATH_MAX];
	char log[TMPDIR_PATH_MAX];
	pid_t pid; /* 0: not running */
	int fd;
	unsigned cases;
} w;

static const char seven[] =
    "fail = \"reject\" softfail = \"reject\" temperror = \"reject\" "
    "permerror = \"reject\" neutral = \"reject\" none = \"reject\" "
    "pass = \"reject\"";

static void
configure(void)
{
	FILE *f = fopen(w.config, "w");

	CU_ASSERT_FATAL(f != NULL);
	fprintf(f,
	    "hostname = \"mx.example.org\"\nlog = \"%s\"\n"
	    "dns { servers = {\"127.0.0.1:%u\"} timeout = 1 }\n"
	    "policyd { trusted_networks = {} helo { check = false } "
	    "mail_from { %s } }\n",
	    w.log, dnsd_port(w.dns), seven);
	CU_ASSERT_FATAL(fclose(f) == 0);
}

/* One daemon a scenario: the zones differ, and it has a cache. */
static void
start(void)
{
	const char *build = getenv("BUILD");
	char path[PATH_MAX];
	int pair[2];

	CU_ASSERT_FATAL(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	snprintf(path, sizeof path, "%s/postseal-policyd",
	    build == NULL ? ".build/release" : build);
	fflush(stdout);
	w.pid = fork();
	CU_ASSERT_FATAL(w.pid >= 0);
	if (w.pid == 0) {
		for (int fd = 0; fd < 3; fd++)
			dup2(pair[1], fd);
		execl(path, path, "-c", w.config, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	w.fd = pair[0];
}

/* End of input ends it, cleanly. */
static void
stop(void)
{
	int status;

	if (w.pid == 0)
		return;
	close(w.fd);
	CU_ASSERT(waitpid(w.pid, &status, 0) == w.pid);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	w.pid = 0;
}

/* Reads one reply into text; true if it came whole. */
static bool
read_reply(char *text, size_t size)
{
	size_t have = 0;

	while (have < size - 1) {
		struct pollfd p = {.fd = w.fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, PATIENCE_MS) != 1)
			return false;
		n = read(w.fd, text + have, size - 1 - have);
		if (n <= 0)
			return false;
		have += (size_t)n;
		text[have] = '\0';
		if (have > 1 && strcmp(text + have - 2, "\n\n") == 0)
			return true;
	}
	return false;
}

static bool
ask(char **f, char *reply, size_t size)
{
	char text[8192];
	int n = snprintf(text, sizeof text,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "client_address=%s\nhelo_name=%s\nsender=%s\n"
	    "recipient=bob@rcpt.example\ninstance=1.%u\n\n",
	    f[2], f[3], f[4], w.cases);

	return write(w.fd, text, (size_t)n) == n && read_reply(reply, size);
}

/* A reply that was cut says so with "...". */
static bool
explains(const char *reply, const char *want)
{
	const char *at = strstr(reply, " explains: ");
	size_t n;

	if (at == NULL)
		return false;
	at += strlen(" explains: ");
	n = strcspn(at, "\n");
	if (n > 3 && strncmp(at + n - 3, "...", 3) == 0)
		return strncmp(at, want, n - 3) == 0;
	return n == strlen(want) && strncmp(at, want, n) == 0;
}

static void
run_case(void *arg, char **f)
{
	char reply[4096] = "", row[400];
	const char *word;

	w.cases++;
	snprintf(row, sizeof row, "%s: %s", f[1], f[5]);
	suite_row(row);
	if (w.pid == 0)
		start();
	CHECK(ask(f, reply, sizeof reply));
	word = strstr(reply, " SPF ");
	if (word == NULL || strncmp(reply, "action=550 5.7.", 15) != 0) {
		CHECK_STR(reply, "a refusal that names the result");
		return;
	}
	word += strlen(" SPF ");
	if (!spfsuite_allows(f[5], word, strcspn(word, " ")))
		CHECK_STR(reply, f[5]);
	if (f[6][0] != '\0' && !explains(reply, f[6]))
		CHECK_STR(reply, f[6]);
	suite_row(NULL);
}

static void
scenario(void *arg)
{
	stop();
	dnsd_clear(w.dns);
}

static void
zone(void *arg, const char *line)
{
	dnsd_add(w.dns, line);
}

static void
run_suite(const char *file, unsigned want)
{
	static const struct spfsuite_ops ops = {scenario, zone, run_case};
	char command[PATH_MAX + 100];

	if (!spfsuite_command(file, command, sizeof command))
		return;
	tmpdir_make(&w.dir);
	tmpdir_file(&w.dir, "postseal.conf", w.config);
	tmpdir_file(&w.dir, "log", w.log);
	w.dns = dnsd_start("");
	w.cases = 0;
	configure();
	CU_ASSERT_EQUAL(spfsuite_read(command, &ops, NULL), want);
	stop();
	dnsd_stop(w.dns);
	tmpdir_remove(&w.dir);
}

static void
rfc7208(void)
{
	run_suite("rfc7208-tests.yml.gz", 203);
}

static void
rfc4408(void)
{
	run_suite("rfc4408-tests.yml.gz", 191);
}

SUITE("suites through the daemon", T(rfc7208), T(rfc4408))
