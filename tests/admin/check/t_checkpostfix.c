#include <stdio.h>
#include <unistd.h>

#include "admin/check/checkpostfix.h"
#include "admin/limits.h"
#include "tests/support/fakepostconf.h"
#include "tests/support/found.h"
#include "tests/support/suite.h"

/* What a Postfix has that is as it should be. */
static const char defaults[] =
    "queue_directory = /q\n"
    "smtp_helo_name = $myhostname\n"
    "myhostname = mx.a.example\n"
    "smtp_bind_address = 192.0.2.1\n"
    "smtp_bind_address6 = \n"
    "smtpd_policy_service_max_ttl = 1000s\n"
    "smtpd_policy_service_timeout = 100s\n"
    "smtpd_relay_restrictions = permit_mynetworks, "
    "defer_unauth_destination\n"
    "smtpd_restriction_classes = \n"
    "smtpd_recipient_restrictions = permit_mynetworks, "
    "reject_unauth_destination, check_policy_service "
    "unix:private/policyd-spf\n"
    "mynetworks = 127.0.0.0/8 [::1]/128\n"
    "smtpd_milters = inet:127.0.0.1:8891\n"
    "non_smtpd_milters = $smtpd_milters\n"
    "content_filter = \n"
    "smtpd_proxy_filter = \n"
    "milter_default_action = tempfail\n"
    "milter_protocol = 6\n"
    "milter_header_checks = \n"
    "internal_mail_filter_classes = bounce\n"
    "smtp_generic_maps = \n"
    "smtp_header_checks = \n"
    "smtp_mime_header_checks = \n"
    "smtp_nested_header_checks = \n"
    "smtp_body_checks = \n"
    "smtp_line_length_limit = 998\n"
    "disable_mime_output_conversion = yes\n"
    "force_mime_input_conversion = no\n"
    "remote_header_rewrite_domain = \n"
    "cleanup_service_name = cleanup\n"
    "smtpd_milter_maps = \n"
    "smtp_tls_security_level = may\n"
    "smtp_use_tls = no\n"
    "smtp_enforce_tls = no\n";

static const char policyd_spf[] =
    "policyd-spf unix - n n - 0 spawn user=nobody "
    "argv=/bin/true -c /etc/passwd postseal-policyd\n";

#define SMTPD "smtp inet n - y - - smtpd\n"

/* Looks at a Postfix that differs by these lines from one that is right, beside
 * an opendkim or opendmarc with that config, NULL: none. */
static void
look_beside(struct findings *f, struct checkpostfix *c, const char *main_cf,
    const char *master_cf, const char *config, const char *opendkim,
    const char *opendmarc)
{
	struct postconf p = {.dir = NULL};
	struct settings *s = NULL;
	char text[4000];
	struct buf why;
	struct tmpdir d;

	tmpdir_make(&d);
	snprintf(
	    text, sizeof text, "policyd-spf_time_limit = 3600\n%s", main_cf);
	fakepostconf_make(
	    &d, *main_cf == '-' ? main_cf + 1 : text, defaults, master_cf);
	buf_init(&why, 1000);
	CU_ASSERT_FATAL(settings_parse("/etc/passwd", span_str(config),
	                    SETTINGS_ALL, &s, &why, &why) == 0);
	p.dir = d.path;
	findings_init(f);
	if (opendkim != NULL)
		tmpdir_write(&d, "opendkim.conf", opendkim);
	if (opendmarc != NULL)
		tmpdir_write(&d, "opendmarc.conf", opendmarc);
	checkpostfix_look(&p, s, d.path, f, c);
	settings_free(s);
	buf_free(&why);
	tmpdir_remove(&d);
}

static void
look(struct findings *f, struct checkpostfix *c, const char *main_cf,
    const char *master_cf, const char *config)
{
	look_beside(f, c, main_cf, master_cf, config, NULL, NULL);
}

/* These tests have a config, and no Postfix that runs. */
static bool
is_of_running(const struct finding *i)
{
	return strstr(i->what, "Postfix does not run") != NULL;
}

static void
all_is_well(void)
{
	static const char listen[] = "signer { listen = inet:127.0.0.1:8891 }\n"
	                             "verifier { listen = {} }";
	struct checkpostfix c;
	struct findings f;

	look(&f, &c, "", "smtp inet n - y - - smtpd\n", listen);
	CHECK(f.count[FINDING_NOTE] == 1); /* no spawned daemon */
	findings_free(&f);
	checkpostfix_free(&c);
	{
		char master[400];

		snprintf(master, sizeof master, SMTPD "%s", policyd_spf);
		/* the default of Postfix 3.11, and before */
		look(&f, &c, "milter_default_action = shutdown\n", master,
		    listen);
		CHECK(f.count[FINDING_OK] == 7 && f.count[FINDING_NOTE] == 0);
		findings_free(&f);
		checkpostfix_free(&c);
		look(&f, &c, "", master, listen);
	}
	for (const struct finding *i = f.first; i != NULL; i = i->next) {
		suite_row(i->what);
		CHECK(i->level == FINDING_OK || is_of_running(i));
	}
	suite_row(NULL);
	CHECK(f.count[FINDING_OK] == 7);
	CHECK(c.there && c.tls);
	CHECK_STR(buf_text(&c.hostname), "mx.a.example");
	CHECK_STR(buf_text(&c.addresses), "192.0.2.1 ");
	findings_free(&f);
	checkpostfix_free(&c);
}

#define V "verifier { listen = unix:/q/v }"
#define V_FIRST \
	"smtpd_milters = { unix:v, default_action=tempfail }, " \
	"inet:127.0.0.1:8891\n"

