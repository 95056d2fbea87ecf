/*
 * The trap: a step changes the config, and a --wait lasts for days, in which
 * others change it, so each step reads it anew. What there is to say is printed
 * before each pause: who waits wants to read what to publish.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/key/genkey.h"
#include "admin/key/rotate.h"
#include "admin/key/rotatecmd.h"
#include "admin/tool/invocation.h"
#include "common/bytes/domain.h"

enum { WAIT_STEP = 30, DAYS_MAX = 3650, WAIT_MAX = 7 * 24 * 60 * 60 };

struct options {
	struct rotate rotate;
	char domain[DOMAIN_MAX + 1]; /* "": all, for --status */
	unsigned wait;               /* seconds */
};

/* One run. */
struct run {
	struct call *c;
	json_t *domains; /* what each step says; NULL: in text */
};

static int
fail(struct run *r, int rc)
{
	buf_fmt(&r->c->why, "%s\n", strerror(-rc));
	return rc;
}

/* Prints it, or keeps it for the end. 0 or -errno, told. */
static int
report(struct run *r, const struct rotate_report *said)
{
	if (r->domains == NULL) {
		rotate_report_print(said, &r->c->out);
		return 0;
	}
	return json_array_append_new(r->domains, rotate_report_json(said)) == 0
	    ? 0
	    : fail(r, -ENOMEM);
}

/* Reads the config anew for each step, as it may have changed. */
static int
read_and_step(struct run *r, const char *domain, bool again)
{
	const struct options *o = r->c->options;
	struct rotate one = o->rotate;
	struct rotate_report *said = calloc(1, sizeof *said);
	struct tool t;
	int rc, error;

	if (said == NULL)
		return fail(r, -ENOMEM);
	rc = tool_open(&t, "rotate", r->c->config, SETTINGS_SIGNER);
	if (rc == 0) {
		one.config = r->c->config;
		one.domain = domain;
		one.again = again;
		rc = rotate_step(&t, &one, time(NULL), said, &r->c->why);
		error = report(r, said);
		rc = error == 0 ? rc : error;
		rotate_report_clear(said);
		tool_close(&t);
	}
	free(said);
	return rc;
}

/* Of two steps the later one is told, with the keys that the first has made. */
static int
merge(json_t *domains)
{
	const json_t *first = json_array_get(domains, 0);
	json_t *last = json_array_get(domains, 1);

	if (last == NULL)
		return 0;
	if (json_is_true(json_object_get(first, "made")) &&
	    json_object_set_new(last, "made", json_true()) != 0)
		return -ENOMEM;
	return json_array_remove(domains, 0);
}

static int
steps(struct run *r)
{
	const struct options *o = r->c->options;
	unsigned waited = 0;
	int rc = read_and_step(r, o->domain, false);

	while (rc == TOOL_LATER && waited < o->wait) {
		unsigned left = o->wait - waited;
		unsigned pause = left < WAIT_STEP ? left : WAIT_STEP;

		if (tool_print("rotate", &r->c->out, stdout) != 0)
			return -EIO;
		buf_clear(&r->c->out);
		sleep(pause);
		waited += pause;
		rc = read_and_step(r, o->domain, true);
		if (merge(r->domains) != 0)
			return fail(r, -ENOMEM);
	}
	return rc;
}

/* --status of all domains of which a rotation has begun; the worst of them,
 * where one that failed is worse than all. */
static int
status_of_all(struct run *r)
{
	const struct options *o = r->c->options;
	struct tool t;
	int worst = TOOL_OK, failed = 0;
	bool any = false;

	if (tool_open(&t, "rotate", r->c->config, SETTINGS_SIGNER) != 0)
		return -EINVAL;
	for (size_t i = 0; i < t.settings->ndomains; i++) {
		const char *domain = t.settings->domain[i].name;
		int rc;

		if (!rotate_has_begun(o->rotate.keydir, domain))
			continue;
		any = true;
		rc = read_and_step(r, domain, false);
		failed = rc < 0 ? rc : failed;
		worst = rc > worst ? rc : worst;
		if (rc == -EACCES || rc == -ENOMEM)
			break; /* so it would be with the others */
	}
	tool_close(&t);
	if (failed == -EACCES && geteuid() != 0)
		buf_str(&r->c->why, "Run this as root.\n");
	if (!any && r->domains == NULL)
		buf_fmt(&r->c->out, "no rotation is under way; to begin: %s\n",
		    invocation("rotate DOMAIN"));
	return failed < 0 ? failed : worst;
}

