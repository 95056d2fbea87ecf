/*
 * The trick: the file is written before the config names it, and the config
 * before anything is printed, so that what is printed is true. What fails takes
 * back what came before it; what is killed is ended by the next run (take_up).
 *
 * The trap: of two keys (-t both) each reads the config anew, since the first
 * has changed it; and where the second fails, the first stays, is printed, and
 * the exit status is 1.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/key/domainfile.h"
#include "admin/key/follow.h"
#include "admin/key/genkey.h"
#include "admin/tool/invocation.h"
#include "admin/tool/newfile.h"
#include "common/bytes/domain.h"
#include "common/settings/settings.h" /* SETTINGS_FILE */
#include "signer/keys/keys.h"
#include "signer/limits.h"

enum {
	KEYDIR_MODE = 0711, /* as `make install` makes it */
	DOMAIN_DIR_MODE = 0750
};

/* The folders of a key. */
struct names {
	char keydir[PATH_MAX]; /* absolute */
	char dir[PATH_MAX];    /* keydir/domain */
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

/* The date as a selector; of further ones of a day with a number. */
static int
date_selector(const struct genkey *g, unsigned number, char *ret)
{
	struct tm tm;
	size_t n;

	if (localtime_r(&g->now, &tm) == NULL)
		return -EINVAL;
	n = strftime(ret, DOMAIN_MAX + 1,
	    g->algorithm == KEY_ED25519_SHA256 ? "%Y%m%de" : "%Y%m%d", &tm);
	if (n == 0)
		return -EINVAL;
	if (number > 1)
		snprintf(ret + n, DOMAIN_MAX + 1 - n, "-%u", number);
	return 0;
}

/* The selector in lower case. */
static int
given_selector(const char *selector, char *ret, struct buf *why)
{
	if (is_selector(span_str(selector)))
		return domain_to_ascii(span_str(selector), ret);
	buf_fmt(why,
	    "\"%s\" is not a selector: letters, digits, - and _, with dots "
	    "between them",
	    selector);
	return -EINVAL;
}

/* True if "SELECTOR._domainkey.DOMAIN" can be asked in DNS. */
static bool
fits_dns(const struct genkey_made *m)
{
	return strlen(m->selector) + strlen("._domainkey.") +
	    strlen(m->domain) <=
	    DOMAIN_MAX;
}

static int
make_paths(const struct genkey *g, struct names *n, struct genkey_made *m,
    struct buf *why)
{
	/* the config needs absolute paths */
	int error = newfile_absolute(g->keydir, n->keydir);

	if (error == 0 &&
	    (snprintf(n->dir, PATH_MAX, "%s/%s", n->keydir, m->domain) >=
	            PATH_MAX ||
	        snprintf(m->file, PATH_MAX, "%s/%s.private", n->dir,
	            m->selector) >= PATH_MAX))
		error = -ENAMETOOLONG;
	if (error != 0)
		buf_fmt(why, "%s: %s", g->keydir, strerror(-error));
	return error;
}

/* The key of that name in the config, or NULL. */
static const struct key_settings *
find_key(const struct genkey *g, const struct genkey_made *m)
{
	return g->settings == NULL
	    ? NULL
	    : domainfile_key(settings_domain(g->settings, span_str(m->domain)),
	          m->selector);
}

/* True if file or config has the key of that name. */
static bool
is_taken(const struct genkey *g, const struct genkey_made *m)
{
	return find_key(g, m) != NULL || access(m->file, F_OK) == 0;
}

static int
name_key(const struct genkey *g, unsigned number, struct names *n,
    struct genkey_made *m, struct buf *why)
{
	int error = g->selector == NULL
	    ? date_selector(g, number, m->selector)
	    : given_selector(g->selector, m->selector, why);

