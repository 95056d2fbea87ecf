#include <unistd.h>

#include "admin/check/checklook.h"
#include "admin/check/checkpostfix.h"

static bool
look_at_tls(struct checklook *l)
{
	bool off = checklook_is(l, "smtp_tls_security_level", "none") ||
	    (checklook_is_empty(l, "smtp_tls_security_level") &&
	        !checklook_is(l, "smtp_use_tls", "yes") &&
	        !checklook_is(l, "smtp_enforce_tls", "yes"));

	if (off)
		checklook_add(l, FINDING_WARNING,
		    "mail goes out unencrypted; Google wants TLS of all "
		    "senders",
		    "-e", "smtp_tls_security_level = may",
		    "smtp_tls_security_level is none");
	else
		findings_add(l->f, FINDING_OK, CHECKLOOK_AREA, NULL, NULL,
		    "outgoing mail is encrypted where the other side can");
	return !off;
}

static void
add_address(struct checklook *l, const char *name, struct buf *ret)
{
	struct buf value;

	checklook_get(l, name, &value);
	if (value.n > 0) {
		buf_span(ret, buf_view(&value));
		buf_byte(ret, ' ');
	}
	buf_free(&value);
}

void
checkpostfix_look(const struct postconf *p, const struct settings *s,
    const char *etc, struct findings *f, struct checkpostfix *ret)
{
	struct checklook l = {.postfix = p, .settings = s, .f = f, .etc = etc};
	struct buf why;

	*ret = (struct checkpostfix){.tls = GUIDELINES_UNKNOWN};
	buf_init(&ret->addresses, POSTCONF_VALUE_MAX);
	buf_init(&l.services, PROGRAM_OUTPUT_MAX);
	buf_init(&l.target, POSTCONF_VALUE_MAX);
	buf_init(&why, POSTCONF_VALUE_MAX);
	checklook_get(&l, "smtp_helo_name", &ret->hostname);
	checklook_get(&l, "queue_directory", &l.queue);
	if (!l.failed && postconf_services(p, &l.services, &why) != 0)
		findings_lines(f, FINDING_UNKNOWN, CHECKLOOK_AREA, &why);
	if (!l.failed && l.services.n > 0) {
		ret->there = true;
		l.runs = postconf_postfix_runs(p);
		if (!l.runs)
			findings_add(f, FINDING_UNKNOWN, CHECKLOOK_AREA, NULL,
			    geteuid() == 0 ? "postfix start"
			                   : "run this as root",
			    "%s: whether the daemons answer it was not tried",
			    geteuid() == 0
			        ? "Postfix does not run"
			        : "this user may not ask Postfix whether it "
			          "runs");
		add_address(&l, "smtp_bind_address", &ret->addresses);
		add_address(&l, "smtp_bind_address6", &ret->addresses);
		checkpolicy_look(&l);
		checkmilter_look(&l);
		checkverifier_look(&l);
		checkdaemons_look(&l);
		ret->tls = look_at_tls(&l) ? GUIDELINES_YES : GUIDELINES_NO;
	}
	buf_free(&why);
	buf_free(&l.services);
	buf_free(&l.target);
	buf_free(&l.queue);
}

void
checkpostfix_free(struct checkpostfix *c)
{
	buf_free(&c->hostname);
	buf_free(&c->addresses);
}
