#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/settings/settings.h"
#include "tests/support/parsed.h"
#include "tests/support/suite.h"

#define PRINT "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
#define PRINT_LOW "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"
#define SIXTEEN \
	"a.bc, a.bc, a.bc, a.bc, a.bc, a.bc, a.bc, a.bc, " \
	"a.bc, a.bc, a.bc, a.bc, a.bc, a.bc, a.bc, a.bc"
#define L50 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx"

/* --- values --------------------------------------------------------------- */

/* A section and a key with a value, and the line of the dump that shows it. */
static const struct {
	const char *section, *value, *dumped;
} good[] = {
    {"", "hostname = mx.example.com", "hostname = \"mx.example.com\"\n"},
    {"", "hostname = \"MX.Example.\"", "hostname = \"mx.example\"\n"},
    {"", "hostname = \"b\303\274cher.example\"",
        "hostname = \"xn--bcher-kva.example\"\n"},
    {"", "hostname = localhost", "hostname = \"localhost\"\n"},
    {"", "log = stderr", "log = \"stderr\"\n"},
    {"", "log = /var/log/postseal", "log = \"/var/log/postseal\"\n"},
    {"", "log = syslog:/x/log", "log = \"syslog:/x/log\"\n"},
    {"", "log = '/a \"b\" \\'c\\' \\\\ \\d'",
        "log = \"/a \\\"b\\\" 'c' \\\\ \\\\d\"\n"},
    {"dns", "timeout = 1", "\ttimeout = 1\n"},
    {"dns", "timeout = 60", "\ttimeout = 60\n"},
    {"dns", "prefetch = false", "\tprefetch = false\n"},
    {"dns", "prefetch = no", "\tprefetch = false\n"},
    {"dns", "prefetch = OFF", "\tprefetch = false\n"},
    {"dns", "prefetch = on", "\tprefetch = true\n"},
    {"dns", "prefetch = Yes", "\tprefetch = true\n"},
    {"dns", "prefetch = \"true\"", "\tprefetch = true\n"},
    {"dns", "servers = {}", "\tservers = {}\n"},
    {"dns", "servers = 127.0.0.1", "\tservers = {\"127.0.0.1\"}\n"},
    {"dns", "servers = {127.0.0.1:5300, [::1]:53, ::1, \"[::1]:5300\"}",
        "\tservers = {\"127.0.0.1:5300\", \"::1\", \"::1\", "
        "\"[::1]:5300\"}\n"},
    {"dns", "servers = {[2001:db8::1]}", "\tservers = {\"2001:db8::1\"}\n"},
    {"policyd", "user = nobody", "\tuser = \"nobody\"\n"},
    {"policyd", "socket_group = \"\"", "\tsocket_group = \"\"\n"},
    {"policyd", "socket_group = mail", "\tsocket_group = \"mail\"\n"},
    {"policyd", "socket_mode = 0600", "\tsocket_mode = \"0600\"\n"},
    {"policyd", "socket_mode = \"666\"", "\tsocket_mode = \"0666\"\n"},
    {"policyd", "socket_mode = 0777", "\tsocket_mode = \"0777\"\n"},
    {"policyd", "listen = {}", "\tlisten = {}\n"},
    {"policyd", "listen = {/a, inet:1@localhost}",
        "\tlisten = {\"unix:/a\", \"inet:127.0.0.1:1\"}\n"},
    {"policyd", "observe = true", "\tobserve = true\n"},
    {"policyd", "time_limit = 1", "\ttime_limit = 1\n"},
    {"policyd", "time_limit = 90", "\ttime_limit = 90\n"},
    {"policyd", "void_lookups = 0", "\tvoid_lookups = 0\n"},
    {"policyd", "void_lookups = 10", "\tvoid_lookups = 10\n"},
    {"policyd", "trusted_networks = {10.0.0.1/8, ::ffff:10.1.2.3, ::/0,}",
        "\ttrusted_networks = {\"10.0.0.1/8\", \"10.1.2.3\", \"::/0\"}\n"},
    {"policyd", "header = Authentication-Results",
        "\theader = \"authentication-results\"\n"},
    {"policyd", "header = received-spf", "\theader = \"received-spf\"\n"},
    {"policyd", "header = none", "\theader = \"none\"\n"},
    {"policyd", "trust_authenticated = no", "\ttrust_authenticated = false\n"},
    {"policyd", "trusted_relays = {198.51.100.9, 2001:db8::/32}",
        "\ttrusted_relays = {\"198.51.100.9\", \"2001:db8::/32\"}\n"},
    {"policyd", "trusted_certificates = {\"" PRINT_LOW "\"}",
        "\ttrusted_certificates = {\"" PRINT "\"}\n"},
    {"policyd",
        "trusted_certificates = {\"" PRINT ":" PRINT ":" PRINT ":" PRINT "\"}",
        "\ttrusted_certificates = {\"" PRINT ":" PRINT ":" PRINT ":" PRINT
        "\"}\n"},
    {"policyd", "trusted_clients = {Example.COM, \"b\303\274cher.example.\"}",
        "\ttrusted_clients = {\"example.com\", \"xn--bcher-kva.example\"}\n"},
    {"policyd", "exempt_domains = {Example.COM}",
        "\texempt_domains = {\"example.com\"}\n"},
    {"policyd", "null_sender {\nnone = reject\npass = \"\"\n}",
        "\t\tnone = \"reject\"\n\t\tpass = \"\"\n"},
    {"policyd", "trusted_helo = {mail.example.com}",
        "\ttrusted_helo = {\"mail.example.com\"}\n"},
    {"policyd", "trusted_forwarders = {" SIXTEEN "}",
        "\ttrusted_forwarders = {\"a.bc\", "},
    {"policyd", "skip_header = true", "\tskip_header = true\n"},
    {"policyd", "hide_receiver = true", "\thide_receiver = true\n"},
    {"policyd",
        "reply_text = \"{action}: {reason} {result} {identity} "
        "{domain} {client} {receiver}!\"",
        "\treply_text = \"{action}: {reason} {result} {identity} {domain} "
        "{client} {receiver}!\"\n"},
    {"policyd", "pass_required = {a.example}",
        "\tpass_required = {\"a.example\"}\n"},
    {"policyd", "mail_from { no_mail_only = true }",
        "\t\tno_mail_only = true\n"},
    {"policyd", "recipient \"U+x@B\303\274cher.Example\" {}",
        "\n\trecipient \"u+x@xn--bcher-kva.example\" {\n\t\tobserve = false\n"},
    {"policyd", "recipient '\"a b\"@a.example' {}",
        "\n\trecipient \"\\\"a b\\\"@a.example\" {\n"},
    {"policyd", "recipient \"\\\"a b\\\"@a.example\" {}",
        "\n\trecipient \"\\\"a b\\\"@a.example\" {\n"},
    {"policyd", "recipient \"@a.example\" { helo { fail = defer } }",
        "\t\thelo {\n\t\t\tcheck = true\n\t\t\tno_mail_only = false\n"
        "\t\t\tfail = \"defer\"\n"},
    {"policyd", "restriction_classes = {a, b}",
        "\trestriction_classes = {\"a\", \"b\"}\n"},
    {"policyd", "helo { check = false }", "\thelo {\n\t\tcheck = false\n"},
    {"policyd", "mail_from { fail = \"550 5.7.23 \\\"no\\\"\" }",
        "\t\tfail = \"550 5.7.23 \\\"no\\\"\"\n"},
    {"policyd", "mail_from { fail = defer }", "\t\tfail = \"defer\"\n"},
    {"policyd", "trusted_networks = {This-host, 10.0.0.0/8}",
        "\ttrusted_networks = {\"this-host\", \"10.0.0.0/8\"}\n"},
    {"verifier", "trusted_networks = this-host",
        "\ttrusted_networks = {\"this-host\"}\n"},
    {"signer", "workers = 0", "\tworkers = 0\n"},
    {"signer", "workers = 64", "\tworkers = 64\n"},
    {"signer", "internal_hosts = {}", "\tinternal_hosts = {}\n"},
    {"signer",
        "internal_hosts = {10.0.0.0/8, \"!10.1.1.1\", .example.com, "
        "\"*.example.org\", file:/a, refile:/b, /c}",
        "\tinternal_hosts = {\"10.0.0.0/8\", \"!10.1.1.1\", "
        "\".example.com\", \"*.example.org\", \"file:/a\", \"refile:/b\", "
        "\"/c\"}\n"},
    {"signer", "ignore_hosts = host", "\tignore_hosts = {\"host\"}\n"},
    {"signer", "external_ignore = ::1", "\texternal_ignore = {\"::1\"}\n"},
    {"signer", "sign_daemons = ORIGINATING",
        "\tsign_daemons = {\"ORIGINATING\"}\n"},
    {"signer", "never_sign_daemons = {REINJECT, x}",
        "\tnever_sign_daemons = {\"REINJECT\", \"x\"}\n"},
    {"signer", "sign_macros = \"{auth_ssf}=1|2\"",
        "\tsign_macros = {\"{auth_ssf}=1|2\"}\n"},
    {"verifier", "own_macros = {\"{cert_subject}=Ann B|C\", x}",
        "\town_macros = {\"{cert_subject}=Ann B|C\", \"x\"}\n"},
    {"signer",
        "exempt_domains = \"B\xc3\xbc"
        "cher.example\"",
        "\texempt_domains = {\"xn--bcher-kva.example\"}\n"},
    {"signer", "exempt_recipients = {a@b.example, .b.example}",
        "\texempt_recipients = {\"a@b.example\", \".b.example\"}\n"},
    {"signer", "auth_table = /t", "\tauth_table = \"/t\"\n"},
    {"signer", "auth_table = \"inline:* %;a *\"",
        "\tauth_table = \"inline:* %;a *\"\n"},
    {"signer", "internal_hosts = {127.0.0.1, ::1, this-host}",
        "\tinternal_hosts = {\"127.0.0.1\", \"::1\", \"this-host\"}\n"},
    {"signer", "list_domains = Lists.example.com",
        "\tlist_domains = {\"lists.example.com\"}\n"},
    {"signer", "list_daemons = LISTS", "\tlist_daemons = {\"LISTS\"}\n"},
    {"signer", "list_hosts = 192.0.2.30", "\tlist_hosts = {\"192.0.2.30\"}\n"},
    {"signer", "auth_table = \"\"", "\tauth_table = \"\"\n"},
    {"signer", "key_table = file:/t", "\tkey_table = \"file:/t\"\n"},
    {"signer", "signing_table = refile:/t",
        "\tsigning_table = \"refile:/t\"\n"},
    {"signer", "signing_table = keylist:/t",
        "\tsigning_table = \"keylist:/t\"\n"},
    {"signer", "sign_all = true", "\tsign_all = true\n"},
    {"signer", "match_envelope = true", "\tmatch_envelope = true\n"},
    {"signer", "at_risk = skip", "\tat_risk = \"skip\"\n"},
    {"signer", "at_risk_8bit = false", "\tat_risk_8bit = false\n"},
    {"domain \"a.example\"", "subdomains = true key a { file = /k }",
        "\tsubdomains = true\n\tkey "},
    {"signer", "canonicalization = simple",
        "\tcanonicalization = \"simple/simple\"\n"},
    {"signer", "canonicalization = relaxed",
        "\tcanonicalization = \"relaxed/simple\"\n"},
    {"signer", "canonicalization = Relaxed/relaxed",
        "\tcanonicalization = \"relaxed/relaxed\"\n"},
    {"signer", "canonicalization = simple/relaxed",
        "\tcanonicalization = \"simple/relaxed\"\n"},
    {"signer", "on_bad_key = unsigned", "\ton_bad_key = \"unsigned\"\n"},
    {"signer", "on_bad_key = tempfail", "\ton_bad_key = \"tempfail\"\n"},
    {"signer", "strict_start = true", "\tstrict_start = true\n"},
    {"signer", "key_permissions = warn", "\tkey_permissions = \"warn\"\n"},
    {"signer", "key_permissions = refuse", "\tkey_permissions = \"refuse\"\n"},
    {"verifier", "dmarc { }",
        "\tdmarc {\n\t\tcheck = true\n\t\taction = \"observe\"\n"},
    {"verifier", "dmarc { action = Enforce quarantine = hold }",
        "\t\taction = \"enforce\"\n\t\tquarantine = \"hold\"\n"},
    {"verifier",
        "dmarc { unusable_from = reject exempt = {\"b\u00fccher.example\"} }",
        "\t\tunusable_from = \"reject\"\n"
        "\t\texempt = {\"xn--bcher-kva.example\"}\n"},
    {"verifier", "dmarc { enforce = {Bank.example} }",
        "\t\tenforce = {\"bank.example\"}\n"},
    {"verifier",
        "dmarc { trusted_forwarders = {192.0.2.7, 2001:db8::/32, "
        "\"DKIM:Lists.example\", \"spf:b\u00fccher.example.\"} }",
        "\t\ttrusted_forwarders = {\"192.0.2.7\", \"2001:db8::/32\", "
        "\"dkim:lists.example\", \"spf:xn--bcher-kva.example\"}\n"},
    {"verifier", "dmarc { lists = reject on_temperror = defer }",
        "\t\tlists = \"reject\"\n\t\ton_temperror = \"defer\"\n"},
    {"verifier", "dmarc { results = /var/lib/x }",
        "\t\tresults = \"/var/lib/x\"\n"},
    {"verifier", "dmarc { results = \"\" }", "\t\tresults = \"\"\n"},
};