	if (error == 0 && !fits_dns(m)) {
		buf_str(why, "selector and domain are too long for DNS");
		error = -EINVAL;
	}
	return error == 0 ? make_paths(g, n, m, why) : error;
}

static int
make_names(const struct genkey *g, struct names *n, struct genkey_made *m,
    struct buf *why)
{
	int error = domain_to_ascii(span_str(g->domain), m->domain);
	unsigned number = 1;

	if (error == 0 && !domain_is_mail(span_str(m->domain)))
		error = -EINVAL;
	if (error != 0) {
		buf_fmt(why, "\"%s\" is not a domain", g->domain);
		return error;
	}
	do
		error = name_key(g, number++, n, m, why);
	while (error == 0 && g->selector == NULL && is_taken(g, m));
	return error;
}

/* --- the file ------------------------------------------------------------- */

static int
store(const struct names *n, const char *file, struct span pem, struct buf *why)
{
	bool made_keydir = false, made_dir = false;
	int error = newfile_dir(n->keydir, KEYDIR_MODE, &made_keydir, why);

	if (error == 0)
		error = newfile_dir(n->dir, DOMAIN_DIR_MODE, &made_dir, why);
	if (error == 0)
		error = newfile_write(file, pem, 0600, why);
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
		    file);
	return error;
}

/* --- what is printed ------------------------------------------------------ */

void
genkey_record(const char *domain, const char *selector,
    enum key_algorithm algorithm, struct span half, struct buf *out)
{
	const struct keyrecord record = {.algorithm = algorithm, .key = half};

	buf_str(out, "The DNS record, as lines of a zone file:\n\n");
	keyrecord_zone(&record, span_str(selector), span_str(domain), out);
	buf_fmt(out,
	    "\nThe same for a web form: type TXT, name %s._domainkey, and this "
	    "as one value,\nwithout quotes:\n\n",
	    selector);
	keyrecord_print(&record, out);
	buf_str(out, "\n\n");
}

void
genkey_next(const char *domain, bool rotating, struct buf *out)
{
	buf_fmt(out, "When DNS has the record: %s\n",
	    invocation(
	        rotating ? "rotate %s" : "testkey %s --activate", domain));
}

/* What is left to do by hand. */
static void
print_rest(const struct genkey_made *m, const char *config, bool rotating,
    struct buf *out)
{
	const char *slash = strrchr(config, '/');

	if (m->added_to[0] != '\0') {
		buf_fmt(
		    out, "The key is in %s, not active yet.\n", m->added_to);
		genkey_next(m->domain, rotating, out);
		return;
	}
	buf_fmt(out,
	    "When DNS has it, put this into %s,\n"
	    "or into a file of its own, %.*sdomains.d/%s.conf,\n"
	    "then: systemctl reload postseal-signer\n\n",
	    config, slash == NULL ? 0 : (int)(slash - config) + 1, config,
	    m->domain);
	buf_fmt(out, "domain \"%s\" {\n\tkey \"%s\" {\n\t\tfile = ", m->domain,
	    m->selector);
	tool_config_string(m->file, out);
	buf_str(out, "\n\t}\n}\n");
}

void
genkey_print(const struct genkey_made *m, const char *config, bool rotating,
    struct buf *out)
{
	buf_fmt(out, "The private key is in %s%s\n\n", m->file,
	    m->found ? ", where an earlier run has put it" : "");
	genkey_record(m->domain, m->selector, m->facts.algorithm,
	    buf_view(&m->half), out);
	print_rest(m, config, rotating, out);
}

json_t *
genkey_record_json(const char *domain, const char *selector,
    enum key_algorithm algorithm, struct span half)
{
	const struct keyrecord record = {.algorithm = algorithm, .key = half};
	char name[2 * DOMAIN_MAX + sizeof "._domainkey."];
	struct buf value;
	json_t *o;

	snprintf(name, sizeof name, "%s._domainkey.%s", selector, domain);
	buf_init(&value, TOOL_MESSAGES_MAX);
	keyrecord_print(&record, &value);
	o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", name, "type", "TXT",
	    "value", buf_text(&value), "domain", domain, "selector", selector);
	buf_free(&value);
	return o;
}

