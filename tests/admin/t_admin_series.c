/*
 * Each subcommand in a process of its own in which one allocation in so many
 * fails, those of OpenSSL, jansson and libidn2 included: it ends with one of
 * its statuses, and what it wrote is whole.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/checkcmd.h"
#include "admin/import/import.h"
#include "admin/key/genkey.h"
#include "admin/key/recordcmd.h"
#include "admin/key/rotatecmd.h"
#include "admin/key/testkey.h"
#include "admin/look/signcmd.h"
#include "admin/look/spf.h"
#include "admin/look/status.h"
#include "admin/verify/verifycmd.h"
#include "admin/look/why.h"
#include "admin/setup/setupcmd.h"
#include "admin/tool/subcommand.h"
#include "signer/keys/keys.h"
#include "tests/support/eml.h"
#include "tests/support/fakepostconf.h"
#include "tests/support/nomem.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* --- the commands --------------------------------------------------------- */

enum { WORDS = 16, STATUS_MAX = 4, SEEDS = 30 };

struct row {
	int status; /* when there is memory */
	const struct subcommand *subcommand;
	const char *words[WORDS]; /* "@/" is the test's folder */
};

static const struct row commands[] = {
    {0, &genkey_subcommand,
        {"genkey", "-t", "ed25519", "-D", "@/keys", "-s", "s", "new.example"}},
    {4, &genkey_subcommand,
        {"genkey", "-t", "ed25519", "-D", "@/keys", "-s", "a", "--add", "-c",
            "@/p.conf", "new.example"}},
    {1, &testkey_subcommand, {"testkey", "-c", "@/p.conf", "a.example"}},
    {0, &record_subcommand, {"record", "-j", "-c", "@/p.conf", "a.example"}},
    {0, &import_subcommand, {"import", "@/opendkim.conf"}},
    {0, &sign_subcommand, {"sign", "-c", "@/p.conf"}},
    {1, &verify_subcommand,
        {"verify", "-c", "@/p.conf", "--dns", "@/zone", "--client", "192.0.2.1",
            "--from", "u@a.example", "@/signed"}},
    {1, &verify_subcommand,
        {"verify", "-j", "-c", "@/p.conf", "--dns", "@/zone", "--client",
            "192.0.2.1", "--from", "u@a.example", "@/signed"}},
    {1, &verify_subcommand,
        {"verify", "--canonical", "-c", "@/p.conf", "--dns", "@/zone",
            "@/signed"}},
    {0, &setup_subcommand, {"setup", "--verify", "-c", "@/p.conf", "-p", "@/"}},
    {0, &why_subcommand, {"why", "-c", "@/p.conf", "@/message"}},
    {1, &check_subcommand,
        {"check", "--no-dns", "--json", "-c", "@/p.conf", "-c", "@/pf"}},
    {1, &setup_subcommand,
        {"setup",
            "b\xc3\xbc"
            "cher.example",
            "-c", "@/p.conf", "-c", "@/pf", "-D", "@/keys"}},
    {0, &spf_subcommand,
        {"spf", "--ip", "192.0.2.1", "--from", "u@a.example", "-c",
            "@/p.conf"}},
    {3, &rotate_subcommand,
        {"rotate", "-c", "@/p.conf", "-D", "@/keys", "a.example"}},
    {1, &status_subcommand, {"status", "-c", "@/p.conf"}},
};

struct world {
	struct tmpdir d;
	const struct row *command;
};

