/*
 * postseal setup --apply: Postfix is changed only when those answer whom it
 * will ask. What is planned is in t_setupplan.c. --enforce: who refuses.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "tests/support/await.h"
#include "tests/support/built.h"
#include "tests/support/command.h"
#include "tests/support/dnsd.h"
#include "tests/support/fakedaemon.h"
#include "tests/support/fakepostconf.h"
#include "tests/support/member.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

static const char main_cf[] = "smtpd_milters = inet:127.0.0.1:9999\n"
                              "milter_default_action = tempfail\n";

static const char defaults[] = "myhostname = mx.a.example\n"
                               "mail_version = 3.7.11\n"
                               "config_directory = /none\n"
                               "queue_directory = /q\n"
                               "mynetworks = 127.0.0.0/8\n"
                               "non_smtpd_milters = \n"
                               "smtpd_milters = \n"
                               "milter_default_action = tempfail\n"
                               "internal_mail_filter_classes = \n";

/* A config whose verifier listens at @/v, and a Postfix that runs. */
static void
begin(struct command *c, const char *policyd)
{
	char text[500];

	command_begin(c);
	fakepostconf_make(&c->dir, main_cf, defaults, "");
	tmpdir_write(&c->dir, "running", "");
	snprintf(text, sizeof text,
	    "hostname = \"mx.a.example\"\n"
	    "policyd { control = \"unix:@/none\" %s }\n"
	    "signer { control = \"unix:@/none\" }\n"
	    "verifier { control = \"unix:@/none\"\n"
	    "listen = {\"unix:@/v\", \"inet:127.0.0.1:1\"} }\n",
	    policyd);
	command_file(c, "p.conf", text);
}

static const char *
file_of(const struct command *c, const char *name)
{
	char path[TMPDIR_PATH_MAX];

	return tmpdir_read(tmpdir_file(&c->dir, name, path));
}

/* A daemon that has come up; -1: it could not. */
static int
listen_at(const struct command *c, const char *name)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	tmpdir_file(&c->dir, name, un.sun_path);
	CHECK(bind(fd, (struct sockaddr *)&un, sizeof un) == 0);
	CHECK(listen(fd, 1) == 0);
	return fd;
}

#define SETUP "setup --verify --apply -c @/p.conf --postfix @/"

#define FIRST "postseal setup: postseal-verifier does not answer at unix:/"

/* Nothing is changed as long as it is away, which is what is said first; then
 * it is. */
static void
waits_for_the_daemon(void)
{
	static struct command c;
	char config[500];
	int fd;

	begin(&c, "");
	snprintf(config, sizeof config,
	    "queue_directory = %s\nconfig_directory = %s\n%s", c.dir.path,
	    c.dir.path, main_cf);
	tmpdir_write(&c.dir, "main.cf", config);
	command_run(&c, SETUP);
	CHECK(c.status == 1);
	CHECK_STR(c.out, "");
	CHECK(strncmp(c.err, FIRST, sizeof FIRST - 1) == 0);
	CHECK(suite_has(c.err, "Kept as it is now: the config of postseal."));
	CHECK(strstr(c.err,
	          "systemctl enable postseal-verifier && systemctl "
	          "reload-or-restart postseal-verifier\n") != NULL);
	CHECK_STR(file_of(&c, "main.cf"), config);
	CHECK(strstr(file_of(&c, "p.conf"), "authserv_id") != NULL);

	fd = listen_at(&c, "v");
	command_run(&c, SETUP);
	CHECK(c.status == 0);
	CHECK_STR(c.err, "");
	CHECK(strstr(file_of(&c, "main.cf"),
	          "smtpd_milters = { unix:v, default_action=tempfail }, "
	          "inet:127.0.0.1:9999\n") != NULL);
	close(fd);

	/* it is there already: nothing waits for what setup does */
	command_run(&c, SETUP);
	CHECK(c.status == 0);
	CHECK(strstr(c.out, "Nothing is left to change") != NULL);
	command_end(&c);
}

