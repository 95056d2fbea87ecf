#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/key/domainkey.h"
#include "signer/keys/keys.h"
#include "tests/support/pem.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static struct {
	struct tmpdir dir;
	struct tool tool;
	struct domainkeys keys;
	struct buf why;
} w;

/* The public half of a key, as p= has it. Static. */
static const char *
half_of(const char *pem)
{
	static char text[600];
	const char *why;
	struct key *k;
	struct buf b;

	buf_init(&b, sizeof text);
	CU_ASSERT_FATAL(key_new(span_str(pem), &k, &why) == 0);
	CHECK(key_public(k, &b) == 0);
	snprintf(text, sizeof text, "%s", buf_text(&b));
	key_free(k);
	buf_free(&b);
	return text;
}

/* A file whose text names the directory with '@', and the Ed25519 key on one
 * line with '&'. */
static void
put(const char *name, const char *text)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	for (text = tmpdir_placed(&w.dir, text); *text != '\0'; text++) {
		if (*text == '&')
			for (const char *p = pem_ed25519; *p != '\0'; p++)
				buf_str(&b,
				    *p == '\n' ? "\\n" : (char[]){*p, '\0'});
		else
			buf_byte(&b, *text);
	}
	tmpdir_write(&w.dir, name, buf_text(&b));
	buf_free(&b);
}

static const char key_table[] = "file file.example:f:@/rsa.pem\n"
                                "inline inline.example:i:&\n"
                                "any %:a:@/ed.pem\n"
                                "files %:p:@/keys/%/k\n"
                                "gone gone.example:g:@/none.pem\n";

static void
begin(const char *signing_table)
{
	static const char zone[] =
	    "a._domainkey.a.example TXT \"v=DKIM1; k=ed25519; p=AAAA\"\n"
	    "f._domainkey.file.example TXT servfail\n"
	    "i._domainkey.inline.example TXT \"v=DKIM1; k=ed25519; p=";

	char path[TMPDIR_PATH_MAX], text[2000];

	tmpdir_make(&w.dir);
	tmpdir_write(&w.dir, "ed.pem", pem_ed25519);
	tmpdir_write(&w.dir, "rsa.pem", pem_rsa2048);
	tmpdir_sub(&w.dir, "keys");
	tmpdir_sub(&w.dir, "keys/one.example");
	tmpdir_copy(&w.dir, "ed.pem", "keys/one.example/k");
	put("KeyTable", key_table);
	put("SigningTable", signing_table);
	put("postseal.conf",
	    "signer { key_table = \"@/KeyTable\"\n"
	    " signing_table = \"refile:@/SigningTable\" }\n"
	    "domain \"own.example\" { key \"o\" { file = \"@/rsa.pem\" }\n"
	    " key \"off\" { file = \"@/ed.pem\" active = false } }\n");
	CU_ASSERT_FATAL(tool_open(&w.tool, "test",
	                    tmpdir_file(&w.dir, "postseal.conf", path),
	                    SETTINGS_SIGNER) == 0);
	snprintf(text, sizeof text, "%s%s\"\n", zone, half_of(pem_ed25519));
	resolver_zone_load(w.tool.resolver, text);
	buf_init(&w.why, 1 << 16);
}

static void
end(void)
{
	domainkeys_free(&w.keys);
	tool_close(&w.tool);
	buf_free(&w.why);
	tmpdir_remove(&w.dir);
}

/* "NAME word" of each key. Static. */
static const char *
all(void)
{
	static char text[2000];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < w.keys.n; i++) {
		const struct domainkey *k = &w.keys.key[i];

		n += (size_t)snprintf(text + n, sizeof text - n, "%s %s\n",
		    k->name,
		    k->problem != NULL ? "problem" : keydiff_word(k->diff));
	}
	return text;
}

static const char signing_table[] =
    "*@a.example any\nx@a.example any\nb.example any\n*@file.example file\n"
    "*.wild.example any\n*@one.example files\n*@c.example %\n";

