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

/* What is printed: all, or what differs from base. */
struct dump {
	const struct settings *base; /* NULL: all */
	enum settings_scope scope;
	struct buf *out;
};

static void
put_tabs(size_t depth, struct buf *out)
{
	while (depth-- > 0)
		buf_byte(out, '\t');
}

/* The end of a section that began there; where only differences are
 * wanted, none that is empty is left. */
static void
put_end(const struct dump *d, size_t begin, size_t head, size_t depth)
{
	if (d->base != NULL && d->out->n == head) {
		d->out->n = begin;
		return;
	}
	put_tabs(depth, d->out);
	buf_str(d->out, "}\n");
}

static void
dump_key(const struct dump *d, const struct row *row,
    struct settings_place place, size_t depth)
{
	put_tabs(depth, d->out);
	buf_fmt(d->out, "%s = ", row->name);
	settings_value_print(row, settings_known_field(row, place), d->out);
	buf_byte(d->out, '\n');
}

/* The keys of one section; those that are the same in base are left out. */
static void
dump_keys(const struct dump *d, const char *section,
    struct settings_place place, struct settings_place base, size_t depth)
{
	for (size_t i = 0; i < settings_nrows; i++) {
		const struct row *row = &settings_rows[i];
		size_t begin = d->out->n, middle;
		struct span text, other;

		if (!settings_known_stands(row, section) || row->gone != NULL)
			continue;
		dump_key(d, row, place, depth);
		if (d->base == NULL)
			continue;
		middle = d->out->n;
		dump_key(d, row, base, depth);
		text = span_of(d->out->p + begin, middle - begin);
		other = span_of(d->out->p + middle, d->out->n - middle);
		d->out->n = span_eq(text, other) ? begin : middle;
	}
}

static void
dump_domain(const struct dump *d, const struct domain_settings *domain)
{
	const struct domain_settings *b =
	    d->base == NULL ? NULL : &d->base->domain[0];

	/* fields are handed on as not const */
	struct domain_settings copy = *domain, base = b == NULL ? copy : *b;

	buf_str(d->out, "\ndomain ");
	buf_quoted(d->out, span_str(domain->name));
	buf_str(d->out, " {\n");
	dump_keys(d, "domain", (struct settings_place){&copy, 0},
	    (struct settings_place){&base, 0}, 1);
	for (size_t i = 0; i < domain->nkeys; i++) {
		buf_str(d->out, "\tkey ");
		buf_quoted(d->out, span_str(domain->key[i].selector));
		buf_str(d->out, " {\n");
		dump_keys(d, "domain.key",
		    (struct settings_place){&domain->key[i], 0},
		    (struct settings_place){
		        b == NULL ? domain->key : b->key, 0},
		    2);
		buf_str(d->out, "\t}\n");
	}
	buf_str(d->out, "}\n");
}

static void dump_sections(const struct dump *d, const struct settings *s,
    struct settings_place place, struct settings_place base, const char *parent,
    size_t depth);

/* What differs from the policy of all others. */
static void
dump_recipient(const struct dump *d, const struct settings *s,
    const struct recipient_settings *r)
{
	static const char path[] = "policyd.recipient";
	struct policyd_settings copy = r->policyd, all = s->policyd;
	size_t origin = offsetof(struct settings, policyd);
	struct settings_place place = {&copy, origin}, base = {&all, origin};
	const struct dump of_policyd = {d->base, SETTINGS_POLICYD, d->out};

	buf_str(d->out, "\n\trecipient ");
	buf_quoted(d->out, span_str(r->address));
	buf_str(d->out, " {\n");
	dump_keys(d, path, place, base, 2);
	dump_sections(&of_policyd, NULL, place, base, path, 2);
	buf_str(d->out, "\t}\n");
}

/* The sections in `parent` and what is in them, from the struct of place; of
 * the titled ones only the recipients of s, if it is not NULL. */
static void
dump_sections(const struct dump *d, const struct settings *s,
    struct settings_place place, struct settings_place base, const char *parent,
    size_t depth)
{
	for (size_t i = 0; i < settings_nsections; i++) {
		const struct section *in = &settings_sections[i];
		size_t begin = d->out->n, head;

		if (strcmp(in->parent, parent) != 0 ||
		    (in->scope & d->scope) == 0)
			continue;
		if (strcmp(in->path, "policyd.recipient") == 0) {
			for (size_t j = 0; j < s->nrecipients; j++)
				dump_recipient(d, s, &s->recipient[j]);
		}
		if (in->title != NULL)
			continue;
		buf_byte(d->out, '\n');
		put_tabs(depth, d->out);
		buf_fmt(d->out, "%s {\n", in->name);
		head = d->out->n;
		dump_keys(d, in->path, place, base, depth + 1);
		dump_sections(d, s, place, base, in->path, depth + 1);
		put_end(d, begin, head, depth);
	}
}

static void
dump(const struct dump *d, const struct settings *s)
{
	struct settings copy = *s; /* fields are handed on as not const */
	struct settings base = d->base == NULL ? copy : *d->base;
	struct settings_place place = {&copy, 0}, other = {&base, 0};

	dump_keys(d, "", place, other, 0);
	dump_sections(d, s, place, other, "", 0);
	for (size_t i = 0; i < s->ndomains && (d->scope & SETTINGS_SIGNER) != 0;
	     i++)
		dump_domain(d, &s->domain[i]);
}

void
settings_dump(
    const struct settings *s, enum settings_scope scope, struct buf *out)
{
	dump(&(const struct dump){NULL, scope, out}, s);
}

int
settings_dump_changed(
    const struct settings *s, enum settings_scope scope, struct buf *out)
{
	/* of a domain and a key the names do not count, which all have */
	static const char text[] = "domain a.example { key k { file = /k } }";
	struct settings *base = NULL;
	struct buf none;
	int rc;

	buf_init(&none, 1000);
	rc = settings_parse(
	    "", span_str(text), SETTINGS_ALL, &base, &none, &none);
	if (rc == 0)
		dump(&(const struct dump){base, scope, out}, s);
	settings_free(base);
	buf_free(&none);
	return rc;
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
	    "# Every key stands here with its default, and except for `listen` "
	    "as "
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
