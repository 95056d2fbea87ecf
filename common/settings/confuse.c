#include <errno.h>
#include <stdlib.h>

#include <confuse.h>

#include "common/settings/action.h"
#include "common/settings/confuse.h"
#include "common/settings/known.h"
#include "common/settings/reply.h"
#include "common/settings/value.h"

/*
 * A key of ours behind the text: when it arrives at the top level, libconfuse
 * and settings_scan() agree on where strings and sections end.
 */
#define LAST_KEY "the_end"

/* --- the tables ---------------------------------------------------------- */

/*
 * libconfuse keeps no line for a value; def.number, which is only used for
 * numbers, is a place for it in each section's own copy of the option.
 */
static int
note_line(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	opt->def.number = cfg->line;
	*(const char **)result = value;
	return 0;
}

static cfg_opt_t
option_of(const struct row *row)
{
	const cfg_opt_t text =
	    CFG_STR_CB(row->name, NULL, CFGF_NODEFAULT, note_line);
	const cfg_opt_t list =
	    CFG_STR_LIST_CB(row->name, NULL, CFGF_NODEFAULT, note_line);

	return settings_value_is_list(row) ? list : text;
}

static size_t
count_options(const char *path)
{
	size_t n = path[0] == '\0'; /* LAST_KEY */

	for (size_t i = 0; i < settings_nrows; i++)
		n += settings_known_stands(&settings_rows[i], path);
	for (size_t i = 0; i < settings_nsections; i++)
		n += strcmp(settings_sections[i].parent, path) == 0;
	return n;
}

/* Takes room from *pool for the options of a section, and for those in it. */
static cfg_opt_t *
make_options(const char *path, cfg_opt_t **pool)
{
	cfg_opt_t *first = *pool, *next = first;

	*pool += count_options(path) + 1;
	for (size_t i = 0; i < settings_nrows; i++) {
		if (settings_known_stands(&settings_rows[i], path))
			*next++ = option_of(&settings_rows[i]);
	}
	for (size_t i = 0; i < settings_nsections; i++) {
		const struct section *s = &settings_sections[i];
		int flags = s->title == NULL ? 0 : CFGF_MULTI;

		if (strcmp(s->parent, path) == 0)
			*next++ = (cfg_opt_t)CFG_SEC(
			    s->name, make_options(s->path, pool), flags);
	}
	if (path[0] == '\0')
		*next++ = (cfg_opt_t)CFG_STR(LAST_KEY, NULL, CFGF_NODEFAULT);
	*next = (cfg_opt_t)CFG_END();
	return first;
}

/* settings_scan() has found what can be said better; what is left is memory. */
static void
no_message(cfg_t *cfg, const char *fmt, va_list ap)
{
	(void)cfg;
	(void)fmt;
	(void)ap;
}

static cfg_t *
new_cfg(void)
{
	size_t n = count_options("") + 1;
	cfg_opt_t *pool, *next;
	cfg_t *cfg = NULL;

	for (size_t i = 0; i < settings_nsections; i++)
		n += count_options(settings_sections[i].path) + 1;
	pool = next = calloc(n, sizeof *pool);
	if (pool != NULL)
		cfg = cfg_init(make_options("", &next), CFGF_NONE);
	if (cfg != NULL)
		cfg_set_error_function(cfg, no_message);
	free(pool); /* cfg_init() has copied it */
	return cfg;
}

/* --- values -------------------------------------------------------------- */

static unsigned
line_of(const cfg_opt_t *opt)
{
	return (unsigned)opt->def.number;
}

/* All texts of an option, in the arena; NULL when memory is out. */
static char **
texts_of(struct reader *r, cfg_opt_t *opt)
{
	size_t n = cfg_opt_size(opt);
	char **text = arena_alloc(&r->s->arena, n * sizeof *text);

	for (size_t i = 0; text != NULL && i < n; i++)
		text[i] = cfg_opt_getnstr(opt, (unsigned)i);
	return text;
}

static void
warn_of_value(struct reader *r, unsigned line, const char *key,
    const char *value, const char *warning)
{
	if (warning != NULL)
		settings_reader_warn(
		    r, line, key, "\"%s\": %s", value, warning);
}

static void
set_value(struct reader *r, const char *section, const struct row *row,
    cfg_opt_t *opt, void *to)
{
	char key[KNOWN_PATH_MAX], **text = texts_of(r, opt);
	int rc = -ENOMEM;

	buf_clear(&r->note);
	if (text != NULL)
		rc = settings_value_set(
		    row, text, cfg_opt_size(opt), &r->s->arena, to, &r->note);
	if (rc == -ENOMEM || buf_text(&r->note) == NULL)
		settings_reader_nomem(r);
	else if (rc != 0)
		settings_reader_complain(r, line_of(opt),
		    settings_known_path(section, row, key), "%s",
		    buf_text(&r->note));
	else if (row->type == ROW_REPLY)
		warn_of_value(r, line_of(opt),
		    settings_known_path(section, row, key), text[0],
		    settings_reply_warning(span_str(text[0])));
}

/* Sets the keys of one section that the text has, in the struct at base. */
static void
set_keys(struct reader *r, cfg_t *cfg, const char *section,
    struct settings_place place)
{
	for (size_t i = 0; i < settings_nrows; i++) {
		const struct row *row = &settings_rows[i];
		char key[KNOWN_PATH_MAX];
		cfg_opt_t *opt;

		if (!settings_known_stands(row, section))
			continue;
		opt = cfg_getopt(cfg, row->name);
		if ((opt->flags & CFGF_MODIFIED) == 0)
			continue;
		if (row->gone != NULL)
			settings_reader_warn(r, line_of(opt),
			    settings_known_path(section, row, key),
			    "is not used any more: %s", row->gone);
		else
			set_value(r, section, row, opt,
			    settings_known_field(row, place));
		if (place.base == r->s)
			r->s->line[i] = line_of(opt);
	}
}

