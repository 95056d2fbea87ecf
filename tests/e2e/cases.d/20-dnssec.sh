# dnssec.sh - a zone that is signed, and what was changed in it afterwards.
#
# Sourced, after lib.sh. A resolver that validates (unbound) is asked through postseal
# spf, and believed or not.
# shellcheck shell=bash

# dnssec_says CONFIG DOMAIN PATTERN - what the trace says of a sender there
dnssec_says() {
	local said
	said=$(postseal spf -c "/etc/postseal/$1.conf" --ip 192.0.2.1 \
	    --helo mail.other.example --from "user@$2" --trace 2>&1)
	grep -qE "$3" <<<"$said" || no "$said"
}

# A config from before starts, with a warning
dnssec_old_anchor() {
	local said
	sed 's|trust_ad = true|trust_anchor = "/none"|' /etc/postseal/dnssec.conf \
	    >/etc/postseal/old-anchor.conf
	said=$("$LIBEXEC/postseal-policyd" -T -c /etc/postseal/old-anchor.conf 2>&1) ||
	    no "$said"
	grep -q 'old-anchor\.conf:5: dns\.trust_anchor: is not used any more' <<<"$said" ||
	    no "$said"
}

dnssec_cases() {
	case_run 'dnssec: a signed answer is secure' \
	    dnssec_says dnssec signed.example ', secure'
	case_run 'dnssec: a changed answer is temperror' \
	    dnssec_says dnssec forged.signed.example 'temperror.*SERVFAIL|SERVFAIL.*temperror'
	case_run 'dnssec: who does not validate says so of nothing' \
	    dnssec_says postseal forged.signed.example 'pass'
	case_run 'dnssec: a trust_anchor from before only warns' dnssec_old_anchor
	case_run 'dnssec: a resolver is not believed unless told to' \
	    dnssec_says old-anchor signed.example 'insecure'
}
