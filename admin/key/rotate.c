/*
 * Each run does what is due and notes it before it goes on, so that a run that
 * was cut off is finished by the next: a key whose name is noted and that does
 * not exist has never come to be (forget_unmade); one that exists is not made
 * again (is_made).
 *
 * The old record stays in DNS while mail that it signed may be on its way; only
 * then it is said to go.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/key/domainfile.h"
#include "admin/key/domainkey.h"
#include "admin/key/follow.h"
#include "admin/key/genkey.h"
#include "admin/key/rotate.h"
#include "admin/limits.h"
#include "admin/tool/dnswait.h"
#include "admin/tool/invocation.h"
#include "admin/tool/newfile.h"
#include "common/bytes/clock.h"
#include "common/bytes/domain.h"

struct run {
	const struct rotate *o;
	struct tool *tool;
	char file[PATH_MAX]; /* of the state */
	bool under_way;      /* there is a state */
	struct rotate_state state;
	int64_t now;
	struct rotate_report *ret;
	struct buf *why;
};

static int
fail(struct buf *why, const char *what, int rc)
{
	buf_fmt(why, "%s: %s\n", what, strerror(-rc));
	return rc;
}

static int
fail_state(struct run *r, int rc)
{
	return fail(r->why, r->file, rc);
}

/* --- state ---------------------------------------------------------------- */

/* KEYDIR/DOMAIN, and a file in it where name is not empty. */
static int
path_of(const char *keydir, const char *domain, const char *name, char *ret)
{
	return snprintf(ret, PATH_MAX, "%s/%s%s%s", keydir, domain,
	           *name == '\0' ? "" : "/", name) < PATH_MAX
	    ? 0
	    : -ENAMETOOLONG;
}

static int
read_state(struct run *r)
{
	struct buf text;
	int rc = path_of(r->o->keydir, r->o->domain, "rotate.json", r->file);

	if (rc != 0)
		return fail(r->why, r->o->keydir, rc);
	rc = tool_read_file(r->file, ROTATE_STATE_MAX, &text);
	if (rc == -ENOENT)
		return 0;
	if (rc != 0)
		return fail_state(r, rc);
	r->under_way =
	    rotate_state_parse(buf_view(&text), &r->state) == PARSE_OK;
	buf_free(&text);
	if (r->under_way)
		return 0;
	buf_fmt(r->why,
	    "%s: this is not what rotate has written. Look which keys of %s "
	    "sign (%s), then remove that file to begin anew\n",
	    r->file, r->o->domain, invocation("testkey %s", r->o->domain));
	return -EBADMSG;
}

static int
write_state(struct run *r)
{
	struct buf text;
	int rc;

	buf_init(&text, ROTATE_STATE_MAX);
	rc = rotate_state_print(&r->state, &text);
	rc = rc == 0 ? newfile_replace(r->file, buf_view(&text), 0600, r->why)
	             : fail_state(r, rc);
	buf_free(&text);
	r->under_way = true;
	return rc;
}

bool
rotate_has_begun(const char *keydir, const char *domain)
{
	char path[PATH_MAX];

	return path_of(keydir, domain, "rotate.json", path) == 0 &&
	    (access(path, F_OK) == 0 || errno != ENOENT);
}

int
rotate_lock(const struct rotate *o, struct buf *why)
{
	char dir[PATH_MAX];
	int fd, rc = path_of(o->keydir, o->domain, "", dir);

	if (rc != 0)
		return fail(why, o->keydir, rc);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		buf_fmt(why, "%s: %s has no keys there; to make one: %s\n", dir,
		    o->domain, invocation("genkey %s --add", o->domain));
		return -ENOENT;
	}
	if (fd < 0)
		return fail(why, dir, -errno);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		buf_fmt(why, "%s: another rotate is at work; to look: %s\n",
		    dir, invocation("rotate --status %s", o->domain));
		return -EBUSY;
	}
	return 0; /* fd is open, and locked, as long as the process lives */
}

/* --- 1: new keys ---------------------------------------------------------- */

/* When the newest file of an active key is old enough; 0: it may begin. */
static int64_t
begins_at(struct run *r, const struct domainkey *k, size_t n)
{
	int64_t at = 0;

	for (size_t i = 0; i < n && r->o->every > 0; i++) {
		int64_t age = (int64_t)r->o->every * ROTATE_DAY;
		struct stat st;

		if (k[i].settings->active &&
		    stat(k[i].settings->file, &st) == 0 &&
		    st.st_mtime + age > at)
			at = st.st_mtime + age;
	}
	return at;
}