/* main_cf that begins with '-' stands alone, without the time limit. */
static const struct row {
	const char *main_cf, *master_cf, *config;
	enum finding_level level;
	const char *what;
	const char *mend; /* a part of it; NULL: there is none */
} rows[] = {
    /* the service */
    {"-", policyd_spf, "", FINDING_WARNING, "policyd-spf_time_limit is not set",
        "-e 'policyd-spf_time_limit = 3600'"},
    {"", "spf unix - n n - 0 spawn user=a argv=/x/postseal-policyd\n", "",
        FINDING_WARNING, "spf_time_limit is not set",
        "-e 'spf_time_limit = 3600'"},
    {"-policyd-spf_time_limit = 1019\n", policyd_spf, "", FINDING_WARNING,
        "policyd-spf_time_limit is 1019 s, under 1020 s", "3600"},
    {"-policyd-spf_time_limit = 1020\n", policyd_spf, "", FINDING_OK,
        "policyd-spf_time_limit is set", NULL},
    {"-policyd-spf_time_limit = 1h\nsmtpd_policy_service_max_ttl = 1h\n",
        policyd_spf, "", FINDING_WARNING, "is 3600 s, under 3620 s", "3600"},
    {"", "policyd-spf unix - n n - 5 spawn user=a argv=/x/postseal-policyd\n",
        "", FINDING_ERROR, "maxproc of policyd-spf is not 0", NULL},
    {"", "policyd-spf unix - - n - 0 spawn user=a argv=/x/postseal-policyd\n",
        "", FINDING_ERROR, "unpriv of policyd-spf is not n", NULL},
    {"", "policyd-spf unix - n y - 0 spawn user=a argv=/x/postseal-policyd\n",
        "", FINDING_ERROR, "policyd-spf is chrooted", NULL},
    {"",
        "policyd-spf unix - n n - 0 spawn user=root "
        "argv=/x/postseal-policyd\n",
        "", FINDING_ERROR, "runs as root or postfix", NULL},
    {"", SMTPD, "", FINDING_NOTE, "master.cf starts no postseal-policyd", NULL},
    /* user, program, settings */
    {"",
        "policyd-spf unix - n n - 0 spawn user=no-such-user argv=/bin/true "
        "postseal-policyd\n",
        "", FINDING_ERROR, "policyd-spf: there is no user 'no-such-user'",
        "useradd --system"},
    {"",
        "policyd-spf unix - n n - 0 spawn user=nobody:no-such-group "
        "argv=/bin/true postseal-policyd\n",
        "", FINDING_ERROR, "there is no user 'nobody:no-such-group'",
        "useradd --system"},
    {"", "policyd-spf unix - n n - 0 spawn argv=/bin/true postseal-policyd\n",
        "", FINDING_ERROR, "policyd-spf: there is no user ''",
        "useradd --system"},
    {"",
        "policyd-spf unix - n n - 0 spawn user=nobody "
        "argv=/none/postseal-policyd\n",
        "", FINDING_ERROR, "there is no /none/postseal-policyd", "argv="},
    {"",
        "policyd-spf unix - n n - 0 spawn user=nobody "
        "argv=/bin/true -c /none/p.conf postseal-policyd\n",
        "", FINDING_ERROR, "there is no /none/p.conf",
        "postseal --sample-config"},
    {"",
        "policyd-spf unix - n n - 0 spawn user=nobody "
        "argv=/bin/true -c /etc/group postseal-policyd\n",
        "", FINDING_NOTE, "policyd-spf reads /etc/group, and not /etc/passwd",
        NULL},
    {"smtpd_recipient_restrictions = reject_unauth_destination, "
     "check_policy_service inet:127.0.0.1:10031\n",
        SMTPD, "", FINDING_OK, "inet:127.0.0.1:10031 stands after", NULL},
    {"smtpd_recipient_restrictions = reject_unauth_destination, "
     "check_policy_service inet:127.0.0.1:1031\n",
        "127.0.0.1:1031 inet n n n - 0 spawn user=a "
        "argv=/x/postseal-policyd\n",
        "", FINDING_OK, "inet:127.0.0.1:1031 stands after", NULL},
    /* the restrictions */
    {"smtpd_recipient_restrictions = permit_mynetworks\n", policyd_spf, "",
        FINDING_WARNING, "have no check_policy_service unix:private/",
        "postseal setup"},
    {"smtpd_recipient_restrictions = check_policy_service "
     "unix:private/policyd-spf, reject_unauth_destination\n"
     "smtpd_relay_restrictions = permit_mynetworks\n",
        policyd_spf, "", FINDING_ERROR, "has no reject_unauth_destination",
        "put reject_unauth_destination"},
    {"smtpd_recipient_restrictions = check_policy_service "
     "unix:private/policyd-spf\n",
        policyd_spf, "", FINDING_OK, "stands after what refuses", NULL},
    {"smtpd_recipient_restrictions = reject_unauth_destination, mine\n"
     "smtpd_restriction_classes = mine\n"
     "mine = reject_unauth_destination, check_policy_service "
     "unix:private/policyd-spf\n",
        policyd_spf, "", FINDING_OK, "stands after what refuses", NULL},
    {"smtpd_recipient_restrictions = { a\n", policyd_spf, "", FINDING_UNKNOWN,
        "a brace is left open", NULL},
    {"",
        "smtp inet n - y - - smtpd -o smtpd_recipient_restrictions=permit\n"
        "policyd-spf unix - n n - 0 spawn user=a "
        "argv=/x/postseal-policyd\n",
        "", FINDING_WARNING, "smtp has smtpd_recipient_restrictions of its own",
        NULL},
    /* the daemon */
    {"smtpd_policy_service_timeout = 90s\n", SMTPD,
        "policyd { time_limit = 90 }", FINDING_WARNING,
        "time_limit is 90 s, not under 90 s", "make policyd.time_limit"},
    {"smtpd_policy_service_timeout = 20s\n", SMTPD, "", FINDING_WARNING,
        "time_limit is 20 s, not under 20 s", "make policyd.time_limit"},
    {"", SMTPD, "policyd { observe = true }", FINDING_NOTE, "refuses nothing",
        "--enforce"},
    {"", SMTPD, "policyd { header = authentication-results }", FINDING_NOTE,
        "that a sender forged with our name stays", NULL},
    /* clients of ours that it would check */
    {"", policyd_spf,
        "signer { internal_hosts = {\"127.0.0.1\", "
        "\"192.0.2.0/24\", \"!192.0.2.7\", \".a.example\", "
        "\"2001:db8::/32\"} }",
        FINDING_WARNING,
        "neither mynetworks nor policyd.trusted_networks have, of "
        "signer.internal_hosts: 192.0.2.0/24 [2001:db8::]/32",
        "-e 'mynetworks = 127.0.0.0/8 [::1]/128 192.0.2.0/24 "
        "[2001:db8::]/32'"},
    {"smtpd_recipient_restrictions = reject_unauth_destination, "
     "check_policy_service unix:private/policyd-spf\n"
     "mynetworks = 192.0.2.0/24\n",
        policyd_spf, "signer { internal_hosts = {\"192.0.2.1\"} }",
        FINDING_WARNING,
        "policyd.trusted_networks does not have, of signer.internal_hosts: "
        "192.0.2.1/32",
        "add them to policyd.trusted_networks"},
    /* the signer */
    {"smtpd_milters = inet:127.0.0.1:8892\n", SMTPD, "", FINDING_WARNING,
        "smtpd_milters do not have the signer", "postseal setup"},
    {"smtpd_milters = inet:localhost:8891\n", SMTPD, "", FINDING_OK,
        "smtpd_milters have the signer", NULL},
    {"", SMTPD, "", FINDING_WARNING, "signer.listen is not set",
        "postseal setup"},
    {"smtpd_milters = { unix:q, default_action=accept }\n", SMTPD,
        "signer { listen = unix:/q/q }", FINDING_NOTE, "= accept", NULL},
    {"smtpd_milters = { unix:q, default_action=reject }\n", SMTPD,
        "signer { listen = unix:/q/q }", FINDING_WARNING,
        "milter_default_action = reject", "tempfail"},
    {"smtpd_milters = unix:postseal/signer.sock\n"
     "queue_directory = /var/spool/postfix\n",
        SMTPD, "", FINDING_OK, "smtpd_milters have the signer", NULL},
    {"smtpd_milters = unix:run/s\n", SMTPD, "signer { listen = unix:/q/run/s }",
        FINDING_OK, "smtpd_milters have the signer", NULL},
    {"non_smtpd_milters = \n", SMTPD, "", FINDING_WARNING,
        "non_smtpd_milters do not have the signer", "postseal setup"},
    /* a second service, whatever its name */
    {"smtpd_recipient_restrictions = reject_unauth_destination, "
     "check_policy_service unix:private/policyd-spf, check_policy_service "
     "unix:private/policy-spf\n",
        "policyd-spf unix - n n - 0 spawn user=nobody argv=/bin/true "
        "postseal-policyd\n"
        "policy-spf unix - n n - 0 spawn user=nobody "
        "argv=/usr/bin/policyd-spf\n",
        "", FINDING_WARNING, "unix:private/policy-spf checks SPF, too",
        "take check_policy_service unix:private/policy-spf out"},
    {"smtpd_recipient_restrictions = reject_unauth_destination, "
     "check_policy_service unix:private/a, check_policy_service "
     "{ inet:127.0.0.1:99, timeout=10s }\n",
        "a unix - n n - 0 spawn user=nobody argv=/bin/true "
        "postseal-policyd\n"
        "127.0.0.1:99 inet n n n - 0 spawn user=nobody argv=/bin/true "
        "postseal-policyd\n",
        "", FINDING_WARNING, "inet:127.0.0.1:99 checks SPF, too",
        "take check_policy_service inet:127.0.0.1:99 out"},
    {"smtpd_milters = inet:127.0.0.1:8891, unix:pyspf-milter/s\n",
        SMTPD "policyd-spf unix - n n - 0 spawn user=nobody argv=/bin/true "
              "postseal-policyd\n",
        "", FINDING_WARNING,
        "unix:pyspf-milter/s checks SPF beside the policy service",
        "take it out"},
    {"smtpd_milters = unix:postseal/signer.sock, inet:localhost:8891\n"
     "queue_directory = /var/spool/postfix\n",
        SMTPD, "", FINDING_WARNING, "smtpd_milters have the signer 2 times",
        "leave one"},
    {"smtpd_milters = unix:dkimpy-milter/s, inet:127.0.0.1:8891\n", SMTPD, "",
        FINDING_NOTE, "dkimpy may sign mail beside the signer", "Mode v"},
    /* smtpd_proxy_filter: what it hands back has to be signed there */
    {"",
        "smtp inet n - n - - smtpd -o smtpd_proxy_filter=127.0.0.1:10024\n"
        "submission inet n - n - - smtpd -o "
        "smtpd_proxy_filter=127.0.0.1:10024\n"
        "127.0.0.1:10025 inet n - n - - smtpd -o smtpd_proxy_filter=\n",
        "", FINDING_OK, "127.0.0.1:10025 takes mail back from a filter", NULL},
    {"",
        "submission inet n - n - - smtpd -o "
        "smtpd_proxy_filter=127.0.0.1:10024\n"
        "127.0.0.1:10025 inet n - n - - smtpd -o smtpd_milters=\n",
        "", FINDING_WARNING, "mail of submission is not signed",
        "have the signer in its smtpd_milters"},
    {"smtpd_proxy_filter = 127.0.0.1:10024\n",
        "submission inet n - n - - smtpd\n"
        "127.0.0.1:10025 inet n - n - - smtpd -o smtpd_proxy_filter= -o "
        "smtpd_milters=\n",
        "", FINDING_WARNING, "mail of submission is not signed",
        "have the signer in its smtpd_milters"},
    /* one for all but those that have an empty one is signed twice; an empty
     * one for all is none */
    {"content_filter = x:y\n",
        "submission inet n - n - - smtpd\n"
        "127.0.0.1:10025 inet n - n - - smtpd -o content_filter=\n",
        "", FINDING_WARNING, "10025 passes mail to the milters again",
        "-P 127.0.0.1:10025/inet/smtpd_milters="},
    {"",
        "submission inet n - n - - smtpd -o smtpd_milters=\n"
        "127.0.0.1:10025 inet n - n - - smtpd -o content_filter=\n",
        "", FINDING_WARNING, "submission has smtpd_milters of its own", NULL},
    {"", "submission inet n - n - - smtpd -o smtpd_milters=$mine\n", "",
        FINDING_WARNING, "submission has smtpd_milters of its own", NULL},
    /* by pipe(8) and sendmail(1) */
    {"",
        "smtp inet n - n - - smtpd -o content_filter=spamassassin\n"
        "spamassassin unix - n n - - pipe user=filter argv=/usr/bin/spamc -f "
        "-e /usr/sbin/sendmail -oi -f ${sender} ${recipient}\n",
        "", FINDING_WARNING,
        "the content_filter of smtp is a pipe(8) to sendmail(1)",
        "postseal setup --verify"},
    {"content_filter = f:dummy\n",
        SMTPD "f unix - n n - - pipe argv=/usr/bin/f | /usr/sbin/sendmail\n",
        "", FINDING_WARNING,
        "the content_filter of smtp is a pipe(8) to sendmail(1)", "--verify"},
    /* smtpd_milter_maps */
    {"smtpd_milter_maps = inline:{192.0.2.1=DISABLE}\n", SMTPD, "",
        FINDING_WARNING, "smtp has smtpd_milter_maps without the signer",
        "ignore_hosts"},
    {"", "smtp inet n - y - - smtpd -o smtpd_milter_maps=cidr:/none\n", "",
        FINDING_WARNING, "smtp has smtpd_milter_maps without the signer",
        "ignore_hosts"},
    /* cleanup(8) */
    {"", SMTPD "cleanup unix n - y - 0 cleanup -o non_smtpd_milters=\n", "",
        FINDING_WARNING,
        "cleanup has non_smtpd_milters of its own, without the signer", NULL},
    {"non_smtpd_milters =\n",
        SMTPD "cleanup unix n - y - 0 cleanup -o "
              "non_smtpd_milters=inet:127.0.0.1:8891\n",
        "", FINDING_OK,
        "master.cf: non_smtpd_milters of cleanup have the signer", NULL},
    /* smtp(8) */
    {"",
        SMTPD "smtp unix - - n - - smtp -o "
              "smtp_generic_maps=inline:{u@a.example=v@b.example}\n",
        "", FINDING_WARNING,
        "smtp has smtp_generic_maps=inline:", "let cleanup(8) do it"},
    {"smtp_header_checks = pcre:/x\n",
        SMTPD "smtp unix - - n - - smtp -o smtp_header_checks=\n"
              "relay unix - - n - - smtp\n",
        "", FINDING_WARNING, "smtp_header_checks is set",
        "let cleanup(8) do it"},
    /* who may change mail behind the signer, and who does not */
    {"smtpd_milters = inet:127.0.0.1:8891, unix:x\n", SMTPD, "",
        FINDING_WARNING, "smtpd_milters: other milters stand after",
        "-e 'smtpd_milters = unix:x, inet:127.0.0.1:8891'"},
    {"smtpd_milters = unix:a, { inet:localhost:8891, default_action=tempfail "
     "}, unix:opendkim/s, unix:x, unix:opendmarc/s\n",
        SMTPD, "", FINDING_WARNING, "smtpd_milters: other milters stand after",
        "-e 'smtpd_milters = unix:a, unix:opendkim/s, unix:x, { "
        "inet:localhost:8891, default_action=tempfail }, unix:opendmarc/s'"},
    {"smtpd_milters = inet:127.0.0.1:8891, unix:rspamd/s, unix:opendmarc/s, "
     "inet:localhost:11332\n",
        SMTPD, "", FINDING_OK, "smtpd_milters have the signer", NULL},
    {"smtpd_milters = inet:127.0.0.1:8891, unix:v\n", SMTPD,
        "verifier { listen = unix:/q/v }", FINDING_OK,
        "smtpd_milters have the signer", NULL},
    {"",
        SMTPD "submission inet n - y - - smtpd -o "
              "{smtpd_milters=inet:127.0.0.1:8891, unix:x}\n",
        "", FINDING_WARNING,
        "smtpd_milters of submission: other milters stand after",
        "-P 'submission/inet/smtpd_milters=unix:x, inet:127.0.0.1:8891'"},
    {"",
        SMTPD "cleanup unix n - y - 0 cleanup -o "
              "{non_smtpd_milters=inet:127.0.0.1:8891, unix:x}\n",
        "", FINDING_WARNING,
        "non_smtpd_milters of cleanup: other milters stand after",
        "-P 'cleanup/unix/non_smtpd_milters=unix:x, inet:127.0.0.1:8891'"},
    {"smtpd_milters = unix:opendmarc/s, inet:127.0.0.1:8891\n", SMTPD, "",
        FINDING_WARNING, "opendmarc has no DKIM verifier in front", "--verify"},
    {"smtpd_milters = unix:opendmarc/s, inet:127.0.0.1:8891\n", SMTPD,
        "signer { internal_hosts = {127.0.0.1, \"192.0.2.0/24\"} }",
        FINDING_WARNING, "opendmarc stands in front of the signer",
        "put opendmarc after the signer"},
    {"smtpd_milters = unix:opendmarc/s, inet:127.0.0.1:8891\n", SMTPD,
        "signer { sign_daemons = WEB }", FINDING_WARNING,
        "opendmarc stands in front of the signer", "IgnoreHosts"},
    {"smtpd_milters = unix:opendkim/s, inet:127.0.0.1:8891\n", SMTPD, "",
        FINDING_NOTE, "opendkim may sign mail beside the signer", "Mode v"},
    {"milter_default_action = accept\n", SMTPD, "", FINDING_NOTE,
        "milter_default_action = accept: mail goes out unsigned", NULL},
    {"milter_default_action = reject\n", SMTPD, "", FINDING_WARNING,
        "milter_default_action = reject", "milter_default_action = tempfail"},
    {"internal_mail_filter_classes = notify\n", SMTPD, "", FINDING_WARNING,
        "internal_mail_filter_classes has no bounce",
        "internal_mail_filter_classes = bounce"},
    {"milter_protocol = 2\n", SMTPD, "", FINDING_NOTE,
        "milter_protocol is not 6", "milter_protocol = 6"},
    {"milter_header_checks = pcre:x\n", SMTPD, "", FINDING_NOTE,
        "milter_header_checks is set", NULL},
    {"", "submission inet n - y - - smtpd -o smtpd_milters=\n", "",
        FINDING_WARNING, "submission has smtpd_milters of its own", NULL},
    /* filters */
    {"content_filter = smtp:[127.0.0.1]:10024\n",
        SMTPD "127.0.0.1:10025 inet n - n - - smtpd\n", "", FINDING_WARNING,
        "127.0.0.1:10025 passes mail to the milters again",
        "-P 127.0.0.1:10025/inet/smtpd_milters="},
    {"content_filter = smtp:[127.0.0.1]:10024\n",
        SMTPD "127.0.0.1:10025 inet n - n - - smtpd -o smtpd_milters=\n", "",
        FINDING_OK, "127.0.0.1:10025 takes mail back from a filter", NULL},
    {"",
        "smtp inet n - y - - smtpd -o content_filter=x:y\n"
        "127.0.0.1:10025 inet n - n - - smtpd -o "
        "receive_override_options=no_address_mappings,no_milters\n",
        "", FINDING_OK, "127.0.0.1:10025 takes mail back from a filter", NULL},
    {"content_filter = smtp:[127.0.0.1]:10024\n",
        "smtp inet n - y - - smtpd -o smtpd_milters=\n"
        "127.0.0.1:10025 inet n - n - - smtpd\n",
        "", FINDING_OK, "127.0.0.1:10025 takes mail back from a filter", NULL},
    /* what breaks signatures */
    {"smtp_generic_maps = hash:x\n", SMTPD, "", FINDING_WARNING,
        "smtp_generic_maps is set", "let cleanup(8) do it"},
    {"smtp_header_checks = pcre:x\n", SMTPD, "", FINDING_WARNING,
        "smtp_header_checks is set", "let cleanup(8) do it"},
    {"smtp_body_checks = pcre:x\n", SMTPD, "", FINDING_WARNING,
        "smtp_body_checks is set", "let cleanup(8) do it"},
    {"smtp_line_length_limit = 997\n", SMTPD, "", FINDING_WARNING,
        "smtp_line_length_limit is under 998", "= 998"},
    {"disable_mime_output_conversion = no\n", SMTPD, "", FINDING_NOTE,
        "8-bit mail to a next hop without 8BITMIME", "postconf -e"},
    {"disable_mime_output_conversion = no\n"
     "force_mime_input_conversion = yes\n",
        SMTPD, "", FINDING_OK, "8-bit mail is not rewritten", NULL},
    /* the verifier */
    {"", SMTPD, "", FINDING_NOTE, "smtpd_milters do not have the verifier",
        "postseal setup --verify"},
    {V_FIRST, SMTPD, V, FINDING_OK, "smtpd_milters have the verifier first",
        NULL},
    {"smtpd_milters = inet:127.0.0.1:8891, { unix:v, x=y }\n", SMTPD, V,
        FINDING_WARNING, "milters stand in front of the verifier",
        "-e 'smtpd_milters = { unix:v, default_action=tempfail }, "
        "inet:127.0.0.1:8891'"},
    {"smtpd_milters = unix:v, inet:127.0.0.1:8891\n"
     "milter_default_action = accept\n",
        SMTPD, V, FINDING_WARNING, "verifier has default_action = accept",
        "-e 'smtpd_milters = { unix:v, default_action=tempfail }, "
        "inet:127.0.0.1:8891'"},
    {"smtpd_milters = { unix:v, default_action=accept }\n", SMTPD, V,
        FINDING_WARNING, "verifier has default_action = accept",
        "-e 'smtpd_milters = { unix:v, default_action=tempfail }'"},
    {"smtpd_milters = { unix:v, default_action=reject }\n", SMTPD, V,
        FINDING_WARNING, "verifier has default_action = reject", "tempfail"},
    {"smtpd_milters = { unix:v, default_action=tempfail }\n"
     "milter_default_action = accept\n",
        SMTPD, V, FINDING_OK, "smtpd_milters have the verifier first", NULL},
    /* it and policyd refuse */
    {V_FIRST, policyd_spf,
        "verifier { listen = unix:/q/v dmarc { action = enforce } }",
        FINDING_WARNING, "the verifier, which refuses, too, has seen it",
        "postseal setup --enforce"},
    {V_FIRST, policyd_spf,
        "verifier { listen = unix:/q/v reject = {\"spf-fail\"} }",
        FINDING_WARNING, "the verifier, which refuses, too, has seen it",
        "postseal setup --enforce"},
    {V_FIRST, policyd_spf, V, FINDING_NOTE,
        "refuses mail for SPF before the verifier has seen it",
        "postseal setup --enforce"},
    {V_FIRST "mynetworks = 127.0.0.0/8 192.0.2.0/28 198.51.100.0/24\n", SMTPD,
        "verifier { listen = unix:/q/v dmarc { action = enforce } "
        "trusted_networks = {\"127.0.0.1/8\", \"198.51.0.0/16\"} }",
        FINDING_WARNING,
        "verifier.trusted_networks does not have, of mynetworks: 192.0.2.0/28",
        "add them to verifier.trusted_networks"},
    {V_FIRST, SMTPD, V, FINDING_WARNING, "non_smtpd_milters have the verifier",
        "-e 'non_smtpd_milters = inet:127.0.0.1:8891'"},
    {V_FIRST "milter_header_checks = pcre:{{/^authentication-results:/ "
             "IGNORE}}\n",
        SMTPD, V, FINDING_WARNING, "names Authentication-Results",
        "take Authentication-Results out"},
    {V_FIRST "force_mime_input_conversion = yes\n",
        SMTPD "cleanup unix n - y - 0 cleanup\n", V, FINDING_WARNING,
        "force_mime_input_conversion = yes",
        "-e 'force_mime_input_conversion = no'"},
    {V_FIRST,
        SMTPD "cleanup unix n - y - 0 cleanup -o "
              "force_mime_input_conversion=yes\n",
        V, FINDING_WARNING, "cleanup has force_mime_input_conversion=yes",
        "-P cleanup/unix/force_mime_input_conversion=no"},
    {V_FIRST "force_mime_input_conversion = yes\n",
        "smtp inet n - y - - smtpd -o cleanup_service_name=in\n"
        "in unix n - y - 0 cleanup\n"
        "cleanup unix n - y - 0 cleanup -o force_mime_input_conversion=no\n",
        V, FINDING_WARNING, "force_mime_input_conversion = yes",
        "-e 'force_mime_input_conversion = no'"},
    {V_FIRST,
        "smtp inet n - y - - smtpd -o cleanup_service_name=in\n"
        "in unix n - y - 0 cleanup -o { force_mime_input_conversion = yes }\n",
        V, FINDING_WARNING, "in has force_mime_input_conversion=yes",
        "-P in/unix/force_mime_input_conversion=no"},
    {V_FIRST "remote_header_rewrite_domain = domain.invalid\n", SMTPD, V,
        FINDING_WARNING, "remote_header_rewrite_domain = domain.invalid",
        "-e 'remote_header_rewrite_domain ='"},
    {V_FIRST, "25 inet n - y - - smtpd -o remote_header_rewrite_domain=x\n", V,
        FINDING_WARNING, "25 has remote_header_rewrite_domain=x",
        "-P 25/inet/remote_header_rewrite_domain="},
    {V_FIRST "smtpd_milter_maps = cidr:/etc/m\n", SMTPD, V, FINDING_WARNING,
        "smtpd_milter_maps = cidr:/etc/m", "-e 'smtpd_milter_maps ='"},
    {V_FIRST,
        "smtpd pass - - y - - smtpd -o "
        "smtpd_milter_maps=inline:{192.0.2.1=DISABLE}\n",
        V, FINDING_WARNING, "smtpd has smtpd_milter_maps=inline:",
        "-P smtpd/pass/smtpd_milter_maps="},
    {V_FIRST,
        "smtp inet n - y - - smtpd -o smtpd_proxy_filter=127.0.0.1:10024\n", V,
        FINDING_WARNING, "smtp has smtpd_proxy_filter=127.0.0.1:10024",
        "relays = {\"127.0.0.1/32\"}"},
    {V_FIRST "smtpd_proxy_filter = 127.0.0.1:10024\n", SMTPD, V,
        FINDING_WARNING, "smtpd_proxy_filter = 127.0.0.1:10024",
        "have the milters"},
    {V_FIRST,
        "smtp inet n - y - - smtpd -o smtpd_proxy_filter=127.0.0.1:10024 -o "
        "smtpd_milters=\n127.0.0.1:10025 inet n - n - - smtpd\n",
        V, FINDING_WARNING, "takes strangers' mail from smtpd_proxy_filter",
        "relays = {\"127.0.0.1/32\"}"},
    {V_FIRST "content_filter = smtp:[127.0.0.1]:10024\n",
        SMTPD "127.0.0.1:10025 inet n - n - - smtpd -o "
              "receive_override_options=no_address_mappings\n",
        V, FINDING_NOTE, "10025 shows mail from a filter to the verifier",
        "-P 127.0.0.1:10025/inet/receive_override_options=no_address_mappings,"
        "no_milters"},
    {V_FIRST "content_filter = smtp:[127.0.0.1]:10024\n",
        SMTPD "127.0.0.1:10025 inet n - n - - smtpd\n",
        "verifier { listen = unix:/q/v relays = {\"127.0.0.1\"} }",
        FINDING_WARNING, "10025 shows mail from a filter to the verifier",
        "-P 127.0.0.1:10025/inet/receive_override_options=no_milters"},
    {V_FIRST "content_filter = smtp:[127.0.0.1]:10024\n",
        SMTPD "127.0.0.1:10025 inet n - n - - smtpd\n",
        "verifier { listen = unix:/q/v trusted_networks = {} }",
        FINDING_WARNING, "10025 shows mail from a filter to the verifier",
        "no_milters"},
    {V_FIRST "milter_protocol = 2\n", SMTPD, V, FINDING_WARNING,
        "milter_protocol is not 6", "-e 'milter_protocol = 6'"},
    {V_FIRST,
        SMTPD "submission inet n - y - - smtpd -o "
              "milter_macro_daemon_name=ORIGINATING\n",
        V, FINDING_NOTE, "submission, which is for users, asks the verifier",
        "-P submission/inet/smtpd_milters=inet:127.0.0.1:8891"},
    /* whose mail is signed and would be verified */
    {V_FIRST, SMTPD,
        V "\nsigner { internal_hosts = {127.0.0.1, \"192.0.2.0/24\"} }",
        FINDING_WARNING,
        "verifier.trusted_networks does not have, of signer.internal_hosts: "
        "192.0.2.0/24",
        "add it to verifier.trusted_networks"},
    {V_FIRST, SMTPD,
        "verifier { listen = unix:/q/v trusted_networks = 127.0.0.0/8 }\n"
        "signer { internal_hosts = {127.0.0.1, this-host} }",
        FINDING_WARNING, "of signer.internal_hosts: this-host",
        "add it to verifier.trusted_networks"},
    {V_FIRST, SMTPD, V "\nsigner { sign_daemons = {ORIGINATING, WEB} }",
        FINDING_WARNING,
        "verifier.own_daemons does not have, of signer.sign_daemons: WEB",
        "add it to verifier.own_daemons"},
    {V_FIRST, SMTPD, V "\nsigner { sign_macros = \"{cert_subject}=a\" }",
        FINDING_WARNING,
        "verifier.own_macros does not have, of signer.sign_macros: "
        "{cert_subject}=a",
        "add it to verifier.own_macros"},
    {"smtpd_milters = unix:v, local:/run/opendkim/opendkim.sock\n", SMTPD, V,
        FINDING_WARNING, "have opendkim beside the verifier", "Mode s"},
    {"smtpd_milters = unix:v, local:/run/opendmarc/opendmarc.sock\n", SMTPD,
        "verifier { listen = unix:/q/v authserv_id = mx.example.jp }",
        FINDING_NOTE, "what the verifier writes as mx.example.jp",
        "TrustedAuthservIDs mx.example.jp"},
    {V_FIRST, SMTPD, V "\npolicyd { header = authentication-results }",
        FINDING_ERROR, "policyd.header is authentication-results",
        "received-spf"},
    /* TLS */
    {"smtp_tls_security_level = \n", SMTPD, "", FINDING_WARNING,
        "smtp_tls_security_level is none", "smtp_tls_security_level = may"},
    {"smtp_tls_security_level = \nsmtp_use_tls = yes\n", SMTPD, "", FINDING_OK,
        "outgoing mail is encrypted", NULL},
};