/* "section { value }" with the value in line 2. */
static void
make_text(char text[2000], const char *section, const char *value)
{
	if (section[0] == '\0')
		snprintf(text, 2000, "\n%s\n", value);
	else
		snprintf(text, 2000, "%s {\n%s\n}\n", section, value);
}

static void
reads_values(void)
{
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct parsed p, again;
		char text[2000];
		const char *dump;

		suite_row(good[i].value);
		make_text(text, good[i].section, good[i].value);
		parsed_text(&p, span_str(text), SETTINGS_ALL);
		CHECK_STR(parsed_why(&p), "");
		dump = parsed_dump(&p);
		CHECK(strstr(dump, good[i].dumped) != NULL);

		/* The dump is a config, and means the same. */
		parsed_text(&again, span_str(dump), SETTINGS_ALL);
		CHECK_STR(parsed_why(&again), "");
		CHECK_STR(parsed_dump(&again), dump);
		parsed_free(&again);
		parsed_free(&p);
	}
	suite_row(NULL);
}

/* What is said, behind "t.conf:2: section.". */
static const struct {
	const char *section, *value, *why;
} bad[] = {
    {"", "hostname = \"\"", "hostname: \"\" is not the name of a host"},
    {"", "hostname = \"a b\"", "hostname: \"a b\" is not the name of a host"},
    {"", "hostname = a..b", "hostname: \"a..b\" is not the name of a host"},
    {"", "log = file",
        "log: \"file\" is not syslog, stderr or an absolute path"},
    {"", "log = SYSLOG",
        "log: \"SYSLOG\" is not syslog, stderr or an absolute path"},
    {"", "log = \"/\"", "log: \"/\" is not syslog, stderr or an absolute path"},
    {"", "log = syslog:x",
        "log: \"syslog:x\" is not syslog, stderr or an absolute path"},
    {"signer", "internal_hosts = 10.0.0.0/33",
        "signer.internal_hosts: \"10.0.0.0/33\" is not an address or network, "
        "a name, .domain, *.domain, or the path of a file of such"},
    {"signer", "ignore_hosts = \"!\"",
        "signer.ignore_hosts: \"!\" is not an address or network, a name, "
        ".domain, *.domain, or the path of a file of such"},
    {"signer", "external_ignore = \"csl:a,b\"",
        "signer.external_ignore: \"csl:a,b\" is not an address or network, a "
        "name, .domain, *.domain, or the path of a file of such"},
    {"signer", "sign_daemons = \"a b\"",
        "signer.sign_daemons: \"a b\" is not a word without spaces"},
    {"signer", "exempt_recipients = \"\"",
        "signer.exempt_recipients: \"\" is not a word without spaces"},
    {"signer", "key_table = relative",
        "signer.key_table: \"relative\" is not an absolute path, with file:, "
        "refile: or keylist: in front or alone"},
    {"signer", "signing_table = mysql:/x",
        "signer.signing_table: \"mysql:/x\" is not an absolute path, with "
        "file:, refile: or keylist: in front or alone"},
    {"signer", "at_risk = no",
        "signer.at_risk: \"no\" is not one of sign, skip"},
    {"policyd", "trusted_certificates = {\"" PRINT ":\"}",
        "policyd.trusted_certificates: \"" PRINT
        ":\" is not a fingerprint such as 12:34:AB:..., 16 pairs or more"},
    {"policyd", "trusted_certificates = {\"00:11:22\"}",
        "policyd.trusted_certificates: \"00:11:22\" is not a fingerprint such "
        "as 12:34:AB:..., 16 pairs or more"},
    {"policyd", "trusted_clients = {\"*.example.com\"}",
        "policyd.trusted_clients: \"*.example.com\" is not a domain such as "
        "example.com"},
    {"policyd", "trusted_helo = {localhost}",
        "policyd.trusted_helo: \"localhost\" is not a domain such as "
        "example.com"},
    {"policyd",
        "trusted_forwarders = {" SIXTEEN ", " SIXTEEN ", " SIXTEEN ", " SIXTEEN
        ", a.bc}",
        "policyd.trusted_forwarders: too many values (65): at most 64"},
    {"policyd", "control = {\"unix:/a\", \"unix:/b\"}",
        "policyd.control: too many values (2): at most 1"},
    {"policyd", "reply_text = \"\"",
        "policyd.reply_text: \"\" is not a text for replies (a reply needs "
        "some text)"},
    {"policyd", "reply_text = \"{url}\"",
        "policyd.reply_text: \"{url}\" is not a text for replies (in braces "
        "only action, reason, result, identity, domain, client and receiver "
        "may stand)"},
    {"policyd", "reply_text = \"{reason}{reason}\"",
        "policyd.reply_text: \"{reason}{reason}\" is not a text for replies "
        "({reason} may stand in it once)"},
    {"policyd", "recipient user {}",
        "policyd.recipient: the title is neither an address nor \"@\" and a "
        "domain"},
    {"policyd", "recipient \"a@b..c\" {}",
        "policyd.recipient: the title is neither an address nor \"@\" and a "
        "domain"},
    {"policyd", "recipient \"a@b.c\" { time_limit = 3 }",
        "policyd.recipient.time_limit: there is no such key (did you mean "
        "policyd.time_limit?)"},
    {"policyd", "recipient \"a@b.c\" { helo { fail = x_y } }",
        "policyd.recipient.helo.fail: \"x_y\" is neither header, reject, "
        "defer, dunno, nor an access(5) action, nor one of "
        "restriction_classes; Postfix would answer 451 to every such mail"},
    {"policyd", "recipient \"a@b.c\" { mail_from { chek = true } }",
        "policyd.recipient.mail_from.chek: there is no such key (did you mean "
        "policyd.recipient.mail_from.check?)"},
    {"policyd", "recipient \"a@b.c\" {} recipient \"A@B.c\" {}",
        "policyd.recipient: a@b.c stands in the config twice, first in line 2"},
    {"policyd", "recipient { }",
        "policyd.recipient: the section needs a title: recipient "
        "\"user@example.com\" { }"},
    {"dns", "timeout = 0", "dns.timeout: \"0\" is not a number from 1 to 60"},
    {"dns", "timeout = 61", "dns.timeout: \"61\" is not a number from 1 to 60"},
    {"dns", "timeout = 010",
        "dns.timeout: \"010\" is not a number from 1 to 60"},
    {"dns", "timeout = 0x10",
        "dns.timeout: \"0x10\" is not a number from 1 to 60"},
    {"dns", "timeout = -1", "dns.timeout: \"-1\" is not a number from 1 to 60"},
    {"dns", "timeout = \" 1\"",
        "dns.timeout: \" 1\" is not a number from 1 to 60"},
    {"dns", "timeout = 1s", "dns.timeout: \"1s\" is not a number from 1 to 60"},
    {"dns", "timeout = 1.5",
        "dns.timeout: \"1.5\" is not a number from 1 to 60"},
    {"dns", "timeout = \"\"", "dns.timeout: \"\" is not a number from 1 to 60"},
    {"dns", "timeout = 4294967297",
        "dns.timeout: \"4294967297\" is not a number from 1 to 60"},
    {"dns", "timeout = {5}", "dns.timeout: it takes one value and not a list"},
    {"dns", "prefetch = 1", "dns.prefetch: \"1\" is not true or false"},
    {"dns", "prefetch = maybe", "dns.prefetch: \"maybe\" is not true or false"},
    {"dns", "servers = {127.0.0.1, localhost}",
        "dns.servers: \"localhost\" is not an address such as 192.0.2.53 or "
        "[::1]:5300"},
    {"dns", "servers = {127.0.0.1:0}",
        "dns.servers: \"127.0.0.1:0\" is not an address such as 192.0.2.53 or "
        "[::1]:5300"},
    {"dns", "servers = {127.0.0.1:65536}",
        "dns.servers: \"127.0.0.1:65536\" is not an address such as "
        "192.0.2.53 or [::1]:5300"},
    {"dns", "servers = {127.0.0.1:}",
        "dns.servers: \"127.0.0.1:\" is not an address such as 192.0.2.53 or "
        "[::1]:5300"},
    {"dns", "servers = {[::1]53}",
        "dns.servers: \"[::1]53\" is not an address such as 192.0.2.53 or "
        "[::1]:5300"},
    {"dns", "servers = {[::1}",
        "dns.servers: \"[::1\" is not an address such as 192.0.2.53 or "
        "[::1]:5300"},
    {"policyd", "user = \"\"", "policyd.user: \"\" is not the name of a user"},
    {"policyd", "user = \"a b\"",
        "policyd.user: \"a b\" is not the name of a user"},
    {"policyd", "socket_mode = 0668",
        "policyd.socket_mode: \"0668\" is not an octal mode such as 0660"},
    {"policyd", "socket_mode = 4660",
        "policyd.socket_mode: \"4660\" is not an octal mode such as 0660"},
    {"policyd", "socket_mode = 60",
        "policyd.socket_mode: \"60\" is not an octal mode such as 0660"},
    {"policyd", "listen = {10031}",
        "policyd.listen: \"10031\" is not an endpoint such as "
        "inet:127.0.0.1:10031 (must be unix:/path or inet:address:port)"},
    {"policyd", "time_limit = 0",
        "policyd.time_limit: \"0\" is not a number from 1 to 90"},
    {"policyd", "time_limit = 91",
        "policyd.time_limit: \"91\" is not a number from 1 to 90"},
    {"policyd", "void_lookups = 11",
        "policyd.void_lookups: \"11\" is not a number from 0 to 10"},
    {"policyd", "trusted_relays = {this-host}",
        "policyd.trusted_relays: \"this-host\" is not a network such as "
        "192.0.2.0/24"},
    {"policyd", "trusted_relays = {backup.example.net}",
        "policyd.trusted_relays: \"backup.example.net\" is not a network such "
        "as 192.0.2.0/24"},
    {"policyd", "trusted_networks = {10.0.0.0/33}",
        "policyd.trusted_networks: \"10.0.0.0/33\" is not a network such as "
        "192.0.2.0/24, or this-host"},
    {"policyd", "header = Received",
        "policyd.header: \"Received\" is not one of received-spf, "
        "authentication-results, none"},
    {"signer", "workers = 65",
        "signer.workers: \"65\" is not a number from 0 to 64"},
    {"signer", "canonicalization = strict",
        "signer.canonicalization: \"strict\" is not simple or relaxed, or two "
        "of them such as relaxed/simple"},
    {"signer", "canonicalization = relaxed/",
        "signer.canonicalization: \"relaxed/\" is not simple or relaxed, or "
        "two of them such as relaxed/simple"},
    {"signer", "canonicalization = relaxed/simple/simple",
        "signer.canonicalization: \"relaxed/simple/simple\" is not simple or "
        "relaxed, or two of them such as relaxed/simple"},
    {"signer", "on_bad_key = reject",
        "signer.on_bad_key: \"reject\" is not one of unsigned, tempfail"},
    {"signer", "key_permissions = \"\"",
        "signer.key_permissions: \"\" is not one of warn, refuse"},
    {"verifier", "dmarc { check = 1 }",
        "verifier.dmarc.check: \"1\" is not true or false"},
    {"verifier", "dmarc { action = reject }",
        "verifier.dmarc.action: \"reject\" is not one of observe, mark, "
        "enforce"},
    {"verifier", "dmarc { quarantine = junk }",
        "verifier.dmarc.quarantine: \"junk\" is not one of mark, hold"},
    {"verifier", "dmarc { unusable_from = defer }",
        "verifier.dmarc.unusable_from: \"defer\" is not one of accept, reject"},
    {"verifier", "dmarc { exempt = {\"*.example\"} }",
        "verifier.dmarc.exempt: \"*.example\" is not a domain such as "
        "example.com"},
    {"verifier", "dmarc { enforce = {example} }",
        "verifier.dmarc.enforce: \"example\" is not a domain such as "
        "example.com"},
    {"verifier", "dmarc { trusted_forwarders = {\"192.0.2.0/33\"} }",
        "verifier.dmarc.trusted_forwarders: \"192.0.2.0/33\" is not a network "
        "such as 192.0.2.0/24, or dkim: or spf: and a domain"},
    {"verifier", "dmarc { trusted_forwarders = {\"dkim:\"} }",
        "verifier.dmarc.trusted_forwarders: \"dkim:\" is not a network "
        "such as 192.0.2.0/24, or dkim: or spf: and a domain"},
    {"verifier", "dmarc { trusted_forwarders = {\"spf:localhost\"} }",
        "verifier.dmarc.trusted_forwarders: \"spf:localhost\" is not a network "
        "such as 192.0.2.0/24, or dkim: or spf: and a domain"},
    {"verifier", "dmarc { trusted_forwarders = {list.example} }",
        "verifier.dmarc.trusted_forwarders: \"list.example\" is not a network "
        "such as 192.0.2.0/24, or dkim: or spf: and a domain"},
    {"verifier", "dmarc { lists = accept }",
        "verifier.dmarc.lists: \"accept\" is not one of mark, reject"},
    {"verifier", "dmarc { on_temperror = reject }",
        "verifier.dmarc.on_temperror: \"reject\" is not one of accept, defer"},
    {"verifier", "dmarc { results = reports }",
        "verifier.dmarc.results: \"reports\" is not an absolute path"},
    {"verifier", "dmarc { policy = reject }",
        "verifier.dmarc.policy: there is no such key"},
    {"domain a.example", "key s { file = k.private }",
        "domain.key.file: \"k.private\" is not an absolute path"},
    {"signer", "user = \"" L50 L50 L50 " \"",
        "signer.user: \"" L50 L50 "\"... is not the name of a user"},

    /* Keys that are not there, or not so. */
    {"", "timeout = 5",
        "timeout: there is no such key (did you mean dns.timeout?)"},
    {"policyd", "timelimit = 5",
        "policyd.timelimit: there is no such key (did you mean "
        "policyd.time_limit?)"},
    {"policyd", "timeout = 5",
        "policyd.timeout: there is no such key (did you mean dns.timeout?)"},
    {"policyd", "zzz = 5", "policyd.zzz: there is no such key"},
    {"policyd", "mailfrom { fail = reject }",
        "policyd.mailfrom: there is no such key (did you mean "
        "policyd.mail_from?)"},
    {"signer", "helo { fail = reject }",
        "signer.helo: there is no such key (did you mean policyd.helo?)"},
    {"", "the_end = 1", "the_end: there is no such key"},
    {"", "TIMEOUT = 5", "TIMEOUT: there is no such key"},
    {"", "dns = 5", "dns: it is a section and has no value: dns { }"},
    {"", "dns = {}", "dns: it is a section and has no value: dns { }"},
    {"", "dns \"x\" { }", "dns: the section has no title: dns { }"},
    {"", "hostname { }",
        "hostname: it is no section and needs a value: hostname = "},
    {"", "hostname \"x\" { }",
        "hostname: it is no section and needs a value: hostname = "},
    {"", "domain { key s { file = /k } }",
        "domain: the section needs a title: domain \"example.com\" { }"},
    {"domain a.example", "key { file = /k }",
        "domain.key: the section needs a title: key \"2026a\" { }"},
    {"domain a.example", "key s { }",
        "domain.key.file: the key \"s\" of a.example has no file"},
    {"domain a.example", "key \"s/t\" { file = /k }",
        "domain.key: \"s/t\" is not a name that DNS can have"},
    {"domain a.example", "key \"\" { file = /k }",
        "domain.key: \"\" is not a name that DNS can have"},
    {"", "domain \"a b.example\" { key s { file = /k } }",
        "domain: \"a b.example\" is not a name that DNS can have"},
    {"", "domain com { key s { file = /k } }",
        "domain: \"com\" is not a name that DNS can have"},
    {"", "domain 192.0.2.1 { key s { file = /k } }",
        "domain: \"192.0.2.1\" is not a name that DNS can have"},
    {"", "domain \"\303.example\" { key s { file = /k } }",
        "domain: \"\303.example\" is not a name that DNS can have"},
    {"", "domain a.example { }", "domain: a.example has no key"},
};

