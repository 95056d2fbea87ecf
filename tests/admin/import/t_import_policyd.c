/*
 * What `postseal import` makes of policyd-spf's tables, against policyd-spf
 * itself: in each of 240 configs, for 72 requests each, nothing is refused or
 * put off that was let in there. Its answers are those of
 * tests/corpus/policyd-spf, which says what stands in a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/import/import.h"
#include "common/limits.h"
#include "policyd/request.h"
#include "tests/support/loop_fake.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/imported.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static const char zone[] = "pass.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
                           "fail.example TXT \"v=spf1 ip4:198.51.100.1 -all\"\n"
                           "nomail.example TXT \"v=spf1 -all\"\n"
                           "softfail.example TXT \"v=spf1 ~all\"\n"
                           "neutral.example TXT \"v=spf1 ?all\"\n"
                           "none.example A 192.0.2.9\n"
                           "permerror.example TXT \"v=spf1 foo\"\n"
                           "temperror.example ANY servfail\n";

static const char *const names[] = {"pass", "fail", "nomail", "softfail",
    "neutral", "none", "permerror", "temperror"};
enum { NAMES = sizeof names / sizeof names[0], ANSWERS = NAMES * (NAMES + 1) };

/* The settings that come of one config. */
static struct settings *
import(const char *policyd_spf)
{
	struct settings *s = NULL;
	char path[TMPDIR_PATH_MAX];
	struct buf out, why, warn;
	struct tmpdir d;
	struct import im;

	tmpdir_make(&d);
	tmpdir_write(&d, "policyd-spf.conf", policyd_spf);
	import_init(&im);
	buf_init(&out, 100000);
	buf_init(&why, 10000);
	buf_init(&warn, 10000);
	CHECK(import_file(&im, tmpdir_file(&d, "policyd-spf.conf", path)) == 0);
	CHECK(import_compose(&im, &out) == 0);
	CHECK_STR(imported_notes(&im, IMPORT_LEFT), "");
	CHECK_STR(imported_notes(&im, IMPORT_WRONG), "");
	CHECK(settings_parse(
	          "t", buf_view(&out), SETTINGS_ALL, &s, &why, &warn) == 0);
	CU_ASSERT_FATAL(s != NULL);
	buf_free(&out);
	buf_free(&why);
	buf_free(&warn);
	import_free(&im);
	tmpdir_remove(&d);
	return s;
}

static void
answered(void *arg, const struct request_answer *a)
{
	char *letter = arg;

	CHECK(*letter == '\0');
	*letter = strncmp(a->action, "550 ", 4) == 0         ? 'r'
	    : strncmp(a->action, "DEFER_IF_PERMIT", 15) == 0 ? 'd'
	                                                     : '-';
}

static char
ask(const struct settings *s, const char *helo, const char *sender)
{
	char name[64], from[64] = "", letter[2] = "";
	struct request_env env = {.settings = s};
	struct request *request;
	struct attr in = {.request = span_str("smtpd_access_policy"),
	    .protocol_state = span_str("RCPT"),
	    .client_address = span_str("192.0.2.1"),
	    .client_name = span_str("unknown"),
	    .recipient = span_str("r@ours.example")};

	snprintf(name, sizeof name, "%s.example", helo);
	if (sender != NULL)
		snprintf(from, sizeof from, "u@%s.example", sender);
	in.helo_name = span_str(name);
	in.sender = span_str(from);
	CU_ASSERT_FATAL(loop_new(&env.loop) == 0);
	CU_ASSERT_FATAL(resolver_new(env.loop, &s->dns, &env.resolver) == 0);
	resolver_zone_load(env.resolver, zone);
	CHECK(request_start(&env, &in, answered, letter, &request) == 0);
	loop_run(env.loop);
	resolver_free(env.resolver);
	loop_free(env.loop);
	return letter[0];
}

static int
hardness(char letter)
{
	return letter == 'r' ? 2 : letter == 'd' ? 1 : 0;
}

/* How many of the answers are stricter here; *ret_laxer: or less strict. */
static size_t
compare(const char *config, const char *theirs, size_t *ret_laxer)
{
	struct settings *s = import(config);
	size_t stricter = 0;

	for (size_t i = 0; i < ANSWERS; i++) {
		const char *helo = names[i / (NAMES + 1)];
		size_t from = i % (NAMES + 1);
		char ours = ask(s, helo, from == 0 ? NULL : names[from - 1]);

		stricter += hardness(ours) > hardness(theirs[i]);
		*ret_laxer += hardness(ours) < hardness(theirs[i]);
	}
	settings_free(s);
	return stricter;
}

static void
no_stricter(void)
{
	FILE *f = fopen("tests/corpus/policyd-spf.answers", "r");
	size_t n = 0, laxer = 0;
	char line[400];

	CU_ASSERT_FATAL(f != NULL);
	while (fgets(line, sizeof line, f) != NULL) {
		char v[5][20], theirs[ANSWERS + 1], config[300];

		CU_ASSERT_FATAL(sscanf(line, "%19s %19s %19s %19s %19s %72s",
		                    v[0], v[1], v[2], v[3], v[4], theirs) == 6);
		CU_ASSERT_FATAL(strlen(theirs) == ANSWERS);
		snprintf(config, sizeof config,
		    "HELO_reject = %s\nMail_From_reject = %s\n"
		    "PermError_reject = %s\nTempError_Defer = %s\n"
		    "No_Mail = %s\n",
		    v[0], v[1], v[2], v[3], v[4]);
		suite_row(config);
		CHECK(compare(config, theirs, &laxer) == 0);
		n++;
	}
	fclose(f);
	suite_row(NULL);
	CHECK(n == 240);
	CHECK(laxer == 0);
}

SUITE("import_policyd", T(no_stricter))
