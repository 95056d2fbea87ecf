#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/dnswait.h"
#include "admin/domainfile.h"
#include "admin/domainkey.h"
#include "admin/genkey.h"
#include "admin/newfile.h"
#include "admin/rotate.h"
#include "common/domain.h"

enum { DAY = 24 * 60 * 60, WAIT_STEP = 30, STATE_MAX = 64 * 1024 };

struct options {
	const char *config, *keydir;
	char domain[DOMAIN_MAX + 1];
	unsigned keep, every; /* days */
	unsigned wait;        /* seconds */
	bool status;
};

struct run {
	const struct options *o;
	struct tool tool;
	char dir[PATH_MAX], state_file[PATH_MAX];
	json_t *state; /* NULL: no rotation is under way */
	int64_t now;
	struct buf out, why;
};

/* --- state ---------------------------------------------------------------- */

static int
fail(struct run *r, const char *what, int rc)
{
	buf_fmt(&r->why, "%s: %s\n", what, strerror(-rc));
	return rc;
}

/* {"new": ["2027a"], "old": ["2026a"], "activated": 0} */
static int
read_state(struct run *r)
{
	struct buf text;
	int rc = tool_read_file(r->state_file, STATE_MAX, &text);

	if (rc == -ENOENT)
		return 0;
	if (rc != 0)
		return fail(r, r->state_file, rc);
	r->state = json_loadb(text.p == NULL ? "" : text.p, text.n, 0, NULL);
	buf_free(&text);
	if (json_is_array(json_object_get(r->state, "new")) &&
	    json_is_array(json_object_get(r->state, "old")) &&
	    json_is_integer(json_object_get(r->state, "activated")))
		return 0;
	return fail(r, r->state_file, -EBADMSG);
}

static int
write_state(struct run *r)
{
	char *text = json_dumps(r->state, JSON_INDENT(2));
	int rc;

	if (text == NULL)
		return fail(r, r->state_file, -ENOMEM);
	rc = newfile_replace(r->state_file, span_str(text), 0600);
	free(text);
	return rc == 0 ? 0 : fail(r, r->state_file, rc);
}

/* Paths, and the directory locked: cron and a person may come at one time. */
static int
open_state(struct run *r)
{
	int fd;

	if (snprintf(r->dir, sizeof r->dir, "%s/%s", r->o->keydir,
	        r->o->domain) >= PATH_MAX ||
	    snprintf(r->state_file, sizeof r->state_file, "%s/rotate.json",
	        r->dir) >= PATH_MAX)
		return fail(r, r->o->keydir, -ENAMETOOLONG);
	fd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(r, r->dir, -errno);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		buf_fmt(&r->why, "%s: another rotate is at work\n", r->dir);
		return -EBUSY;
	}
	return read_state(r); /* the lock ends with the process */
}

/* --- 1: new keys ---------------------------------------------------------- */

/* True if the newest file of an active key is not old enough. */
static bool
is_young(struct run *r, const struct domainkey *k, size_t n)
{
	for (size_t i = 0; i < n && r->o->every > 0; i++) {
		struct stat st;

		if (k[i].settings->active &&
		    stat(k[i].settings->file, &st) == 0 &&
		    r->now - st.st_mtime < (int64_t)r->o->every * DAY)
			return true;
	}
	return false;
}

/* A key of that kind, if there is none in the state yet. */
static int
make_key(struct run *r, enum key_algorithm algorithm)
{
	char selector[32];
	struct genkey g = {.domain = r->o->domain,
	    .keydir = r->o->keydir,
	    .algorithm = algorithm,
	    .bits = KEY_RSA_BITS_GOOD,
	    .now = (time_t)r->now,
	    .selector = selector,
	    .config = r->o->config};
	time_t now = (time_t)r->now;
	struct tm tm;
	int rc;

	if (localtime_r(&now, &tm) == NULL ||
	    strftime(selector, sizeof selector,
	        algorithm == KEY_ED25519_SHA256 ? "%Y%m%d%H%Me" : "%Y%m%d%H%M",
	        &tm) == 0)
		return fail(r, "the date", -EINVAL);
	rc = genkey_all(&g, false, &r->out, &r->why);
	if (rc == 0 &&
	    json_array_append_new(
	        json_object_get(r->state, "new"), json_string(selector)) != 0)
		rc = fail(r, r->state_file, -ENOMEM);
	return rc;
}

