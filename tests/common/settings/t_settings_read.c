#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/settings/settings.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* A directory with postseal.conf and domains.d/, and what reading it gave. */
struct place {
	struct tmpdir dir;
	char file[TMPDIR_PATH_MAX];
	int rc;
	struct settings *s;
	struct buf why, warn;
};

static void
put(const struct place *p, const char *name, const char *text)
{
	char path[TMPDIR_PATH_MAX];
	FILE *f = fopen(tmpdir_file(&p->dir, name, path), "w");

	CU_ASSERT_FATAL(f != NULL);
	CU_ASSERT_FATAL(fputs(text, f) >= 0 && fclose(f) == 0);
}

static void
make(struct place *p, const char *text)
{
	char path[TMPDIR_PATH_MAX];

	tmpdir_make(&p->dir);
	tmpdir_file(&p->dir, "postseal.conf", p->file);
	CU_ASSERT_FATAL(
	    mkdir(tmpdir_file(&p->dir, "domains.d", path), 0755) == 0);
	put(p, "postseal.conf", text);
	p->s = NULL;
	buf_init(&p->why, 100000);
	buf_init(&p->warn, 100000);
}

static void
read_place(struct place *p, enum settings_scope scope)
{
	settings_free(p->s);
	p->s = NULL;
	buf_clear(&p->why);
	buf_clear(&p->warn);
	p->rc = settings_read(p->file, scope, &p->s, &p->why, &p->warn);
}

static void
drop(struct place *p)
{
	settings_free(p->s);
	buf_free(&p->why);
	buf_free(&p->warn);
	tmpdir_remove(&p->dir);
}

/* What was said, with the directory's name as "D". */
static const char *
said(struct place *p, char text[4000])
{
	const char *from = buf_text(&p->why), *hit;
	size_t n = 0, dir = strlen(p->dir.path);

	while ((hit = strstr(from, p->dir.path)) != NULL) {
		n += (size_t)snprintf(
		    text + n, 4000 - n, "%.*sD", (int)(hit - from), from);
		from = hit + dir;
	}
	snprintf(text + n, 4000 - n, "%s", from);
	return text;
}

#define DOMAIN(name) "domain " name " { key s { file = /k } }\n"

static void
reads_domains_d(void)
{
	char text[4000], path[TMPDIR_PATH_MAX];
	struct place p;

	make(&p, "hostname = mx.example\n" DOMAIN("m.example"));
	put(&p, "domains.d/b.conf", "\n" DOMAIN("a.example"));
	put(&p, "domains.d/a.conf", DOMAIN("z.example") DOMAIN("n.example"));
	put(&p, "domains.d/.hidden.conf", "junk {");
	put(&p, "domains.d/b.conf~", "junk {");
	put(&p, "domains.d/b.conf.dpkg-new", "junk {");
	put(&p, "domains.d/README", "junk {");
	put(&p, "domains.d/empty.conf", "# nothing\n");
	mkdir(tmpdir_file(&p.dir, "domains.d/dir.conf", path), 0755);
	read_place(&p, SETTINGS_SIGNER);
	CHECK_STR(said(&p, text), "");
	CU_ASSERT_FATAL(p.rc == 0 && p.s->ndomains == 4);
	CHECK_STR(p.s->domain[0].name, "a.example");
	CHECK(p.s->domain[0].line == 2);
	tmpdir_file(&p.dir, "domains.d/b.conf", path);
	CHECK_STR(p.s->domain[0].origin, path);
	CHECK_STR(p.s->domain[0].key[0].origin, path);
	CHECK_STR(p.s->domain[1].name, "m.example");
	CHECK_STR(p.s->domain[1].origin, p.file);
	CHECK_STR(p.s->domain[2].name, "n.example");
	CHECK_STR(p.s->domain[3].name, "z.example");
	CHECK_STR(p.s->file, p.file);
	drop(&p);
}

static const char *
where(struct place *p, const char *key, char *text, size_t size)
{
	struct buf b;

	buf_init(&b, size);
	settings_where(p->s, key, &b);
	snprintf(text, size, "%s", buf_text(&b));
	buf_free(&b);
	CU_ASSERT_FATAL(strncmp(text, p->file, strlen(p->file)) == 0);
	return text + strlen(p->file);
}

