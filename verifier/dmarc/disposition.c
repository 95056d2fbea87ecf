/*
 * In four steps: what the policy wants; what it is raised to for the domains in
 * `enforce`; what an exception lowers it to; what `action` lets be done of
 * that. So "observe" and "mark" name the same exceptions that "enforce" would
 * make.
 *
 * Trap: the mark says what the policy says, whatever is done, so that a filter
 * behind us can be stricter; an exception never takes it off, as From is
 * forgeable.
 */
#include <stdio.h>

#include "common/bytes/domain.h"
#include "verifier/dmarc/disposition.h"

const char *
disposition_word(enum disposition_kind k)
{
	switch (k) {
	case DISPOSITION_NONE:
		return "none";
	case DISPOSITION_PASS:
		return "pass";
	case DISPOSITION_QUARANTINE:
		return "quarantine";
	case DISPOSITION_REJECT:
		return "reject";
	}
	return "";
}

const char *
disposition_reason_word(enum disposition_reason r)
{
	static const char *const words[REASON_KINDS] = {
	    [REASON_NONE] = "",
	    [REASON_LOCAL_POLICY] = "local_policy",
	    [REASON_MAILING_LIST] = "mailing_list",
	    [REASON_OTHER] = "other",
	    [REASON_POLICY_TEST_MODE] = "policy_test_mode",
	    [REASON_TRUSTED_FORWARDER] = "trusted_forwarder",
	};

	return words[r];
}

/* --- exceptions ----------------------------------------------------------- */

static bool
passes_for(const struct evaluation *e, const struct trusted_forwarder *f)
{
	enum dmarc_method m = f->kind == FORWARDER_SPF ? DMARC_SPF : DMARC_DKIM;

	for (size_t i = 0; e != NULL && i < e->nidentifiers; i++) {
		const struct identifier *id = &e->identifier[i];

		if (id->method == m && id->standing == DMARC_PASSES &&
		    domain_equal(id->domain, span_str(f->domain)))
			return true;
	}
	return false;
}

static bool
by_forwarder(const struct disposition_input *in)
{
	const struct forwarder_list *list = &in->settings->trusted_forwarders;

	for (size_t i = 0; i < list->n; i++) {
		const struct trusted_forwarder *f = &list->v[i];

		if (f->kind == FORWARDER_NETWORK
		        ? in->client != NULL &&
		            cidr_contains(&f->network, in->client)
		        : passes_for(in->evaluation, f))
			return true;
	}
	return false;
}

/* Why mail that would be refused, or held, is not, by what is known of it. */
static enum disposition_reason
exception(const struct disposition_input *in)
{
	const struct dmarc_settings *s = in->settings;

	if (by_forwarder(in))
		return REASON_TRUSTED_FORWARDER;
	if (!s->lists_reject && in->list[0] != '\0' &&
	    evaluation_passes_above(in->evaluation, span_str(in->list)))
		return REASON_MAILING_LIST;
	if (in->relayed ||
	    settings_find_domain(&s->exempt, in->evaluation->author) != NULL)
		return REASON_LOCAL_POLICY;
	return in->unasked ? REASON_OTHER : REASON_NONE;
}

/* --- the decision --------------------------------------------------------- */

static struct disposition
refuse(unsigned code, const char *status)
{
	return (struct disposition){.kind = DISPOSITION_NONE,
	    .reason = REASON_OTHER,
	    .code = code,
	    .status = status};
}

/* Never evaluated, or not to its end: no policy applies. */
static struct disposition
decide_unknown(const struct disposition_input *in)
{
	const struct dmarc_settings *s = in->settings;

	if (s->action == DMARC_ENFORCE && !in->relayed) {
		if (in->result->result == DMARC_RESULT_PERMERROR &&
		    s->unusable_from_reject && !by_forwarder(in))
			return refuse(550, "5.7.1");
		if (in->result->result == DMARC_RESULT_TEMPERROR &&
		    s->temperror_defer)
			return refuse(451, "4.7.1");
	}
	return (struct disposition){.kind = DISPOSITION_NONE};
}

/* A fail with a policy of quarantine or reject. */
static struct disposition
decide_fail(const struct disposition_input *in, enum dmarc_policy wanted,
    enum disposition_reason reason)
{
	const struct dmarc_settings *s = in->settings;
	enum disposition_reason spared =
	    wanted == DMARC_REJECT || s->quarantine_hold ? exception(in)
	                                                 : REASON_NONE;
	struct disposition d = {.kind = DISPOSITION_QUARANTINE,
	    .reason = spared != REASON_NONE ? spared : reason,
	    .mark = wanted};

	if (s->action == DMARC_OBSERVE) {
		d.kind = DISPOSITION_NONE;
		d.mark = DMARC_NONE;
		if (d.reason == REASON_NONE)
			d.reason = REASON_LOCAL_POLICY;
		return d;
	}
	d.hold = s->quarantine_hold && spared == REASON_NONE;
	if (wanted != DMARC_REJECT || spared != REASON_NONE)
		return d;
	if (s->action == DMARC_MARK) {
		d.reason = REASON_LOCAL_POLICY;
		return d;
	}
	d.kind = DISPOSITION_REJECT;
	d.hold = false;
	d.code = 550;
	d.status = "5.7.26";
	return d;
}

static struct disposition
decide(const struct disposition_input *in)
{
	const struct evaluation_result *r = in->result;
	enum disposition_reason reason = REASON_NONE;
	enum dmarc_policy wanted = r->policy;

	switch (r->result) {
	case DMARC_RESULT_PASS:
		return (struct disposition){.kind = wanted == DMARC_NONE
		        ? DISPOSITION_NONE
		        : DISPOSITION_PASS};
	case DMARC_RESULT_TEMPERROR:
	case DMARC_RESULT_PERMERROR:
		return decide_unknown(in);
	case DMARC_RESULT_NONE:
		return (struct disposition){.kind = DISPOSITION_NONE};
	case DMARC_RESULT_FAIL:
		break;
	}
	if (wanted != r->published)
		reason = REASON_POLICY_TEST_MODE;
	if (wanted != DMARC_REJECT &&
	    settings_find_domain(
	        &in->settings->enforce, in->evaluation->author) != NULL) {
		wanted = DMARC_REJECT;
		reason = REASON_LOCAL_POLICY;
	}
	if (wanted == DMARC_NONE)
		return (struct disposition){
		    .kind = DISPOSITION_NONE, .reason = reason};
	return decide_fail(in, wanted, reason);
}

struct disposition
disposition_decide(const struct disposition_input *in)
{
	struct disposition d = decide(in);

	d.trusted = by_forwarder(in);
	return d;
}

const char *
disposition_comment(const struct evaluation_result *r,
    const struct disposition *d, char ret[DISPOSITION_COMMENT_MAX])
{
	const struct dmarc_record *record;
	bool sub;

	ret[0] = '\0';
	if (r->at == NULL)
		return ret;
	record = &r->at->record;
	sub = dmarc_record_has(record, DMARC_TAG_SP);
	snprintf(ret, DISPOSITION_COMMENT_MAX, "p=%s%s%s%s%s dis=%s%s%s",
	    dmarc_policy_word(record->p), sub ? " sp=" : "",
	    sub ? dmarc_policy_word(record->sp) : "",
	    r->tag == DMARC_TAG_NP ? " np=" : "",
	    r->tag == DMARC_TAG_NP ? dmarc_policy_word(record->np) : "",
	    disposition_word(d->kind),
	    d->reason == REASON_NONE ? "" : " reason=",
	    disposition_reason_word(d->reason));
	return ret;
}
