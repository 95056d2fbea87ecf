#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/limits.h"
#include "tests/support/fixture.h"
#include "tests/support/nomem.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

static const struct keyring_domain *
find(const struct fixture *f, const char *name)
{
	return keyring_find(f->keys, span_str(name));
}

/* text with the path of the fixture's directory in place of '@'. */
static int
has(const struct fixture *f, struct buf *b, const char *text)
{
	const char *all = buf_text(b), *at = strchr(text, '@');
	char want[512];

	snprintf(want, sizeof want, "%.*s%s%s",
	    (int)(at == NULL ? strlen(text) : (size_t)(at - text)), text,
	    at == NULL ? "" : f->dir.path, at == NULL ? "" : "/");
	if (at != NULL)
		strncat(want, at + 1, sizeof want - strlen(want) - 1);
	if (all != NULL && strstr(all, want) != NULL)
		return 1;
	printf("\n  got:  %s\n  want: %s\n", all, want);
	return 0;
}

static size_t
lines(struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->p[i] == '\n';
	return n;
}

static void
good_keys(void)
{
	const struct keyring_domain *d;
	struct fixture f;

	fixture_make(&f,
	    "domain \"two.example\" {\n"
	    " key \"r\" { file = \"@rsa.pem\" }\n"
	    " key \"e\" { file = \"@ed.pem\" }\n}\n"
	    "domain \"one.example\" { key \"e\" { file = \"@ed.pem\" } }\n");
	CHECK(f.keys->ndomains == 2 && f.keys->bad == 0);
	CHECK(f.why.n == 0 && f.warn.n == 0);
	d = find(&f, "TWO.example");
	CU_ASSERT_FATAL(d != NULL && d->nkeys == 2 && d->bad == NULL);
	CHECK_STR(d->settings->name, "two.example");
	CHECK_STR(d->key[0].settings->selector, "r");
	CHECK(key_facts(d->key[0].key)->algorithm == KEY_RSA_SHA256);
	CHECK(key_facts(d->key[1].key)->algorithm == KEY_ED25519_SHA256);
	d = find(&f, "one.example");
	CHECK(d != NULL && d->nkeys == 1);
	CHECK(find(&f, "three.example") == NULL);
	CHECK(find(&f, "sub.one.example") == NULL);
	fixture_free(&f);
}

static void
inactive_keys(void)
{
	struct fixture f;

	fixture_make(&f,
	    "domain \"a.example\" {\n"
	    " key \"new\" { file = \"@none.pem\" active = false }\n"
	    " key \"old\" { file = \"@ed.pem\" }\n}\n"
	    "domain \"b.example\" {\n"
	    " key \"new\" { file = \"@ed.pem\" active = false }\n}\n");
	CHECK(f.keys->bad == 0 && f.why.n == 0);
	CHECK(lines(&f.warn) == 1);
	CHECK(has(&f, &f.warn, "@none.pem: No such file"));
	CHECK(find(&f, "a.example")->nkeys == 1);
	CHECK_STR(find(&f, "a.example")->key[0].settings->selector, "old");
	CHECK(find(&f, "b.example")->nkeys == 0);
	CHECK(find(&f, "b.example")->bad == NULL);
	fixture_free(&f);
}

static void
bad_keys(void)
{
	struct fixture f;

	fixture_make(&f,
	    "domain \"missing.example\" {\n"
	    " key \"a\" { file = \"@none.pem\" }\n}\n"
	    "domain \"half.example\" {\n"
	    " key \"good\" { file = \"@ed.pem\" }\n"
	    " key \"bad\" { file = \"@garbage.pem\" }\n}\n"
	    "domain \"open.example\" {\n"
	    " key \"a\" { file = \"@open.pem\" }\n}\n"
	    "domain \"dir.example\" {\n"
	    " key \"a\" { file = \"@.\" }\n}\n"
	    "domain \"good.example\" {\n"
	    " key \"a\" { file = \"@ed.pem\" }\n}\n");
	CHECK(f.keys->bad == 4 && lines(&f.why) == 4);
	CHECK(find(&f, "missing.example")->bad != NULL);
	CU_ASSERT_FATAL(find(&f, "half.example")->bad != NULL);
	CHECK_STR(find(&f, "half.example")->bad->selector, "bad");
	CHECK(find(&f, "half.example")->bad->line == 6);
	/* the good one signs */
	CU_ASSERT_FATAL(find(&f, "half.example")->nkeys == 1);
	CHECK_STR(find(&f, "half.example")->key[0].settings->selector, "good");
	CHECK(find(&f, "open.example")->bad != NULL);
	CHECK(find(&f, "dir.example")->bad != NULL);
	CHECK(find(&f, "good.example")->bad == NULL);
	CHECK(find(&f, "good.example")->nkeys == 1);
	/* path, reason, and what mends it */
	CHECK(
	    has(&f, &f.why, "test.conf:2: domain missing.example: key @none"));
	CHECK(has(&f, &f.why, "@none.pem: No such file or directory\n"));
	CHECK(
	    has(&f, &f.why, "test.conf:6: domain half.example: key @garbage"));
	CHECK(has(&f, &f.why, "@open.pem: mode 0644 lets others than its "));
	CHECK(has(&f, &f.why, "run: chmod 0600 @open.pem\n"));
	CHECK(has(&f, &f.why, "@.: is not a regular file\n"));
	CHECK(f.warn.n == 0);
	fixture_free(&f);
}

