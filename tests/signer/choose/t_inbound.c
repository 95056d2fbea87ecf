#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "signer/choose/inbound.h"
#include "signer/limits.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

static const struct {
	const char *name, *value;
	bool mark;
} row[] = {
    {"Received-SPF", " pass (x) receiver=mx.example", true},
    {"received-spf ", " pass receiver=MX.EXAMPLE.; identity=helo", true},
    {"Received-SPF",
        " pass (a \\) (b) receiver=far.example c)\n\treceiver = "
        "\"mx.example\"; x=y",
        true},
    {"Received-SPF", " pass receiver=\"other.example\"", true},
    {"Received-SPF", " pass receiver=far.example", false},
    {"Received-SPF", " pass helo=receiver; receiver=far.example", false},
    {"Received-SPF", " pass", true},
    {"Received-SPF", "", true},
    {"Received-SPF", " ;;==(", true},
    {"Received-SPF", " Pass (mailfrom) receiver=<UNKNOWN>", true},
    /* quoted pairs, and a name in pieces */
    {"Received-SPF", " pass x=\"a\\\" b\"; receiver=\"mx\\.example\"", true},
    {"Received-SPF",
        " pass (mx.example: x) envelope-from=\"\\\"; receiver=far.example; "
        "\\\"@x.example\"; receiver=mx.example;",
        true},
    {"Received-SPF", " pass receiver=\r\n\t\"mx.\r\n\texample\"", true},
    {"Received-SPF", " pass RECEIVER (x) = (y) Mx.Example ;", true},
    {"Received-SPF", " pass receiver\r\n\t=\r\n\tmx.example", true},
    /* what a sender can say where a service does not quote: HELO names and
     * senders with quotes, parentheses and pairs in them */
    {"Received-SPF",
        " Pass (mailfrom) identity=mailfrom; helo=x; "
        "receiver=far.example; envelope-from=a@b; receiver=mx.example",
        true},
    {"Received-SPF",
        " Pass (mailfrom) helo=)receiver=far.example(; receiver=mx.example",
        true},
    {"Received-SPF",
        " Pass envelope-from=receiver=far.example\"@x.example; "
        "receiver=mx.example",
        true},
    {"Received-SPF",
        " Pass receiver=far.example (x\\; helo=\"; receiver=mx.example", true},
    {"Received-SPF", " pass (receiver=mx.example) receiver=far.example", true},
    {"Received-SPF", " pass receiver=far.example receiver=mx.example.", true},
    /* what names no other host */
    {"Received-SPF", " pass receiver=", true},
    {"Received-SPF", " pass receiver=;", true},
    {"Received-SPF", " pass receiver=\"\"; x=y", true},
    {"Received-SPF", " pass receiver=vm; identity=mailfrom", true},
    {"Received-SPF", " pass receiver=bob@far.example", true},
    {"Received-SPF", " pass receiver=mx.example..", true},
    {"Received-SPF", " pass receiver=mx.example,", true},
    {"Received-SPF", " pass receiver=[192.0.2.1]", true},
    {"Received-SPF", " pass receiver=\"far.example", false},
    {"Received-SPF", " pass receiver=far.example.", false},
    {"Received-SPF", " pass receiver=\"mx-1.far_x.example\"; x", false},
    {"Received-SPF", " pass receiver=xmx.example; helo=mx.example", false},
    /* pypolicyd-spf names the domain of the recipient */
    {"Received-SPF", " Pass (mailfrom) receiver=example", true},
    {"Received-SPF", " Pass (mailfrom) receiver=served.example", true},
    {"Received-SPF", " Pass (mailfrom) receiver=up.mx.example", false},
    {"X-Received-SPF", " pass receiver=mx.example", false},
    {"Authentication-Results", " mx.example; spf=pass", true},
    {"Authentication-Results", " mx.example 1;\n\tdkim=fail", true},
    {"authentication-results", "\n \"mx.example\"; spf=none", true},
    {"Authentication-Results", " (x) other.example.; spf=fail", true},
    {"Authentication-Results", " mx.example; none", false},
    {"Authentication-Results", " mx.example; (c) NONE ;", false},
    {"Authentication-Results", " mx.example; none; spf=pass", true},
    {"Authentication-Results", " mx.example; none (x); (y) ;; ", false},
    {"Authentication-Results", " mx.example; none=pass", true},
    {"Authentication-Results", " mx.example; nonesuch=pass", true},
    {"Authentication-Results", " mx.example", true},
    {"Authentication-Results", " mx.example;", true},
    {"Authentication-Results", " \"m\\x.example\"; spf=pass", true},
    {"Authentication-Results", " (\\)far.example) MX.Example. ; spf=pass",
        true},
    {"Authentication-Results", " far.example mx.example; spf=pass", true},
    {"Authentication-Results", " =mx.example; spf=pass", true},
    {"Authentication-Results", " (mx.example; spf=pass", false},
    {"Authentication-Results", " far.example; mx.example; spf=pass", false},
    {"Authentication-Results", " example; spf=pass", false},
    /* an authserv-id for the organisation, or the host's short name */
    {"Authentication-Results", " MX; spf=pass", true},
    {"Authentication-Results", " m; spf=pass", false},
    {"Authentication-Results", " home.example; spf=fail", true},
    {"Authentication-Results", " (x)\r\n\t\"home\\.example\".; spf=fail", true},
    {"Authentication-Results", " \"Home\\.example.\" 1; spf=fail", true},
    {"Authentication-Results", " home.example; none", false},
    {"Authentication-Results", " served.example; spf=fail", false},
    {"Authentication-Results", " far.example home.example; spf=fail", false},
    /* Exchange writes none, and results in its place */
    {"Authentication-Results",
        " spf=none (sender IP is ) smtp.mailfrom=home.example; dkim=none",
        false},
    {"Authentication-Results", " home.example=x; spf=fail", false},
    /* mail of others that was not checked */
    {"Authentication-Results",
        " mx.example; spf=policy reason=\"not checked: trusted forwarder\"",
        true},
    {"X-Comment", " SPF not checked: trusted forwarder; receiver=mx.example",
        true},
    {"x-comment ", "\r\n\tspf NOT checked: x; receiver=unknown", true},
    {"X-Comment", " SPF not checked: x; receiver=far.example", false},
    {"X-Comment", " SPF not checked: authenticated client", false},
    {"X-Comment", " SPF not checked", false},
    {"X-Comment", " receiver=mx.example", false},
    {"X-Comment", " x SPF not checked: y; receiver=mx.example", false},
    {"X-Comment",
        " SPF skipped for whitelisted relay - client-ip=192.0.2.1; helo=x; "
        "envelope-from=a@b; receiver=<UNKNOWN> ",
        true},
    {"X-Comment", " SPF skipped for whitelisted relay", true},
    {"X-Comment",
        " SPF skipped for whitelisted relay - helo=x; receiver=far.example",
        false},
    {"X-Comment",
        " SPF check N/A for local connections - client-ip=192.0.2.1; helo=x; "
        "envelope-from=a@b; receiver=<UNKNOWN> ",
        false},
    {"Authentication-Results", " xmx.example; spf=pass", false},
    {"Authentication-Results", " far.example; spf=pass", false},
    {"Authentication-Results", "", false},
    {"ARC-Authentication-Results", " mx.example; spf=pass", false},
};