static int
begin(struct run *r, const struct domainkey *k, size_t n)
{
	bool made[2] = {false, false};
	int rc = 0;

	if (is_young(r, k, n))
		return 0;
	r->state = json_pack("{s:[], s:[], s:i}", "new", "old", "activated", 0);
	if (r->state == NULL)
		return fail(r, r->state_file, -ENOMEM);
	for (size_t i = 0; i < n && rc == 0; i++) {
		enum key_algorithm a = k[i].facts.algorithm;

		if (!k[i].settings->active || k[i].problem != NULL)
			continue;
		if (json_array_append_new(json_object_get(r->state, "old"),
		        json_string(k[i].settings->selector)) != 0)
			rc = fail(r, r->state_file, -ENOMEM);
		if (rc == 0 && !made[a])
			rc = make_key(r, a);
		made[a] = true;
	}
	if (rc == 0 && !made[0] && !made[1]) {
		buf_fmt(&r->why,
		    "%s: no key of %s signs; see postseal genkey --add\n",
		    r->o->config, r->o->domain);
		rc = -ENOENT;
	}
	if (rc == 0)
		rc = write_state(r);
	return rc == 0 ? TOOL_LATER : rc;
}

/* --- 2: they sign --------------------------------------------------------- */

static bool
lists(const json_t *state, const char *which, const char *selector)
{
	const json_t *list = json_object_get(state, which);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s != NULL && strcmp(s, selector) == 0)
			return true;
	}
	return false;
}

static int
change_over(struct run *r, const struct domainkey *k, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (lists(r->state, "new", k[i].settings->selector))
			rc = domainfile_activate(
			    k[i].settings, r->o->domain, &r->why);
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (lists(r->state, "old", k[i].settings->selector))
			rc = domainfile_remove(
			    k[i].settings, r->o->domain, &r->why);
	}
	if (rc != 0)
		return rc;
	if (json_object_set_new(r->state, "activated", json_integer(r->now)) !=
	    0)
		return fail(r, r->state_file, -ENOMEM);
	rc = write_state(r);
	if (rc == 0)
		buf_fmt(&r->out,
		    "%s: the new keys sign after systemctl reload "
		    "postseal-signer\nKeep the old records in DNS for %u "
		    "days\n",
		    r->o->domain, r->o->keep);
	return rc;
}

/* Lets the new keys sign, if DNS has all of their records. */
static int
try_new(struct run *r, const struct domainkey *k, size_t n)
{
	size_t found = 0;
	bool good = true;

	for (size_t i = 0; i < n; i++) {
		if (!lists(r->state, "new", k[i].settings->selector))
			continue;
		found++;
		if (domainkey_good(&k[i]))
			continue;
		good = false;
		buf_fmt(&r->out, "%s: %.*s\n", k[i].name, (int)k[i].text.n,
		    k[i].text.p);
	}
	if (found < json_array_size(json_object_get(r->state, "new"))) {
		buf_fmt(&r->why,
		    "%s: the config lacks a new key that %s names; remove that "
		    "file to begin anew\n",
		    r->o->config, r->state_file);
		return -ENOENT;
	}
	if (!good || r->o->status)
		return TOOL_LATER;
	return change_over(r, k, n);
}

/* --- 3: the old records --------------------------------------------------- */

/* 1: DNS still has the record; 0: not; or -errno. */
static int
is_published(struct run *r, const char *selector)
{
	char name[DOMAIN_MAX * 2 + 20];
	struct dnswait q = {.name = name, .type = DNS_TXT};
	int rc;

	snprintf(name, sizeof name, "%s._domainkey.%s", selector, r->o->domain);
	rc = dnswait_all(r->tool.loop, r->tool.resolver, &q, 1);
	if (rc != 0)
		return fail(r, name, rc);
	rc = q.answer->status == DNS_FOUND || q.answer->status == DNS_TEMPERROR;
	if (rc)
		buf_fmt(&r->out, "Remove from DNS: %s\n", name);
	dnswait_free(&q, 1);
	return rc;
}

static int
retire(struct run *r)
{
	json_t *old = json_object_get(r->state, "old");
	int64_t until =
	    json_integer_value(json_object_get(r->state, "activated")) +
	    (int64_t)r->o->keep * DAY;
	bool left = false;

	if (r->now < until) {
		buf_fmt(&r->out,
		    "%s: the new keys sign. Keep the old records in DNS for "
		    "%" PRId64 " more days\n",
		    r->o->domain, (until - r->now + DAY - 1) / DAY);
		return 0;
	}
	for (size_t i = 0; i < json_array_size(old); i++) {
		const char *s = json_string_value(json_array_get(old, i));
		int rc = s == NULL ? 0 : is_published(r, s);

		if (rc < 0)
			return rc;
		left = left || rc > 0;
	}
	if (left || r->o->status)
		return 0;
	buf_fmt(&r->out,
	    "%s: the rotation is done; the old key files in %s "
	    "may be removed\n",
	    r->o->domain, r->dir);
	return unlink(r->state_file) == 0 ? 0 : fail(r, r->state_file, -errno);
}

/* --- a run ---------------------------------------------------------------- */

