/* `postseal spf` as it is called, on a DNS server of its own. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "tests/support/command.h"
#include "tests/support/dnsd.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static const char zone[] =
    "a.example TXT \"v=spf1 ip4:192.0.2.0/24 include:b.example ?mx -all "
    "exp=why.example\"\n"
    "a.example TXT \"some other text\"\n"
    "a.example MX 10 mx.a.example\n"
    "mx.a.example A 192.0.3.3\n"
    "b.example TXT \"v=spf1 a:h.example ~all\"\n"
    "h.example A 192.0.3.2\n"
    "why.example TXT \"%{i} is \\\\ not ours\"\n"
    "bad.example TXT \"v=spf1 a:h.example foo -all\"\n"
    "odd.example TXT \"v=spf1 -all \\255\"\n"
    "dead.example TXT servfail\n"
    "slow.example TXT \"v=spf1 a:silent.example -all\"\n"
    "silent.example A silent\n";

struct rig {
	struct dnsd *server;
	struct command ran;
};

static void
rig_open(struct rig *r, const char *policyd)
{
	char text[1000];

	command_begin(&r->ran);
	r->server = dnsd_start(zone);
	snprintf(text, sizeof text,
	    "hostname = \"mx.test\"\n"
	    "dns { servers = {\"127.0.0.1:%u\"} prefetch = false }\n"
	    "policyd { %s }\n",
	    (unsigned)dnsd_port(r->server), policyd);
	command_file(&r->ran, "p.conf", text);
}

static void
rig_close(struct rig *r)
{
	dnsd_stop(r->server);
	command_end(&r->ran);
}

static void
run(struct rig *r, const char *arguments)
{
	command_run(&r->ran, "spf -c @/p.conf %s", arguments);
}

/* Each number before " ms" becomes N. */
static void
hide_times(char *text)
{
	for (char *at = text; (at = strstr(at, " ms")) != NULL; at++) {
		char *from = at;

		while (from > text && from[-1] >= '0' && from[-1] <= '9')
			from--;
		*from = 'N';
		memmove(from + 1, at, strlen(at) + 1);
		at = from + 1;
	}
}

static void
for_people(void)
{
	struct rig r;

	rig_open(&r, "");
	run(&r, "--ip 192.0.3.9 --from u@a.example --trace");
	hide_times(r.ran.out);
	CU_ASSERT_EQUAL(r.ran.status, 0);
	CHECK_STR(r.ran.err, "");
	CHECK_STR(r.ran.out,
	    "MAIL FROM: fail\n"
	    "  domain       a.example\n"
	    "  mechanism    all\n"
	    "  explanation  192.0.3.9 is \\ not ours\n"
	    "  lookups      3 of 10, void: 0 of 2, questions: 6\n"
	    "  DNSSEC       insecure\n"
	    "  ? TXT a.example (N ms, insecure): \"v=spf1 ip4:192.0.2.0/24 "
	    "include:b.example ?mx -all exp=why.example\" and 1 other text\n"
	    "  record of a.example: fail\n"
	    "    ip4:192.0.2.0/24                          no match\n"
	    "    include:b.example                         no match\n"
	    "      ? TXT b.example (N ms, insecure): \"v=spf1 a:h.example "
	    "~all\"\n"
	    "      record of b.example: softfail\n"
	    "        a:h.example                           no match\n"
	    "          ? A h.example (N ms, insecure): 192.0.3.2\n"
	    "        ~all                                  match: softfail\n"
	    "    ?mx                                       no match\n"
	    "      ? MX a.example (N ms, insecure): 10 mx.a.example\n"
	    "      ? A mx.a.example (N ms, insecure): 192.0.3.3\n"
	    "    -all                                      match: fail\n"
	    "    exp=why.example                           modifier\n"
	    "  beside these\n"
	    "    ? TXT why.example (N ms, insecure): \"%{i} is \\092 not "
	    "ours\"\n"
	    "\n"
	    "  header       Received-SPF: fail (mx.test: a.example does not "
	    "designate 192.0.3.9 as permitted sender) client-ip=192.0.3.9; "
	    "envelope-from=\"u@a.example\"; receiver=mx.test; mechanism=all; "
	    "identity=mailfrom\n"
	    "  action       550 5.7.23 SPF fail for MAIL FROM: a.example does "
	    "not permit 192.0.3.9; a.example explains: 192.0.3.9 is \\ not "
	    "ours\n"
	    "  time         N ms\n");
	rig_close(&r);
}

/* Without --trace; both identities; an action that is the header. */
static void
short_form(void)
{
	struct rig r;

	rig_open(&r, "");
	run(&r, "-i 192.0.3.2 -f u@a.example -H bad.example");
	hide_times(r.ran.out);
	CU_ASSERT_EQUAL(r.ran.status, 0);
	CHECK_STR(r.ran.out,
	    "HELO: permerror\n"
	    "  domain       bad.example\n"
	    "  problem      bad.example: foo: unknown mechanism\n"
	    "  lookups      0 of 10, void: 0 of 2, questions: 1\n"
	    "  DNSSEC       insecure\n"
	    "\n"
	    "MAIL FROM: pass\n"
	    "  domain       a.example\n"
	    "  mechanism    include:b.example\n"
	    "  lookups      2 of 10, void: 0 of 2, questions: 3\n"
	    "  DNSSEC       insecure\n"
	    "\n"
	    "  header       Received-SPF: pass (mx.test: a.example designates "
	    "192.0.3.2 as permitted sender) client-ip=192.0.3.2; "
	    "envelope-from=\"u@a.example\"; helo=bad.example; "
	    "receiver=mx.test; mechanism=\"include:b.example\"; "
	    "identity=mailfrom\n"
	    "  action       PREPEND, the header\n"
	    "  time         N ms\n");
	rig_close(&r);
}