/* The sections in `parent` and their keys; not the titled ones. */
static void
set_sections(struct reader *r, cfg_t *cfg, const char *parent,
    struct settings_place place)
{
	for (size_t i = 0; i < settings_nsections; i++) {
		const struct section *s = &settings_sections[i];
		cfg_t *in;

		if (strcmp(s->parent, parent) != 0 || s->title != NULL)
			continue;
		in = cfg_getsec(cfg, s->name);
		set_keys(r, in, s->path, place);
		set_sections(r, in, s->path, place);
	}
}

/* The recipients of the text, each on a copy of the general policy. */
static void
set_recipients(struct reader *r, cfg_t *cfg)
{
	static const char path[] = "policyd.recipient";
	cfg_opt_t *all = cfg_getopt(cfg_getsec(cfg, "policyd"), "recipient");

	for (unsigned i = 0; i < r->nrecipients; i++) {
		struct policyd_settings *to = &r->recipient[i].policyd;
		struct settings_place place = {
		    to, offsetof(struct settings, policyd)};
		cfg_t *in = cfg_opt_getnsec(all, i);

		*to = r->s->policyd;
		set_keys(r, in, path, place);
		set_sections(r, in, path, place);
	}
}

/* The domains of the text, which are the last in r; titles are not in it. */
static void
set_domains(struct reader *r, cfg_t *cfg, size_t first_domain, size_t first_key)
{
	cfg_opt_t *domains = cfg_getopt(cfg, "domain");

	for (unsigned i = 0; first_domain + i < r->ndomains; i++) {
		cfg_t *domain = cfg_opt_getnsec(domains, i);
		struct domain_settings *to = &r->domain[first_domain + i];

		set_keys(r, domain, "domain", (struct settings_place){to, 0});
		for (unsigned j = 0; j < to->nkeys; j++)
			set_keys(r, cfg_getnsec(domain, "key", j), "domain.key",
			    (struct settings_place){&r->key[first_key++], 0});
	}
}

/* --- what needs all values ----------------------------------------------- */

static bool
is_listed(const struct text_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcasecmp(l->v[i], name) == 0)
			return true;
	}
	return false;
}

/* restriction_classes may stand behind the actions that name them. */
static void
check_action(struct reader *r, const char *section, const struct row *row,
    unsigned line, const struct action *a)
{
	char key[KNOWN_PATH_MAX];

	settings_known_path(section, row, key);
	if (settings_action_is_class(a) &&
	    !is_listed(&r->s->policyd.restriction_classes, a->access))
		settings_reader_complain(r, line, key,
		    "\"%s\" is neither header, reject, defer, dunno, nor an "
		    "access(5) action, nor one of restriction_classes; Postfix "
		    "would answer 451 to every such mail",
		    a->access);
	warn_of_value(r, line, key, a->access, settings_action_warning(a));
}

/* The actions in the untitled sections of `parent`, as far as they stand in the
 * text. */
static void
check_actions(struct reader *r, cfg_t *cfg, const char *parent,
    struct settings_place place)
{
	for (size_t i = 0; i < settings_nsections; i++) {
		const struct section *s = &settings_sections[i];
		cfg_t *in;

		if (strcmp(s->parent, parent) != 0 || s->title != NULL)
			continue;
		in = cfg_getsec(cfg, s->name);
		for (size_t j = 0; j < settings_nrows; j++) {
			const struct row *row = &settings_rows[j];
			cfg_opt_t *opt;

			if (row->type != ROW_ACTION ||
			    !settings_known_stands(row, s->path))
				continue;
			opt = cfg_getopt(in, row->name);
			if ((opt->flags & CFGF_MODIFIED) != 0)
				check_action(r, s->path, row, line_of(opt),
				    settings_known_field(row, place));
		}
	}
}

static void
check_policies(struct reader *r, cfg_t *cfg)
{
	cfg_t *policyd = cfg_getsec(cfg, "policyd");
	cfg_opt_t *all = cfg_getopt(policyd, "recipient");

	check_actions(r, policyd, "policyd", (struct settings_place){r->s, 0});
	for (unsigned i = 0; i < r->nrecipients; i++)
		check_actions(r, cfg_opt_getnsec(all, i), "policyd.recipient",
		    (struct settings_place){&r->recipient[i].policyd,
		        offsetof(struct settings, policyd)});
}

void
settings_confuse_read(
    struct reader *r, struct buf *text, size_t first_domain, size_t first_key)
{
	const char *all;
	cfg_t *cfg = new_cfg();

	buf_str(text, "\n" LAST_KEY " = 1\n");
	all = buf_text(text);
	if (cfg == NULL || all == NULL || buf_error(text) != 0) {
		settings_reader_nomem(r);
	} else if (cfg_parse_buf(cfg, all) != CFG_SUCCESS ||
	    cfg_getstr(cfg, LAST_KEY) == NULL) {
		settings_reader_complain(
		    r, (unsigned)cfg->line, "", SETTINGS_CONFUSE_STOPS);
	} else {
		set_keys(r, cfg, "", (struct settings_place){r->s, 0});
		set_sections(r, cfg, "", (struct settings_place){r->s, 0});
		set_domains(r, cfg, first_domain, first_key);
		if (!r->domains_only) {
			set_recipients(r, cfg);
			check_policies(r, cfg);
		}
	}
	if (cfg != NULL)
		cfg_free(cfg);
}
