/*
 * manualkeys - the keys of the config as mdoc(7), for postseal.conf(5).
 *
 * `make manual` puts this between the marks in the page; tests/lint/manual
 * compares, so that the page and the rows of common/settings.c cannot part.
 */
#include <stdio.h>
#include <string.h>

#include "common/settings.h"

/* Text as it may stand in an mdoc line: a backslash is an escape, and quotes would
 * be taken away there. */
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
row(void *arg, const char *key, const char *type, const char *value,
    const char *help)
{
	const char *last = strrchr(key, '.');
	char *section = arg;
	size_t n = last == NULL ? 0 : (size_t)(last - key);

	if (strlen(section) != n || strncmp(section, key, n) != 0) {
		snprintf(section, 100, "%.*s", (int)n, key);
		printf(".It Ic %s { }\n", section);
	}
	printf(".It Va %s\n.Pq ", key);
	put(type);
	putchar('\n');
	put_sentences(help);
	if (value == NULL || value[0] == '\0' ||
	    strstr(help, "Default:") != NULL)
		return;
	fputs("Default:\n.Ql ", stdout);
	put(value);
	fputs(" .\n", stdout);
}

int
main(void)
{
	char section[100] = "";

	settings_each(row, section);
	return 0;
}