/* The exit status, or -errno, which was told. */
static int
work(struct run *r)
{
	struct options *o = r->c->options;
	int rc;

	if (o->rotate.status)
		return o->domain[0] == '\0'
		    ? status_of_all(r)
		    : read_and_step(r, o->domain, false);
	rc = rotate_lock(&o->rotate, &r->c->why);
	return rc == 0 ? steps(r) : rc;
}

static int
run(struct call *c)
{
	struct options *o = c->options;
	struct run r = {.c = c, .domains = c->json ? json_array() : NULL};
	int rc, error = 0;

	if (c->json && r.domains == NULL)
		return -ENOMEM;
	o->rotate.config = c->config;
	o->rotate.domain = o->domain;
	rc = work(&r);
	if (c->json && (rc >= 0 || json_array_size(r.domains) > 0))
		error = subcommand_json(
		    c, json_pack("{s:O}", "domains", r.domains));
	json_decref(r.domains);
	if (error != 0)
		return error;
	return rc < 0 ? TOOL_FAILED : rc; /* told */
}

/* --- the command line ----------------------------------------------------- */

/* A number of 1 to max. 0 or -EINVAL. */
static int
take_number(struct call *c, const char *word, unsigned max, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (*word < '0' || *word > '9' || *end != '\0' || n < 1 || n > max)
		return subcommand_wrong(c, "not a number for that", word);
	*ret = (unsigned)n;
	return 0;
}

static int
take_keep(struct call *c, const char *word)
{
	struct options *o = c->options;

	return take_number(c, word, DAYS_MAX, &o->rotate.keep);
}

static int
take_every(struct call *c, const char *word)
{
	struct options *o = c->options;

	return take_number(c, word, DAYS_MAX, &o->rotate.every);
}

static int
take_wait(struct call *c, const char *word)
{
	struct options *o = c->options;

	return take_number(c, word, WAIT_MAX, &o->wait);
}

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;

	if (n == 0 && o->rotate.status)
		return 0;
	if (n != 1)
		return subcommand_wrong(
		    c, n == 0 ? "which domain?" : "one domain at a time", NULL);
	return subcommand_domain(c, word[0], o->domain);
}

const struct subcommand rotate_subcommand = {
    .name = "rotate",
    .words = "DOMAIN",
    .text = "the next step to a new key",
    .head = "postseal rotate DOMAIN - the next step to a new key\n"
            "postseal rotate --status [DOMAIN] - how far is it?",
    .tail = "Exit status: 0; 1 when it failed, 2 when the command line is "
            "wrong, 3 when the new\nrecords are not in DNS yet, 4 when the "
            "running signer does not have the new keys yet:\nthe last line "
            "says what to do.",
    .column = 24,
    .options = &(const struct options){.rotate = {.keydir = GENKEY_KEYDIR}},
    .size = sizeof(struct options),
    .option =
        {
            {'k', "keep", "DAYS",
                "how long the old records stay in DNS, instead of what the\n"
                "config says (rotate_keep)",
                .take = take_keep},
            {'e', "every", "DAYS",
                "begin only when the newest key is so old: for cron",
                .take = take_every},
            {'w', "wait", "SECONDS", "wait for DNS so long", .take = take_wait},
            {'S', "status", NULL, "only say how far it is; no DOMAIN: of all",
                .at = offsetof(struct options, rotate.status)},
            {'j', "json", NULL, "for machines", .take = subcommand_take_json},
            {'D', "directory", "DIR", "for keys, instead of " GENKEY_KEYDIR,
                .at = offsetof(struct options, rotate.keydir)},
            SUBCOMMAND_CONFIG,
        },
    .take_words = take_words,
    .run = run,
};
