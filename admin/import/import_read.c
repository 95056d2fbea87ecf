/*
 * The lines of an old file, and of the files that it includes.
 *
 * The trap: OpenDKIM does not start with a line that is no option; policyd-spf
 * goes on without it. Both are followed.
 */
#include <errno.h>
#include <stdio.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

/* The first word of a line, up to a blank or '='; the rest is trimmed. */
bool
import_split(struct span line, bool equals, struct span *ret_name,
    struct span *ret_value)
{
	size_t n = 0;

	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t' &&
	    line.p[n] != '=')
		n++;
	*ret_name = span_of(line.p, n);
	*ret_value = span_trim(span_skip(line, n));
	if (equals) {
		if (ret_value->n == 0 || ret_value->p[0] != '=')
			return false;
		*ret_value = span_trim(span_skip(*ret_value, 1));
	} else if (ret_value->n > 0 && ret_value->p[0] == '=') {
		return false; /* of the other program */
	}
	return n > 0 && (equals || ret_value->n > 0);
}

static int read_file(struct import *im, const char *file, bool equals,
    unsigned depth, struct import_options *ret);

/* Remembers one option. 0; -EMSGSIZE when there are too many; or -ENOMEM. */
static int
keep(struct import *im, struct import_options *to, const char *file,
    unsigned line, struct span name, struct span value)
{
	struct import_option *o = arena_alloc(&im->arena, sizeof *o);

	if (to->n == IMPORT_OPTIONS_MAX)
		return -EMSGSIZE;
	if (o == NULL)
		return -ENOMEM;
	o->file = file;
	o->line = line;
	o->name = arena_dup(&im->arena, name);
	o->value = arena_dup(&im->arena, value);
	if (o->name == NULL || o->value == NULL)
		return -ENOMEM;
	if (to->first == NULL)
		to->first = o;
	else
		to->last->next = o;
	to->last = o;
	to->n++;
	return 0;
}

static int
read_line(struct import *im, struct span line, const char *file,
    unsigned number, bool equals, struct import_options *ret)
{
	const struct import_option here = {.file = file, .line = number};
	struct span name, value;
	int rc;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	line = span_trim(span_of(line.p, span_find(line, '#')));
	if (line.n == 0)
		return 0;
	if (span_find(line, '\0') < line.n ||
	    !import_split(line, equals, &name, &value)) {
		if (equals) /* one goes on, one does not */
			import_note(im, IMPORT_WRONG, &here,
			    "not an option with a value");
		else
			buf_fmt(&im->why, "%s:%u: not an option with a value\n",
			    file, number);
		return equals ? 0 : -EINVAL;
	}
	if (equals && span_find(value, '=') < value.n) {
		import_note(im, IMPORT_WRONG, &here,
		    "%.*s: policyd-spf reads no line with two \"=\"",
		    (int)name.n, name.p);
		return 0;
	}
	rc = keep(im, ret, file, number, name, value);
	if (rc == -EMSGSIZE)
		buf_fmt(&im->why, "%s:%u: over %u options\n", file, number,
		    (unsigned)IMPORT_OPTIONS_MAX);
	return rc == -EMSGSIZE ? -EINVAL : rc;
}

/* An option that reads another file, where there is one. */
static int
read_included(struct import *im, bool equals, unsigned depth,
    struct import_options *ret, const struct import_option *before)
{
	const struct import_option *o = ret->last;

	if (equals || o == before || strcasecmp(o->name, "Include") != 0)
		return 0;
	if (depth < IMPORT_DEPTH_MAX)
		return read_file(im, o->value, equals, depth + 1, ret);
	buf_fmt(&im->why, "%s:%u: Include: too many files in files\n", o->file,
	    o->line);
	return -EINVAL;
}

static int
read_file(struct import *im, const char *file, bool equals, unsigned depth,
    struct import_options *ret)
{
	struct span rest;
	struct buf text;
	unsigned line = 0;
	int rc = tool_read_file(file, CONFIG_FILE_MAX, &text);

	if (rc != 0) {
		buf_fmt(&im->why, "%s: %s\n", file, strerror(-rc));
		return rc == -ENOMEM ? rc : -EINVAL;
	}
	for (rest = buf_view(&text); rest.n > 0 && rc == 0;) {
		const struct import_option *before = ret->last;
		size_t n = span_find(rest, '\n');

		rc = read_line(
		    im, span_of(rest.p, n), file, ++line, equals, ret);
		if (rc == 0)
			rc = read_included(im, equals, depth, ret, before);
		rest = span_skip(rest, n + 1);
	}
	buf_free(&text);
	return rc;
}

int
import_read(struct import *im, const char *file, bool equals,
    struct import_options *ret)
{
	const struct import_note *before = im->last;
	int rc;

	*ret = (struct import_options){.exact = equals};
	rc = read_file(im, file, equals, 0, ret);
	if (rc != 0 || ret->n > 0 || im->last == before)
		return rc;
	buf_fmt(&im->why, "%s: no line is an option\n", file);
	return -EINVAL;
}
