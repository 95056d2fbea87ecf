#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/postfix/wiring.h"
#include "admin/setup/setupplan.h"
#include "tests/support/fakepostconf.h"
#include "tests/support/suite.h"

static const char defaults[] = "myhostname = mx.a.example\n"
                               "config_directory = /etc/postfix\n"
                               "queue_directory = /q\n"
                               "smtpd_relay_restrictions = permit_mynetworks, "
                               "defer_unauth_destination\n"
                               "smtpd_recipient_restrictions = \n"
                               "smtpd_restriction_classes = \n"
                               "smtpd_milters = \n"
                               "non_smtpd_milters = \n"
                               "content_filter = \n"
                               "mail_version = 3.7.11\n"
                               "milter_default_action = tempfail\n"
                               "internal_mail_filter_classes = \n";

/* A plan for a Postfix that differs from the defaults by these lines. */
static int
plan(struct setupplan *ret, const char *config, unsigned how, struct buf *why)
{
	struct postconf p = {.dir = NULL};
	struct settings *s = NULL;
	int rc;

	CU_ASSERT_FATAL(settings_parse("c", span_str(config), SETTINGS_ALL, &s,
	                    why, why) == 0);
	rc = setupplan_make(&p, s, NULL, how, ret, why);
	settings_free(s);
	return rc;
}

static void
text_of(const struct setupplan *plan, struct buf *out)
{
	buf_init(out, 100000);
	for (size_t i = 0; i < plan->n; i++)
		postconf_command_print(&plan->command[i], out);
}

#define SERVICE \
	"postconf -M 'policyd-spf/unix=policyd-spf unix - n n - 0 spawn " \
	"user=postseal-policyd argv=" SETUPPLAN_POLICYD "'\n"
#define LIMIT "postconf -e 'policyd-spf_time_limit = 3600'\n"
#define NON "postconf -e 'non_smtpd_milters = $smtpd_milters'\n"
#define REST "postconf -e 'internal_mail_filter_classes = bounce'\n"
#define OURS "unix:postseal/signer.sock"
#define ITEM "{ " OURS ", default_action=tempfail }"
#define VERIFIER "{ unix:postseal/verifier.sock, default_action=tempfail }"
#define PORT_ITEM "{ inet:127.0.0.1:8891, default_action=tempfail }"
#define LISTEN "{\"unix:/q/postseal/signer.sock\"}"
#define QUEUE "verifier { listen = \"unix:/q/postseal/verifier.sock\" }"
#define SET "signer { listen = " LISTEN " }"
#define NONE "verifier { listen = {} }"

#define SPAWNED \
	"policyd-spf unix - n n - 0 spawn user=a argv=/x/postseal-policyd\n"
#define DONE \
	"policyd-spf_time_limit = 10\n" \
	"internal_mail_filter_classes = bounce\n" \
	"smtpd_recipient_restrictions = reject_unauth_destination, " \
	"check_policy_service unix:private/policyd-spf\n"

struct row {
	const char *main_cf, *master_cf, *config;
	const char *want; /* commands */
	bool wired;
	const char *listen; /* NULL: LISTEN */
};

