/*
 * The real postseal-signer, from outside: options, the milter on a socket, bad
 * keys at the start and at a reload, its end. BUILD names the directory of the
 * program.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/built.h"
#include "tests/support/pem.h"
#include "tests/support/signerd.h"
#include "tests/support/suite.h"

/* --- the rows ------------------------------------------------------------ */

static void
options(void)
{
	static const struct {
		const char *option;
		int code;
		const char *says;
	} row[] = {
	    {"--help", 0, "usage: postseal-signer [-c FILE] [--replace | -T]"},
	    {"-h", 0, "SIGHUP reads config and keys again"},
	    {"--version", 0, "postseal-signer " POSTSEAL_VERSION "\n"},
	    {"--listen", 64, "unknown option --listen\nusage:"},
	    {"x", 64, "unexpected argument x\nusage:"},
	    {"-c", 64, "a value is missing for -c\nusage:"},
	};

	signerd_begin();
	signerd_configure("", "");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].option);
		CHECK(
		    built_end_of(signerd_start(row[i].option)) == row[i].code);
		CHECK(suite_has(signerd_printed(), row[i].says));
	}
	suite_row(NULL);
	signerd_finish();
}

static void
test_option(void)
{
	signerd_begin();
	signerd_configure("", signerd_domain("a.example", "s", signerd.good));
	CHECK(built_end_of(signerd_start("-T")) == 0);
	CHECK(suite_has(signerd_printed(), "domain \"a.example\""));
	CHECK(strstr(signerd_printed(), "policyd") == NULL);
	/* a key that others may read */
	chmod(signerd.good, 0640);
	CHECK(built_end_of(signerd_start("-T")) == 1);
	CHECK(suite_has(signerd_printed(), "good.pem: mode 0640"));
	signerd_configure(" key_permissions = \"warn\"\n",
	    signerd_domain("a.example", "s", signerd.good));
	CHECK(built_end_of(signerd_start("-T")) == 0);
	CHECK(suite_has(signerd_printed(), "good.pem: mode 0640"));
	signerd_configure("", signerd_domain("a.example", "s", signerd.other));
	CHECK(built_end_of(signerd_start("-T")) == 1);
	CHECK(suite_has(
	    signerd_printed(), "other.pem: No such file or directory"));
	signerd_configure(" nonsense = 1\n", "");
	CHECK(built_end_of(signerd_start("-T")) == 1);
	CHECK(suite_has(signerd_printed(), "nonsense"));
	unlink(signerd.config);
	CHECK(built_end_of(signerd_start("-T")) == 1);
	CHECK(suite_has(signerd_printed(), "No such file"));
	CHECK_STR(
	    tmpdir_read(signerd.log), ""); /* nothing was served or logged */
	signerd_finish();
}

/* Domains of several owners, and nothing that says which login is whose. */
static void
tenants(void)
{
	static const char warning[] =
	    "signer.auth_table: each login may have mail signed as any of the "
	    "domains; \"inline:* %\" lets each use its own address only, "
	    "\"inline:* *\" leaves it so\n";
	char both[2000];

	signerd_begin();
	snprintf(both, sizeof both, "%s",
	    signerd_domain("a.example", "s", signerd.good));
	signerd_configure("", both);
	CHECK(built_end_of(signerd_start("-T")) == 0);
	CHECK(strstr(signerd_printed(), "auth_table: each") == NULL);
	strncat(both, signerd_domain("b.example", "s", signerd.good),
	    sizeof both - strlen(both) - 1);
	signerd_configure("", both);
	CHECK(built_end_of(signerd_start("-T")) == 0);
	CHECK(suite_has(signerd_printed(), warning));
	signerd_configure(" auth_table = \"inline:* %\"\n", both);
	CHECK(built_end_of(signerd_start("-T")) == 0);
	CHECK(strstr(signerd_printed(), "auth_table: each") == NULL);
	signerd_configure(" list_domains = {\"l.example\"}\n", both);
	CHECK(built_end_of(signerd_start("-T")) == 0);
	CHECK(suite_has(signerd_printed(),
	    "signer.list_domains: does nothing without list_daemons or "
	    "list_hosts"));
	signerd_finish();
}

