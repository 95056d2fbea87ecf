#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/key/rotate.h"
#include "admin/limits.h"
#include "tests/support/command.h"
#include "tests/support/eml.h"
#include "tests/support/fakedaemon.h"
#include "tests/support/member.h"
#include "tests/support/pem.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { DAY = 24 * 60 * 60, BEGIN = 1798761600 };

/* A domain with a key that signs, and what the last step said. */
struct world {
	struct tmpdir d;
	char config[TMPDIR_PATH_MAX], keys[TMPDIR_PATH_MAX];
	struct rotate rotate;
	struct buf zone; /* text of it */
	struct buf out, why;
	json_t *json; /* the same as out */
	pid_t signer; /* one that has read the config in the far future */
};

static void
signer_runs(struct world *w)
{
	char at[TMPDIR_PATH_MAX + 10], path[TMPDIR_PATH_MAX], answer[600];
	struct endpoint e;

	unlink(tmpdir_file(&w->d, "control", path));
	snprintf(at, sizeof at, "unix:%s", path);
	snprintf(answer, sizeof answer,
	    "{\"config\": \"%s\", \"config_time\": 4000000000}\n", w->config);
	w->signer =
	    fakedaemon_start("postseal-signer", at, span_str(answer), &e);
}

static void
begin(struct world *w, const char *more)
{
	char text[1000], path[TMPDIR_PATH_MAX];

	tmpdir_make(&w->d);
	tmpdir_sub(&w->d, "keys");
	tmpdir_sub(&w->d, "keys/a.example");
	tmpdir_write(&w->d, "keys/a.example/old.private", pem_ed25519);
	snprintf(text, sizeof text,
	    "hostname = \"h.example\"\nsigner { %s control = "
	    "{\"unix:%s/control\"} "
	    "}\n"
	    "domain \"a.example\" {\n\tkey \"old\" {\n\t\tfile = \"%s\"\n\t}\n"
	    "}\n",
	    more, w->d.path,
	    tmpdir_file(&w->d, "keys/a.example/old.private", path));
	tmpdir_write(&w->d, "p.conf", text);
	w->rotate =
	    (struct rotate){.config = tmpdir_file(&w->d, "p.conf", w->config),
	        .keydir = tmpdir_file(&w->d, "keys", w->keys),
	        .domain = "a.example"};
	buf_init(&w->zone, 10000);
	buf_init(&w->out, 100000);
	buf_init(&w->why, 100000);
	w->json = NULL;
	signer_runs(w);
}

static void
end(struct world *w)
{
	fakedaemon_stop(w->signer);
	json_decref(w->json);
	buf_free(&w->zone);
	buf_free(&w->out);
	buf_free(&w->why);
	tmpdir_remove(&w->d);
}

static int
step(struct world *w, int64_t now)
{
	struct rotate_report *said = calloc(1, sizeof *said);
	struct tool t;
	int rc;

	CU_ASSERT_FATAL(said != NULL);
	buf_clear(&w->out);
	buf_clear(&w->why);
	CU_ASSERT_FATAL(
	    tool_open(&t, "rotate", w->config, SETTINGS_SIGNER) == 0);
	resolver_zone_load(t.resolver, buf_text(&w->zone));
	rc = rotate_step(&t, &w->rotate, now, said, &w->why);
	rotate_report_print(said, &w->out);
	json_decref(w->json);
	w->json = rotate_report_json(said);
	rotate_report_clear(said);
	free(said);
	tool_close(&t);
	return rc;
}

static bool
says(struct buf *b, const char *text)
{
	return strstr(buf_text(b), text) != NULL;
}

/* True if the file has the text. */
static bool
has(struct world *w, const char *name, const char *text)
{
	char path[TMPDIR_PATH_MAX];
	char *all;
	size_t n;
	bool found;

	if (access(tmpdir_file(&w->d, name, path), F_OK) != 0)
		return false;
	all = eml_file(path, &n);
	found = strstr(all, text) != NULL;
	free(all);
	return found;
}

/* Puts the record that the step has printed into the zone. Its selector is in
 * ret[100]. */
