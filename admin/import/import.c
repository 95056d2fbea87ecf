/*
 * The trick: what each option becomes is read by the reader of the daemons
 * before the next one is looked at. So nothing is printed that they would
 * refuse, and what they say is told of the line of the old file, which is the
 * one that people have.
 *
 * The trap: both old programs take the last of an option that stands twice;
 * what stands before is told as left out.
 */
#include <errno.h>
#include <stdlib.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

/* --- reading -------------------------------------------------------------- */

void
import_left(struct import *im, const struct import_option *o, const char *why)
{
	import_note(im, IMPORT_LEFT, o, "%s", why);
}

void
import_needless(struct import *im, const struct import_option *o)
{
	import_note(im, IMPORT_NEEDLESS, o, NULL);
}

void
import_wrong(struct import *im, const struct import_option *o, const char *why)
{
	import_note(im, IMPORT_WRONG, o, "%s", why);
	im->lost = true;
}

/* "import:2: policyd.helo.pass: REASON" -> "REASON", of the first line. */
static void
tell_reason(struct import *im, const struct import_option *o, struct span said)
{
	static const char mark[] = ": ";
	struct span line = span_of(said.p, span_find(said, '\n'));

	for (int i = 0; i < 2; i++) {
		size_t n = 0;

		while (n + 1 < line.n && memcmp(line.p + n, mark, 2) != 0 &&
		    line.p[n] != ' ')
			n++;
		if (n + 1 < line.n && line.p[n] == ':')
			line = span_skip(line, n + 2);
	}
	import_note(im, IMPORT_WRONG, o, "%.*s", (int)line.n, line.p);
}

/* What the daemons say to head, text and tail: 0, or -errno and a line in
 * why. */
static int
read_as_config(
    const char *head, struct span text, const char *tail, struct buf *why)
{
	struct settings *s = NULL;
	struct buf all, warn;
	int rc;

	buf_init(&all, 2 * CONFIG_FILE_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	buf_str(&all, head);
	buf_span(&all, text);
	buf_str(&all, tail);
	rc = buf_error(&all);
	if (rc == 0)
		rc = settings_parse(
		    "import", buf_view(&all), SETTINGS_ALL, &s, why, &warn);
	else
		buf_str(why, strerror(-rc));
	settings_free(s);
	buf_free(&warn);
	buf_free(&all);
	return rc;
}

/* True if the daemons take it; else the reason is told. */
static bool
judge(struct import *im, const struct import_option *o, const char *head,
    struct span text, const char *tail)
{
	struct buf why;
	int rc;

	buf_init(&why, TOOL_MESSAGES_MAX);
	rc = read_as_config(head, text, tail, &why);
	if (rc != 0)
		tell_reason(im, o, buf_view(&why));
	buf_free(&why);
	return rc == 0;
}

bool
import_judge(struct import *im, const struct import_option *o, const char *head,
    struct span text, const char *tail)
{
	bool good = judge(im, o, head, text, tail);

	im->lost = im->lost || !good;
	return good;
}

bool
import_is_true(const char *value)
{
	return strcasecmp(value, "yes") == 0 ||
	    strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0 ||
	    strcmp(value, "1") == 0;
}

void
import_whole(const struct buf *part, struct buf *of)
{
	if (of->error == 0)
		of->error = buf_error(part);
}

const char *
import_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? file : slash + 1;
}

bool
import_is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* True if it stands again further down. */
static bool
stands_again(const struct import_option *o, bool exact)
{
	for (const struct import_option *i = o->next; i != NULL; i = i->next) {
		if (exact ? strcmp(i->name, o->name) == 0
		          : strcasecmp(i->name, o->name) == 0)
			return true;
	}
	return false;
}

