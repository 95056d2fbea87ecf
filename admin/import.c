#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/import.h"
#include "admin/newfile.h"
#include "admin/tool.h"
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
	}
	return n > 0 && (equals || ret_value->n > 0);
}

static int
read_line(struct import *im, struct span line, struct import_option *o,
    bool equals, int (*got)(void *, const struct import_option *), void *arg)
{
	struct span name, value;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	line = span_trim(span_of(line.p, span_find(line, '#')));
	if (line.n == 0)
		return 0;
	if (span_find(line, '\0') < line.n ||
	    !split(line, equals, &name, &value)) {
		buf_fmt(&im->why, "%s:%u: not an option with a value\n",
		    o->file, o->line);
		return -EINVAL;
	}
	o->name = arena_dup(&im->arena, name);
	o->value = arena_dup(&im->arena, value);
	if (o->name == NULL || o->value == NULL)
		return -ENOMEM;
	return got(arg, o);
}

int
import_read(struct import *im, const char *file, bool equals,
    int (*got)(void *arg, const struct import_option *o), void *arg)
{
	struct import_option o = {.file = file};
	struct span rest;
	struct buf text;
	int rc = tool_read_file(file, CONFIG_FILE_MAX, &text);

	if (rc != 0) {
		buf_fmt(&im->why, "%s: %s\n", file, strerror(-rc));
		return rc == -ENOMEM ? rc : -EINVAL;
	}
	for (rest = buf_view(&text); rest.n > 0 && rc == 0;) {
		size_t n = span_find(rest, '\n');

		o.line++;
		rc = read_line(im, span_of(rest.p, n), &o, equals, got, arg);
		rest = span_skip(rest, n + 1);
	}
	buf_free(&text);
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
		char item[PATH_MAX];

		if (n > 0 && n < sizeof item) {
			memcpy(item, items, n);
			item[n] = '\0';
			buf_str(out, first ? "" : ", ");
			tool_config_string(item, out);
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

struct options {
	const char *output;
	const char *file[2];
	int n;
};

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
	if (rc == 0)
		rc = newfile_write(full, buf_view(text));
	if (rc == 0 && chmod(full, 0644) != 0)
		rc = -errno;
	if (rc == -EEXIST)
		buf_fmt(&im->why, "%s exists and stays as it is\n", path);
	else if (rc != 0)
		buf_fmt(&im->why, "%s: %s\n", path, strerror(-rc));
	return rc;
}

/* True if the first line that says something has a '=' behind its first word. */
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

/* By what it is called, and else by what is in it: "name = value" is pypolicyd's. */
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

static int
import_all(struct import *im, const struct options *o, struct buf *out)
{
	int rc = 0;

	for (int i = 0; i < o->n && rc == 0; i++)
		rc = is_policyd(o->file[i]) ? import_policyd(im, o->file[i])
		                            : import_opendkim(im, o->file[i]);
	if (rc != 0)
		return rc;
	compose(im, out);
	rc = judge(im, out);
	if (rc == 0 && o->output != NULL)
		rc = write_new(im, o->output, out);
	return rc;
}

static int
run(const struct options *o)
{
	struct import im = {.left = {0}};
	struct buf *all[] = {&im.top, &im.dns, &im.policyd, &im.signer,
	    &im.domains, &im.left, &im.why};
	struct buf out;
	int rc;

	arena_init(&im.arena, CONFIG_FILE_MAX);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		buf_init(all[i], CONFIG_FILE_MAX);
	buf_init(&out, CONFIG_FILE_MAX);
	rc = import_all(&im, o, &out);
	if (rc == 0 && o->output == NULL)
		rc = tool_print("import", &out, stdout);
	if (rc == 0 && im.left.n > 0) {
		fprintf(stderr, "postseal import: not carried over:\n");
		tool_complain("import", &im.left);
	}
	if (rc == -ENOMEM)
		buf_fmt(&im.why, "%s\n", strerror(ENOMEM));
	tool_complain("import", &im.why);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		buf_free(all[i]);
	buf_free(&out);
	arena_free(&im.arena);
	return rc == 0 ? TOOL_OK : TOOL_FAILED;
}

/* --- the command line ----------------------------------------------------- */

static const char help[] =
    "postseal import FILE [FILE] - the postseal.conf that does what "
    "opendkim.conf and\npolicyd-spf.conf did\n"
    "\n"
    "  -o, --output FILE     write it to this new file, do not print it\n"
    "  -h, --help            print this\n"
    "\n"
    "Tables and keys stay where they are. On stderr: what was not carried "
    "over, and why.\n"
    "Exit status: 0; 1 when it failed, 2 when the command line is wrong.\n";

int
import_run(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"output", required_argument, NULL, 'o'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct options o = {.output = NULL};
	int letter;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while ((letter = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (letter == 'h')
			return fputs(help, stdout) == EOF ? TOOL_FAILED
			                                  : TOOL_OK;
		if (letter != 'o') {
			tool_wrong(
			    "import", "that is not how it is called", NULL);
			return TOOL_COMMAND_LINE;
		}
		o.output = optarg;
	}
	if (optind == argc || argc - optind > 2) {
		tool_wrong("import", "one file, or two", NULL);
		return TOOL_COMMAND_LINE;
	}
	while (optind < argc)
		o.file[o.n++] = argv[optind++];
	return run(&o);
}
