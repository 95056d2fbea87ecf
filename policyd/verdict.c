#include "common/ip.h"
#include "common/limits.h"
#include "policyd/verdict.h"

/* One line of text that is cut at `end` bytes of out. */
struct line {
	struct buf *out;
	size_t end;
	bool cut;
};

/* Appends text; what is not printable ASCII becomes '?'. */
static void
put(struct line *l, const char *text)
{
	for (; *text != '\0' && !l->cut; text++) {
		l->cut = l->out->n == l->end;
		if (!l->cut)
			buf_byte(
			    l->out, *text < ' ' || *text > '~' ? '?' : *text);
	}
}

static void
put_end(struct line *l)
{
	if (l->cut && buf_error(l->out) == 0)
		memset(l->out->p + l->end - 3, '.', 3);
}

/* True if text begins with word, in any case, and the word ends there. */
static bool
is_word(const char *text, const char *word)
{
	size_t n = strcspn(text, " \t");

	return span_ieqs(span_of(text, n), word);
}

/*
 * access(5) actions after which Postfix goes on to the next restriction. All
 * others, restriction classes too, may permit or refuse.
 */
static bool
access_ends(const char *access)
{
	static const char *const goes_on[] = {"DUNNO", "WARN", "INFO",
	    "PREPEND", "HOLD", "FILTER", "REDIRECT", "BCC"};

	for (size_t i = 0; i < sizeof goes_on / sizeof goes_on[0]; i++) {
		if (is_word(access, goes_on[i]))
			return false;
	}
	return true;
}

static bool
action_ends(const struct action *a)
{
	switch (a->kind) {
	case ACTION_REJECT:
	case ACTION_DEFER:
		return true;
	case ACTION_ACCESS:
		return access_ends(a->access);
	case ACTION_HEADER:
	case ACTION_DUNNO:
		break;
	}
	return false;
}

bool
verdict_helo_ends(const struct policyd_settings *p, enum spf_result result)
{
	return action_ends(&p->helo.action[result]);
}

/* What the table of one identity says; dunno if it was not checked. */
static struct verdict
verdict_of(const struct policyd_settings *p, enum identity identity,
    const struct check_result *result, bool observe)
{
	const struct identity_settings *table =
	    identity == IDENTITY_HELO ? &p->helo : &p->mail_from;
	struct verdict v = {ACTION_DUNNO, identity, result, NULL};

	if (result == NULL)
		return v;
	v.kind = table->action[result->result].kind;
	v.access = table->action[result->result].access;
	if (v.kind == ACTION_ACCESS && is_word(v.access, "DUNNO"))
		v.kind = ACTION_DUNNO;
	if (observe && v.kind != ACTION_DUNNO)
		v.kind = ACTION_HEADER;
	if (v.kind != ACTION_ACCESS)
		v.access = NULL;
	if (v.kind == ACTION_HEADER && p->header == HEADER_NONE)
		v.kind = ACTION_DUNNO;
	return v;
}

struct verdict
verdict_choose(const struct policyd_settings *p,
    const struct verdict_results *r, bool observe)
{
	struct verdict helo = verdict_of(p, IDENTITY_HELO, r->helo, observe);
	struct verdict mail_from =
	    verdict_of(p, IDENTITY_MAIL_FROM, r->mail_from, observe);

	if (r->helo != NULL && !observe &&
	    verdict_helo_ends(p, r->helo->result))
		return helo;
	if (helo.kind == ACTION_ACCESS &&
	    (mail_from.kind == ACTION_HEADER || mail_from.kind == ACTION_DUNNO))
		return helo;
	if (r->mail_from == NULL && r->null_sender)
		return helo;
	return mail_from;
}

static const char *
code_of(enum spf_result result)
{
	switch (result) {
	case SPF_FAIL:
		return "7.23";
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
		return "7.24";
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
	case SPF_NONE:
	case SPF_PASS:
	case SPF_RESULTS:
		break;
	}
	return "7.1";
}