/* For what is found wrong later, by who opens the files that it names. */
static void
tells_where_a_key_stands(void)
{
	char text[4000];
	struct place p;

	make(&p,
	    "dns { timeout = 3 }\npolicyd {\n\thelo {\n\tfail = \"reject\" "
	    "}\n}\n"
	    "signer {\n\tkey_table = \"/k\"\n}\n"
	    "domain \"m.example\" { key \"s\" { file = \"/f\" } }\n");
	read_place(&p, SETTINGS_ALL);
	CU_ASSERT_FATAL(p.rc == 0);
	CHECK_STR(
	    where(&p, "dns.timeout", text, sizeof text), ":1: dns.timeout");
	CHECK_STR(where(&p, "policyd.helo.fail", text, sizeof text),
	    ":4: policyd.helo.fail");
	CHECK_STR(where(&p, "signer.key_table", text, sizeof text),
	    ":7: signer.key_table");
	CHECK_STR(where(&p, "policyd.mail_from.fail", text, sizeof text),
	    ": policyd.mail_from.fail");
	CHECK_STR(where(&p, "hostname", text, sizeof text), ": hostname");
	drop(&p);
}

/* What policyd never opens cannot stop it. */
static void
reads_domains_d_for_the_signer_alone(void)
{
	char text[4000];
	struct place p;

	make(&p, "dns { timeout = 3 }\n");
	put(&p, "domains.d/a.conf", "domain {{{\n\"");
	read_place(&p, SETTINGS_POLICYD);
	CHECK_STR(said(&p, text), "");
	CHECK(p.rc == 0 && p.s->ndomains == 0 && p.s->dns.timeout == 3);
	read_place(&p, SETTINGS_ALL);
	CHECK(p.rc == -EINVAL);
	CHECK_STR(said(&p, text),
	    "D/domains.d/a.conf:1: domain: the section needs a title: domain "
	    "\"example.com\" { }\n"
	    "D/domains.d/a.conf:1: domain: a key is expected here\n");
	drop(&p);
}

static void
tells_the_file_of_each_problem(void)
{
	char text[4000], path[TMPDIR_PATH_MAX];
	struct place p;

	make(&p,
	    "policyd { time_limit = 0 helo { pass = OK } }\n" DOMAIN(
	        "a.example"));
	put(&p, "domains.d/1.conf", "hostname = x\ndns { timeout = 1 }\n");
	put(&p, "domains.d/2.conf", "domain a.example { key s { fil = /k } }");
	put(&p, "domains.d/3.conf", "domain x.example { key s { file = k } }");
	put(&p, "domains.d/4.conf", "domain x.example {\n");
	CHECK(symlink("nowhere",
	          tmpdir_file(&p.dir, "domains.d/5.conf", path)) == 0);
	read_place(&p, SETTINGS_ALL);
	CHECK(p.rc == -EINVAL && p.s == NULL);
	CHECK_STR(said(&p, text),
	    "D/postseal.conf:1: policyd.time_limit: \"0\" is not a number from "
	    "1 to 90\n"
	    "D/domains.d/1.conf:1: hostname: only domain sections may stand in "
	    "this file\n"
	    "D/domains.d/1.conf:2: dns: only domain sections may stand in this "
	    "file\n"
	    "D/domains.d/2.conf:1: domain.key.fil: there is no such key (did "
	    "you mean domain.key.file?)\n"
	    "D/domains.d/3.conf:1: domain.key.file: \"k\" is not an absolute "
	    "path\n"
	    "D/domains.d/4.conf:1: domain: the section is never closed\n"
	    "D/domains.d/5.conf: cannot be read: No such file or directory\n");
	CHECK(strstr(buf_text(&p.warn), "policyd.helo.pass") != NULL);
	CHECK(strstr(strstr(buf_text(&p.warn), "policyd.helo.pass") + 1,
	          "policyd.helo.pass") == NULL);
	drop(&p);
}

static void
finds_doubles_across_files(void)
{
	char text[4000];
	struct place p;

	make(&p, "\n\n" DOMAIN("a.example"));
	put(&p, "domains.d/a.conf", "\n" DOMAIN("A.Example"));
	put(&p, "domains.d/b.conf", DOMAIN("b.example"));
	put(&p, "domains.d/c.conf", DOMAIN("b.example"));
	read_place(&p, SETTINGS_SIGNER);
	CHECK(p.rc == -EINVAL);
	CHECK_STR(said(&p, text),
	    "D/postseal.conf:3: domain: a.example stands in the config twice, "
	    "first in D/domains.d/a.conf:2\n"
	    "D/domains.d/c.conf:1: domain: b.example stands in the config "
	    "twice, first in D/domains.d/b.conf:1\n");
	drop(&p);
}

