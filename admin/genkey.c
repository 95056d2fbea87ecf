#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/genkey.h"
#include "admin/newfile.h"
#include "common/domain.h"
#include "common/settings.h" /* SETTINGS_FILE */
#include "signer/keys.h"

enum {
	EXIT_FAILED = 1,
	EXIT_COMMAND_LINE = 2,
	KEYDIR_MODE = 0711, /* as `make install` makes it */
	DOMAIN_DIR_MODE = 0750,
	TEXT_MAX = 64 * 1024
};

/* What is made of the options. */
struct names {
	char domain[DOMAIN_MAX + 1];   /* A-labels */
	char selector[DOMAIN_MAX + 1]; /* lower case */
	char keydir[PATH_MAX];         /* absolute */
	char dir[PATH_MAX];            /* keydir/domain */
	char file[PATH_MAX];           /* dir/selector.private */
};

/* --- names ---------------------------------------------------------------- */

/* Letters, digits and '-', '_' in labels (RFC 6376 section 3.1). */
static bool
is_selector(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = span_lower((unsigned char)s.p[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' &&
		    c != '_' && c != '.')
			return false;
	}
	return domain_is_name(s) && s.p[s.n - 1] != '.';
}

/* The selector in lower case, or one made from the date. */
static int
make_selector(const struct genkey *g, char *ret, struct buf *why)
{
	struct tm tm;

	if (g->selector == NULL) {
		if (localtime_r(&g->now, &tm) == NULL ||
		    strftime(ret, DOMAIN_MAX + 1,
		        g->algorithm == KEY_ED25519_SHA256 ? "%Y%m%de"
		                                           : "%Y%m%d",
		        &tm) == 0)
			return -EINVAL;
		return 0;
	}
	if (!is_selector(span_str(g->selector))) {
		buf_fmt(why,
		    "\"%s\" is not a selector: letters, digits, - and "
		    "_, parted by dots",
		    g->selector);
		return -EINVAL;
	}
	return domain_to_ascii(span_str(g->selector), ret);
}

/* True if "SELECTOR._domainkey.DOMAIN" can be asked in DNS. */
static bool
fits_dns(const struct names *n)
{
	return strlen(n->selector) + strlen("._domainkey.") +
	    strlen(n->domain) <=
	    DOMAIN_MAX;
}