/* True if a run that was cut off has made one of that kind. */
static bool
is_made(struct run *r, const struct domainkey *k, size_t n,
    enum key_algorithm algorithm)
{
	for (size_t i = 0; i < r->state.new.n; i++) {
		const struct domainkey *found =
		    domainkey_find(k, n, r->state.new.v[i]);

		if (found != NULL && found->problem == NULL &&
		    found->facts.algorithm == algorithm)
			return true;
	}
	return false;
}

/* The minute as a selector. A name whose file is there (of a run that was cut
 * off before the config had it), or that a key has, is left alone: later
 * minutes are free. */
static int
name_key(struct run *r, const struct domainkey *k, size_t n,
    enum key_algorithm algorithm, char *ret, size_t size)
{
	char name[60], path[PATH_MAX];
	time_t now = (time_t)r->now;
	struct tm tm;
	int rc;

	do {
		if (localtime_r(&now, &tm) == NULL ||
		    strftime(ret, size,
		        algorithm == KEY_ED25519_SHA256 ? "%Y%m%d%H%Me"
		                                        : "%Y%m%d%H%M",
		        &tm) == 0)
			return fail(r->why, "the date", -EINVAL);
		snprintf(name, sizeof name, "%s.private", ret);
		rc = path_of(r->o->keydir, r->o->domain, name, path);
		if (rc != 0)
			return fail(r->why, r->o->keydir, rc);
		now += 60;
	} while (access(path, F_OK) == 0 || domainkey_find(k, n, ret) != NULL);
	return 0;
}

static int
make_key(struct run *r, const struct domainkey *k, size_t n,
    enum key_algorithm algorithm)
{
	char selector[32];
	struct genkey_pair made;
	struct genkey g = {.domain = r->o->domain,
	    .keydir = r->o->keydir,
	    .algorithm = algorithm,
	    .bits = KEY_RSA_BITS_GOOD,
	    .now = (time_t)r->now,
	    .selector = selector,
	    .config = r->o->config};
	int rc = name_key(r, k, n, algorithm, selector, sizeof selector);

	if (rc != 0)
		return rc;
	rc = rotate_names_add(&r->state.new, selector);
	if (rc != 0)
		return fail_state(r, rc);
	rc = write_state(r);
	if (rc != 0)
		return rc;
	rc = genkey_all(&g, false, &made, r->why);
	for (size_t i = 0; i < made.n; i++)
		r->ret->made.key[r->ret->made.n++] = made.key[i];
	return rc;
}

/* New names whose keys have never come to be. */
static void
forget_unmade(struct run *r, const struct domainkey *k, size_t n)
{
	for (size_t i = r->state.new.n; i-- > 0;) {
		if (domainkey_find(k, n, r->state.new.v[i]) == NULL)
			rotate_names_remove(&r->state.new, i);
	}
}

/* A new key for each kind that signs now, and the old names are noted before.
 * Written last, so that what is in the state has been done. TOOL_LATER: wait
 * for DNS. */
static int
begin(struct run *r, const struct domainkey *k, size_t n)
{
	bool seen[2] = {false, false};
	int rc = 0;

	if (!r->under_way && begins_at(r, k, n) > r->now) {
		r->ret->progress = ROTATE_NONE;
		return 0;
	}
	forget_unmade(r, k, n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		enum key_algorithm a = k[i].facts.algorithm;

		if (!k[i].settings->active || k[i].problem != NULL)
			continue;
		rc = rotate_names_add(&r->state.old, k[i].settings->selector);
		if (rc != 0)
			fail_state(r, rc);
		else if (!seen[a] && !is_made(r, k, n, a))
			rc = make_key(r, k, n, a);
		seen[a] = true;
	}
	if (rc == 0 && !seen[0] && !seen[1]) {
		buf_fmt(r->why, "%s: no key of %s signs; %s %s\n", r->o->config,
		    r->o->domain, n > 0 ? "see" : "to make one:",
		    invocation(n > 0 ? "testkey %s" : "genkey %s --add",
		        r->o->domain));
		rc = -ENOENT;
	}
	if (rc != 0)
		return rc;
	r->state.made = true;
	rc = write_state(r);
	if (rc != 0)
		return rc;
	/* not needed yet, but check would find old settings */
	(void)follow_signer(r->o->config, time(NULL), r->why);
	r->ret->progress = ROTATE_PUBLISH;
	return TOOL_LATER;
}

/* --- 2: they sign --------------------------------------------------------- */

