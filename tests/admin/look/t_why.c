#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "admin/look/why.h"
#include "tests/support/command.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

static struct command w;

static void
put(const char *name, const char *text)
{
	command_file(&w, name, text);
}

static void
begin(void)
{
	command_begin(&w);
	put("ed.pem", pem_ed25519);
	put("rsa.pem", pem_rsa2048);
	put("KeyTable",
	    "# name domain:selector:path\n"
	    "k1 one.example:s1:@/ed.pem\n"
	    "k2 one.example:s2:@/rsa.pem\n"
	    "any %:s3:@/keys/%/k\n");
	put("SigningTable",
	    "*@one.example k1:@%\n"
	    "*@nofile.example any\n"
	    "*@one.example k2\n"
	    "*@lost.example nokey\n");
	put("Logins", "bob bob@own.example\nal *@own.example\n");
	put("Hosts", "127.0.0.1\n!192.0.2.7\n192.0.2.0/24\n*.one.example\n");
	put("postseal.conf",
	    "hostname = \"mx.own.example\"\n"
	    "signer {\n"
	    " key_table = \"@/KeyTable\"\n"
	    " signing_table = \"refile:@/SigningTable\"\n"
	    " auth_table = \"@/Logins\"\n"
	    " internal_hosts = {\"refile:@/Hosts\"}\n"
	    " ignore_hosts = {\"10.0.0.1\"}\n"
	    " never_sign_daemons = {\"REINJECT\"}\n"
	    " sign_daemons = {\"ORIGINATING\"}\n"
	    " sign_macros = {\"ours=yes\"}\n"
	    " exempt_domains = {\"exempt.example\"}\n"
	    " exempt_recipients = {\"far.example\"}\n"
	    " match_envelope = true\n"
	    "}\n"
	    "domain \"own.example\" { key \"o\" { file = \"@/ed.pem\" }\n"
	    " key \"r\" { file = \"@/rsa.pem\" } }\n"
	    "domain \"waits.example\" {\n"
	    " key \"w\" { file = \"@/ed.pem\" active = false } }\n");
}

static void
end(void)
{
	command_end(&w);
}

/* `postseal why` with the config, options and the message. Its exit status;
 * what it printed is in w. */
static int
why(const char *options, const char *message)
{
	put("message", message);
	command_run(&w, "why -c @/postseal.conf %s @/message", options);
	return w.status;
}

#define CONNECTED "client: not authenticated\n"
#define LOCAL \
	CONNECTED \
	"internal_hosts: @/Hosts:1: 127.0.0.1\n"
#define TAIL "\r\n\r\nHello\r\n"