static bool
serves(const void *arg, struct span domain)
{
	return span_ieqs(domain, arg);
}

static bool
is_home(const void *arg, struct span domain)
{
	(void)arg;
	return span_ieqs(domain, "home.example");
}

static void
check(size_t i, const struct inbound_us *us, bool mark)
{
	struct field f[2] = {{span_str("From"), span_str("a@b")}};
	struct field_list list = {f, 2};
	const struct field *got;

	f[1].name = guard_copy(span_str(row[i].name));
	f[1].value = guard_copy(span_str(row[i].value));
	got = inbound_mark(&list, us);
	CHECK(got == (mark ? &f[1] : NULL));
	if (got != NULL)
		CHECK(strncasecmp(inbound_word(got), row[i].name,
		          strlen(inbound_word(got))) == 0);
	guard_free(f[1].name);
	guard_free(f[1].value);
}

static void
marks(void)
{
	const struct inbound_us us = {
	    "mx.example", "other.example", serves, is_home, "served.example"};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].value);
		check(i, &us, row[i].mark);
	}
}

/* What names us by one name names somebody else without it. */
static void
other_hosts(void)
{
	static const struct {
		const char *value;
		bool mark;
	} one[] = {
	    {" pass receiver=mx.example", false},
	    {" pass receiver=mx.example (x) receiver=\"other.example\"", false},
	    {" pass receiver=mx.example receiver=elsewhere.example", true},
	    {" pass receiver=served.example", false},
	};
	const struct inbound_us us = {
	    "elsewhere.example", "", serves, is_home, ""};

	for (size_t i = 0; i < sizeof one / sizeof one[0]; i++) {
		struct field f = {
		    span_str("Received-SPF"), span_str(one[i].value)};
		struct field_list list = {&f, 1};

		suite_row(one[i].value);
		CHECK((inbound_mark(&list, &us) != NULL) == one[i].mark);
	}
}

