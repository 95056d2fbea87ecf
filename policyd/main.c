/*
 * postseal-policyd: SPF for Postfix's check_policy_service. Options are read
 * here; spawned.c and standing.c serve.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "policyd/spawned.h"
#include "policyd/standing.h"
#include "policyd/startup.h"

enum mode { MODE_SPAWNED, MODE_LISTEN, MODE_TEST, MODE_HELP, MODE_VERSION };

static const char help[] =
    "usage: postseal-policyd [-c FILE] [--listen | -T]\n"
    "\n"
    "Answers Postfix's check_policy_service with SPF verdicts.\n"
    "\n"
    "  (no option)  serve one connection on standard input and output, as\n"
    "               spawn(8) starts it in master.cf\n"
    "  --listen     listen as the config says, in the foreground, until "
    "SIGTERM;\n"
    "               SIGHUP reads the config again\n"
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
		    stderr, "%s: %s %s\n%s", STARTUP_IDENT, why, what, help);
		return EX_USAGE;
	}
	(void)log_open("syslog", STARTUP_IDENT);
	log_event(LOG_CRIT, "usage", "%s %s; see the argv= of the service", why,
	    what);
	return EX_USAGE;
}

static void
print(FILE *f, const struct buf *b)
{
	if (b->n > 0)
		fwrite(b->p, 1, b->n, f);
}

/* -T. */
static int
test(const char *file)
{
	struct settings *settings = NULL;
	struct buf text, warn;
	int rc;

	buf_init(&text, 1024 * 1024);
	buf_init(&warn, 64 * 1024);
	rc = startup_read(file, &settings, &text, &warn);
	print(stderr, &warn);
	if (rc == 0)
		settings_dump(settings, SETTINGS_POLICYD, &text);
	print(rc == 0 ? stdout : stderr, &text);
	settings_free(settings);
	buf_free(&text);
	buf_free(&warn);
	return rc == 0 && fflush(stdout) == 0 ? EX_OK : 1;
}

static int
run(enum mode mode, const char *file)
{
	switch (mode) {
	case MODE_SPAWNED:
		return spawned_run(file);
	case MODE_LISTEN:
		return standing_run(file);
	case MODE_TEST:
		return test(file);
	case MODE_HELP:
		fputs(help, stdout);
		return EX_OK;
	case MODE_VERSION:
		puts(STARTUP_IDENT " " POSTSEAL_VERSION);
		return EX_OK;
	}
	return EX_SOFTWARE;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"listen", no_argument, NULL, MODE_LISTEN},
	    {"help", no_argument, NULL, MODE_HELP},
	    {"version", no_argument, NULL, MODE_VERSION}, {NULL, 0, NULL, 0}};
	const char *file = SETTINGS_FILE;
	enum mode mode = MODE_SPAWNED;
	char short_option[] = "-?";
	int c;

	opterr = 0; /* getopt would print before we know who listens */
	while ((c = getopt_long(argc, argv, ":c:Th", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			file = optarg;
			break;
		case 'T':
			mode = MODE_TEST;
			break;
		case 'h':
			mode = MODE_HELP;
			break;
		case MODE_LISTEN:
		case MODE_HELP:
		case MODE_VERSION:
			mode = (enum mode)c;
			break;
		case ':':
			return usage(
			    "a value is missing for", argv[optind - 1]);
		default:
			short_option[1] = (char)optopt;
			return usage("unknown option",
			    optopt > ' ' ? short_option : argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage("unexpected argument", argv[optind]);
	return run(mode, file);
}
