#include <stdio.h>
#include <stdlib.h>

#include "common/milter/origin.h"
#include "tests/support/suite.h"

static void
connect_from(struct origin *o, char family, const char *address)
{
	struct command c = {.type = SMFIC_CONNECT};

	c.u.connect.family = (enum connect_family)family;
	c.u.connect.address = span_str(address);
	origin_connect(o, &c);
}

static void
clients(void)
{
	static const struct {
		char family;
		const char *address;
		const char
		    *macro; /* {client_addr}, which comes before CONNECT */
		const char *want;
	} row[] = {
	    {'4', "192.0.2.1", NULL, "192.0.2.1"},
	    {'6', "2001:db8::1", NULL, "2001:db8::1"},
	    {'6', "::ffff:192.0.2.1", NULL, "192.0.2.1"},
	    /* sendmail's spelling */
	    {'6', "IPv6:2001:db8::1", NULL, "2001:db8::1"},
	    {'6', "ipv6:::1", NULL, "::1"},
	    {'6', "IPv6:", NULL, "unknown"},
	    /* a socket file is this machine */
	    {'L', "/run/x", NULL, "127.0.0.1"},
	    {'U', "", NULL, "unknown"},
	    {'4', "not an address", NULL, "unknown"},
	    /* smtpd on standard input */
	    {'U', "", "127.0.0.1", "127.0.0.1"},
	    {'U', "", "unknown", "unknown"},
	    {'4', "192.0.2.1", "127.0.0.1", "192.0.2.1"},
	};
	char text[IP_TEXT_MAX];
	struct origin o;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].address);
		origin_init(&o);
		if (row[i].macro != NULL)
			CHECK(origin_macro(&o, span_str("{client_addr}"),
			    span_str(row[i].macro)));
		connect_from(&o, row[i].family, row[i].address);
		CHECK_STR(origin_text(&o, text), row[i].want);
	}
	/* what comes with MAIL cannot change it any more */
	origin_init(&o);
	connect_from(&o, '4', "192.0.2.1");
	origin_macro(&o, span_str("{client_addr}"), span_str("127.0.0.1"));
	CHECK_STR(origin_text(&o, text), "192.0.2.1");
}

static void
daemon_name(void)
{
	char longest[64];
	struct origin o;

	origin_init(&o);
	CHECK_STR(o.daemon, "");
	CHECK(origin_macro(
	    &o, span_str("{daemon_name}"), span_str("ORIGINATING")));
	CHECK_STR(o.daemon, "ORIGINATING");
	CHECK(origin_macro(&o, span_str("{daemon_name}"), span_str("")));
	CHECK_STR(o.daemon, "");
	memset(longest, 'x', sizeof longest);
	origin_macro(&o, span_str("{daemon_name}"), span_of(longest, 63));
	CHECK(strlen(o.daemon) == 63);
	origin_macro(&o, span_str("{daemon_name}"), span_of(longest, 64));
	CHECK(strlen(o.daemon) == 63);
	CHECK(!origin_macro(&o, span_str("i"), span_str("4AE0")));
	CHECK(!origin_macro(&o, span_str("daemon_name"), span_str("x")));
	CHECK(strlen(o.daemon) == 63);
}

SUITE("origin", T(clients), T(daemon_name))
