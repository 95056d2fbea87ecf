/*
 * The trap: a check is gone when its done() returns, and `postseal spf --trace`
 * reads what it has learned. So that is told from inside of done(), before
 * anybody else.
 */
#include "common/spf/identity.h"

#include "common/bytes/domain.h"
#include "common/spf/lookups.h"

static void
tell(const struct identity_check *i, const struct check_result *result)
{
	const char *what = i->identity == IDENTITY_HELO ? "HELO" : "MAIL FROM";

	if (i->witness.explain != NULL)
		i->witness.explain(
		    i->witness.arg, what, check_lookups(i->check), result);
}

static void
identity_done(void *arg, const struct check_result *result)
{
	struct identity_check *i = arg;

	tell(i, result);
	i->check = NULL;
	i->result = result;
	i->done(i->arg);
}

void
identity_start(struct identity_check *i, struct loop *loop,
    struct resolver *resolver, const struct check_input *in)
{
	if (check_start(loop, resolver, in, identity_done, i, &i->check) == 0)
		return;
	i->check = NULL;
	i->result = &check_no_memory;
}

void
identity_expire(struct identity_check *i)
{
	if (i->check == NULL)
		return;
	i->result = check_expire(i->check);
	tell(i, i->result);
	identity_cancel(i);
}

void
identity_cancel(struct identity_check *i)
{
	if (i->check != NULL)
		check_cancel(i->check);
	i->check = NULL;
}

size_t
identity_held(const struct identity_check *i)
{
	const struct lookups *l;

	if (i->check == NULL)
		return 0;
	l = check_lookups(i->check);
	return l->arena->used + l->questions.held;
}

bool
identity_is_helo(struct span helo)
{
	char ascii[DOMAIN_MAX + 1];

	return domain_to_ascii(helo, ascii) == 0 &&
	    domain_is_mail(span_str(ascii));
}

/* --- counters ------------------------------------------------------------- */

static const char *
result_word(unsigned i)
{
	return spf_result_word((enum spf_result)i);
}

#define RESULTS "SPF results by identity."

const struct stats_row identity_results[] = {
    {.first = IDENTITY_COUNT_HELO,
        .n = SPF_RESULTS,
        .family = "spf_results_total",
        .help = RESULTS,
        .label = {"identity", "result"},
        .value = {"helo"},
        .word = result_word},
    {.first = IDENTITY_COUNT_MAIL_FROM,
        .n = SPF_RESULTS,
        .family = "spf_results_total",
        .help = RESULTS,
        .label = {"identity", "result"},
        .value = {"mail_from"},
        .word = result_word},
    {.family = NULL},
};

const struct stats_row identity_lookups[] = {
    {.first = IDENTITY_COUNT_LOOKUPS,
        .family = "spf_lookups_total",
        .help = "Terms of SPF records that cost a question to DNS."},
    {.first = IDENTITY_COUNT_VOIDS,
        .family = "spf_void_lookups_total",
        .help = "Of which those that found nothing."},
    {.family = NULL},
};

void
identity_count(struct stats_slot *slot, enum identity identity,
    const struct check_result *r)
{
	unsigned first = identity == IDENTITY_HELO ? IDENTITY_COUNT_HELO
	                                           : IDENTITY_COUNT_MAIL_FROM;

	stats_add(slot, first + r->result, 1);
	stats_add(slot, IDENTITY_COUNT_LOOKUPS, r->lookups);
	stats_add(slot, IDENTITY_COUNT_VOIDS, r->voids);
}
