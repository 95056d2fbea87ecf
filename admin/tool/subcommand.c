/*
 * The trick: a long option gives its row's number to getopt(3), as some have no
 * letter.
 *
 * The trap: getopt(3) remembers where it was. main.c may have read options
 * before the subcommand, and tests run several, so each reading begins anew.
 */
#include "admin/tool/subcommand.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include <jansson.h>

#include "admin/tool/invocation.h"
#include "common/bytes/domain.h"
#include "common/log/log.h"
#include "common/settings/known.h"

enum { ROW = 256, HELP = 1 }; /* of a long option: ROW and the row's number */

/* --- what is said --------------------------------------------------------- */

/* One row of --help. Each further line of its text begins below the first. */
static void
help_option(const struct subcommand_option *o, unsigned column, struct buf *out)
{
	struct span text = span_str(o->text);
	size_t begin = out->n;
	unsigned at;

	if (o->letter == 0)
		buf_fmt(out, "      --%s", o->name);
	else
		buf_fmt(out, "  -%c, --%s", o->letter, o->name);
	if (o->argument != NULL)
		buf_fmt(out, " %s", o->argument);
	at = (unsigned)(out->n - begin);
	while (text.n > 0) {
		size_t n = span_find(text, '\n');

		buf_fmt(
		    out, "%*s%.*s\n", (int)(column - at), "", (int)n, text.p);
		text = span_skip(text, n + 1);
		at = 0;
	}
}

static void
help_list(const struct subcommand *const *all, struct buf *out)
{
	buf_str(out,
	    "\nor, with options of their own (postseal genkey --help):\n\n");
	for (; *all != NULL; all++) {
		const struct subcommand *s = *all;
		const char *words = s->words == NULL ? "" : s->words;

		buf_fmt(out, "  %s %-*s%s\n", s->name,
		    (int)(20 - strlen(s->name)), words, s->text);
	}
}

void
subcommand_help(const struct subcommand *s, struct buf *out)
{
	static const struct subcommand_option last = {
	    'h', "help", NULL, "print this", .at = 0};

	buf_fmt(out, "%s\n\n", s->head);
	for (const struct subcommand_option *o = s->option;
	     o->letter != 0 || o->name != NULL; o++) {
		if (o->text != NULL)
			help_option(o, s->column, out);
	}
	help_option(&last, s->column, out);
	if (s->subcommands != NULL)
		help_list(s->subcommands, out);
	buf_fmt(out, "\n%s\n", s->tail);
}

/* "postseal NAME: problem", "postseal: problem". */
static void
say(const struct subcommand *s, const char *problem)
{
	fprintf(stderr, "postseal%s%s: %s", s->name[0] == '\0' ? "" : " ",
	    s->name, problem);
}

int
subcommand_wrong(const struct call *c, const char *problem, const char *word)
{
	const struct subcommand *s = c->subcommand;
	struct buf text;

	if (problem != NULL)
		say(s, problem);
	if ((s->manner & SUBCOMMAND_USAGE) != 0) {
		fprintf(stderr, " %s\n", word);
		buf_init(&text, TOOL_MESSAGES_MAX);
		subcommand_help(s, &text);
		tool_print(s->name, &text, stderr);
		buf_free(&text);
		return -EINVAL;
	}
	if (word != NULL)
		fprintf(stderr, ": \"%s\"", word);
	fprintf(stderr, "%sTry \"postseal%s%s --help\".\n",
	    problem == NULL ? "" : "\n", s->name[0] == '\0' ? "" : " ",
	    s->name);
	return -EINVAL;
}

int
subcommand_json(struct call *c, struct json_t *all)
{
	char *text = all == NULL ? NULL : json_dumps(all, JSON_INDENT(2));

	json_decref(all);
	if (text == NULL)
		return -ENOMEM;
	buf_fmt(&c->out, "%s\n", text);
	free(text);
	return 0;
}

json_t *
subcommand_clean_json(struct span s)
{
	struct buf text;
	json_t *o;

	buf_init(&text, TOOL_MESSAGES_MAX);
	log_clean(s, &text);
	o = buf_text(&text) == NULL ? NULL : json_string(buf_text(&text));
	buf_free(&text);
	return o;
}

json_t *
subcommand_lines_json(struct span text)
{
	json_t *all = json_array();

	while (text.n > 0) {
		size_t n = span_find(text, '\n');

		if (json_array_append_new(
		        all, subcommand_clean_json(span_of(text.p, n))) != 0) {
			json_decref(all);
			return NULL;
		}
		text = span_skip(text, n + 1);
	}
	return all;
}

int
subcommand_domain(const struct call *c, const char *word, char *ret)
{
	if (domain_to_ascii(span_str(word), ret) == 0 &&
	    domain_is_mail(span_str(ret)))
		return 0;
	return subcommand_wrong(c, "not a domain", word);
}

int
subcommand_selector(const struct call *c, const char *word, char *ret)
{
	if (domain_to_ascii(span_str(word), ret) == 0)
		return 0;
	return subcommand_wrong(c, "not a selector", word);
}

/* --- the command line ----------------------------------------------------- */

int
subcommand_take_config(struct call *c, const char *argument)
{
	if (tool_is_dir(argument))
		return subcommand_wrong(c,
		    "-c is our config, a file; another Postfix is -p",
		    argument);
	c->config = argument;
	return 0;
}

int
subcommand_take_postfix(struct call *c, const char *argument)
{
	c->postfix = argument;
	return 0;
}

int
subcommand_take_json(struct call *c, const char *argument)
{
	c->json = true;
	return 0;
}

/* The tables of getopt_long(3), from the rows. */
struct tables {
	struct option longs[SUBCOMMAND_OPTIONS_MAX + 2];
	char shorts[2 * SUBCOMMAND_OPTIONS_MAX + 4];
};