static void
refuses_values(void)
{
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[2000], want[2000];
		struct parsed p;

		suite_row(bad[i].value);
		make_text(text, bad[i].section, bad[i].value);
		snprintf(want, sizeof want, "t.conf:2: %s\n", bad[i].why);
		parsed_text(&p, span_str(text), SETTINGS_ALL);
		CHECK(p.rc == -EINVAL && p.s == NULL);
		CHECK_STR(parsed_why(&p), want);
		parsed_free(&p);
	}
	suite_row(NULL);
}

/* One sentence for each, not only for the first. */
static void
tells_all_that_is_wrong(void)
{
	struct parsed p;

	parsed_text(&p,
	    span_str("dns { timeout = 0 }\npolicyd { time_limit = 0\n"
	             "helo { fail = what } }\nsigner { workers = x }\n"
	             "domain a.example { key s { file = x } }\n"),
	    SETTINGS_ALL);
	CHECK(p.rc == -EINVAL);
	CHECK_STR(parsed_why(&p),
	    "t.conf:1: dns.timeout: \"0\" is not a number from 1 to 60\n"
	    "t.conf:2: policyd.time_limit: \"0\" is not a number from 1 to "
	    "90\n"
	    "t.conf:4: signer.workers: \"x\" is not a number from 0 to 64\n"
	    "t.conf:5: domain.key.file: \"x\" is not an absolute path\n"
	    "t.conf:3: policyd.helo.fail: \"what\" is neither header, reject, "
	    "defer, dunno, nor an access(5) action, nor one of "
	    "restriction_classes; Postfix would answer 451 to every such "
	    "mail\n");
	parsed_free(&p);
}