static unsigned
days_kept(const struct run *r)
{
	return r->o->keep > 0 ? r->o->keep
	                      : r->tool->settings->signer.rotate_keep;
}

/* When old records may go. */
static int64_t
ends_at(const struct run *r)
{
	return r->state.in_force + (int64_t)days_kept(r) * ROTATE_DAY;
}

/* The running signer gets the new keys, and signs with the old ones no more;
 * from then on the days count. Until it has, each run tries again. */
static int
put_in_force(struct run *r, time_t written)
{
	int rc = follow_signer(r->o->config, written, r->why);

	r->ret->progress = ROTATE_UNTOLD;
	if (rc != 0)
		return rc;
	r->state.in_force = r->now;
	rc = write_state(r);
	r->ret->progress = rc == 0 ? ROTATE_KEEP : ROTATE_FAILED;
	r->ret->in_force = rc == 0;
	r->ret->until = ends_at(r);
	return rc;
}

/* The config lets the new keys sign, and has the old ones no more. */
static int
change_over(struct run *r, const struct domainkey *k, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (rotate_names_have(&r->state.new, k[i].settings->selector))
			rc = domainfile_activate(
			    k[i].settings, r->o->domain, r->why);
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (rotate_names_have(&r->state.old, k[i].settings->selector))
			rc = domainfile_remove(
			    k[i].settings, r->o->domain, r->why);
	}
	if (rc != 0)
		return rc;
	r->state.activated = r->now;
	rc = write_state(r);
	r->ret->activated = rc == 0;
	return rc == 0 ? put_in_force(r, time(NULL)) : rc;
}

/* True if DNS has all records of the new keys. */
static bool
are_published(struct run *r, const struct domainkey *k, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rotate_names_have(&r->state.new, k[i].settings->selector) &&
		    !domainkey_good(&k[i]))
			return false;
	}
	return true;
}

/* A new key, or NULL, with which this goes no further. 0 or -errno, told. */
static int
judge_new(struct run *r, const struct domainkey *k, const char *selector)
{
	if (k == NULL) {
		buf_fmt(r->why,
		    "%s: the config lacks the new key %s that %s names; remove "
		    "that file to begin anew\n",
		    r->o->config, selector, r->file);
		return -ENOENT;
	}
	if (k->problem == NULL)
		return 0;
	buf_fmt(r->why,
	    "%s: %s\nFix this, then: %s\n"
	    "Or, for another new key, take this one out of %s, remove %s, and "
	    "run the same\n",
	    k->settings->file, k->problem,
	    invocation("rotate %s", r->o->domain), k->settings->origin,
	    r->file);
	return -EINVAL;
}

/* Lets the new keys sign, if DNS has all of their records. */
static int
try_new(struct run *r, const struct domainkey *k, size_t n)
{
	for (size_t i = 0; i < r->state.new.n; i++) {
		const char *selector = r->state.new.v[i];
		int rc = judge_new(r, domainkey_find(k, n, selector), selector);

		if (rc != 0)
			return rc;
	}
	if (!are_published(r, k, n)) {
		r->ret->progress = ROTATE_PUBLISH;
		return TOOL_LATER;
	}
	if (!r->o->status)
		return change_over(r, k, n);
	r->ret->progress = ROTATE_READY;
	return TOOL_OK;
}

/* --- 3: the old records --------------------------------------------------- */

/* Asks DNS for the record of an old key. 0 or -errno. */
static int
ask_old(struct run *r, const char *selector, struct rotate_old *ret)
{
	char name[DOMAIN_MAX * 2 + 20];
	struct dnswait q = {.name = name, .type = DNS_TXT};
	int rc;

	snprintf(name, sizeof name, "%s._domainkey.%s", selector, r->o->domain);
	rc = dnswait_all(r->tool->loop, r->tool->resolver, &q, 1);
	if (rc != 0)
		return fail(r->why, name, rc);
	if (q.answer->status == DNS_TEMPERROR)
		ret->problem = q.answer->why;
	else
		ret->record =
		    q.answer->status == DNS_FOUND ? ROTATE_THERE : ROTATE_GONE;
	dnswait_free(&q, 1);
	return 0;
}

/* The old private keys that lie where genkey puts them. */
static int
look_for_files(struct run *r)
{
	char name[DOMAIN_MAX + sizeof ".private"], path[PATH_MAX];

	for (size_t i = 0; i < r->state.old.n; i++) {
		struct rotate_old *old = &r->ret->old[i];

		snprintf(name, sizeof name, "%s.private", r->state.old.v[i]);
		if (path_of(r->o->keydir, r->o->domain, name, path) != 0 ||
		    access(path, F_OK) != 0)
			continue;
		old->file = strdup(path);
		if (old->file == NULL)
			return fail(r->why, path, -ENOMEM);
	}
	return 0;
}

