#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/key/genkey.h"
#include "common/settings/settings.h"
#include "signer/keys/keys.h"
#include "tests/support/command.h"
#include "tests/support/eml.h"
#include "tests/support/member.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static const time_t noon = 1795348800; /* 2026-11-22 12:00 UTC */

struct result {
	struct tmpdir d;
	char keydir[TMPDIR_PATH_MAX];
	struct buf out, why;
};

static void
result_begin(struct result *r)
{
	setenv("TZ", "UTC", 1);
	tmpdir_make(&r->d);
	tmpdir_file(&r->d, "keys", r->keydir);
	buf_init(&r->out, 1 << 16);
	buf_init(&r->why, 1 << 16);
}

/* What it prints, when it is made. */
static int
make_as(struct result *r, const struct genkey *g)
{
	struct genkey_made made;
	int rc;

	buf_clear(&r->out);
	buf_clear(&r->why);
	rc = genkey_make(g, &made, &r->why);
	if (rc == 0) {
		genkey_print(&made, SETTINGS_FILE, false, &r->out);
		genkey_clear(&made);
	}
	return rc;
}

static int
make(struct result *r, const char *domain, const char *selector,
    enum key_algorithm a, unsigned bits)
{
	const struct genkey g = {.domain = domain,
	    .selector = selector,
	    .keydir = r->keydir,
	    .algorithm = a,
	    .bits = bits,
	    .now = noon};

	return make_as(r, &g);
}

static void
result_end(struct result *r)
{
	buf_free(&r->out);
	buf_free(&r->why);
	tmpdir_remove(&r->d);
}

/* The path of a file below the key directory. */
static const char *
below(const struct result *r, const char *name)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/%s", r->keydir, name);
	return path;
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (unsigned)st.st_mode & 07777U : 0;
}

static struct key *
key_in(const char *path)
{
	struct key *k = NULL;
	const char *why = NULL;
	size_t n;
	char *pem = eml_file(path, &n);

	CU_ASSERT_FATAL(key_new(span_of(pem, n), &k, &why) == 0);
	free(pem);
	return k;
}

/* The line of the output that begins with text, without its end. */
static struct span
line_of(struct result *r, const char *text)
{
	const char *p = buf_text(&r->out);

	while (p != NULL && strncmp(p, text, strlen(text)) != 0) {
		p = strchr(p, '\n');
		p = p == NULL ? NULL : p + 1;
	}
	CU_ASSERT_FATAL(p != NULL);
	return span_of(p, strcspn(p, "\n"));
}

/* The record that is printed is the one of the key that is written. */
static void
check_record(struct result *r, const char *file)
{
	struct key *k = key_in(file);
	struct keyrecord record;
	const char *why;
	struct buf half;

	buf_init(&half, 1000);
	CHECK(key_public(k, &half) == 0);
	CHECK(
	    keyrecord_parse(line_of(r, "v=DKIM1"), &record, &why) == PARSE_OK);
	CHECK(record.algorithm == key_facts(k)->algorithm);
	CHECK(span_eq(record.key, buf_view(&half)));
	buf_free(&half);
	key_free(k);
}

/* What is printed for the config is good for it. */
static void
check_config(struct result *r, const char *domain, const char *selector,
    const char *file)
{
	struct settings *s = NULL;
	struct buf why, warn;

	buf_init(&why, 10000);
	buf_init(&warn, 10000);
	CHECK(settings_parse("printed",
	          span_str(strstr(buf_text(&r->out), "domain \"")),
	          SETTINGS_SIGNER, &s, &why, &warn) == 0);
	if (s != NULL) {
		CHECK(s->ndomains == 1 && s->domain[0].nkeys == 1);
		CHECK_STR(s->domain[0].name, domain);
		CHECK_STR(s->domain[0].key[0].selector, selector);
		CHECK_STR(s->domain[0].key[0].file, file);
		CHECK(s->domain[0].key[0].active);
	}
	settings_free(s);
	buf_free(&why);
	buf_free(&warn);
}