/* In the order of the rows and not of the file; the line is that of the last
 * value. The recipient stands before the general policy, and what it copies. */
static void
tells_it_in_the_order_of_the_rows(void)
{
	struct parsed p;

	parsed_text(&p,
	    span_str("domain b.example { key s { active = y file = x }\n"
	             "subdomains = z }\n"
	             "policyd { recipient \"@a.example\" { helo { pass = a\n"
	             "fail = \"b c\" } void_lookups = 11 }\n"
	             "helo { pass =\nb } void_lookups = 12\n"
	             "trusted_networks = {::1,\n::x,\n::2\n} }\n"
	             "hostname = ''"),
	    SETTINGS_ALL);
	CHECK(p.rc == -EINVAL);
	CHECK_STR(parsed_why(&p),
	    "t.conf:11: hostname: \"\" is not the name of a host\n"
	    "t.conf:6: policyd.void_lookups: \"12\" is not a number from 0 to "
	    "10\n"
	    "t.conf:9: policyd.trusted_networks: \"::x\" is not a network such "
	    "as 192.0.2.0/24, or this-host\n"
	    "t.conf:2: domain.subdomains: \"z\" is not true or false\n"
	    "t.conf:1: domain.key.file: \"x\" is not an absolute path\n"
	    "t.conf:1: domain.key.active: \"y\" is not true or false\n"
	    "t.conf:4: policyd.recipient.void_lookups: \"11\" is not a number "
	    "from 0 to 10\n"
	    "t.conf:4: policyd.recipient.helo.fail: \"b c\" is not header, "
	    "reject, defer, dunno, an access(5) action or one of "
	    "restriction_classes (no action of access(5): Postfix would answer "
	    "451 to every such mail)\n"
	    "t.conf:6: policyd.helo.pass: \"b\" is neither header, reject, "
	    "defer, dunno, nor an access(5) action, nor one of "
	    "restriction_classes; Postfix would answer 451 to every such "
	    "mail\n"
	    "t.conf:3: policyd.recipient.helo.pass: \"a\" is neither header, "
	    "reject, defer, dunno, nor an access(5) action, nor one of "
	    "restriction_classes; Postfix would answer 451 to every such "
	    "mail\n");
	parsed_free(&p);
}