/* Only the rights of others count: any owner's file is right. */
static void
modes(void)
{
	static const struct {
		mode_t mode;
		int good;
	} row[] = {{0600, 1}, {0400, 1}, {0700, 1}, {0640, 0}, {0604, 0},
	    {0610, 0}, {0620, 0}, {0602, 0}, {0601, 0}, {0660, 0}};
	char path[TMPDIR_PATH_MAX];
	struct buf why, warn;
	struct keyring *k;
	struct fixture f;

	buf_init(&why, 10000);
	buf_init(&warn, 10000);
	fixture_make(
	    &f, "domain \"a.example\" { key \"a\" { file = \"@ed.pem\" } }\n");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].good ? "good mode" : "bad mode");
		fixture_file(&f, "ed.pem", path);
		CHECK(chmod(path, row[i].mode) == 0);
		CHECK(keyring_open(f.settings, &k, &why, &warn) == 0);
		CHECK((k->domain[0].bad == NULL) == row[i].good);
		keyring_free(k);
	}
	CHECK(warn.n == 0);
	buf_free(&why);
	buf_free(&warn);
	fixture_free(&f);
}

static void
warnings(void)
{
	struct fixture f;

	fixture_make(&f,
	    "signer { key_permissions = \"warn\" }\n"
	    "domain \"a.example\" {\n"
	    " key \"open\" { file = \"@open.pem\" }\n"
	    " key \"short\" { file = \"@short.pem\" }\n}\n");
	CHECK(f.keys->bad == 0 && f.why.n == 0 && lines(&f.warn) == 2);
	CHECK(has(&f, &f.warn, "run: chmod 0600 @open.pem\n"));
	CHECK(has(&f, &f.warn, "key @short.pem: "));
	CHECK(find(&f, "a.example")->nkeys == 2);
	fixture_free(&f);
}

static void
write_tables(const struct tmpdir *d)
{
	char path[TMPDIR_PATH_MAX], row[TMPDIR_PATH_MAX + 40];

	snprintf(row, sizeof row, "k out.example:s:%s\n",
	    tmpdir_file(d, "ed.pem", path));
	tmpdir_write(d, "KeyTable", row);
	tmpdir_write(d, "SigningTable", "*@out.example k\n");
	tmpdir_write(d, "AuthTable", "bob *@out.example\n");
	tmpdir_write(d, "Hosts", "192.0.2.1\n");
}

/* A key that somebody else could replace signs, after a warning. */
static void
owners(void)
{
	char path[TMPDIR_PATH_MAX], want[500];
	struct buf why, warn;
	struct keyring *k;
	struct fixture f;

	if (!suite_as_root())
		return;
	buf_init(&why, 10000);
	buf_init(&warn, 10000);
	fixture_make(&f,
	    "signer { user = \"nobody\" }\n"
	    "domain \"a.example\" { key \"a\" { file = \"@ed.pem\" } }\n"
	    "domain \"b.example\" { key \"a\" { file = \"@rsa.pem\" } }\n");
	fixture_file(&f, "ed.pem", path);
	CHECK(chown(path, 65534, 0) == 0); /* the signer's own */
	CHECK(keyring_open(f.settings, &k, &why, &warn) == 0);
	CHECK(k->bad == 0 && warn.n == 0);
	keyring_free(k);
	CHECK(chown(path, 64321, 0) == 0);
	CHECK(keyring_open(f.settings, &k, &why, &warn) == 0);
	CHECK(k->bad == 0 && lines(&warn) == 1);
	CHECK(has(&f, &warn,
	    "@ed.pem: belongs to uid 64321, who can change it; run: chown root "
	    "/"));
	keyring_free(k);
	buf_clear(&warn);
	CHECK(chown(f.dir.path, 64321, 0) == 0); /* both keys: told once */
	CHECK(keyring_open(f.settings, &k, &why, &warn) == 0);
	CHECK(k->bad == 0 && why.n == 0 && lines(&warn) == 1);
	snprintf(want, sizeof want, "the folder %s belongs to uid 64321, ",
	    f.dir.path);
	CHECK(has(&f, &warn, want));
	keyring_free(k);
	buf_free(&why);
	buf_free(&warn);
	fixture_free(&f);
}

