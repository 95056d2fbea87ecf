/*
 * subcommand.h - a subcommand of `postseal` as rows, and the one that runs it.
 *
 * A subcommand says what it is called, which options it takes and where each
 * goes, and what it does. All else is done here, once: the command line is
 * read, --help printed from the rows, a wrong line complained of, what there is
 * to say printed, the exit status given. `postseal` without a subcommand is one
 * without a name.
 *
 * Which subcommands there are: main.c. Config and resolver: tool.h.
 */
#ifndef POSTSEAL_ADMIN_SUBCOMMAND_H
#define POSTSEAL_ADMIN_SUBCOMMAND_H

#include <stddef.h> /* offsetof */

#include "admin/tool/tool.h"

struct json_t; /* of jansson */

enum { SUBCOMMAND_OPTIONS_MAX = 16 };

/* One run of a subcommand. */
struct call {
	const struct subcommand *subcommand;
	const char *config;  /* of -c FILE */
	const char *postfix; /* of --postfix DIR: another one than the usual */
	bool json;           /* -j */
	void *options;       /* its own struct, as its rows have filled it */
	struct buf out;      /* printed when it is done, whatever came out */
	struct buf why;      /* then this, on stderr, behind its name */
};

struct subcommand_option {
	int letter;           /* 0: it has none */
	const char *name;     /* NULL: it has none */
	const char *argument; /* a word for it; NULL: it takes none */
	const char *text;     /* for --help; NULL: --help does not tell it */

	/* Where it goes: to a function, which gives 0 or -EINVAL (told), */
	int (*take)(struct call *c, const char *argument);
	/* or else into the options: the offset of a const char *, or of a bool
	 * when it takes no argument. */
	size_t at;
};

/* How the older ones say what is wrong, where it is not as all others do. */
enum subcommand_manner {
	/* they name an unknown option themselves: getopt(3) is silent */
	SUBCOMMAND_NAMES = 1,
	/* all of --help follows, and the word has no quotes */
	SUBCOMMAND_USAGE = 2
};

struct subcommand {
	const char *name;    /* "": postseal itself */
	const char *words;   /* what follows it, for the list of subcommands */
	const char *text;    /* for that list */
	const char *head;    /* of --help, above the options */
	const char *tail;    /* of --help, below them */
	unsigned column;     /* of --help, in which their texts begin */
	unsigned manner;     /* of enum subcommand_manner */
	const void *options; /* its struct, as it is without any option */
	size_t size;         /* of that struct; 0: it has none */
	struct subcommand_option option[SUBCOMMAND_OPTIONS_MAX]; /* {0}: end */

	const struct subcommand *const *subcommands; /* NULL: end, or none */

	/* Takes the words behind the options and judges all. 0, or -EINVAL
	 * after subcommand_wrong(). */
	int (*take_words)(struct call *c, char **word, int n);

	/* Returns the exit status; or -errno for TOOL_FAILED, of which c->why
	 * tells, or strerror(3) where that is empty. */
	int (*run)(struct call *c);
};

/* Rows that several have, and where they go: -c FILE; for those who
 * look at Postfix, -p DIR. */
#define SUBCOMMAND_CONFIG \
	{ \
		'c', "config", "FILE", "instead of " SETTINGS_FILE, \
		    .take = subcommand_take_config \
	}
#define SUBCOMMAND_POSTFIX \
	{ \
		'p', "postfix", "DIR", \
		    "another Postfix: as in postconf -c DIR", \
		    .take = subcommand_take_postfix \
	}
int subcommand_take_config(struct call *c, const char *argument);
int subcommand_take_postfix(struct call *c, const char *argument);
int subcommand_take_json(struct call *c, const char *argument);

/* Runs it on a command line whose first word is its name, with a config that -c
 * in this line may replace. Returns the exit status. */
int subcommand_run(
    const struct subcommand *s, const char *config, int argc, char **argv);

/* The one of that name; NULL after saying that there is none, and which was
 * perhaps meant. */
const struct subcommand *subcommand_find(const struct call *c,
    const struct subcommand *const *all, const char *name);

/* Appends its --help. */
void subcommand_help(const struct subcommand *s, struct buf *out);

/* Says on stderr what is wrong with the command line (unless problem is NULL:
 * it was said) and where help is; word, which may be NULL, is put in quotes
 * behind it. Returns -EINVAL. */
int subcommand_wrong(
    const struct call *c, const char *problem, const char *word);

/* Prints it, indented, for --json; all is taken, NULL means that memory is out.
 * 0 or -ENOMEM. */
int subcommand_json(struct call *c, struct json_t *all);

/* A string, owned, of what may be anything (log_clean) and comes to less than
 * TOOL_MESSAGES_MAX bytes; NULL when it is more, or memory is out. */
struct json_t *subcommand_clean_json(struct span s);

/* An array, owned, of such strings, one of each line; NULL: memory is out. */
struct json_t *subcommand_lines_json(struct span text);

/* A domain as it is typed -> A-labels into ret[DOMAIN_MAX + 1]. 0, or -EINVAL
 * after saying that it is none. */
int subcommand_domain(const struct call *c, const char *word, char *ret);

/* The same for a selector. */
int subcommand_selector(const struct call *c, const char *word, char *ret);

#endif
