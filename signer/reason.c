#include "signer/reason.h"

static const struct {
	enum choose_verdict verdict; /* CHOOSE_SIGN: of none */
	const char *word, *sentence;
} rows[UNSIGNED_REASONS] = {
    [UNSIGNED_FROM_MISSING] = {CHOOSE_FROM_MISSING, "from_missing", NULL},
    [UNSIGNED_FROM_REPEATED] = {CHOOSE_FROM_REPEATED, "from_repeated", NULL},
    [UNSIGNED_FROM_EMPTY] = {CHOOSE_FROM_EMPTY, "from_empty", NULL},
    [UNSIGNED_FROM_SEVERAL] = {CHOOSE_FROM_SEVERAL, "from_several", NULL},
    [UNSIGNED_FROM_BAD] = {CHOOSE_FROM_BAD, "from_bad", NULL},
    [UNSIGNED_CLIENT_OUTSIDE] = {CHOOSE_CLIENT_OUTSIDE, "client_outside", NULL},
    [UNSIGNED_CLIENT_IGNORED] = {CHOOSE_CLIENT_IGNORED, "client_ignored", NULL},
    [UNSIGNED_DAEMON] = {CHOOSE_DAEMON_NEVER, "daemon", NULL},
    [UNSIGNED_LOGIN] = {CHOOSE_LOGIN_OTHER, "login", NULL},
    [UNSIGNED_ENVELOPE] = {CHOOSE_ENVELOPE_OTHER, "envelope", NULL},
    [UNSIGNED_EXEMPT_DOMAIN] = {CHOOSE_DOMAIN_EXEMPT, "exempt_domain", NULL},
    [UNSIGNED_EXEMPT_RECIPIENT] = {CHOOSE_RECIPIENT_EXEMPT, "exempt_recipient",
        NULL},
    [UNSIGNED_CAME_IN] = {CHOOSE_CAME_IN, "came_in", NULL},
    [UNSIGNED_SIGNED_ALREADY] = {CHOOSE_SIGN, "signed_already",
        "our signature is there already"},
    [UNSIGNED_DOMAIN_UNKNOWN] = {CHOOSE_DOMAIN_UNKNOWN, "domain_unknown", NULL},
    [UNSIGNED_NO_KEY] = {CHOOSE_DOMAIN_NO_KEY, "no_key", NULL},
    [UNSIGNED_BAD_KEY] = {CHOOSE_DOMAIN_BAD_KEY, "bad_key", NULL},
    [UNSIGNED_KEY_MISMATCH] = {CHOOSE_SIGN, "key_mismatch",
        "DNS has no or other keys, and on_key_mismatch is skip"},
    [UNSIGNED_AT_RISK] = {CHOOSE_SIGN, "at_risk",
        "Postfix may have to change it, and at_risk is skip"},
    [UNSIGNED_HEADERS_LARGE] = {CHOOSE_SIGN, "headers_large",
        "the header is too large"},
    [UNSIGNED_FIELDS_MANY] = {CHOOSE_SIGN, "fields_many",
        "too many header fields"},
    [UNSIGNED_FIELD_BROKEN] = {CHOOSE_SIGN, "field_broken",
        "a header field cannot arrive as it is"},
    [UNSIGNED_MTA] = {CHOOSE_SIGN, "mta",
        "the MTA does not let us add header fields"},
    [UNSIGNED_OTHER] = {CHOOSE_NO_MEMORY, "other", NULL},
};

enum reason
reason_of(enum choose_verdict v)
{
	unsigned i = 0;

	while (i < UNSIGNED_OTHER &&
	    (rows[i].verdict == CHOOSE_SIGN || rows[i].verdict != v))
		i++;
	return (enum reason)i;
}

const char *
reason_word(unsigned reason)
{
	return rows[reason].word;
}

const char *
reason_sentence(enum reason r)
{
	return rows[r].sentence;
}
