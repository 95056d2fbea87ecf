# dnssec.sh - a zone that is signed, and what was changed in it afterwards.
#
# Sourced, after lib.sh. Asked through postseal spf, with and without the anchor.
# shellcheck shell=bash

# dnssec_says CONFIG DOMAIN PATTERN - what the trace says of a sender there
dnssec_says() {
	local said
	said=$(postseal spf -c "/etc/postseal/$1.conf" --ip 192.0.2.1 \
	    --helo mail.other.example --from "user@$2" --trace 2>&1)
	grep -qE "$3" <<<"$said" || no "$said"
}

dnssec_no_anchor() {
	local said
	sed 's/signed\.ds/absent.ds/' /etc/postseal/dnssec.conf \
	    >/etc/postseal/no-anchor.conf
	! said=$("$LIBEXEC/postseal-policyd" -T -c /etc/postseal/no-anchor.conf 2>&1) ||
	    no "an anchor that is not there is taken"
	grep -q 'no-anchor\.conf:5: dns\.trust_anchor: .*absent\.ds: No such file' <<<"$said" ||
	    no "$said"
}

dnssec_cases() {
	case_run 'dnssec: a signed answer is secure' \
	    dnssec_says dnssec signed.example 'secure'
	case_run 'dnssec: a changed answer is bogus, and temperror' \
	    dnssec_says dnssec forged.signed.example 'temperror.*bogus|bogus.*temperror'
	case_run 'dnssec: without an anchor nothing is validated' \
	    dnssec_says postseal forged.signed.example 'pass'
	case_run 'dnssec: an anchor that is not there' dnssec_no_anchor
}