static const struct {
	const char *options, *message;
	int code;
	const char *out; /* all of it */
} row[] = {
    /* signed: which rule said what, line by line of which table */
    {"", "From: A <a@own.example>" TAIL, WHY_SIGNED,
        "From: a@own.example\n" LOCAL "match_envelope: a bounce has no sender\n"
        "domain: @/postseal.conf:15: own.example\n"
        "key: selector o, @/ed.pem\n"
        "key: selector r, @/rsa.pem\n"
        "signature: d=own.example s=o a=ed25519-sha256\n"
        "signature: d=own.example s=r a=rsa-sha256\n"
        "verdict: signed\n"},
    {"--client 192.0.2.9 --from x@one.example", "From: a@one.example" TAIL,
        WHY_SIGNED,
        "From: a@one.example\n" CONNECTED
        "internal_hosts: @/Hosts:3: 192.0.2.0/24\n"
        "match_envelope: sender's domain \"one.example\", From "
        "\"one.example\"\n"
        "domain: no section for one.example\n"
        "signing_table: @/SigningTable:1: *@one.example k1:@%\n"
        "key_table: @/KeyTable:2: k1\n"
        "key: selector s1, @/ed.pem\n"
        "signature: d=one.example s=s1 a=ed25519-sha256 i=@one.example\n"
        "verdict: signed\n"},
    {"--client 198.51.100.1 --client-name mail.one.example",
        "From: a@own.example" TAIL, WHY_SIGNED,
        "From: a@own.example\n" CONNECTED
        "internal_hosts: @/Hosts:4: *.one.example\n"
        "match_envelope: a bounce has no sender\n"
        "domain: @/postseal.conf:15: own.example\n"
        "key: selector o, @/ed.pem\n"
        "key: selector r, @/rsa.pem\n"
        "signature: d=own.example s=o a=ed25519-sha256\n"
        "signature: d=own.example s=r a=rsa-sha256\n"
        "verdict: signed\n"},
    {"--client 198.51.100.1 --auth al", "From: any@own.example" TAIL,
        WHY_SIGNED,
        "From: any@own.example\n"
        "client: authenticated as \"al\"\n"
        "auth_table: @/Logins:2: al *@own.example\n"
        "match_envelope: a bounce has no sender\n"
        "domain: @/postseal.conf:15: own.example\n"
        "key: selector o, @/ed.pem\n"
        "key: selector r, @/rsa.pem\n"
        "signature: d=own.example s=o a=ed25519-sha256\n"
        "signature: d=own.example s=r a=rsa-sha256\n"
        "verdict: signed\n"},
    {"--client 198.51.100.1 --daemon ORIGINATING", "From: a@one.example" TAIL,
        WHY_SIGNED,
        "From: a@one.example\n" CONNECTED "sign_daemons: ORIGINATING\n"
        "match_envelope: a bounce has no sender\n"
        "domain: no section for one.example\n"
        "signing_table: @/SigningTable:1: *@one.example k1:@%\n"
        "key_table: @/KeyTable:2: k1\n"
        "key: selector s1, @/ed.pem\n"
        "signature: d=one.example s=s1 a=ed25519-sha256 i=@one.example\n"
        "verdict: signed\n"},
    /* a signature that does not verify does not count */
    {"--client 198.51.100.1 --macro {ours}=yes",
        "DKIM-Signature: v=1; d=own.example; s=o; b=x\r\n"
        "From: a@own.example" TAIL,
        WHY_SIGNED,
        "From: a@own.example\n" CONNECTED "sign_macros: ours=yes\n"
        "match_envelope: a bounce has no sender\n"
        "domain: @/postseal.conf:15: own.example\n"
        "key: selector o, @/ed.pem\n"
        "key: selector r, @/rsa.pem\n"
        "signature: d=own.example s=o a=ed25519-sha256\n"
        "signature: d=own.example s=r a=rsa-sha256\n"
        "verdict: signed\n"},

    /* not signed */
    {"--client 192.0.2.7", "From: a@own.example" TAIL, WHY_UNSIGNED,
        "From: a@own.example\n" CONNECTED
        "internal_hosts: @/Hosts:2: !192.0.2.7\n"
        "domain: @/postseal.conf:15: own.example\n"
        "key: selector o, @/ed.pem\n"
        "key: selector r, @/rsa.pem\n"
        "verdict: not signed: client 192.0.2.7 is not internal and not "
        "authenticated\n"},
    {"--client 198.51.100.1", "From: a@else.example" TAIL, WHY_UNSIGNED,
        "From: a@else.example\n" CONNECTED
        "internal_hosts: no entry for the client\n"
        "domain: no section for else.example\n"
        "signing_table: no row of @/SigningTable matches a@else.example\n"
        "verdict: not signed: client 198.51.100.1 is not internal and not "
        "authenticated\n"},
    {"--client 10.0.0.1", "From: a@own.example" TAIL, WHY_UNSIGNED,
        "From: a@own.example\n"
        "ignore_hosts: 10.0.0.1\n"
        "verdict: not signed: client 10.0.0.1 is in ignore_hosts: 10.0.0.1\n"},
    {"--daemon REINJECT", "From: a@own.example" TAIL, WHY_UNSIGNED,
        "From: a@own.example\n"
        "never_sign_daemons: REINJECT\n"
        "verdict: not signed: REINJECT is one of never_sign_daemons\n"},
    {"--client 198.51.100.1 --auth bob", "From: al@own.example" TAIL,
        WHY_UNSIGNED,
        "From: al@own.example\n"
        "ignore_hosts: no entry for the client\n"
        "client: authenticated as \"bob\"\n"
        "auth_table: no row of @/Logins lets the login use al@own.example\n"
        "verdict: not signed: login \"bob\" may not use this From address "
        "(@/Logins)\n"},
    {"--from x@far.example", "From: a@own.example" TAIL, WHY_UNSIGNED,
        "From: a@own.example\n" LOCAL
        "match_envelope: sender's domain \"far.example\", From "
        "\"own.example\"\n"
        "verdict: not signed: the envelope sender x@far.example is not of "
        "the From domain own.example\n"},
    {"", "From: a@exempt.example" TAIL, WHY_UNSIGNED,
        "From: a@exempt.example\n" LOCAL
        "match_envelope: a bounce has no sender\n"
        "exempt_domains: exempt.example\n"
        "verdict: not signed: exempt.example is one of exempt_domains\n"},
    {"--to '<b@far.example>'", "From: a@own.example" TAIL, WHY_UNSIGNED,
        "From: a@own.example\n" LOCAL "match_envelope: a bounce has no sender\n"
        "exempt_recipients: far.example\n"
        "verdict: not signed: a recipient is in exempt_recipients: "
        "far.example\n"},
    {"", "From: a@else.example" TAIL, WHY_UNSIGNED,
        "From: a@else.example\n" LOCAL
        "match_envelope: a bounce has no sender\n"
        "domain: no section for else.example\n"
        "signing_table: no row of @/SigningTable matches a@else.example\n"
        "verdict: not signed: no key for else.example\n"},
    {"", "From: a@waits.example" TAIL, WHY_UNSIGNED,
        "From: a@waits.example\n" LOCAL
        "match_envelope: a bounce has no sender\n"
        "domain: @/postseal.conf:17: waits.example\n"
        "verdict: not signed: no active key for waits.example\n"},
    {"", "From: a@nofile.example" TAIL, WHY_UNSIGNED,
        "From: a@nofile.example\n" LOCAL
        "match_envelope: a bounce has no sender\n"
        "domain: no section for nofile.example\n"
        "signing_table: @/SigningTable:2: *@nofile.example any\n"
        "key_table: @/KeyTable:4: any: no file for this domain\n"
        "verdict: not signed: no active key for nofile.example "
        "(@/KeyTable:4)\n"},
    {"", "Subject: x" TAIL, WHY_UNSIGNED,
        LOCAL "verdict: not signed: no From field\n"},
    {"", "From: a@own.example, b@one.example" TAIL, WHY_UNSIGNED,
        LOCAL "verdict: not signed: several addresses in the From field\n"},

    /* put off */
    {"", "From: a@lost.example" TAIL, WHY_TEMPFAIL,
        "From: a@lost.example\n" LOCAL
        "match_envelope: a bounce has no sender\n"
        "domain: no section for lost.example\n"
        "signing_table: @/SigningTable:4: *@lost.example nokey\n"
        "bad_key: @/SigningTable:4\n"
        "verdict: put off: a key for lost.example cannot be used "
        "(@/SigningTable:4)\n"},
};