/* --- files that are not there, or are something else ---------------------- */

static void
tells_what_cannot_be_read(void)
{
	char text[4000], path[TMPDIR_PATH_MAX];
	struct place p;

	make(&p, "");
	tmpdir_file(&p.dir, "domains.d", path);
	CHECK(rmdir(path) == 0);
	read_place(&p, SETTINGS_ALL);
	CHECK(p.rc == 0); /* there need not be a domains.d */
	put(&p, "domains.d", "");
	read_place(&p, SETTINGS_POLICYD);
	CHECK(p.rc == 0);
	read_place(&p, SETTINGS_SIGNER);
	CHECK(p.rc == -EINVAL);
	CHECK_STR(said(&p, text),
	    "D/postseal.conf: D/domains.d cannot be "
	    "read: Not a directory\n");
	CHECK(unlink(p.file) == 0);
	read_place(&p, SETTINGS_ALL);
	CHECK(p.rc == -ENOENT);
	CHECK_STR(said(&p, text),
	    "D/postseal.conf: cannot be read: No such "
	    "file or directory\n");
	CHECK(mkdir(p.file, 0755) == 0);
	read_place(&p, SETTINGS_ALL);
	CHECK(p.rc == -EISDIR);
	CHECK_STR(said(&p, text),
	    "D/postseal.conf: cannot be read: Is a "
	    "directory\n");
	drop(&p);
}

static void
takes_a_relative_path(void)
{
	char here[4096], text[4000];
	struct place p;

	make(&p, "");
	put(&p, "domains.d/a.conf", DOMAIN("a.example"));
	CU_ASSERT_FATAL(getcwd(here, sizeof here) != NULL);
	CU_ASSERT_FATAL(chdir(p.dir.path) == 0);
	snprintf(p.file, sizeof p.file, "postseal.conf");
	read_place(&p, SETTINGS_ALL);
	CU_ASSERT_FATAL(chdir(here) == 0);
	CHECK_STR(said(&p, text), "");
	CHECK(p.rc == 0 && p.s->ndomains == 1);
	CHECK_STR(p.s->domain[0].origin, "domains.d/a.conf");
	drop(&p);
}

/* CONFIG_FILE_MAX, of which the last bytes count, and one more. */
static void
limits_the_size_of_a_file(void)
{
	static const char end[] = "\ndns { timeout = 3 }";
	char text[4000], *big = malloc(CONFIG_FILE_MAX + 1);
	struct place p;

	make(&p, "");
	CU_ASSERT_FATAL(big != NULL);
	memset(big, '#', CONFIG_FILE_MAX + 1);
	memcpy(big + CONFIG_FILE_MAX - strlen(end), end, strlen(end));
	for (size_t over = 0; over < 2; over++) {
		FILE *f = fopen(p.file, "w");

		CU_ASSERT_FATAL(f != NULL);
		CHECK(fwrite(big + over, 1, CONFIG_FILE_MAX, f) ==
		    CONFIG_FILE_MAX);
		if (over == 1)
			fputc('\n', f);
		fclose(f);
		read_place(&p, SETTINGS_ALL);
		CHECK(p.rc == (over == 0 ? 0 : -EINVAL));
		CHECK(over == 1 || p.s->dns.timeout == 3);
		CHECK_STR(said(&p, text),
		    over == 0 ? ""
		              : "D/postseal.conf: the file is larger than 16 "
		                "MiB\n");
	}
	free(big);
	drop(&p);
}

/* --- without memory ------------------------------------------------------- */

static const char everything[] =
    "hostname = mx.example\nlog = stderr\n"
    "dns { servers = {::1, 127.0.0.1} }\n"
    "policyd { listen = {/a, inet:1} trusted_networks = {::1}\n"
    "restriction_classes = {a, b} helo { fail = a pass = OK }\n"
    "recipient \"\\\"a\\\"@a.example\" { reply_text = \"\\\"{reason}\\\"\" }\n"
    "mail_from { none = \"HOLD x\" } }\n"
    "domain a.example { key s { file = /k } key t { file = /l } }\n"
    "domain \"b\303\274.example\" { key s { file = /k } }\n";