/* The tables and lists of hosts say who is signed as what. */
static void
owners_of_tables(void)
{
	static const char *const names[] = {
	    "KeyTable", "SigningTable", "AuthTable", "Hosts"};
	char path[TMPDIR_PATH_MAX], want[500];
	struct buf why, warn;
	struct keyring *k;
	struct fixture f;

	if (!suite_as_root())
		return;
	buf_init(&why, 10000);
	buf_init(&warn, 10000);
	fixture_make_with(&f,
	    "signer { key_table = \"@KeyTable\"\n"
	    " signing_table = \"refile:@SigningTable\"\n"
	    " auth_table = \"@AuthTable\"\n"
	    " internal_hosts = {\"127.0.0.1\", \"@Hosts\"} }\n",
	    write_tables);
	CHECK(f.why.n == 0 && f.warn.n == 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		suite_row(names[i]);
		fixture_file(&f, names[i], path);
		CHECK(chown(path, 64321, 0) == 0);
		CHECK(keyring_open(f.settings, &k, &why, &warn) == 0);
		CHECK(k->bad == 0);
		keyring_free(k);
		snprintf(want, sizeof want,
		    "@%s: belongs to uid 64321, who can change it; run: "
		    "chown root %s\n",
		    names[i], path);
		CHECK(has(&f, &warn, want) && lines(&warn) >= 1);
		CHECK(chown(path, 0, 0) == 0);
		buf_clear(&warn);
	}
	suite_row(NULL);
	buf_free(&why);
	buf_free(&warn);
	fixture_free(&f);
}

/* What is no key is perhaps another program's: nobody is told to change it. */
static void
not_ours(void)
{
	char path[TMPDIR_PATH_MAX];
	struct buf why, warn;
	struct keyring *k;
	struct fixture f;

	buf_init(&why, 10000);
	buf_init(&warn, 10000);
	fixture_make(&f,
	    "domain \"a.example\" { key \"a\" { file = \"@garbage.pem\" } }\n");
	CHECK(chmod(fixture_file(&f, "garbage.pem", path), 0666) == 0);
	CHECK(keyring_open(f.settings, &k, &why, &warn) == 0 && k->bad == 1);
	CHECK(lines(&why) == 1 && warn.n == 0);
	CHECK(strstr(buf_text(&why), "chmod") == NULL);
	CHECK(has(&f, &why, "@garbage.pem: there is no key in PEM form in it"));
	keyring_free(k);
	buf_free(&why);
	buf_free(&warn);
	fixture_free(&f);
}

/* A KeyTable with a key in one row, and the path of another in the next. */
static void
write_table(const struct tmpdir *d)
{
	char path[TMPDIR_PATH_MAX];
	struct buf text;

	buf_init(&text, 10000);
	buf_str(&text, "in in.example:s:");
	for (const char *p = pem_ed25519; *p != '\0'; p++)
		buf_str(&text, *p == '\n' ? "\\n" : (char[]){*p, '\0'});
	buf_fmt(
	    &text, "\nout out.example:s:%s\n", tmpdir_file(d, "ed.pem", path));
	tmpdir_write(d, "KeyTable", buf_text(&text));
	buf_free(&text);
}

