/*
 * The trick: what was made of the old files is read by the reader of the
 * daemons before anybody gets it, so that nothing is printed that they would
 * refuse.
 *
 * The trap: both old programs take the last of an option that stands twice;
 * what stands before is told as left out.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "admin/tool/newfile.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

/* --- reading -------------------------------------------------------------- */

void
import_left(struct import *im, const struct import_option *o, const char *why)
{
	buf_fmt(&im->left, "%s:%u: %s: %s\n", o->file, o->line, o->name, why);
}

int
import_bad(struct import *im, const struct import_option *o, const char *why)
{
	buf_fmt(&im->why, "%s:%u: %s: %s\n", o->file, o->line, o->name, why);
	return -EINVAL;
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

bool
import_is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* The first word of a line, up to a blank or '='; the rest is trimmed. */
static bool
split(struct span line, bool equals, struct span *ret_name,
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

/* One option, or none: '#' begins a comment anywhere, as both old daemons have
 * it. 0, -EINVAL after a sentence, or -ENOMEM. */
static int
read_line(struct import *im, struct span line, const char *file,
    unsigned number, bool equals, struct import_options *ret)
{
	struct span name, value;
	int rc;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	line = span_trim(span_of(line.p, span_find(line, '#')));
	if (line.n == 0)
		return 0;
	if (span_find(line, '\0') < line.n ||
	    !split(line, equals, &name, &value)) {
		buf_fmt(&im->why, "%s:%u: not an option with a value\n", file,
		    number);
		return -EINVAL;
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
	if (depth == IMPORT_DEPTH_MAX)
		return import_bad(im, o, "too many files in files");
	return read_file(im, o->value, equals, depth + 1, ret);
}

/* Line by line; where one includes another file, that is read in its place. */
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
	*ret = (struct import_options){.n = 0};
	return read_file(im, file, equals, 0, ret);
}

/* True if it stands again further down. */
static bool
stands_again(const struct import_option *o)
{
	for (const struct import_option *i = o->next; i != NULL; i = i->next) {
		if (strcasecmp(i->name, o->name) == 0)
			return true;
	}
	return false;
}

int
import_each(struct import *im, const struct import_options *all,
    int (*got)(void *arg, const struct import_option *o), void *arg)
{
	int rc = 0;

	for (const struct import_option *o = all->first; o != NULL && rc == 0;
	     o = o->next) {
		if (strcasecmp(o->name, "Include") == 0)
			continue;
		if (stands_again(o))
			import_left(im, o,
			    "it stands again further down, where it counts");
		else
			rc = got(arg, o);
	}
	return rc;
}

/* --- writing -------------------------------------------------------------- */

void
import_list(const char *items, struct buf *out)
{
	bool first = true;

	buf_byte(out, '{');
	while (*items != '\0') {
		size_t n = strcspn(items, ", \t");

		if (n > 0) {
			buf_str(out, first ? "" : ", ");
			buf_quoted(out, span_of(items, n));
			first = false;
		}
		items += n + (items[n] != '\0');
	}
	buf_byte(out, '}');
}

void
import_key(struct buf *out, unsigned tabs, const char *key, const char *value)
{
	while (tabs-- > 0)
		buf_byte(out, '\t');
	buf_fmt(out, "%s = %s\n", key, value);
}

void
import_string(
    struct buf *out, unsigned tabs, const char *key, const char *value)
{
	while (tabs-- > 0)
		buf_byte(out, '\t');
	buf_fmt(out, "%s = ", key);
	tool_config_string(value, out);
	buf_byte(out, '\n');
}

/* --- the whole ------------------------------------------------------------ */

static void
add_section(const char *name, const struct buf *keys, struct buf *out)
{
	if (keys->n == 0)
		return;
	buf_fmt(out, "%s {\n", name);
	buf_span(out, buf_view(keys));
	buf_str(out, "}\n");
}

static void
compose(const struct import *im, struct buf *out)
{
	buf_str(out,
	    "# postseal.conf, see postseal.conf(5). Made by postseal "
	    "import.\n");
	buf_span(out, buf_view(&im->top));
	add_section("dns", &im->dns, out);
	add_section("policyd", &im->policyd, out);
	add_section("signer", &im->signer, out);
	add_section("verifier", &im->verifier, out);
	buf_span(out, buf_view(&im->domains));
}

/* What came out must be a config that the daemons take. */
static int
judge(struct import *im, const struct buf *text)
{
	struct settings *s = NULL;
	struct buf warn;
	int rc;

	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = settings_parse("what was made of it", buf_view(text), SETTINGS_ALL,
	    &s, &im->why, &warn);
	buf_free(&warn);
	settings_free(s);
	return rc;
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
		equals = split(line, true, &name, &value);
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
	const char *slash = strrchr(file, '/');

	if (strstr(slash == NULL ? file : slash, "policyd") != NULL)
		return true;
	if (strstr(slash == NULL ? file : slash, "opendkim") != NULL)
		return false;

	return has_equals(file);
}

static struct buf *
text_of(struct import *im, size_t i)
{
	struct buf *const all[] = {&im->top, &im->dns, &im->policyd,
	    &im->signer, &im->verifier, &im->domains, &im->left, &im->why};

	return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}

void
import_init(struct import *im)
{
	struct buf *one;

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
	arena_free(&im->arena);
}

int
import_file(struct import *im, const char *file)
{
	return is_policyd(file) ? import_policyd(im, file)
	                        : import_opendkim(im, file);
}

int
import_compose(struct import *im, struct buf *out)
{
	struct buf *one;
	int rc = 0;

	for (size_t i = 0; (one = text_of(im, i)) != NULL && rc == 0; i++)
		rc = buf_error(one);
	if (rc == 0) {
		compose(im, out);
		rc = buf_error(out);
	}
	if (rc == 0)
		return judge(im, out);
	buf_fmt(&im->why, "what was made of it: %s\n", strerror(-rc));
	return rc;
}

/* --- the subcommand ------------------------------------------------------- */

struct options {
	const char *output;
	char **file;
	int n;
};

static int
write_new(struct import *im, const char *path, const struct buf *text)
{
	char full[PATH_MAX], here[PATH_MAX] = "";
	int rc = 0;

	if (path[0] != '/' && getcwd(here, sizeof here) == NULL)
		rc = -errno;
	if (rc == 0 &&
	    snprintf(full, sizeof full, "%s%s%s", here,
	        path[0] == '/' ? "" : "/", path) >= PATH_MAX)
		rc = -ENAMETOOLONG;
	if (rc != 0) {
		buf_fmt(&im->why, "%s: %s\n", path, strerror(-rc));
		return rc;
	}
	rc = newfile_write(full, buf_view(text), 0644, &im->why);
	if (rc == -EEXIST)
		buf_fmt(&im->why, "%s exists and stays as it is\n", path);
	return rc;
}

static int
import_all(struct import *im, const struct options *o, struct buf *out)
{
	int rc = 0;

	for (int i = 0; i < o->n && rc == 0; i++)
		rc = import_file(im, o->file[i]);
	if (rc == 0)
		rc = import_compose(im, out);
	if (rc == 0 && o->output != NULL)
		rc = write_new(im, o->output, out);
	return rc;
}

static int
run(struct call *c)
{
	const struct options *o = c->options;
	struct import im;
	int rc;

	import_init(&im);
	buf_init(&c->out, CONFIG_FILE_MAX);
	buf_init(&c->why, 2 * CONFIG_FILE_MAX);
	rc = import_all(&im, o, &c->out);
	if (rc != 0 || o->output != NULL)
		buf_clear(&c->out);
	if (rc == 0 && im.left.n > 0) {
		buf_str(&c->why, "not carried over:\n");
		buf_span(&c->why, buf_view(&im.left));
	}
	buf_span(&c->why, buf_view(&im.why));
	import_free(&im);
	return rc;
}

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;

	if (n < 1 || n > 2)
		return subcommand_wrong(c, "one file, or two", NULL);
	o->file = word;
	o->n = n;
	return 0;
}

const struct subcommand import_subcommand = {
    .name = "import",
    .words = "FILE ...",
    .text = "opendkim.conf, policyd-spf.conf as postseal.conf",
    .head = "postseal import FILE [FILE] - the postseal.conf that does what "
            "opendkim.conf and\npolicyd-spf.conf did",
    .tail = "Tables and keys stay where they are. On stderr: what was not "
            "carried over, and why.\n"
            "Exit status: 0; 1 when it failed, 2 when the command line is "
            "wrong.",
    .column = 24,
    .options = &(const struct options){.output = NULL},
    .size = sizeof(struct options),
    .option =
        {
            {'o', "output", "FILE",
                "write it to this new file, do not print it",
                .at = offsetof(struct options, output)},
        },
    .take_words = take_words,
    .run = run,
};