static void
make_tables(const struct subcommand *s, struct tables *ret)
{
	struct option *l = ret->longs;
	char *letter = ret->shorts;

	if (s->subcommands != NULL)
		*letter++ = '+'; /* what follows a subcommand is its own */
	if ((s->manner & SUBCOMMAND_NAMES) != 0)
		*letter++ = ':';
	*letter++ = 'h';
	*l++ = (struct option){"help", no_argument, NULL, 'h'};
	for (int i = 0; i < SUBCOMMAND_OPTIONS_MAX; i++) {
		const struct subcommand_option *o = &s->option[i];
		bool argument = o->argument != NULL;

		if (o->name != NULL)
			*l++ = (struct option){o->name,
			    argument ? required_argument : no_argument, NULL,
			    ROW + i};
		if (o->letter != 0)
			*letter++ = (char)o->letter;
		if (o->letter != 0 && argument)
			*letter++ = ':';
	}
	*l = (struct option){NULL, 0, NULL, 0};
	*letter = '\0';
}

/* The row of what getopt_long(3) gave, or NULL. */
static const struct subcommand_option *
find(const struct subcommand *s, int got)
{
	if (got >= ROW)
		return &s->option[got - ROW];
	for (int i = 0; i < SUBCOMMAND_OPTIONS_MAX; i++) {
		if (s->option[i].letter == got)
			return &s->option[i];
	}
	return NULL;
}

static int
take(struct call *c, const struct subcommand_option *o, const char *argument)
{
	void *field = (char *)c->options + o->at;

	if (o->name != NULL && argument != NULL)
		invocation_given(o->name, argument);
	if (o->take != NULL)
		return o->take(c, argument);
	if (o->argument != NULL)
		*(const char **)field = argument;
	else
		*(bool *)field = true;
	return 0;
}

/* What getopt(3) does not know, or has no argument for. */
static int
unknown(const struct call *c, int got, const char *shown)
{
	const struct subcommand *s = c->subcommand;

	if ((s->manner & SUBCOMMAND_NAMES) == 0)
		return subcommand_wrong(
		    c, s->name[0] == '\0' ? NULL : "wrong usage", NULL);
	return subcommand_wrong(
	    c, got == ':' ? "a value is missing for" : "unknown option", shown);
}

/* 0, HELP, or -EINVAL after saying what is wrong. */
static int
read_line(struct call *c, int argc, char **argv)
{
	const struct subcommand *s = c->subcommand;
	struct tables t;
	int got, rc = 0;

	if (strcmp(c->config, SETTINGS_FILE) != 0 && find(s, 'c') == NULL)
		return subcommand_wrong(
		    c, "it reads no config: leave out -c", NULL);
	make_tables(s, &t);
	optind = 0; /* glibc: begin anew */
	opterr = (s->manner & SUBCOMMAND_NAMES) == 0;
	while (rc == 0 &&
	    (got = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		if (got == 'h')
			return HELP;
		if (got == '?' || got == ':')
			return unknown(c, got, argv[optind - 1]);
		rc = take(c, find(s, got), optarg);
	}
	return rc == 0 ? s->take_words(c, argv + optind, argc - optind) : rc;
}

/* The nearest one to a typo, or NULL. Half of it may be wrong at most: many
 * a word of three letters is two edits from "spf". */
static const struct subcommand *
nearest(const struct subcommand *const *all, const char *name)
{
	const struct subcommand *best = NULL;
	size_t least = strlen(name) / 2 + 1;

	if (least > KNOWN_DISTANCE_MAX + 1)
		least = KNOWN_DISTANCE_MAX + 1;
	for (; *all != NULL; all++) {
		size_t d = settings_known_distance((*all)->name, name);

		if (d < least) {
			least = d;
			best = *all;
		}
	}
	return best;
}

const struct subcommand *
subcommand_find(
    const struct call *c, const struct subcommand *const *all, const char *name)
{
	const struct subcommand *s = nearest(all, name);

	if (s != NULL && strcmp(s->name, name) == 0)
		return s;
	say(c->subcommand, "what is");
	fprintf(stderr, " \"%s\"?", name);
	if (s != NULL)
		fprintf(stderr, " Did you mean %s?", s->name);
	fputc('\n', stderr);
	subcommand_wrong(c, NULL, NULL);
	return NULL;
}

/* --- a run ---------------------------------------------------------------- */

/* The exit status of a line that was read. */
static int
run(struct call *c)
{
	int rc = c->subcommand->run(c);

	if (rc < 0 && c->why.n == 0)
		buf_fmt(&c->why, "%s\n", strerror(-rc));
	return rc < 0 ? TOOL_FAILED : rc;
}

int
subcommand_run(
    const struct subcommand *s, const char *config, int argc, char **argv)
{
	struct call c = {.subcommand = s,
	    .config = config,
	    .options = calloc(1, s->size + 1)};
	int status = TOOL_OK, rc = -ENOMEM;

	invocation_begin(config);
	buf_init(&c.out, TOOL_TEXT_MAX);
	buf_init(&c.why, TOOL_MESSAGES_MAX);
	if (c.options != NULL) {
		if (s->size > 0)
			memcpy(c.options, s->options, s->size);
		rc = read_line(&c, argc, argv);
	}
	if (rc == HELP)
		subcommand_help(s, &c.out);
	else if (rc == 0)
		status = run(&c);
	else
		status = rc == -EINVAL ? TOOL_COMMAND_LINE : TOOL_FAILED;
	if (tool_print(s->name, &c.out, stdout) != 0)
		status = TOOL_FAILED;
	tool_complain(s->name, &c.why);
	free(c.options);
	buf_free(&c.out);
	buf_free(&c.why);
	return status;
}