/* Nobody could ask it: which line is to go. */
static void
refuses_without_a_socket(void)
{
	static const struct {
		const char *line, *config, *why;
	} row[] = {
	    {SETUP, "verifier { listen = {} }\n",
	        "verifier.listen names no socket; take it out of "},
	    {"setup a.example -c @/p.conf --postfix @/ -D @/keys",
	        "signer { listen = {} }\n",
	        "signer.listen names no socket; take it out of "},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		static struct command c;

		suite_row(row[i].config);
		begin(&c, "");
		command_file(&c, "p.conf", row[i].config);
		command_run(&c, "%s", row[i].line);
		CHECK(c.status == 1);
		CHECK(suite_has(c.err, row[i].why));
		CHECK(suite_has(c.err, "and run this again\n"));
		CHECK_STR(file_of(&c, "main.cf"), main_cf);
		command_end(&c);
	}
	suite_row(NULL);
}

/* It would remove what policyd writes. */
static void
refuses_beside_authentication_results(void)
{
	static struct command c;

	begin(&c, "header = \"authentication-results\"");
	command_run(&c, SETUP);
	CHECK(c.status == 1);
	CHECK(strstr(c.err, "header = \"authentication-results\"") != NULL);
	CHECK_STR(file_of(&c, "main.cf"), main_cf);
	command_end(&c);
}

/* --- what is cut off ------------------------------------------------------ */

/* Postfix runs nothing yet, and no daemon does. */
static void
begin_domain(struct command *c)
{
	char text[700];

	command_begin(c);
	snprintf(text, sizeof text,
	    "queue_directory = %s\nconfig_directory = %s\n"
	    "smtpd_recipient_restrictions = permit_mynetworks, "
	    "reject_unauth_destination\n%s",
	    c->dir.path, c->dir.path, main_cf);
	fakepostconf_make(&c->dir, text, defaults, "smtp inet n\n");
	command_file(c, "p.conf",
	    "hostname = \"mx.a.example\"\n"
	    "dns { servers = {\"127.0.0.1:9\"} timeout = 1 }\n"
	    "policyd { control = \"unix:@/pc\" }\n"
	    "signer { control = \"unix:@/none\" listen = \"unix:@/s\" }\n"
	    "verifier { control = \"unix:@/none\" listen = \"unix:@/v\" }\n");
}

#define DOMAIN_SETUP \
	"setup a.example --apply -c @/p.conf --postfix @/ -D @/keys"

static void
sends(const struct command *c, int n, const char *signal)
{
	char text[40];

	snprintf(text, sizeof text, "%d %s\n", n, signal);
	tmpdir_write(&c->dir, "left", text);
}

/* At each call of postconf(1) and postfix(1) setup is killed; the next one goes
 * on, and what was there before the first is what --undo puts back. */
static void
goes_on(void)
{
	static struct command c;
	char before[700];
	int n = 0, killed = 0;

	do {
		char path[TMPDIR_PATH_MAX];

		begin_domain(&c);
		tmpdir_write(&c.dir, "running", "");
		int v = listen_at(&c, "v");

		snprintf(before, sizeof before, "%s", file_of(&c, "main.cf"));
		sends(&c, n++, "KILL");
		command_run(&c, SETUP);
		killed = c.status > 128;
		CHECK(killed || c.status == 0);
		unlink(tmpdir_file(&c.dir, "left", path));
		command_run(&c, SETUP);
		CHECK(c.status == 0);
		CHECK(suite_has(file_of(&c, "main.cf"), "unix:v,"));
		CHECK(
		    await_lines(tmpdir_file(&c.dir, "reloaded", path), "") > 0);
		command_run(&c, "setup --undo -c @/p.conf --postfix @/");
		CHECK(c.status == 0);
		CHECK_STR(file_of(&c, "main.cf"), before);
		CHECK_STR(file_of(&c, "master.cf"), "smtp inet n\n");
		close(v);
		command_end(&c);
	} while (killed && n < 100);
	CHECK(n > 8 && n < 100);
}

/* Ctrl-C is held until all is whole; then it counts, and what was done is
 * said. */
