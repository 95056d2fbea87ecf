/*
 * The trap: cron sends by mail what is printed. So with --every nothing is said
 * in text while there is nothing to do; JSON always says how far it is.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

#include "admin/key/rotate_report.h"
#include "admin/tool/invocation.h"
#include "admin/tool/subcommand.h"

void
rotate_report_clear(struct rotate_report *r)
{
	genkey_clear_all(&r->made);
	domainkey_free(r->key, r->n);
	for (size_t i = 0; i < ROTATE_KEYS_MAX; i++)
		free(r->old[i].file);
	*r = (struct rotate_report){.progress = ROTATE_FAILED};
}

int64_t
rotate_report_days(const struct rotate_report *r)
{
	return r->until <= r->now
	    ? 0
	    : (r->until - r->now + ROTATE_DAY - 1) / ROTATE_DAY;
}

/* --- for people ----------------------------------------------------------- */

static void
print_next(const struct rotate_report *r, const char *when, struct buf *out)
{
	buf_fmt(out, "%s: %s\n", when, invocation("rotate %s", r->o->domain));
}

/* The records that DNS does not have, each time: who reads this has perhaps not
 * read it before. */
static void
print_missing(const struct rotate_report *r, struct buf *out)
{
	bool told = false, silent = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct domainkey *k = &r->key[i];

		if (!rotate_names_have(&r->names, k->settings->selector) ||
		    k->problem != NULL || domainkey_good(k))
			continue;
		buf_fmt(out, "%s: ", k->name);
		buf_span(out, buf_view(&k->text));
		buf_byte(out, '\n');
		silent = silent || !domainkey_lacks(k);
		if (r->o->again || !domainkey_lacks(k))
			continue;
		domainkey_record(k, out);
		told = true;
	}
	if (told)
		genkey_next(r->o->domain, true, out);
	else if (silent && !r->o->again)
		print_next(r, "When DNS answers", out);
}

static void
print_kept(const struct rotate_report *r, struct buf *out)
{
	int64_t days = r->in_force ? r->kept : rotate_report_days(r);

	if (r->o->every > 0 && !r->o->status && !r->in_force)
		return;
	buf_fmt(out,
	    "%s: the new keys sign. Keep the old records in DNS for %" PRId64
	    "%s day%s",
	    r->o->domain, days, r->in_force ? "" : " more",
	    buf_plural((unsigned long long)days));
	print_next(r, "; then", out);
}

static void
print_old_records(const struct rotate_report *r, struct buf *out)
{
	const char *when = "When DNS answers";

	for (size_t i = 0; i < r->old_names.n; i++) {
		const struct rotate_old *old = &r->old[i];
		const char *selector = r->old_names.v[i];

		if (old->record == ROTATE_UNSAID)
			buf_fmt(out,
			    "%s._domainkey.%s: DNS gives no answer (%s)\n",
			    selector, r->o->domain, old->problem);
		if (old->record != ROTATE_THERE)
			continue;
		buf_fmt(out, "Remove from DNS: %s._domainkey.%s\n", selector,
		    r->o->domain);
		when = "When that is done";
	}
	print_next(r, when, out);
}

/* All is done but for the old key files: those that lie where genkey puts
 * them. */
static void
print_end(const struct rotate_report *r, struct buf *out)
{
	const char *before = "; the old private keys are of no more use:\n";

	buf_fmt(out, "%s: the rotation is done", r->o->domain);
	for (size_t i = 0; i < r->old_names.n; i++) {
		if (r->old[i].file == NULL)
			continue;
		buf_fmt(out, "%srm ", before);
		tool_shell_word(r->old[i].file, out);
		buf_byte(out, '\n');
		before = "";
	}
	if (*before != '\0')
		buf_byte(out, '\n');
}

/* A line of --status, which does nothing. */
static void
print_status(const struct rotate_report *r, const char *text, struct buf *out)
{
	if (r->o->status)
		buf_fmt(out, "%s: %s\n", r->o->domain, text);
}

static void
print_none(const struct rotate_report *r, struct buf *out)
{
	if (!r->o->status)
		return;
	buf_fmt(out, "%s: no rotation is under way", r->o->domain);
	print_next(r, "; to begin", out);
}

