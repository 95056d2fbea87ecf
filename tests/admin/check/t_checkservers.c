/* Real: no fake stands in for the loop and the resolver. */
/* `postseal check` and scripted DNS servers, with the real resolver. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/checkservers.h"
#include "common/dns/nameservers.h"
#include "tests/support/await.h"
#include "tests/support/clock.h"
#include "tests/support/command.h"
#include "tests/support/dnsd.h"
#include "tests/support/found.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

#define A "a.example MX 10 mx.a.example\na.example TXT \"v=spf1 mx -all\"\n"
#define NET "iana.org MX 10 mx.iana.org\n"
#define BELIEVES NET "dnssec-failed.org A 192.0.2.9\n"
#define VALIDATES NET "dnssec-failed.org A bogus\n"
#define DOMAIN(name) "domain " name " { key s { file = /k } }\n"
#define SICK \
	"a.example ANY servfail\niana.org ANY servfail\n" \
	"dnssec-failed.org ANY servfail\n"

enum { SERVERS = 2 };

/* {1}, {2}: the servers as they are named. */
static const struct row {
	const char *zone[SERVERS]; /* NULL: there is none; "mute", "closed" */
	const char *mode;          /* of the first */
	const char *dns;           /* more keys of that section */
	enum finding_level level;
	const char *what;
	const char *mend;   /* a part of it; NULL: there is none */
	const char *absent; /* no finding has it; or NULL */
} rows[] = {
    /* do they answer? */
    {{"", ""}, "", "", FINDING_OK, "the DNS server {1} answers in ", NULL,
        "no answer"},
    {{A, "mute"}, "", "", FINDING_WARNING,
        "the DNS server {2} gives no answer (timeout)", "in dns.servers",
        "agree"},
    {{"closed", A}, "", "", FINDING_WARNING,
        "the DNS server {1} gives no answer (unreachable)", "in dns.servers",
        "agree"},
    {{SICK, A}, "", "", FINDING_WARNING,
        "the DNS server {1} gives no answer (SERVFAIL)", "in dns.servers",
        "the DNS server {1} answers"},
    {{"mute", "closed"}, "", "", FINDING_ERROR,
        "the DNS server {1} gives no answer (timeout)", "in dns.servers",
        "agree"},
    {{"closed", NULL}, "", "", FINDING_ERROR,
        "the DNS server {1} gives no answer (unreachable)", "in dns.servers",
        "answers in"},
    {{A, NULL}, "formerr", "", FINDING_OK, "the DNS server {1} answers in ",
        NULL, "no answer"},
    /* do they agree? */
    {{A, A}, "", "", FINDING_OK, "2 DNS servers agree on MX and TXT of a.exam",
        NULL, "do not agree"},
    {{"a.example MX 10 x.example\na.example MX 5 y.example\n",
         "a.example MX 5 y.example\na.example MX 10 x.example\n"},
        "", "", FINDING_OK, "2 DNS servers agree", NULL, "do not"},
    {{A, ""}, "", "", FINDING_WARNING,
        "the DNS servers do not agree on the MX of a.example: {1} has it, {2} "
        "knows no such name",
        "wrong one out of dns.servers", "servers agree"},
    {{A, "a.example A 192.0.2.1\n"}, "", "", FINDING_WARNING,
        "on the MX of a.example: {1} has it, {2} has none", "wrong one",
        "on the TXT"},
    {{A, "a.example MX 20 mx.a.example\n"}, "", "", FINDING_WARNING,
        "on the MX of a.example: {1} has it, {2} has other records",
        "wrong one", "servers agree"},
    {{A, A "a.example MX 20 mx.a.example\n"}, "", "", FINDING_WARNING,
        "on the MX of a.example: {1} has it, {2} has other records",
        "wrong one", "servers agree"},
    {{A, "a.example MX 10 mx.a.example\na.example TXT \"v=spf1 a -all\"\n"}, "",
        "", FINDING_WARNING,
        "on the TXT of a.example: {1} has it, {2} has other records",
        "wait for its TTL", "servers agree"},
    {{A NET, A}, "", "", FINDING_WARNING,
        "on the MX of iana.org: {1} has it, {2} knows no such name",
        "wrong one", "servers agree"},
    {{A NET, A "iana.org MX refused\n"}, "", "", FINDING_WARNING,
        "the DNS server {2} gives no answer (REFUSED) for the MX of iana.org, "
        "but {1} does",
        "take it out of dns.servers", "servers agree"},
    {{"a.example MX servfail\na.example TXT \"v=spf1 mx -all\"\n", A}, "", "",
        FINDING_WARNING,
        "the DNS server {1} gives no answer (SERVFAIL) for the MX of "
        "a.example, but {2} does",
        "take it out of dns.servers", "servers agree"},
    {{"a.example MX servfail\n", "a.example MX servfail\n"}, "", "", FINDING_OK,
        "2 DNS servers agree", NULL, "SERVFAIL"},
    {{A NET "dnssec-failed.org A timeout\n", A "iana.org MX timeout\n"}, "", "",
        FINDING_OK, "2 DNS servers agree", NULL, "DNSSEC"},
    /* how fast, and where */
    {{A "a.example MX delay=20\n", NULL}, "", "", FINDING_NOTE,
        "the DNS server {1} answers in ", "install unbound on this host",
        "agree"},
    /* what they validate */
    {{A VALIDATES, NULL}, "ad", "", FINDING_OK,
        " is on this host, validates (DNSSEC)", NULL, "AD"},
    {{A VALIDATES, NULL}, "", "", FINDING_OK,
        " is on this host, validates (DNSSEC) but does not say so (AD)", NULL,
        "does not validate"},
    {{A BELIEVES, NULL}, "", "", FINDING_NOTE,
        " is on this host, does not validate (DNSSEC)", "install unbound",
        "trust_ad"},
    {{A VALIDATES, A BELIEVES}, "ad", "", FINDING_OK, "{2} answers in ", NULL,
        "do not agree"},
    {{A NET, NULL}, "ad", "", FINDING_OK, " is on this host", NULL, "DNSSEC"},
    {{A "dnssec-failed.org A bogus\n", NULL}, "ad", "", FINDING_OK,
        " is on this host", NULL, "DNSSEC"},
    /* trust_ad */
    {{A VALIDATES, NULL}, "ad", "trust_ad = true", FINDING_OK,
        "validates (DNSSEC)", NULL, "trust_ad"},
    {{A BELIEVES, NULL}, "", "trust_ad = true", FINDING_NOTE,
        "does not validate", "install unbound", "trust_ad"},
    {{A BELIEVES, NULL}, "ad", "trust_ad = true", FINDING_WARNING,
        "trust_ad is set, but the DNS server {1} believes the wrong "
        "signatures of dnssec-failed.org",
        "trust_ad = false", "not on this host"},
};

