#include <errno.h>

#include "admin/postfix/wiring.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

#define CHECK_IT "check_policy_service unix:private/policyd-spf"

static void
inserts_into_restrictions(void)
{
	static const struct {
		const char *text;
		enum wiring_relay relay;
		int rc;
		const char *want; /* or why not */
	} rows[] = {
	    {"", WIRING_RELAY_DEFAULT, 0,
	        "permit_mynetworks, permit_sasl_authenticated, "
	        "reject_unauth_destination, " CHECK_IT},
	    {"", WIRING_RELAY_OWN, 0,
	        "permit_mynetworks, permit_sasl_authenticated, " CHECK_IT},
	    {"permit_mynetworks, reject_unauth_destination, "
	     "reject_rbl_client x",
	        WIRING_RELAY_DEFAULT, 0,
	        "permit_mynetworks, reject_unauth_destination, " CHECK_IT
	        ", reject_rbl_client x"},
	    {"$mine defer_unauth_destination permit", WIRING_RELAY_OPEN, 0,
	        "$mine defer_unauth_destination, " CHECK_IT " permit"},
	    {"reject_non_fqdn_sender", WIRING_RELAY_OWN, 0,
	        "reject_non_fqdn_sender, " CHECK_IT},
	    {"permit_mynetworks, permit", WIRING_RELAY_DEFAULT, 0,
	        "permit_mynetworks, " CHECK_IT ", permit"},
	    {"reject_unauth_destination, check_policy_service "
	     "unix:private/policyd-spf",
	        WIRING_RELAY_OWN, -EALREADY, ""},
	    {"reject_unauth_destination check_policy_service { "
	     "unix:private/policyd-spf, default_action=DUNNO }",
	        WIRING_RELAY_OWN, -EALREADY, ""},
	    {"$mine", WIRING_RELAY_DEFAULT, -EINVAL, "it has a $name"},
	    {"permit_mynetworks, Greylist", WIRING_RELAY_OWN, -EINVAL,
	        "it has a $name or a class"},
	    {"reject_unauth_destination greylist", WIRING_RELAY_OWN, 0,
	        "reject_unauth_destination, " CHECK_IT " greylist"},
	    {"permit_mynetworks", WIRING_RELAY_OPEN, -EINVAL, "open relay"},
	    {"permit_mynetworks, reject", WIRING_RELAY_OWN, -EINVAL,
	        "ends with reject"},
	    {"check_policy_service { unix:x", WIRING_RELAY_OWN, -EINVAL,
	        "brace"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span text = guard_copy(span_str(rows[i].text));
		const char *why = "";
		struct buf out;

		suite_row(rows[i].text);
		buf_init(&out, 4096);
		CHECK(wiring_restrictions(text, span_str("greylist, other"),
		          rows[i].relay, "unix:private/policyd-spf", &out,
		          &why) == rows[i].rc);
		if (rows[i].rc == -EINVAL)
			CHECK(strstr(why, rows[i].want) != NULL);
		else
			CHECK_STR(buf_text(&out), rows[i].want);
		buf_free(&out);
		guard_free(text);
	}
	suite_row(NULL);
}

static void
finds_its_place(void)
{
	static const struct {
		const char *text;
		enum wiring_place place;
	} rows[] = {{"", WIRING_ABSENT},
	    {"reject_unauth_destination, check_policy_service inet:x:1",
	        WIRING_ABSENT},
	    {"reject_unauth_destination," CHECK_IT, WIRING_GOOD},
	    {CHECK_IT ", reject_unauth_destination", WIRING_UNSAFE},
	    {"{ a", WIRING_UNREADABLE}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].text);
		CHECK(wiring_place(span_str(rows[i].text),
		          "unix:private/policyd-spf") == rows[i].place);
	}
	suite_row(NULL);
	CHECK(wiring_guards_relay(
	    span_str("permit_mynetworks, defer_unauth_destination")));
	CHECK(wiring_guards_relay(span_str("permit_mynetworks reject")));
	CHECK(!wiring_guards_relay(span_str("permit_mynetworks")));
}