/* The sections, as they are written. */
static const struct part {
	const char *name; /* "": the top level */
	size_t at;        /* in struct import */
} parts[] = {
    {"", offsetof(struct import, top)},
    {"dns", offsetof(struct import, dns)},
    {"policyd", offsetof(struct import, policyd)},
    {"signer", offsetof(struct import, signer)},
    {"verifier", offsetof(struct import, verifier)},
    {"", offsetof(struct import, domains)},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

static struct buf *
part_text(struct import *im, size_t i)
{
	return (struct buf *)((char *)im + parts[i].at);
}

/* True if text may stand in that section. */
static bool
judge_in(struct import *im, const struct import_option *o, const char *section,
    struct span text)
{
	char head[40] = "";

	if (section[0] == '\0')
		return judge(im, o, "", text, "");
	snprintf(head, sizeof head, "%s {\n", section);
	return judge(im, o, head, text, "}\n");
}

/* Takes back what an option has added if it is wrong. */
static void
judge_added(struct import *im, const struct import_option *o,
    const size_t before[static PARTS])
{
	for (size_t i = 0; i < PARTS; i++) {
		struct buf *text = part_text(im, i);

		if (text->n > before[i] &&
		    !judge_in(im, o, parts[i].name,
		        span_skip(buf_view(text), before[i]))) {
			text->n = before[i];
			im->lost = true;
		}
	}
}

int
import_each(struct import *im, const struct import_options *all,
    int (*got)(void *arg, const struct import_option *o), void *arg)
{
	size_t before[PARTS];
	int rc = 0;

	for (const struct import_option *o = all->first; o != NULL && rc == 0;
	     o = o->next) {
		if (strcasecmp(o->name, "Include") == 0)
			continue;
		if (stands_again(o, all->exact)) {
			import_left(im, o,
			    "it stands again further down, where it counts");
			continue;
		}
		for (size_t i = 0; i < PARTS; i++)
			before[i] = part_text(im, i)->n;
		import_note(im, IMPORT_CARRIED, o, NULL);
		rc = got(arg, o);
		if (rc == 0)
			judge_added(im, o, before);
	}
	return rc;
}

/* --- writing -------------------------------------------------------------- */

void
import_tabs(unsigned tabs, struct buf *out)
{
	while (tabs-- > 0)
		buf_byte(out, '\t');
}

void
import_items(
    const char *items, void (*item)(void *arg, struct span one), void *arg)
{
	while (*items != '\0') {
		size_t n = strcspn(items, ", \t\n");

		if (n > 0)
			item(arg, span_of(items, n));
		items += n + (items[n] != '\0');
	}
}

static void
add_item(void *arg, struct span one)
{
	struct buf *out = arg;

	if (out->n > 0 && out->p[out->n - 1] == '"')
		buf_str(out, ", ");
	buf_quoted(out, one);
}

void
import_words(const char *items, struct buf *out)
{
	import_items(items, add_item, out);
}

void
import_list(const char *items, struct buf *out)
{
	buf_byte(out, '{');
	import_words(items, out);
	buf_byte(out, '}');
}

/* A list whose items are judged one by one. */
struct sieve {
	struct import *im;
	const struct import_option *o;
	const char *section, *key;
	struct buf good;
};

static void
judge_item(void *arg, struct span one)
{
	struct sieve *s = arg;
	struct buf line;

	buf_init(&line, CONFIG_FILE_MAX);
	buf_fmt(&line, "%s = {", s->key);
	buf_quoted(&line, one);
	buf_str(&line, "}\n");
	if (judge_in(s->im, s->o, s->section, buf_view(&line))) {
		buf_span(&s->good, one);
		buf_byte(&s->good, ' ');
	}
	buf_free(&line);
}

void
import_put_list(struct import *im, const struct import_option *o,
    const char *section, const char *key, const char *items, unsigned tabs,
    struct buf *out)
{
	struct sieve s = {.im = im, .o = o, .section = section, .key = key};

	buf_init(&s.good, CONFIG_FILE_MAX);
	import_items(items, judge_item, &s);
	import_key_words(out, tabs, key, &s.good);
	buf_free(&s.good);
}

void
import_key(struct buf *out, unsigned tabs, const char *key, const char *value)
{
	import_tabs(tabs, out);
	buf_fmt(out, "%s = %s\n", key, value);
}

void
import_string(
    struct buf *out, unsigned tabs, const char *key, const char *value)
{
	import_tabs(tabs, out);
	buf_fmt(out, "%s = ", key);
	tool_config_string(value, out);
	buf_byte(out, '\n');
}

void
import_key_words(
    struct buf *out, unsigned tabs, const char *key, struct buf *words)
{
	if (words->n > 0 && buf_text(words) != NULL) {
		import_tabs(tabs, out);
		buf_fmt(out, "%s = ", key);
		import_list(buf_text(words), out);
		buf_byte(out, '\n');
	}
	import_whole(words, out);
}

void
import_number(struct import *im, const struct import_option *o, const char *key,
    const struct import_range *r, unsigned tabs, struct buf *out)
{
	unsigned long n = strtoul(o->value, NULL, 10);
	char text[20];

	if (!import_is_number(o->value)) {
		import_wrong(im, o, "not a number");
		return;
	}
	if (n < r->least || n > r->most)
		import_left(im, o, r->why);
	n = n < r->least ? r->least : n > r->most ? r->most : n;
	snprintf(text, sizeof text, "%lu", n);
	import_key(out, tabs, key, text);
}

/* --- the whole ------------------------------------------------------------ */

static void
add_section(const char *name, const struct buf *keys, struct buf *out)
{
	if (keys->n == 0)
		return;
	if (name[0] != '\0')
		buf_fmt(out, "%s {\n", name);
	buf_span(out, buf_view(keys));
	if (name[0] != '\0')
		buf_str(out, "}\n");
}

static void
compose(struct import *im, struct buf *out)
{
	buf_str(out,
	    "# postseal.conf, see postseal.conf(5). Made by postseal "
	    "import.\n");
	for (size_t i = 0; i < PARTS; i++)
		add_section(parts[i].name, part_text(im, i), out);
}

/* True if the first line that says something has a '=' behind its first
 * word. */
static bool
has_equals(const char *file)
{
	struct span rest, name, value;
	bool equals = false;
	struct buf text;

	if (tool_read_file(file, CONFIG_FILE_MAX, &text) != 0)
		return false;
	for (rest = buf_view(&text); rest.n > 0;) {
		size_t n = span_find(rest, '\n');
		struct span line = span_trim(span_of(rest.p, n));

		rest = span_skip(rest, n + 1);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		equals = import_split(line, true, &name, &value);
		break;
	}
	buf_free(&text);
	return equals;
}

/* By what it is called, and else by what is in it: "name = value" is
 * pypolicyd's. */
static bool
is_policyd(const char *file)
{
	if (strstr(import_name(file), "policyd") != NULL)
		return true;
	if (strstr(import_name(file), "opendkim") != NULL)
		return false;
	return has_equals(file);
}

static struct buf *
text_of(struct import *im, size_t i)
{
	struct buf *const others[] = {&im->keep, &im->said, &im->why};

	if (i < PARTS)
		return part_text(im, i);
	i -= PARTS;
	return i < sizeof others / sizeof others[0] ? others[i] : NULL;
}

void
import_init(struct import *im)
{
	struct buf *one;

	*im = (struct import){.base = NULL};
	arena_init(&im->arena, CONFIG_FILE_MAX * 2);
	for (size_t i = 0; (one = text_of(im, i)) != NULL; i++)
		buf_init(one, CONFIG_FILE_MAX);
}

void
import_free(struct import *im)
{
	struct buf *one;

	for (size_t i = 0; (one = text_of(im, i)) != NULL; i++)
		buf_free(one);
	for (struct import_file *f = im->file; f != NULL; f = f->next) {
		if (f->text.n > 0)
			explicit_bzero(f->text.p, f->text.n);
		buf_free(&f->text);
	}
	arena_free(&im->arena);
}

static int
read_old(struct import *im, const char *file)
{
	bool dmarc = import_is_opendmarc(file);
	int rc;

	if (import_is_exempt(file))
		return import_exempt(im, file);
	if (!dmarc && is_policyd(file))
		return import_policyd(im, file);
	rc = dmarc ? import_opendmarc(im, file) : import_opendkim(im, file);
	im->verifying = arena_dup(&im->arena, span_str(file));
	return rc == 0 && im->verifying == NULL ? -ENOMEM : rc;
}

int
import_file(struct import *im, const char *file)
{
	int rc = read_old(im, file);

	return rc == 0 && im->why.n > 0 ? -EIO : rc; /* of a database */
}

int
import_compose(struct import *im, struct buf *out)
{
	struct buf *one;
	int rc = im->error;

	for (size_t i = 0; (one = text_of(im, i)) != NULL && rc == 0; i++)
		rc = buf_error(one);
	if (rc == 0) {
		compose(im, out);
		rc = buf_error(out);
	}
	if (rc == 0) /* all together; each for itself was judged before */
		return read_as_config("", buf_view(out), "", &im->why);
	buf_fmt(&im->why, "what was made of it: %s\n", strerror(-rc));
	return rc;
}
