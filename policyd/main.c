/*
 * postseal-policyd: SPF for Postfix's check_policy_service. daemon.c reads
 * options; spawned.c and standing.c serve.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log/log.h"
#include "common/process/daemon.h"
#include "policyd/counters.h"
#include "policyd/policy.h"
#include "policyd/spawned.h"
#include "policyd/standing.h"

static const char usage_text[] =
    "usage: postseal-policyd [-c FILE] [--listen [--replace] | -T]\n"
    "\n"
    "Answers Postfix's check_policy_service with SPF verdicts.\n"
    "\n"
    "  (no option)  serve one connection on standard input and output, as\n"
    "               spawn(8) starts it in master.cf\n"
    "  --listen     listen as the config says, in the foreground, until "
    "SIGTERM;\n"
    "               SIGHUP reads the config again\n"
    "  --replace    take the place of a daemon that listens, at its unix "
    "sockets\n"
    "  -T           print the settings in force and exit; 1 if they are wrong\n"
    "  -c FILE      read FILE, not " SETTINGS_FILE "\n"
    "  -h, --help   print this and exit\n"
    "  --version    print the version and exit\n"
    "\n"
    "See postseal-policyd(8) and postseal.conf(5).\n";

/* Spawned, descriptor 2 is Postfix's policy client: nothing is printed
 * there. */
static bool
is_peer(int fd)
{
	struct stat in, err;

	return fstat(STDIN_FILENO, &in) == 0 && fstat(fd, &err) == 0 &&
	    S_ISSOCK(err.st_mode) && in.st_dev == err.st_dev &&
	    in.st_ino == err.st_ino;
}

static int
wrong(const struct daemon_options *o)
{
	if (!is_peer(STDERR_FILENO)) {
		fprintf(stderr, "%s: %s %s\n%s", POLICYD_IDENT, o->wrong,
		    o->what, usage_text);
		return EX_USAGE;
	}
	(void)log_open("syslog", POLICYD_IDENT);
	log_event(LOG_CRIT, "usage", "%s %s; see the argv= of the service",
	    o->wrong, o->what);
	return EX_USAGE;
}

static int
test(const char *file)
{
	return daemon_test(file, SETTINGS_POLICYD);
}

int
main(int argc, char **argv)
{
	static const struct daemon daemon = {.ident = POLICYD_IDENT,
	    .usage = usage_text,
	    .report = &policyd_counters,
	    .load = standing_load,
	    .serve = standing_serve,
	    .test = test,
	    .spawned = spawned_run,
	    .wrong = wrong};

	return daemon_main(&daemon, argc, argv);
}
