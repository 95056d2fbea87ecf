#include "signer/inbound.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

static const struct {
	const char *name, *value;
	bool mark;
} row[] = {
    {"Received-SPF", " pass (x) receiver=mx.example", true},
    {"received-spf ", " pass receiver=MX.EXAMPLE.; identity=helo", true},
    {"Received-SPF", " pass (receiver=mx.example) receiver=far.example", false},
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
    {"X-Received-SPF", " pass receiver=mx.example", false},
    {"Authentication-Results", " mx.example; spf=pass", true},
    {"Authentication-Results", " mx.example 1;\n\tdkim=fail", true},
    {"authentication-results", "\n \"mx.example\"; spf=none", true},
    {"Authentication-Results", " (x) other.example.; spf=fail", true},
    {"Authentication-Results", " mx.example; none", false},
    {"Authentication-Results", " mx.example; (c) NONE ;", false},
    {"Authentication-Results", " mx.example", false},
    {"Authentication-Results", " mx.example;", false},
    {"Authentication-Results", " xmx.example; spf=pass", false},
    {"Authentication-Results", " far.example; spf=pass", false},
    {"Authentication-Results", "", false},
    {"ARC-Authentication-Results", " mx.example; spf=pass", false},
};

static void
marks(void)
{
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct field f[2] = {{span_str("From"), span_str("a@b")}};
		struct field_list list = {f, 2};
		const struct field *got;

		suite_row(row[i].value);
		f[1].name = guard_copy(span_str(row[i].name));
		f[1].value = guard_copy(span_str(row[i].value));
		got = inbound_mark(&list, "mx.example", "other.example");
		CHECK(got == (row[i].mark ? &f[1] : NULL));
		if (got != NULL)
			CHECK(strncasecmp(inbound_word(got), row[i].name,
			          strlen(inbound_word(got))) == 0);
		/* without another name */
		got = inbound_mark(&list, "far.example", "");
		CHECK(got == NULL || got == &f[1]);
		guard_free(f[1].name);
		guard_free(f[1].value);
	}
}

SUITE("inbound", T(marks))
