#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static const char config[] =
    "signer { internal_hosts = {\"127.0.0.0/8\", \"::1/128\", "
    "\"192.0.2.0/24\"} }\n"
    "domain \"good.example\" {\n"
    " key \"r\" { file = \"@rsa.pem\" }\n"
    " key \"e\" { file = \"@ed.pem\" }\n}\n"
    "domain \"bad.example\" { key \"a\" { file = \"@none.pem\" } }\n"
    "domain \"waits.example\" {\n"
    " key \"a\" { file = \"@ed.pem\" active = false }\n}\n"
    "domain \"xn--bcher-kva.example\" {\n"
    " key \"a\" { file = \"@ed.pem\" }\n}\n";

/* Header as lines "Name:value", a newline behind each. */
static size_t
split(const char *text, struct field *f)
{
	size_t n = 0;

	while (*text != '\0') {
		size_t colon = strcspn(text, ":"), end = strcspn(text, "\n");

		f[n].name = span_of(text, colon);
		f[n].value = span_of(text + colon + 1, end - colon - 1);
		n++;
		text += end + 1;
	}
	return n;
}

static void
choose(const struct fixture *f, const char *header, const char *client,
    bool authenticated, struct choose *ret)
{
	struct field field[16];
	struct ip ip;
	struct choose_input in = {.authenticated = authenticated,
	    .fields = {field, split(header, field)}};

	if (client != NULL && ip_parse(span_str(client), &ip) == 0)
		in.client = &ip;
	choose_message(f->keys, &in, ret);
}

static void
from_fields(void)
{
	static const struct {
		const char *header;
		enum choose_verdict verdict;
		const char *from;
	} row[] = {
	    {"From: a@good.example\n", CHOOSE_SIGN, "good.example"},
	    {"FROM:a@GOOD.Example\n", CHOOSE_SIGN, "good.example"},
	    {"Sender: x@bad.example\nFrom: \"B, C\" <a@good.example>\n"
	     "Reply-To: x@bad.example\n",
	        CHOOSE_SIGN, "good.example"},
	    {"From: a@b\xc3\xbc"
	     "cher.example\n",
	        CHOOSE_SIGN, "xn--bcher-kva.example"},
	    {"To: a@good.example\n", CHOOSE_FROM_MISSING, ""},
	    {"", CHOOSE_FROM_MISSING, ""},
	    {"Resent-From: a@good.example\n", CHOOSE_FROM_MISSING, ""},
	    {"From: a@good.example\nFrom: a@good.example\n",
	        CHOOSE_FROM_REPEATED, ""},
	    {"From: a@good.example\nfrom : ceo@victim.example\n",
	        CHOOSE_FROM_REPEATED, ""},
	    {"From:\n", CHOOSE_FROM_EMPTY, ""},
	    {"From: <>\n", CHOOSE_FROM_EMPTY, ""},
	    {"From: a@good.example, b@good.example\n", CHOOSE_FROM_SEVERAL, ""},
	    {"From: a@good.example <b@other.example>\n", CHOOSE_FROM_BAD, ""},
	    {"From: nobody\n", CHOOSE_FROM_BAD, ""},
	    {"From: a@good..example\n", CHOOSE_FROM_BAD, ""},
	    {"From: a@other.example\n", CHOOSE_DOMAIN_UNKNOWN, "other.example"},
	    {"From: a@sub.good.example\n", CHOOSE_DOMAIN_UNKNOWN,
	        "sub.good.example"},
	    {"From: a@example\n", CHOOSE_DOMAIN_UNKNOWN, "example"},
	    {"From: a@bad.example\n", CHOOSE_DOMAIN_BAD_KEY, "bad.example"},
	    {"From: a@waits.example\n", CHOOSE_DOMAIN_NO_KEY, "waits.example"},
	};
	struct fixture f;
	struct choose c;

	fixture_make(&f, config);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].header);
		choose(&f, row[i].header, "127.0.0.1", false, &c);
		CHECK(c.verdict == row[i].verdict);
		CHECK_STR(c.from, row[i].from);
		CHECK((c.domain != NULL) ==
		    (c.verdict == CHOOSE_SIGN ||
		        c.verdict == CHOOSE_DOMAIN_BAD_KEY ||
		        c.verdict == CHOOSE_DOMAIN_NO_KEY));
	}
	choose(&f, row[0].header, "127.0.0.1", false, &c);
	CHECK(c.domain->nkeys == 2);
	fixture_free(&f);
}

static void
clients(void)
{
	static const struct {
		const char *client;
		bool authenticated;
		enum choose_verdict verdict;
	} row[] = {
	    {"127.0.0.1", false, CHOOSE_SIGN},
	    {"::1", false, CHOOSE_SIGN},
	    {"192.0.2.255", false, CHOOSE_SIGN},
	    {"::ffff:192.0.2.1", false, CHOOSE_SIGN},
	    {"192.0.3.0", false, CHOOSE_CLIENT_OUTSIDE},
	    {"2001:db8::1", false, CHOOSE_CLIENT_OUTSIDE},
	    {"2001:db8::1", true, CHOOSE_SIGN},
	    {NULL, false, CHOOSE_CLIENT_OUTSIDE},
	    {NULL, true, CHOOSE_SIGN},
	};
	struct fixture f;
	struct choose c;

	fixture_make(&f, config);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].client);
		choose(&f, "From: a@good.example\n", row[i].client,
		    row[i].authenticated, &c);
		CHECK(c.verdict == row[i].verdict);
		CHECK_STR(c.from, "good.example");
	}
	/* of two reasons the one that the administrator can change */
	choose(&f, "From: a@other.example\n", "192.0.3.1", false, &c);
	CHECK(c.verdict == CHOOSE_CLIENT_OUTSIDE);
	CHECK_STR(c.from, "other.example");
	choose(&f, "To: x\n", "192.0.3.1", false, &c);
	CHECK(c.verdict == CHOOSE_CLIENT_OUTSIDE);
	fixture_free(&f);
}

static void
reasons(void)
{
	for (int a = CHOOSE_SIGN; a <= CHOOSE_DOMAIN_BAD_KEY; a++) {
		CHECK(strcmp(choose_reason(a), "unknown") != 0);
		for (int b = a + 1; b <= CHOOSE_DOMAIN_BAD_KEY; b++)
			CHECK(strcmp(choose_reason(a), choose_reason(b)) != 0);
	}
}

SUITE("choose", T(from_fields), T(clients), T(reasons))
