/*
 * main.c - the `postseal` command: from a word to what it does.
 *
 * One table of subcommands, and the options that stand alone. Both are rows of
 * subcommand.h, which reads the command line and prints.
 */
#include <errno.h>
#include <stdio.h>

#include "admin/check/checkcmd.h"
#include "admin/import/import.h"
#include "admin/key/genkey.h"
#include "admin/key/recordcmd.h"
#include "admin/key/rotatecmd.h"
#include "admin/key/testkey.h"
#include "admin/limits.h"
#include "admin/look/signcmd.h"
#include "admin/look/spf.h"
#include "admin/look/status.h"
#include "admin/verify/verifycmd.h"
#include "admin/look/why.h"
#include "admin/setup/setupcmd.h"
#include "admin/tool/completion.h"
#include "common/settings/settings.h"
#include "signer/keys/keyring.h"
#include "signer/setup.h"

static const struct subcommand postseal, help, version;

static const struct subcommand *const subcommands[] = {
    &setup_subcommand,
    &rotate_subcommand,
    &check_subcommand,
    &genkey_subcommand,
    &testkey_subcommand,
    &record_subcommand,
    &import_subcommand,
    &spf_subcommand,
    &sign_subcommand,
    &verify_subcommand,
    &status_subcommand,
    &why_subcommand,
    &help,
    &version,
    NULL,
};
struct options {
	const char *name; /* of what is to be done, */
	int (*run)(struct call *c);

	/* or a subcommand and its line */
	const struct subcommand *subcommand;
	char **word;
	int n;
	bool changed; /* -n */
};

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

static int
dump(const struct options *o, const struct settings *s, struct buf *out)
{
	if (o->changed)
		return settings_dump_changed(s, SETTINGS_ALL, out);
	settings_dump(s, SETTINGS_ALL, out);
	return 0;
}

/* -T, -n: reads the config, prints what is in force, looks at the keys. */
static int
test_config(struct call *c)
{
	const struct options *o = c->options;
	struct settings *s = NULL;
	struct buf why, warn; /* their lines begin with the file's name */
	bool good;

	buf_init(&why, TOOL_MESSAGES_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	good = settings_read(c->config, SETTINGS_ALL, &s, &why, &warn) == 0;
	if (good) {
		good = dump(o, s, &c->out) == 0;
		good = setup_check(s, &why) == 0 && good;
		good = test_keys(s, &why, &warn) && good;
	}
	if (good)
		buf_str(&c->out, SETTINGS_OK);
	tool_complain(NULL, &warn);
	tool_complain(NULL, &why);
	settings_free(s);
	buf_free(&why);
	buf_free(&warn);
	return good ? TOOL_OK : TOOL_FAILED;
}

static int
sample_config(struct call *c)
{
	settings_sample(&c->out);
	return TOOL_OK;
}

static int
print_completion(struct call *c)
{
	completion_bash(&postseal, &c->out);
	return TOOL_OK;
}

static int
print_version(struct call *c)
{
	buf_str(&c->out, "postseal " POSTSEAL_VERSION "\n");
	return TOOL_OK;
}

/* --- the command line ----------------------------------------------------- */

/* --name and another. */
static int
one_at_a_time(const struct call *c, const char *dashes, const char *other)
{
	const struct options *o = c->options;
	char text[100];

	snprintf(text, sizeof text, "--%s and %s%s: one thing at a time",
	    o->name, dashes, other);
	return subcommand_wrong(c, text, NULL);
}

static int
take(struct call *c, const char *name, int (*run)(struct call *c))
{
	struct options *o = c->options;

	if (o->run != NULL)
		return one_at_a_time(c, "--", name);
	o->name = name;
	o->run = run;
	return 0;
}

static int
take_test(struct call *c, const char *word)
{
	const struct options *o = c->options;

	return o->run == test_config ? 0 : take(c, "test", test_config);
}

/* -n may stand beside -T. */
static int
take_changed(struct call *c, const char *word)
{
	struct options *o = c->options;

	o->changed = true;
	return o->run == test_config ? 0 : take(c, "changed", test_config);
}

static int
take_sample(struct call *c, const char *word)
{
	return take(c, "sample-config", sample_config);
}

static int
take_completion(struct call *c, const char *word)
{
	return take(c, "completion", print_completion);
}

static int
take_version(struct call *c, const char *word)
{
	return take(c, "version", print_version);
}

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;

	if (n == 0)
		return o->run != NULL
		    ? 0
		    : subcommand_wrong(c, "nothing to do", NULL);
	o->subcommand = subcommand_find(c, subcommands, word[0]);
	if (o->subcommand == NULL)
		return -EINVAL;
	if (o->run != NULL)
		return one_at_a_time(c, "", word[0]);
	o->word = word;
	o->n = n;
	return 0;
}

static int
run(struct call *c)
{
	const struct options *o = c->options;

	return o->run != NULL
	    ? o->run(c)
	    : subcommand_run(o->subcommand, c->config, o->n, o->word);
}

static const struct subcommand postseal = {
    .name = "",
    .head = "postseal - look after postseal-policyd, postseal-signer and "
            "postseal-verifier",
    .tail = "Exit status: 0; 1 when config or keys are wrong, 2 when the "
            "command line is.",
    .column = 23,
    .options = &(const struct options){.run = NULL},
    .size = sizeof(struct options),
    .option =
        {
            SUBCOMMAND_CONFIG,
            {'T', "test", NULL, "read config and keys, print what is in force",
                .take = take_test},
            {'n', "changed", NULL, "the same, of what differs from the default",
                .take = take_changed},
            {0, "sample-config", NULL, "print postseal.conf with every default",
                .take = take_sample},
            {0, "completion", NULL, "print what bash(1) completes, a script",
                .take = take_completion},
            {0, "version", NULL, "print the version", .take = take_version},
        },
    .subcommands = subcommands,
    .take_words = take_words,
    .run = run,
};

/* --- help, version -------------------------------------------------------- */

struct help_options {
	const struct subcommand *of;
};

static int
take_topic(struct call *c, char **word, int n)
{
	struct help_options *o = c->options;

	if (n > 1)
		return subcommand_wrong(c, "what is", word[1]);
	if (n == 1)
		o->of = subcommand_find(c, subcommands, word[0]);
	return o->of != NULL ? 0 : -EINVAL;
}

static int
print_help(struct call *c)
{
	const struct help_options *o = c->options;

	subcommand_help(o->of, &c->out);
	return TOOL_OK;
}

static const struct subcommand help = {
    .name = "help",
    .words = "[CMD]",
    .text = "how postseal or a subcommand is called",
    .head = "postseal help [CMD] - the same as postseal CMD --help",
    .tail = "Exit status: 0; 2 when there is no such subcommand.",
    .column = 24,
    .options = &(const struct help_options){.of = &postseal},
    .size = sizeof(struct help_options),
    .take_words = take_topic,
    .run = print_help,
};

static int
take_none(struct call *c, char **word, int n)
{
	return n == 0 ? 0 : subcommand_wrong(c, "what is", word[0]);
}

static const struct subcommand version = {
    .name = "version",
    .text = "print the version",
    .head = "postseal version - print the version",
    .tail = "Exit status: 0.",
    .column = 24,
    .take_words = take_none,
    .run = print_version,
};

int
main(int argc, char **argv)
{
	return subcommand_run(&postseal, SETTINGS_FILE, argc, argv);
}
