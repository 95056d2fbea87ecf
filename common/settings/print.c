/*
 * The trick: -T and the sample are one walk of the sections and one of their
 * rows each; neither knows a key.
 *
 * The trap: a field is found by an offset, in the settings or in a copy of a
 * part of them (a recipient's policy): struct settings_place says where the
 * copy begins.
 */
#include "common/settings/known.h"
#include "common/settings/value.h"

/* Where wrapped help ends; the lines of keys may be longer. */
enum { SAMPLE_WIDTH = 76 };

/* --- the effective settings ---------------------------------------------- */

static void
put_tabs(size_t depth, struct buf *out)
{
	while (depth-- > 0)
		buf_byte(out, '\t');
}

/* The keys of one section, from the struct at base. */
static void
dump_keys(const char *section, struct settings_place place, size_t depth,
    struct buf *out)
{
	for (size_t i = 0; i < settings_nrows; i++) {
		const struct row *row = &settings_rows[i];

		if (!settings_known_stands(row, section) || row->gone != NULL)
			continue;
		put_tabs(depth, out);
		buf_fmt(out, "%s = ", row->name);
		settings_value_print(
		    row, settings_known_field(row, place), out);
		buf_byte(out, '\n');
	}
}

static void
dump_domain(const struct domain_settings *d, struct buf *out)
{
	struct domain_settings copy =
	    *d; /* fields are handed on as not const */

	buf_str(out, "\ndomain ");
	buf_quoted(out, span_str(d->name));
	buf_str(out, " {\n");
	dump_keys("domain", (struct settings_place){&copy, 0}, 1, out);
	for (size_t i = 0; i < d->nkeys; i++) {
		buf_str(out, "\tkey ");
		buf_quoted(out, span_str(d->key[i].selector));
		buf_str(out, " {\n");
		dump_keys("domain.key", (struct settings_place){&d->key[i], 0},
		    2, out);
		buf_str(out, "\t}\n");
	}
	buf_str(out, "}\n");
}

static void dump_sections(const struct settings *s, struct settings_place place,
    enum settings_scope scope, const char *parent, size_t depth,
    struct buf *out);

static void
dump_recipient(const struct recipient_settings *r, struct buf *out)
{
	static const char path[] = "policyd.recipient";
	struct policyd_settings copy = r->policyd;
	struct settings_place place = {
	    &copy, offsetof(struct settings, policyd)};

	buf_str(out, "\n\trecipient ");
	buf_quoted(out, span_str(r->address));
	buf_str(out, " {\n");
	dump_keys(path, place, 2, out);
	dump_sections(NULL, place, SETTINGS_POLICYD, path, 2, out);
	buf_str(out, "\t}\n");
}

/* The sections in `parent` and what is in them, from the struct of place; of
 * the titled ones only the recipients of s, if it is not NULL. */
static void
dump_sections(const struct settings *s, struct settings_place place,
    enum settings_scope scope, const char *parent, size_t depth,
    struct buf *out)
{
	for (size_t i = 0; i < settings_nsections; i++) {
		const struct section *in = &settings_sections[i];

		if (strcmp(in->parent, parent) != 0 || (in->scope & scope) == 0)
			continue;
		if (strcmp(in->path, "policyd.recipient") == 0) {
			for (size_t j = 0; j < s->nrecipients; j++)
				dump_recipient(&s->recipient[j], out);
		}
		if (in->title != NULL)
			continue;
		buf_byte(out, '\n');
		put_tabs(depth, out);
		buf_fmt(out, "%s {\n", in->name);
		dump_keys(in->path, place, depth + 1, out);
		dump_sections(s, place, scope, in->path, depth + 1, out);
		put_tabs(depth, out);
		buf_str(out, "}\n");
	}
}

void
settings_dump(
    const struct settings *s, enum settings_scope scope, struct buf *out)
{
	struct settings copy = *s; /* fields are handed on as not const */
	struct settings_place place = {&copy, 0};

	dump_keys("", place, 0, out);
	dump_sections(s, place, scope, "", 0, out);
	for (size_t i = 0; i < s->ndomains && (scope & SETTINGS_SIGNER) != 0;
	     i++)
		dump_domain(&s->domain[i], out);
}

/* --- the sample file ----------------------------------------------------- */