static void
print_done(const struct rotate_report *r, struct buf *out)
{
	for (size_t i = 0; i < r->made.n; i++)
		genkey_print(&r->made.key[i], r->o->config, true, out);
	for (size_t i = 0; i < r->old_names.n && r->activated; i++) {
		if (r->old[i].file != NULL)
			buf_fmt(out,
			    "The old private key stays in %s until the end\n",
			    r->old[i].file);
	}
}

void
rotate_report_print(const struct rotate_report *r, struct buf *out)
{
	print_done(r, out);
	switch (r->progress) {
	case ROTATE_FAILED:
		break;
	case ROTATE_NONE:
		print_none(r, out);
		break;
	case ROTATE_MAKING:
		print_status(r,
		    "the new keys are not all made; the next run does it", out);
		break;
	case ROTATE_PUBLISH:
		print_missing(r, out);
		break;
	case ROTATE_READY:
		print_status(r,
		    "DNS has the records of the new keys; the next run lets "
		    "them sign",
		    out);
		break;
	case ROTATE_UNTOLD:
		print_status(r,
		    "the running signer does not have the new keys yet; the "
		    "next run tells it",
		    out);
		break;
	case ROTATE_KEEP:
		print_kept(r, out);
		break;
	case ROTATE_REMOVE:
		print_old_records(r, out);
		break;
	case ROTATE_DONE:
		print_end(r, out);
		break;
	}
}

/* --- for machines --------------------------------------------------------- */

static const char *
word(enum rotate_progress p)
{
	static const char *const words[] = {
	    [ROTATE_FAILED] = "failed",
	    [ROTATE_NONE] = "none",
	    [ROTATE_MAKING] = "making",
	    [ROTATE_PUBLISH] = "publish",
	    [ROTATE_READY] = "ready",
	    [ROTATE_UNTOLD] = "untold",
	    [ROTATE_KEEP] = "keep",
	    [ROTATE_REMOVE] = "remove",
	    [ROTATE_DONE] = "done",
	};

	return words[p];
}

static json_t *
name_json(const struct rotate_report *r, const char *selector)
{
	return json_pack("{s:s, s:o}", "selector", selector, "name",
	    json_sprintf("%s._domainkey.%s", selector, r->o->domain));
}

/* The record, where the key was made or looked at just now. */
static json_t *
new_json(const struct rotate_report *r, const char *selector)
{
	const struct domainkey *k = domainkey_find(r->key, r->n, selector);

	for (size_t i = 0; i < r->made.n; i++) {
		if (strcmp(r->made.key[i].selector, selector) == 0)
			return genkey_json(&r->made.key[i]);
	}
	return k == NULL ? name_json(r, selector) : domainkey_looked_json(k);
}

static json_t *
old_json(const struct rotate_report *r, size_t i)
{
	const struct rotate_old *old = &r->old[i];
	json_t *o = name_json(r, r->old_names.v[i]);

	if (json_object_set_new(o, "file",
	        old->file == NULL
	            ? json_null()
	            : subcommand_clean_json(span_str(old->file))) != 0 ||
	    json_object_set_new(o, "published",
	        old->record == ROTATE_UNSAID
	            ? json_null()
	            : json_boolean(old->record == ROTATE_THERE)) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *
rotate_report_json(const struct rotate_report *r)
{
	json_t *new = json_array(), *old = json_array();
	int rc = 0;

	for (size_t i = 0; i < r->names.n; i++)
		rc |= json_array_append_new(new, new_json(r, r->names.v[i]));
	for (size_t i = 0; i < r->old_names.n; i++)
		rc |= json_array_append_new(old, old_json(r, i));
	if (rc != 0) {
		json_decref(new);
		json_decref(old);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:I}",
	    "domain", r->o->domain, "state", word(r->progress), "made",
	    (int)(r->made.n > 0), "activated", (int)r->activated, "signer_told",
	    (int)r->in_force, "new", new, "old", old, "next_after",
	    r->until > r->now ? json_integer((json_int_t)r->until)
	                      : json_null(),
	    "days_left", (json_int_t)rotate_report_days(r));
}