/* 0 or TOOL_LATER, or -errno. */
static int
step(struct run *r)
{
	struct domainkey *k = NULL;
	size_t n = 0;
	int rc;

	if (r->state != NULL &&
	    json_integer_value(json_object_get(r->state, "activated")) > 0)
		return retire(r);
	rc = domainkey_look(&r->tool, r->o->domain, NULL, &k, &n);
	if (rc != 0)
		return fail(r, "DNS", rc);
	if (r->state != NULL)
		rc = try_new(r, k, n);
	else if (r->o->status)
		buf_fmt(
		    &r->out, "%s: no rotation is under way\n", r->o->domain);
	else
		rc = begin(r, k, n);
	domainkey_free(k, n);
	return rc;
}

/* Reads the config anew for each step, as it may have changed. */
static int
read_and_step(struct run *r)
{
	int rc = tool_open(&r->tool, "rotate", r->o->config, SETTINGS_SIGNER);

	if (rc != 0)
		return rc;
	r->now = time(NULL);
	rc = step(r);
	tool_close(&r->tool);
	return rc;
}

static int
steps(struct run *r)
{
	unsigned waited = 0;
	int rc = read_and_step(r);

	while (rc == TOOL_LATER && waited < r->o->wait && !r->o->status) {
		unsigned left = r->o->wait - waited;
		unsigned pause = left < WAIT_STEP ? left : WAIT_STEP;

		if (tool_print("rotate", &r->out, stdout) != 0)
			return -EIO;
		buf_clear(&r->out);
		sleep(pause);
		waited += pause;
		rc = read_and_step(r);
	}
	return rc;
}

static int
run(const struct options *o)
{
	struct run r = {.o = o};
	int rc;

	buf_init(&r.out, TOOL_TEXT_MAX);
	buf_init(&r.why, TOOL_MESSAGES_MAX);
	rc = open_state(&r);
	if (rc == 0)
		rc = steps(&r);
	if (tool_print("rotate", &r.out, stdout) != 0)
		rc = -EIO;
	tool_complain("rotate", &r.why);
	json_decref(r.state);
	buf_free(&r.out);
	buf_free(&r.why);
	return rc < 0 ? TOOL_FAILED : rc;
}

/* --- the command line ----------------------------------------------------- */

static const char help[] =
    "postseal rotate DOMAIN - the next step to a new key\n"
    "\n"
    "  -k, --keep DAYS       how long the old records stay in DNS (default 7)\n"
    "  -e, --every DAYS      begin only when the newest key is so old: for "
    "cron\n"
    "  -w, --wait SECONDS    wait for DNS so long\n"
    "  -S, --status          only say how far it is\n"
    "  -D, --directory DIR   for keys, instead of " GENKEY_KEYDIR "\n"
    "  -c, --config FILE     instead of " SETTINGS_FILE "\n"
    "  -h, --help            print this\n"
    "\n"
    "Exit status: 0; 1 when it failed, 2 when the command line is wrong, 3 "
    "when the new\nrecords are not in DNS yet.\n";

/* A number of 1 to max. 0 or -EINVAL. */
static int
read_number(const char *word, unsigned max, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (*word < '0' || *word > '9' || *end != '\0' || n < 1 || n > max)
		return tool_wrong("rotate", "not a number for that", word);
	*ret = (unsigned)n;
	return 0;
}

static int
read_option(int letter, struct options *o)
{
	switch (letter) {
	case 'k':
		return read_number(optarg, 3650, &o->keep);
	case 'e':
		return read_number(optarg, 3650, &o->every);
	case 'w':
		return read_number(optarg, 7 * DAY, &o->wait);
	case 'S':
		o->status = true;
		return 0;
	case 'D':
		o->keydir = optarg;
		return 0;
	case 'c':
		o->config = optarg;
		return 0;
	}
	return tool_wrong("rotate", "that is not how it is called", NULL);
}

/* 0, 1 after --help, or -EINVAL after saying what is wrong. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"keep", required_argument, NULL, 'k'},
	    {"every", required_argument, NULL, 'e'},
	    {"wait", required_argument, NULL, 'w'},
	    {"status", no_argument, NULL, 'S'},
	    {"directory", required_argument, NULL, 'D'},
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int letter, rc = 0;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while (rc == 0 &&
	    (letter = getopt_long(argc, argv, "k:e:w:SD:c:h", longs, NULL)) !=
	        -1) {
		if (letter == 'h')
			return fputs(help, stdout) == EOF ? -EIO : 1;
		rc = read_option(letter, o);
	}
	if (rc != 0)
		return rc;
	if (optind + 1 != argc)
		return tool_wrong("rotate",
		    optind == argc ? "which domain?" : "one domain at a time",
		    NULL);
	return tool_domain("rotate", argv[optind], o->domain);
}

int
rotate_run(int argc, char **argv)
{
	struct options o = {
	    .config = SETTINGS_FILE, .keydir = GENKEY_KEYDIR, .keep = 7};
	int rc = read_options(argc, argv, &o);

	if (rc != 0)
		return rc > 0 ? TOOL_OK : TOOL_COMMAND_LINE;
	return run(&o);
}
