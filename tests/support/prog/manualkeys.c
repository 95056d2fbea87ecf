/*
 * manualkeys EXAMPLES - the keys of the config as mdoc(7), for
 * postseal.conf(5).
 *
 * `make manual` puts this between the marks in the page; tests/lint/manual
 * compares, so that the page and the rows of common/settings/rows.c cannot
 * part. EXAMPLES is a config in which each key stands once, on a line of its
 * own: it is read as the daemons read it, so that no example is wrong, and a
 * key without one is an error.
 */
#include <stdio.h>
#include <string.h>

#include "common/settings/rows.h"
#include "common/settings/scan.h"
#include "common/settings/settings.h"

enum { EXAMPLES_MAX = 64 * 1024 };

struct manual {
	struct span examples;
	const char *key; /* whose line is looked for */
	unsigned line;   /* 0: not found */
	size_t sections; /* that are told */
	int missing;
};

/* Text as it may stand in an mdoc line: a backslash is an escape, and quotes
 * would be taken away there. */
static void
put(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '"')
			fputs("\\(dq", stdout);
		else
			putchar(*s);
	}
}

/* A sentence a line, as mdoc wants it, none over 78 bytes. */
static void
put_sentences(const char *help)
{
	size_t column = 0;

	for (const char *p = help; *p != '\0'; p++) {
		size_t word = strcspn(p + 1, " ");
		bool end =
		    *p == '.' && p[1] == ' ' && (p[2] < 'a' || p[2] > 'z');

		if (end || (*p == ' ' && column + word >= 78)) {
			fputs(end ? ".\n" : "\n", stdout);
			p += end ? 1 : 0;
			column = 0;
		} else {
			putchar(*p);
			column++;
		}
	}
	putchar('\n');
}

static void
tell_section(const struct section *s)
{
	printf(".It Ic %s", s->path);
	if (s->title != NULL)
		printf(" \\(dq%s\\(dq", s->title);
	puts(" { }");
	put_sentences(s->help);
}

/* Those that stand before the keys of `path`, and itself. */
static void
tell_sections(struct manual *m, const char *path, size_t n)
{
	size_t i = m->sections;

	while (i < settings_nsections &&
	    (strlen(settings_sections[i].path) != n ||
	        strncmp(settings_sections[i].path, path, n) != 0))
		i++;
	if (i == settings_nsections)
		return; /* told, or the top level */
	while (m->sections <= i)
		tell_section(&settings_sections[m->sections++]);
}

static void
on_item(void *arg, const struct scan_item *item)
{
	struct manual *m = arg;

	if (strcmp(item->key, m->key) == 0)
		m->line = item->line;
}

static void
on_bad(void *arg, unsigned line, const char *key, const char *why)
{
}

static enum scan_top
on_top(void *arg, struct span key)
{
	return TOP_IN;
}

/* The line of the key in the examples, without its tabs. */
static struct span
find_example(struct manual *m, const char *key)
{
	static const struct scan_events events = {
	    .item = on_item, .bad = on_bad, .top = on_top};
	struct span rest = m->examples, line = span_of(NULL, 0);

	m->key = key;
	m->line = 0;
	(void)settings_scan(m->examples, &events, m);
	for (unsigned i = 0; i < m->line; i++) {
		size_t n = span_find(rest, '\n');

		line = span_trim(span_of(rest.p, n));
		rest = span_skip(rest, n + 1);
	}
	return line;
}

static void
tell_example(struct manual *m, const char *key)
{
	struct span line = find_example(m, key);
	char text[256];

	if (line.n == 0 || line.n >= sizeof text) {
		fprintf(stderr, "manualkeys: no example of %s\n", key);
		m->missing = 1;
		return;
	}
	memcpy(text, line.p, line.n);
	text[line.n] = '\0';
	fputs("Example:\n.Ql \"", stdout);
	put(text);
	fputs("\" .\n", stdout);
}

/* settings_each() gives an example where there is no default. */
static bool
has_default(const char *key)
{
	for (size_t i = 0; i < settings_nrows; i++) {
		const struct row *r = &settings_rows[i];
		size_t n = strlen(r->section);

		if (strncmp(key, r->section, n) == 0 &&
		    strcmp(key + n + (n > 0), r->name) == 0)
			return r->value != NULL;
	}
	return false;
}

static void
row(void *arg, const char *key, const char *type, const char *value,
    const char *help)
{
	const char *last = strrchr(key, '.');
	struct manual *m = arg;

	tell_sections(m, key, last == NULL ? 0 : (size_t)(last - key));
	printf(".It Va %s\n.Pq ", key);
	put(type);
	putchar('\n');
	put_sentences(help);
	if (strstr(help, "Default:") != NULL) {
		/* help tells it, as it is no value */
	} else if (!has_default(key)) {
		puts("It must be given.");
	} else {
		fputs("Default:\n.Ql ", stdout);
		put(value);
		fputs(" .\n", stdout);
	}
	tell_example(m, key);
}

/* True if the daemons would take the examples. */
static bool
are_right(struct span examples, const char *file)
{
	struct settings *settings = NULL;
	struct buf why, warn;
	int rc;

	buf_init(&why, EXAMPLES_MAX);
	buf_init(&warn, EXAMPLES_MAX);
	rc = settings_parse(
	    file, examples, SETTINGS_ALL, &settings, &why, &warn);
	fprintf(stderr, "%.*s%.*s", (int)why.n, why.p, (int)warn.n, warn.p);
	if (rc == 0)
		settings_free(settings);
	rc |= warn.n > 0;
	buf_free(&why);
	buf_free(&warn);
	return rc == 0;
}

int
main(int argc, char **argv)
{
	static char text[EXAMPLES_MAX];
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
	struct manual m = {.sections = 0};

	if (file == NULL) {
		fputs("usage: manualkeys EXAMPLES\n", stderr);
		return 2;
	}
	m.examples = span_of(text, fread(text, 1, sizeof text, file));
	fclose(file);
	if (!are_right(m.examples, argv[1]))
		return 1;
	settings_each(row, &m);
	return m.missing;
}