static const struct row rows[] = {
    {"", "", "",
        SERVICE LIMIT
        "postconf -e 'smtpd_recipient_restrictions = permit_mynetworks, "
        "permit_sasl_authenticated, reject_unauth_destination, "
        "check_policy_service unix:private/policyd-spf'\n"
        "postconf -e 'smtpd_milters = " ITEM "'\n" NON REST,
        false, NULL},
    {"policyd-spf_time_limit = 10\nsmtpd_milters = inet:x:1\n"
     "milter_default_action = tempfail\n"
     "internal_mail_filter_classes = notify\n"
     "smtpd_recipient_restrictions = reject_unauth_destination, permit\n",
        "", "",
        SERVICE "postconf -e 'smtpd_recipient_restrictions = "
                "reject_unauth_destination, check_policy_service "
                "unix:private/policyd-spf, permit'\n"
                "postconf -e 'smtpd_milters = inet:x:1, " ITEM "'\n" NON,
        false, NULL},
    {"policyd-spf_time_limit = 10\nsmtpd_milters = " OURS "\n"
     "non_smtpd_milters = $smtpd_milters\n"
     "milter_default_action = tempfail\n"
     "internal_mail_filter_classes = bounce\n"
     "smtpd_recipient_restrictions = reject_unauth_destination, "
     "check_policy_service unix:private/policyd-spf\n",
        "policyd-spf unix - n n - 0 spawn user=a argv=/x/postseal-policyd\n",
        "", "", true, NULL},
    /* behind a $name, and in a class */
    {"policyd-spf_time_limit = 10\nsmtpd_milters = " ITEM "\n"
     "non_smtpd_milters = " OURS "\n"
     "milter_default_action = tempfail\n"
     "internal_mail_filter_classes = bounce\n"
     "smtpd_recipient_restrictions = $mine\n"
     "mine = reject_unauth_destination, check_policy_service "
     "unix:private/policyd-spf\n",
        "policyd-spf unix - n n - 0 spawn user=a argv=/x/postseal-policyd\n",
        "", "", true, NULL},
    {"policyd-spf_time_limit = 10\nsmtpd_milters = " OURS "\n"
     "non_smtpd_milters = " OURS "\n"
     "milter_default_action = tempfail\n"
     "internal_mail_filter_classes = bounce\n"
     "smtpd_restriction_classes = mine\n"
     "smtpd_recipient_restrictions = reject_unauth_destination, mine\n"
     "mine = check_policy_service unix:private/policyd-spf\n",
        "policyd-spf unix - n n - 0 spawn user=a argv=/x/postseal-policyd\n",
        "", "", true, NULL},
    {"policyd-spf_time_limit = 10\nnon_smtpd_milters = inet:y:2\n"
     "milter_default_action = tempfail\n"
     "internal_mail_filter_classes = bounce\n"
     "smtpd_recipient_restrictions = reject_unauth_destination, "
     "check_policy_service unix:private/policyd-spf\n",
        "policyd-spf unix - n n - 0 spawn user=a argv=/x/postseal-policyd\n",
        "signer { listen = \"unix:/q/postseal/s\" }",
        "postconf -e 'smtpd_milters = { unix:postseal/s, "
        "default_action=tempfail }'\n"
        "postconf -e 'non_smtpd_milters = inet:y:2, { unix:postseal/s, "
        "default_action=tempfail }'\n",
        true, ""},
    /* from before: in the place of the old address */
    {DONE "smtpd_milters = inet:a:1, inet:localhost:8891 unix:z\n"
          "non_smtpd_milters = { inet:127.0.0.1:8891, x=y }\n",
        SPAWNED, "",
        "postconf -e 'smtpd_milters = inet:a:1, " ITEM " unix:z'\n"
        "postconf -e 'non_smtpd_milters = { " OURS ", x=y }'\n",
        true, LISTEN},
    /* TCP was chosen */
    {DONE "smtpd_milters = inet:127.0.0.1:8891\n"
          "non_smtpd_milters = $smtpd_milters\n",
        SPAWNED, "signer { listen = inet:127.0.0.1:8891 }", "", true, ""},
    /* another instance has its socket */
    {DONE "smtpd_milters = \n", SPAWNED,
        "signer { listen = \"unix:/spool/s\" }",
        "postconf -e 'smtpd_milters = " ITEM "'\n" NON, true,
        "{\"unix:/spool/s\", \"unix:/q/postseal/signer.sock\"}"},
    /* a Postfix that has no braces */
    {"policyd-spf_time_limit = 10\nmail_version = 2.11.3\n"
     "smtpd_recipient_restrictions = reject_unauth_destination, "
     "check_policy_service unix:private/policyd-spf\n",
        SPAWNED, SET,
        "postconf -e 'smtpd_milters = " OURS "'\n" NON REST
        "postconf -e 'milter_default_action = tempfail'\n",
        true, ""},
};