static void
holds_signals(void)
{
	static const char *const signals[] = {"INT", "TERM", "HUP"};
	static struct command c;

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		char path[TMPDIR_PATH_MAX];
		int calls;

		/* the last but one: postfix check */
		begin_domain(&c);
		sends(&c, 1000, "KILL");
		command_run(&c, SETUP);
		CHECK(c.status == 0);
		calls = 1000 - atoi(file_of(&c, "left"));
		command_end(&c);

		suite_row(signals[i]);
		begin_domain(&c);
		sends(&c, calls - 2, signals[i]);
		command_run(&c, SETUP);
		CHECK(c.status > 128);
		CHECK(access(tmpdir_file(&c.dir, "left", path), F_OK) != 0);
		CHECK(strstr(c.out, "This was done:\n\n") != NULL);
		CHECK(suite_has(file_of(&c, "main.cf"), "unix:v,"));
		CHECK(
		    access(tmpdir_file(&c.dir, "postseal.undo/changing", path),
		        F_OK) != 0);
		command_end(&c);

		/* in words, too, for whoever wants JSON */
		begin_domain(&c);
		sends(&c, calls - 2, signals[i]);
		command_run(&c, SETUP " --json");
		CHECK(c.status > 128);
		CHECK_STR(c.out, "");
		CHECK(strstr(c.err, "This was done:\n\n") != NULL);
		command_end(&c);
	}
	suite_row(NULL);
}

/* What fails says what was put back and what stays; the next run goes on. */
static void
says_what_stays(void)
{
	static struct command c;
	char before[700], path[TMPDIR_PATH_MAX];

	begin_domain(&c);
	snprintf(before, sizeof before, "%s", file_of(&c, "main.cf"));
	tmpdir_write(&c.dir, "bad", "");
	command_run(&c, DOMAIN_SETUP);
	CHECK(c.status == 1);
	CHECK(suite_has(c.err, "main.cf and master.cf are as they were\n"));
	CHECK(suite_has(c.err,
	    "Kept as it is now: the new key and the config of "
	    "postseal. When this is fixed, run setup again"));
	CHECK_STR(c.out, "");
	CHECK_STR(file_of(&c, "main.cf"), before);
	unlink(tmpdir_file(&c.dir, "bad", path));
	command_run(&c, DOMAIN_SETUP);
	CHECK(c.status == 0);
	CHECK(strstr(c.out, "genkey") == NULL);
	CHECK(suite_has(c.out,
	    "What comes next:\n"
	    "- systemctl enable --now postseal-signer postseal-verifier\n"
	    "- postfix -c "));
	CHECK(suite_has(c.out,
	    tmpdir_placed(&c.dir,
	        "- postseal check -c @/p.conf -p @/\n- SPF refuses nothing "
	        "yet")));
	command_end(&c);
}

/* The files are changed, and nobody has read them: that is said, too. */
static void
says_what_is_not_read(void)
{
	static struct command c;
	int v;

	begin_domain(&c);
	tmpdir_write(&c.dir, "running", "");
	tmpdir_write(&c.dir, "stuck", "");
	v = listen_at(&c, "v");
	command_run(&c, SETUP);
	CHECK(c.status == 1);
	CHECK_STR(c.out, "");
	CHECK(suite_has(c.err,
	    "main.cf and master.cf are changed, but Postfix has not read"));
	CHECK(suite_has(file_of(&c, "main.cf"), "unix:v,"));
	close(v);
	command_end(&c);
}

/* One who may not do it is told so first. */
static void
not_as_root(void)
{
	static const char *const words[] = {"--undo", "a.example --apply"};
	static struct command c;
	char program[BUILT_PATH_MAX];

	begin_domain(&c);
	built_path("postseal", program);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		char line[TMPDIR_PATH_MAX * 3 + BUILT_PATH_MAX], said[300] = "";
		int in[2], status;
		pid_t pid;
		size_t got = 0;
		ssize_t n;

		snprintf(line, sizeof line,
		    "%s setup %s -c %s/p.conf --postfix %s 2>&1", program,
		    words[i], c.dir.path, c.dir.path);
		CHECK(chmod(c.dir.path, 0500) == 0 && pipe(in) == 0);
		pid = fork();
		if (pid == 0) {
			dup2(in[1], 1);
			if (geteuid() == 0 && setuid(65534) != 0)
				_exit(99);
			execl("/bin/sh", "sh", "-c", line, (char *)NULL);
			_exit(99);
		}
		close(in[1]);
		while ((n = read(in[0], said + got, sizeof said - 1 - got)) > 0)
			got += (size_t)n;
		close(in[0]);
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WEXITSTATUS(status) == 1);
		CHECK(suite_has(said, "postseal setup: run this as root: "));
		CHECK(strstr(said, "nothing is kept") == NULL);
		chmod(c.dir.path, 0700);
	}
	command_end(&c);
}

