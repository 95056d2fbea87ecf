/*
 * dmarccase - what the verifier's DMARC makes of cases that it reads.
 *
 * For tests/corpus/dmarcdiff. A case is lines of words parted by tabs:
 *     zone NAME TEXT      a TXT record at _dmarc.NAME
 *     spf DOMAIN          it passes; dkim DOMAIN likewise
 *     from DOMAIN         the author, which ends the case
 * and gives one line: the result, the policy, whether an identifier of DKIM, of
 * SPF is aligned; then of the record that applies: its name, p, sp, adkim and
 * aspf.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/dmarc/evaluation.h"

enum { LINES_MAX = 20 };

struct entry {
	char *word, *name, *text;
};

struct scene {
	struct entry v[LINES_MAX];
	size_t n;
};

static void
answer(struct evaluation *e, const struct scene *s,
    const struct evaluation_question *q)
{
	struct dns_record txt[LINES_MAX];
	struct dns_answer a = {.status = DNS_NXDOMAIN, .record = txt};

	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->v[i].word, "zone") == 0 &&
		    strncmp(q->name, "_dmarc.", 7) == 0 &&
		    strcmp(q->name + 7, s->v[i].name) == 0)
			txt[a.n++].txt = span_str(s->v[i].text);
	}
	if (a.n > 0)
		a.status = DNS_FOUND;
	evaluation_answer(e, q->number, &a);
}

static void
print(const struct evaluation_result *r)
{
	printf("%s\t%s\t%d\t%d", dmarc_result_word(r->result),
	    r->at == NULL ? "-" : dmarc_policy_word(r->policy), r->dkim,
	    r->spf);
	if (r->at != NULL)
		printf("\t%.*s\t%s\t%s\t%s\t%s", (int)r->at->name.n,
		    r->at->name.p, dmarc_policy_word(r->at->record.p),
		    dmarc_policy_word(r->at->record.sp),
		    r->at->record.strict_dkim ? "s" : "r",
		    r->at->record.strict_spf ? "s" : "r");
	putchar('\n');
}

static bool
evaluate(const struct scene *s, const char *author)
{
	static struct walk_name v[WALK_NAMES_MAX];
	static struct evaluation e;
	struct evaluation_question q;
	struct evaluation_result r;

	evaluation_start(
	    &e, (struct walk_names){v, 0, WALK_NAMES_MAX}, author, true);
	for (size_t i = 0; i < s->n; i++) {
		bool spf = strcmp(s->v[i].word, "spf") == 0;

		if (spf || strcmp(s->v[i].word, "dkim") == 0)
			evaluation_verified(&e,
			    evaluation_identify(
			        &e, spf ? DMARC_SPF : DMARC_DKIM, s->v[i].name),
			    DMARC_PASSES);
	}
	evaluation_close(&e);
	while (evaluation_want(&e, &q))
		answer(&e, s, &q);
	if (!evaluation_result(&e, &r))
		return false;
	print(&r);
	return true;
}

static void
clear(struct scene *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].word);
	s->n = 0;
}

int
main(void)
{
	struct scene s = {.n = 0};
	char *line = NULL;
	size_t room = 0;
	bool good = true;

	while (good && getline(&line, &room, stdin) > 0 && s.n < LINES_MAX) {
		struct entry *e = &s.v[s.n++];

		line[strcspn(line, "\n")] = '\0';
		e->text = strdup(line);
		if (e->text == NULL)
			return 1;
		e->word = strsep(&e->text, "\t");
		e->name = strsep(&e->text, "\t");
		if (e->name != NULL && strcmp(e->word, "from") == 0) {
			good = evaluate(&s, e->name);
			clear(&s);
		}
	}
	clear(&s);
	free(line);
	return good ? 0 : 1;
}