static void
ed25519(void)
{
	const char *file;
	struct result r;

	result_begin(&r);
	CHECK(make(&r, "Example.JP", NULL, KEY_ED25519_SHA256, 0) == 0);
	CHECK(r.why.n == 0);
	CHECK(mode_of(r.keydir) == 0711);
	CHECK(mode_of(below(&r, "example.jp")) == 0750);
	file = below(&r, "example.jp/20261122e.private");
	CHECK(mode_of(file) == 0600);
	CHECK(strstr(buf_text(&r.out), file) != NULL);
	CHECK(
	    line_of(&r, "20261122e._domainkey.example.jp. IN TXT \"v=").n > 0);
	check_record(&r, file);
	check_config(&r, "example.jp", "20261122e", file);
	CHECK(suite_has(buf_text(&r.out),
	    "domains.d/example.jp.conf,\nthen: systemctl reload "
	    "postseal-signer\n\ndomain \""));
	result_end(&r);
}

static void
rsa(void)
{
	const char *file;
	struct result r;

	result_begin(&r);
	CHECK(make(&r, "example.jp", NULL, KEY_RSA_SHA256, 1024) == 0);
	CHECK_STR(buf_text(&r.why),
	    "the RSA key has under 2048 bits; a new "
	    "one should have them (RFC 8301)");
	file = below(&r, "example.jp/20261122.private");
	check_record(&r, file);
	check_config(&r, "example.jp", "20261122", file);
	result_end(&r);
}

/* A name in U-labels, a selector of labels; one more key for the same
 * domain. */
static void
names(void)
{
	struct result r;

	result_begin(&r);
	CHECK(make(&r, "m\xc3\xbcnchen.example", "A.b_1", KEY_ED25519_SHA256,
	          0) == 0);
	check_record(&r, below(&r, "xn--mnchen-3ya.example/a.b_1.private"));
	CHECK(make(&r, "xn--mnchen-3ya.example", "2", KEY_ED25519_SHA256, 0) ==
	    0);
	check_record(&r, below(&r, "xn--mnchen-3ya.example/2.private"));
	result_end(&r);
}

/* Without -s there is always a name: a key of that day stays, in whichever of
 * the two places it is. */
static void
next_of_the_day(void)
{
	struct settings *s = NULL;
	struct genkey g = {.domain = "example.jp",
	    .algorithm = KEY_ED25519_SHA256,
	    .now = noon};
	struct buf warn;
	struct result r;

	result_begin(&r);
	buf_init(&warn, 10000);
	CHECK(make(&r, "example.jp", NULL, KEY_ED25519_SHA256, 0) == 0);
	CHECK(make(&r, "example.jp", NULL, KEY_ED25519_SHA256, 0) == 0);
	check_record(&r, below(&r, "example.jp/20261122e-2.private"));
	CHECK(
	    settings_parse("x",
	        span_str("domain example.jp { key 20261122e-3 { file = \"/x\" "
	                 "} }"),
	        SETTINGS_SIGNER, &s, &r.why, &warn) == 0);
	g.settings = s;
	g.keydir = r.keydir;
	CHECK(make_as(&r, &g) == 0);
	check_record(&r, below(&r, "example.jp/20261122e-4.private"));
	settings_free(s);
	buf_free(&warn);
	result_end(&r);
}

static void
never_overwritten(void)
{
	struct result r;
	const char *file;
	char *before, *after;
	size_t n;

	result_begin(&r);
	CHECK(make(&r, "example.jp", "s", KEY_ED25519_SHA256, 0) == 0);
	file = below(&r, "example.jp/s.private");
	before = eml_file(file, &n);
	CHECK(make(&r, "EXAMPLE.jp", "S", KEY_ED25519_SHA256, 0) == -EEXIST);
	CHECK(r.out.n == 0);
	CHECK(strstr(buf_text(&r.why), "exists and stays as it is") != NULL);
	after = eml_file(file, &n);
	CHECK_STR(after, before);
	free(before);
	free(after);
	result_end(&r);
}

