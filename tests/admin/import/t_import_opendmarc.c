#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/import/import.h"
#include "tests/support/command.h"
#include "tests/support/imported.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* What came of one file. */
struct imported {
	struct import im;
	struct tmpdir d;
	struct buf out;
	int rc;
};

/* "@" in text stands for a file with that in it. */
static void
import(struct imported *m, const char *text, const char *list)
{
	char path[TMPDIR_PATH_MAX], whole[3 * TMPDIR_PATH_MAX] = "";
	const char *at = strchr(text, '@');

	import_init(&m->im);
	buf_init(&m->out, 100000);
	tmpdir_make(&m->d);
	tmpdir_write(&m->d, "list", list);
	tmpdir_file(&m->d, "list", path);
	if (at == NULL)
		snprintf(whole, sizeof whole, "%s", text);
	else
		snprintf(whole, sizeof whole, "%.*s%s%s", (int)(at - text),
		    text, path, at + 1);
	tmpdir_write(&m->d, "opendmarc.conf", whole);
	m->rc = import_file(&m->im, tmpdir_file(&m->d, "opendmarc.conf", path));
	if (m->rc == 0)
		m->rc = import_compose(&m->im, &m->out);
}

static void
end(struct imported *m)
{
	buf_free(&m->out);
	import_free(&m->im);
	tmpdir_remove(&m->d);
}

/* Every option of opendmarc.conf(5), 1.4.2, in the order of that page, has a
 * place: a key of ours, a reason why it has none, or nothing where nobody will
 * miss it. */
static const struct row {
	const char *old;
	const char *key;  /* NULL: none */
	const char *left; /* the reason; NULL: none */
} rows[] = {
    {"AuthservID mx.a.example", "\tauthserv_id = \"mx.a.example\"\n", NULL},
    {"AuthservID HOSTNAME", NULL, NULL},
    {"AuthservID a..b", NULL, "not the name of a host"},
    {"AuthservIDWithJobID yes", NULL, "one name that stays"},
    {"AuthservIDWithJobID no", NULL, NULL},
    {"AutoRestart yes", NULL, "replaced at once"},
    {"AutoRestartCount 3", NULL, "replaced at once"},
    {"AutoRestartRate 10/1h", NULL, "replaced at once"},
    {"Background no", NULL, NULL},
    {"BaseDirectory /var/x", NULL, "systemd"},
    {"ChangeRootDirectory /var/x", NULL, "systemd"},
    {"CopyFailuresTo a@b.example", NULL, "nobody but its recipients"},
    {"DomainWhitelist list.example, Fwd.example",
        "\t\ttrusted_forwarders = {\"dkim:list.example\", "
        "\"dkim:fwd.example\"}\n",
        NULL},
    {"DomainWhitelist list.example,x!", "{\"dkim:list.example\"}",
        "some of it are no domains"},
    {"DomainWhitelistFile @", "{\"dkim:one.example\", \"dkim:two.example\"}\n",
        NULL},
    {"DomainWhitelistFile /nonexistent/list", NULL,
        "belongs into verifier.dmarc.trusted_forwarders"},
    {"DomainWhitelistSize 3000", NULL, NULL},
    {"DNSTimeout 7", "dns {\n\ttimeout = 7\n", NULL},
    {"DNSTimeout 0", NULL, "1 to 60 seconds"},
    {"DNSTimeout 5s", NULL, "1 to 60 seconds"},
    {"EnableCoredumps yes", NULL, "LimitCORE"},
    {"FailureReports true", NULL, "no reports of failures"},
    {"FailureReports false", NULL, NULL},
    {"FailureReportsBcc a@b.example", NULL, "no reports of failures"},
    {"FailureReportsOnNone true", NULL, "no reports of failures"},
    {"FailureReportsSentBy a@b.example", NULL, "no reports of failures"},
    {"HistoryFile /run/opendmarc/x.dat", NULL, "verifier.dmarc.results"},
    {"HoldQuarantinedMessages true",
        "\tdmarc {\n\t\taction = \"mark\"\n\t\tquarantine = \"hold\"\n\t}\n",
        "whose policy is reject is held, too"},
    {"HoldQuarantinedMessages false", NULL, NULL},
    {"IgnoreAuthenticatedClients true", NULL, NULL},
    {"IgnoreAuthenticatedClients false", NULL, "never verified"},
    {"IgnoreHosts @",
        "\ttrusted_networks = {\"127.0.0.0/8\", \"::1/128\", "
        "\"192.0.2.0/24\", \"2001:db8::1\"}\n",
        "names and exceptions"},
    {"IgnoreHosts /nonexistent/hosts", NULL,
        "belongs into verifier.trusted_networks"},
    {"IgnoreMailFrom a.example,B.example",
        "\t\texempt = {\"a.example\", \"b.example\"}\n", NULL},
    {"IgnoreMailTo a@b.example", NULL, "has all messages"},
    {"MilterDebug 1", NULL, NULL},
    {"PidFile /run/x.pid", NULL, NULL},
    {"PublicSuffixList /usr/share/publicsuffix/", NULL, "RFC 9989"},
    {"RecordAllMessages yes", NULL, "has all messages"},
    {"RejectFailures true",
        "\tdmarc {\n\t\taction = \"enforce\"\n\t\ton_temperror = \"defer\"\n"
        "\t}\n",
        NULL},
    {"RejectFailures Y", "action = \"enforce\"", NULL},
    {"RejectFailures false", NULL, NULL},
    {"RejectMultiValueFrom true", NULL, "without action"},
    {"RejectString refused for %s", NULL, "text of the reply"},
    {"ReportCommand /usr/sbin/sendmail -t", NULL, "no reports of failures"},
    {"RequiredHeaders true", NULL, "From alone is counted"},
    {"Socket local:/run/opendmarc/opendmarc.sock", NULL,
        "take opendmarc out of smtpd_milters"},
    {"SoftwareHeader true", NULL, NULL},
    {"SPFIgnoreResults true", NULL, NULL},
    {"SPFSelfValidate true", NULL, NULL},
    {"SPFSelfValidate false", NULL, "evaluates SPF itself"},
    {"Syslog true", NULL, NULL},
    {"SyslogFacility mail", NULL, NULL},
    {"TrustedAuthservIDs HOSTNAME, gw.a.example",
        "\tstrip_ids = {\"gw.a.example\"}\n", NULL},
    {"UMask 0002", NULL, "socket_mode"},
    {"UserID opendmarc", NULL, "its own user"},
    {"Unknown 1", NULL, "not an option of opendmarc.conf(5)"},
};

