#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "common/settings/settings.h"
#include "tests/support/imported.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* One imported file. */
struct imported {
	struct import im;
	struct tmpdir d;
	char path[TMPDIR_PATH_MAX];
	int rc;
};

static void
import(struct imported *m, const char *text, bool policyd)
{
	FILE *f;

	import_init(&m->im);
	tmpdir_make(&m->d);
	f = fopen(tmpdir_file(&m->d, "old", m->path), "w");
	CU_ASSERT_FATAL(f != NULL);
	CU_ASSERT_FATAL(fputs(text, f) >= 0 && fclose(f) == 0);
	m->rc = policyd ? import_policyd(&m->im, m->path)
	                : import_opendkim(&m->im, m->path);
}

static void
end(struct imported *m)
{
	import_free(&m->im);
	tmpdir_remove(&m->d);
}

/* What is not carried over; but for the first line, where Mode is not set. */
static const char *
left_of(struct imported *m)
{
	const char *left = imported_notes(&m->im, IMPORT_LEFT);
	const char *end = strchr(left, '\n');

	if (end != NULL && strstr(left, ": Mode: it is not set") != NULL)
		return end + 1;
	return left;
}

struct row {
	const char *old, *policyd, *signer, *left;
};

/* The section policyd, without the line that all of policyd-spf's have. */
static const char *
without_skip(struct imported *m)
{
	static char text[4000];
	const char *line = "\tskip_header = true\n";
	const char *all = buf_text(&m->im.policyd), *at = strstr(all, line);

	snprintf(text, sizeof text, "%.*s%s",
	    (int)(at == NULL ? strlen(all) : (size_t)(at - all)), all,
	    at == NULL ? "" : at + strlen(line));
	return text;
}

static void
check_rows(const struct row *rows, size_t n, bool policyd)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct imported m;

		suite_row(r->old);
		import(&m, r->old, policyd);
		CHECK(m.rc == 0);
		if (r->policyd != NULL)
			CHECK_STR(without_skip(&m), r->policyd);
		if (r->signer != NULL)
			CHECK_STR(buf_text(&m.im.signer), r->signer);
		if (r->left != NULL)
			CHECK(strstr(imported_notes(&m.im, IMPORT_LEFT),
			          r->left) != NULL);
		else
			CHECK_STR(left_of(&m), "");
		CHECK_STR(imported_notes(&m.im, IMPORT_WRONG), "");
		end(&m);
	}
	suite_row(NULL);
}

#define SIMPLE "\tcanonicalization = \"simple/simple\"\n"

static void
options_of_opendkim(void)
{
	static const struct row rows[] = {
	    {"", "", SIMPLE, NULL},
	    {"# c\nkeytable /k # d\nSigningTable refile:/s\n", "",
	        "\tkey_table = \"file:/k\"\n"
	        "\tsigning_table = \"refile:/s\"\n" SIMPLE,
	        NULL},
	    {"InternalHosts csl:127.0.0.1,::1\nPeerList /p\n", "",
	        "\tinternal_hosts = {\"127.0.0.1\", \"::1\"}\n"
	        "\tignore_hosts = {\"file:/p\"}\n" SIMPLE,
	        ":2: PeerList: it cannot be read here"},
	    {"Canonicalization relaxed\nSoftwareHeader no\n", "",
	        "\tcanonicalization = \"relaxed\"\n", NULL},
	    {"OversignHeaders From\n", "", SIMPLE, NULL},
	    {"OversignHeaders From,Subject,To\n", "",
	        "\tsign_headers = {\"*\", \"Subject!\", \"To!\"}\n" SIMPLE,
	        NULL},
	    {"OmitHeaders csl:Date,Message-ID,From,Bcc\n", "",
	        "\tsign_headers = {\"*\", \"-Date\", \"-Message-ID\"}\n" SIMPLE,
	        NULL},
	    {"SignHeaders *,+X-Mine,-Cc\nOversignHeaders Subject\n", "",
	        "\tsign_headers = {\"*\", \"X-Mine\", \"-Cc\", "
	        "\"Subject!\"}\n" SIMPLE,
	        NULL},
	    {"SignHeaders To,Received\n", "",
	        "\tsign_headers = {\"From!\", \"To\"}\n" SIMPLE,
	        ":1: SignHeaders: Received is never signed"},
	    {"BaseDirectory /b\nKeyTable refile:k\nSigningTable ./s\n"
	     "InternalHosts file:../h\n",
	        "",
	        "\tkey_table = \"file:/b/k\"\n\tsigning_table = \"file:/b/s\"\n"
	        "\tinternal_hosts = {\"file:/b/../h\"}\n" SIMPLE,
	        ":4: InternalHosts: it cannot be read here"},
	    {"Socket local:/run/opendkim/s\n", "",
	        "\tlisten = {\"unix:/run/opendkim/s\"}\n" SIMPLE,
	        ":1: Socket: systemd lets the signer write to its own"},
	    {"Socket local:/run/postseal/s\nSocket inet:8891@127.0.0.1\n", "",
	        "\tlisten = {\"inet:8891@127.0.0.1\"}\n" SIMPLE,
	        ":1: Socket: it stands again"},
	    {"MacroList a,daemon_name|ORIGINATING|B,c=d|e\n", "",
	        "\tsign_macros = {\"a\", \"daemon_name=ORIGINATING|B\", "
	        "\"c=d|e\"}\n" SIMPLE,
	        NULL},
	    {"RequireSafeKeys no\nSignatureTTL 432000\n", "",
	        "\tkey_permissions = \"warn\"\n"
	        "\tsignature_ttl = 432000\n" SIMPLE,
	        NULL},
	    {"Mode sv\n", "", SIMPLE, ":1: Mode: "},
	    {"\nFrobnicate 3\n", "", SIMPLE,
	        ":2: Frobnicate: there is nothing like it"},
	    {"Canonicalization relaxed\nSignatureTTL 3\n"
	     "canonicalization simple\n",
	        "", "\tsignature_ttl = 3\n\tcanonicalization = \"simple\"\n",
	        ":1: Canonicalization: it stands again further down"},
	    {"DontSignMailTo a@x.example, b.example\n", "",
	        "\texempt_recipients = {\"a@x.example\", "
	        "\"b.example\"}\n" SIMPLE,
	        ":1: DontSignMailTo: a domain without \"@\" does nothing in "
	        "opendkim"},
	    {"DontSignMailTo csl:a@x.example\r\n\r\nMTA  A , B\r\n", "",
	        "\texempt_recipients = {\"a@x.example\"}\n"
	        "\tsign_daemons = {\"A\", \"B\"}\n" SIMPLE,
	        NULL},
	};

	check_rows(rows, sizeof rows / sizeof rows[0], false);
}