static void
bad_names(void)
{
	static const struct {
		const char *domain, *selector, *why;
	} rows[] = {
	    {"", "s", "\"\" is not a domain"},
	    {"example", "s", "\"example\" is not a domain"},
	    {"..", "s", "\"..\" is not a domain"},
	    {"../etc/x.y", "s", "\"../etc/x.y\" is not a domain"},
	    {"exa mple.jp", "s", "\"exa mple.jp\" is not a domain"},
	    {"example.jp", "",
	        "\"\" is not a selector: letters, digits, - "
	        "and _, with dots between them"},
	    {"example.jp", "../s",
	        "\"../s\" is not a selector: letters, "
	        "digits, - and _, with dots between them"},
	    {"example.jp", "a..b",
	        "\"a..b\" is not a selector: letters, "
	        "digits, - and _, with dots between them"},
	    {"example.jp", "a.",
	        "\"a.\" is not a selector: letters, digits, "
	        "- and _, with dots between them"},
	    {"example.jp", "a b",
	        "\"a b\" is not a selector: letters, "
	        "digits, - and _, with dots between them"},
	};
	struct result r;

	result_begin(&r);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].why);
		CHECK(make(&r, rows[i].domain, rows[i].selector,
		          KEY_ED25519_SHA256, 0) == -EINVAL);
		CHECK_STR(buf_text(&r.why), rows[i].why);
		CHECK(r.out.n == 0 && access(r.keydir, F_OK) != 0);
	}
	result_end(&r);
}

/* Selector, "._domainkey." and domain have 253 octets in DNS, and no more. */
static void
longest_name(void)
{
	static const char label[] = "0123456789012345678901234567890123456789"
	                            "01234567890123456789.";
	char domain[200], selector[64];
	struct result r;

	snprintf(domain, sizeof domain, "%s%s%sexample", label, label, label);
	memset(selector, 's', sizeof selector);
	result_begin(&r);
	/* 183 + 7 + 12 leave 51 */
	selector[52] = '\0';
	CHECK(make(&r, domain, selector, KEY_ED25519_SHA256, 0) == -EINVAL);
	CHECK_STR(buf_text(&r.why), "selector and domain are too long for DNS");
	selector[51] = '\0';
	CHECK(make(&r, domain, selector, KEY_ED25519_SHA256, 0) == 0);
	result_end(&r);
}

static void
bad_sizes(void)
{
	struct result r;

	result_begin(&r);
	CHECK(make(&r, "example.jp", "s", KEY_RSA_SHA256, 1023) == -EINVAL);
	CHECK_STR(buf_text(&r.why), "an RSA key has 1024 to 4096 bits");
	CHECK(make(&r, "example.jp", "s", KEY_RSA_SHA256, 4097) == -EINVAL);
	CHECK(access(r.keydir, F_OK) != 0);
	result_end(&r);
}

/* What was made on the way is gone again. */
static void
no_directory(void)
{
	struct result r;
	FILE *f;

	result_begin(&r);
	f = fopen(r.keydir, "w");
	CU_ASSERT_FATAL(f != NULL);
	fclose(f);
	CHECK(make(&r, "example.jp", "s", KEY_ED25519_SHA256, 0) == -ENOTDIR);
	CHECK(strstr(buf_text(&r.why), "/keys/example.jp: Not a directory") !=
	    NULL);
	CHECK(r.out.n == 0);
	unlink(r.keydir);
	tmpdir_file(&r.d, "none/keys", r.keydir);
	CHECK(make(&r, "example.jp", "s", KEY_ED25519_SHA256, 0) == -ENOENT);
	result_end(&r);
}

/* The command line alone; what it leads to is tested above. */
static void
command_line(void)
{
	static const char *const wrong[] = {"", "a.example b.example",
	    "-t dsa a.example", "-b 1023 a.example", "-b 4097 a.example",
	    "-b 2048x a.example", "-b '' a.example", "-x", "a.example -s",
	    "a.example -ted25519 -b2048"};
	static struct command c;

	command_begin(&c);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		suite_row(wrong[i]);
		command_run(&c, "genkey %s", wrong[i]);
		CHECK(c.status == 2);
		CHECK_STR(c.out, "");
		CHECK(
		    strstr(c.err, "Try \"postseal genkey --help\".\n") != NULL);
	}
	suite_row(NULL);
	command_run(&c, "genkey example -D /nonexistent");
	CHECK(c.status == 1);
	command_end(&c);
}

static void
whole_command(void)
{
	static struct command c;
	struct stat st;
	char path[TMPDIR_PATH_MAX];

	command_begin(&c);
	command_run(&c,
	    "genkey example.jp --type=ed25519 --selector=s "
	    "-D @/keys");
	CHECK(c.status == 0);
	CHECK_STR(c.err, "");
	CHECK(stat(tmpdir_file(&c.dir, "keys/example.jp/s.private", path),
	          &st) == 0 &&
	    (st.st_mode & 07777) == 0600);
	CHECK(strstr(c.out, "s._domainkey.example.jp. IN TXT") != NULL);
	command_run(&c, "genkey --help");
	CHECK(c.status == 0);
	CHECK(strncmp(c.out, "postseal genkey DOMAIN", 22) == 0);
	command_end(&c);
}