/* What the config says is what is told. */
static void
by_the_config(void)
{
	static const struct {
		const char *policyd, *arguments, *has;
	} rows[] = {
	    {"trusted_networks = {\"192.0.3.0/24\"}",
	        "-i 192.0.3.9 -f u@a.example",
	        "not checked: trusted_networks\n"},
	    {"", "-i 192.0.3.9 -f u@a.example -l joe",
	        "not checked: trust_authenticated\n"},
	    {"trusted_relays = {\"192.0.3.9\"}", "-i 192.0.3.9 -f u@a.example",
	        "  action       PREPEND X-Comment: SPF not checked: trusted "
	        "relay; receiver=mx.test\n"},
	    {"trusted_clients = {\"relay.example\"}",
	        "-i 192.0.3.9 -f u@a.example -n mx.relay.example",
	        "not checked: trusted_clients"},
	    {"header = \"Authentication-Results\"",
	        "-i 192.0.2.1 -f u@a.example",
	        "  header       Authentication-Results: mx.test; spf=pass"},
	    {"header = \"none\"", "-i 192.0.2.1 -f u@a.example",
	        "  action       dunno\n"},
	    {"observe = true", "-i 192.0.3.9 -f u@a.example",
	        "  would be     550 5.7.23"},
	    {"recipient \"b@c.example\" { observe = true }",
	        "-i 192.0.3.9 -f u@a.example -t b@c.example",
	        "  would be     550 5.7.23"},
	    {"", "-i 192.0.2.1 -H bad.example -x",
	        "  record of bad.example: unknown mechanism\n"
	        "    a:h.example                               not reached\n"
	        "    foo                                       error\n"},
	    {"", "-i 192.0.2.1 -f u@dead.example -x", "): SERVFAIL\n\n"},
	    {"time_limit = 1", "-i 192.0.2.1 -f u@slow.example -x",
	        "    a:silent.example                          waiting\n"
	        "      ? A silent.example: no answer yet\n"},
	    {"", "-i 192.0.2.1 -f u@odd.example -x", "\\255 "},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rig r;

		suite_row(rows[i].arguments);
		rig_open(&r, rows[i].policyd);
		run(&r, rows[i].arguments);
		CHECK(r.ran.status == 0);
		if (strstr(r.ran.out, rows[i].has) == NULL)
			CHECK_STR(r.ran.out, rows[i].has);
		rig_close(&r);
	}
	suite_row(NULL);
}

static void
for_machines(void)
{
	const char *result, *outcome, *name, *header;
	struct rig r;
	json_t *j;

	rig_open(&r, "");
	run(&r, "-i 192.0.3.2 -f u@a.example --trace --json");
	CU_ASSERT_EQUAL(r.ran.status, 0);
	j = json_loads(r.ran.out, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(j, "checks")), 1);
	CU_ASSERT_EQUAL(
	    json_unpack(json_array_get(json_object_get(j, "checks"), 0),
	        "{s:s, s:{s:[{}, {s:s, s:[{s:s}]}]}}", "result", &result,
	        "record", "terms", "outcome", &outcome, "questions", "name",
	        &name),
	    0);
	CHECK_STR(result, "pass");
	CHECK_STR(outcome, "match");
	CHECK_STR(name, "b.example");
	CU_ASSERT_EQUAL(json_unpack(j, "{s:s}", "header", &header), 0);
	CU_ASSERT_EQUAL(strncmp(header, "Received-SPF: pass ", 19), 0);
	json_decref(j);
	run(&r, "-i 192.0.3.2 -f u@odd.example -xj");
	j = json_loads(r.ran.out, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL(j);
	json_decref(j);
	rig_close(&r);
}

static void
command_line(void)
{
	static const char *const wrong[] = {"", "-i 192.0.2.1",
	    "-i 192.0.2 -f u@a.example", "-f u@a.example",
	    "-i 192.0.2.1 -f u@a.example word", "--nonsense"};
	struct rig r;

	rig_open(&r, "");
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		suite_row(wrong[i]);
		run(&r, wrong[i]);
		CHECK(r.ran.status == 2);
		CHECK(strstr(r.ran.err, "--help") != NULL);
		CHECK_STR(r.ran.out, "");
	}
	suite_row(NULL);
	run(&r, "--help");
	CU_ASSERT_EQUAL(r.ran.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.ran.out, "--trace"));
	rig_close(&r);
	rig_open(&r, "nonsense = 1");
	run(&r, "-i 192.0.2.1 -f u@a.example");
	CU_ASSERT_EQUAL(r.ran.status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.ran.err, "p.conf:3"));
	rig_close(&r);
}

SUITE("spf", T(for_people), T(short_form), T(by_the_config), T(for_machines),
    T(command_line))
