#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "admin/key/genkey.h"
#include "admin/key/genkeycmd.h"
#include "admin/tool/tool.h"
#include "signer/keys/keys.h"

static const char help[] =
    "postseal genkey DOMAIN - make a DKIM key, say what to do with it\n"
    "\n"
    "  -s, --selector NAME   not the date\n"
    "  -t, --type TYPE       rsa (default), ed25519, or both: two keys, the "
    "second\n"
    "                        with an e behind its NAME\n"
    "  -b, --bits N          of an RSA key, 1024 to 4096 (default 2048)\n"
    "  -D, --directory DIR   not " GENKEY_KEYDIR "\n"
    "  -a, --add             put it into the config, not active yet\n"
    "  -c, --config FILE     instead of " SETTINGS_FILE "\n"
    "  -h, --help            print this\n"
    "\n"
    "Writes DIR/DOMAIN/NAME.private and prints the DNS record and the section "
    "for\nthe config.\n"
    "Exit status: 0; 1 when it failed, 2 when the command line is wrong.\n";

static int
read_type(const char *word, enum key_algorithm *ret, bool *ret_both)
{
	static const enum key_algorithm all[] = {
	    KEY_RSA_SHA256, KEY_ED25519_SHA256};

	*ret_both = strcmp(word, "both") == 0;
	if (*ret_both) {
		*ret = KEY_RSA_SHA256;
		return 0;
	}
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (strcmp(word, key_type_word(all[i])) == 0) {
			*ret = all[i];
			return 0;
		}
	}
	return tool_wrong("genkey", "the type is rsa, ed25519 or both", word);
}

static int
read_bits(const char *word, unsigned *ret)
{
	char *end;
	long n = strtol(word, &end, 10);

	if (end == word || *end != '\0' || n < KEY_RSA_BITS_MIN ||
	    n > KEY_RSA_BITS_MAX)
		return tool_wrong(
		    "genkey", "the bits are a number from 1024 to 4096", word);
	*ret = (unsigned)n;
	return 0;
}

/* 0, 1 after --help, or -EINVAL after saying what is wrong. */
static int
read_options(int argc, char **argv, struct genkey *g, bool *both)
{
	static const struct option longs[] = {
	    {"selector", required_argument, NULL, 's'},
	    {"type", required_argument, NULL, 't'},
	    {"bits", required_argument, NULL, 'b'},
	    {"directory", required_argument, NULL, 'D'},
	    {"add", no_argument, NULL, 'a'},
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *config = SETTINGS_FILE;
	int letter, error = 0;
	bool add = false;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while (error == 0 &&
	    (letter = getopt_long(argc, argv, "s:t:b:D:ac:h", longs, NULL)) !=
	        -1) {
		if (letter == 's')
			g->selector = optarg;
		else if (letter == 't')
			error = read_type(optarg, &g->algorithm, both);
		else if (letter == 'b')
			error = read_bits(optarg, &g->bits);
		else if (letter == 'D')
			g->keydir = optarg;
		else if (letter == 'a')
			add = true;
		else if (letter == 'c')
			config = optarg;
		else if (letter == 'h')
			return fputs(help, stdout) == EOF ? -EIO : 1;
		else
			error = tool_wrong(
			    "genkey", "that is not how it is called", NULL);
	}
	if (error != 0)
		return error;
	g->config = add ? config : NULL;
	if (optind + 1 != argc)
		return tool_wrong("genkey",
		    optind == argc ? "which domain?" : "one domain at a time",
		    NULL);
	if (g->algorithm == KEY_ED25519_SHA256 && g->bits != 0)
		return tool_wrong(
		    "genkey", "an Ed25519 key has no choice of bits", NULL);
	g->domain = argv[optind];
	return 0;
}

int
genkeycmd_run(int argc, char **argv)
{
	struct genkey g = {.keydir = GENKEY_KEYDIR, .now = time(NULL)};
	bool both = false;
	int error = read_options(argc, argv, &g, &both);
	struct buf out, why;

	if (error != 0)
		return error > 0 ? 0 : TOOL_COMMAND_LINE;
	if (g.bits == 0)
		g.bits = KEY_RSA_BITS_GOOD;
	buf_init(&out, TOOL_MESSAGES_MAX);
	buf_init(&why, TOOL_MESSAGES_MAX);
	error = genkey_all(&g, both, &out, &why);
	tool_complain("genkey", &why);
	if (tool_print("genkey", &out, stdout) != 0)
		error = -EIO;
	buf_free(&out);
	buf_free(&why);
	return error == 0 ? 0 : TOOL_FAILED;
}