static void
publish(struct world *w, char *ret)
{
	const char *record = strstr(buf_text(&w->out), "\nv=DKIM1; k=");
	const char *name = strstr(buf_text(&w->out), "._domainkey.");
	const char *from = name;

	CU_ASSERT_FATAL(record != NULL && name != NULL);
	while (from > buf_text(&w->out) && from[-1] != '\n' && from[-1] != ' ')
		from--;
	snprintf(ret, 100, "%.*s", (int)(name - from), from);
	record++;
	buf_fmt(&w->zone, "%s._domainkey.a.example TXT \"%.*s\"\n", ret,
	    (int)strcspn(record, "\n"), record);
}

static void
from_key_to_key(void)
{
	char new[100], again[100], path[200];
	struct world w;

	begin(&w, "rotate_keep = 3");
	w.rotate.status = true;
	CHECK(step(&w, BEGIN) == TOOL_OK);
	CHECK(says(&w.out,
	    "a.example: no rotation is under way; to begin: postseal rotate "
	    "a.example\n"));
	CHECK(!rotate_has_begun(w.keys, "a.example"));
	w.rotate.status = false;

	CHECK(step(&w, BEGIN) == TOOL_LATER && w.why.n == 0);
	CHECK(rotate_has_begun(w.keys, "a.example"));
	publish(&w, new);
	w.zone.n = 0; /* not yet */
	CHECK(has(&w, "p.conf", new) && has(&w, "p.conf", "active = false"));
	CHECK(step(&w, BEGIN + 60) == TOOL_LATER);
	CHECK(says(&w.out, "missing: DNS has no such record"));
	/* once more what to publish, of the same key */
	CHECK(says(&w.out, "\nv=DKIM1; k=ed25519; p="));
	CHECK(says(
	    &w.out, "When DNS has the record: postseal rotate a.example\n"));
	publish(&w, again);
	CHECK_STR(again, new);
	w.zone.n = 0;
	w.rotate.again = true;
	CHECK(step(&w, BEGIN + 90) == TOOL_LATER);
	CHECK(says(&w.out, "missing") && !says(&w.out, "v=DKIM1"));
	buf_fmt(&w.zone, "%s._domainkey.a.example ANY timeout\n", new);
	w.rotate.again = false;
	CHECK(step(&w, BEGIN + 120) == TOOL_LATER);
	CHECK(!says(&w.out, "v=DKIM1"));
	CHECK(!says(&w.out, "When DNS has"));
	CHECK(says(&w.out, "When DNS answers: postseal rotate a.example\n"));

	snprintf(path, sizeof path, "keys/a.example/%s.private", new);
	CHECK(has(&w, path, "PRIVATE KEY"));
	end(&w);
}

static void
changes_over(void)
{
	char new[100], path[TMPDIR_PATH_MAX + 100];
	struct world w;

	begin(&w, "rotate_keep = 3");
	CHECK(step(&w, BEGIN) == TOOL_LATER);
	publish(&w, new);
	w.rotate.status = true;
	CHECK(step(&w, BEGIN + 1) == TOOL_OK);
	CHECK(says(&w.out, "the next run lets them sign"));
	CHECK(has(&w, "p.conf", "active = false"));
	w.rotate.status = false;
	CHECK(step(&w, BEGIN + 2) == TOOL_OK);
	CHECK(says(&w.out, "Keep the old records in DNS for 3 days"));
	CHECK(has(&w, "p.conf", "active = true"));
	CHECK(!has(&w, "p.conf", "key \"old\""));
	CHECK(has(&w, "keys/a.example/old.private", "PRIVATE KEY"));
	snprintf(path, sizeof path,
	    "The old private key stays in %s/a.example/old.private", w.keys);
	CHECK(says(&w.out, path));

	/* the days of the config, and of the command line */
	buf_str(&w.zone, "old._domainkey.a.example TXT \"v=DKIM1; p=\"\n");
	CHECK(step(&w, BEGIN + 2 + 3 * DAY - 1) == TOOL_OK);
	CHECK(
	    says(&w.out, "for 1 more day; then: postseal rotate a.example\n"));
	w.rotate.keep = 5;
	CHECK(step(&w, BEGIN + 2 + 3 * DAY) == TOOL_OK);
	CHECK(
	    says(&w.out, "for 2 more days; then: postseal rotate a.example\n"));
	w.rotate.every = 90;
	CHECK(step(&w, BEGIN + 2 + 3 * DAY) == TOOL_OK && w.out.n == 0);
	w.rotate.every = w.rotate.keep = 0;
	CHECK(step(&w, BEGIN + 2 + 3 * DAY) == TOOL_OK);
	CHECK(says(&w.out,
	    "Remove from DNS: old._domainkey.a.example\n"
	    "When that is done: postseal rotate a.example\n"));
	CHECK(rotate_has_begun(w.keys, "a.example"));

	w.zone.n = 0;
	buf_str(&w.zone, "old._domainkey.a.example ANY timeout\n");
	CHECK(step(&w, BEGIN + 4 * DAY) == TOOL_OK);
	CHECK(says(&w.out, "DNS gives no answer"));
	CHECK(says(&w.out, "When DNS answers: postseal rotate a.example\n"));
	CHECK(!says(&w.out, "Remove") && !says(&w.out, "done"));

	w.zone.n = 0;
	w.rotate.status = true;
	CHECK(step(&w, BEGIN + 4 * DAY) == TOOL_OK);
	CHECK(says(&w.out, "the rotation is done"));
	snprintf(path, sizeof path, "\nrm %s/a.example/old.private\n", w.keys);
	CHECK(says(&w.out, path));
	CHECK(rotate_has_begun(w.keys, "a.example"));
	w.rotate.status = false;
	tmpdir_file(&w.d, "keys/a.example/old.private", path);
	CHECK(unlink(path) == 0);
	CHECK(step(&w, BEGIN + 4 * DAY) == TOOL_OK);
	CHECK_STR(buf_text(&w.out), "a.example: the rotation is done\n");
	CHECK(!rotate_has_begun(w.keys, "a.example"));
	end(&w);
}