json_t *
genkey_json(const struct genkey_made *m)
{
	json_t *o = genkey_record_json(
	    m->domain, m->selector, m->facts.algorithm, buf_view(&m->half));
	json_t *more = json_pack("{s:o, s:s, s:i, s:o, s:b}", "file",
	    subcommand_clean_json(span_str(m->file)), "key_type",
	    key_type_word(m->facts.algorithm), "bits", (int)m->facts.bits,
	    "config",
	    m->added_to[0] == '\0'
	        ? json_null()
	        : subcommand_clean_json(span_str(m->added_to)),
	    "found", (int)m->found);
	int rc = json_object_update(o, more);

	json_decref(more);
	if (rc == 0)
		return o;
	json_decref(o);
	return NULL;
}

/* --- the whole ------------------------------------------------------------ */

/* Reads a key as the signer will: what it is, and its public half. */
static int
look_at(struct span pem, struct genkey_made *m, struct buf *why)
{
	struct key *key = NULL;
	const char *reason;
	int error = key_new(pem, &key, &reason);

	if (error != 0) {
		buf_str(why, reason);
		return error;
	}
	m->facts = *key_facts(key);
	error = key_public(key, &m->half);
	if (error != 0)
		buf_str(why, "OpenSSL cannot use the new key");
	key_free(key);
	return error;
}

/* Makes key and file. On failure there is no file. */
static int
make_key(const struct genkey *g, const struct names *n, struct genkey_made *m,
    struct buf *why)
{
	struct buf pem;
	int error;

	buf_init(&pem, KEY_FILE_MAX);
	error = key_generate(g->algorithm, g->bits, &pem);
	if (error == -EINVAL)
		buf_fmt(why, "an RSA key has %d to %d bits", KEY_RSA_BITS_MIN,
		    KEY_RSA_BITS_MAX);
	else if (error != 0)
		buf_str(why, "OpenSSL cannot make a key");
	if (error == 0)
		error = look_at(buf_view(&pem), m, why);
	if (error == 0)
		error = store(n, m->file, buf_view(&pem), why);
	key_wipe(&pem);
	return error;
}

/* True if a run that was cut off may have left the file: it is such a key, of
 * ours alone, and none that signs. */