/* The directory as an absolute path, which the config needs. */
static int
make_keydir(const char *keydir, char *ret)
{
	char here[PATH_MAX] = "";
	int n;

	if (keydir[0] != '/' && getcwd(here, sizeof here) == NULL)
		return -errno;
	n = snprintf(
	    ret, PATH_MAX, "%s%s%s", here, keydir[0] == '/' ? "" : "/", keydir);
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int
make_paths(const struct genkey *g, struct names *n, struct buf *why)
{
	int error = make_keydir(g->keydir, n->keydir);

	if (error == 0 &&
	    (snprintf(n->dir, PATH_MAX, "%s/%s", n->keydir, n->domain) >=
	            PATH_MAX ||
	        snprintf(n->file, PATH_MAX, "%s/%s.private", n->dir,
	            n->selector) >= PATH_MAX))
		error = -ENAMETOOLONG;
	if (error != 0)
		buf_fmt(why, "%s: %s", g->keydir, strerror(-error));
	return error;
}

static int
make_names(const struct genkey *g, struct names *n, struct buf *why)
{
	int error = domain_to_ascii(span_str(g->domain), n->domain);

	if (error == 0 && !domain_is_mail(span_str(n->domain)))
		error = -EINVAL;
	if (error != 0) {
		buf_fmt(why, "\"%s\" is not a domain", g->domain);
		return error;
	}
	error = make_selector(g, n->selector, why);
	if (error == 0 && !fits_dns(n)) {
		buf_str(why, "selector and domain are too long for DNS");
		error = -EINVAL;
	}
	return error == 0 ? make_paths(g, n, why) : error;
}

/* --- the file ------------------------------------------------------------- */

/* 0 and whether it was made here, or -errno. */
static int
make_dir(const char *path, mode_t mode, bool *ret_made)
{
	*ret_made = mkdir(path, mode) == 0;
	return *ret_made || errno == EEXIST ? 0 : -errno;
}

static int
store(const struct names *n, struct span pem, struct buf *why)
{
	bool made_keydir, made_dir = false;
	const char *what = n->keydir;
	int error = make_dir(n->keydir, KEYDIR_MODE, &made_keydir);

	if (error == 0) {
		what = n->dir;
		error = make_dir(n->dir, DOMAIN_DIR_MODE, &made_dir);
	}
	if (error == 0) {
		what = n->file;
		error = newfile_write(n->file, pem);
	}
	if (error == 0)
		return 0;
	if (made_dir)
		rmdir(n->dir);
	if (made_keydir)
		rmdir(n->keydir);
	if (error == -EEXIST)
		buf_fmt(why,
		    "%s exists and stays as it is; name another "
		    "selector with -s",
		    what);
	else
		buf_fmt(why, "%s: %s", what, strerror(-error));
	return error;
}

/* --- what is printed ------------------------------------------------------ */

/* A string of the config (postseal.conf(5)). */
static void
print_string(const char *s, struct buf *out)
{
	buf_byte(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_byte(out, '\\');
		buf_byte(out, *s);
	}
	buf_byte(out, '"');
}

static void
print_config(const struct names *n, struct buf *out)
{
	buf_fmt(out, "domain \"%s\" {\n\tkey \"%s\" {\n\t\tfile = ", n->domain,
	    n->selector);
	print_string(n->file, out);
	buf_str(out, "\n\t}\n}\n");
}

static void
print_all(
    const struct names *n, const struct keyrecord *record, struct buf *out)
{
	buf_fmt(out, "The private key is in %s\n\n", n->file);
	buf_str(out, "The DNS record, as lines of a zone file:\n\n");
	keyrecord_zone(record, span_str(n->selector), span_str(n->domain), out);
	buf_fmt(out,
	    "\nThe same for a web form: type TXT, name %s._domainkey, and this "
	    "as one value,\nwithout quotes:\n\n",
	    n->selector);
	keyrecord_print(record, out);
	buf_fmt(out,
	    "\n\nWhen DNS has it, put this into %s,\n"
	    "or into a file of its own, " POSTSEAL_SYSCONFDIR
	    "/postseal/domains.d/%s.conf:\n\n",
	    SETTINGS_FILE, n->domain);
	print_config(n, out);
}

/* --- the whole ------------------------------------------------------------ */

/* Reads the key that was made, as the signer will, for its public half. */
static int
public_half(struct span pem, struct buf *ret, struct buf *why)
{
	struct key *key = NULL;
	const char *reason;
	int error = key_new(pem, &key, &reason);

	if (error != 0) {
		buf_str(why, reason);
		return error;
	}
	if (key_facts(key)->warning != NULL)
		buf_str(why, key_facts(key)->warning);
	error = key_public(key, ret);
	if (error != 0)
		buf_str(why, "OpenSSL cannot use the new key");
	key_free(key);
	return error;
}

int
genkey_make(const struct genkey *g, struct buf *out, struct buf *why)
{
	struct keyrecord record = {.algorithm = g->algorithm};
	struct buf pem, half;
	struct names n;
	int error = make_names(g, &n, why);

	if (error != 0)
		return error;
	buf_init(&pem, TEXT_MAX);
	buf_init(&half, TEXT_MAX);
	error = key_generate(g->algorithm, g->bits, &pem);
	if (error == -EINVAL)
		buf_fmt(why, "an RSA key has %d to %d bits", KEY_RSA_BITS_MIN,
		    KEY_RSA_BITS_MAX);
	else if (error != 0)
		buf_str(why, "OpenSSL cannot make a key");
	if (error == 0)
		error = public_half(buf_view(&pem), &half, why);
	if (error == 0)
		error = store(&n, buf_view(&pem), why);
	if (error == 0) {
		record.key = buf_view(&half);
		print_all(&n, &record, out);
	}
	key_wipe(&pem);
	buf_free(&half);
	return error;
}

/* --- the command line ----------------------------------------------------- */

static const char help[] =
    "postseal genkey DOMAIN - make a DKIM key, say what to do with it\n"
    "\n"
    "  -s, --selector NAME   not the date\n"
    "  -t, --type TYPE       rsa (default) or ed25519\n"
    "  -b, --bits N          of an RSA key, 1024 to 4096 (default 2048)\n"
    "  -D, --directory DIR   not " GENKEY_KEYDIR "\n"
    "  -h, --help            print this\n"
    "\n"
    "Writes DIR/DOMAIN/NAME.private and prints the DNS record and the section "
    "for\nthe config.\n"
    "Exit status: 0; 1 when it failed, 2 when the command line is wrong.\n";

static int
wrong(const char *problem, const char *word)
{
	fprintf(stderr,
	    "postseal genkey: %s%s%s%s\nTry \"postseal genkey "
	    "--help\".\n",
	    problem, word == NULL ? "" : ": \"", word == NULL ? "" : word,
	    word == NULL ? "" : "\"");
	return -EINVAL;
}

static int
read_type(const char *word, enum key_algorithm *ret)
{
	static const enum key_algorithm all[] = {
	    KEY_RSA_SHA256, KEY_ED25519_SHA256};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (strcmp(word, key_type_word(all[i])) == 0) {
			*ret = all[i];
			return 0;
		}
	}
	return wrong("the type is rsa or ed25519", word);
}