/* With the verifier, whose config says nothing or has its socket in the
 * queue */
static const struct row verifying[] = {
    {DONE "smtpd_milters = inet:x:1\n", SPAWNED, SET,
        "postconf -e 'smtpd_milters = " VERIFIER ", inet:x:1, " ITEM "'\n"
        "postconf -e 'non_smtpd_milters = " ITEM "'\n",
        true, ""},
    {DONE "smtpd_milters = " ITEM "\nnon_smtpd_milters = $smtpd_milters\n",
        SPAWNED, SET,
        "postconf -e 'smtpd_milters = " VERIFIER ", " ITEM "'\n"
        "postconf -e 'non_smtpd_milters = " ITEM "'\n",
        true, ""},
    {DONE "smtpd_milters = inet:x:1, " ITEM "\n"
          "non_smtpd_milters = inet:y:2, ${smtpd_milters} inet:z:3\n",
        SPAWNED, SET,
        "postconf -e 'smtpd_milters = " VERIFIER ", inet:x:1, " ITEM "'\n"
        "postconf -e 'non_smtpd_milters = inet:y:2, inet:x:1, " ITEM
        " inet:z:3'\n",
        true, ""},
    /* it was there, and came to the other list, too */
    {DONE "smtpd_milters = " VERIFIER ", " ITEM "\n"
          "non_smtpd_milters = $(smtpd_milters)\n",
        SPAWNED, SET, "postconf -e 'non_smtpd_milters = " ITEM "'\n", true, ""},
    {DONE "smtpd_milters = $mine\nmine = " VERIFIER ", " ITEM "\n"
          "non_smtpd_milters = " ITEM "\n",
        SPAWNED, SET, "", true, ""},
};

/* It alone */
static const struct row alone[] = {
    {"smtpd_milters = \n", "", QUEUE,
        "postconf -e 'smtpd_milters = " VERIFIER "'\n", false, ""},
    {"smtpd_milters = inet:x:1\nnon_smtpd_milters = $smtpd_milters\n", "",
        QUEUE,
        "postconf -e 'smtpd_milters = " VERIFIER ", inet:x:1'\n"
        "postconf -e 'non_smtpd_milters = inet:x:1'\n",
        false, ""},
    {"smtpd_milters = " VERIFIER "\nnon_smtpd_milters = $smtpd_milters\n", "",
        QUEUE, "postconf -e 'non_smtpd_milters = '\n", false, ""},
    {"smtpd_milters = " VERIFIER "\n", "", QUEUE, "", false, ""},
    {"mail_version = 2.11\n", "", QUEUE,
        "postconf -e 'smtpd_milters = unix:postseal/verifier.sock'\n"
        "postconf -e 'milter_default_action = tempfail'\n",
        false, ""},
};

/* Under SELinux: the port that its policy knows */
static const struct row enforced[] = {
    /* new, from before, and as a new config says it */
    {DONE "smtpd_milters = \n", SPAWNED, "",
        "postconf -e 'smtpd_milters = " PORT_ITEM "'\n" NON, true,
        "{\"inet:127.0.0.1:8891\"}"},
    {DONE "smtpd_milters = inet:localhost:8891\n"
          "non_smtpd_milters = $smtpd_milters\n",
        SPAWNED, "", "", true, "{\"inet:127.0.0.1:8891\"}"},
    {DONE "smtpd_milters = unix:other\n", SPAWNED, SET,
        "postconf -e 'smtpd_milters = unix:other, " PORT_ITEM "'\n" NON, true,
        "{\"unix:/q/postseal/signer.sock\", \"inet:127.0.0.1:8891\"}"},
    {DONE "smtpd_milters = " PORT_ITEM "\n"
          "non_smtpd_milters = $smtpd_milters\n",
        SPAWNED,
        "signer { listen = {\"unix:/q/postseal/signer.sock\", "
        "\"inet:127.0.0.1:8891\"} }",
        "", true, ""},
    /* who has allowed the socket keeps it */
    {DONE "smtpd_milters = $mine\nmine = " ITEM "\n"
          "non_smtpd_milters = $smtpd_milters\n",
        SPAWNED, SET, "", true, ""},
};