static bool
is_unfinished(const struct genkey *g, const struct genkey_made *m)
{
	const struct key_settings *key = find_key(g, m);
	struct stat st;

	return lstat(m->file, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0 &&
	    m->facts.algorithm == g->algorithm &&
	    (g->algorithm != KEY_RSA_SHA256 || m->facts.bits == g->bits) &&
	    (key == NULL ||
	        (!key->active && key->file != NULL &&
	            strcmp(key->file, m->file) == 0));
}

/* Goes on with the file that is there, and the section, if that is there. 0;
 * -EEXIST: it is something else; -EPERM: somebody else may have put it there,
 * who would sign with it, too. */
static int
take_up(const struct genkey *g, const struct names *n, struct genkey_made *m,
    struct buf *why)
{
	const struct key_settings *key = find_key(g, m);
	struct buf pem, none;
	bool made;
	int error = newfile_dir(n->dir, DOMAIN_DIR_MODE, &made, why);

	if (error != 0)
		return error;
	error = tool_read_file(m->file, KEY_FILE_MAX, &pem);
	buf_init(&none, TOOL_MESSAGES_MAX);
	if (error == 0) {
		error = look_at(buf_view(&pem), m, &none);
		key_wipe(&pem);
	}
	buf_free(&none);
	if (error != 0 || !is_unfinished(g, m)) {
		buf_fmt(why,
		    "%s exists and stays as it is: it is another key, or one "
		    "that is in use; name another selector with -s",
		    m->file);
		return -EEXIST;
	}
	m->found = true;
	if (key != NULL)
		snprintf(m->added_to, sizeof m->added_to, "%s", key->origin);
	return 0;
}

/* Into the config. On failure the file goes, if it is new. */
static int
add(const struct genkey *g, struct genkey_made *m, struct buf *why)
{
	int error = domainfile_add(g->config, g->settings, m->domain,
	    m->selector, m->file, false, m->added_to, why);

	if (error != 0 && !m->found)
		unlink(m->file);
	return error;
}

int
genkey_make(const struct genkey *g, struct genkey_made *ret, struct buf *why)
{
	struct names n;
	int error;

	*ret = (struct genkey_made){.found = false};
	buf_init(&ret->half, KEY_FILE_MAX);
	error = make_names(g, &n, ret, why);
	if (error == 0)
		error = g->config != NULL && access(ret->file, F_OK) == 0
		    ? take_up(g, &n, ret, why)
		    : make_key(g, &n, ret, why);
	if (error == 0 && g->config != NULL && ret->added_to[0] == '\0')
		error = add(g, ret, why);
	if (error != 0)
		genkey_clear(ret);
	else if (ret->facts.warning != NULL)
		buf_str(why, ret->facts.warning);
	return error;
}

void
genkey_clear(struct genkey_made *m)
{
	buf_free(&m->half);
}

/* The config as it is now, each time: the key before has changed it. */
static int
make_with(const struct genkey *g, struct genkey_pair *to, struct buf *why)
{
	struct genkey with = *g;
	struct settings *s = NULL;
	struct buf warn;
	int error = 0;

	if (g->config != NULL && access(g->config, F_OK) == 0) {
		buf_init(&warn, TOOL_MESSAGES_MAX);
		error =
		    settings_read(g->config, SETTINGS_SIGNER, &s, why, &warn);
		buf_free(&warn);
		with.settings = s;
	}
	if (error == 0)
		error = genkey_make(&with, &to->key[to->n], why);
	if (error == 0)
		to->n++;
	settings_free(s);
	return error;
}

int
genkey_all(
    const struct genkey *g, bool both, struct genkey_pair *ret, struct buf *why)
{
	char selector[DOMAIN_MAX + 2];
	struct genkey second = *g;
	int error;

	ret->n = 0;
	error = make_with(g, ret, why);
	if (error != 0 || !both)
		return error;
	if (why->n > 0)
		buf_byte(why, '\n');
	second.algorithm = KEY_ED25519_SHA256;
	if (g->selector != NULL) {
		snprintf(selector, sizeof selector, "%se", g->selector);
		second.selector = selector;
	}
	return make_with(&second, ret, why);
}

void
genkey_clear_all(struct genkey_pair *p)
{
	for (size_t i = 0; i < p->n; i++)
		genkey_clear(&p->key[i]);
	p->n = 0;
}

/* --- the subcommand ------------------------------------------------------- */

struct options {
	struct genkey key;
	bool add, both;
};

static int
take_type(struct call *c, const char *word)
{
	static const enum key_algorithm all[] = {
	    KEY_RSA_SHA256, KEY_ED25519_SHA256};
	struct options *o = c->options;

	o->both = strcmp(word, "both") == 0;
	if (o->both) {
		o->key.algorithm = KEY_RSA_SHA256;
		return 0;
	}
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (strcmp(word, key_type_word(all[i])) == 0) {
			o->key.algorithm = all[i];
			return 0;
		}
	}
	return subcommand_wrong(c, "the type is rsa, ed25519 or both", word);
}

