/* `postseal check` and daemons that run, or not: a Postfix that asks them, and
 * what stands for them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/check/checkpostfix.h"
#include "tests/support/fakedaemon.h"
#include "tests/support/fakepostconf.h"
#include "tests/support/suite.h"

#define MILTER "\0\0\0\15O\0\0\0\6\0\0\0\21\0\0\0\1"
#define POLICY "action=DUNNO\n\n"
#define BYTES(s) \
	{ \
		s, sizeof s - 1 \
	}

enum {
	ABSENT,
	OWN,
	OTHER
}; /* who listens: nobody, a daemon of ours, another */

struct row {
	const char *name;
	const char *daemon; /* "signer" */
	int who;
	struct span answer;
	const char *version; /* that it says; "": nonsense, NULL: nothing */
	int read;            /* so many seconds ago, or to come */
	bool stopped;        /* Postfix is */
	enum finding_level level;
	const char *what; /* NULL: there is no finding of the daemon but OK */
	const char *mend;
};

#define GOOD POSTSEAL_VERSION
#define OLD "0.0.1"

static const struct row rows[] = {
    {"signer is up", "signer", OWN, BYTES(MILTER), GOOD, -5, false, FINDING_OK,
        NULL, NULL},
    {"verifier is up", "verifier", OWN, BYTES(MILTER), GOOD, -5, false,
        FINDING_OK, NULL, NULL},
    {"policyd is up", "policyd", OWN, BYTES(POLICY), GOOD, -5, false,
        FINDING_OK, NULL, NULL},
    /* it is down */
    {"signer is down", "signer", ABSENT, {NULL, 0}, NULL, 0, false,
        FINDING_ERROR, "postseal-signer does not answer at unix:",
        "systemctl enable postseal-signer && systemctl reload-or-restart "
        "postseal-signer"},
    {"verifier is down", "verifier", ABSENT, {NULL, 0}, NULL, 0, false,
        FINDING_ERROR, "postseal-verifier does not answer at unix:",
        "systemctl enable postseal-verifier && systemctl reload-or-restart "
        "postseal-verifier"},
    {"policyd is down", "policyd", ABSENT, {NULL, 0}, NULL, 0, false,
        FINDING_ERROR, "postseal-policyd does not answer at unix:",
        "systemctl enable postseal-policyd && systemctl reload-or-restart "
        "postseal-policyd"},
    {"nobody asks", "signer", ABSENT, {NULL, 0}, NULL, 0, true, FINDING_OK,
        NULL, NULL},
    /* another one is there */
    {"another milter", "signer", OTHER, BYTES(MILTER), NULL, 0, false,
        FINDING_ERROR, "is held by t_checkdaemons", "signer.listen"},
    {"another service", "policyd", OTHER, BYTES(POLICY), NULL, 0, false,
        FINDING_ERROR, "is held by t_checkdaemons", "policyd.listen"},
    {"another one beside it", "verifier", OTHER, BYTES("220 mx ESMTP\r\n"),
        GOOD, -5, false, FINDING_ERROR, "is held by t_checkdaemons",
        "verifier.listen"},
    /* it says nothing of use */
    {"no milter", "signer", OWN, BYTES("action=DUNNO\n\n"), GOOD, -5, false,
        FINDING_ERROR, "gives no answer of a milter",
        "journalctl -u postseal-signer"},
    {"no action", "policyd", OWN, BYTES("x\n\n"), GOOD, -5, false,
        FINDING_ERROR, "gives no answer of a policy service",
        "journalctl -u postseal-policyd"},
    {"no control socket", "signer", OWN, BYTES(MILTER), NULL, 0, false,
        FINDING_UNKNOWN, "the control socket of postseal-signer gives no",
        "signer.control"},
    {"nonsense", "signer", OWN, BYTES(MILTER), "", 0, false, FINDING_UNKNOWN,
        "the control socket of postseal-signer gives no", "signer.control"},
    /* it is an old one */
    {"another version", "signer", OWN, BYTES(MILTER), OLD, -5, false,
        FINDING_WARNING, "postseal-signer runs as version 0.0.1",
        "systemctl restart postseal-signer"},
    {"old settings", "signer", OWN, BYTES(MILTER), GOOD, 60, false,
        FINDING_WARNING, "postseal-signer has older settings: ",
        "systemctl reload postseal-signer"},
    {"old settings", "verifier", OWN, BYTES(MILTER), GOOD, 60, false,
        FINDING_WARNING, "postseal-verifier has older settings: ",
        "systemctl reload postseal-verifier"},
    {"old settings", "policyd", OWN, BYTES(POLICY), GOOD, 60, false,
        FINDING_WARNING, "postseal-policyd has older settings: ",
        "systemctl reload postseal-policyd"},
    {"another config", "signer", OWN, BYTES(MILTER),
        GOOD "\", \"config\": \"/none", 60, false, FINDING_NOTE,
        "postseal-signer runs with /none, and not with ", NULL},
    /* it is none of Postfix' affairs, but it is not well */
    {"old, and Postfix is not there", "signer", OWN, BYTES(MILTER), OLD, -5,
        true, FINDING_WARNING, "postseal-signer runs as version 0.0.1",
        "systemctl restart postseal-signer"},
};