/* --- for machines --------------------------------------------------------- */

/* The state, what was done ("m" made, "a" activated, "t" the signer told), and
 * days left. */
static void
check_state(
    const struct world *w, const char *state, const char *done, int64_t days)
{
	char did[4];

	snprintf(did, sizeof did, "%s%s%s", is_true(w->json, "made") ? "m" : "",
	    is_true(w->json, "activated") ? "a" : "",
	    is_true(w->json, "signer_told") ? "t" : "");
	CHECK_STR(text_of(w->json, "domain"), "a.example");
	CHECK_STR(text_of(w->json, "state"), state);
	CHECK_STR(did, done);
	CHECK(
	    json_integer_value(json_object_get(w->json, "days_left")) == days);
	CHECK(json_is_null(json_object_get(w->json, "next_after")) ==
	    (days == 0));
}

/* The first of the new or old keys. */
static json_t *
key_of(const struct world *w, const char *which)
{
	json_t *all = json_object_get(w->json, which);

	CHECK(json_array_size(all) == 1);
	return json_array_get(all, 0);
}

static void
check_old(struct world *w, const char *published)
{
	char path[TMPDIR_PATH_MAX];
	json_t *old = key_of(w, "old"), *is = json_object_get(old, "published");

	CHECK_STR(text_of(old, "selector"), "old");
	CHECK_STR(text_of(old, "name"), "old._domainkey.a.example");
	CHECK_STR(text_of(old, "file"),
	    tmpdir_file(&w->d, "keys/a.example/old.private", path));
	CHECK_STR(json_is_null(is) ? "unknown"
	        : json_is_true(is) ? "yes"
	                           : "no",
	    published);
}

/* The record of the new key as it was printed, and whether DNS has it. */
static void
check_new(
    struct world *w, const char *selector, const char *value, const char *text)
{
	json_t *new = key_of(w, "new");

	CHECK_STR(text_of(new, "selector"), selector);
	CHECK_STR(text_of(new, "type"), "TXT");
	CHECK_STR(text_of(new, "value"), value);
	CHECK(!is_true(new, "active"));
	CHECK(suite_has(text_of(new, "text"), text));
}