/* Nothing leaks or is half done, and there is a word about it. */
static void
bears_lack_of_memory(void)
{
	struct place p;

	make(&p, everything);
	put(&p, "domains.d/a.conf", DOMAIN("c.example"));
	for (long n = 0; nomem_round(n); n++) {
		bool failed;

		read_place(&p, SETTINGS_ALL);
		failed = nomem_end();
		CHECK((p.rc == -ENOMEM) == failed);
		CHECK((p.rc == 0) == !failed);
		CHECK((p.s == NULL) == failed);
		CHECK(failed || p.s->ndomains == 3);
	}
	drop(&p);
}

/* The same where the text is wrong: the problem may be lost, never the config
 * be taken. */
static void
bears_lack_of_memory_for_complaints(void)
{
	struct place p;

	make(&p, "dns { timeot = 0 }\nsigner { workers = 99 }\n");
	for (long n = 0; nomem_round(n); n++) {
		read_place(&p, SETTINGS_ALL);
		nomem_end();
		CHECK(p.rc == -ENOMEM || p.rc == -EINVAL);
		CHECK(p.s == NULL);
	}
	drop(&p);
}

/* What was warned of, with the directory's name as "@". */
static void
check_warned(struct place *p, const char *want)
{
	CHECK(p->rc == 0);
	CHECK_STR(buf_text(&p->warn), tmpdir_placed(&p->dir, want));
}

/* The main file, a file of domains.d, and the folder that all lie in: told
 * once. */
static void
warns_of_other_owners(void)
{
	char path[TMPDIR_PATH_MAX], want[1000];
	struct place p;

	if (!suite_as_root())
		return;
	make(&p, "hostname = mx.example signer { user = nobody }\n");
	put(&p, "domains.d/a.conf", DOMAIN("a.example"));
	read_place(&p, SETTINGS_SIGNER);
	check_warned(&p, "");
	CHECK(chown(p.file, 64321, 0) == 0);
	CHECK(chmod(tmpdir_file(&p.dir, "domains.d/a.conf", path), 0666) == 0);
	read_place(&p, SETTINGS_SIGNER);
	check_warned(&p,
	    "@/postseal.conf: belongs to uid 64321, who can change it; run: "
	    "chown root @/postseal.conf\n"
	    "@/domains.d/a.conf: may be written by every user, who can change "
	    "it; run: chmod o-w @/domains.d/a.conf\n");
	CHECK(chown(p.file, 65534, 0) == 0); /* nobody, the signer's user */
	CHECK(chmod(path, 0644) == 0);
	read_place(&p, SETTINGS_SIGNER);
	check_warned(&p, "");
	read_place(&p, SETTINGS_POLICYD);
	check_warned(&p,
	    "@/postseal.conf: belongs to nobody, who can change it; run: "
	    "chown root @/postseal.conf\n");
	CHECK(chown(p.dir.path, 64321, 0) == 0);
	read_place(&p, SETTINGS_SIGNER);
	snprintf(want, sizeof want,
	    "@/postseal.conf: the folder %s belongs to uid 64321, who can put "
	    "another file in the place of this one; run: chown root %s, or "
	    "keep the file in a folder of root's\n",
	    p.dir.path, p.dir.path);
	check_warned(&p, want);
	drop(&p);
}

/* What is no config may be anybody's: nobody is told to take it. */
static void
says_nothing_of_what_is_no_config(void)
{
	struct place p;

	if (!suite_as_root())
		return;
	make(&p, "Dear diary,\n");
	CHECK(chown(p.file, 64321, 0) == 0);
	read_place(&p, SETTINGS_SIGNER);
	CHECK(p.rc == -EINVAL);
	CHECK_STR(buf_text(&p.warn), "");
	drop(&p);
}

SUITE("settings_read", T(warns_of_other_owners),
    T(says_nothing_of_what_is_no_config), T(reads_domains_d),
    T(tells_where_a_key_stands), T(reads_domains_d_for_the_signer_alone),
    T(tells_the_file_of_each_problem), T(finds_doubles_across_files),
    T(tells_what_cannot_be_read), T(takes_a_relative_path),
    T(limits_the_size_of_a_file), T(bears_lack_of_memory),
    T(bears_lack_of_memory_for_complaints))