/* The verifier's half; what is made of it is a config. */
static void
verifying_options(void)
{
	static const struct {
		const char *old, *verifier, *left;
		bool signs;
	} row[] = {
	    {"", "", NULL, true},
	    {"Mode s\n", "\tlisten = {}\n", NULL, true},
	    {"Mode v\n", "", NULL, false},
	    {"Mode s\nAuthservID x\nNoHeaderB yes\n", "\tlisten = {}\n",
	        ":2: AuthservID: Mode has no v", true},
	    {"Mode v\nSignatureTTL 3\n", "", ":2: SignatureTTL: Mode has no s",
	        false},
	    {"AuthservID mx.example.jp\n",
	        "\tauthserv_id = \"mx.example.jp\"\n", NULL, true},
	    {"AuthservID HOSTNAME\nAuthservIDWithJobID yes\n", "",
	        ":2: AuthservIDWithJobID: readers need one name", true},
	    {"RemoveARFrom a.example, .example.jp\n",
	        "\tstrip_ids = {\"a.example\", \"*.example.jp\"}\n", NULL,
	        true},
	    {"RemoveARAll yes\nAlwaysAddARHeader yes\nKeepAuthResults no\n", "",
	        NULL, true},
	    {"DomainKeysCompat yes\n", "", NULL, true},
	    {"KeepAuthResults yes\n", "",
	        ":1: KeepAuthResults: forged fields are always", true},
	    {"MaximumSignaturesToVerify 3\nMinimumKeyBits 2048\nClockDrift "
	     "60\n",
	        "\tsignatures = 3\n\tminimum_bits = 2048\n\tdrift = 60\n", NULL,
	        true},
	    {"MaximumSignaturesToVerify 50\n", "\tsignatures = 11\n",
	        "1 to 11 signatures", true},
	    {"MinimumKeyBits 512\n", "\tminimum_bits = 1024\n",
	        "shorter keys never count", true},
	    {"MustBeSigned csl:Subject,To\n",
	        "\trequired_fields = {\"Subject\", \"To\"}\n", NULL, true},
	    {"On-NoSignature reject\nOn-DNSError tempfail\n"
	     "On-BadSignature accept\n",
	        "\treject = {\"no-pass\"}\n\ton_temperror = \"defer\"\n", NULL,
	        true},
	    {"On-BadSignature reject\n", "",
	        ":1: On-BadSignature: a bad signature is as good as none",
	        true},
	    {"On-NoSignature quarantine\n", "", "see reject", true},
	    {"On-DNSError reject\n", "", "see on_temperror", true},
	    {"On-InternalError tempfail\n", "",
	        "a failure of ours never refuses mail", true},
	    {"BogusKey none\n", "", "temperror", true},
	    {"ExemptDomains a.example\n", "",
	        ":1: ExemptDomains: the verifier looks at all mail", true},
	    {"InternalHosts csl:127.0.0.1,::1\n", "", NULL, true},
	    {"InternalHosts csl:127.0.0.1,192.0.2.0/24,h.example\n"
	     "PeerList 2001:db8::/32\n",
	        "\ttrusted_networks = {\"127.0.0.0/8\", \"::1/128\", "
	        "\"this-host\", \"192.0.2.0/24\", \"2001:db8::/32\"}\n",
	        ":1: InternalHosts: verifier.trusted_networks has the "
	        "addresses",
	        true},
	    {"Mode v\nInternalHosts 192.0.2.1\n",
	        "\ttrusted_networks = {\"127.0.0.0/8\", \"::1/128\", "
	        "\"this-host\", \"192.0.2.1\"}\n",
	        NULL, false},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct imported m;
		struct buf out;

		suite_row(row[i].old);
		import(&m, row[i].old, false);
		buf_init(&out, 100000);
		CHECK(m.rc == 0);
		CHECK_STR(buf_text(&m.im.verifier), row[i].verifier);
		if (row[i].left != NULL)
			CHECK(strstr(imported_notes(&m.im, IMPORT_LEFT),
			          row[i].left) != NULL);
		else
			CHECK_STR(left_of(&m), "");
		CHECK((m.im.signer.n > 0) == row[i].signs);
		CHECK(import_compose(&m.im, &out) == 0);
		CHECK_STR(buf_text(&m.im.why), "");
		buf_free(&out);
		end(&m);
	}
	suite_row(NULL);
}

/* Every option by which OpenDKIM 2.11 verifies has a place: a key of ours, a
 * reason why it has none, or nothing where nobody will miss it. */