static void
serves(void)
{
	char text[4096];
	int fd[3];
	pid_t pid;

	signerd_begin();
	signerd_configure("", signerd_domain("a.example", "s", signerd.good));
	pid = signerd_start_serving();
	for (int i = 0; i < 3; i++) {
		fd[i] = signerd_dial();
		signerd_greet(fd[i]);
		signerd_begin_message(fd[i], "a.example");
	}
	for (int i = 0; i < 3; i++)
		CHECK(suite_has(
		    signerd_end_message(fd[i], "ia"), "d=a.example; s=s;"));
	signerd_tell(fd[0], 'Q', S(""));
	CHECK(signerd_hear(fd[0], text) == 0);
	signerd_tell(fd[1], 'E', S("")); /* out of order */
	CHECK(signerd_hear(fd[1], text) == 0);
	CHECK(signerd_logged("disconnected reason=\"command out of order\" "
	                     "command=END-OF-MESSAGE"));
	signerd_begin_message(fd[2], "a.example");
	signerd_end_message(fd[2], "ia");
	CHECK(signerd_logged(" signed "));
	kill(pid, SIGTERM); /* the idle connection is closed */
	CHECK(signerd_hear(fd[2], text) == 0);
	CHECK(built_end_of(pid) == 0);
	CHECK(access(signerd.socket, F_OK) != 0);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	signerd_finish();
}

/* A message is brought to its end before the daemon is. */
static void
ends_behind_a_message(void)
{
	char text[4096];
	pid_t pid;
	int fd;

	signerd_begin();
	signerd_configure("", signerd_domain("a.example", "s", signerd.good));
	pid = signerd_start_serving();
	fd = signerd_dial();
	signerd_greet(fd);
	signerd_begin_message(fd, "a.example");
	kill(pid, SIGTERM);
	poll(NULL, 0, 50); /* that it does not end shows only in time */
	signerd_end_message(fd, "ia");
	CHECK(signerd_hear(fd, text) == 0);
	CHECK(built_end_of(pid) == 0);
	close(fd);
	signerd_finish();
}

/* A bad key costs its own domain only, unless strict_start is set. */
static void
bad_key_at_start(void)
{
	char both[1024];
	pid_t pid;
	int fd;

	signerd_begin();
	snprintf(both, sizeof both, "%s%s",
	    signerd_domain("a.example", "s", signerd.good),
	    signerd_domain("b.example", "t", signerd.other));
	signerd_configure(" strict_start = true\n", both);
	CHECK(built_end_of(signerd_start(NULL)) == 1);
	CHECK(suite_has(
	    signerd_printed(), "other.pem: No such file or directory"));
	CHECK(suite_has(signerd_printed(), "strict_start"));
	signerd_configure("", both);
	pid = signerd_start_serving();
	CHECK(suite_has(tmpdir_read(signerd.log), "domain b.example: key "));
	fd = signerd_dial();
	signerd_greet(fd);
	signerd_begin_message(fd, "a.example");
	signerd_end_message(fd, "ia");
	signerd_begin_message(fd, "b.example");
	signerd_end_message(fd, "y");
	CHECK(signerd_logged(
	    "from=b.example reason=\"a key for b.example cannot be used ("));
	close(fd);
	kill(pid, SIGTERM);
	CHECK(built_end_of(pid) == 0);
	signerd_finish();
}

static void
reload(void)
{
	int before, after;
	pid_t pid;

	signerd_begin();
	signerd_configure("", signerd_domain("a.example", "old", signerd.good));
	pid = signerd_start_serving();
	before = signerd_dial();
	signerd_greet(before);
	signerd_begin_message(before, "a.example");
	CHECK(suite_has(signerd_end_message(before, "ia"), "s=old;"));
	kill(pid, SIGUSR1); /* opendkim's word for it */
	CHECK(signerd_logged("signal 10 is ignored; SIGHUP reads"));
	/* any bad key refuses the reload, and the old ones go on */
	signerd_configure(
	    "", signerd_domain("a.example", "new", signerd.other));
	kill(pid, SIGHUP);
	CHECK(signerd_logged("other.pem: No such file or directory"));
	CHECK(signerd_logged("reload_failed"));
	after = signerd_dial();
	signerd_greet(after);
	signerd_begin_message(after, "a.example");
	CHECK(suite_has(signerd_end_message(after, "ia"), "s=old;"));
	close(after);
	/* mended, the next one has it; a connection keeps what it began with */
	signerd_write_file(signerd.other, pem_ed25519, 0600);
	kill(pid, SIGHUP); /* acted on a second after the first one */
	CHECK(signerd_logged("reloaded generation="));
	after = signerd_dial();
	signerd_greet(after);
	signerd_begin_message(after, "a.example");
	CHECK(suite_has(signerd_end_message(after, "ia"), "s=new;"));
	signerd_begin_message(before, "a.example");
	CHECK(suite_has(signerd_end_message(before, "ia"), "s=old;"));
	close(before);
	close(after);
	kill(pid, SIGTERM);
	CHECK(built_end_of(pid) == 0);
	signerd_finish();
}

SUITE("signer_run", T(options), T(test_option), T(tenants), T(serves),
    T(ends_behind_a_message), T(bad_key_at_start), T(reload))