/* The selector of an old key that the config has again, or NULL. */
static const char *
returned(struct run *r)
{
	const struct domain_settings *d =
	    settings_domain(r->tool->settings, span_str(r->o->domain));

	for (size_t i = 0; d != NULL && i < d->nkeys; i++) {
		if (rotate_names_have(&r->state.old, d->key[i].selector))
			return d->key[i].selector;
	}
	return NULL;
}

/* Which old records may go. */
static int
look_at_old(struct run *r)
{
	bool left = false;

	for (size_t i = 0; i < r->state.old.n; i++) {
		struct rotate_old *old = &r->ret->old[i];
		int rc = ask_old(r, r->state.old.v[i], old);

		if (rc < 0)
			return rc;
		left = left || old->record != ROTATE_GONE;
	}
	r->ret->progress = left ? ROTATE_REMOVE : ROTATE_DONE;
	if (left || r->o->status)
		return 0;
	return unlink(r->file) == 0 ? 0 : fail_state(r, -errno);
}

/* A record may go when nobody signs with its key any more, and when mail that
 * is on its way has come. */
static int
retire(struct run *r)
{
	const char *selector = returned(r);
	int rc = look_for_files(r);

	if (rc != 0)
		return rc;
	if (r->state.in_force == 0 && !r->o->status)
		return put_in_force(r, (time_t)r->state.activated);
	if (r->state.in_force == 0) {
		r->ret->progress = ROTATE_UNTOLD;
		return TOOL_UNTOLD;
	}
	if (r->now < ends_at(r)) {
		r->ret->progress = ROTATE_KEEP;
		r->ret->until = ends_at(r);
		return 0;
	}
	if (selector == NULL)
		return look_at_old(r);
	buf_fmt(r->why,
	    "%s: the old key %s is in the config again, so its record has to "
	    "stay. Take it out, or remove %s to end this rotation\n",
	    r->o->domain, selector, r->file);
	return -EEXIST;
}

/* --- a step --------------------------------------------------------------- */

/* The old private keys, of keys that the config has, or had until now. */
static int
note_files(struct run *r, const struct domainkey *k, size_t n)
{
	for (size_t i = 0; i < r->state.old.n; i++) {
		const struct domainkey *old =
		    domainkey_find(k, n, r->state.old.v[i]);

		if (old == NULL || old->settings->file == NULL)
			continue;
		r->ret->old[i].file = strdup(old->settings->file);
		if (r->ret->old[i].file == NULL)
			return fail(r->why, old->settings->file, -ENOMEM);
	}
	return 0;
}

/* One of: begin, wait for DNS, wait for the days to be over. */
static int
step(struct run *r)
{
	struct domainkey *k = NULL;
	size_t n = 0;
	int error, rc = read_state(r);

	if (rc != 0)
		return rc;
	if (r->under_way && r->state.activated > 0)
		return retire(r);
	rc = domainkey_look(r->tool, r->o->domain, NULL, &k, &n);
	if (rc != 0)
		return fail(r->why, "DNS", rc);
	if (r->under_way && r->state.made)
		rc = try_new(r, k, n);
	else if (!r->o->status)
		rc = begin(r, k, n);
	else
		r->ret->progress = r->under_way ? ROTATE_MAKING : ROTATE_NONE;
	if (!r->under_way)
		r->ret->until = begins_at(r, k, n);
	r->ret->key = k;
	r->ret->n = n;
	error = note_files(r, k, n);
	return error == 0 ? rc : error;
}

int
rotate_step(struct tool *t, const struct rotate *o, int64_t now,
    struct rotate_report *ret, struct buf *why)
{
	struct run *r;
	int rc;

	*ret = (struct rotate_report){.o = o, .now = now};
	if (clock_seconds(now) == 0) {
		buf_str(why,
		    "the clock of this host says it is before 2020: when keys "
		    "were made and old ones may go cannot be known; set it "
		    "first\n");
		return -EINVAL;
	}
	r = calloc(1, sizeof *r);
	if (r == NULL)
		return fail(why, o->domain, -ENOMEM);
	r->o = o;
	r->tool = t;
	r->now = now;
	r->ret = ret;
	r->why = why;
	rc = step(r);
	ret->names = r->state.new;
	ret->old_names = r->state.old;
	ret->kept = days_kept(r);
	free(r);
	return rc;
}
