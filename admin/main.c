/*
 * main.c - the `postseal` command: from a word or an option to what it does.
 *
 * Each row of a table is one thing that it can do; getopt_long(3) and --help
 * come from the rows. What goes wrong is told on stderr, one sentence a line.
 * Exit status: 0; 1 when config or keys are wrong; 2 when the command line is.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/checkcmd.h"
#include "admin/import/importcmd.h"
#include "admin/key/genkeycmd.h"
#include "admin/key/rotatecmd.h"
#include "admin/key/testkey.h"
#include "admin/look/signcmd.h"
#include "admin/look/spf.h"
#include "admin/look/status.h"
#include "admin/look/why.h"
#include "admin/setup/setupcmd.h"
#include "common/limits.h"
#include "common/settings/settings.h"
#include "signer/keys/keyring.h"
#include "signer/setup.h"

enum { EXIT_WRONG = 1, EXIT_COMMAND_LINE = 2 };

struct options {
	const char *config;
};

/* Prints what there is in b. False when it is not whole or cannot be written. */
static bool
print(const struct buf *b, FILE *to)
{
	struct span text = buf_view(b);
	bool whole = text.n == 0 || fwrite(text.p, 1, text.n, to) == text.n;

	if (whole && fflush(to) == 0 && buf_error(b) == 0)
		return true;
	fprintf(stderr, "postseal: cannot write all: %s\n",
	    strerror(buf_error(b) != 0 ? -buf_error(b) : errno));
	return false;
}

/* Looks at the keys of all domains; false when a domain could not sign. */
static bool
test_keys(const struct settings *s, struct buf *why, struct buf *warn)
{
	struct keyring *k = NULL;
	int rc = keyring_open(s, &k, why, warn);
	bool good = rc == 0 && k->bad == 0;

	if (rc == -ENOMEM)
		buf_fmt(why, "the keys cannot be read: %s\n", strerror(-rc));
	keyring_free(k);
	return good;
}

/* -T: reads the config, prints what is in force, looks at the keys. */
static int
test_config(const struct options *o)
{
	struct settings *s = NULL;
	struct buf out, why, warn;
	bool good;

	buf_init(&out, TOOL_TEXT_MAX);
	buf_init(&why, TOOL_MESSAGES_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	good = settings_read(o->config, SETTINGS_ALL, &s, &why, &warn) == 0;
	if (good) {
		settings_dump(s, SETTINGS_ALL, &out);
		good = setup_check(s, &why) == 0;
		good = test_keys(s, &why, &warn) && good;
	}
	good = print(&out, stdout) && good;
	print(&warn, stderr);
	print(&why, stderr);
	settings_free(s);
	buf_free(&out);
	buf_free(&why);
	buf_free(&warn);
	return good ? 0 : EXIT_WRONG;
}

static int
sample_config(const struct options *o)
{
	struct buf out;
	bool good;

	(void)o;
	buf_init(&out, TOOL_TEXT_MAX);
	settings_sample(&out);
	good = print(&out, stdout);
	buf_free(&out);
	return good ? 0 : EXIT_WRONG;
}

static int
version(const struct options *o)
{
	(void)o;
	puts("postseal " POSTSEAL_VERSION);
	return 0;
}

static int help(const struct options *o);

/* What has options of its own, in a file of its own. */
static const struct subcommand {
	const char *name;
	const char *text; /* for --help */
	int (*run)(int argc, char **argv);
} subcommands[] = {
    {"setup DOMAIN", "make this host sign mail of DOMAIN, and check SPF",
        setupcmd_run},
    {"rotate DOMAIN", "the next step to a new key", rotatecmd_run},
    {"check", "look at config, keys, DNS and Postfix", checkcmd_run},
    {"genkey DOMAIN", "make a DKIM key, print its DNS record", genkeycmd_run},
    {"testkey [DOMAIN]", "compare keys with their DNS records", testkey_run},
    {"import FILE ...", "opendkim.conf, policyd-spf.conf as postseal.conf",
        importcmd_run},
    {"spf --ip A ...", "what SPF says of a sender, and why", spf_run},
    {"sign < FILE", "print a message with the signatures it would get",
        signcmd_run},
    {"status", "how are the running daemons?", status_run},
    {"why FILE", "would this message be signed, and why", why_run},
};
enum { SUBCOMMANDS = sizeof subcommands / sizeof subcommands[0] };

static const struct command {
	int letter;       /* of the short option; over 255: there is none */
	const char *name; /* of the long option */
	const char *text; /* for --help */
	int (*run)(const struct options *o);
} commands[] = {
    {'T', "test", "read config and keys, print what is in force", test_config},
    {256, "sample-config", "print postseal.conf with every default",
        sample_config},
    {257, "version", "print the version", version},
    {'h', "help", "print this", help},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int
help(const struct options *o)
{
	(void)o;
	puts("postseal - look after postseal-policyd and postseal-signer\n"
	     "\n"
	     "  -c, --config FILE   instead of " SETTINGS_FILE);
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (c->letter < 256)
			printf("  -%c, --%-15s", c->letter, c->name);
		else
			printf("      --%-15s", c->name);
		printf("%s\n", c->text);
	}
	puts("\nor, with options of their own (postseal genkey --help):\n");
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		printf("  %-21s%s\n", subcommands[i].name, subcommands[i].text);
	puts("\n"
	     "Exit status: 0; 1 when config or keys are wrong, 2 when the "
	     "command line is.");
	return 0;
}

/* The row of a short option, or of what a long one gives instead. */
static const struct command *
find_command(int letter)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i].letter == letter)
			return &commands[i];
	}
	return NULL;
}

/* The row of a subcommand, or NULL. */
static const struct subcommand *
find_subcommand(const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < SUBCOMMANDS; i++) {
		const char *name = subcommands[i].name;

		if (strncmp(name, word, n) == 0 &&
		    (name[n] == ' ' || name[n] == '\0'))
			return &subcommands[i];
	}
	return NULL;
}

/* Reads the command line. The command to run, or NULL when it is told to be
 * wrong. */
static const struct command *
read_options(int argc, char **argv, struct options *o)
{
	struct option longs[COMMANDS + 2] = {
	    {"config", required_argument, NULL, 'c'}};
	const struct command *command = NULL;
	int letter;

	for (size_t i = 0; i < COMMANDS; i++)
		longs[i + 1] = (struct option){
		    commands[i].name, no_argument, NULL, commands[i].letter};
	while ((letter = getopt_long(argc, argv, "c:Th", longs, NULL)) != -1) {
		if (letter == 'c') {
			o->config = optarg;
			continue;
		}
		if (letter == '?')
			return NULL;
		if (command != NULL) {
			fprintf(stderr,
			    "postseal: --%s and --%s: one thing at a time\n",
			    command->name, find_command(letter)->name);
			return NULL;
		}
		command = find_command(letter);
	}
	if (optind < argc) {
		fprintf(stderr, "postseal: what is \"%s\"?\n", argv[optind]);
		return NULL;
	}
	if (command == NULL)
		fprintf(stderr, "postseal: nothing to do\n");
	return command;
}

int
main(int argc, char **argv)
{
	const struct subcommand *sub =
	    argc > 1 ? find_subcommand(argv[1]) : NULL;
	struct options o = {.config = SETTINGS_FILE};
	const struct command *command;

	if (sub != NULL)
		return sub->run(argc - 1, argv + 1);
	command = read_options(argc, argv, &o);
	if (command == NULL) {
		fprintf(stderr, "Try \"postseal --help\".\n");
		return EXIT_COMMAND_LINE;
	}
	return command->run(&o);
}