/* One of many fields is enough, wherever it stands. */
static void
several_fields(void)
{
	static const char far[] = " pass receiver=far.example";
	const struct inbound_us us = {"mx.example", "", serves, is_home, ""};

	for (size_t at = 0; at < 5; at++) {
		struct field f[5];
		struct field_list list = {f, 5};

		for (size_t i = 0; i < 5; i++)
			f[i] = (struct field){
			    span_str("Received-SPF"), span_str(far)};
		CHECK(inbound_mark(&list, &us) == NULL);
		f[at].value = span_str(" pass receiver=mx.example");
		CHECK(inbound_mark(&list, &us) == &f[at]);
		f[at].name = span_str("AUTHENTICATION-RESULTS\t");
		f[at].value = span_str(" mx.example; spf=fail");
		CHECK(inbound_mark(&list, &us) == &f[at]);
	}
}

/* A megabyte that is made to be read over and over again takes no time: each
 * would be 10^10 steps and more. */
static void
long_values(void)
{
	static const char *const piece[] = {"receiver=(", "receiver(",
	    "receiver=\"a.b\n", "receiver = ", "receiver=a.b;", "(receiver=a.b",
	    "\"receiver=a.b", "receiver=\\", "\\", "(", "=", "receiver\t"};
	enum { SIZE = 1 << 20 };
	static char text[SIZE];
	const struct inbound_us us = {"mx.example", "", serves, is_home, ""};

	for (size_t i = 0; i < sizeof piece / sizeof piece[0]; i++) {
		struct field f[2] = {
		    {span_str("Received-SPF"), span_of(text, SIZE)},
		    {span_str("Authentication-Results"), span_of(text, SIZE)}};
		const struct field_list both = {f, 2}, second = {f + 1, 1};
		size_t n = strlen(piece[i]);

		for (size_t at = 0; at < SIZE; at++)
			text[at] = at < SIZE / n * n ? piece[i][at % n] : ' ';
		suite_row(piece[i]);
		CHECK(inbound_mark(&both, &us) ==
		    (strcmp(piece[i], "receiver=a.b;") == 0 ? NULL : &f[0]));
		CHECK(inbound_mark(&second, &us) == NULL);
	}
}

/* Who serves a name is a costly question. */
static bool
counts(const void *arg, struct span domain)
{
	(void)domain;
	++*(size_t *)(uintptr_t)arg;
	return false;
}

/* n receivers of other names, in fields of `each`; then one more field. */
static bool
many(size_t n, size_t each, struct field last, size_t *asked)
{
	const struct inbound_us us = {"mx.example", "", counts, counts, asked};
	struct field f[INBOUND_NAMES_MAX + 2];
	char text[INBOUND_NAMES_MAX + 1][1024];
	struct field_list list = {f, 0};

	for (size_t i = 0; i < n; list.n++) {
		char *t = text[list.n];
		size_t at = (size_t)sprintf(t, " pass");

		for (size_t j = 0; j < each && i < n; j++, i++)
			at += (size_t)sprintf(
			    t + at, " receiver=a%zu.far.example;", i);
		f[list.n] =
		    (struct field){span_str("Received-SPF"), span_of(t, at)};
	}
	f[list.n++] = last;
	*asked = 0;
	return inbound_mark(&list, &us) != NULL;
}

static void
names_of_a_message(void)
{
	const size_t max = INBOUND_NAMES_MAX;
	const struct field other = {span_str("Subject"), span_str("x")},
	                   again = {span_str("Received-SPF"),
	                       span_str(" pass receiver=a49.far.example.")},
	                   result = {span_str("Authentication-Results"),
	                       span_str(" far.example; spf=pass")},
	                   ours = {span_str("Authentication-Results"),
	                       span_str(" mx.example; spf=pass")};
	size_t asked;

	CHECK(!many(max, 1, other, &asked) && asked == max);
	CHECK(!many(max, 1, again, &asked) && asked == max);
	CHECK(many(max + 1, 1, other, &asked) && asked == max);
	CHECK(!many(max / 2, 5, other, &asked) && asked <= max);
	CHECK(many(max + 1, 5, other, &asked) && asked <= max);
	CHECK(!many(max - 1, 1, result, &asked) && asked == max);
	CHECK(many(max, 1, result, &asked) && asked == max);
	CHECK(many(0, 1, ours, &asked) && asked == 0);
}

SUITE("inbound", T(marks), T(other_hosts), T(several_fields), T(long_values),
    T(names_of_a_message))