static void
each_finding(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		const struct finding *found;
		struct checkpostfix c;
		struct findings f;

		suite_row(r->what);
		look(&f, &c, r->main_cf, r->master_cf, r->config);
		found = found_first(&f, r->what);
		CHECK(found != NULL);
		if (found != NULL) {
			CHECK(found->level == r->level);
			CHECK((found->mend != NULL) == (r->mend != NULL));
			CHECK(r->mend == NULL ||
			    strstr(found->mend, r->mend) != NULL);
			CHECK(r->level == FINDING_OK || found->why != NULL ||
			    r->level == FINDING_UNKNOWN ||
			    r->level == FINDING_NOTE);
		}
		CHECK(!f.no_memory);
		findings_free(&f);
		checkpostfix_free(&c);
	}
	suite_row(NULL);
}

/* What spawn(8)'s user may not do; only root can try. */
static void
rights_of_the_user(void)
{
	static const struct {
		const char *argv, *what;
	} row[] = {
	    {"/etc/shadow", "its user may not run /etc/shadow"},
	    {"/bin/true -c /etc/shadow", "its user may not read /etc/shadow"},
	};

	for (size_t i = 0; i < 2 && geteuid() == 0; i++) {
		struct checkpostfix c;
		struct findings f;
		char master[400];

		suite_row(row[i].what);
		snprintf(master, sizeof master,
		    "policyd-spf unix - n n - 0 spawn user=nobody argv=%s "
		    "postseal-policyd\n",
		    row[i].argv);
		look(&f, &c, "", master, "");
		CHECK(found_first(&f, row[i].what) != NULL &&
		    found_first(&f, row[i].what)->level == FINDING_ERROR);
		findings_free(&f);
		checkpostfix_free(&c);
	}
	suite_row(NULL);
}

