#include <stdio.h>
#include <string.h>

#include "admin/import/dataset.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

enum dataset
dataset_kind(const char *value)
{
	static const char *const others[] = {"./", "../",
	    "db:", "mdb:", "dsn:", "ldap:", "ldaps:", "lua:", "memcache:",
	    "erlang:", "socket:", "repute:"};

	if (value[0] == '/' || strncmp(value, "file:", 5) == 0 ||
	    strncmp(value, "refile:", 7) == 0)
		return DATASET_FILE;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (strncasecmp(value, others[i], strlen(others[i])) == 0)
			return DATASET_OTHER;
	}
	return DATASET_LIST;
}

char *
dataset_file(struct arena *a, const char *value)
{
	size_t size = strlen(value) + sizeof "file:";
	char *text = arena_alloc(a, size);

	if (text != NULL)
		snprintf(
		    text, size, "%s%s", value[0] == '/' ? "file:" : "", value);
	return text;
}

const char *
dataset_list(const char *value)
{
	return strncmp(value, "csl:", 4) == 0 ? value + 4 : value;
}

int
dataset_words(const char *path, struct buf *out)
{
	struct span rest;
	struct buf text;
	int rc = tool_read_file(path, IMPORT_LIST_MAX, &text);

	if (rc != 0)
		return rc;
	for (rest = buf_view(&text); rest.n > 0;) {
		size_t n = span_find(rest, '\n');
		struct span line = span_of(rest.p, n);

		line = span_trim(span_of(line.p, span_find(line, '#')));
		line.n = span_find(line, ' ');
		rest = span_skip(rest, n + 1);
		if (line.n > 0) {
			buf_span(out, line);
			buf_byte(out, ' ');
		}
	}
	buf_free(&text);
	return buf_error(out);
}