static void
for_machines(void)
{
	char new[100], value[400], path[300];
	struct world w;

	begin(&w, "rotate_keep = 3");
	w.rotate.status = true;
	CHECK(step(&w, BEGIN) == TOOL_OK);
	check_state(&w, "none", "", 0);
	CHECK(json_array_size(json_object_get(w.json, "new")) == 0);
	w.rotate.status = false;
	CHECK(step(&w, BEGIN) == TOOL_LATER);
	check_state(&w, "publish", "m", 0);
	check_old(&w, "unknown");
	publish(&w, new);
	snprintf(
	    value, sizeof value, "%s", text_of(key_of(&w, "new"), "value"));
	CHECK(says(&w.zone, value));
	snprintf(path, sizeof path, "%s/a.example/%s.private", w.keys, new);
	CHECK_STR(text_of(key_of(&w, "new"), "file"), path);
	w.zone.n = 0;
	CHECK(step(&w, BEGIN + 1) == TOOL_LATER);
	check_state(&w, "publish", "", 0);
	check_new(&w, new, value, "missing");
	CHECK(json_is_false(json_object_get(key_of(&w, "new"), "published")));
	buf_fmt(&w.zone, "%s._domainkey.a.example ANY timeout\n", new);
	CHECK(step(&w, BEGIN + 1) == TOOL_LATER);
	CHECK(json_is_null(json_object_get(key_of(&w, "new"), "published")));
	w.zone.n = 0;
	buf_fmt(&w.zone, "%s._domainkey.a.example TXT \"%s\"\n", new, value);
	w.rotate.status = true;
	CHECK(step(&w, BEGIN + 2) == TOOL_OK);
	check_state(&w, "ready", "", 0);
	check_old(&w, "unknown");
	check_new(&w, new, value, "key OK");
	CHECK(is_true(key_of(&w, "new"), "published"));
	w.rotate.status = false;
	CHECK(step(&w, BEGIN + 2) == TOOL_OK);
	check_state(&w, "keep", "at", 3);
	check_old(&w, "unknown");

	/* also where cron says nothing */
	w.rotate.every = 90;
	CHECK(step(&w, BEGIN + 2 + 2 * DAY) == TOOL_OK && w.out.n == 0);
	check_state(&w, "keep", "", 1);
	CHECK(json_integer_value(json_object_get(w.json, "next_after")) ==
	    BEGIN + 2 + 3 * DAY);
	CHECK_STR(text_of(key_of(&w, "new"), "selector"), new);
	buf_str(&w.zone, "old._domainkey.a.example TXT \"v=DKIM1; p=\"\n");
	CHECK(step(&w, BEGIN + 2 + 3 * DAY) == TOOL_OK);
	check_state(&w, "remove", "", 0);
	check_old(&w, "yes");
	w.zone.n = 0;
	buf_str(&w.zone, "old._domainkey.a.example ANY timeout\n");
	CHECK(step(&w, BEGIN + 4 * DAY) == TOOL_OK);
	check_state(&w, "remove", "", 0);
	check_old(&w, "unknown");
	w.zone.n = 0;
	CHECK(step(&w, BEGIN + 4 * DAY) == TOOL_OK);
	check_state(&w, "done", "", 0);
	check_old(&w, "no");

	CHECK(step(&w, 0) == -EINVAL);
	check_state(&w, "failed", "", 0);
	end(&w);
}

/* As it is called: one object, of all domains. */
static void
for_machines_whole(void)
{
	static struct command c;
	const time_t now = time(NULL);
	json_t *all, *one;
	char state[300];

	command_begin(&c);
	tmpdir_sub(&c.dir, "keys");
	tmpdir_sub(&c.dir, "keys/a.example");
	command_file(&c, "e.pem", pem_ed25519);
	command_file(&c, "p.conf",
	    "signer { control = {\"unix:@/control\"} }\n"
	    "domain \"a.example\" { key \"new\" { file = \"@/e.pem\" } }\n");
	command_run(&c, "rotate --status --json -D @/keys -c @/p.conf");
	CHECK(c.status == TOOL_OK);
	all = json_loads(c.out, 0, NULL);
	CHECK(json_array_size(json_object_get(all, "domains")) == 0);
	CHECK(json_is_array(json_object_get(all, "domains")));
	json_decref(all);

	snprintf(state, sizeof state,
	    "{\"new\": [\"new\"], \"old\": [\"old\"], \"made\": true, "
	    "\"activated\": %lld, \"in_force\": 0}",
	    (long long)now);
	command_file(&c, "keys/a.example/rotate.json", state);
	for (int i = 0; i < 2; i++) {
		command_run(&c, "rotate %s -j -D @/keys -c @/p.conf",
		    i == 0 ? "--status" : "a.example");
		CHECK(c.status == TOOL_UNTOLD);
		CHECK(suite_has(c.err,
		    i == 0 ? ""
		           : "postseal-signer does not run, and reads this"));
		all = json_loads(c.out, 0, NULL);
		one = json_array_get(json_object_get(all, "domains"), 0);
		CHECK_STR(text_of(one, "state"), "untold");
		CHECK(json_is_null(json_object_get(
		    json_array_get(json_object_get(one, "old"), 0), "file")));
		json_decref(all);
	}
	command_file(&c, "keys/a.example/rotate.json", "{");
	command_run(&c, "rotate a.example -j -D @/keys -c @/p.conf");
	CHECK(c.status == TOOL_FAILED);
	CHECK(suite_has(c.err, "this is not what rotate has written"));
	all = json_loads(c.out, 0, NULL);
	one = json_array_get(json_object_get(all, "domains"), 0);
	CHECK_STR(text_of(one, "state"), "failed");
	json_decref(all);
	command_end(&c);
}