/* text as lines of comment, broken at spaces. */
static void
put_help(const char *text, size_t depth, struct buf *out)
{
	struct span rest = span_str(text);
	size_t width = SAMPLE_WIDTH - 2 - 8 * depth;

	while (rest.n > 0) {
		size_t n = rest.n;

		if (n > width) {
			for (n = width; n > 0 && rest.p[n] != ' '; n--)
				;
			if (n == 0)
				n = span_find(rest, ' ');
		}
		put_tabs(depth, out);
		buf_str(out, "# ");
		buf_add(out, rest.p, n);
		buf_byte(out, '\n');
		rest = span_skip(rest, n + 1);
	}
}

/* The default as in the config; an example where there is none. */
static void
put_default(const struct row *row, struct buf *out)
{
	struct span rest = span_str(row->value);

	if (row->value == NULL) {
		buf_quoted(out, span_str(row->sample));
	} else if (settings_value_is_list(row)) {
		buf_byte(out, '{');
		for (size_t i = 0; rest.n > 0; i++) {
			struct span v = span_of(rest.p, span_find(rest, ' '));

			buf_str(out, i > 0 ? ", " : "");
			buf_quoted(out, v);
			rest = span_skip(rest, v.n + 1);
		}
		buf_byte(out, '}');
	} else if (settings_value_is_bare(row)) {
		buf_str(out, row->value);
	} else {
		buf_quoted(out, span_str(row->value));
	}
}

static void
sample_keys(const char *section, size_t depth, struct buf *out)
{
	bool first = true;

	for (size_t i = 0; i < settings_nrows; i++) {
		const struct row *row = &settings_rows[i];

		if (strcmp(row->section, section) != 0 || row->gone != NULL)
			continue;
		if (!first)
			buf_byte(out, '\n');
		first = false;
		put_help(row->help, depth, out);
		put_tabs(depth, out);
		buf_fmt(out, "%s%s = ", row->laid ? "" : "#", row->name);
		put_default(row, out);
		buf_byte(out, '\n');
	}
}

/*
 * A titled section is an example and not a default: it is a comment as a whole.
 */
static void
sample_sections(const char *parent, size_t depth, struct buf *out)
{
	for (size_t i = 0; i < settings_nsections; i++) {
		const struct section *in = &settings_sections[i];
		const char *mark = in->title == NULL ? "" : "#";

		if (strcmp(in->parent, parent) != 0)
			continue;
		if (in->title == NULL || in->shares != NULL || depth == 0)
			buf_byte(out, '\n');
		put_help(in->help, depth, out);
		put_tabs(depth, out);
		buf_fmt(out, "%s%s ", mark, in->name);
		if (in->title != NULL) {
			buf_quoted(out, span_str(in->title));
			buf_byte(out, ' ');
		}
		buf_str(out, "{\n");
		if (in->shares == NULL) { /* else its help says it all */
			sample_keys(in->path, depth + 1, out);
			sample_sections(in->path, depth + 1, out);
		}
		put_tabs(depth, out);
		buf_fmt(out, "%s}\n", mark);
	}
}

void
settings_sample(struct buf *out)
{
	buf_str(out,
	    "# postseal.conf - the config of postseal-policyd, postseal-signer "
	    "and\n"
	    "# postseal-verifier.\n"
	    "#\n"
	    "# Every key stands here with its default, and but for `listen` as "
	    "a comment.\n"
	    "# See postseal.conf(5); \"postseal -T\" reads the file and prints "
	    "what is in force.\n"
	    "\n");
	sample_keys("", 0, out);
	sample_sections("", 0, out);
}

/* --- the rows ------------------------------------------------------------ */

static void
each_row(const struct row *row,
    void (*call)(void *arg, const char *key, const char *type,
        const char *value, const char *help),
    void *arg, struct buf *text)
{
	size_t type, value;

	buf_fmt(text, "%s%s%s", row->section,
	    row->section[0] == '\0' ? "" : ".", row->name);
	buf_byte(text, '\0');
	type = text->n;
	settings_value_type(row, text);
	buf_byte(text, '\0');
	value = text->n;
	put_default(row, text);
	buf_byte(text, '\0');
	if (buf_error(text) == 0)
		call(arg, text->p, text->p + type, text->p + value, row->help);
}

void
settings_each(void (*row)(void *arg, const char *key, const char *type,
                  const char *value, const char *help),
    void *arg)
{
	struct buf text;

	buf_init(&text, 4096);
	for (size_t i = 0; i < settings_nrows; i++) {
		if (settings_rows[i].gone == NULL)
			each_row(&settings_rows[i], row, arg, &text);
		buf_clear(&text);
	}
	buf_free(&text);
}
