/*
 * The trick: each key that was given knows its turn, and all are sorted by turn
 * and row before they are set. So a message comes in the order of the rows,
 * wherever its key stands, and the general policy is whole before a recipient
 * copies it.
 *
 * The trap: r->domain, r->key and r->recipient move while they grow. A key is
 * kept with an index, and never with a pointer to what it will set.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/settings/action.h"
#include "common/settings/given.h"
#include "common/settings/known.h"
#include "common/settings/lex.h"
#include "common/settings/reply.h"
#include "common/settings/value.h"

/* First what is of all, then each domain with its keys, then the recipients. */
static const size_t turn_of_all = 0, turn_of_recipients = SIZE_MAX / 2;

/* --- what the text says --------------------------------------------------- */

void
settings_given_clear(struct reader *r)
{
	r->ngiven = 0;
	r->nvalues = 0;
}

/* The last one of its owners. The keys of a domain follow it: the turn of the
 * second domain is 2 and the number of keys of the first. */
static void
find_owner(const struct reader *r, struct given *g)
{
	switch (g->owner) {
	case OF_ALL:
		g->turn = turn_of_all;
		return;
	case OF_DOMAIN:
		g->index = r->ndomains - 1;
		g->turn = r->ndomains + r->nkeys - r->domain[g->index].nkeys;
		return;
	case OF_KEY:
		g->index = r->nkeys - 1;
		g->turn = r->ndomains + r->nkeys;
		return;
	case OF_RECIPIENT:
		g->index = r->nrecipients - 1;
		g->turn = turn_of_recipients + r->nrecipients;
		return;
	}
}

void
settings_given_key(
    struct reader *r, const struct row *row, const char *section, unsigned line)
{
	const struct section *s = settings_known_section(section);
	void *v = r->given;
	struct given *g;

	if (r->error != 0) /* nothing will be set, and there may be no owner */
		return;
	if (!settings_reader_grow(r, &v, r->ngiven, &r->given_cap, sizeof *g))
		return;
	r->given = v;
	g = &r->given[r->ngiven++];
	*g = (struct given){.row = row,
	    .section = section,
	    .owner = s == NULL ? OF_ALL : s->owner,
	    .first = r->nvalues,
	    .line = line};
	find_owner(r, g);
}

void
settings_given_value(struct reader *r, struct span raw, unsigned line)
{
	struct span plain;
	void *v = r->value;

	if (r->error != 0)
		return;
	if (!settings_reader_grow(
	        r, &v, r->nvalues, &r->value_cap, sizeof plain))
		return;
	r->value = v;
	plain = settings_lex_plain(raw, &r->s->arena);
	if (plain.p == NULL) {
		settings_reader_nomem(r);
		return;
	}
	r->value[r->nvalues++] = plain;
	r->given[r->ngiven - 1].n++;
	r->given[r->ngiven - 1].line = line;
}

/* --- setting it ----------------------------------------------------------- */

static int
by_turn(const void *a, const void *b)
{
	const struct given *x = a, *y = b;

	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static void *
field_of(struct reader *r, const struct given *g)
{
	struct settings_place place = {r->s, 0};

	if (g->owner == OF_DOMAIN)
		place.base = &r->domain[g->index];
	else if (g->owner == OF_KEY)
		place.base = &r->key[g->index];
	else if (g->owner == OF_RECIPIENT)
		place = (struct settings_place){&r->recipient[g->index].policyd,
		    offsetof(struct settings, policyd)};
	return settings_known_field(g->row, place);
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
set_one(struct reader *r, const struct given *g)
{
	const struct span *value = g->n == 0 ? NULL : &r->value[g->first];
	char key[KNOWN_PATH_MAX];
	int rc;

	settings_known_path(g->section, g->row, key);
	if (g->owner == OF_ALL)
		r->s->line[g->row - settings_rows] = g->line;
	if (g->row->gone != NULL) {
		settings_reader_warn(
		    r, g->line, key, "is not used any more: %s", g->row->gone);
		return;
	}
	buf_clear(&r->note);
	rc = settings_value_set(
	    g->row, value, g->n, &r->s->arena, field_of(r, g), &r->note);
	if (rc == -ENOMEM || buf_text(&r->note) == NULL)
		settings_reader_nomem(r);
	else if (rc != 0)
		settings_reader_complain(
		    r, g->line, key, "%s", buf_text(&r->note));
	else if (g->row->type == ROW_REPLY)
		warn_of_value(r, g->line, key, *(char **)field_of(r, g),
		    settings_reply_warning(value[0]));
}

static bool
is_listed(const struct text_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcasecmp(l->v[i], name) == 0)
			return true;
	}
	return false;
}

static void
check_action(struct reader *r, const struct given *g)
{
	const struct action *a = field_of(r, g);
	char key[KNOWN_PATH_MAX];

	if (!settings_action_is_set(a))
		return;
	settings_known_path(g->section, g->row, key);
	if (settings_action_is_class(a) &&
	    !is_listed(&r->s->policyd.restriction_classes, a->access))
		settings_reader_complain(r, g->line, key,
		    "\"%s\" is neither header, reject, defer, dunno, nor an "
		    "access(5) action, nor one of restriction_classes; Postfix "
		    "would answer 451 to every such mail",
		    a->access);
	warn_of_value(r, g->line, key, a->access, settings_action_warning(a));
}

void
settings_given_set(struct reader *r)
{
	size_t i = 0;

	if (r->ngiven > 1)
		qsort(r->given, r->ngiven, sizeof *r->given, by_turn);
	for (; i < r->ngiven && r->given[i].turn == turn_of_all; i++)
		set_one(r, &r->given[i]);
	for (size_t k = 0; !r->domains_only && k < r->nrecipients; k++)
		r->recipient[k].policyd = r->s->policyd;
	for (; i < r->ngiven; i++)
		set_one(r, &r->given[i]);
	for (i = 0; i < r->ngiven; i++) {
		if (r->given[i].row->type == ROW_ACTION)
			check_action(r, &r->given[i]);
	}
}