struct rig {
	struct dnsd *server[SERVERS];
	char name[SERVERS][DNS_SERVER_TEXT_MAX];
	struct found found;
};

/* Text with {1} and {2} as the servers' names, in buf[500]. */
static const char *
named(const struct rig *r, const char *text, char *buf)
{
	size_t n = 0;

	for (; *text != '\0' && n < 400; text++) {
		if (*text == '{' && (text[1] == '1' || text[1] == '2') &&
		    text[2] == '}') {
			n += (size_t)sprintf(
			    buf + n, "%s", r->name[text[1] - '1']);
			text += 2;
		} else
			buf[n++] = *text;
	}
	buf[n] = '\0';
	return buf;
}

static void
server_start(struct rig *r, size_t i, const char *zone)
{
	bool mute = strcmp(zone, "mute") == 0,
	     closed = strcmp(zone, "closed") == 0;

	clock_script();
	r->server[i] = dnsd_start(mute || closed ? "" : zone);
	sprintf(r->name[i], "127.0.0.1:%u", dnsd_port(r->server[i]));
	if (mute)
		dnsd_mute(r->server[i]);
	if (closed)
		dnsd_close(r->server[i]);
}

/* dns: more keys of that section; rest: of the config. */
static void
rig_open(struct rig *r, const char *dns, const char *rest)
{
	char text[1000] = "hostname = mx.a.example\ndns {";

	for (size_t i = 0; i < SERVERS && r->server[i] != NULL; i++)
		sprintf(text + strlen(text), "%s\"%s\"",
		    i == 0 ? "servers = {" : ", ", r->name[i]);
	sprintf(text + strlen(text), "%s %s }\n%s\n",
	    r->server[0] == NULL ? "" : "}", dns, rest);
	found_open(&r->found, text);
}

static void
rig_close(struct rig *r)
{
	found_close(&r->found);
	for (size_t i = 0; i < SERVERS; i++) {
		if (r->server[i] != NULL)
			dnsd_stop(r->server[i]);
	}
}

static const struct finding *
find(const struct rig *r, const char *what)
{
	char text[500];

	return found_first(&r->found.f, named(r, what, text));
}

/* The time of an answer that is on its way is not a matter of ours, but two
 * rounds are the most that there are. */