/* --- who refuses ---------------------------------------------------------- */

#define ENFORCE "setup --enforce -c @/p.conf --postfix @/"

/* A Postfix with the verifier, or without, and clients of its own. */
static void
begin_enforcing(struct command *c, bool has, const char *networks,
    const char *policyd, const char *verifier)
{
	char text[500];

	command_begin(c);
	snprintf(text, sizeof text,
	    "smtpd_milters = %s\nmynetworks = %s\n"
	    "queue_directory = /q\n",
	    has ? "{ unix:v, default_action=tempfail }" : "", networks);
	fakepostconf_make(&c->dir, text, defaults, "");
	tmpdir_write(&c->dir, "running", "");
	snprintf(text, sizeof text,
	    "policyd { observe = true control = \"unix:@/pc\" %s }\n"
	    "signer { control = \"unix:@/sc\" }\n"
	    "verifier { listen = unix:/q/v control = \"unix:@/vc\" %s }\n",
	    policyd, verifier);
	command_file(c, "p.conf", text);
}

/* Both in one step: policyd marks, the verifier refuses. */
static void
enforces(void)
{
	static const struct {
		bool has;
		const char *networks, *verifier;
		bool verifies;
	} row[] = {
	    {true, "127.0.0.0/8 [::1]/128", "", true},
	    {true, "127.0.0.0/8 192.0.2.0/28",
	        "trusted_networks = {\"192.0.2.0/24\", \"127.0.0.0/8\", "
	        "\"::1\", \"this-host\"}",
	        true},
	    {true, "127.0.0.0/8 192.0.2.0/28", "relays = 192.0.2.0/24", true},
	    {true, "127.0.0.0/8 hash:/etc/x", "", true},
	    {false, "127.0.0.0/8 192.0.2.0/28", "", false},
	    {true, "127.0.0.0/8 192.0.2.0/28", "dmarc { check = false }",
	        false},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		static struct command c;
		const char *now;

		suite_row(row[i].verifier);
		begin_enforcing(
		    &c, row[i].has, row[i].networks, "", row[i].verifier);
		command_run(&c, ENFORCE);
		/* it is to refuse, and does not run */
		CHECK(c.status == (row[i].verifies ? 4 : 0));
		CHECK_STR(c.err,
		    row[i].verifies ? "postseal setup: postseal-verifier does "
		                      "not run, and reads this when it is "
		                      "started: systemctl start "
		                      "postseal-verifier\n"
		                    : "");
		CHECK((strstr(c.out, "All that runs has these settings") !=
		          NULL) != row[i].verifies);
		CHECK_STR(file_of(&c, "reloaded"), "\n");
		now = file_of(&c, "p.conf");
		CHECK(strstr(now, "observe = false") != NULL);
		CHECK((strstr(now, "fail = \"header\"") != NULL) ==
		    row[i].verifies);
		CHECK((strstr(now, "reject = {\"spf-fail\"}") != NULL) ==
		    row[i].verifies);

		command_run(&c, ENFORCE);
		CHECK(c.status == (row[i].verifies ? 4 : 0));
		CHECK(strstr(c.out, "may be refused for SPF already") != NULL);
		command_end(&c);
	}
	suite_row(NULL);
}

/* A daemon that says of itself that it has read the config at that time. */
static pid_t
daemon_at(const struct command *c, const char *name, const char *control,
    const char *config, long long when)
{
	char at[TMPDIR_PATH_MAX + 10], path[TMPDIR_PATH_MAX], text[500];
	struct endpoint e;

	snprintf(at, sizeof at, "unix:%s", tmpdir_file(&c->dir, control, path));
	snprintf(text, sizeof text,
	    "{\"config\": \"%s\", \"config_time\": %lld}\n",
	    tmpdir_file(&c->dir, config, path), when);
	return fakedaemon_start(name, at, span_str(text), &e);
}

/* Each that runs is told, and asked until it has the settings; one that has
 * them gets no signal. */