static int
read_bits(const char *word, unsigned *ret)
{
	char *end;
	long n = strtol(word, &end, 10);

	if (end == word || *end != '\0' || n < KEY_RSA_BITS_MIN ||
	    n > KEY_RSA_BITS_MAX)
		return wrong("the bits are a number from 1024 to 4096", word);
	*ret = (unsigned)n;
	return 0;
}

/* 0, 1 after --help, or -EINVAL after saying what is wrong. */
static int
read_options(int argc, char **argv, struct genkey *g)
{
	static const struct option longs[] = {
	    {"selector", required_argument, NULL, 's'},
	    {"type", required_argument, NULL, 't'},
	    {"bits", required_argument, NULL, 'b'},
	    {"directory", required_argument, NULL, 'D'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int letter, error = 0;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while (error == 0 &&
	    (letter = getopt_long(argc, argv, "s:t:b:D:h", longs, NULL)) !=
	        -1) {
		if (letter == 's')
			g->selector = optarg;
		else if (letter == 't')
			error = read_type(optarg, &g->algorithm);
		else if (letter == 'b')
			error = read_bits(optarg, &g->bits);
		else if (letter == 'D')
			g->keydir = optarg;
		else if (letter == 'h')
			return fputs(help, stdout) == EOF ? -EIO : 1;
		else
			error = -EINVAL;
	}
	if (error != 0)
		return error;
	if (optind + 1 != argc)
		return wrong(
		    optind == argc ? "which domain?" : "one domain at a time",
		    NULL);
	if (g->algorithm == KEY_ED25519_SHA256 && g->bits != 0)
		return wrong("an Ed25519 key has no choice of bits", NULL);
	g->domain = argv[optind];
	return 0;
}

int
genkey_run(int argc, char **argv)
{
	struct genkey g = {.keydir = GENKEY_KEYDIR, .now = time(NULL)};
	int error = read_options(argc, argv, &g);
	struct buf out, why;

	if (error != 0)
		return error > 0 ? 0 : EXIT_COMMAND_LINE;
	if (g.bits == 0)
		g.bits = KEY_RSA_BITS_GOOD;
	buf_init(&out, TEXT_MAX);
	buf_init(&why, TEXT_MAX);
	error = genkey_make(&g, &out, &why);
	if (why.n > 0)
		fprintf(stderr, "postseal genkey: %.*s\n", (int)why.n, why.p);
	if (out.n > 0)
		fwrite(out.p, 1, out.n, stdout);
	if (error == 0 && (fflush(stdout) != 0 || buf_error(&out) != 0)) {
		fprintf(stderr, "postseal genkey: cannot print all of it\n");
		error = -EIO;
	}
	buf_free(&out);
	buf_free(&why);
	return error == 0 ? 0 : EXIT_FAILED;
}
