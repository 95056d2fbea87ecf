/*
 * The trap: where postconf(1) does not work, every value is "", which is true
 * of nothing. It is told once, and l->failed keeps the looks from judging.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/checklook.h"
#include "admin/postfix/mastercf.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/tool.h"

static const char *
known(const struct checklook *l, const char *name)
{
	for (const struct checklook_value *v = l->values; v != NULL;
	     v = v->next) {
		if (strcmp(v->name, name) == 0)
			return v->text;
	}
	return NULL;
}

/* Without memory it is asked for again. */
static void
remember(struct checklook *l, const char *name, struct span text)
{
	struct arena *a = &l->f->arena;
	struct checklook_value *v = arena_alloc(a, sizeof *v);

	if (v == NULL)
		return;
	*v = (struct checklook_value){
	    l->values, arena_dup(a, span_str(name)), arena_dup(a, text)};
	if (v->name != NULL && v->text != NULL)
		l->values = v;
}

static void
ask(struct checklook *l, const char *name, struct buf *ret)
{
	struct buf why;

	buf_init(&why, POSTCONF_VALUE_MAX);
	if (postconf_get(l->postfix, name, true, ret, &why) != 0)
		buf_clear(ret);
	if (why.n > 0 && !l->failed) {
		l->failed = true;
		findings_lines(l->f, FINDING_UNKNOWN, CHECKLOOK_AREA, &why);
	}
	buf_free(&why);
	remember(l, name, buf_view(ret));
}

const char *
checklook_get(struct checklook *l, const char *name, struct buf *ret)
{
	const char *text = known(l, name);

	buf_init(ret, POSTCONF_VALUE_MAX);
	if (text != NULL)
		buf_str(ret, text);
	else
		ask(l, name, ret);
	text = buf_text(ret);
	return text == NULL ? "" : text;
}

bool
checklook_is(struct checklook *l, const char *name, const char *value)
{
	struct buf b;
	bool is = strcasecmp(checklook_get(l, name, &b), value) == 0;

	buf_free(&b);
	return is;
}

bool
checklook_is_empty(struct checklook *l, const char *name)
{
	return checklook_is(l, name, "");
}

unsigned
checklook_seconds(struct checklook *l, const char *name, unsigned otherwise)
{
	struct buf b;
	unsigned n = otherwise;

	(void)mastercf_seconds(span_str(checklook_get(l, name, &b)), &n);
	buf_free(&b);
	return n;
}

void
checklook_table(struct span table, struct buf *ret)
{
	struct span file = span_skip(table, span_find(table, ':') + 1);
	char path[4096];
	struct buf text;

	buf_init(ret, 2 * POSTCONF_VALUE_MAX);
	buf_span(ret, table);
	snprintf(path, sizeof path, "%.*s", (int)file.n, file.p);
	if (tool_read_file(path, POSTCONF_VALUE_MAX, &text) == 0) {
		buf_byte(ret, '\n');
		buf_span(ret, buf_view(&text));
		buf_free(&text);
	}
}

void
checklook_add(struct checklook *l, enum finding_level level, const char *why,
    const char *option, const char *word, const char *fmt, ...)
{
	struct postconf_command c;
	char *what = NULL;
	struct buf mend;
	va_list ap;

	buf_init(&mend, POSTCONF_VALUE_MAX);
	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	if (what == NULL ||
	    postconf_command(l->postfix, &c, "postconf", option, word, NULL) !=
	        0) {
		l->f->no_memory = true;
		free(what);
		return;
	}
	postconf_command_print(&c, &mend);
	postconf_command_free(&c);
	if (mend.n > 0)
		mend.n--; /* the end of the line */
	findings_add(
	    l->f, level, CHECKLOOK_AREA, why, buf_text(&mend), "%s", what);
	buf_free(&mend);
	free(what);
}

const char *
checklook_spell(struct checklook *l, const struct endpoint *e, struct buf *name)
{
	const char *queue = buf_text(&l->queue);

	buf_clear(name);
	wiring_endpoint(e, queue == NULL ? "" : queue, name);
	return buf_text(name);
}

static const struct endpoint *
lists(struct checklook *l, const struct endpoint_list *e, struct span milters,
    struct buf *name)
{
	for (size_t i = 0; i < e->n; i++) {
		const char *milter = checklook_spell(l, &e->v[i], name);

		if (milter != NULL && wiring_has_milter(milters, milter))
			return &e->v[i];
	}
	return NULL;
}

const struct endpoint *
checklook_lists(struct checklook *l, const struct daemon_settings *d,
    struct span milters, struct buf *name)
{
	const struct endpoint *at = lists(l, &d->listen, milters, name);

	return at != NULL ? at : lists(l, &d->legacy, milters, name);
}

static bool
has_listener(
    struct checklook *l, const struct daemon_settings *d, struct span milters)
{
	struct buf name;
	bool yes;

	buf_init(&name, ENDPOINT_TEXT_MAX);
	yes = checklook_lists(l, d, milters, &name) != NULL;
	buf_free(&name);
	return yes;
}

bool
checklook_has_signer(struct checklook *l, struct span milters)
{
	return has_listener(l, &l->settings->signer.daemon, milters);
}

bool
checklook_has_verifier(struct checklook *l, struct span milters)
{
	return has_listener(l, &l->settings->verifier.daemon, milters);
}

/* --- services of master.cf ------------------------------------------------ */

bool
checklook_is_smtpd(struct span line)
{
	return span_eq(
	    mastercf_word(line, MASTERCF_COMMAND), span_str("smtpd"));
}

bool
checklook_is_set(struct checklook *l, struct span line, const char *name)
{
	struct span own;

	return mastercf_option(line, name, &own) ? own.n > 0
	                                         : !checklook_is_empty(l, name);
}

bool
checklook_takes_back(struct checklook *l, struct span line)
{
	struct span name = mastercf_word(line, MASTERCF_NAME);

	return checklook_is_smtpd(line) &&
	    (mastercf_has(name, "127.0.0.1:") ||
	        mastercf_has(name, "localhost:") ||
	        mastercf_has(name, "[::1]:")) &&
	    !checklook_is_set(l, line, "smtpd_proxy_filter");
}

bool
checklook_reaches(struct checklook *l, struct span line,
    bool (*has)(struct checklook *l, struct span milters))
{
	struct span value;
	struct buf all;
	bool reaches;

	if (mastercf_option(line, "receive_override_options", &value) &&
	    mastercf_has(value, "no_milters"))
		return false;
	if (mastercf_option(line, "smtpd_milters", &value))
		return has(l, value);
	checklook_get(l, "smtpd_milters", &all);
	reaches = has(l, buf_view(&all));
	buf_free(&all);
	return reaches;
}

bool
checklook_any_has(struct checklook *l, const char *name)
{
	struct span rest = buf_view(&l->services), line, own;

	if (!checklook_is_empty(l, name))
		return true;
	while (mastercf_next(&rest, &line)) {
		if (mastercf_option(line, name, &own) && own.n > 0)
			return true;
	}
	return false;
}

bool
checklook_has_filter(struct checklook *l)
{
	return checklook_any_has(l, "content_filter") ||
	    checklook_any_has(l, "smtpd_proxy_filter");
}
