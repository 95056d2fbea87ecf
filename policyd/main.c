/*
 * postseal-policyd: SPF for Postfix's check_policy_service. Options are read
 * here; spawned.c and standing.c serve.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log/log.h"
#include "common/process/options.h"
#include "common/process/startup.h"
#include "policyd/policy.h"
#include "policyd/spawned.h"
#include "policyd/standing.h"

static const char help[] =
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
usage(const char *why, const char *what)
{
	if (!is_peer(STDERR_FILENO)) {
		fprintf(
		    stderr, "%s: %s %s\n%s", POLICYD_IDENT, why, what, help);
		return EX_USAGE;
	}
	(void)log_open("syslog", POLICYD_IDENT);
	log_event(LOG_CRIT, "usage", "%s %s; see the argv= of the service", why,
	    what);
	return EX_USAGE;
}

static int
run(const struct options *o)
{
	switch (o->mode) {
	case OPTIONS_SERVE:
		return spawned_run(o->file);
	case OPTIONS_LISTEN:
		return standing_run(o->file, o->replace);
	case OPTIONS_TEST:
		return startup_test(o->file, SETTINGS_POLICYD);
	case OPTIONS_HELP:
		fputs(help, stdout);
		return EX_OK;
	case OPTIONS_VERSION:
		puts(POLICYD_IDENT " " POSTSEAL_VERSION);
		return EX_OK;
	}
	return EX_SOFTWARE;
}

int
main(int argc, char **argv)
{
	struct options o;

	if (options_read(argc, argv, true, &o) != 0)
		return usage(o.wrong, o.what);
	return run(&o);
}