static void
each_option(void)
{
	static const char list[] = "one.example\ntwo.example # c\n";
	static const char hosts[] = "127.0.0.1\n192.0.2.0/24\nlocalhost\n"
	                            "2001:db8::1\n";

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		char name[80];
		struct imported m;
		const char *left;

		suite_row(r->old);
		snprintf(name, sizeof name,
		    "opendmarc.conf:1: %.*s: ", (int)strcspn(r->old, " "),
		    r->old);
		import(&m, r->old, strstr(r->old, "Hosts") ? hosts : list);
		CHECK(m.rc == 0);
		CHECK(buf_text(&m.im.why) == NULL || m.im.why.n == 0);
		CHECK(
		    r->key == NULL || strstr(buf_text(&m.out), r->key) != NULL);
		CHECK(r->key != NULL || m.im.verifier.n + m.im.dns.n == 0);
		left = strstr(imported_notes(&m.im, IMPORT_LEFT), name);
		CHECK((left != NULL) == (r->left != NULL));
		CHECK(left == NULL || r->left == NULL ||
		    strstr(left, r->left) != NULL);
		end(&m);
	}
	suite_row(NULL);
}

static bool
has_row(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strncmp(rows[i].old, name, n) == 0 && rows[i].old[n] == ' ')
			return true;
	}
	return false;
}

/* The rows are those of the page itself, where OpenDMARC is installed: each of
 * its options stands there as ".I Name (type)". */
static void
each_option_of_the_page(void)
{
	static const char page[] = "/usr/share/man/man5/opendmarc.conf.5.gz";
	char line[500];
	unsigned n = 0;
	FILE *f;

	if (access(page, R_OK) != 0)
		return;
	snprintf(line, sizeof line, "zcat %s", page);
	f = popen(line, "r");
	CU_ASSERT_FATAL(f != NULL);
	while (fgets(line, sizeof line, f) != NULL) {
		size_t name;

		if (strncmp(line, ".I ", 3) != 0)
			continue;
		name = strcspn(line + 3, " \n");
		if (strncmp(line + 3 + name, " (", 2) != 0)
			continue;
		suite_row(line);
		CHECK(has_row(line + 3, name));
		n++;
	}
	suite_row(NULL);
	CHECK(pclose(f) == 0 && n > 40);
}

