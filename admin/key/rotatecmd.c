#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "admin/key/genkey.h"
#include "admin/key/rotate.h"
#include "admin/key/rotatecmd.h"
#include "common/bytes/domain.h"

enum { WAIT_STEP = 30, DAYS_MAX = 3650, WAIT_MAX = 7 * 24 * 60 * 60 };

struct options {
	struct rotate rotate;
	char domain[DOMAIN_MAX + 1]; /* "": all, for --status */
	unsigned wait;               /* seconds */
};

struct run {
	struct options *o;
	struct buf out, why;
};

/* Reads the config anew for each step, as it may have changed. */
static int
read_and_step(struct run *r, const char *domain)
{
	struct rotate one = r->o->rotate;
	struct tool t;
	int rc = tool_open(&t, "rotate", one.config, SETTINGS_SIGNER);

	if (rc != 0)
		return rc;
	one.domain = domain;
	rc = rotate_step(&t, &one, time(NULL), &r->out, &r->why);
	tool_close(&t);
	return rc;
}

static int
steps(struct run *r)
{
	unsigned waited = 0;
	int rc = read_and_step(r, r->o->domain);

	while (rc == TOOL_LATER && waited < r->o->wait) {
		unsigned left = r->o->wait - waited;
		unsigned pause = left < WAIT_STEP ? left : WAIT_STEP;

		if (tool_print("rotate", &r->out, stdout) != 0)
			return -EIO;
		buf_clear(&r->out);
		sleep(pause);
		waited += pause;
		rc = read_and_step(r, r->o->domain);
	}
	return rc;
}

/* --status of all domains of which a rotation has begun; the worst of them. */
static int
status_of_all(struct run *r)
{
	const struct rotate *o = &r->o->rotate;
	struct tool t;
	int worst = TOOL_OK, rc = 0;
	bool any = false;

	if (tool_open(&t, "rotate", o->config, SETTINGS_SIGNER) != 0)
		return -EINVAL;
	for (size_t i = 0; i < t.settings->ndomains && rc >= 0; i++) {
		const char *domain = t.settings->domain[i].name;

		if (!rotate_has_begun(o->keydir, domain))
			continue;
		any = true;
		rc = read_and_step(r, domain);
		worst = rc > worst ? rc : worst;
	}
	tool_close(&t);
	if (!any)
		buf_str(&r->out, "no rotation is under way\n");
	return rc < 0 ? rc : worst;
}

static int
run(struct options *o)
{
	struct run r = {.o = o};
	int rc;

	buf_init(&r.out, TOOL_TEXT_MAX);
	buf_init(&r.why, TOOL_MESSAGES_MAX);
	o->rotate.domain = o->domain;
	if (o->rotate.status)
		rc = o->domain[0] == '\0' ? status_of_all(&r)
		                          : read_and_step(&r, o->domain);
	else
		rc = rotate_lock(&o->rotate, &r.why);
	if (rc == 0 && !o->rotate.status)
		rc = steps(&r);
	if (tool_print("rotate", &r.out, stdout) != 0)
		rc = -EIO;
	tool_complain("rotate", &r.why);
	buf_free(&r.out);
	buf_free(&r.why);
	return rc < 0 ? TOOL_FAILED : rc;
}

/* --- the command line ----------------------------------------------------- */

static const char help[] =
    "postseal rotate DOMAIN - the next step to a new key\n"
    "postseal rotate --status [DOMAIN] - how far is it?\n"
    "\n"
    "  -k, --keep DAYS       how long the old records stay in DNS, instead of "
    "what the\n"
    "                        config says (rotate_keep)\n"
    "  -e, --every DAYS      begin only when the newest key is so old: for "
    "cron\n"
    "  -w, --wait SECONDS    wait for DNS so long\n"
    "  -S, --status          only say how far it is; no DOMAIN: of all\n"
    "  -D, --directory DIR   for keys, instead of " GENKEY_KEYDIR "\n"
    "  -c, --config FILE     instead of " SETTINGS_FILE "\n"
    "  -h, --help            print this\n"
    "\n"
    "Exit status: 0; 1 when it failed, 2 when the command line is wrong, 3 "
    "when the new\nrecords are not in DNS yet.\n";

/* A number of 1 to max. 0 or -EINVAL. */
static int
read_number(const char *word, unsigned max, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (*word < '0' || *word > '9' || *end != '\0' || n < 1 || n > max)
		return tool_wrong("rotate", "not a number for that", word);
	*ret = (unsigned)n;
	return 0;
}

static int
read_option(int letter, struct options *o)
{
	switch (letter) {
	case 'k':
		return read_number(optarg, DAYS_MAX, &o->rotate.keep);
	case 'e':
		return read_number(optarg, DAYS_MAX, &o->rotate.every);
	case 'w':
		return read_number(optarg, WAIT_MAX, &o->wait);
	case 'S':
		o->rotate.status = true;
		return 0;
	case 'D':
		o->rotate.keydir = optarg;
		return 0;
	case 'c':
		o->rotate.config = optarg;
		return 0;
	}
	return tool_wrong("rotate", "that is not how it is called", NULL);
}

/* 0, 1 after --help, or -EINVAL after saying what is wrong. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"keep", required_argument, NULL, 'k'},
	    {"every", required_argument, NULL, 'e'},
	    {"wait", required_argument, NULL, 'w'},
	    {"status", no_argument, NULL, 'S'},
	    {"directory", required_argument, NULL, 'D'},
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int letter, rc = 0;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while (rc == 0 &&
	    (letter = getopt_long(argc, argv, "k:e:w:SD:c:h", longs, NULL)) !=
	        -1) {
		if (letter == 'h')
			return fputs(help, stdout) == EOF ? -EIO : 1;
		rc = read_option(letter, o);
	}
	if (rc != 0)
		return rc;
	if (optind == argc && o->rotate.status)
		return 0;
	if (optind + 1 != argc)
		return tool_wrong("rotate",
		    optind == argc ? "which domain?" : "one domain at a time",
		    NULL);
	return tool_domain("rotate", argv[optind], o->domain);
}

int
rotatecmd_run(int argc, char **argv)
{
	struct options o = {
	    .rotate = {.config = SETTINGS_FILE, .keydir = GENKEY_KEYDIR}};
	int rc = read_options(argc, argv, &o);

	if (rc != 0)
		return rc > 0 ? TOOL_OK : TOOL_COMMAND_LINE;
	return run(&o);
}
