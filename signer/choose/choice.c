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

static void
put_place(const struct choose *c, struct buf *out)
{
	if (c->file != NULL && c->line > 0)
		buf_fmt(out, " (%s:%u)", c->file, c->line);
	else if (c->file != NULL)
		buf_fmt(out, " (%s)", c->file);
}

/* As much of a text as shows which one it is, for "%.*s". */
static int
shown(struct span s)
{
	return (int)(s.n < TABLE_TOLD_MAX ? s.n : TABLE_TOLD_MAX);
}

void
choose_explain(
    const struct choose *c, const struct choose_input *in, struct buf *out)
{
	const char *what = c->what == NULL ? "" : c->what;
	char ip[IP_TEXT_MAX];

	if (in->client == NULL)
		strncpy(ip, "unknown", sizeof ip);
	else
		ip_text(in->client, ip);
	switch (c->verdict) {
	case CHOOSE_SIGN:
		buf_fmt(out, "signed for %s", c->from);
		return;
	case CHOOSE_FROM_MISSING:
		buf_str(out, "no From field");
		return;
	case CHOOSE_FROM_REPEATED:
		buf_str(out, "several From fields");
		return;
	case CHOOSE_FROM_EMPTY:
		buf_str(out, "no address in the From field");
		return;
	case CHOOSE_FROM_SEVERAL:
		buf_str(out, "several addresses in the From field");
		return;
	case CHOOSE_FROM_BAD:
		buf_fmt(out, "the From field cannot be read%s%s",
		    what[0] == '\0' ? "" : ": ", what);
		return;
	case CHOOSE_CLIENT_IGNORED:
		buf_fmt(out, "client %s is in ignore_hosts: %s", ip, what);
		break;
	case CHOOSE_DAEMON_NEVER:
		buf_fmt(out, "%s is one of never_sign_daemons", what);
		break;
	case CHOOSE_CAME_IN:
		buf_fmt(
		    out, "it came from outside: it has %s of this host", what);
		break;
	case CHOOSE_CLIENT_OUTSIDE:
		buf_fmt(
		    out, "client %s is not internal and not authenticated", ip);
		break;
	case CHOOSE_LOGIN_OTHER:
		buf_fmt(out, "login \"%.*s\" may not use this From address",
		    shown(in->login), in->login.p);
		break;
	case CHOOSE_ENVELOPE_OTHER:
		if (in->sender.n == 0 || span_eq(in->sender, span_str("<>"))) {
			buf_str(
			    out, "a login sends it without an envelope sender");
			break;
		}
		buf_fmt(out,
		    "the envelope sender %.*s is not of the From domain %s",
		    shown(in->sender), in->sender.p, c->from);
		break;
	case CHOOSE_DOMAIN_EXEMPT:
		buf_fmt(out, "%s is one of exempt_domains", what);
		break;
	case CHOOSE_RECIPIENT_EXEMPT:
		buf_fmt(out, "a recipient is in exempt_recipients: %s", what);
		break;
	case CHOOSE_DOMAIN_UNKNOWN:
		buf_fmt(out, "no key for %s", c->from);
		break;
	case CHOOSE_DOMAIN_NO_KEY:
		buf_fmt(out, "no active key for %s", c->from);
		break;
	case CHOOSE_DOMAIN_BAD_KEY:
		buf_fmt(out, "a key for %s cannot be used", c->from);
		break;
	case CHOOSE_NO_MEMORY:
		buf_str(out, "out of memory");
		return;
	case CHOOSE_VERDICTS:
		return;
	}
	put_place(c, out);
}