static void
inserts_into_milters(void)
{
	static const struct {
		const char *text;
		int rc;
		const char *want;
	} rows[] = {{"", 0, "inet:127.0.0.1:8891"},
	    {"inet:localhost:1", 0, "inet:localhost:1, inet:127.0.0.1:8891"},
	    {"{ inet:localhost:1, connect_timeout=1 } ", 0,
	        "{ inet:localhost:1, connect_timeout=1 }, "
	        "inet:127.0.0.1:8891"},
	    {"unix:a INET:127.0.0.1:8891", -EALREADY, ""},
	    {"{inet:127.0.0.1:8891 , default_action=accept}, x", -EALREADY, ""},
	    {"inet:localhost:8891", -EALREADY, ""},
	    {"inet:[127.0.0.1]:8891", -EALREADY, ""},
	    {"unix:127.0.0.1:8891", 0,
	        "unix:127.0.0.1:8891, inet:127.0.0.1:8891"},
	    {"{ inet:x", -EINVAL, ""}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *why;
		struct buf out;

		suite_row(rows[i].text);
		buf_init(&out, 4096);
		CHECK(wiring_milters(span_str(rows[i].text),
		          "inet:127.0.0.1:8891", "inet:127.0.0.1:8891", &out,
		          &why) == rows[i].rc);
		CHECK_STR(buf_text(&out), rows[i].want);
		buf_free(&out);
	}
	suite_row(NULL);
}

static void
replaces_a_milter(void)
{
	static const struct {
		const char *list;
		int rc;
		const char *want, *action;
	} rows[] = {{"inet:127.0.0.1:8891", 0, "{ unix:s, x=y }", ""},
	    {"inet:a:1, inet:localhost:8891 unix:z", 0,
	        "inet:a:1, { unix:s, x=y } unix:z", ""},
	    {"unix:z, { inet:127.0.0.1:8891, default_action=accept }", 0,
	        "unix:z, { unix:s, default_action=accept }", "accept"},
	    {"{inet:127.0.0.1:8891}", 0, "{unix:s}", ""},
	    {"$mine", -ENOENT, "", ""}, {"", -ENOENT, "", ""},
	    {"{ inet:127.0.0.1:8891", -ENOENT, "", ""}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span list = span_str(rows[i].list);
		struct buf out;

		suite_row(rows[i].list);
		buf_init(&out, 4096);
		CHECK(wiring_replace_milter(list, "inet:127.0.0.1:8891",
		          "unix:s", "{ unix:s, x=y }", &out) == rows[i].rc);
		CHECK_STR(buf_text(&out), rows[i].want);
		CHECK(
		    span_eq(wiring_default_action(list, "inet:127.0.0.1:8891"),
		        span_str(rows[i].action)));
		buf_free(&out);
	}
	suite_row(NULL);
}

