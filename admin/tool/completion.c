/*
 * The trick: two case statements hold all that differs. By "SUBCOMMAND OPTION"
 * the kind of value that the option takes; by SUBCOMMAND its options, and the
 * kind of word that stands behind them. The rest of the script is the same for
 * all.
 *
 * The trap: bash takes --config=FILE for three words, as '=' parts words there.
 */
#include "admin/tool/completion.h"

static const char head[] =
    "# What bash(1) completes for postseal(8); made by postseal --completion.\n"
    "\n"
    "_postseal() {\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
    "\tlocal prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "\tlocal command='' value='' kind='' words='' options='' file i\n"
    "\n"
    "\tif [ \"$cur\" = = ]; then\n"
    "\t\tcur=''\n"
    "\telif [ \"$prev\" = = ]; then\n"
    "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "\tfi\n"
    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
    "\t\tcase ${COMP_WORDS[i]} in\n"
    "\t\t-c | --config)\n"
    "\t\t\t[ \"${COMP_WORDS[i + 1]}\" != = ] || ((i++))\n"
    "\t\t\t((i++))\n"
    "\t\t\t;;\n"
    "\t\t-*) ;;\n"
    "\t\t*)\n"
    "\t\t\tcommand=${COMP_WORDS[i]}\n"
    "\t\t\tbreak\n"
    "\t\t\t;;\n"
    "\t\tesac\n"
    "\tdone\n";

static const char tail[] =
    "\t[[ $cur != -* ]] || kind='option'\n"
    "\tCOMPREPLY=()\n"
    "\tcase ${value:-$kind} in\n"
    "\tfile)\n"
    "\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "\t\t;;\n"
    "\tdirectory)\n"
    "\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
    "\t\t;;\n"
    "\tdomain)\n"
    "\t\tfor file in " POSTSEAL_SYSCONFDIR
    "/postseal/domains.d/\"$cur\"*.conf; do\n"
    "\t\t\tfile=${file##*/}\n"
    "\t\t\t[ \"$file\" = \"$cur*.conf\" ] || "
    "COMPREPLY+=(\"${file%.conf}\")\n"
    "\t\tdone\n"
    "\t\t;;\n"
    "\tcommand) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") "
    ";;\n"
    "\tunknown) ;;\n"
    "\t*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\") ;;\n"
    "\tesac\n"
    "}\n"
    "\n"
    "complete -F _postseal postseal\n";

/* The kind of what --help calls so. */
static const char *
kind_of(const char *word)
{
	static const struct {
		const char *word, *kind;
	} all[] = {{"FILE", "file"}, {"DIR", "directory"}, {"DOMAIN", "domain"},
	    {"CMD", "command"}};

	for (size_t i = 0; word != NULL && i < sizeof all / sizeof *all; i++) {
		if (strstr(word, all[i].word) != NULL)
			return all[i].kind;
	}
	return "unknown";
}

static void
put_values(const struct subcommand *s, struct buf *out)
{
	for (const struct subcommand_option *o = s->option;
	     o->letter != 0 || o->name != NULL; o++) {
		if (o->argument == NULL)
			continue;
		buf_str(out, "\t");
		if (o->letter != 0)
			buf_fmt(out, "'%s -%c'", s->name, o->letter);
		if (o->letter != 0 && o->name != NULL)
			buf_str(out, " | ");
		if (o->name != NULL)
			buf_fmt(out, "'%s --%s'", s->name, o->name);
		buf_fmt(out, ") value='%s' ;;\n", kind_of(o->argument));
	}
}

static void
put_words(const struct subcommand *s, struct buf *out)
{
	buf_fmt(out, "\t'%s')\n\t\toptions='", s->name);
	for (const struct subcommand_option *o = s->option;
	     o->letter != 0 || o->name != NULL; o++) {
		if (o->text != NULL)
			buf_fmt(out, "--%s ", o->name);
	}
	buf_str(out, "--help'\n");
	if (s->subcommands != NULL)
		buf_str(out, "\t\tkind='command'\n");
	else if (s->words != NULL && s->words[0] != '<')
		buf_fmt(out, "\t\tkind='%s'\n", kind_of(s->words));
	buf_str(out, "\t\t;;\n");
}

void
completion_bash(const struct subcommand *postseal, struct buf *out)
{
	const struct subcommand *const *all;

	buf_str(out, head);
	buf_str(out, "\twords='");
	for (all = postseal->subcommands; *all != NULL; all++)
		buf_fmt(out, "%s%s", all == postseal->subcommands ? "" : " ",
		    (*all)->name);
	buf_str(out, "'\n\tcase \"$command $prev\" in\n");
	put_values(postseal, out);
	for (all = postseal->subcommands; *all != NULL; all++)
		put_values(*all, out);
	buf_str(out, "\tesac\n\tcase $command in\n");
	put_words(postseal, out);
	for (all = postseal->subcommands; *all != NULL; all++)
		put_words(*all, out);
	buf_str(out, "\tesac\n");
	buf_str(out, tail);
}