/* Two keys in the config, which do not sign yet; a third beside them, comments
 * and all else left as they are; the same again is refused, its key file
 * gone. */
#define CONTROL "signer { control = {\"unix:@/control\"} }\n"
#define NOT_RUNNING \
	"postseal genkey: postseal-signer does not run, and reads this when " \
	"it is started: systemctl start postseal-signer\n"

static void
added_to_config(void)
{
	static struct command c;
	char config[TMPDIR_PATH_MAX], file[TMPDIR_PATH_MAX], *text;
	struct settings *s = NULL;
	struct buf why, warn;
	size_t n;

	command_begin(&c);
	buf_init(&why, 10000);
	buf_init(&warn, 10000);
	tmpdir_file(&c.dir, "p.conf", config);
	command_run(&c,
	    "genkey example.jp -t both -b 1024 -s S -D @/keys "
	    "--add -c @/p.conf");
	CHECK(c.status == 4);
	CHECK(suite_has(c.err, "p.conf: cannot be read: No such file"));
	CHECK(suite_has(c.err, "then: systemctl reload postseal-signer\n"));
	CHECK(
	    settings_read(config, SETTINGS_SIGNER, &s, &why, &warn) == -ENOENT);
	tmpdir_file(&c.dir, "domains.d/example.jp.conf", file);
	text = eml_file(file, &n);
	CHECK(strstr(text, "key \"s\"") != NULL);
	CHECK(strstr(text, "key \"se\"") != NULL);
	free(text);

	command_file(&c, "p.conf", CONTROL);
	command_run(&c,
	    "genkey -d example.jp -ted25519 -s t -D @/keys -a "
	    "-c @/p.conf");
	CHECK(c.status == 4);
	CHECK_STR(c.err, NOT_RUNNING);
	buf_clear(&why);
	CHECK(settings_read(config, SETTINGS_SIGNER, &s, &why, &warn) == 0);
	CHECK(s->ndomains == 1 && s->domain[0].nkeys == 3);
	for (size_t i = 0; i < s->domain[0].nkeys; i++)
		CHECK(!s->domain[0].key[i].active);
	settings_free(s);

	unlink(tmpdir_file(&c.dir, "keys/example.jp/t.private", file));
	command_run(&c,
	    "genkey -d example.jp -ted25519 -s t -D @/keys -a "
	    "-c @/p.conf");
	CHECK(c.status == 1);
	CHECK(access(file, F_OK) != 0);
	buf_free(&why);
	buf_free(&warn);
	command_end(&c);
}

/* One key of the output: as the file and the command line say. */
static void
check_json(const struct command *c, const json_t *key, const char *selector,
    const char *type, unsigned bits)
{
	char path[TMPDIR_PATH_MAX], name[100], value[1000];
	struct buf half;
	struct key *k;

	snprintf(name, sizeof name, "keys/example.jp/%s.private", selector);
	CHECK_STR(text_of(key, "file"), tmpdir_file(&c->dir, name, path));
	k = key_in(path);
	buf_init(&half, 1000);
	CHECK(key_public(k, &half) == 0);
	snprintf(
	    value, sizeof value, "v=DKIM1; k=%s; p=%s", type, buf_text(&half));
	CHECK_STR(text_of(key, "value"), value);
	buf_free(&half);
	key_free(k);
	snprintf(name, sizeof name, "%s._domainkey.example.jp", selector);
	CHECK_STR(text_of(key, "name"), name);
	CHECK_STR(text_of(key, "type"), "TXT");
	CHECK_STR(text_of(key, "domain"), "example.jp");
	CHECK_STR(text_of(key, "selector"), selector);
	CHECK_STR(text_of(key, "key_type"), type);
	CHECK(json_integer_value(json_object_get(key, "bits")) == (int)bits);
}

