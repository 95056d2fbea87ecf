/*
 * The data sets of opendkim.conf(5): "/path", "file:/path" and "refile:/path"
 * are files, "csl:a,b" and "a,b" are lists. What stands in a database becomes a
 * file. The tables themselves are read by the signer (signer/tables/table.h).
 *
 * The trap: a path may be relative, and a word that is no path is a list of
 * one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin/import/database.h"
#include "admin/import/import.h"
#include "admin/limits.h"
#include "admin/tool/tool.h"

#define WITH_QUERY \
	"it stands in a database: with --query and -o its rows are read by " \
	"mysql(1) or psql(1), and written into a file"
#define NO_CLIENT \
	"it stands in a database that is not asked: write its rows into a " \
	"file, \"key value\" a line (of a KeyTable: \"name " \
	"domain:selector:/path/of/key\"), and name that here"
#define RELATIVE \
	"the path is relative, and there is no BaseDirectory: write it from " \
	"/ on"

/* The path behind the type of a file, or NULL when it is none. */
static const char *
path_in(const char *value)
{
	static const char *const types[] = {"file:", "refile:"};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t n = strlen(types[i]);

		if (strncasecmp(value, types[i], n) == 0)
			return value + n;
	}
	if (value[0] == '/' || strncmp(value, "./", 2) == 0 ||
	    strncmp(value, "../", 3) == 0)
		return value;
	return NULL;
}

enum dataset
import_dataset_kind(const char *value)
{
	static const char *const databases[] = {
	    "db:", "mdb:", "dsn:", "ldap:", "ldaps:", "ldapi:", "lua:",
	    "memcache:", "erlang:", "socket:", "repute:"};

	size_t length = strlen(value);

	if (path_in(value) != NULL)
		return DATASET_FILE;
	if (length > 3 && strcmp(value + length - 3, ".db") == 0)
		return DATASET_DATABASE; /* of Berkeley DB */
	for (size_t i = 0; i < sizeof databases / sizeof databases[0]; i++) {
		size_t n = strlen(databases[i]);

		if (strncasecmp(value, databases[i], n) == 0)
			return DATASET_DATABASE;
	}
	return DATASET_LIST;
}

/* front and path, with a '/' between where it is wanted. */
static const char *
join(struct import *im, const char *front, const char *path)
{
	size_t n = strlen(front), size = n + strlen(path) + 2;
	char *text = arena_alloc(&im->arena, size);
	bool slash = n > 0 && front[n - 1] != '/' && front[n - 1] != ':';

	if (text != NULL)
		snprintf(text, size, "%s%s%s", front, slash ? "/" : "", path);
	return text;
}

const char *
import_path(struct import *im, const struct import_option *o, const char *path)
{
	if (path[0] == '/')
		return path;
	if (im->base == NULL || im->base[0] != '/') {
		import_wrong(im, o, RELATIVE);
		return NULL;
	}
	return join(
	    im, im->base, strncmp(path, "./", 2) == 0 ? path + 2 : path);
}

/* --- databases ------------------------------------------------------------ */

/* Appends the rows of a data set in a database; false when it is not read. */
static bool
ask_database(struct import *im, const struct import_option *o, struct buf *rows)
{
	bool known = database_is(o->value);
	struct buf why;
	int rc;

	if (im->query == NULL || !known) {
		import_wrong(im, o, known ? WITH_QUERY : NO_CLIENT);
		return false;
	}
	buf_init(&why, TOOL_MESSAGES_MAX);
	rc = database_read(o->value, &im->arena, rows, &why);
	if (rc != 0 && buf_text(&why) != NULL) /* the next run may get them */
		buf_fmt(&im->why, "%s:%u: %s: %s\n", o->file, o->line, o->name,
		    buf_text(&why));
	buf_free(&why);
	return rc == 0;
}

/* The file that a data set in a database becomes: "OUTPUT.KeyTable". */
static const char *
database_file(struct import *im, const struct import_option *o)
{
	struct import_file *f = arena_alloc(&im->arena, sizeof *f);
	size_t size = strlen(im->query == NULL ? "" : im->query) +
	    strlen(o->name) + sizeof "file:.";
	char *spec = arena_alloc(&im->arena, size);

	if (f == NULL || spec == NULL)
		return NULL;
	snprintf(spec, size, "file:%s.%s", im->query, o->name);
	*f = (struct import_file){
	    .next = im->file, .path = spec + strlen("file:")};
	buf_init(&f->text, DATABASE_ROWS_MAX);
	if (!ask_database(im, o, &f->text)) {
		buf_free(&f->text);
		return NULL;
	}
	im->file = f;
	import_left(im, o,
	    "a file has its rows of now: when they change, import again, and "
	    "reload postseal-signer");
	return spec;
}

const char *
import_dataset_file(struct import *im, const struct import_option *o)
{
	const char *path = path_in(o->value);

	if (import_dataset_kind(o->value) == DATASET_DATABASE)
		return database_file(im, o);
	if (path == NULL) {
		import_wrong(im, o, "not the path of a file");
		return NULL;
	}
	path = import_path(im, o, path);
	if (path == NULL)
		return NULL;
	return join(im,
	    strncasecmp(o->value, "refile:", 7) == 0 ? "refile:" : "file:",
	    path);
}

/* Appends the first word of each row, with a blank behind. */
static void
add_words(struct span rest, struct buf *out)
{
	while (rest.n > 0) {
		size_t n = span_find(rest, '\n');
		struct span line = span_of(rest.p, n);

		line = span_trim(span_of(line.p, span_find(line, '#')));
		for (size_t i = 0; i < line.n; i++) {
			if (line.p[i] == ' ' || line.p[i] == '\t')
				line.n = i;
		}
		rest = span_skip(rest, n + 1);
		if (line.n > 0) {
			buf_span(out, line);
			buf_byte(out, ' ');
		}
	}
}

/* Of a file. 0 or -errno; -EFBIG over IMPORT_LIST_MAX bytes. */
static int
read_words(const char *path, struct buf *out)
{
	struct buf text;
	int rc = tool_read_file(path, IMPORT_LIST_MAX, &text);

	if (rc != 0)
		return rc;
	add_words(buf_view(&text), out);
	buf_free(&text);
	return buf_error(out);
}

static bool
database_words(
    struct import *im, const struct import_option *o, struct buf *ret)
{
	struct buf rows;
	bool read;

	buf_init(&rows, IMPORT_LIST_MAX);
	read = ask_database(im, o, &rows);
	if (read)
		add_words(buf_view(&rows), ret);
	buf_free(&rows);
	return read;
}

bool
import_dataset(
    struct import *im, const struct import_option *o, struct buf *ret)
{
	const char *file;
	int rc;

	if (import_dataset_kind(o->value) == DATASET_LIST) {
		bool csl = strncasecmp(o->value, "csl:", 4) == 0;

		buf_str(ret, o->value + (csl ? 4 : 0));
		return true;
	}
	if (import_dataset_kind(o->value) == DATASET_DATABASE)
		return database_words(im, o, ret);
	file = import_dataset_file(im, o);
	if (file == NULL)
		return false;
	rc = read_words(strchr(file, '/'), ret);
	if (rc != 0)
		import_wrong(im, o, strerror(-rc));
	return rc == 0;
}