/* Lines that every answer may have, and that tell nothing. */
static void
drop_lines(char *text, const char *line)
{
	char *at;

	while ((at = strstr(text, line)) != NULL)
		memmove(at, at + strlen(line), strlen(at + strlen(line)) + 1);
}

static void
rules(void)
{
	static const char nobody[] = "ignore_hosts: no entry for the client\n";
	char want[4000];

	begin();
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char what[300];

		snprintf(what, sizeof what, "%s | %.60s", row[i].options,
		    row[i].message);
		suite_row(what);
		CHECK(why(row[i].options, row[i].message) == row[i].code);
		snprintf(
		    want, sizeof want, "%s", tmpdir_placed(&w.dir, row[i].out));
		drop_lines(want, nobody);
		drop_lines(w.out, nobody);
		CHECK_STR(w.out, want);
		/* what is wrong with the config is told each time, beside */
		CHECK(strstr(w.err,
		          tmpdir_placed(&w.dir,
		              "@/SigningTable:4: *@lost.example names the "
		              "key \"nokey\"")) != NULL);
	}
	suite_row(NULL);
	end();
}

/* The same for a program. */
static void
json(void)
{
	json_t *j, *list;

	begin();
	CHECK(why("--json", "From: a@one.example" TAIL) == WHY_SIGNED);
	j = json_loads(w.out, 0, NULL);
	CU_ASSERT_FATAL(j != NULL);
	CHECK_STR(json_string_value(json_object_get(j, "verdict")), "signed");
	CHECK(json_is_null(json_object_get(j, "reason")));
	CHECK_STR(json_string_value(json_object_get(j, "from_domain")),
	    "one.example");
	list = json_object_get(j, "rules");
	CHECK_STR(
	    json_string_value(json_array_get(list, 0)), "From: a@one.example");
	CHECK(json_array_size(list) > 5);
	list = json_array_get(json_object_get(j, "signatures"), 0);
	CHECK_STR(json_string_value(json_object_get(list, "selector")), "s1");
	CHECK_STR(json_string_value(json_object_get(list, "identity")),
	    "@one.example");
	json_decref(j);
	CHECK(why("--json", "From: a@else.example" TAIL) == WHY_UNSIGNED);
	j = json_loads(w.out, 0, NULL);
	CU_ASSERT_FATAL(j != NULL);
	CHECK_STR(json_string_value(json_object_get(j, "verdict")), "unsigned");
	CHECK_STR(json_string_value(json_object_get(j, "reason")),
	    "no key for else.example");
	CHECK(json_array_size(json_object_get(j, "signatures")) == 0);
	json_decref(j);
	end();
}