static void
every_key(void)
{
	begin(signing_table);
	CHECK(domainkeys_look(&w.tool, NULL, NULL, &w.keys, &w.why) == 0);
	CHECK_STR(all(),
	    "o._domainkey.own.example missing\n"
	    "off._domainkey.own.example missing\n"
	    "f._domainkey.file.example no-dns\n"
	    "i._domainkey.inline.example ok\n"
	    "a._domainkey.a.example other-key\n"
	    "a._domainkey.b.example missing\n"
	    "p._domainkey.one.example missing\n"
	    "g._domainkey.gone.example problem\n");
	CHECK_STR(buf_text(&w.why), "");
	end();
}

static void
wanted_keys(void)
{
	static const struct {
		const char *domain, *selector, *keys;
	} row[] = {
	    {"own.example", NULL,
	        "o._domainkey.own.example missing\n"
	        "off._domainkey.own.example missing\n"},
	    {"inline.example", "i", "i._domainkey.inline.example ok\n"},
	    {"inline.example", "x", ""},
	    {"a.example", NULL, "a._domainkey.a.example other-key\n"},
	    /* only a pattern knows it */
	    {"x.wild.example", NULL, "a._domainkey.x.wild.example missing\n"},
	    {"one.example", "p", "p._domainkey.one.example missing\n"},
	    {"else.example", NULL, ""},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].domain);
		begin(signing_table);
		CHECK(domainkeys_look(&w.tool, row[i].domain, row[i].selector,
		          &w.keys, &w.why) == 0);
		CHECK_STR(all(), row[i].keys);
		CHECK_STR(buf_text(&w.why), "");
		end();
	}
	suite_row(NULL);
}

/* What cannot be looked at is told. */
static void
told(void)
{
	char path[TMPDIR_PATH_MAX], want[300];

	begin("*.wild.example any\n");
	CHECK(domainkeys_look(&w.tool, NULL, NULL, &w.keys, &w.why) == 0);
	tmpdir_file(&w.dir, "KeyTable", path);
	snprintf(want, sizeof want,
	    "%s:3: this key signs for any domain; to look at one: postseal "
	    "testkey DOMAIN\n",
	    path);
	CHECK_STR(buf_text(&w.why), want);
	end();
	begin("*@a.example nokey\n");
	CHECK(domainkeys_look(
	          &w.tool, "inline.example", NULL, &w.keys, &w.why) == 0);
	CHECK(strstr(buf_text(&w.why), "names the key \"nokey\"") != NULL);
	CHECK(w.keys.n == 1 && w.keys.tables->bad == 1);
	end();
	begin("");
	tmpdir_file(&w.dir, "KeyTable", path);
	CHECK(remove(path) == 0);
	CHECK(domainkeys_look(&w.tool, NULL, NULL, &w.keys, &w.why) == 0);
	CHECK(strstr(buf_text(&w.why), "KeyTable: No such file") != NULL);
	CHECK(w.keys.n == 2 && w.keys.tables == NULL);
	end();
}

/* Who is not root has no key to make anew. */
static void
not_as_root(void)
{
	static const char want[] =
	    "/rsa.pem: Permission denied; run this as root\n";
	int status = -1;
	pid_t child;

	if (!suite_as_root())
		return;
	begin("*@a.example any\n");
	CHECK(chmod(w.dir.path, 0755) == 0);
	child = fork();
	if (child == 0) {
		if (setuid(65534) != 0 ||
		    domainkeys_read(w.tool.settings, "own.example", "o",
		        &w.keys, &w.why) != 0)
			_exit(99);
		buf_clear(&w.why);
		domainkey_tell_unusable(w.keys.key, &w.why);
		_exit(w.why.n > sizeof want &&
		            strcmp(
		                buf_text(&w.why) + w.why.n - (sizeof want - 1),
		                want) == 0
		        ? 0
		        : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	end();
}

SUITE("domainkey", T(not_as_root), T(every_key), T(wanted_keys), T(told))