static void
check_rows(const struct row *v, size_t n, const char *more, unsigned how)
{
	for (size_t i = 0; i < n; i++) {
		struct setupplan p;
		struct tmpdir d;
		struct buf why, out, config;

		suite_row(v[i].main_cf);
		tmpdir_make(&d);
		fakepostconf_make(&d, v[i].main_cf, defaults, v[i].master_cf);
		buf_init(&why, 10000);
		buf_init(&config, 10000);
		buf_fmt(&config, "%s\n%s", v[i].config, more);
		CHECK(plan(&p, buf_text(&config), how, &why) == 0);
		buf_free(&config);
		text_of(&p, &out);
		CHECK_STR(buf_text(&out), v[i].want);
		CHECK(p.wired == v[i].wired);
		CHECK_STR(buf_text(&p.listen),
		    v[i].listen == NULL ? LISTEN : v[i].listen);
		CHECK_STR(buf_text(&p.hostname), "mx.a.example");
		CHECK_STR(buf_text(&p.dir), "/etc/postfix");
		setupplan_free(&p);
		buf_free(&why);
		buf_free(&out);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

static void
makes_commands(void)
{
	check_rows(rows, sizeof rows / sizeof rows[0], NONE, 0);
	check_rows(enforced, sizeof enforced / sizeof enforced[0], "",
	    SETUPPLAN_ENFORCING);
	check_rows(verifying, sizeof verifying / sizeof verifying[0], QUEUE, 0);
	check_rows(alone, sizeof alone / sizeof alone[0], "", SETUPPLAN_VERIFY);
}

/* Where it listens, and whom it leaves alone: what the config shall say. */
static void
verifier_config(void)
{
	static const struct {
		const char *main_cf, *config;
		unsigned how;
		bool wired;
		const char *listen, *networks, *advice;
	} row[] = {
	    {"", "", 0, true,
	        "{\"unix:/var/spool/postfix/postseal/verifier."
	        "sock\", \"unix:/q/postseal/verifier.sock\"}",
	        "", "edit postseal-verifier"},
	    {"mynetworks = 127.0.0.0/8 [::1]/128\n", QUEUE, 0, true, "", "",
	        ""},
	    {"mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104, 192.0.2.0/24 "
	     "[2001:db8::]/32\n",
	        QUEUE, SETUPPLAN_VERIFY, true, "",
	        "{\"127.0.0.0/8\", \"::1/128\", \"this-host\", "
	        "\"192.0.2.0/24\", "
	        "\"2001:db8::/32\"}",
	        ""},
	    {"mynetworks = 192.0.2.7, cidr:/etc/n\n", QUEUE, 0, true, "",
	        "{\"127.0.0.0/8\", \"::1/128\", \"this-host\", "
	        "\"192.0.2.7/32\"}",
	        "who is in cidr:/etc/n belongs"},
	    {"mynetworks = 192.0.2.7\n",
	        "verifier { trusted_networks = {192.0.2.0/24} listen = "
	        "\"unix:/q/postseal/verifier.sock\" }",
	        0, true, "", "", ""},
	    {"mynetworks = 192.0.2.7\n", NONE, 0, false, "", "", ""},
	    {"mynetworks = 192.0.2.7\n", QUEUE, SETUPPLAN_ENFORCING, false, "",
	        "", "so it is left out"},
	    {"smtpd_milters = " VERIFIER "\n", QUEUE, SETUPPLAN_ENFORCING, true,
	        "", "", ""},
	    {"", "verifier { listen = \"inet:127.0.0.1:8893\" }",
	        SETUPPLAN_ENFORCING, true, "", "", ""},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct setupplan p;
		struct tmpdir d;
		struct buf why;

		suite_row(row[i].main_cf);
		tmpdir_make(&d);
		fakepostconf_make(&d, row[i].main_cf, defaults, "");
		buf_init(&why, 10000);
		CHECK(plan(&p, row[i].config, row[i].how, &why) == 0);
		CHECK(p.verifier == row[i].wired);
		CHECK_STR(buf_text(&p.verifier_listen), row[i].listen);
		CHECK_STR(buf_text(&p.networks), row[i].networks);
		CHECK(strstr(buf_text(&p.advice), row[i].advice) != NULL);
		setupplan_free(&p);
		buf_free(&why);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

static void
refuses(void)
{
	static const struct {
		const char *main_cf, *master_cf, *why;
	} bad[] = {
	    {"",
	        "policyd-spf unix - n n - 0 spawn user=a argv=/x/policyd-spf\n",
	        "the service policyd-spf is another program"},
	    {"smtpd_recipient_restrictions = $mine\nmine = permit\n", "",
	        "smtpd_recipient_restrictions: it has a $name or a class"},
	    {"smtpd_recipient_restrictions = mine\n"
	     "smtpd_restriction_classes = mine\nmine = permit\n",
	        "", "smtpd_recipient_restrictions: it has a $name or a class"},
	    {"smtpd_recipient_restrictions = { a\n", "",
	        "a brace is left open"},
	    {"smtpd_recipient_restrictions = permit_mynetworks\n"
	     "smtpd_relay_restrictions = permit_mynetworks\n",
	        "", "could be an open relay"},
	    {"smtpd_milters = { a\n", "",
	        "smtpd_milters: a brace is left open"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct setupplan p;
		struct tmpdir d;
		struct buf why;

		suite_row(bad[i].main_cf);
		tmpdir_make(&d);
		fakepostconf_make(
		    &d, bad[i].main_cf, defaults, bad[i].master_cf);
		buf_init(&why, 10000);
		CHECK(plan(&p, "", 0, &why) == -EINVAL);
		CHECK(strstr(buf_text(&why), bad[i].why) != NULL);
		buf_free(&why);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

static void
advises(void)
{
	struct setupplan p;
	struct tmpdir d;
	struct buf why;

	tmpdir_make(&d);
	fakepostconf_make(
	    &d, "content_filter = smtp:[127.0.0.1]:1\n", defaults, "");
	buf_init(&why, 10000);
	CHECK(plan(&p, "", 0, &why) == 0);
	CHECK(strstr(buf_text(&p.advice), "-o smtpd_milters=") != NULL);
	CHECK(strstr(buf_text(&p.advice), "ReadWritePaths=/q") != NULL);
	setupplan_free(&p);
	CHECK(plan(&p, "", SETUPPLAN_ENFORCING, &why) == 0);
	CHECK(strstr(buf_text(&p.advice), "SELinux lets") != NULL);
	CHECK(strstr(buf_text(&p.advice), "ReadWritePaths") == NULL);
	setupplan_free(&p);
	buf_free(&why);
	tmpdir_remove(&d);
}

/* Whose mail is not signed although they may send it: told with the whole
 * value. */
static void
internal_hosts(void)
{
	static const char what[] = "signer { internal_hosts = {";
	static const struct {
		const char *mynetworks, *config, *value; /* NULL: not told */
	} row[] = {
	    {"127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128", "", NULL},
	    {"127.0.0.0/8, 192.0.2.0/24 [2001:db8::]/32, cidr:/etc/n", "",
	        "\"127.0.0.1\", \"::1\", \"this-host\", \"192.0.2.0/24\", "
	        "\"2001:db8::/32\"} }\n"},
	    {"192.0.2.8/29", "signer { internal_hosts = {192.0.2.0/24} }",
	        NULL},
	    {"192.0.2.8/29 198.51.100.1",
	        "signer { internal_hosts = {192.0.2.0/24} }",
	        "\"192.0.2.0/24\", \"198.51.100.1/32\"} }\n"},
	    {"192.0.2.8/29", "signer { internal_hosts = {} }",
	        "\"192.0.2.8/29\"} }\n"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct setupplan p;
		struct tmpdir d;
		struct buf why;
		char main_cf[200];
		const char *at;

		suite_row(row[i].mynetworks);
		snprintf(main_cf, sizeof main_cf, "mynetworks = %s\n",
		    row[i].mynetworks);
		tmpdir_make(&d);
		fakepostconf_make(&d, main_cf, defaults, "");
		buf_init(&why, 10000);
		CHECK(plan(&p, row[i].config, 0, &why) == 0);
		at = strstr(buf_text(&p.advice), what);
		CHECK((at != NULL) == (row[i].value != NULL));
		if (at != NULL && row[i].value != NULL)
			CHECK(strncmp(at + strlen(what), row[i].value,
			          strlen(row[i].value)) == 0);
		setupplan_free(&p);
		buf_free(&why);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

/* As Postfix resolves them: with its $names. */
static void
names_are_resolved(void)
{
	struct setupplan p;
	struct tmpdir d;
	struct buf why;

	tmpdir_make(&d);
	fakepostconf_make(&d,
	    "myhostname = $my_own\nmy_own = mx.b.example\n"
	    "queue_directory = $my_queue\nmy_queue = /q2\n",
	    defaults, "");
	buf_init(&why, 10000);
	CHECK(plan(&p, "", 0, &why) == 0);
	CHECK_STR(buf_text(&p.hostname), "mx.b.example");
	CHECK(strstr(buf_text(&p.listen),
	          "\"unix:/q2/postseal/signer.sock\"") != NULL);
	setupplan_free(&p);
	buf_free(&why);
	tmpdir_remove(&d);
}

/* Whatever Postfix says: what is not before 3.0 has braces, and what is
 * neither 2.x nor 3.x is told. */
static void
versions(void)
{
	static const struct {
		const char *said;
		bool old, told;
	} says[] = {{"2.3", true, false}, {"2.11.3", true, false},
	    {"3.0.0", false, false}, {"3.12-20260821", false, false},
	    {"1.1.13", true, true}, {"4.0-RC1", false, true},
	    {"10.2", false, true}, {"20260821", false, true}, {"", false, true},
	    {"$mail_name", false, true}, {"-1", false, true},
	    {"three", false, true}, {"99999999999999999999", false, true}};

	for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
		struct setupplan p;
		struct tmpdir d;
		struct buf why, out;
		char main_cf[100];

		suite_row(says[i].said);
		snprintf(main_cf, sizeof main_cf, "mail_version = %s\n",
		    says[i].said);
		tmpdir_make(&d);
		fakepostconf_make(&d, main_cf, defaults, "");
		buf_init(&why, 10000);
		CHECK(plan(&p, "", 0, &why) == 0);
		text_of(&p, &out);
		CHECK((strstr(buf_text(&out), "default_action=") == NULL) ==
		    says[i].old);
		CHECK((strstr(buf_text(&p.advice), "Postfix 2 and 3") !=
		          NULL) == says[i].told);
		setupplan_free(&p);
		buf_free(&why);
		buf_free(&out);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

/* As the kernel shows it, without a newline */
static void
sees_selinux(void)
{
	static const struct {
		const char *text;
		bool want;
	} files[] = {{"1", true}, {"0", false}, {"", false}};
	char path[TMPDIR_PATH_MAX];
	struct tmpdir d;

	tmpdir_make(&d);
	CHECK(!setupplan_enforcing(tmpdir_file(&d, "enforce", path)));
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		tmpdir_write(&d, "enforce", files[i].text);
		CHECK(setupplan_enforcing(path) == files[i].want);
	}
	tmpdir_remove(&d);
}

SUITE("setupplan", T(makes_commands), T(verifier_config), T(refuses),
    T(advises), T(internal_hosts), T(names_are_resolved), T(versions),
    T(sees_selinux))