static void
tells_who_runs(void)
{
	static const struct {
		const char *name, *policyd, *verifier;
		const char *left; /* NULL: nobody */
	} row[] = {
	    {"postseal-policyd", "p.conf", "p.conf", NULL},
	    {"postseal-policyd", "p.conf", "other.conf",
	        "The postseal-verifier that runs reads another config"},
	    /* of another Postfix: it is not asked by this one */
	    {"postseal-policyd", "other.conf", "p.conf", NULL},
	    {"sshd", "p.conf", "p.conf",
	        "It is not known if postseal-policyd has the new settings"},
	};
	const long long later = (long long)time(NULL) + 1000;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		static struct command c;
		pid_t verifier, policyd;

		suite_row(row[i].left != NULL ? row[i].left : row[i].policyd);
		begin_enforcing(&c, true, "127.0.0.0/8", "", "");
		command_file(&c, "other.conf", "");
		verifier = daemon_at(
		    &c, "postseal-verifier", "vc", row[i].verifier, later);
		policyd =
		    daemon_at(&c, row[i].name, "pc", row[i].policyd, later);
		command_run(&c, ENFORCE);
		CHECK(c.status == (row[i].left == NULL ? 0 : 4));
		CHECK((strstr(c.out, "All that runs has these settings.\n") !=
		          NULL) == (row[i].left == NULL));
		if (row[i].left == NULL)
			CHECK_STR(c.err, "");
		else
			CHECK(suite_has(c.err, row[i].left));
		CHECK(fakedaemon_stop(verifier) == SIGKILL);
		CHECK(fakedaemon_stop(policyd) == SIGKILL);
		command_end(&c);
	}
	suite_row(NULL);
}

/* What the command cannot do is the last line. */
static void
says_who_is_left(void)
{
	static struct command c;
	char path[TMPDIR_PATH_MAX];

	begin_enforcing(&c, false, "127.0.0.0/8", "", "");
	tmpdir_write(&c.dir, "stuck", "");
	command_run(&c, ENFORCE);
	CHECK(c.status == 4);
	CHECK(suite_has(c.err, "run as root: postfix -c "));
	CHECK(strstr(file_of(&c, "p.conf"), "observe = false") != NULL);
	unlink(tmpdir_file(&c.dir, "stuck", path));

	/* the second run changes no file, and Postfix reads them then */
	command_run(&c, ENFORCE);
	CHECK(c.status == 0);
	CHECK_STR(file_of(&c, "reloaded"), "\n");
	command_end(&c);
}

/* The config of a policyd that stands is not changed unheard. */
static void
sets_up_who_runs(void)
{
	static struct command c;
	pid_t policyd;

	begin_domain(&c);
	policyd = daemon_at(&c, "sshd", "pc", "p.conf", 1);
	command_run(&c, DOMAIN_SETUP);
	CHECK(c.status == 4);
	CHECK(suite_has(
	    c.err, "It is not known if postseal-policyd has the new settings"));
	CHECK(fakedaemon_stop(policyd) == SIGKILL);
	command_end(&c);
}

/* Printers and relays: policyd is not asked about them, the verifier is. */
static void
refuses_to_enforce(void)
{
	static const struct {
		const char *networks, *policyd, *verifier, *why;
	} row[] = {
	    {"127.0.0.0/8 192.0.2.0/28 [2001:db8::]/64", "", "",
	        "of mynetworks: 192.0.2.0/28 2001:db8::/64\n"},
	    {"127.0.0.0/8", "trusted_networks = {\"192.0.2.1\"}", "",
	        "of policyd.trusted_networks: 192.0.2.1/32\n"},
	    {"127.0.0.0/8", "", "trusted_networks = {\"127.0.0.0/8\", \"::1\"}",
	        "of policyd.trusted_networks: this-host\n"},
	    {"127.0.0.0/8", "trusted_relays = {\"192.0.2.0/24\"}",
	        "relays = {\"192.0.2.0/25\"}",
	        "of policyd.trusted_relays: 192.0.2.0/24\n"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		static struct command c;

		suite_row(row[i].why);
		begin_enforcing(
		    &c, true, row[i].networks, row[i].policyd, row[i].verifier);
		command_run(&c, ENFORCE);
		CHECK(c.status == 1);
		CHECK_STR(c.out, "");
		CHECK(strstr(c.err, row[i].why) != NULL);
		CHECK(strstr(c.err, "run this again") != NULL);
		CHECK(strstr(file_of(&c, "p.conf"), "observe = true") != NULL);
		command_end(&c);
	}
	suite_row(NULL);
}

/* Lists of names have no counterpart: that is told. */
static void
advises_of_names(void)
{
	static struct command c;

	begin_enforcing(&c, true, "127.0.0.0/8",
	    "trusted_forwarders = {\"fwd.example\"}", "");
	command_run(&c, ENFORCE);
	CHECK(c.status == 4); /* no verifier runs here */
	CHECK(
	    strstr(c.out, "put their addresses into\nverifier.relays") != NULL);
	command_end(&c);
}

/* --- for machines --------------------------------------------------------- */

/* True if a line of the list has that text. */
static bool
lists(const json_t *all, const char *name, const char *text)
{
	const json_t *list = json_object_get(all, name);
	bool found = false;

	for (size_t i = 0; i < json_array_size(list); i++)
		found |= strstr(json_string_value(json_array_get(list, i)),
		             text) != NULL;
	return found;
}

/* True if there is such a change of that file. */
static bool
changes(const struct command *c, const json_t *all, const char *file,
    const char *what)
{
	const json_t *list = json_object_get(all, "changes");
	char path[TMPDIR_PATH_MAX];
	bool found = false;

	tmpdir_file(&c->dir, file, path);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		found |= strcmp(text_of(o, "file"), path) == 0 &&
		    strstr(text_of(o, "what"), what) != NULL;
	}
	return found;
}