/* A record without its key would say that the key is revoked. And no waiting
 * for DNS helps: what does is said. */
static void
for_machines_unusable(void)
{
	char new[100], path[200], want[8 * TMPDIR_PATH_MAX];
	struct world w;

	begin(&w, "");
	CHECK(step(&w, BEGIN) == TOOL_LATER);
	publish(&w, new);
	snprintf(path, sizeof path, "keys/a.example/%s.private", new);
	tmpdir_write(&w.d, path, "half");
	CHECK(step(&w, BEGIN + 1) == -EINVAL);
	check_state(&w, "failed", "", 0);
	CHECK_STR(text_of(key_of(&w, "new"), "selector"), new);
	CHECK(json_object_get(key_of(&w, "new"), "value") == NULL);
	CHECK(json_is_null(json_object_get(key_of(&w, "new"), "published")));
	CHECK(suite_has(text_of(key_of(&w, "new"), "text"), "no key in PEM"));
	snprintf(want, sizeof want,
	    "%s/%s: %s\nFix this, then: postseal rotate a.example\n"
	    "Or, for another new key, take this one out of %s, remove "
	    "%s/a.example/rotate.json, and run the same\n",
	    w.d.path, path, text_of(key_of(&w, "new"), "text"), w.config,
	    w.keys);
	CHECK_STR(buf_text(&w.why), want);
	CHECK(w.out.n == 0);
	end(&w);
}

/* What the run has made before it waited, it has made; also where the config
 * cannot be read afterwards. */
static void
for_machines_waiting(void)
{
	static const char *const meanwhile[] = {"true", "echo x >@/p.conf"};

	for (size_t i = 0; i < sizeof meanwhile / sizeof meanwhile[0]; i++) {
		static struct command c;
		json_t *all, *one;

		suite_row(meanwhile[i]);
		command_begin(&c);
		tmpdir_sub(&c.dir, "keys");
		tmpdir_sub(&c.dir, "keys/a.example");
		command_file(&c, "e.pem", pem_ed25519);
		command_file(&c, "p.conf",
		    "dns { servers = {\"127.0.0.1:9\"} timeout = 1 }\n"
		    "signer { control = {\"unix:@/control\"} }\n"
		    "domain \"a.example\" { key \"old\" { file = "
		    "\"@/e.pem\" } }\n");
		command_run(&c,
		    "rotate a.example -w 1 -j -D @/keys -c @/p.conf & "
		    "for i in $(seq 500); do grep -qs 'made.: true' "
		    "@/keys/a.example/rotate.json && break; sleep 0.01; done; "
		    "%s; wait $!",
		    meanwhile[i]);
		CHECK(c.status == (i == 0 ? TOOL_LATER : TOOL_FAILED));
		all = json_loads(c.out, 0, NULL);
		CHECK(json_array_size(json_object_get(all, "domains")) == 1);
		one = json_array_get(json_object_get(all, "domains"), 0);
		CHECK_STR(text_of(one, "state"), "publish");
		CHECK(is_true(one, "made"));
		json_decref(all);
		command_end(&c);
	}
	suite_row(NULL);
}