static void
each_verifying_option(void)
{
	static const struct {
		const char *old;
		const char *key;  /* of verifier or dns; NULL: none */
		const char *left; /* the reason; NULL: none */
	} row[] = {
	    {"Mode v", NULL, NULL},
	    {"AuthservID mx.example.jp", "authserv_id = \"mx.example.jp\"",
	        NULL},
	    {"AuthservID mail", "authserv_id = \"mail\"", NULL},
	    {"AuthservID HOSTNAME", NULL, NULL},
	    {"AuthservID \"mx.example.jp\"", "authserv_id = \"mx.example.jp\"",
	        "the quotes were a part of the name"},
	    {"AuthservID mx!", NULL, "not the name of a host"},
	    {"AuthservIDWithJobID yes", NULL, "one name that stays"},
	    {"AlwaysAddARHeader no", NULL, NULL},
	    {"RemoveARFrom a.example,.b.example",
	        "strip_ids = {\"a.example\", \"*.b.example\"}", NULL},
	    {"RemoveARAll no", NULL, NULL},
	    {"KeepAuthResults yes", NULL, "always removed"},
	    {"NoHeaderB yes", NULL, NULL},
	    {"MaximumSignaturesToVerify 4", "signatures = 4", NULL},
	    {"MaximumSignaturesToVerify 0", "signatures = 1", "1 to 11"},
	    {"TrustSignaturesFrom a.example", NULL, "author's domain"},
	    {"MinimumKeyBits 1024", "minimum_bits = 1024", NULL},
	    {"MinimumKeyBits 8192", "minimum_bits = 4096", "1024 to 4096"},
	    {"Minimum 50%", NULL, "partial_body"},
	    {"Minimum 100+", NULL, "partial_body"},
	    {"MustBeSigned Subject", "required_fields = {\"Subject\"}", NULL},
	    {"RequiredHeaders yes", NULL, "not counted"},
	    {"StrictHeaders yes", NULL, "not counted"},
	    {"IgnoreMalformedMail yes", NULL, "no message is refused"},
	    {"ClockDrift 0", "drift = 0", NULL},
	    {"ClockDrift 100000", "drift = 86400", "at most a day"},
	    {"DNSTimeout 7", "timeout = 7", NULL},
	    {"Nameservers 192.0.2.53,2001:db8::53",
	        "servers = {\"192.0.2.53\", \"2001:db8::53\"}", NULL},
	    {"ResolverConfiguration /etc/u.conf", NULL, "section dns"},
	    {"TrustAnchorFile /etc/anchor", NULL, "section dns"},
	    {"BogusKey fail", NULL, "temperror"},
	    {"UnprotectedKey none", NULL, "DNSSEC does not"},
	    {"On-Default reject", NULL, "see reject"},
	    {"On-BadSignature accept", NULL, NULL},
	    {"On-BadSignature reject", NULL, "as good as none"},
	    {"On-NoSignature accept", NULL, NULL},
	    {"On-NoSignature reject", "reject = {\"no-pass\"}", NULL},
	    {"On-NoSignature discard", NULL, "see reject"},
	    {"On-KeyNotFound accept", NULL, NULL},
	    {"On-KeyNotFound tempfail", NULL, "as good as none"},
	    {"On-DNSError accept", NULL, NULL},
	    {"On-DNSError tempfail", "on_temperror = \"defer\"", NULL},
	    {"On-DNSError quarantine", NULL, "see on_temperror"},
	    {"On-InternalError accept", NULL, "never refuses mail"},
	    {"On-Security tempfail", NULL, "never refuses mail"},
	    {"On-SignatureError reject", NULL, "never rejected"},
	    {"InternalHosts 192.0.2.0/24", "trusted_networks = {", NULL},
	    {"PeerList 192.0.2.0/24", "trusted_networks = {", NULL},
	    {"ExternalIgnoreList 192.0.2.0/24", NULL, "Mode has no s"},
	    {"ExemptDomains a.example", NULL, "anybody can write"},
	    {"RedirectFailuresTo a@b.example", NULL, "nobody but"},
	    {"SendReports yes", NULL, "no reports"},
	    {"ReportAddress a@b.example", NULL, "no reports"},
	    {"ReportBccAddress a@b.example", NULL, "no reports"},
	    {"MTACommand /usr/sbin/sendmail", NULL, "no reports"},
	    {"SMTPURI smtp://localhost", NULL, "no reports"},
	    {"CaptureUnknownErrors yes", NULL, "never refuses mail"},
	    {"Quarantine yes", NULL, "no mail is held"},
	    {"AllowSHA1Only yes", NULL, "RFC 8301"},
	    {"LogResults yes", NULL, NULL},
	    {"LogWhy yes", NULL, NULL},
	    {"SyslogSuccess yes", NULL, NULL},
	    {"Diagnostics yes", NULL, "--canonical"},
	    {"DiagnosticDirectory /d", NULL, "--canonical"},
	    {"TestPublicKeys /k", NULL, "--dns"},
	    {"TestDNSData /k", NULL, "--dns"},
	    {"MaximumHeaders 65536", NULL, "the limit is fixed"},
	    {"QueryCache yes", NULL, NULL},
	    {"DNSConnect yes", NULL, NULL},
	    {"DisableCryptoInit yes", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char old[200], name[60];
		struct imported m;
		struct buf out;
		const char *left;

		suite_row(row[i].old);
		snprintf(old, sizeof old, "Mode v\n%s\n", row[i].old);
		snprintf(name, sizeof name,
		    ":2: %.*s: ", (int)strcspn(row[i].old, " "), row[i].old);
		import(&m, old, false);
		buf_init(&out, 100000);
		CHECK(m.rc == 0);
		CHECK(import_compose(&m.im, &out) == 0);
		CHECK_STR(buf_text(&m.im.why), "");
		CHECK(row[i].key == NULL ||
		    strstr(buf_text(&out), row[i].key) != NULL);
		CHECK(row[i].key != NULL || m.im.verifier.n == 0);
		left = strstr(imported_notes(&m.im, IMPORT_LEFT), name);
		CHECK((left != NULL) == (row[i].left != NULL));
		CHECK(left == NULL || row[i].left == NULL ||
		    strstr(left, row[i].left) != NULL);
		buf_free(&out);
		end(&m);
	}
	suite_row(NULL);
}

static void
one_key_of_opendkim(void)
{
	struct imported m;

	import(&m,
	    "Domain a.example,b.example\nKeyFile /k\nSelector s\n"
	    "SubDomains yes\n",
	    false);
	CHECK(m.rc == 0);
	CHECK_STR(buf_text(&m.im.domains),
	    "domain \"a.example\" {\n\tsubdomains = true\n\tkey \"s\" {\n"
	    "\t\tfile = \"/k\"\n\t}\n}\n"
	    "domain \"b.example\" {\n\tsubdomains = true\n\tkey \"s\" {\n"
	    "\t\tfile = \"/k\"\n\t}\n}\n");
	end(&m);
	import(&m, "Domain a.example\nKeyFile /k\nSelector s\nKeyTable /t\n",
	    false);
	CHECK(m.rc == 0 && m.im.domains.n == 0);
	end(&m);
}

#define FAILS \
	"\thelo {\n\t\tfail = \"reject\"\n\t}\n" \
	"\tmail_from {\n\t\tfail = \"reject\"\n\t}\n"

static void
options_of_policyd(void)
{
	static const struct row rows[] = {
	    {"", FAILS, "", NULL},
	    {"TestOnly = 0\n", "\tobserve = true\n" FAILS, "", NULL},
	    {"HELO_reject=No_Check\nMail_From_reject = Softfail\n",
	        "\thelo {\n\t\tcheck = false\n\t}\n\tmail_from {\n"
	        "\t\tfail = \"reject\"\n\t\tsoftfail = \"reject\"\n\t}\n"
	        "\tnull_sender {\n\t\tcheck = false\n\t}\n",
	        "", NULL},
	    {"HELO_reject = SPF_Not_Pass\nMail_From_reject = False\n"
	     "PermError_reject = True\nTempError_Defer = True\n",
	        "\thelo {\n\t\tfail = \"reject\"\n\t\tsoftfail = \"reject\"\n"
	        "\t\tneutral = \"reject\"\n\t\tpermerror = \"reject\"\n"
	        "\t\ttemperror = \"defer\"\n\t}\n\tmail_from {\n"
	        "\t\tfail = \"header\"\n\t}\n",
	        "", NULL},
	    {"No_Mail = true\nPermError_reject = yes\n", FAILS, "",
	        ":1: No_Mail: for policyd-spf only \"True\" is true"},
	    {"Authserv_Id = HOSTNAME\n", FAILS, "", NULL},
	    {"Authserv_Id = mx.example.com\n", FAILS, "",
	        ":1: Authserv_Id: it is for Header_Type = AR alone"},
	    {"Reject_Not_Pass_Domains = a.example\n",
	        "\tpass_required = {\"a.example\"}\n" FAILS, "",
	        ":1: Reject_Not_Pass_Domains: pass_required is stricter"},
	    {"Void_Limit = 20\n", "\tvoid_lookups = 10\n" FAILS, "",
	        ":1: Void_Limit: void_lookups may be 0 to 10"},
	    {"skip_addresses = 127.0.0.0/8,::1\nWhitelist = 192.0.2.0/24\n",
	        "\ttrusted_networks = {\"127.0.0.0/8\", \"::1\"}\n"
	        "\ttrusted_relays = {\"192.0.2.0/24\"}\n" FAILS,
	        "", NULL},
	    {"Mail_From_pass_restriction = greylist\nNo_Mail = True\n",
	        "\thelo {\n\t\tno_mail_only = true\n\t\tfail = \"reject\"\n"
	        "\t}\n\tmail_from {\n\t\tno_mail_only = true\n"
	        "\t\tfail = \"reject\"\n"
	        "\t\tpass = \"greylist\"\n\t}\n"
	        "\tnull_sender {\n\t\tcheck = true\n"
	        "\t\tno_mail_only = true\n\t\tfail = \"reject\"\n"
	        "\t\tsoftfail = \"header\"\n\t\tneutral = \"header\"\n"
	        "\t\tnone = \"header\"\n\t\tpermerror = \"header\"\n"
	        "\t\ttemperror = \"header\"\n\t\tpass = \"header\"\n"
	        "\t}\n\trestriction_classes = {\"greylist\"}\n",
	        "", NULL},
	    {"Header_Type = AR\nHide_Receiver = Yes\nLookup_Time = 10\n",
	        "\theader = \"authentication-results\"\n"
	        "\thide_receiver = true\n\ttime_limit = 10\n" FAILS,
	        "", NULL},
	    {"Reason_Message = Message {rejectdefer}: {spf}. Please see "
	     "{url}\n",
	        "\treply_text = \"Message {action}: {reason}.\"\n" FAILS, "",
	        "{url}"},
	    {"helo_reject = SPF_Not_Pass\n", FAILS, "",
	        ":1: helo_reject: policyd-spf itself does not know"},
	    {"debugLevel = 1\n", FAILS, "", ":1: debugLevel: "},
	    {"TestOnly = 0\nTestOnly = 1\n", "\tobserve = false\n" FAILS, "",
	        ":1: TestOnly: it stands again"},
	};

	check_rows(rows, sizeof rows / sizeof rows[0], true);
}

/* What it makes is a config. */
static void
makes_a_config(void)
{
	struct settings *s = NULL;
	struct buf text, why, warn;
	struct imported m;

	import(&m,
	    "TestOnly = 1\nDomain_Whitelist = a.example, b.example\n"
	    "HELO_Whitelist = c.example\nVoid_Limit = 3\n",
	    true);
	buf_init(&text, 10000);
	buf_init(&why, 10000);
	buf_init(&warn, 10000);
	buf_fmt(&text, "policyd {\n%s}\n", buf_text(&m.im.policyd));
	CHECK(settings_parse(
	          "t", buf_view(&text), SETTINGS_ALL, &s, &why, &warn) == 0);
	CU_ASSERT_FATAL(s != NULL);
	CHECK(s->policyd.trusted_forwarders.n == 2);
	CHECK(s->policyd.void_lookups == 3 && !s->policyd.observe);
	CHECK(s->policyd.helo.action[SPF_FAIL].kind == ACTION_REJECT);
	settings_free(s);
	buf_free(&text);
	buf_free(&why);
	buf_free(&warn);
	end(&m);
}

static void
refuses(void)
{
	static const struct {
		const char *text, *why;
		bool policyd;
	} rows[] = {{"KeyTable\n", ":1: not an option with a value", false},
	    {"Mode s\nDomain\n", ":2: not an option with a value", false},
	    {"Include /nonexistent\n", "/nonexistent: No such file", false},
	    {"TestOnly 1\n", ": no line is an option", true}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct imported m;

		suite_row(rows[i].text);
		import(&m, rows[i].text, rows[i].policyd);
		CHECK(m.rc != 0);
		CHECK(strstr(buf_text(&m.im.why), rows[i].why) != NULL);
		end(&m);
	}
	suite_row(NULL);
}

/* What is wrong is told where it stands, and costs no more than itself: the
 * line behind it is there. */
static void
wrong_values(void)
{
	static const struct {
		const char *old, *wrong, *has;
		bool policyd, lost;
	} row[] = {
	    {"Domain a.example\n", ":1: Domain: KeyFile or Selector is missing",
	        NULL, false, true},
	    {"KeyTable db:/k\n", ":1: KeyTable: it stands in a database", NULL,
	        false, true},
	    {"KeyTable k\n", ":1: KeyTable: not the path of a file", NULL,
	        false, true},
	    {"InternalHosts ./hosts\n",
	        ":1: InternalHosts: the path is relative", NULL, false, true},
	    {"PeerList ldap://x/y\n", ":1: PeerList: it stands in a database",
	        NULL, false, true},
	    {"InternalHosts 10.0.0.1 a_b/99,::1\n",
	        ":1: InternalHosts: \"a_b/99\" is not an address or network",
	        "internal_hosts = {\"10.0.0.1\", \"::1\"}", false, false},
	    {"ExemptDomains a.example,*.b.example\n",
	        ":1: ExemptDomains: \"*.b.example\" is not a domain",
	        "exempt_domains = {\"a.example\"}", false, false},
	    {"Mode x\n", ":1: Mode: neither s nor v", NULL, false, true},
	    {"ClockDrift 5m\n", ":1: ClockDrift: not a number", NULL, false,
	        true},
	    {"SignatureTTL 99999999\n",
	        ":1: SignatureTTL: \"99999999\" is not a number from 0 to "
	        "31536000",
	        NULL, false, true},
	    {"MinimumKeyBits x\n", ":1: MinimumKeyBits: not a number", NULL,
	        false, true},
	    {"SignatureTTL 1d\n", ":1: SignatureTTL: not a number", NULL, false,
	        true},
	    {"DNSTimeout 500\n",
	        ":1: DNSTimeout: \"500\" is not a number from 1 to 60", NULL,
	        false, true},
	    {"Nameservers 127.0.0.1,x\n",
	        ":1: Nameservers: \"x\" is not an address such as",
	        "servers = {\"127.0.0.1\"}", false, false},
	    {"Canonicalization odd/simple\n",
	        ":1: Canonicalization: \"odd/simple\" is not simple or",
	        "canonicalization = \"simple/simple\"", false, true},
	    {"Socket inet:99999@localhost\n",
	        ":1: Socket: \"inet:99999@localhost\" is not an endpoint", NULL,
	        false, false},
	    {"Domain a.example,b..c\nKeyFile /k\nSelector s\n",
	        ":1: Domain: ", "domain \"a.example\" {", false, true},
	    {"Domain a.example\nKeyFile k\nSelector s\n",
	        ":2: KeyFile: the path is relative", NULL, false, true},
	    {"Domain *\nKeyFile /k\nSelector s\n",
	        ":1: Domain: \"*\" is no domain: opendkim takes it for a "
	        "pattern only in a refile:",
	        NULL, false, true},
	    {"SignHeaders From,Bad:Name\n",
	        ":1: SignHeaders: \"Bad:Name\" is not the name of a header",
	        "sign_headers = {\"From!\", \"From\"}", false, false},
	    {"skip_addresses = 127.0.0.0/8,::ffff:127.0.0.0//104,::1\n",
	        ":1: skip_addresses: \"::ffff:127.0.0.0//104\" is not a "
	        "network such as 192.0.2.0/24",
	        "trusted_networks = {\"127.0.0.0/8\", \"::1\"}", true, false},
	    {"Header_Type = X\n", ":1: Header_Type: not SPF", NULL, true, true},
	    {"Lookup_Time = 20s\n", ":1: Lookup_Time: not a number", NULL, true,
	        true},
	    {"HELO_pass_restriction = no such action\n",
	        ":1: HELO_pass_restriction: \"no such action\" is not header",
	        "helo {\n\t\tfail = \"reject\"\n\t}", true, true},
	    {"Reason_Message = {foo}\n", ":1: Reason_Message: ", NULL, true,
	        true},
	    {"Header_Type = AR\nAuthserv_Id = HEADER\n",
	        ":2: Authserv_Id: not the full name of a host", NULL, true,
	        true},
	    {"Reason_Message = http://h/?a=b\n",
	        ":1: Reason_Message: policyd-spf reads no line with two", NULL,
	        true, false},
	    {"junk\n", ":1: not an option with a value", NULL, true, false},
	    {"Per_User = db,/x\n", ":1: Per_User: not text", NULL, true, true},
	    {"Per_User = text,/nonexistent\n", ":1: Per_User: No such", NULL,
	        true, true},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char text[400];
		struct imported m;
		struct buf out;

		suite_row(row[i].old);
		snprintf(text, sizeof text, "%s%s", row[i].old,
		    row[i].policyd ? "Hide_Receiver = Yes\n"
		                   : "MultipleSignatures yes\n");
		import(&m, text, row[i].policyd);
		buf_init(&out, 100000);
		CHECK(m.rc == 0 && import_compose(&m.im, &out) == 0);
		CHECK_STR(buf_text(&m.im.why), "");
		CU_ASSERT_FATAL(*imported_notes(&m.im, IMPORT_WRONG) != '\0');
		CHECK(strstr(imported_notes(&m.im, IMPORT_WRONG),
		          row[i].wrong) != NULL);
		CHECK(strchr(imported_notes(&m.im, IMPORT_WRONG), '\n')[1] ==
		    '\0');
		CHECK(strstr(buf_text(&out),
		          row[i].policyd ? "hide_receiver = true"
		                         : "sign_all = true") != NULL);
		if (row[i].has != NULL)
			CHECK(strstr(buf_text(&out), row[i].has) != NULL);
		CHECK(m.im.lost == row[i].lost);
		buf_free(&out);
		end(&m);
	}
	suite_row(NULL);
}

/* Domain as a file: a section for each name; a pattern cannot be one. */
static void
domains_in_a_file(void)
{
	static const char sections[] =
	    "domain \"a.example\" {\n\tkey \"s\" {\n\t\tfile = \"/b/k\"\n\t}\n"
	    "\tkey \"e\" {\n\t\tfile = \"/e\"\n\t}\n}\n";
	char path[TMPDIR_PATH_MAX], text[3 * TMPDIR_PATH_MAX];

	for (int pattern = 0; pattern < 2; pattern++) {
		struct tmpdir d;
		struct import im;

		tmpdir_make(&d);
		tmpdir_write(&d, "domains",
		    pattern ? "# c\na.example x\n*.b.example\n"
		            : "\ta.example\n");
		snprintf(text, sizeof text,
		    "Mode s\nBaseDirectory /b\nDomain %s%s\nKeyFile k\n"
		    "Selector s\nKeyFileEd25519 /e\nSelectorEd25519 e\n",
		    pattern ? "refile:" : "", tmpdir_file(&d, "domains", path));
		tmpdir_write(&d, "old", text);
		import_init(&im);
		CHECK(import_opendkim(&im, tmpdir_file(&d, "old", path)) == 0);
		CHECK_STR(buf_text(&im.domains), sections);
		CHECK((strstr(imported_notes(&im, IMPORT_WRONG),
		           ":3: Domain: \"*.b.example\" is a pattern, and a "
		           "section is of one domain: write") != NULL) ==
		    (pattern != 0));
		import_free(&im);
		tmpdir_remove(&d);
	}
}

/* Per_User: what is different for one, with all else as for others. */
static void
users_of_policyd(void)
{
	static const char users[] =
	    "a@x.example,Mail_From_reject=False|PermError_reject=True\n"
	    "b@x.example,Whitelist=10.0.0.1|Header_Type=None\n"
	    "no comma\n"
	    "not an address,No_Mail=True\n";
	char path[TMPDIR_PATH_MAX], text[2 * TMPDIR_PATH_MAX];
	const struct policyd_settings *a, *b;
	struct settings *s = NULL;
	struct buf out, why;
	struct tmpdir d;
	struct import im;

	tmpdir_make(&d);
	tmpdir_write(&d, "users", users);
	snprintf(text, sizeof text,
	    "Mail_From_reject = Softfail\nPer_User = text,%s\n",
	    tmpdir_file(&d, "users", path));
	tmpdir_write(&d, "policyd-spf.conf", text);
	import_init(&im);
	buf_init(&out, 100000);
	buf_init(&why, 10000);
	CHECK(import_file(&im, tmpdir_file(&d, "policyd-spf.conf", path)) == 0);
	CHECK(import_compose(&im, &out) == 0);
	CHECK(strstr(imported_notes(&im, IMPORT_LEFT),
	          "users:2: Header_Type: not for one recipient") != NULL);
	CHECK(strstr(imported_notes(&im, IMPORT_WRONG),
	          "users:3: no comma: no options after a comma") != NULL);
	CHECK(strstr(imported_notes(&im, IMPORT_WRONG),
	          "users:4: not an address: ") != NULL);
	CHECK(settings_parse(
	          "t", buf_view(&out), SETTINGS_ALL, &s, &why, &why) == 0);
	CU_ASSERT_FATAL(s != NULL);
	CHECK(s->nrecipients == 2);
	a = settings_recipient(s, span_str("a@x.example"));
	b = settings_recipient(s, span_str("b@x.example"));
	CHECK(a->mail_from.action[SPF_SOFTFAIL].kind == ACTION_HEADER);
	CHECK(a->mail_from.action[SPF_PERMERROR].kind == ACTION_HEADER);
	CHECK(a->helo.action[SPF_PERMERROR].kind == ACTION_REJECT);
	CHECK(b->mail_from.action[SPF_SOFTFAIL].kind == ACTION_REJECT);
	CHECK(b->trusted_relays.n == 1);
	settings_free(s);
	buf_free(&out);
	buf_free(&why);
	import_free(&im);
	tmpdir_remove(&d);
}

/* Tables and keys are read as the signer will read them: a key that is not
 * in the KeyTable, one that a group may read, which OpenDKIM takes, one that
 * is not there. */
static void
tables_and_keys(void)
{
	static const struct {
		const char *behind, *signing; /* the key's name */
		mode_t mode;
		const char *said;
	} row[] = {
	    {"", "*@a.example k\n", 0600, NULL},
	    {"", "*@a.example other\n", 0600, "signing:1: "},
	    {"", "*@a.example k\n", 0640,
	        "mode 0640 lets others than its owner use it; run: chmod "
	        "0600 "},
	    {".no", "*@a.example k\n", 0600, "No such file or directory"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char path[TMPDIR_PATH_MAX], text[3 * TMPDIR_PATH_MAX];
		struct buf out, said;
		struct tmpdir d;
		struct import im;

		suite_row(row[i].signing);
		tmpdir_make(&d);
		tmpdir_write(&d, "key",
		    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n");
		tmpdir_file(&d, "key", path);
		CHECK(chmod(path, row[i].mode) == 0);
		snprintf(text, sizeof text, "k a.example:s:%s%s\n", path,
		    row[i].behind);
		tmpdir_write(&d, "keys", text);
		tmpdir_write(&d, "signing", row[i].signing);
		snprintf(text, sizeof text,
		    "Mode s\nBaseDirectory %s\nKeyTable ./keys\n"
		    "SigningTable refile:signing\n",
		    d.path);
		tmpdir_write(&d, "opendkim.conf", text);
		import_init(&im);
		buf_init(&out, 100000);
		buf_init(&said, 100000);
		CHECK(import_file(
		          &im, tmpdir_file(&d, "opendkim.conf", path)) == 0);
		CHECK(import_compose(&im, &out) == 0);
		CHECK(import_try("new.conf", &out, &said) == 0);
		CHECK((said.n > 0) == (row[i].said != NULL));
		if (row[i].said != NULL)
			CHECK(strstr(buf_text(&said), row[i].said) != NULL);
		buf_free(&out);
		buf_free(&said);
		import_free(&im);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

/* Each option of opendkim.conf(5) 2.11, and those that only dkimpy-milter
 * has: it is in the config, or something is said of it, that it is not known
 * apart. */
static void
options_all(void)
{
	static const char *const name[] = {"AllowSHA1Only", "AlwaysAddARHeader",
	    "AuthservID", "AuthservIDWithJobID", "AutoRestart",
	    "AutoRestartCount", "AutoRestartRate", "Background",
	    "BaseDirectory", "BodyLengthDB", "BogusKey", "Canonicalization",
	    "CaptureUnknownErrors", "ChangeRootDirectory", "ClockDrift",
	    "DNSConnect", "DNSTimeout", "DiagnosticDirectory", "Diagnostics",
	    "DisableCryptoInit", "Domain", "DomainKeysCompat", "DontSignMailTo",
	    "EnableCoredumps", "ExemptDomains", "ExternalIgnoreList",
	    "FinalPolicyScript", "FixCRLF", "IdentityHeader",
	    "IdentityHeaderRemove", "IgnoreMalformedMail", "Include",
	    "InternalHosts", "KeepAuthResults", "KeepTemporaryFiles", "KeyFile",
	    "KeyTable", "LDAPAuthMechanism", "LDAPAuthName", "LDAPAuthRealm",
	    "LDAPAuthUser", "LDAPBindPassword", "LDAPBindUser",
	    "LDAPDisableCache", "LDAPKeepaliveIdle", "LDAPKeepaliveInterval",
	    "LDAPKeepaliveProbes", "LDAPTimeout", "LDAPUseTLS", "LogResults",
	    "LogWhy", "MTA", "MTACommand", "MacroList", "MaximumHeaders",
	    "MaximumSignaturesToVerify", "MaximumSignedBytes", "MilterDebug",
	    "Minimum", "MinimumKeyBits", "Mode", "MultipleSignatures",
	    "MustBeSigned", "Nameservers", "NoHeaderB", "OmitHeaders",
	    "On-BadSignature", "On-DNSError", "On-Default", "On-InternalError",
	    "On-KeyNotFound", "On-NoSignature", "On-Security",
	    "On-SignatureError", "OversignHeaders", "POPDBFile", "PeerList",
	    "PidFile", "Quarantine", "QueryCache", "RedirectFailuresTo",
	    "RemoveARAll", "RemoveARFrom", "RemoveOldSignatures",
	    "ReplaceHeaders", "ReplaceRules", "ReportAddress",
	    "ReportBccAddress", "RequestReports", "RequireSafeKeys",
	    "RequiredHeaders", "ResignAll", "ResignMailTo",
	    "ResolverConfiguration", "ResolverTracing", "SMTPURI",
	    "ScreenPolicyScript", "SelectCanonicalizationHeader", "Selector",
	    "SendReports", "SenderHeaders", "SenderMacro", "SetupPolicyScript",
	    "SignHeaders", "SignatureAlgorithm", "SignatureTTL", "SigningTable",
	    "Socket", "SoftStart", "SoftwareHeader", "Statistics",
	    "StatisticsName", "StatisticsPolicyScript", "StatisticsPrefix",
	    "StrictHeaders", "StrictTestMode", "SubDomains", "Syslog",
	    "SyslogFacility", "SyslogName", "SyslogSuccess",
	    "TemporaryDirectory", "TestDNSData", "TestPublicKeys",
	    "TrustAnchorFile", "TrustSignaturesFrom", "UMask", "UnprotectedKey",
	    "UserID", "VBR-Certifiers", "VBR-PurgeFields",
	    "VBR-TrustedCertifiers", "VBR-TrustedCertifiersOnly", "VBR-Type",
	    "WeakSyntaxChecks", "DNSOverride", "KeyFileEd25519",
	    "SelectorEd25519", "KeyTableEd25519", "SigningTableEd25519",
	    "MacroListVerify"};

	struct imported none;
	struct buf usual;

	import(&none, "", false);
	buf_init(&usual, 100000);
	CHECK(import_compose(&none.im, &usual) == 0);
	for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
		char text[200];
		struct imported m;
		struct buf out;
		char said[4000];

		if (strcmp(name[i], "Include") == 0)
			continue; /* it reads a file: included_files() */
		suite_row(name[i]);
		snprintf(text, sizeof text, "%s yes\n", name[i]);
		import(&m, text, false);
		buf_init(&out, 100000);
		CHECK(m.rc == 0 && import_compose(&m.im, &out) == 0);
		snprintf(said, sizeof said, "%s%s%s", left_of(&m),
		    imported_notes(&m.im, IMPORT_WRONG),
		    imported_notes(&m.im, IMPORT_NEEDLESS));
		CHECK(strstr(said, "nothing like it") == NULL);
		CHECK(strstr(said, name[i]) != NULL ||
		    !span_eq(buf_view(&out), buf_view(&usual)));
		buf_free(&out);
		end(&m);
	}
	suite_row(NULL);
	buf_free(&usual);
	end(&none);
}

/* --sign-only: no verifier, and what of opendkim.conf is for verifying. */
static void
sign_only(void)
{
	static const struct {
		const char *old, *keep, *signer;
	} row[] = {
	    {"KeyTable /k\nSocket inet:8891@127.0.0.1\nInternalHosts 10.0.0.1\n"
	     "Canonicalization relaxed\nOmitHeaders Date\nAuthservID x\n"
	     "Domain d.example\nSelector s\nUserID u\n",
	        "Mode v\nSocket inet:8891@127.0.0.1\nInternalHosts 10.0.0.1\n"
	        "AuthservID x\nUserID u\n",
	        "\tkey_table = \"file:/k\"\n\tinternal_hosts = {\"10.0.0.1\"}\n"
	        "\tsign_headers = {\"*\", \"-Date\"}\n"
	        "\tcanonicalization = \"relaxed\"\n"},
	    {"Mode s\n", "", SIMPLE},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const char *keep;
		struct imported m;

		suite_row(row[i].old);
		tmpdir_make(&m.d);
		tmpdir_write(&m.d, "old", row[i].old);
		import_init(&m.im);
		m.im.sign_only = true;
		CHECK(import_opendkim(
		          &m.im, tmpdir_file(&m.d, "old", m.path)) == 0);
		keep = buf_text(&m.im.keep);
		CHECK_STR(keep + (*keep == '#' ? strcspn(keep, "\n") + 1 : 0),
		    row[i].keep);
		CHECK_STR(buf_text(&m.im.signer), row[i].signer);
		CHECK_STR(buf_text(&m.im.verifier), "\tlisten = {}\n");
		end(&m);
	}
	suite_row(NULL);
}

/* Every beginning of a file gives a config or a sentence, never neither. */
static void
every_beginning(void)
{
	static const char *const old[] = {
	    "Mode s\nDomain a.example, b.example\nKeyFile /k\nSelector s\n"
	    "OversignHeaders From,To\nInternalHosts csl:::1, 10.0.0.0/8\n"
	    "Nameservers 127.0.0.1\nDNSTimeout 3\n",
	    "TestOnly = 0\nHELO_reject = Softfail\nLookup_Time = 20\n"
	    "Reason_Message = {rejectdefer} {spf} Please see {url}\n"
	    "Mail_From_pass_restriction = greylist\nHeader_Type = AR\n"};

	for (int i = 0; i < 2; i++) {
		for (size_t n = 0; n <= strlen(old[i]); n++) {
			char text[400];
			struct imported m;
			struct buf out;
			int rc;

			snprintf(text, sizeof text, "%.*s", (int)n, old[i]);
			suite_row(text);
			import(&m, text, i == 1);
			buf_init(&out, 100000);
			rc = m.rc != 0 ? m.rc : import_compose(&m.im, &out);
			CHECK((rc == 0) == (m.im.why.n == 0));
			CHECK(n < strlen(old[i]) || rc == 0);
			buf_free(&out);
			end(&m);
		}
	}
	suite_row(NULL);
}

/* IMPORT_OPTIONS_MAX options, and one more. */
static void
many_options(void)
{
	static char text[(IMPORT_OPTIONS_MAX + 1) * sizeof "Syslog yes\n"];
	char why[TMPDIR_PATH_MAX + 100];

	for (size_t n = IMPORT_OPTIONS_MAX; n <= IMPORT_OPTIONS_MAX + 1; n++) {
		struct imported m;
		char *p = text;

		for (size_t i = 0; i < n; i++)
			p = stpcpy(p, "Syslog yes\n");
		import(&m, text, false);
		CHECK((m.rc == 0) == (n == IMPORT_OPTIONS_MAX));
		snprintf(why, sizeof why, "%s:%zu: over %d options\n", m.path,
		    n, IMPORT_OPTIONS_MAX);
		CHECK_STR(buf_text(&m.im.why), m.rc == 0 ? "" : why);
		end(&m);
	}
}

/* A file that reads another, IMPORT_DEPTH_MAX deep and one deeper. */
static void
included_files(void)
{
	for (unsigned deep = IMPORT_DEPTH_MAX; deep <= IMPORT_DEPTH_MAX + 1;
	     deep++) {
		struct tmpdir d;
		struct import im;

		tmpdir_make(&d);
		for (unsigned i = 0; i <= deep; i++) {
			char name[20], next[20], path[TMPDIR_PATH_MAX];
			char text[200];

			snprintf(name, sizeof name, "%u", i);
			snprintf(next, sizeof next, "%u", i + 1);
			snprintf(text, sizeof text,
			    i == deep ? "SignatureTTL 9\n"
			              : "SignatureTTL 3\nInclude %s\n",
			    tmpdir_file(&d, next, path));
			tmpdir_write(&d, name, text);
		}
		import_init(&im);
		CHECK((import_opendkim(&im,
		           tmpdir_file(&d, "0", (char[TMPDIR_PATH_MAX]){0})) ==
		          0) == (deep == IMPORT_DEPTH_MAX));
		CHECK(deep > IMPORT_DEPTH_MAX
		        ? strstr(buf_text(&im.why),
		              ":2: Include: too many files in files\n") != NULL
		        : strstr(buf_text(&im.signer), "signature_ttl = 9\n") !=
		            NULL);
		import_free(&im);
		tmpdir_remove(&d);
	}
}

/* A list of IMPORT_LIST_MAX bytes, and of one more. */
static void
large_list(void)
{
	for (size_t n = IMPORT_LIST_MAX; n <= IMPORT_LIST_MAX + 1; n++) {
		struct tmpdir d;
		struct import im;
		char *text = malloc(n + 1), line[200], path[TMPDIR_PATH_MAX];

		CU_ASSERT_FATAL(text != NULL);
		memset(text, '@', n); /* one word */
		text[n] = '\0';
		tmpdir_make(&d);
		tmpdir_write(&d, "list", text);
		snprintf(line, sizeof line, "Mode s\nDontSignMailTo %s\n",
		    tmpdir_file(&d, "list", path));
		tmpdir_write(&d, "old", line);
		import_init(&im);
		CHECK(import_opendkim(&im, tmpdir_file(&d, "old", path)) == 0);
		CHECK_STR(imported_notes(&im, IMPORT_WRONG) +
		        strcspn(imported_notes(&im, IMPORT_WRONG), ":"),
		    n > IMPORT_LIST_MAX ? ":2: DontSignMailTo: File too large\n"
		                        : "");
		CHECK(n > IMPORT_LIST_MAX ||
		    im.signer.n ==
		        n + strlen("\texempt_recipients = {\"\"}\n" SIMPLE));
		import_free(&im);
		tmpdir_remove(&d);
		free(text);
	}
}

/* Which of the two programs a file belongs to. */
static void
kinds(void)
{
	static const struct {
		const char *name, *text, *want; /* in the config */
	} rows[] = {{"opendkim.conf", "Mode s\n", "signer {"},
	    {"policyd-spf.conf", "TestOnly = 0\n", "observe = true"},
	    {"old.conf", "\n# c\nTestOnly = 0\n", "observe = true"},
	    {"old.conf", "\n# c\nMode s\n", "signer {"},
	    {"exempt_spf_domains", "a.example\n b.example,c.example\n",
	        "exempt_domains = {\"a.example\", \"b.example\", "
	        "\"c.example\"}\n\thelo {\n\t\tfail = \"reject\""},
	    {"exempt_spf_addresses", "10.0.0.0/8 x 192.0.2.1\n",
	        "trusted_relays = {\"10.0.0.0/8\", \"192.0.2.1\"}"},
	    {"opendkim.conf", "Mode = s\n", NULL},
	    {"policyd-spf.conf", "TestOnly 0\n", NULL}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char path[TMPDIR_PATH_MAX];
		struct tmpdir d;
		struct import im;
		struct buf out;
		int rc;

		suite_row(rows[i].text);
		tmpdir_make(&d);
		tmpdir_write(&d, rows[i].name, rows[i].text);
		import_init(&im);
		buf_init(&out, 100000);
		rc = import_file(&im, tmpdir_file(&d, rows[i].name, path));
		if (rc == 0)
			rc = import_compose(&im, &out);
		CHECK((rc == 0) == (rows[i].want != NULL));
		if (rc == 0)
			CHECK(strstr(buf_text(&out), rows[i].want) != NULL);
		buf_free(&out);
		import_free(&im);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

SUITE("import", T(options_of_opendkim), T(verifying_options),
    T(each_verifying_option), T(one_key_of_opendkim), T(options_of_policyd),
    T(makes_a_config), T(refuses), T(wrong_values), T(domains_in_a_file),
    T(users_of_policyd), T(tables_and_keys), T(options_all), T(sign_only),
    T(every_beginning), T(many_options), T(included_files), T(large_list),
    T(kinds))
