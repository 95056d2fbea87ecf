/*
 * postseal setup --apply: Postfix is changed only when those answer whom it
 * will ask. What is planned is in t_setupplan.c.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/fakepostconf.h"
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
begin(struct command *c, const char *more)
{
	char text[500];

	command_begin(c);
	fakepostconf_make(&c->dir, main_cf, defaults, "");
	tmpdir_write(&c->dir, "running", "");
	snprintf(text, sizeof text,
	    "hostname = \"mx.a.example\"\n"
	    "verifier { listen = {\"unix:@/v\", \"inet:127.0.0.1:1\"} }\n%s\n",
	    more);
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

/* Nothing is changed as long as it is away; then it is. */
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
	CHECK(strstr(c.err, "postseal-verifier does not answer at unix:/") !=
	    NULL);
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

/* It would remove what policyd writes. */
static void
refuses_beside_authentication_results(void)
{
	static struct command c;

	begin(&c, "policyd { header = \"authentication-results\" }");
	command_run(&c, SETUP);
	CHECK(c.status == 1);
	CHECK(strstr(c.err, "header = \"authentication-results\"") != NULL);
	CHECK_STR(file_of(&c, "main.cf"), main_cf);
	command_end(&c);
}

SUITE("setupcmd", T(waits_for_the_daemon),
    T(refuses_beside_authentication_results))