/* One object, of that mode; "applied" and "told" as in the word: "at". */
static json_t *
run_json(struct command *c, const char *line, const char *mode, const char *did)
{
	char is[3];
	json_t *all;

	command_run(c, "%s --json", line);
	all = json_loads(c->out, 0, NULL);
	CU_ASSERT_FATAL(all != NULL);
	CHECK_STR(text_of(all, "mode"), mode);
	snprintf(is, sizeof is, "%s%s", is_true(all, "applied") ? "a" : "",
	    is_true(all, "told") ? "t" : "");
	CHECK_STR(is, did);
	return all;
}

/* What --apply is going to do, and has done, is told alike. */
static void
check_changes(const struct command *c, const json_t *all)
{
	CHECK(json_array_size(json_object_get(all, "changes")) > 4);
	CHECK(changes(
	    c, all, "keys/a.example", "postseal genkey a.example --add"));
	CHECK(changes(c, all, "p.conf", "policyd { observe = true }"));
	CHECK(changes(c, all, "/main.cf", "smtpd_milters = "));
	CHECK(changes(c, all, "/master.cf", "-M "));
	CHECK(strstr(c->out, "x0A") == NULL); /* a command is one line */
}

#define FIX \
	" and make another key: postseal genkey a.example --add " \
	"-c @/p.conf -D @/keys\n"

#define SHOWN "setup a.example -c @/p.conf --postfix @/ -D @/keys"