/* A message writes neither to root's terminal what acts there, nor takes a rule
 * out of the JSON. */
static void
hostile_bytes(void)
{
	static const struct {
		const char *from, *shown;
	} rows[] = {
	    {"\233"
	     "2Ja@own.example",
	        "\\x9B2Ja@own.example"},
	    {"\302\233"
	     "2Ja@own.example",
	        "\\xC2\\x9B2Ja@own.example"},
	    {"\342\200\256a@own.example", "\\xE2\\x80\\xAEa@own.example"},
	    {"\303\274@own.example", "\303\274@own.example"},
	};
	char text[200];

	begin();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_t *j;
		size_t plain;

		suite_row(rows[i].shown);
		snprintf(text, sizeof text, "From: <%s>" TAIL, rows[i].from);
		CHECK(why("--client 198.51.100.1 --auth \2335bob", text) ==
		    WHY_UNSIGNED);
		CHECK(strpbrk(w.out, "\033\007\233") == NULL);
		CHECK(strstr(w.out, "\342\200\256") == NULL);
		CHECK(strstr(w.out, rows[i].shown) != NULL);
		CHECK(strstr(w.out, "client: authenticated as \"\\x9B5bob\"") !=
		    NULL);
		plain = 0;
		for (const char *at = w.out; (at = strchr(at, '\n')) != NULL;
		     at++)
			plain++;
		CHECK(why("--json --client 198.51.100.1 --auth \2335bob",
		          text) == WHY_UNSIGNED);
		j = json_loads(w.out, 0, NULL);
		CU_ASSERT_FATAL(j != NULL);
		/* each line but the verdict */
		CHECK(
		    json_array_size(json_object_get(j, "rules")) == plain - 1);
		json_decref(j);
	}
	CHECK(why("-c \2332J", "From: a@own.example" TAIL) == WHY_WRONG);
	CHECK(
	    strstr(w.err, "\233") == NULL && strstr(w.err, "\\x9B2J") != NULL);
	suite_row(NULL);
	end();
}

static void
command_lines(void)
{
	static const struct {
		const char *options;
		int code;
		const char *says;
	} line[] = {
	    {"--client here", WHY_COMMAND_LINE, "this is no address: here"},
	    {"--macro x", WHY_COMMAND_LINE, "no value in macro x"},
	    {"--nonsense", WHY_COMMAND_LINE, "unknown option --nonsense"},
	    {"two", WHY_COMMAND_LINE, "name one message, FILE or \"-\""},
	    {"-c /none.conf", WHY_WRONG, "/none.conf: "},
	};

	begin();
	for (size_t i = 0; i < sizeof line / sizeof line[0]; i++) {
		suite_row(line[i].options);
		CHECK(why(line[i].options, "From: a@own.example" TAIL) ==
		    line[i].code);
		CHECK(strstr(w.err, line[i].says) != NULL);
		CHECK_STR(w.out, "");
	}
	CHECK(why("--help", "") == 0);
	CHECK(strstr(w.out, "usage: postseal why [options] FILE") != NULL);
	end();
}

/* Declared as 8-bit, not 8-bit text; and not where the config says that Postfix
 * does not encode anew. */
static void
at_risk(void)
{
	static const char risky[] =
	    "at_risk: 8bit: Postfix may have to change it\n";

	begin();
	CHECK(why("", "From: a@one.example\r\n\r\n\xc3\xa9\r\n") == WHY_SIGNED);
	CHECK(strstr(w.out, "at_risk") == NULL);
	CHECK(why("",
	          "From: a@one.example\r\nContent-Transfer-Encoding: binary\r\n"
	          "\r\nascii\r\n") == WHY_SIGNED);
	CHECK(strstr(w.out, risky) != NULL);
	end();
}

SUITE("why", T(rules), T(json), T(hostile_bytes), T(command_lines), T(at_risk))