/* A table with keys in it is a key file. */
static void
modes_of_tables(void)
{
	static const struct {
		mode_t mode;
		const char *signer;
		size_t bad, warnings;
	} row[] = {
	    {0600, "", 0, 0},
	    {0400, "", 0, 0},
	    {0640, "", 1, 0},
	    {0604, "", 1, 0},
	    {0644, " key_permissions = \"warn\"", 0, 1},
	    {0600, " key_permissions = \"warn\"", 0, 0},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char config[200], path[TMPDIR_PATH_MAX], want[500];
		struct buf why, warn;
		struct keyring *k;
		struct fixture f;

		snprintf(config, sizeof config,
		    "signer { key_table = \"@KeyTable\"%s }\n", row[i].signer);
		fixture_make_with(&f, config, write_table);
		buf_init(&why, 10000);
		buf_init(&warn, 10000);
		CHECK(chmod(fixture_file(&f, "KeyTable", path), row[i].mode) ==
		    0);
		CHECK(keyring_open(f.settings, &k, &why, &warn) == 0);
		CHECK(k->bad == row[i].bad && lines(&why) == row[i].bad);
		CHECK(lines(&warn) == row[i].warnings);
		CHECK((k->domain[0].bad != NULL) == (row[i].bad > 0));
		CHECK(k->domain[1].nkeys == 1); /* the file is its own affair */
		snprintf(want, sizeof want,
		    "@KeyTable:1: domain in.example: key %s: mode 0%o lets "
		    "others than its owner use it; run: chmod 0600 %s\n",
		    path, (unsigned)row[i].mode, path);
		if (why.n + warn.n > 0)
			CHECK(has(&f, why.n > 0 ? &why : &warn, want));
		keyring_free(k);
		buf_free(&why);
		buf_free(&warn);
		fixture_free(&f);
	}
}

static void
fifo_and_size(void)
{
	char path[TMPDIR_PATH_MAX];
	struct buf why;
	struct keyring *k;
	struct fixture f;
	FILE *big;

	buf_init(&why, 10000);
	fixture_make(&f,
	    "domain \"a.example\" { key \"a\" { file = \"@none.pem\" } }\n");
	fixture_file(&f, "none.pem", path);
	CHECK(mkfifo(path, 0600) == 0); /* must not be waited for */
	CHECK(keyring_open(f.settings, &k, &why, &why) == 0 && k->bad == 1);
	keyring_free(k);
	CHECK(has(&f, &why, "is not a regular file"));
	unlink(path);
	/* a key at the limit, and one byte over it */
	big = fopen(path, "w");
	CU_ASSERT_FATAL(big != NULL && chmod(path, 0600) == 0);
	fputs(pem_ed25519, big);
	for (size_t n = strlen(pem_ed25519); n < KEY_FILE_MAX; n++)
		fputc('\n', big);
	fflush(big);
	CHECK(keyring_open(f.settings, &k, &why, &why) == 0 && k->bad == 0);
	keyring_free(k);
	fputc('\n', big);
	fclose(big);
	CHECK(keyring_open(f.settings, &k, &why, &why) == 0 && k->bad == 1);
	keyring_free(k);
	CHECK(has(&f, &why, "is larger than any key"));
	buf_free(&why);
	fixture_free(&f);
}

static void
no_domains(void)
{
	struct fixture f;

	fixture_make(&f, "");
	CHECK(f.keys->ndomains == 0 && f.keys->bad == 0);
	CHECK(find(&f, "a.example") == NULL);
	fixture_free(&f);
}

static void
every_allocation(void)
{
	struct buf why, warn;
	struct keyring *k;
	struct fixture f;
	bool failed;
	int rc;

	fixture_make(&f,
	    "domain \"a.example\" {\n"
	    " key \"r\" { file = \"@rsa.pem\" }\n"
	    " key \"e\" { file = \"@ed.pem\" }\n}\n"
	    "domain \"b.example\" { key \"x\" { file = \"@short.pem\" } }\n");
	for (long n = 0; nomem_round(n); n++) {
		buf_init(&why, 10000);
		buf_init(&warn, 10000);
		k = NULL;
		rc = keyring_open(f.settings, &k, &why, &warn);
		failed = nomem_end();
		/* a warning may be lost, a key may not */
		CHECK(rc == -ENOMEM || (rc == 0 && k->bad == 0));
		CHECK(failed || (rc == 0 && warn.n > 0));
		CHECK((rc == 0) == (k != NULL));
		keyring_free(k);
		buf_free(&why);
		buf_free(&warn);
	}
	fixture_free(&f);
}

SUITE("keyring", T(good_keys), T(inactive_keys), T(bad_keys), T(modes),
    T(modes_of_tables), T(warnings), T(owners), T(owners_of_tables),
    T(not_ours), T(fifo_and_size), T(no_domains), T(every_allocation))