static void
for_machines(void)
{
	static struct command c;
	char text[500], path[TMPDIR_PATH_MAX];
	struct dnsd *dns =
	    dnsd_start("a.example TXT \"v=spf1 -all\"\n"
	               "_dmarc.b.example TXT \"v=DMARC1; p=none\"\n");
	json_t *all, *one;

	begin_domain(&c);
	snprintf(text, sizeof text,
	    "hostname = \"mx.a.example\"\n"
	    "dns { servers = {\"127.0.0.1:%u\"} }\n"
	    "signer { control = \"unix:@/none\" listen = \"unix:@/s\" }\n"
	    "verifier { control = \"unix:@/none\" listen = \"unix:@/v\" }\n",
	    dnsd_port(dns));
	command_file(&c, "p.conf", text);
	all = run_json(&c, SHOWN, "show", "");
	CHECK(c.status == 0);
	check_changes(&c, all);
	CHECK(json_array_size(json_object_get(all, "kept")) == 0);
	CHECK(json_array_size(json_object_get(all, "records")) == 0);
	CHECK(json_array_size(json_object_get(all, "next")) == 1);
	CHECK(lists(all, "next", "run this again with --apply"));
	one = json_array_get(json_object_get(all, "missing"), 0);
	CHECK(json_array_size(json_object_get(all, "missing")) == 1);
	CHECK_STR(text_of(one, "name"), "_dmarc.a.example");
	CHECK_STR(text_of(one, "type"), "TXT");
	CHECK_STR(text_of(one, "value"), "v=DMARC1; p=none;");
	json_decref(all);

	/* the signer does not run */
	all = run_json(&c, DOMAIN_SETUP, "apply", "a");
	CHECK(c.status == 0);
	check_changes(&c, all);
	CHECK(lists(all, "kept",
	    tmpdir_file(&c.dir, "/postseal.undo/main.cf.before", path)));
	CHECK(lists(all, "kept",
	    tmpdir_file(&c.dir, "/postseal.undo/master.cf.before", path)));
	CHECK(lists(all, "next",
	    "systemctl enable --now postseal-signer postseal-verifier"));
	CHECK(lists(all, "next", "start"));
	CHECK(lists(all, "next", "postseal testkey a.example --activate"));
	CHECK(lists(all, "next", "postseal setup --enforce"));
	one = json_array_get(json_object_get(all, "records"), 0);
	CHECK(strncmp(text_of(one, "value"), "v=DKIM1; k=rsa; p=", 18) == 0);
	CHECK(json_is_false(json_object_get(one, "published")));
	CHECK(json_is_false(json_object_get(one, "active")));
	CHECK(suite_has(text_of(one, "text"), "missing"));
	snprintf(text, sizeof text, "%s TXT \"%s\"", text_of(one, "name"),
	    text_of(one, "value"));
	json_decref(all);

	/* its record is there: it signs */
	dnsd_add(dns, text);
	all = run_json(&c, DOMAIN_SETUP, "apply", "a");
	CHECK(c.status == 4);
	CHECK(json_array_size(json_object_get(all, "changes")) == 0);
	one = json_array_get(json_object_get(all, "records"), 0);
	CHECK(is_true(one, "published"));
	CHECK(is_true(one, "active"));
	json_decref(all);

	all =
	    run_json(&c, "setup --undo -c @/p.conf --postfix @/", "undo", "at");
	CHECK(changes(&c, all, "/main.cf", "put back"));
	CHECK(changes(&c, all, "/master.cf", "put back"));
	CHECK(json_array_size(json_object_get(all, "kept")) == 0);
	json_decref(all);
	command_run(&c, "setup --undo -j -c @/p.conf --postfix @/");
	CHECK(c.status == 1);
	CHECK_STR(c.out, "");
	CHECK(suite_has(c.err, "nothing is kept here"));
	command_end(&c);
	dnsd_stop(dns);
}

/* A key file that cannot be read is one key of several: what is planned, or
 * done, is told all the same, and of the other key what to publish. */
static void
for_machines_unusable(void)
{
	static const struct {
		const char *line, *mode, *did, *next;
	} row[] = {
	    {SHOWN, "show", "", "run this again with --apply"},
	    {DOMAIN_SETUP, "apply", "a", "postseal testkey a.example"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		static struct command c;
		json_t *all, *one;

		suite_row(row[i].mode);
		begin_domain(&c);
		command_file(&c, "good.pem", pem_ed25519);
		command_file(&c, "p.conf",
		    "hostname = \"mx.a.example\"\n"
		    "dns { servers = {\"127.0.0.1:9\"} timeout = 1 }\n"
		    "signer { control = \"unix:@/none\" listen = "
		    "\"unix:@/s\" }\n"
		    "domain a.example { key bad { file = \"@/none\" active = "
		    "false } key good { file = \"@/good.pem\" active = false "
		    "} }\n");
		all = run_json(&c, row[i].line, row[i].mode, row[i].did);
		CHECK(c.status == 1);
		CHECK(changes(&c, all, "/main.cf", "smtpd_milters = "));
		CHECK(lists(all, "next", row[i].next));
		CHECK(json_array_size(json_object_get(all, "records")) == 2);
		one = json_array_get(json_object_get(all, "records"), 0);
		CHECK_STR(text_of(one, "selector"), "bad");
		CHECK_STR(text_of(one, "text"), "No such file or directory");
		CHECK(json_is_null(json_object_get(one, "published")));
		one = json_array_get(json_object_get(all, "records"), 1);
		CHECK(suite_has(text_of(one, "value"), "v=DKIM1; k=ed25519"));
		CHECK(suite_has(c.err, "/none: No such file or directory\n"));
		CHECK(suite_has(c.err, tmpdir_placed(&c.dir, FIX)));
		json_decref(all);

		/* in words the screen has no second one of it */
		command_run(&c, "%s", row[i].line);
		CHECK(c.status == 1);
		CHECK(suite_has(c.out, "good._domainkey.a.example: "));
		CHECK(suite_has(c.out, "What comes next:\n"));
		CHECK(suite_has(c.out, row[i].next));
		CHECK(strstr(c.out, "bad._domainkey") == NULL);
		CHECK(suite_has(c.err, tmpdir_placed(&c.dir, FIX)));
		command_end(&c);
	}
	suite_row(NULL);
}

/* A run that was cut off when all was written: the next one has no file to
 * change, and yet something to do. */
static void
for_machines_going_on(void)
{
	static const struct {
		const char *line, *mode, *did;
		bool goes_on;
	} row[] = {
	    {"setup --verify -c @/p.conf --postfix @/", "show", "", true},
	    {SETUP, "apply", "a", true},
	    {SETUP, "apply", "at", false},
	};
	static struct command c;

	begin_domain(&c);
	command_run(&c, SETUP);
	CHECK(c.status == 0);
	tmpdir_write(&c.dir, "postseal.undo/changing", "");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		json_t *all =
		    run_json(&c, row[i].line, row[i].mode, row[i].did);

		suite_row(row[i].mode);
		CHECK(json_array_size(json_object_get(all, "changes")) == 0);
		CHECK(json_boolean_value(json_object_get(all, "goes_on")) ==
		    row[i].goes_on);
		CHECK(json_is_boolean(json_object_get(all, "goes_on")));
		CHECK(lists(all, "next", "run this again with --apply") ==
		    (i == 0));
		json_decref(all);
	}
	suite_row(NULL);
	command_end(&c);
}