/* Each comment and each end of a line counts once. */
static void
counts_lines(void)
{
	struct parsed p;

	parsed_text(&p,
	    span_str("# 1\n// 2\n/* 3 */ /* 3\n4 */\r\n# 5 \"\ndns {\n# 7\n"
	             "timeout = # 8\n 99 }\n"),
	    SETTINGS_ALL);
	CHECK_STR(parsed_why(&p),
	    "t.conf:9: dns.timeout: \"99\" is not a number from 1 to 60\n");
	parsed_free(&p);
}

/* --- defaults ------------------------------------------------------------- */

static void
has_defaults(void)
{
	char host[256] = "", name[300];
	struct parsed p;
	const struct settings *s;

	parsed_text(&p, span_str(""), SETTINGS_ALL);
	CU_ASSERT_FATAL(p.rc == 0);
	s = p.s;
	gethostname(host, sizeof host - 1);
	snprintf(name, sizeof name, "hostname = \"%s\"\n", s->hostname);
	CHECK(strcasecmp(s->hostname, host) == 0 ||
	    strcmp(s->hostname, "localhost") == 0);
	CHECK(strncmp(parsed_dump(&p), name, strlen(name)) == 0);
	CHECK_STR(s->file, "t.conf");
	CHECK_STR(s->log, "syslog");
	CHECK(s->dns.servers.n == 0 && s->dns.timeout == 5);
	CHECK(s->dns.prefetch && !s->policyd.observe);
	CHECK_STR(s->policyd.daemon.user, "postseal-policyd");
	CHECK_STR(s->signer.daemon.user, "postseal-signer");
	CHECK_STR(s->signer.daemon.socket_group, "postfix");
	CHECK(s->signer.daemon.socket_mode == 0660);
	CHECK(s->policyd.daemon.listen.n == 1);
	CHECK(s->policyd.time_limit == 20 && s->policyd.void_lookups == 2);
	CHECK(s->policyd.trusted_networks.n == 3);
	CHECK(settings_is_this_host(&s->policyd.trusted_networks.v[2]));
	CHECK(s->policyd.header == HEADER_RECEIVED_SPF);
	CHECK(s->policyd.helo.check && s->policyd.mail_from.check);
	for (int r = 0; r < SPF_RESULTS; r++) {
		CHECK(s->policyd.helo.action[r].kind == ACTION_HEADER);
		CHECK(s->policyd.mail_from.action[r].kind ==
		    (r == SPF_FAIL ? ACTION_REJECT : ACTION_HEADER));
	}
	CHECK(s->signer.internal_hosts.n == 3);
	CHECK(s->signer.header_canon == CANON_RELAXED);
	CHECK(s->signer.body_canon == CANON_RELAXED);
	CHECK(s->signer.bad_key_tempfail && !s->signer.strict_start);
	CHECK(s->signer.key_permissions_refuse);
	CHECK(s->ndomains == 0);
	CHECK_STR(parsed_warn(&p), "");
	parsed_free(&p);
}