static int
take_bits(struct call *c, const char *word)
{
	struct options *o = c->options;
	char *end;
	long n = strtol(word, &end, 10);

	if (end == word || *end != '\0' || n < KEY_RSA_BITS_MIN ||
	    n > KEY_RSA_BITS_MAX)
		return subcommand_wrong(
		    c, "the bits are a number from 1024 to 4096", word);
	o->key.bits = (unsigned)n;
	return 0;
}

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;

	if (n > 1 || (n == 1 && o->key.domain != NULL))
		return subcommand_wrong(c, "one domain at a time", NULL);
	if (n == 1)
		o->key.domain = word[0];
	if (o->key.domain == NULL)
		return subcommand_wrong(c, "which domain?", NULL);
	if (o->key.algorithm == KEY_ED25519_SHA256 && o->key.bits != 0)
		return subcommand_wrong(
		    c, "an Ed25519 key has no choice of bits", NULL);
	return 0;
}

static int
print_json(struct call *c, const struct genkey_pair *p, bool told)
{
	json_t *keys = json_array();
	int rc = 0;

	for (size_t i = 0; i < p->n; i++)
		rc |= json_array_append_new(keys, genkey_json(&p->key[i]));
	if (rc != 0) {
		json_decref(keys);
		return -ENOMEM;
	}
	return subcommand_json(
	    c, json_pack("{s:o, s:b}", "keys", keys, "signer_told", (int)told));
}

/* What was made, also when the second of two could not be. */
static int
print(struct call *c, const struct genkey_pair *p, bool told)
{
	if (p->n > 0 && c->json)
		return print_json(c, p, told);
	for (size_t i = 0; i < p->n; i++) {
		if (i > 0)
			buf_byte(&c->out, '\n');
		genkey_print(&p->key[i], c->config, false, &c->out);
	}
	return 0;
}

static int
run(struct call *c)
{
	struct options *o = c->options;
	struct genkey_pair made;
	bool told = false;
	int rc, error;

	if (o->key.bits == 0)
		o->key.bits = KEY_RSA_BITS_GOOD;
	o->key.now = time(NULL);
	o->key.config = o->add ? c->config : NULL;
	rc = genkey_all(&o->key, o->both, &made, &c->why);
	if (rc == 0 && o->add) {
		if (c->why.n > 0 && c->why.p[c->why.n - 1] != '\n')
			buf_byte(&c->why, '\n');
		rc = follow_signer(c->config, time(NULL), &c->why);
		told = rc == TOOL_OK;
	}
	error = print(c, &made, told);
	genkey_clear_all(&made);
	return error == 0 ? rc : error;
}

const struct subcommand genkey_subcommand = {
    .name = "genkey",
    .words = "DOMAIN",
    .text = "make a DKIM key, print its DNS record",
    .head = "postseal genkey DOMAIN - make a DKIM key, say what to do with it",
    .tail = "Writes DIR/DOMAIN/NAME.private and prints the DNS record and the "
            "section for\nthe config.\n"
            "Exit status: 0; 1 when it failed, 2 when the command line is "
            "wrong,\n"
            "4 when the running signer does not know it yet: the last line "
            "says what to do.",
    .column = 24,
    .options = &(const struct options){.key = {.keydir = GENKEY_KEYDIR}},
    .size = sizeof(struct options),
    .option =
        {
            {'s', "selector", "NAME", "not the date",
                .at = offsetof(struct options, key.selector)},
            {'t', "type", "TYPE",
                "rsa (default), ed25519, or both: two keys, the second\n"
                "with an e after its NAME",
                .take = take_type},
            {'b', "bits", "N", "of an RSA key, 1024 to 4096 (default 2048)",
                .take = take_bits},
            {'d', "domain", "DOMAIN",
                "the DOMAIN, as opendkim-genkey is called",
                .at = offsetof(struct options, key.domain)},
            {'D', "directory", "DIR", "not " GENKEY_KEYDIR,
                .at = offsetof(struct options, key.keydir)},
            {'a', "add", NULL, "put it into the config, not active yet",
                .at = offsetof(struct options, add)},
            {'j', "json", NULL, "for machines", .take = subcommand_take_json},
            SUBCOMMAND_CONFIG,
        },
    .take_words = take_words,
    .run = run,
};