static void
begin(struct world *w)
{
	tmpdir_make(&w->d);
	tmpdir_sub(&w->d, "keys");
	tmpdir_sub(&w->d, "keys/a.example");
	tmpdir_write(&w->d, "keys/a.example/old.private", pem_ed25519);
	tmpdir_write(&w->d, "p.conf",
	    tmpdir_placed(&w->d,
	        "hostname = h.example\n"
	        "dns { servers = {\"127.0.0.1:9\"} timeout = 1 }\n"
	        "signer { control = \"@/none\" }\n"
	        "domain a.example { key old { file = "
	        "\"@/keys/a.example/old.private\" } }\n"));
	tmpdir_write(&w->d, "message", "From: u@a.example\nSubject: t\n\nb\n");
	tmpdir_write(&w->d, "signed",
	    "DKIM-Signature: v=1; a=ed25519-sha256; d=a.example; s=old;\n"
	    "\th=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\n"
	    "\tb=AAAA\nFrom: u@a.example\nSubject: t\n\nb\n");
	tmpdir_write(&w->d, "zone",
	    "old._domainkey.a.example TXT \"v=DKIM1; k=ed25519; "
	    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n"
	    "a.example TXT \"v=spf1 mx -all\"\n"
	    "a.example MX 10 mail.a.example\n"
	    "mail.a.example A 192.0.2.1\n");
	tmpdir_write(&w->d, "opendkim.conf",
	    "Domain a.example\nSelector old\nKeyFile /k/old.private\n"
	    "InternalHosts 127.0.0.1, 192.0.2.0/24\n");
}

/* All that the command wrote, and the folders that it made. */
static void
check_written(const struct world *w)
{
	static const char *const keys[] = {
	    "keys/new.example/s.private", "keys/new.example/a.private"};
	char path[TMPDIR_PATH_MAX];
	struct settings *s = NULL;
	struct buf why;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct key *k = NULL;
		const char *reason;
		size_t n;
		char *pem;

		if (access(tmpdir_file(&w->d, keys[i], path), F_OK) != 0)
			continue;
		pem = eml_file(path, &n);
		CHECK(key_new(span_of(pem, n), &k, &reason) == 0);
		key_free(k);
		free(pem);
	}
	buf_init(&why, 10000);
	CHECK(settings_read(tmpdir_file(&w->d, "p.conf", path), SETTINGS_ALL,
	          &s, &why, &why) == 0);
	settings_free(s);
	buf_free(&why);
}

static int
run(void *arg)
{
	const struct world *w = arg;
	char text[WORDS][TMPDIR_PATH_MAX + 20], path[TMPDIR_PATH_MAX];
	char *argv[WORDS + 1];
	unsigned series = nomem_hold();
	int argc = 0, rc, in, out;

	for (; argc < WORDS && w->command->words[argc] != NULL; argc++) {
		snprintf(text[argc], sizeof text[argc], "%s",
		    tmpdir_placed(&w->d, w->command->words[argc]));
		argv[argc] = text[argc];
	}
	argv[argc] = NULL;
	in = open(tmpdir_file(&w->d, "message", path), O_RDONLY);
	out = open("/dev/null", O_WRONLY);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(out, 2) < 0)
		return 98;
	alarm(20);
	nomem_go_on(series);
	rc = subcommand_run(w->command->subcommand, SETTINGS_FILE, argc, argv);
	nomem_hold();
	return rc;
}

static void
every_command(void)
{
	static const unsigned one_in[] = {5, 30, 200};
	char row[100], *path = strdup(getenv("PATH"));

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		for (unsigned seed = 1; seed <= SEEDS; seed++) {
			struct world w = {.command = &commands[i]};
			int rc;

			begin(&w);
			fakepostconf_make(&w.d, "",
			    "queue_directory = /q\nmyhostname = h.example\n",
			    "");
			rc = nomem_child(seed, one_in[seed % 3], run, &w);
			snprintf(row, sizeof row, "%s %zu, seed %u: %d",
			    commands[i].words[0], i, seed, rc);
			suite_row(row);
			CHECK(rc >= 0 && rc <= STATUS_MAX);
			check_written(&w);
			setenv("PATH", path, 1);
			tmpdir_remove(&w.d);
		}
	}
	suite_row(NULL);
	free(path);
}

/* With memory each does what it is for, or the rows above show nothing. */
static void
with_memory(void)
{
	char *path = strdup(getenv("PATH"));

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		struct world w = {.command = &commands[i]};
		int rc;

		begin(&w);
		fakepostconf_make(&w.d, "",
		    "queue_directory = /q\nmyhostname = h.example\n", "");
		rc = nomem_child(1, 0, run, &w);
		suite_row(commands[i].words[0]);
		CHECK(rc == commands[i].status);
		check_written(&w);
		setenv("PATH", path, 1);
		tmpdir_remove(&w.d);
	}
	suite_row(NULL);
	free(path);
}

SUITE("admin_series", T(with_memory), T(every_command))