/* An empty list is not the default, and sets nothing beside it. */
static void
empty_list_is_empty(void)
{
	struct parsed p;

	parsed_text(&p,
	    span_str("policyd { trusted_networks = {} listen = {} }"),
	    SETTINGS_ALL);
	CHECK(p.rc == 0);
	CHECK(p.s->policyd.trusted_networks.n == 0);
	CHECK(p.s->policyd.daemon.listen.n == 0);
	CHECK(p.s->signer.internal_hosts.n == 3);
	/* nor is it no key: the old default is for who says nothing */
	CHECK(p.s->policyd.daemon.legacy.n == 0);
	CHECK(p.s->signer.daemon.legacy.n == 1);
	parsed_free(&p);
}

/* --- domains -------------------------------------------------------------- */

static void
sorts_and_finds_domains(void)
{
	static const char text[] =
	    "domain \"z.example\" { key \"S1\" { file = /1 }\n"
	    "key s2 { file = /2 active = no } }\n"
	    "domain \"B\303\234cher.example.\" { key s { file = /3 } }\n"
	    "domain 'a.example' { key \"x.y\" { file = '/4 5' } }\n";
	const struct domain_settings *d;
	struct parsed p;

	parsed_text(&p, span_str(text), SETTINGS_SIGNER);
	CU_ASSERT_FATAL(p.rc == 0 && p.s->ndomains == 3);
	CHECK_STR(p.s->domain[0].name, "a.example");
	CHECK_STR(p.s->domain[1].name, "xn--bcher-kva.example");
	CHECK_STR(p.s->domain[2].name, "z.example");
	d = settings_domain(p.s, span_str("Z.EXAMPLE"));
	CU_ASSERT_FATAL(d == &p.s->domain[2] && d->nkeys == 2);
	CHECK_STR(d->key[0].selector, "s1");
	CHECK_STR(d->key[0].file, "/1");
	CHECK(d->key[0].active && !d->key[1].active);
	CHECK_STR(d->key[1].file, "/2");
	CHECK(d->line == 1 && d->key[1].line == 2);
	CHECK_STR(d->key[1].origin, "t.conf");
	d = settings_domain(p.s, span_str("a.example"));
	CHECK_STR(d->key[0].selector, "x.y");
	CHECK_STR(d->key[0].file, "/4 5");
	CHECK(settings_domain(p.s, span_str("xn--bcher-kva.example")) ==
	    &p.s->domain[1]);
	CHECK(settings_domain(p.s, span_str("example")) == NULL);
	CHECK(settings_domain(p.s, span_str("")) == NULL);
	CHECK(settings_domain(p.s, span_of("a.example\0", 10)) == NULL);
	CHECK(settings_domain(
	          p.s, span_str(L50 L50 L50 L50 L50 L50 ".example")) == NULL);
	parsed_free(&p);
	parsed_text(&p, span_str(""), SETTINGS_SIGNER);
	CHECK(settings_domain(p.s, span_str("a.example")) == NULL);
	parsed_free(&p);
}