/* The verifier: in front, out again, and where $smtpd_milters would bring it */
static void
puts_the_verifier_first(void)
{
#define V "{ unix:v, x=y }"
	static const struct {
		const char *list;
		int first;
		const char *with, *without;
		int named;
		const char *own;
	} rows[] = {
	    {"", 0, V, "", -ENOENT, ""},
	    {" inet:a:1 ", 0, V ", inet:a:1", " inet:a:1 ", -ENOENT, ""},
	    {"unix:v", -EALREADY, "", "", -ENOENT, ""},
	    {"{ unix:v, a=b } inet:a:1,unix:v, inet:b:2", -EALREADY, "",
	        "inet:a:1, inet:b:2", -ENOENT, ""},
	    {"$smtpd_milters", 0, V ", $smtpd_milters", "$smtpd_milters", 0,
	        "A"},
	    {"b, ${smtpd_milters} c", 0, V ", b, ${smtpd_milters} c",
	        "b, ${smtpd_milters} c", 0, "b, A c"},
	    {"$(smtpd_milters),c", 0, V ", $(smtpd_milters),c",
	        "$(smtpd_milters),c", 0, "A,c"},
	    {"$non_smtpd_milters", 0, V ", $non_smtpd_milters",
	        "$non_smtpd_milters", -ENOENT, ""},
	    {"{ a", -EINVAL, "", "{ a", -ENOENT, ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span list = span_str(rows[i].list);
		const char *why = NULL;
		struct buf out;

		suite_row(rows[i].list);
		buf_init(&out, 4096);
		CHECK(wiring_milters_first(list, "unix:v", V, &out, &why) ==
		    rows[i].first);
		CHECK((why != NULL) == (rows[i].first == -EINVAL));
		CHECK_STR(buf_text(&out), rows[i].with);
		buf_clear(&out);
		CHECK(wiring_without_milter(list, "unix:v", &out) == 0);
		CHECK_STR(buf_text(&out), rows[i].without);
		buf_clear(&out);
		CHECK(wiring_replace_name(list, "smtpd_milters", span_str("A"),
		          &out) == rows[i].named);
		CHECK_STR(buf_text(&out), rows[i].own);
		buf_free(&out);
	}
	suite_row(NULL);
}

static void
spells_endpoints(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {{"inet:127.0.0.1:8891", "inet:127.0.0.1:8891"},
	    {"unix:/q/postseal/s", "unix:postseal/s"},
	    {"unix:/qq/postseal/s", "unix:/qq/postseal/s"},
	    {"inet:0.0.0.0:8891", "inet:127.0.0.1:8891"},
	    {"inet:[::]:8891", "inet:[::1]:8891"},
	    {"inet:[2001:db8::1]:8891", "inet:[2001:db8::1]:8891"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct endpoint e;
		const char *why;
		struct buf out;

		suite_row(rows[i].text);
		buf_init(&out, 300);
		CHECK(endpoint_parse(span_str(rows[i].text), &e, &why) == 0);
		wiring_endpoint(&e, "/q", &out);
		CHECK_STR(buf_text(&out), rows[i].want);
		buf_free(&out);
	}
	suite_row(NULL);
}

static void
knows_milters(void)
{
	static const struct {
		const char *list, *milter;
		bool has;
	} rows[] = {{"", "unix:s", false}, {"unix:s, inet:x:1", "unix:s", true},
	    {"inet:x:1 local:s", "unix:s", true}, {"unix:S", "unix:s", false},
	    {"inet:[::1]:8", "inet:[::1]:8", true},
	    {"INET:LOCALHOST:8, {inet:y:2}", "inet:127.0.0.1:8", true},
	    {"inet:localhost:88", "inet:127.0.0.1:8", false},
	    {"inet:", "inet:127.0.0.1:8", false}, {"{", "unix:s", false}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span list = guard_copy(span_str(rows[i].list));

		suite_row(rows[i].list);
		CHECK(wiring_has_milter(list, rows[i].milter) == rows[i].has);
		guard_free(list);
	}
	suite_row(NULL);
}

/* Both halves of each split of a value, at the edge of a page. */
static void
feed(void *arg, struct span head, struct span tail)
{
	struct span part[] = {head, tail};

	for (int i = 0; i < 2; i++) {
		struct buf out;
		const char *why = NULL;
		int rc;

		buf_init(&out, 4096);
		rc = wiring_restrictions(part[i], span_str("greylist"),
		    WIRING_RELAY_DEFAULT, "unix:private/policyd-spf", &out,
		    &why);
		CHECK(rc == 0 || rc == -EALREADY || why != NULL);
		(void)wiring_place(part[i], "unix:private/policyd-spf");
		buf_clear(&out);
		rc = wiring_milters(part[i], "inet:[::1]:8",
		    "{ inet:[::1]:8, default_action=tempfail }", &out, &why);
		CHECK(rc == 0 || rc == -EALREADY || why != NULL);
		rc = wiring_replace_milter(
		    part[i], "inet:[::1]:8", "unix:s", "{ unix:s }", &out);
		CHECK(rc == 0 || rc == -ENOENT);
		(void)wiring_default_action(part[i], "inet:[::1]:8");
		buf_clear(&out);
		(void)wiring_without_milter(part[i], "inet:[::1]:8", &out);
		rc = wiring_replace_name(part[i], "mine", span_str("x"), &out);
		CHECK(rc == 0 || rc == -ENOENT);
		buf_free(&out);
	}
}

static void
every_split(void)
{
	guard_splits(span_str("permit_mynetworks, $mine, greylist, "
	                      "reject_unauth_destination, " CHECK_IT
	                      ", { inet:[::1]:8, connect_timeout=1 }, "
	                      "inet:localhost:1, ${a?{b}{c}}"),
	    feed, NULL);
}

/* Networks of ours that two lists together do not have. */
static void
missing(void)
{
	static const struct {
		const char *mynetworks, *want;
	} row[] = {
	    {"", ""},
	    {"127.0.0.0/8, 192.0.2.0/24 [2001:db8::]/48", ""},
	    {"192.0.2.0/23", " 192.0.2.0/23"},
	    {"192.0.2.7 198.51.100.1, [2001:db9::1]",
	        " 198.51.100.1/32 2001:db9::1/128"},
	    {"hash:/etc/x !192.0.2.0/24 /etc/y 203.0.113.0/24",
	        " 203.0.113.0/24"},
	};
	struct cidr v[3];
	const struct cidr_list one = {v, 2}, other = {v + 2, 1};

	CHECK(cidr_parse(span_str("127.0.0.0/8"), &v[0]) == 0);
	CHECK(cidr_parse(span_str("192.0.2.0/24"), &v[1]) == 0);
	CHECK(cidr_parse(span_str("2001:db8::/32"), &v[2]) == 0);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct buf got;

		suite_row(row[i].mynetworks);
		buf_init(&got, 1000);
		wiring_missing(span_str(row[i].mynetworks), &one, &other, &got);
		buf_byte(&got, '\0');
		CHECK_STR(got.p, row[i].want);
		buf_free(&got);
	}
	suite_row(NULL);
}

SUITE("wiring", T(missing), T(knows_milters), T(every_split),
    T(inserts_into_restrictions), T(finds_its_place), T(inserts_into_milters),
    T(replaces_a_milter), T(puts_the_verifier_first), T(spells_endpoints))