static void
look(struct rig *r, const char *resolv_conf, const char *host)
{
	uint64_t begun = await_now_ms();
	bool answers;

	CHECK(checkservers_look(&r->found.tool, resolv_conf, host, &r->found.f,
	          &answers) == 0);
	CHECK(answers == (r->found.f.count[FINDING_ERROR] == 0));
	CHECK(await_now_ms() - begun <= 2 * CHECKSERVERS_SECONDS * 1000);
	CHECK(!r->found.f.no_memory);
	CHECK(r->found.f.count[FINDING_UNKNOWN] == 0);
	for (const struct finding *i = r->found.f.first; i != NULL;
	     i = i->next) {
		CHECK(strcmp(i->area, "dns") == 0);
		CHECK(i->level < FINDING_NOTE ||
		    (i->why != NULL && i->mend != NULL));
	}
}

static void
each_finding(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		char text[500];
		struct rig r = {0};

		suite_row(row->what);
		for (size_t k = 0; k < SERVERS && row->zone[k] != NULL; k++)
			server_start(&r, k, row->zone[k]);
		if (*row->mode != '\0')
			dnsd_mode(r.server[0], row->mode);
		rig_open(&r, row->dns, "");
		look(&r, "/none", "mx.a.example");
		found_check(&r.found.f, named(&r, row->what, text), row->level,
		    row->mend);
		CHECK(row->absent == NULL || find(&r, row->absent) == NULL);
		rig_close(&r);
	}
	suite_row(NULL);
}

/* Which name they are asked about: the first domain (they are sorted), or what
 * is a mail domain in the host's name. */
static void
which_name(void)
{
	static const struct {
		const char *config, *host, *name;
	} names[] = {{"", "mx.a.example", "a.example"},
	    {"", "a.example", "a.example"}, {"", "a", "a"},
	    {"", "a..b", "iana.org"}, {"", "", "iana.org"},
	    {"", "mx.a.example.net", "a.example.net"},
	    {DOMAIN("c.example") DOMAIN("b.example"), "mx.a.example",
	        "b.example"}};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct rig r = {0};

		suite_row(names[i].host);
		server_start(&r, 0, "");
		rig_open(&r, "", names[i].config);
		look(&r, "/none", names[i].host);
		/* the second one is for the time */
		CHECK(dnsd_count(r.server[0], names[i].name, "MX") == 2);
		CHECK(dnsd_count(r.server[0], names[i].name, "TXT") == 1);
		CHECK(dnsd_count(r.server[0], "iana.org", "MX") > 0);
		CHECK(dnsd_count(r.server[0], "dnssec-failed.org", "A") == 1);
		rig_close(&r);
	}
	suite_row(NULL);
}

/* Servers that are asked by TCP alone are looked at by TCP. */
static void
over_tcp(void)
{
	struct rig r = {0};

	server_start(&r, 0, A);
	rig_open(&r, "", "");
	r.found.tool.settings->dns.tcp = true;
	look(&r, "/none", "mx.a.example");
	CHECK(find(&r, "the DNS server {1} answers in ") != NULL);
	CHECK(dnsd_count_tcp(r.server[0], "a.example", "MX") == 2);
	CHECK(dnsd_total(r.server[0]) == 5 && dnsd_ports(r.server[0]) == 0);
	rig_close(&r);
}

/* Nobody answers: that is told, and no more is asked, however many domains
 * there are. */
static void
nobody_answers(void)
{
	static const char *const kinds[] = {"mute", "closed", SICK};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		static struct command c;
		struct rig r = {0};

		suite_row(kinds[i]);
		server_start(&r, 0, "mute");
		server_start(&r, 1, kinds[i]);
		rig_open(&r, "timeout = 5",
		    DOMAIN("a.example") DOMAIN("b.example") DOMAIN("c.example")
		        DOMAIN("d.example"));
		command_begin(&c);
		command_run(&c, "check --config %s/p.conf --postfix %s",
		    r.found.dir.path, r.found.dir.path);
		command_end(&c);
		CHECK(c.status == TOOL_FAILED);
		CHECK(strstr(c.out,
		          "this host, its keys and 4 domains were not looked "
		          "up") != NULL);
		CHECK(strstr(c.out, " unknown") != NULL);
		CHECK(strstr(c.out, "rules") == NULL);
		CHECK(dnsd_count(r.server[0], "b.example", "TXT") == 0);
		rig_close(&r);
	}
	suite_row(NULL);
}