static const struct {
	const char *text, *why;
} twice[] = {
    {"domain a.example { key s { file = /1 } }\n"
     "domain a.example { key s { file = /2 } }\n",
        "t.conf:2: domain: a.example stands in the config twice, first in "
        "t.conf:1\n"},
    {"domain a.example { key s { file = /1 } }\n"
     "domain b.example { key s { file = /3 } }\n"
     "domain \"A.Example.\" { key s { file = /2 } }\n",
        "t.conf:3: domain: a.example stands in the config twice, first in "
        "t.conf:1\n"},
    {"domain \"b\303\274cher.example\" { key s { file = /1 } }\n"
     "domain XN--bcher-KVA.example { key s { file = /2 } }\n",
        "t.conf:2: domain: xn--bcher-kva.example stands in the config twice, "
        "first in t.conf:1\n"},
    {"domain a.example {\nkey s { file = /1 }\nkey t { file = /2 }\n"
     "key s { file = /3 }\n}\n",
        "t.conf:4: domain.key: a.example has the selector \"s\" twice, first "
        "in t.conf:2\n"},
    {"domain a.example {\nkey s { file = /1 }\nkey S { file = /2 }\n}\n",
        "t.conf:3: domain.key: a.example has the selector \"s\" twice, first "
        "in t.conf:2\n"},
};

static void
names_both_places_of_a_double(void)
{
	for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++) {
		struct parsed p;

		suite_row(twice[i].text);
		parsed_text(&p, span_str(twice[i].text), SETTINGS_SIGNER);
		CHECK(p.rc == -EINVAL);
		CHECK_STR(parsed_why(&p), twice[i].why);
		parsed_free(&p);
	}
	suite_row(NULL);
}

/* SELECTOR._domainkey.DOMAIN must fit into 253 bytes. */
static void
limits_the_name_of_the_record(void)
{
	for (int more = 0; more < 2; more++) {
		char text[600];
		struct parsed p;

		/* 4 x 51 + 7 + 12 + 30 = 253 */
		snprintf(text, sizeof text,
		    "domain " L50 "." L50 "." L50 "." L50 ".example {\n"
		    "key %s%.30s { file = /k } }\n",
		    more == 1 ? "x" : "", L50);
		parsed_text(&p, span_str(text), SETTINGS_SIGNER);
		if (more == 0)
			CHECK_STR(parsed_why(&p), "");
		else
			CHECK_STR(parsed_why(&p),
			    "t.conf:2: domain.key: the name of its record in "
			    "DNS is over 253 bytes long\n");
		parsed_free(&p);
	}
}

static void
reads_many_domains(void)
{
	enum { N = 2000 };
	struct parsed p;
	struct buf text;

	buf_init(&text, 1 << 20);
	for (int i = 0; i < N; i++)
		buf_fmt(&text,
		    "domain \"d%d.example\" {\n\tkey \"s%d\" {\n"
		    "\t\tfile = \"/k/%d\" # one of many\n\t}\n}\n",
		    i * 7919 % N, i, i);
	parsed_text(&p, buf_view(&text), SETTINGS_SIGNER);
	CHECK(p.rc == 0 && p.s->ndomains == N);
	for (int i = 0; i < N; i++) {
		const struct domain_settings *d;
		char name[30], file[30];

		snprintf(name, sizeof name, "d%d.example", i * 7919 % N);
		snprintf(file, sizeof file, "/k/%d", i);
		d = settings_domain(p.s, span_str(name));
		CU_ASSERT_FATAL(d != NULL && d->nkeys == 1);
		CHECK_STR(d->key[0].file, file);
		CHECK(d->key[0].line == (unsigned)(5 * i + 2));
	}
	parsed_free(&p);
	buf_free(&text);
}

/* --- sample and rows ------------------------------------------------------ */

static void
sample_is_the_one_in_conf(void)
{
	static char file[64 * 1024];
	struct buf sample;
	FILE *f = fopen("conf/postseal.conf", "r");
	size_t n;

	CU_ASSERT_FATAL(f != NULL);
	n = fread(file, 1, sizeof file, f);
	fclose(f);
	buf_init(&sample, sizeof file);
	settings_sample(&sample);
	CHECK(buf_error(&sample) == 0);
	CHECK(span_eq(buf_view(&sample), span_of(file, n)));
	buf_free(&sample);
}

/* Takes the mark off each key that is a comment; "# " is help. */
static void
uncomment(struct span in, struct buf *out)
{
	while (in.n > 0) {
		struct span line = span_of(in.p, span_find(in, '\n'));
		size_t tabs = 0;

		in = span_skip(in, line.n + 1);
		while (tabs < line.n && line.p[tabs] == '\t')
			tabs++;
		line = span_skip(line, tabs);
		if (line.n > 1 && line.p[0] == '#' && line.p[1] != ' ')
			line = span_skip(line, 1);
		buf_span(out, line);
		buf_byte(out, '\n');
	}
}