/* Of a table's file, whether it names the field; without a verifier nobody
 * asks. */
static void
header_checks(void)
{
	static const struct {
		const char *table, *config;
		bool found;
	} row[] = {{"/^Authentication-Results:/ IGNORE\n", V, true},
	    {"/^X-Spam:/ IGNORE\n", V, false},
	    {"/^Authentication-Results:/ IGNORE\n", "", false}};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char path[TMPDIR_PATH_MAX], main_cf[2 * TMPDIR_PATH_MAX];
		struct checkpostfix c;
		struct findings f;
		struct tmpdir d;

		suite_row(row[i].table);
		tmpdir_make(&d);
		tmpdir_write(&d, "checks", row[i].table);
		snprintf(main_cf, sizeof main_cf,
		    V_FIRST "milter_header_checks = pcre:/none regexp:%s\n",
		    tmpdir_file(&d, "checks", path));
		look(&f, &c, main_cf, SMTPD, row[i].config);
		CHECK((found_first(&f, "names Authentication-Results") !=
		          NULL) == row[i].found);
		findings_free(&f);
		checkpostfix_free(&c);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

/* Beside the verifier: what is as it should be is no finding. */
static void
inbound_is_well(void)
{
	static const char listen[] =
	    "verifier { listen = unix:/q/v own_macros = x }\n"
	    "signer { listen = inet:127.0.0.1:8891 "
	    "sign_daemons = ORIGINATING sign_macros = x }";
	static const struct {
		const char *main_cf, *master_cf, *config;
	} row[] = {
	    {V_FIRST, SMTPD, listen},
	    /* what users need, on their service */
	    {V_FIRST,
	        SMTPD "submission inet n - y - - smtpd -o "
	              "milter_macro_daemon_name=ORIGINATING -o "
	              "cleanup_service_name=sub -o "
	              "smtpd_milters=inet:127.0.0.1:8891 -o "
	              "remote_header_rewrite_domain=a -o smtpd_milter_maps=b\n"
	              "sub unix n - y - 0 cleanup -o "
	              "force_mime_input_conversion=yes\n"
	              "cleanup unix n - y - 0 cleanup\n",
	        listen},
	    {V_FIRST "force_mime_input_conversion = yes\n",
	        SMTPD "cleanup unix n - y - 0 cleanup -o "
	              "force_mime_input_conversion=no\n",
	        listen},
	    {V_FIRST "remote_header_rewrite_domain = a\n",
	        "smtp inet n - y - - smtpd -o remote_header_rewrite_domain=\n",
	        listen},
	    /* filters */
	    {V_FIRST "content_filter = smtp:[127.0.0.1]:10024\n",
	        SMTPD "127.0.0.1:10025 inet n - n - - smtpd -o "
	              "receive_override_options=no_milters\n",
	        listen},
	    {V_FIRST,
	        "smtp inet n - y - - smtpd -o smtpd_proxy_filter=[::1]:1 -o "
	        "smtpd_milters=\n127.0.0.1:10025 inet n - n - - smtpd\n",
	        "verifier { listen = unix:/q/v relays = \"127.0.0.1\" }\n"
	        "signer { listen = inet:127.0.0.1:8891 }"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct checkpostfix c;
		struct findings f;
		char master[1000];

		snprintf(master, sizeof master, "%s%s", row[i].master_cf,
		    policyd_spf);
		look(&f, &c, row[i].main_cf, master, row[i].config);
		for (const struct finding *k = f.first; k != NULL;
		     k = k->next) {
			/* tells of the signer's own place, and policyd's */
			if (is_of_running(k) ||
			    strstr(k->what, "non_smtpd_milters") != NULL ||
			    strstr(k->what, "policyd refuses") != NULL ||
			    strstr(k->what, "the signer") != NULL ||
			    strstr(k->what, "submission") != NULL)
				continue;
			suite_row(k->what);
			CHECK(k->level == FINDING_OK);
		}
		suite_row(NULL);
		findings_free(&f);
		checkpostfix_free(&c);
	}
}

/* By their config, and where it is not there by their names in the list. */
static void
opendkim_and_opendmarc(void)
{
	static const struct {
		const char *milters, *opendkim, *opendmarc;
		const char *what; /* NULL: neither is told of */
		enum finding_level level;
	} row[] = {
	    {"inet:127.0.0.1:8893", NULL, NULL,
	        "opendmarc is to read what the verifier writes as mx.a.example",
	        FINDING_NOTE},
	    {"unix:opendmarc/s", NULL, "# AuthservID x\nAuthservID HOSTNAME\n",
	        "opendmarc reads what the verifier writes as mx.a.example",
	        FINDING_OK},
	    {"inet:127.0.0.1:54321", NULL,
	        "Socket inet:54321@localhost\nAuthservID other\n",
	        "opendmarc does not read what", FINDING_WARNING},
	    {"inet:127.0.0.1:54321", NULL,
	        "socket\tinet:54321@localhost\nauthservid MX.A.example\n",
	        "opendmarc reads what", FINDING_OK},
	    {"unix:opendmarc/s", NULL,
	        "AuthservID other\nTrustedAuthservIDs a, mx.a.example # x\n",
	        "opendmarc reads what", FINDING_OK},
	    {"unix:opendmarc/s", NULL,
	        "AuthservID other\nTrustedAuthservIDs a,MX.a.example\n",
	        "opendmarc does not read what", FINDING_WARNING},
	    {"unix:opendmarc/s", NULL,
	        "AuthservID other\nTrustedAuthservIDs HOSTNAME\n",
	        "opendmarc reads what", FINDING_OK},
	    {"unix:opendmarc/s", NULL, "\n", "opendmarc reads what",
	        FINDING_OK},
	    {"unix:x", NULL, "AuthservID other\n", NULL, FINDING_OK},
	    {"unix:opendkim/s", NULL, NULL, "have opendkim beside",
	        FINDING_WARNING},
	    {"unix:opendkim/s", "Domain a.example\n", NULL,
	        "have opendkim beside", FINDING_WARNING},
	    {"unix:opendkim/s", "Mode sv\n", NULL, "have opendkim beside",
	        FINDING_WARNING},
	    {"inet:localhost:12301", "Mode v\nSocket inet:12301@127.0.0.1\n",
	        NULL, "have opendkim beside", FINDING_WARNING},
	    {"unix:d/o", "Mode v\nSocket local:/q/d/o\n", NULL,
	        "have opendkim beside", FINDING_WARNING},
	    {"unix:opendkim/s", "Mode v\nMode s\n", NULL, NULL, FINDING_OK},
	    {"unix:x", "Mode v\n", NULL, NULL, FINDING_OK},
	    /* one of ours took its socket, and its config is left */
	    {"unix:opendkim/ours", NULL, NULL, NULL, FINDING_OK},
	    {"unix:opendkim/ours", "Socket local:/q/opendkim/ours\n", NULL,
	        NULL, FINDING_OK},
	    {"unix:opendmarc/ours", NULL, NULL, NULL, FINDING_OK},
	};
	static const char config[] =
	    "hostname = mx.a.example\n"
	    "verifier { listen = {unix:/q/v, unix:/q/opendmarc/ours} }\n"
	    "signer { listen = unix:/q/opendkim/ours }";

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const struct finding *found;
		struct checkpostfix c;
		struct findings f;
		char main_cf[200];

		snprintf(main_cf, sizeof main_cf,
		    "smtpd_milters = unix:v, %s\n", row[i].milters);
		suite_row(row[i].milters);
		look_beside(&f, &c, main_cf, SMTPD, config, row[i].opendkim,
		    row[i].opendmarc);
		found =
		    found_first(&f, row[i].what == NULL ? "open" : row[i].what);
		CHECK((found != NULL) == (row[i].what != NULL));
		if (found != NULL) {
			CHECK(found->level == row[i].level);
			CHECK((found->mend == NULL) ==
			    (row[i].level == FINDING_OK));
		}
		findings_free(&f);
		checkpostfix_free(&c);
	}
	suite_row(NULL);
}

/* Clients that may send without a login, and whose mail is signed, or not. */
static void
unsigned_networks(void)
{
	static const struct {
		const char *mynetworks, *signer, *what, *mend;
	} row[] = {
	    {"127.0.0.0/8 192.0.2.0/24 [2001:db8::]/32", "",
	        "of mynetworks: 192.0.2.0/24 [2001:db8::]/32",
	        "signer { internal_hosts = {\"127.0.0.1\", \"::1\", "
	        "\"this-host\", \"192.0.2.0/24\", \"2001:db8::/32\"} }; or"},
	    {"127.0.0.0/8, 192.0.2.0/24", "internal_hosts = {\"192.0.2.0/25\"}",
	        "of mynetworks: 192.0.2.0/24",
	        "{\"192.0.2.0/25\", \"192.0.2.0"},
	    {"192.0.2.1", "internal_hosts = {}", "of mynetworks: 192.0.2.1/32",
	        "internal_hosts = {\"192.0.2.1/32\"} }"},
	    /* as it should be */
	    {"127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128", "", NULL, NULL},
	    {"192.0.2.0/25", "internal_hosts = {\"192.0.2.0/24\"}", NULL, NULL},
	    {"192.0.2.0/25", "ignore_hosts = {\"192.0.2.0/24\"}", NULL, NULL},
	    {"192.0.2.1", "internal_hosts = {\"lan.example\"}", NULL, NULL},
	    {"cidr:/etc/networks !192.0.2.1", "", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const struct finding *found;
		struct checkpostfix c;
		char main_cf[200], config[300];
		struct findings f;

		suite_row(row[i].mynetworks);
		snprintf(main_cf, sizeof main_cf, "mynetworks = %s\n",
		    row[i].mynetworks);
		snprintf(config, sizeof config,
		    "signer { %s }\ndomain \"a.example\" { key \"s\" { file = "
		    "\"/k\" } }",
		    row[i].signer);
		look(&f, &c, main_cf, SMTPD, config);
		found = found_first(
		    &f, row[i].what == NULL ? "of mynetworks:" : row[i].what);
		CHECK((found != NULL) == (row[i].what != NULL));
		if (found != NULL && row[i].mend != NULL) {
			CHECK(found->level == FINDING_WARNING);
			CHECK(strstr(found->mend, row[i].mend) != NULL);
		}
		findings_free(&f);
		checkpostfix_free(&c);
	}
	suite_row(NULL);
}

/* Who refuses two signatures, and mail that has them. */
static void
amazon_ses(void)
{
#define TWO \
	"domain \"a.example\" { key \"a\" { file = \"/k\" } " \
	"key \"b\" { file = \"/k\" } }"
#define ONE \
	"domain \"a.example\" { key \"a\" { file = \"/k\" } " \
	"key \"b\" { file = \"/k\" active = false } }"
#define HOST "[email-smtp.eu-west-1.amazonaws.com]:587"
	static const struct {
		const char *main_cf, *master_cf, *config, *what;
	} row[] = {
	    {"relayhost = " HOST "\n", SMTPD, TWO,
	        "relayhost leads to Amazon SES, and a.example signs"},
	    {"relayhost = " HOST "\n", SMTPD, ONE, NULL},
	    {"relayhost = [mx.b.example]\n", SMTPD, TWO, NULL},
	    {"default_transport = smtp:" HOST "\n", SMTPD, TWO,
	        "default_transport leads to"},
	    {"transport_maps = inline:{ { b.example = smtp:" HOST " } }\n",
	        SMTPD, TWO, "transport_maps leads to"},
	    {"sender_dependent_relayhost_maps = hash:/none, hash:FILE\n", SMTPD,
	        TWO, "sender_dependent_relayhost_maps leads to"},
	    {"", SMTPD "ses unix - - n - - smtp -o relayhost=" HOST "\n", TWO,
	        "relayhost leads to"},
	    {"relayhost = " HOST "\n", SMTPD,
	        "signer { signing_table = \"/t\" key_table = \"/k\" sign_all = "
	        "true }",
	        "a row of the signing_table signs"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const char *file = strstr(row[i].main_cf, "FILE");
		char main_cf[400], path[TMPDIR_PATH_MAX];
		const struct finding *found;
		struct checkpostfix c;
		struct findings f;
		struct tmpdir d;

		suite_row(row[i].main_cf);
		tmpdir_make(&d);
		tmpdir_write(&d, "map", "@a.example " HOST "\n");
		snprintf(main_cf, sizeof main_cf, "%.*s%s%s",
		    file == NULL ? (int)strlen(row[i].main_cf)
		                 : (int)(file - row[i].main_cf),
		    row[i].main_cf,
		    file == NULL ? "" : tmpdir_file(&d, "map", path),
		    file == NULL ? "" : "\n");
		look(&f, &c, main_cf, row[i].master_cf, row[i].config);
		found = found_first(
		    &f, row[i].what == NULL ? "Amazon SES" : row[i].what);
		CHECK((found != NULL) == (row[i].what != NULL));
		CHECK(found == NULL || found->level == FINDING_WARNING);
		findings_free(&f);
		checkpostfix_free(&c);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

/* What is right in services and filters is told of none of them. */
static void
services_are_well(void)
{
	static const struct {
		const char *main_cf, *master_cf, *config, *what;
	} row[] = {
	    {"",
	        SMTPD
	        "submission inet n - y - - smtpd -o smtpd_milters=$mine\n",
	        "", "of its own"},
	    {"non_smtpd_milters =\n",
	        SMTPD "cleanup unix n - y - 0 cleanup -o "
	              "non_smtpd_milters=inet:127.0.0.1:8891\n",
	        "", "non_smtpd_milters do not"},
	    {"smtp_header_checks = pcre:/x\n",
	        SMTPD "smtp unix - - n - - smtp -o smtp_header_checks=\n", "",
	        "smtp_header_checks"},
	    {"",
	        SMTPD "127.0.0.1:588 inet n - n - - smtpd -o content_filter=\n",
	        "", "again"},
	    /* marked by the verifier; not by sendmail(1); not signed */
	    {"smtpd_milters = unix:v, inet:127.0.0.1:8891\n"
	     "content_filter = f:\n",
	        SMTPD "f unix - n n - - pipe argv=/usr/sbin/sendmail\n",
	        "verifier { listen = unix:/q/v }", "pipe(8)"},
	    {"content_filter = f:\n",
	        SMTPD "f unix - n n - - pipe argv=/usr/bin/dovecot-lda\n", "",
	        "pipe(8)"},
	    {"content_filter = f:\nnon_smtpd_milters =\n",
	        SMTPD "f unix - n n - - pipe argv=/usr/sbin/sendmail\n", "",
	        "pipe(8)"},
	    {"smtpd_milter_maps = "
	     "inline:{192.0.2.1=inet:127.0.0.1:8891}\n",
	        SMTPD, "", "smtpd_milter_maps"},
	    {"smtpd_milter_maps = inline:{192.0.2.1=DISABLE}\n",
	        "smtp inet n - y - - smtpd -o smtpd_milter_maps=\n", "",
	        "smtpd_milter_maps"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct checkpostfix c;
		char main_cf[400];
		struct findings f;

		suite_row(row[i].master_cf);
		snprintf(main_cf, sizeof main_cf,
		    "%smine = inet:127.0.0.1:8891\n", row[i].main_cf);
		look(&f, &c, main_cf, row[i].master_cf, row[i].config);
		CHECK(found_first(&f, row[i].what) == NULL);
		findings_free(&f);
		checkpostfix_free(&c);
	}
	suite_row(NULL);
}

/* Roles of milters beside the signer, by what their config says. */
static void
beside_the_signer(void)
{
	static const struct {
		const char *milters, *opendkim, *opendmarc, *what;
		bool told;
	} row[] = {
	    /* a second signer */
	    {"S, unix:opendkim/s", "KeyTable /k\n", NULL,
	        "opendkim signs mail beside the signer", true},
	    {"S, unix:opendkim/s", "Mode s\nKeyFile /k\n", NULL,
	        "opendkim signs mail beside the signer", true},
	    {"S, unix:opendkim/s", "Mode v\nKeyFile /k\n", NULL, "beside",
	        false},
	    {"S, unix:opendkim/s", "Mode sv\n", NULL, "beside", false},
	    {"S, inet:localhost:123", "Socket inet:123@127.0.0.1\nKeyFile /k\n",
	        NULL, "opendkim signs mail beside the signer", true},
	    {"S", "KeyFile /k\n", NULL, "beside", false},
	    {"unix:opendkim/s", "KeyFile /k\n", NULL, "beside", false},
	    /* nobody tells opendmarc of DKIM */
	    {"unix:opendmarc/s", NULL, NULL, "no DKIM verifier", true},
	    {"S, unix:opendmarc/s", NULL, NULL, "no DKIM verifier", true},
	    {"inet:localhost:8893", NULL, NULL, "no DKIM verifier", true},
	    {"unix:opendmarc/s, unix:v", NULL, NULL, "no DKIM verifier", true},
	    {"unix:opendmarc/s, unix:rspamd/s", NULL, NULL, "no DKIM verifier",
	        true},
	    {"unix:v, unix:opendmarc/s", NULL, NULL, "no DKIM verifier", false},
	    {"unix:opendkim/s, unix:opendmarc/s", NULL, NULL,
	        "no DKIM verifier", false},
	    {"unix:opendkim/s, unix:opendmarc/s", "Mode s\n", NULL,
	        "no DKIM verifier", true},
	    {"unix:rspamd/s, S, unix:opendmarc/s", NULL, NULL,
	        "no DKIM verifier", false},
	    {"unix:unknown, unix:opendmarc/s", NULL, NULL, "no DKIM verifier",
	        false},
	    /* what it writes marks mail as come in */
	    {"unix:v, unix:opendmarc/s, S", NULL, "AuthservID x\n",
	        "in front of the signer", true},
	    {"unix:v, unix:opendmarc/s, S", NULL, "IgnoreHosts /h\n",
	        "in front of the signer", false},
	    {"unix:v, S, unix:opendmarc/s", NULL, "AuthservID x\n",
	        "in front of the signer", false},
	};
	static const char config[] =
	    "signer { listen = inet:127.0.0.1:8891\n"
	    "internal_hosts = \"192.0.2.1\" }\nverifier { listen = unix:/q/v }";

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const char *s = strchr(row[i].milters, 'S');
		int n = s == NULL ? (int)strlen(row[i].milters)
		                  : (int)(s - row[i].milters);
		struct checkpostfix c;
		struct findings f;
		char main_cf[200];

		snprintf(main_cf, sizeof main_cf, "smtpd_milters = %.*s%s%s\n",
		    n, row[i].milters, s == NULL ? "" : "inet:127.0.0.1:8891",
		    s == NULL ? "" : s + 1);
		suite_row(main_cf);
		look_beside(&f, &c, main_cf, SMTPD, config, row[i].opendkim,
		    row[i].opendmarc);
		CHECK((found_first(&f, row[i].what) != NULL) == row[i].told);
		findings_free(&f);
		checkpostfix_free(&c);
	}
	suite_row(NULL);
}

/* Networks that Postfix or policyd knows, or may know, are no finding. */
static void
known_networks(void)
{
	static const struct {
		const char *mynetworks, *config;
		bool told;
	} row[] = {
	    {"127.0.0.0/8", "signer { internal_hosts = {\"192.0.2.0/24\"} }",
	        true},
	    {"192.0.2.0/25", "signer { internal_hosts = {\"192.0.2.0/24\"} }",
	        true},
	    {"[2001:db8::]/32, 192.0.2.0/24",
	        "signer { internal_hosts = {\"192.0.2.0/24\"} }", false},
	    {"[2001:db8::]/32",
	        "signer { internal_hosts = {\"2001:db8:1::/48\"} }", false},
	    {"hash:/etc/postfix/networks",
	        "signer { internal_hosts = {\"192.0.2.0/24\"} }", false},
	    {"127.0.0.0/8",
	        "policyd { trusted_networks = {\"192.0.2.0/23\"} } "
	        "signer { internal_hosts = {\"192.0.2.0/24\"} }",
	        false},
	    {"127.0.0.0/8",
	        "policyd { header = none } "
	        "signer { internal_hosts = {\"192.0.2.0/24\"} }",
	        false},
	    {"127.0.0.0/8", "signer { internal_hosts = {\".a.example\"} }",
	        false},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct checkpostfix c;
		struct findings f;
		char text[200];

		suite_row(row[i].mynetworks);
		snprintf(
		    text, sizeof text, "mynetworks = %s\n", row[i].mynetworks);
		look(&f, &c, text, policyd_spf, row[i].config);
		CHECK((found_first(&f, "of signer.internal_hosts:") != NULL) ==
		    row[i].told);
		findings_free(&f);
		checkpostfix_free(&c);
	}
	suite_row(NULL);
}

/* As many as are named at once, and one more. */
static void
many_networks(void)
{
	for (size_t n = CHECK_NETWORKS_MAX; n <= CHECK_NETWORKS_MAX + 1; n++) {
		const struct finding *found;
		struct checkpostfix c;
		struct findings f;
		struct buf config;

		buf_init(&config, 4000);
		buf_str(&config, "signer { internal_hosts = {\"192.0.2.0\"");
		for (size_t i = 1; i < n; i++)
			buf_fmt(&config, ", \"192.0.2.%zu\"", i);
		buf_str(&config, "} }");
		look(&f, &c, "", policyd_spf, buf_text(&config));
		found =
		    found_first(&f, "of signer.internal_hosts: 192.0.2.0/32 ");
		CU_ASSERT_FATAL(found != NULL);
		CHECK(strstr(found->what, " 192.0.2.15/32") != NULL);
		CHECK(strstr(found->what, " 192.0.2.16/32") == NULL);
		findings_free(&f);
		checkpostfix_free(&c);
		buf_free(&config);
	}
}

/* A class whose name has POSTFIX_NAME_MAX - 1 bytes, and one more. */
static void
long_names(void)
{
	for (int n = POSTFIX_NAME_MAX - 1; n <= POSTFIX_NAME_MAX; n++) {
		char name[POSTFIX_NAME_MAX + 1], text[2000];
		struct checkpostfix c;
		struct findings f;

		memset(name, 'c', (size_t)n);
		name[n] = '\0';
		snprintf(text, sizeof text,
		    "smtpd_recipient_restrictions = reject_unauth_destination, "
		    "%s\nsmtpd_restriction_classes = %s\n%s = "
		    "check_policy_service unix:private/policyd-spf\n",
		    name, name, name);
		look(&f, &c, text, policyd_spf, "");
		CHECK((found_first(&f, "have no check_policy_service") ==
		          NULL) == (n < POSTFIX_NAME_MAX));
		findings_free(&f);
		checkpostfix_free(&c);
	}
}

static void
no_postfix(void)
{
	struct checkpostfix c;
	struct findings f;
	struct postconf p = {.dir = "/nonexistent"};
	struct settings *s = NULL;
	struct tmpdir d;
	struct buf why;

	tmpdir_make(&d);
	fakepostconf_make(&d, "", "", "");
	buf_init(&why, 1000);
	CU_ASSERT_FATAL(settings_parse("c", span_str(""), SETTINGS_ALL, &s,
	                    &why, &why) == 0);
	findings_init(&f);
	checkpostfix_look(&p, s, d.path, &f, &c);
	CHECK(!c.there && f.count[FINDING_OK] == 0);
	settings_free(s);
	findings_free(&f);
	checkpostfix_free(&c);
	buf_free(&why);
	tmpdir_remove(&d);
}

/* Where nothing is lost, nothing is said. */
static void
one_refuses(void)
{
	static const struct {
		const char *main_cf, *config;
	} row[] = {
	    {V_FIRST,
	        "policyd { observe = true } verifier { listen = "
	        "unix:/q/v dmarc { action = enforce } }"},
	    {V_FIRST,
	        "policyd { mail_from { fail = header } } verifier { "
	        "listen = unix:/q/v dmarc { action = enforce } }"},
	    {V_FIRST,
	        "policyd { mail_from { check = false } } verifier { "
	        "listen = unix:/q/v dmarc { action = enforce } }"},
	    {V_FIRST,
	        "verifier { listen = unix:/q/v dmarc { check = false "
	        "action = enforce } }"},
	    {V_FIRST "smtpd_recipient_restrictions = "
	             "reject_unauth_destination\n",
	        "verifier { listen = unix:/q/v dmarc { action = enforce } }"},
	    {"", "verifier { listen = unix:/q/v dmarc { action = enforce } }"},
	    {V_FIRST "mynetworks = 127.0.0.0/8 192.0.2.0/28\n",
	        "policyd { observe = true } verifier { listen = unix:/q/v }"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct checkpostfix c;
		struct findings f;

		suite_row(row[i].config);
		look(&f, &c, row[i].main_cf, policyd_spf, row[i].config);
		CHECK(found_first(&f, "refuses mail for SPF") == NULL);
		CHECK(found_first(&f, "of mynetworks") == NULL);
		findings_free(&f);
		checkpostfix_free(&c);
	}
	suite_row(NULL);
}

SUITE("checkpostfix", T(one_refuses), T(all_is_well), T(each_finding),
    T(rights_of_the_user), T(header_checks), T(inbound_is_well),
    T(opendkim_and_opendmarc), T(unsigned_networks), T(amazon_ses),
    T(services_are_well), T(beside_the_signer), T(known_networks),
    T(many_networks), T(long_names), T(no_postfix))