/* Where it cannot be seen whether one is under way, that is no "none". */
static void
status_not_seen(void)
{
	static struct command c;
	char path[TMPDIR_PATH_MAX];

	command_begin(&c);
	tmpdir_sub(&c.dir, "keys");
	CHECK(symlink("a.example",
	          tmpdir_file(&c.dir, "keys/a.example", path)) == 0);
	command_file(&c, "e.pem", pem_ed25519);
	command_file(&c, "p.conf",
	    "domain \"a.example\" { key \"k\" { file = \"@/e.pem\" } }\n");
	command_run(&c, "rotate --status -D @/keys -c @/p.conf");
	CHECK(c.status == TOOL_FAILED);
	CHECK_STR(c.out, "");
	CHECK(suite_has(c.err, "rotate.json: Too many levels of symbolic"));
	command_end(&c);
}

/* One that has gone wrong hides none of the others. */
static void
status_of_each(void)
{
	static struct command c;

	command_begin(&c);
	tmpdir_sub(&c.dir, "keys");
	tmpdir_sub(&c.dir, "keys/a.example");
	tmpdir_sub(&c.dir, "keys/b.example");
	command_file(&c, "e.pem", pem_ed25519);
	command_file(&c, "p.conf",
	    "domain \"a.example\" { key \"k\" { file = \"@/e.pem\" } }\n"
	    "domain \"b.example\" { key \"k\" { file = \"@/e.pem\" } }\n");
	command_file(&c, "keys/a.example/rotate.json", "{");
	command_file(&c, "keys/b.example/rotate.json",
	    "{\"new\": [\"k\"], \"old\": [\"old\"], \"made\": true, "
	    "\"activated\": 1798761600, \"in_force\": 0}");
	command_run(&c, "rotate --status -D @/keys -c @/p.conf");
	CHECK(c.status == TOOL_FAILED);
	CHECK(suite_has(c.err, "a.example/rotate.json: this is not what"));
	CHECK(suite_has(c.out, "b.example: the running signer does not have"));
	command_end(&c);
}

/* --- what comes between --------------------------------------------------- */

/* The days count from when the running signer has the new key, not the config:
 * each run tries that again. */
static void
waits_for_the_signer(void)
{
	static const char name[] = "keys/a.example/rotate.json";
	char new[100];
	struct world w;

	begin(&w, "rotate_keep = 3");
	fakedaemon_stop(w.signer);
	CHECK(step(&w, BEGIN) == TOOL_LATER);
	publish(&w, new);
	w.rotate.every = 90;
	for (int day = 1; day < 9; day += 2) {
		CHECK(step(&w, BEGIN + day * DAY) == TOOL_UNTOLD);
		CHECK(says(&w.why, "systemctl start postseal-signer\n"));
		CHECK(!says(&w.out, "Remove"));
		CHECK(has(&w, name, "\"in_force\": 0"));
		CHECK(has(&w, "p.conf", "active = true"));
	}
	w.rotate.status = true;
	CHECK(step(&w, BEGIN + 9 * DAY) == TOOL_UNTOLD);
	CHECK(says(&w.out, "does not have the new keys yet"));
	w.rotate.status = false;
	signer_runs(&w);
	CHECK(step(&w, BEGIN + 9 * DAY) == TOOL_OK);
	CHECK(says(&w.out, "the new keys sign") && w.why.n == 0);
	CHECK(step(&w, BEGIN + 12 * DAY - 1) == TOOL_OK && w.out.n == 0);
	buf_str(&w.zone, "old._domainkey.a.example TXT \"v=DKIM1; p=\"\n");
	CHECK(step(&w, BEGIN + 12 * DAY) == TOOL_OK);
	CHECK(says(&w.out, "Remove from DNS: old._domainkey.a.example"));
	end(&w);
}

/* An old key that somebody has put back is in use: its record stays. */
static void
old_key_is_back(void)
{
	char text[600];
	struct world w;

	begin(&w, "");
	tmpdir_write(&w.d, "keys/a.example/rotate.json",
	    "{\"new\": [], \"old\": [\"old\"], \"made\": true, "
	    "\"activated\": 1798761600, \"in_force\": 1798761600}");
	CHECK(step(&w, BEGIN + 30 * DAY) == -EEXIST);
	CHECK(
	    says(&w.why, "a.example: the old key old is in the config again"));
	snprintf(text, sizeof text, "remove %s/a.example/rotate.json", w.keys);
	CHECK(says(&w.why, text) && w.out.n == 0);
	end(&w);
}