static void
sample_shows_the_defaults(void)
{
	struct parsed none, marked, bare;
	struct buf sample, text;

	buf_init(&sample, 1 << 20);
	buf_init(&text, 1 << 20);
	settings_sample(&sample);
	uncomment(buf_view(&sample), &text);
	parsed_text(&none, span_str("hostname = mx.example.com"), SETTINGS_ALL);
	parsed_text(&marked, buf_view(&sample), SETTINGS_ALL);
	parsed_text(&bare, buf_view(&text), SETTINGS_ALL);
	CHECK_STR(parsed_why(&marked), "");
	CHECK_STR(parsed_why(&bare), "");
	CU_ASSERT_FATAL(bare.rc == 0 && marked.rc == 0);
	/* a new config opens no port */
	CHECK(none.s->signer.daemon.legacy.n == 1 &&
	    none.s->policyd.daemon.legacy.n == 1);
	CHECK(marked.s->signer.daemon.legacy.n == 0 &&
	    marked.s->policyd.daemon.legacy.n == 0);
	CHECK_STR(strchr(parsed_dump(&marked), '\n'),
	    strchr(parsed_dump(&none), '\n'));
	CHECK(bare.s->ndomains == 1);
	CHECK_STR(bare.s->domain[0].key[0].file,
	    "/etc/postseal/keys/example.com/2026a.private");
	CHECK(bare.s->nrecipients == 1);
	CHECK_STR(bare.s->recipient[0].address, "user@example.com");
	bare.s->ndomains = bare.s->nrecipients = 0;
	CHECK_STR(parsed_dump(&bare), parsed_dump(&none));
	parsed_free(&none);
	parsed_free(&marked);
	parsed_free(&bare);
	buf_free(&sample);
	buf_free(&text);
}

struct seen {
	unsigned n;
	bool fail;
};

static void
see_row(void *arg, const char *key, const char *type, const char *value,
    const char *help)
{
	struct seen *s = arg;

	s->n++;
	CHECK(key[0] != '\0' && type[0] != '\0' && value[0] != '\0');
	CHECK(help[0] >= 'A' || help[0] == '"');
	CHECK(help[strlen(help) - 1] == '.' || help[strlen(help) - 1] == ')');
	if (strcmp(key, "policyd.mail_from.fail") != 0)
		return;
	s->fail = true;
	CHECK_STR(value, "\"reject\"");
	CHECK(strstr(type, "access(5)") != NULL);
}

static void
tells_its_rows(void)
{
	struct seen s = {0};
	struct buf sample;
	unsigned keys = 0;

	buf_init(&sample, 1 << 20);
	settings_sample(&sample);
	for (const char *p = buf_text(&sample); (p = strstr(p, " = ")) != NULL;
	     p++)
		keys++;
	settings_each(see_row, &s);
	CHECK(keys > 40);
	CHECK(s.n == keys);
	CHECK(s.fail);
	buf_free(&sample);
}

static void
says_results_in_words(void)
{
	CHECK_STR(spf_result_word(SPF_FAIL), "fail");
	CHECK_STR(spf_result_word(SPF_SOFTFAIL), "softfail");
	CHECK_STR(spf_result_word(SPF_TEMPERROR), "temperror");
	CHECK_STR(spf_result_word(SPF_PERMERROR), "permerror");
	CHECK_STR(spf_result_word(SPF_NEUTRAL), "neutral");
	CHECK_STR(spf_result_word(SPF_NONE), "none");
	CHECK_STR(spf_result_word(SPF_PASS), "pass");
}

/* The address before its domain, both before the general policy, of which they
 * are a changed copy. */
static void
finds_recipients(void)
{
	static const char text[] =
	    "policyd {\n"
	    "recipient \"@Example.com\" { mail_from { fail = defer } }\n"
	    "recipient \"boss@example.com\" { observe = true\n"
	    "  trusted_networks = {} }\n"
	    "time_limit = 7\n"
	    "mail_from { fail = dunno softfail = reject }\n"
	    "}\n";
	static const struct {
		const char *address;
		const char *key; /* "": the general one */
	} row[] = {
	    {"boss@example.com", "boss@example.com"},
	    {"Boss@EXAMPLE.com", "boss@example.com"},
	    {"boss+x@example.com", "@example.com"},
	    {"a@b@example.com", "@example.com"},
	    {"@example.com", "@example.com"},
	    {"boss@a.example.com", ""},
	    {"boss@example.org", ""},
	    {"boss", ""},
	    {"", ""},
	    {"boss@", ""},
	    {L50 L50 L50 L50 L50 L50 L50 "@example.com", ""},
	};
	struct parsed p;

	parsed_text(&p, span_str(text), SETTINGS_POLICYD);
	CHECK_STR(parsed_why(&p), "");
	CU_ASSERT_FATAL(p.rc == 0 && p.s->nrecipients == 2);
	CHECK_STR(p.s->recipient[0].address, "@example.com");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const struct policyd_settings *want = &p.s->policyd;

		for (size_t k = 0; k < 2; k++) {
			if (strcmp(row[i].key, p.s->recipient[k].address) == 0)
				want = &p.s->recipient[k].policyd;
		}
		suite_row(row[i].address);
		CHECK(
		    settings_recipient(p.s, span_str(row[i].address)) == want);
	}
	suite_row(NULL);
	/* What comes later in the file is in the copies, too. */
	CHECK(p.s->recipient[0].policyd.mail_from.action[SPF_FAIL].kind ==
	    ACTION_DEFER);
	CHECK(p.s->recipient[1].policyd.mail_from.action[SPF_FAIL].kind ==
	    ACTION_DUNNO);
	for (size_t k = 0; k < 2; k++) {
		const struct policyd_settings *own = &p.s->recipient[k].policyd;

		CHECK(own->time_limit == 7);
		CHECK(
		    own->mail_from.action[SPF_SOFTFAIL].kind == ACTION_REJECT);
		CHECK(own->observe == (k == 1));
		CHECK(own->trusted_networks.n == (k == 1 ? 0 : 3));
	}
	parsed_free(&p);
}

SUITE("settings", T(finds_recipients), T(reads_values), T(refuses_values),
    T(tells_all_that_is_wrong), T(tells_it_in_the_order_of_the_rows),
    T(counts_lines), T(has_defaults), T(empty_list_is_empty),
    T(sorts_and_finds_domains), T(names_both_places_of_a_double),
    T(limits_the_name_of_the_record), T(reads_many_domains),
    T(sample_is_the_one_in_conf), T(sample_shows_the_defaults),
    T(tells_its_rows), T(says_results_in_words))
