/*
 * The reason is the one part of a reply that may be long, and often it is the
 * domain owner's. So the text is made twice: without it, to see what room is
 * left, and then with as much of it as fits.
 */
#include "common/bytes/ip.h"
#include "common/limits.h"
#include "common/settings/reply.h"
#include "policyd/decide/reply.h"

/* A shorter reason tells nothing. */
enum { REASON_MIN = 16 };

/* One line of text that is cut at `end` bytes of out. */
struct line {
	struct buf *out;
	size_t end;
	bool cut;
};

/* Appends text; what is not printable ASCII becomes '?'. */
static void
put_span(struct line *l, struct span text)
{
	for (size_t i = 0; i < text.n && !l->cut; i++) {
		char c = text.p[i];

		l->cut = l->out->n == l->end;
		if (!l->cut)
			buf_byte(l->out, span_is_shown(c) ? c : '?');
	}
}

static void
put(struct line *l, const char *text)
{
	put_span(l, span_str(text));
}

static void
put_end(struct line *l)
{
	if (l->cut && buf_error(l->out) == 0)
		memset(l->out->p + l->end - 3, '.', 3);
}

static const char *
code_of(enum spf_result result)
{
	switch (result) {
	case SPF_FAIL:
		return "7.23 ";
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
		return "7.24 ";
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
	case SPF_NONE:
	case SPF_PASS:
	case SPF_RESULTS:
		break;
	}
	return "7.1 ";
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

static const char *
identity_word(const struct reply *r)
{
	bool helo = r->identity == IDENTITY_HELO || r->subject->sender.n == 0;

	return helo ? "HELO" : "MAIL FROM";
}

/*
 * "SPF fail for MAIL FROM: example.com does not permit 192.0.2.1; example.com
 * explains: ...". The explanation is the domain owner's text, so it is said
 * whose it is (RFC 7208 section 6.2), and it stands last, where it is cut.
 */
static void
put_reason(struct line *l, const struct reply *r)
{
	const struct check_result *result = r->result;
	char ip[IP_TEXT_MAX];

	put(l, "SPF ");
	put(l, spf_result_word(result->result));
	put(l, " for ");
	put(l, identity_word(r));
	put(l, ": ");
	put_meaning(l, result, ip_text(&r->subject->client, ip));
	if (result->problem != NULL) {
		put(l, ": ");
		put(l, result->problem);
	}
	if (result->explanation != NULL) {
		put(l, "; ");
		put(l, result->domain);
		put(l, " explains: ");
		put(l, result->explanation);
	}
}

static void
put_field(struct line *l, enum reply_field field, const struct reply *r)
{
	char ip[IP_TEXT_MAX];

	switch (field) {
	case REPLY_ACTION:
		put(l, r->defer ? "deferred" : "rejected");
		return;
	case REPLY_RESULT:
		put(l, spf_result_word(r->result->result));
		return;
	case REPLY_IDENTITY:
		put(l, identity_word(r));
		return;
	case REPLY_DOMAIN:
		put(l, r->result->domain);
		return;
	case REPLY_CLIENT:
		put(l, ip_text(&r->subject->client, ip));
		return;
	case REPLY_RECEIVER:
		put(l, r->subject->receiver);
		return;
	case REPLY_REASON: /* put_text() */
	case REPLY_TEXT:
	case REPLY_FIELDS:
		return;
	}
}

/* The template; its reason, if there is one, gets `room` bytes. */
static void
put_text(struct line *l, size_t room, const struct reply *r)
{
	struct span text = span_str(r->template), piece;
	enum reply_field field;

	while (text.n > 0 && settings_reply_next(&text, &field, &piece) == 0) {
		if (field == REPLY_TEXT) {
			put_span(l, piece);
		} else if (field == REPLY_REASON && room > 0) {
			struct line part = {l->out, l->out->n + room, false};

			put_reason(&part, r);
			put_end(&part);
		} else {
			put_field(l, field, r);
		}
	}
}

/*
 * X.7.24 is the one code of SPF that RFC 7372 registers for a temporary
 * refusal; X.7.23 is for 550 only. The text is made twice: first without the
 * reason, as what stands around it must not be cut because an explanation is
 * long.
 */
void
reply_make(const struct reply *r, struct buf *out)
{
	struct line l = {out, out->n + REPLY_TEXT_MAX, false};
	size_t start, room;

	put(&l, r->defer ? "DEFER_IF_PERMIT 4.7.24" : "550 5.");
	put(&l, r->defer ? " " : code_of(r->result->result));
	start = out->n;
	put_text(&l, 0, r);
	room = l.end - out->n;
	if (buf_error(out) == 0 && room >= REASON_MIN) {
		out->n = start;
		put_text(&l, room, r);
	}
	put_end(&l);
}