static void
for_machines(void)
{
	static struct command c;
	char path[TMPDIR_PATH_MAX];
	json_t *all, *keys, *key;

	command_begin(&c);
	command_file(&c, "p.conf", CONTROL);
	command_run(&c,
	    "genkey example.jp -t both -b 1024 -s s -D @/keys --add --json "
	    "-c @/p.conf");
	CHECK(c.status == 4);
	CHECK(suite_has(c.err, NOT_RUNNING));
	all = json_loads(c.out, 0, NULL);
	keys = json_object_get(all, "keys");
	CHECK(json_array_size(keys) == 2);
	CHECK(json_is_false(json_object_get(all, "signer_told")));
	check_json(&c, json_array_get(keys, 0), "s", "rsa", 1024);
	check_json(&c, json_array_get(keys, 1), "se", "ed25519", 256);
	for (size_t i = 0; i < 2; i++) {
		key = json_array_get(keys, i);
		CHECK_STR(text_of(key, "config"),
		    tmpdir_file(&c.dir, "domains.d/example.jp.conf", path));
		CHECK(json_is_false(json_object_get(key, "found")));
	}
	json_decref(all);

	/* once more: it is there */
	command_run(&c,
	    "genkey example.jp -t ed25519 -s se -D @/keys --add -j -c "
	    "@/p.conf");
	all = json_loads(c.out, 0, NULL);
	key = json_array_get(json_object_get(all, "keys"), 0);
	CHECK(is_true(key, "found"));
	check_json(&c, key, "se", "ed25519", 256);
	json_decref(all);

	/* into no config */
	command_run(&c, "genkey example.jp -ted25519 -s t -D @/keys -j");
	CHECK(c.status == 0);
	CHECK_STR(c.err, "");
	all = json_loads(c.out, 0, NULL);
	key = json_array_get(json_object_get(all, "keys"), 0);
	CHECK(json_is_null(json_object_get(key, "config")));
	check_json(&c, key, "t", "ed25519", 256);
	json_decref(all);

	command_run(&c, "genkey example.jp -ted25519 -s t -D @/keys -j");
	CHECK(c.status == 1);
	CHECK_STR(c.out, "");
	CHECK(suite_has(c.err, "exists and stays as it is"));
	command_end(&c);
}

/* A full disk under stdout is not success; the key stays. */
static void
cannot_print(void)
{
	static struct command c;
	char path[TMPDIR_PATH_MAX];

	command_begin(&c);
	command_run(&c, "genkey example.jp -ted25519 -ss -D @/keys >/dev/full");
	CHECK(c.status == 1);
	CHECK(strstr(c.err,
	          "postseal genkey: cannot print all of it: No "
	          "space left on device\n") != NULL);
	CHECK(access(tmpdir_file(&c.dir, "keys/example.jp/s.private", path),
	          F_OK) == 0);
	command_end(&c);
}

/* As root into another user's folder, where links wait: nothing is made, nor
 * where they lead to. */
static void
not_into_a_foreign_folder(void)
{
	char path[TMPDIR_PATH_MAX], to[TMPDIR_PATH_MAX];
	struct result r;

	if (!suite_as_root())
		return;
	result_begin(&r);
	tmpdir_sub(&r.d, "theirs");
	tmpdir_sub(&r.d, "ours");
	CHECK(symlink(tmpdir_file(&r.d, "ours", to),
	          tmpdir_file(&r.d, "theirs/keys", path)) == 0);
	CHECK(chown(tmpdir_file(&r.d, "theirs", path), 64321, 0) == 0);
	for (int i = 0; i < 2; i++) {
		tmpdir_file(
		    &r.d, i == 0 ? "theirs/keys" : "theirs/new", r.keydir);
		CHECK(make(&r, "example.jp", "s", KEY_ED25519_SHA256, 0) ==
		    -EPERM);
		CHECK(r.out.n == 0);
		CHECK(strstr(buf_text(&r.why),
		          ": nothing is written: the folder ") != NULL);
		CHECK(strstr(buf_text(&r.why), "belongs to uid 64321") != NULL);
	}
	CHECK(rmdir(to) == 0); /* it is empty */
	CHECK(unlink(tmpdir_file(&r.d, "theirs/keys", path)) == 0);
	CHECK(rmdir(tmpdir_file(&r.d, "theirs", path)) == 0);
	result_end(&r);
}

SUITE("genkey", T(not_into_a_foreign_folder), T(ed25519), T(rsa), T(names),
    T(next_of_the_day), T(never_overwritten), T(bad_names), T(longest_name),
    T(bad_sizes), T(no_directory), T(command_line), T(whole_command),
    T(added_to_config), T(for_machines), T(cannot_print))