/* What the result says about the domain, behind "SPF fail for HELO: ". */
static void
put_meaning(struct line *l, const struct check_result *r, const char *ip)
{
	const char *domain = *r->domain == '\0' ? "this name" : r->domain;

	switch (r->result) {
	case SPF_PERMERROR:
		put(l, "cannot use the SPF record of ");
		put(l, domain);
		return;
	case SPF_TEMPERROR:
		put(l, "could not look up the SPF record of ");
		put(l, domain);
		return;
	case SPF_NONE:
		put(l, domain);
		put(l, " has no SPF record");
		return;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
	case SPF_PASS:
	case SPF_RESULTS:
		break;
	}
	put(l, domain);
	put(l,
	    r->result == SPF_PASS           ? " permits "
	        : r->result == SPF_FAIL     ? " does not permit "
	        : r->result == SPF_SOFTFAIL ? " probably does not permit "
	                                    : " says nothing about ");
	put(l, ip);
}

/*
 * "SPF fail for MAIL FROM: example.com does not permit 192.0.2.1; example.com
 * explains: ...". The explanation is the domain owner's text, so it is said
 * whose it is (RFC 7208 section 6.2), and it stands last, where it is cut.
 */
static void
put_reason(struct line *l, const struct verdict *v, const struct subject *s)
{
	const struct check_result *r = v->result;
	bool helo = v->identity == IDENTITY_HELO || s->sender.n == 0;
	char ip[IP_TEXT_MAX];

	put(l, "SPF ");
	put(l, spf_result_word(r->result));
	put(l, helo ? " for HELO: " : " for MAIL FROM: ");
	put_meaning(l, r, ip_text(&s->client, ip));
	if (r->problem != NULL) {
		put(l, ": ");
		put(l, r->problem);
	}
	if (r->explanation != NULL) {
		put(l, "; ");
		put(l, r->domain);
		put(l, " explains: ");
		put(l, r->explanation);
	}
}

static void
put_reject(struct line *l, const struct verdict *v, const struct subject *s)
{
	put(l, "550 5.");
	put(l, code_of(v->result->result));
	put(l, " ");
	put_reason(l, v, s);
}

/* X.7.24 is the one code of SPF that RFC 7372 registers for a temporary
 * refusal; X.7.23 is for 550 only. */
static void
put_defer(struct line *l, const struct verdict *v, const struct subject *s)
{
	put(l, "DEFER_IF_PERMIT 4.7.24 ");
	put_reason(l, v, s);
}

static void
put_header(const struct verdict *v, const struct subject *s,
    enum header_kind header, struct buf *out)
{
	switch (header) {
	case HEADER_RECEIVED_SPF:
		buf_str(out, "PREPEND ");
		received_spf(s, v->identity, v->result, out);
		return;
	case HEADER_AUTH_RESULTS:
		buf_str(out, "PREPEND ");
		received_auth_results(s, v->identity, v->result, out);
		return;
	case HEADER_NONE:
		buf_str(out, "dunno");
		return;
	}
}

void
verdict_action(const struct verdict *v, const struct subject *s,
    enum header_kind header, struct buf *out)
{
	struct line l = {out, out->n + REPLY_TEXT_MAX, false};

	switch (v->kind) {
	case ACTION_HEADER:
		put_header(v, s, header, out);
		return;
	case ACTION_DUNNO:
		buf_str(out, "dunno");
		return;
	case ACTION_REJECT:
		put_reject(&l, v, s);
		break;
	case ACTION_DEFER:
		put_defer(&l, v, s);
		break;
	case ACTION_ACCESS:
		l.end = out->n + HEADER_LINE_MAX; /* may be a PREPEND */
		put(&l, v->access);
		break;
	}
	put_end(&l);
}

bool
verdict_is_once(const struct verdict *v)
{
	return v->kind == ACTION_HEADER ||
	    (v->kind == ACTION_ACCESS && is_word(v->access, "PREPEND"));
}

const char *
verdict_word(const struct verdict *v)
{
	switch (v->kind) {
	case ACTION_HEADER:
		return "header";
	case ACTION_REJECT:
		return "reject";
	case ACTION_DEFER:
		return "defer";
	case ACTION_DUNNO:
		return "dunno";
	case ACTION_ACCESS:
		return "access";
	}
	return NULL;
}