static void
for_machines_enforcing(void)
{
	static struct command c;
	json_t *all;

	begin_enforcing(&c, false, "127.0.0.0/8", "", "");
	all = run_json(&c, ENFORCE, "enforce", "at");
	CHECK(c.status == 0);
	CHECK(changes(&c, all, "p.conf", "policyd { observe = false }"));
	CHECK(json_array_size(json_object_get(all, "advice")) == 0);
	json_decref(all);
	command_end(&c);

	begin_enforcing(&c, true, "127.0.0.0/8",
	    "trusted_forwarders = {\"fwd.example\"}", "");
	all = run_json(&c, ENFORCE, "enforce", "a");
	CHECK(c.status == 4);
	CHECK(lists(all, "advice", "policyd leaves clients alone"));
	CHECK(lists(all, "next", "systemctl enable --now postseal-verifier"));
	json_decref(all);
	command_end(&c);
}

/* Nothing was set up yet: so nothing can begin to refuse. */
static void
enforces_no_missing_config(void)
{
	static const char *const row[] = {"", " --json"};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		static struct command c;

		suite_row(row[i]);
		begin_enforcing(&c, false, "127.0.0.0/8", "", "");
		command_run(&c, "setup --enforce -c @/none.conf --postfix @/%s",
		    row[i]);
		CHECK(c.status == 1);
		CHECK_STR(c.out, "");
		CHECK(suite_has(c.err,
		    "none.conf: there is no config yet; first: postseal setup "
		    "DOMAIN --apply"));
		CHECK_STR(file_of(&c, "reloaded"), "");
		command_end(&c);
	}
	suite_row(NULL);
}

/* Where Postfix does not read what was put back, that is no success. */
static void
undoes_without_reload(void)
{
	static struct command c;
	json_t *all;

	begin_domain(&c);
	command_run(&c, DOMAIN_SETUP);
	tmpdir_write(&c.dir, "running", "");
	tmpdir_write(&c.dir, "stuck", "");
	all =
	    run_json(&c, "setup --undo -c @/p.conf --postfix @/", "undo", "a");
	CHECK(c.status == 1);
	CHECK(suite_has(c.err, "Postfix has not read main.cf and master.cf"));
	json_decref(all);
	command_end(&c);
}

SUITE("setupcmd", T(for_machines), T(for_machines_unusable),
    T(for_machines_going_on), T(for_machines_enforcing),
    T(enforces_no_missing_config), T(undoes_without_reload),
    T(waits_for_the_daemon), T(refuses_without_a_socket),
    T(refuses_beside_authentication_results), T(goes_on), T(holds_signals),
    T(says_what_stays), T(says_what_is_not_read), T(not_as_root), T(enforces),
    T(tells_who_runs), T(says_who_is_left), T(sets_up_who_runs),
    T(refuses_to_enforce), T(advises_of_names))