/* --- what is looked at ---------------------------------------------------- */

/* A Postfix that asks the daemon of that name, and no other. */
static void
postfix_make(const struct tmpdir *d, const char *daemon, bool stopped)
{
	static const char policyd[] = "smtpd_recipient_restrictions = "
	                              "reject_unauth_destination, "
	                              "check_policy_service unix:s, "
	                              "check_policy_service "
	                              "unix:private/p\n";
	static const char milters[] = "smtpd_milters = unix:s\n";
	char text[1000];

	snprintf(text, sizeof text,
	    "queue_directory = %s\nmail_owner = nobody\n%s", d->path,
	    strcmp(daemon, "policyd") == 0 ? policyd : milters);
	fakepostconf_make(d, text, "myhostname = mx.a.example\n",
	    "smtp inet n - n - - smtpd\n");
	if (!stopped)
		tmpdir_write(d, "running", "");
}

/* Sockets s and c of that daemon; the others have none. */
static void
config_make(const struct tmpdir *d, const char *daemon)
{
	static const char *const names[] = {"policyd", "signer", "verifier"};
	char text[2000];
	size_t n = (size_t)snprintf(text, sizeof text,
	    "hostname = mx.a.example\n"
	    "domain \"a.example\" { key \"s\" { file = \"%s/key\" } }\n",
	    d->path);

	for (size_t i = 0; i < 3; i++) {
		bool is = strcmp(names[i], daemon) == 0;

		n += (size_t)snprintf(text + n, sizeof text - n,
		    is ? "%s { listen = \"unix:%s/s\" control = \"unix:%s/c\" "
		         "}\n"
		       : "%s { listen = {} control = {} }\n",
		    names[i], d->path, d->path);
	}
	tmpdir_write(d, "p.conf", text);
	tmpdir_write(d, "key", "x\n");
}

static void
look(const struct tmpdir *d, struct findings *f)
{
	struct postconf p = {.dir = d->path};
	char path[TMPDIR_PATH_MAX];
	struct checkpostfix c;
	struct settings *s;
	struct buf why;

	buf_init(&why, 1000);
	CU_ASSERT_FATAL(settings_read(tmpdir_file(d, "p.conf", path),
	                    SETTINGS_ALL, &s, &why, &why) == 0);
	findings_init(f);
	checkpostfix_look(&p, s, d->path, f, &c);
	checkpostfix_free(&c);
	settings_free(s);
	buf_free(&why);
}

static pid_t
serve(const struct tmpdir *d, const char *name, const char *file,
    struct span answer)
{
	char path[TMPDIR_PATH_MAX], at[TMPDIR_PATH_MAX + 10];
	struct endpoint e;
	pid_t pid;

	snprintf(at, sizeof at, "unix:%s", tmpdir_file(d, file, path));
	pid = fakedaemon_start(name, at, answer, &e);
	CHECK(chmod(path, 0666) == 0);
	return pid;
}

/* --- rows ----------------------------------------------------------------- */