/* One that is on no host: no packet for that address leaves the loopback. */
static void
of_resolv_conf(void)
{
	static const char *const options[] = {"", "options trust-ad\n"};

	for (size_t i = 0; i < 2; i++) {
		char text[100], path[TMPDIR_PATH_MAX];
		const struct finding *found;
		struct rig r = {0};

		rig_open(&r, "", "");
		sprintf(text, "nameserver fe80::53%%lo\n%s", options[i]);
		tmpdir_write(&r.found.dir, "resolv.conf", text);
		look(&r, tmpdir_file(&r.found.dir, "resolv.conf", path),
		    "mx.a.example");
		found =
		    find(&r, "the DNS server fe80::53%lo gives no answer (");
		CHECK(found != NULL && found->level == FINDING_ERROR &&
		    strstr(found->mend, path) != NULL);
		found = find(&r,
		    "trust_ad is set, but the DNS server "
		    "fe80::53%lo is not on this host");
		CHECK((found != NULL) == (i == 1));
		CHECK(found == NULL || found->level == FINDING_WARNING);
		rig_close(&r);
	}
}

/* A file that root may read, but not each daemon's user (only root can try):
 * one finding, of the first. Nothing where the file is not asked for, or who
 * may not read it is no user. */
static void
of_a_file_that_daemons_may_not_read(void)
{
	static const struct {
		mode_t mode;
		const char *user, *dns, *what; /* NULL: nothing */
	} row[] = {
	    {0644, "policyd { user = nobody }", "", NULL},
	    {0600, "policyd { user = nobody }", "",
	        "policyd.user, nobody, may not read "},
	    {0600, "signer { user = nobody }", "",
	        "signer.user, nobody, may not read "},
	    {0600, "verifier { user = nobody }", "",
	        "verifier.user, nobody, may not read "},
	    {0600, "policyd { user = root } verifier { user = nobody }", "",
	        "verifier.user, nobody, may not read "},
	    {0600, "policyd { user = nobody } signer { user = nobody }", "",
	        "policyd.user, nobody, may not read "},
	    {0600, "policyd { user = nosuchuser }", "", NULL},
	    {0600, "policyd { user = nobody }", "servers = {\"127.0.0.1:1\"}",
	        NULL},
	};
	bool answers;

	if (geteuid() != 0) {
		suite_skip("only root can try what others may read");
		return;
	}
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char path[TMPDIR_PATH_MAX], config[200] = "", mend[200];
		const char *const user[] = {"policyd", "signer", "verifier"};
		struct rig r = {0};

		suite_row(row[i].user);
		for (size_t k = 0; k < 3; k++) {
			if (strstr(row[i].user, user[k]) == NULL)
				sprintf(config + strlen(config),
				    "%s { user = root }\n", user[k]);
		}
		strcat(config, row[i].user);
		rig_open(&r, row[i].dns, config);
		tmpdir_write(
		    &r.found.dir, "resolv.conf", "nameserver fe80::53%lo\n");
		tmpdir_file(&r.found.dir, "resolv.conf", path);
		CHECK(chmod(path, row[i].mode) == 0);
		CHECK(checkservers_look(&r.found.tool, path, "mx.a.example",
		          &r.found.f, &answers) == 0);
		snprintf(mend, sizeof mend, "chmod a+r %s", path);
		if (row[i].what != NULL)
			found_check(
			    &r.found.f, row[i].what, FINDING_ERROR, mend);
		CHECK(r.found.f.count[FINDING_ERROR] ==
		    1 + (row[i].what != NULL)); /* nobody answers */
		rig_close(&r);
	}
	suite_row(NULL);
}

/* Of the source, its set, and those two and the resolver of each server; what a
 * question needs is a matter of the resolver. */
static void
without_memory(void)
{
	struct rig r = {0};
	bool answers;
	int rc;

	server_start(&r, 0, A);
	server_start(&r, 1, A);
	rig_open(&r, "", "");
	for (long n = 0; n < 2 + SERVERS * 3; n++) {
		nomem_round(n);
		rc = checkservers_look(&r.found.tool, "/none", "mx.a.example",
		    &r.found.f, &answers);
		CHECK(nomem_end() ? rc == -ENOMEM : suite_under_valgrind());
	}
	CHECK(r.found.f.first == NULL || suite_under_valgrind());
	look(&r, "/none", "mx.a.example");
	rig_close(&r);
}

SUITE("checkservers", T(each_finding), T(which_name), T(over_tcp),
    T(nobody_answers), T(of_resolv_conf),
    T(of_a_file_that_daemons_may_not_read), T(without_memory))
