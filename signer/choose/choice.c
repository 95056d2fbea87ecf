/*
 * A verdict, and the one place that says it in words: for the log, for the
 * notice to the administrator and for `postseal why`. The trap is whose text it
 * is: logins, senders and names come from the message, so they are cut here
 * (TABLE_TOLD_MAX) and cleaned by who logs or prints them.
 */
#include "signer/choose/choice.h"

#include <string.h>

void
choose_say(const struct choose_path *p, const char *fmt, ...)
{
	va_list ap;

	if (p->in->say == NULL)
		return;
	va_start(ap, fmt);
	p->in->say(p->in->arg, fmt, ap);
	va_end(ap);
}

enum choose_verdict
choose_because(struct choose_path *p, enum choose_verdict v, const char *what,
    const char *file, unsigned line)
{
	p->ret->what = what;
	p->ret->file = file;
	p->ret->line = line;
	return v;
}

/* As much of a text as shows which one it is. */
static struct span
shown(struct span s)
{
	return span_of(s.p, s.n < TABLE_TOLD_MAX ? s.n : TABLE_TOLD_MAX);
}

/* What stands in the middle of a sentence. */
enum middle { NOTHING, FROM, WHAT, CLIENT, LOGIN };

static void
put_middle(enum middle m, const struct choose *c, const struct choose_input *in,
    struct buf *out)
{
	char ip[IP_TEXT_MAX];

	switch (m) {
	case NOTHING:
		break;
	case FROM:
		buf_str(out, c->from);
		break;
	case WHAT:
		buf_str(out, c->what == NULL ? "" : c->what);
		break;
	case CLIENT:
		buf_str(out,
		    in->client == NULL ? "unknown" : ip_text(in->client, ip));
		break;
	case LOGIN:
		buf_span(out, shown(in->login));
		break;
	}
}

/* What one more part says, which not all messages have. */
static void
put_more(const struct choose *c, const struct choose_input *in, struct buf *out)
{
	struct span sender = in->sender;

	if (c->verdict == CHOOSE_FROM_BAD && c->what != NULL &&
	    c->what[0] != '\0')
		buf_fmt(out, ": %s", c->what);
	if (c->verdict == CHOOSE_CLIENT_IGNORED)
		buf_fmt(out, ": %s", c->what == NULL ? "" : c->what);
	if (c->verdict != CHOOSE_ENVELOPE_OTHER)
		return;
	if (sender.n == 0 || span_eq(sender, span_str("<>"))) {
		buf_str(out, "a login sends it without an envelope sender");
		return;
	}
	sender = shown(sender);
	buf_fmt(out, "the envelope sender %.*s is not of the From domain %s",
	    (int)sender.n, sender.p, c->from);
}

void
choose_explain(
    const struct choose *c, const struct choose_input *in, struct buf *out)
{
	static const struct {
		const char *text;
		enum middle middle; /* in the place of "%s" */
	} row[CHOOSE_VERDICTS] = {[CHOOSE_SIGN] = {"signed for %s", FROM},
	    [CHOOSE_FROM_MISSING] = {"no From field", NOTHING},
	    [CHOOSE_FROM_REPEATED] = {"several From fields", NOTHING},
	    [CHOOSE_FROM_EMPTY] = {"no address in the From field", NOTHING},
	    [CHOOSE_FROM_SEVERAL] = {"several addresses in the From field",
	        NOTHING},
	    [CHOOSE_FROM_BAD] = {"the From field cannot be read", NOTHING},
	    [CHOOSE_CLIENT_IGNORED] = {"client %s is in ignore_hosts", CLIENT},
	    [CHOOSE_DAEMON_NEVER] = {"%s is one of never_sign_daemons", WHAT},
	    [CHOOSE_CAME_IN] = {"it came from outside: it has %s of this host",
	        WHAT},
	    [CHOOSE_CLIENT_OUTSIDE] =
	        {"client %s is not internal and not authenticated", CLIENT},
	    [CHOOSE_LOGIN_OTHER] =
	        {"login \"%s\" may not use this From address", LOGIN},
	    [CHOOSE_ENVELOPE_OTHER] = {"", NOTHING},
	    [CHOOSE_DOMAIN_EXEMPT] = {"%s is one of exempt_domains", WHAT},
	    [CHOOSE_RECIPIENT_EXEMPT] =
	        {"a recipient is in exempt_recipients: %s", WHAT},
	    [CHOOSE_DOMAIN_UNKNOWN] = {"no key for %s", FROM},
	    [CHOOSE_DOMAIN_NO_KEY] = {"no active key for %s", FROM},
	    [CHOOSE_DOMAIN_BAD_KEY] = {"a key for %s cannot be used", FROM},
	    [CHOOSE_NO_MEMORY] = {"out of memory", NOTHING}};
	struct span text = span_str(row[c->verdict].text);
	size_t at = span_find(text, '%');

	buf_add(out, text.p, at);
	put_middle(row[c->verdict].middle, c, in, out);
	buf_span(out, span_skip(text, at + strlen("%s")));
	put_more(c, in, out);
	/* no line of a file has to do with those of From */
	if (c->verdict <= CHOOSE_FROM_BAD || c->verdict == CHOOSE_NO_MEMORY ||
	    c->file == NULL)
		return;
	if (c->line > 0)
		buf_fmt(out, " (%s:%u)", c->file, c->line);
	else
		buf_fmt(out, " (%s)", c->file);
}