static void
check_finding(const struct row *r, const struct findings *f)
{
	const struct finding *found = NULL;

	for (const struct finding *i = f->first; i != NULL; i = i->next) {
		if (strcmp(i->area, "daemons") != 0)
			continue;
		CHECK(r->what != NULL || i->level == FINDING_OK);
		if (r->what != NULL && strstr(i->what, r->what) != NULL)
			found = i;
	}
	CHECK((found != NULL) == (r->what != NULL));
	if (found == NULL)
		return;
	CHECK(found->level == r->level);
	CHECK((found->mend == NULL) == (r->mend == NULL));
	CHECK(r->mend == NULL || strstr(found->mend, r->mend) != NULL);
	if (strstr(r->what, "older settings") != NULL)
		CHECK((strstr(found->why, "a key that was activated") !=
		          NULL) == (strcmp(r->daemon, "signer") == 0));
}

static void
each_row(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		pid_t daemon = 0, control = 0;
		char name[40], said[200];
		struct findings f;
		struct tmpdir d;

		if (r->who == OTHER && suite_under_valgrind())
			continue; /* valgrind is the program then */
		suite_row(r->name);
		tmpdir_make(&d);
		config_make(&d, r->daemon);
		postfix_make(&d, r->daemon, r->stopped);
		snprintf(name, sizeof name, "postseal-%s", r->daemon);
		if (r->who != ABSENT)
			daemon = serve(
			    &d, r->who == OWN ? name : NULL, "s", r->answer);
		if (r->version != NULL) {
			snprintf(said, sizeof said,
			    "%s{\"version\": \"%s\", \"config_time\": "
			    "%lld}",
			    *r->version == '\0' ? "x" : "", r->version,
			    (long long)time(NULL) - r->read);
			control = serve(&d, name, "c", span_str(said));
		}
		look(&d, &f);
		check_finding(r, &f);
		findings_free(&f);
		if (daemon > 0)
			fakedaemon_stop(daemon);
		if (control > 0)
			fakedaemon_stop(control);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

/* The service of master.cf, where master(8) listens. */
static void
spawned(void)
{
	static const struct {
		struct span answer;
		enum finding_level level;
		const char *what;
	} row[] = {
	    {BYTES(POLICY), FINDING_OK,
	        "unix:private/p answers a policy request: DUNNO"},
	    {BYTES(""), FINDING_ERROR,
	        "unix:private/p gives no answer (it closes the connection)"},
	    {{NULL, 0}, FINDING_ERROR,
	        "unix:private/p gives no answer (Connection refused)"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const struct finding *found = NULL;
		struct findings f;
		struct tmpdir d;
		pid_t pid;

		suite_row(row[i].what);
		tmpdir_make(&d);
		config_make(&d, "signer");
		postfix_make(&d, "policyd", false);
		tmpdir_write(&d, "master.cf",
		    "p unix - n n - 0 spawn user=nobody argv=/bin/true "
		    "postseal-policyd\n");
		tmpdir_sub(&d, "private");
		pid = serve(&d, "master", "private/p", row[i].answer);
		if (row[i].answer.p == NULL)
			fakedaemon_stop(pid);
		look(&d, &f);
		for (found = f.first;
		     found != NULL && strstr(found->what, row[i].what) == NULL;)
			found = found->next;
		CHECK(found != NULL && found->level == row[i].level);
		findings_free(&f);
		if (row[i].answer.p != NULL)
			fakedaemon_stop(pid);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

/* Only root can try what Postfix' user may do. */
static void
rights_of_the_socket(void)
{
	struct row r = {.level = FINDING_ERROR,
	    .what = "may not be opened by nobody, Postfix' user",
	    .mend = "signer { socket_group = \"nogroup\""};
	char path[TMPDIR_PATH_MAX];
	struct findings f;
	struct tmpdir d;
	pid_t pid;

	tmpdir_make(&d);
	config_make(&d, "signer");
	postfix_make(&d, "signer", false);
	pid = serve(&d, "postseal-signer", "s", span_of(MILTER, 17));
	CHECK(chmod(tmpdir_file(&d, "s", path), 0600) == 0);
	r.mend = "signer { socket_group = ";
	if (geteuid() == 0) {
		look(&d, &f);
		check_finding(&r, &f);
		findings_free(&f);
	}
	fakedaemon_stop(pid);
	tmpdir_remove(&d);
}

SUITE("checkdaemons", T(each_row), T(spawned), T(rights_of_the_socket))