/* Options that mean something else beside each other. */
static void
together(void)
{
	static const struct row pairs[] = {
	    {"RejectFailures true\nHoldQuarantinedMessages true\n"
	     "RejectMultiValueFrom true\n",
	        "\tdmarc {\n\t\taction = \"enforce\"\n\t\ton_temperror = "
	        "\"defer\"\n\t\tquarantine = \"hold\"\n"
	        "\t\tunusable_from = \"reject\"\n\t}\n",
	        NULL},
	    {"RejectMultiValueFrom true\nRequiredHeaders false\n"
	     "RejectFailures true\n",
	        "unusable_from = \"reject\"", NULL},
	    {"RejectFailures true\nRejectFailures false\n", NULL,
	        "stands again"},
	    {"", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		const struct row *r = &pairs[i];
		struct imported m;

		suite_row(r->old);
		import(&m, r->old, "");
		CHECK(m.rc == 0);
		CHECK(
		    r->key == NULL || strstr(buf_text(&m.out), r->key) != NULL);
		CHECK(r->key != NULL || m.im.verifier.n == 0);
		CHECK((*imported_notes(&m.im, IMPORT_LEFT) != '\0') ==
		    (r->left != NULL));
		end(&m);
	}
	suite_row(NULL);
}

/* Run as the command: what OpenDKIM's file says stays, in whatever order the
 * files are named. */
static void
beside_opendkim(void)
{
	static const char kim[] = "Mode v\nAuthservID kim.example\n"
	                          "DNSTimeout 3\nRemoveARFrom kim.example\n"
	                          "InternalHosts 192.0.2.1\n";
	static const char marc[] = "AuthservID marc.example\nDNSTimeout 4\n"
	                           "TrustedAuthservIDs marc.example\n"
	                           "RejectFailures true\n"
	                           "IgnoreHosts @/hosts\n";
	static const char *const notes[] = {
	    "@/opendmarc.conf:1: AuthservID: one field has all results, and "
	    "@/opendkim.conf says its name\n",
	    "@/opendmarc.conf:2: DNSTimeout: @/opendkim.conf has it, too\n",
	    "@/opendmarc.conf:3: TrustedAuthservIDs: @/opendkim.conf gives "
	    "verifier.strip_ids, which stays so; left out: marc.example\n",
	    "@/opendmarc.conf:5: IgnoreHosts: @/opendkim.conf gives "
	    "verifier.trusted_networks, which stays so; left out: "
	    "198.51.100.0/24 2001:db8::1\n",
	};

	static const char *const lines[] = {
	    "import @/opendkim.conf @/opendmarc.conf",
	    "import @/opendmarc.conf @/opendkim.conf"};
	static struct command c;

	command_begin(&c);
	command_file(&c, "opendkim.conf", kim);
	command_file(&c, "opendmarc.conf", marc);
	command_file(&c, "hosts", "198.51.100.0/24\n2001:db8::1\n");
	for (size_t i = 0; i < 2; i++) {
		suite_row(lines[i]);
		command_run(&c, "%s", lines[i]);
		CHECK(c.status == 0);
		CHECK(strstr(c.out, "authserv_id = \"kim.example\"") != NULL);
		CHECK(strstr(c.out, "timeout = 3\n") != NULL);
		CHECK(strstr(c.out, "{\"kim.example\"}") != NULL);
		CHECK(strstr(c.out, "action = \"enforce\"") != NULL);
		CHECK(strstr(c.out, "marc.example") == NULL);
		CHECK(strstr(c.out, "198.51.100") == NULL);
		for (size_t j = 0; j < sizeof notes / sizeof notes[0]; j++)
			CHECK(
			    suite_has(c.err, tmpdir_placed(&c.dir, notes[j])));
	}
	suite_row(NULL);
	command_end(&c);
}

/* Two of them: the first counts. */
static void
beside_another(void)
{
	static struct command c;

	command_begin(&c);
	command_file(&c, "a.opendmarc.conf", "AuthservID a.example\n");
	command_file(&c, "opendmarc.conf", "AuthservID b.example\n");
	command_run(&c, "import @/a.opendmarc.conf @/opendmarc.conf");
	CHECK(c.status == 0);
	CHECK(strstr(c.out, "authserv_id = \"a.example\"") != NULL);
	CHECK(suite_has(c.err,
	    tmpdir_placed(&c.dir,
	        "@/opendmarc.conf:1: AuthservID: one field has all results, "
	        "and @/a.opendmarc.conf says its name\n")));
	command_end(&c);
}

SUITE("import_opendmarc", T(each_option), T(each_option_of_the_page),
    T(together), T(beside_opendkim), T(beside_another))