/* --every: cron may come each day. */
static void
waits_for_its_age(void)
{
	const struct timespec made[2] = {{.tv_sec = BEGIN}, {.tv_sec = BEGIN}};
	char path[TMPDIR_PATH_MAX];
	struct world w;

	begin(&w, "");
	tmpdir_file(&w.d, "keys/a.example/old.private", path);
	CHECK(utimensat(AT_FDCWD, path, made, 0) == 0);
	w.rotate.every = 90;
	CHECK(step(&w, BEGIN + 90 * DAY - 1) == TOOL_OK);
	CHECK(w.out.n == 0 && !rotate_has_begun(w.keys, "a.example"));
	CHECK(json_integer_value(json_object_get(w.json, "next_after")) ==
	    BEGIN + 90 * DAY);
	CHECK(step(&w, BEGIN + 90 * DAY) == TOOL_LATER);
	CHECK(rotate_has_begun(w.keys, "a.example"));
	end(&w);
}

/* A run that was killed is taken up: no key is made twice, none is missing. */
static void
is_taken_up(void)
{
	static const char name[] = "keys/a.example/rotate.json";
	char new[100], path[200];
	struct world w;

	/* in front of the key */
	begin(&w, "");
	tmpdir_write(&w.d, name,
	    "{\"new\": [\"never\"], \"old\": [\"old\"], \"made\": false, "
	    "\"activated\": 0}");
	w.rotate.status = true;
	CHECK(step(&w, BEGIN) == TOOL_OK);
	CHECK(says(&w.out, "not all made"));
	CHECK_STR(text_of(w.json, "state"), "making");
	w.rotate.status = false;
	CHECK(step(&w, BEGIN) == TOOL_LATER);
	publish(&w, new);
	CHECK(has(&w, name, new) && !has(&w, name, "never"));
	CHECK(has(&w, name, "\"made\": true"));

	/* behind it */
	snprintf(path, sizeof path,
	    "{\"new\": [\"%s\"], \"old\": [], \"made\": false, "
	    "\"activated\": 0}",
	    new);
	tmpdir_write(&w.d, name, path);
	CHECK(step(&w, BEGIN + 3600) == TOOL_LATER);
	CHECK(!says(&w.out, "v=DKIM1"));
	CHECK(has(&w, name, "\"made\": true") && has(&w, name, "\"old\""));

	/* between activation and its note: the old key is out of the config */
	CHECK(step(&w, BEGIN + 3601) == TOOL_OK);
	snprintf(path, sizeof path,
	    "{\"new\": [\"%s\"], \"old\": [\"old\"], \"made\": true, "
	    "\"activated\": 0}",
	    new);
	tmpdir_write(&w.d, name, path);
	CHECK(step(&w, BEGIN + 3602) == TOOL_OK);
	CHECK(says(&w.out, "the new keys sign"));
	CHECK(has(&w, name, "\"activated\": 1798765202"));
	end(&w);
}

/* One was killed between the file and the config, in the minute that is now. */
static void
file_without_key(void)
{
	static const time_t now = BEGIN;
	char first[100], path[200], second[100];
	struct world w;

	begin(&w, "");
	strftime(first, sizeof first, "%Y%m%d%H%Me", localtime(&now));
	snprintf(path, sizeof path, "keys/a.example/%s.private", first);
	tmpdir_write(&w.d, path, "half");
	snprintf(path, sizeof path,
	    "{\"new\": [\"%s\"], \"old\": [\"old\"], \"made\": false, "
	    "\"activated\": 0}",
	    first);
	tmpdir_write(&w.d, "keys/a.example/rotate.json", path);
	CHECK(step(&w, BEGIN) == TOOL_LATER);
	publish(&w, second);
	CHECK(strcmp(first, second) < 0);
	CHECK(has(&w, "p.conf", second) && !has(&w, "p.conf", first));
	end(&w);
}

/* The config has a key of this minute's name, whose file lies elsewhere. */
static void
name_is_taken(void)
{
	static const time_t now = BEGIN;
	char taken[100], path[TMPDIR_PATH_MAX], text[1000], new[100];
	struct world w;

	begin(&w, "");
	strftime(taken, sizeof taken, "%Y%m%d%H%Me", localtime(&now));
	tmpdir_write(&w.d, "elsewhere.private", pem_ed25519);
	snprintf(text, sizeof text,
	    "signer { control = {\"unix:%s/control\"} }\n"
	    "domain \"a.example\" {\n\tkey \"%s\" {\n\t\tfile = \"%s\"\n"
	    "\t}\n}\n",
	    w.d.path, taken, tmpdir_file(&w.d, "elsewhere.private", path));
	tmpdir_write(&w.d, "p.conf", text);
	CHECK(step(&w, BEGIN) == TOOL_LATER);
	publish(&w, new);
	CHECK(strcmp(taken, new) < 0);
	end(&w);
}

static void
bad_states(void)
{
	static const char name[] = "keys/a.example/rotate.json";
	char *large = calloc(1, ROTATE_STATE_MAX + 2);
	struct world w;

	CU_ASSERT_FATAL(large != NULL);
	begin(&w, "");
	tmpdir_write(&w.d, name, "{\"new\": [");
	CHECK(step(&w, BEGIN) == -EBADMSG);
	CHECK(says(&w.why, "rotate.json: this is not what rotate has written"));
	CHECK(has(&w, "p.conf", "key \"old\""));
	tmpdir_write(&w.d, name,
	    "{\"new\": [\"gone\"], \"old\": [\"old\"], \"made\": true, "
	    "\"activated\": 0}");
	CHECK(step(&w, BEGIN) == -ENOENT);
	CHECK(says(&w.why, "lacks the new key gone"));
	for (size_t n = ROTATE_STATE_MAX; n <= ROTATE_STATE_MAX + 1; n++) {
		memset(large, ' ', n);
		memcpy(large, "{", 1);
		tmpdir_write(&w.d, name, large);
		CHECK(step(&w, BEGIN) ==
		    (n == ROTATE_STATE_MAX ? -EBADMSG : -EFBIG));
	}
	free(large);
	end(&w);
}

static void
no_key_signs(void)
{
	struct world w;
	char text[200];

	begin(&w, "");
	snprintf(text, sizeof text,
	    "domain a.example { key old { file = \"%s/a.example/old.private\" "
	    "active = false } }\n",
	    w.keys);
	tmpdir_write(&w.d, "p.conf", text);
	CHECK(step(&w, BEGIN) == -ENOENT);
	CHECK(says(&w.why,
	    "no key of a.example signs; see postseal testkey a.example\n"));
	CHECK(!rotate_has_begun(w.keys, "a.example"));
	w.rotate.domain = "b.example";
	CHECK(step(&w, BEGIN) == -ENOENT);
	CHECK(says(&w.why,
	    "no key of b.example signs; to make one: postseal genkey b.example "
	    "--add\n"));
	end(&w);
}

/* While one process holds the lock, another does nothing. */
static void
only_one_at_a_time(void)
{
	struct world w;
	int status = -1;
	pid_t child;

	begin(&w, "");
	CHECK(rotate_lock(&w.rotate, &w.why) == 0);
	child = fork();
	if (child == 0)
		_exit(rotate_lock(&w.rotate, &w.why) == -EBUSY &&
		            says(&w.why,
		                "another rotate is at work; to look: postseal "
		                "rotate --status a.example\n")
		        ? 0
		        : 1);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	w.rotate.domain = "none.example";
	CHECK(rotate_lock(&w.rotate, &w.why) == -ENOENT);
	CHECK(says(&w.why, "make one: postseal genkey none.example --add\n"));
	end(&w);
}

/* Written into the state, 1970 would let the old keys go on the next day. */
static void
no_wrong_clock(void)
{
	static const int64_t wrong[] = {-1, 0, 1577836799};
	struct world w;

	begin(&w, "");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		CHECK(step(&w, wrong[i]) == -EINVAL);
		CHECK(says(&w.why, "set it first\n") && w.out.n == 0);
		CHECK(!rotate_has_begun(w.rotate.keydir, w.rotate.domain));
	}
	end(&w);
}

SUITE("rotate", T(for_machines), T(for_machines_whole),
    T(for_machines_unusable), T(for_machines_waiting), T(status_not_seen),
    T(status_of_each), T(no_wrong_clock), T(from_key_to_key), T(changes_over),
    T(waits_for_the_signer), T(old_key_is_back), T(file_without_key),
    T(name_is_taken), T(waits_for_its_age), T(is_taken_up), T(bad_states),
    T(no_key_signs), T(only_one_at_a_time))
