# policy.sh - what the verifier makes of the DMARC policies of authors.
#
# Sourced, after lib.sh and verify.sh. Port 2561 has a verifier that observes, 2567 one
# that enforces, with each exception (dmarc.conf).
# shellcheck shell=bash

# The tags of a victim's record, and what is behind them
VICTIM_SAID='(p=reject dis=none reason=local_policy) header.from=victim.example policy.dmarc=reject'

policy_world() {
	install -d -m 750 -o postseal-verifier "$T/dmarc"
	world_start 8889 postseal-verifier -c /etc/postseal/dmarc.conf
	DMARC_VERIFIER=$STARTED
}

# policy_in BOX CLIENT SENDER FROM [FIELD...] - an unsigned message
policy_in() {
	local box=$1 client=$2 sender=$3
	shift 3
	SENDER=$sender HELO_NAME=${HELO_NAME:-far.example} \
	    verify_send "policy-$box" "$client" < <(verify_message "$@")
}

# policy_signed BOX DOMAIN FROM [FIELD...] - one that DOMAIN has signed, whoever the
# author is, which our signer would not do
policy_signed() {
	local box=$1 domain=$2
	shift 2
	verify_send "policy-$box" < <(verify_message "$@" | /usr/bin/python3 -c '
import dkim, sys
m = sys.stdin.buffer.read().replace(b"\n", b"\r\n")
with open(sys.argv[2], "rb") as key:
    m = dkim.sign(m, b"r1", sys.argv[1].encode(), key.read()) + m
sys.stdout.buffer.write(m.replace(b"\r\n", b"\n"))' \
	    "$domain" "$E2E/keys/r1.private")
}

policy_pass() {
	policy_in spf 192.0.2.3 me@pass.example me@pass.example &&
	    verify_says 'dmarc=pass (p=reject dis=pass) header.from=pass.example policy.dmarc=reject' &&
	    verify_send policy-dkim < <(verify_signed user@rsa.example) &&
	    verify_says 'dmarc=pass (p=reject dis=pass) header.from=rsa.example' &&
	    HELO_NAME=mail.pass.example policy_in null 192.0.2.3 '' \
	        user@pass.example &&
	    verify_says 'spf=pass smtp.helo=mail.pass.example' 'dmarc=pass'
}

# A HELO that passes is no sender that does (CVE-2019-20790); nor do fields count.
policy_observe() {
	HELO_NAME=mail.pass.example policy_in helo 192.0.2.3 me@far.example \
	    user@pass.example && verify_says 'dmarc=fail (p=reject dis=none' ||
	    return
	policy_in observe 192.0.2.3 me@pass.example boss@victim.example \
	    'X-Postseal-DMARC: none' 'Received-SPF: pass' \
	    'Authentication-Results: mx.two.example; dmarc=pass' &&
	    verify_says "dmarc=fail $VICTIM_SAID" &&
	    verify_lacks X-Postseal-DMARC 'mx.two.example; dmarc' &&
	    logged 'verified queue_id=.* from=victim\.example removed=2 .* dmarc="fail \(p=reject dis=none reason=local_policy\)"'
}

policy_subdomain() {
	policy_in sub 192.0.2.3 me@far.example me@there.sub.example &&
	    verify_says 'dmarc=fail (p=none sp=quarantine dis=none reason=local_policy) header.from=there.sub.example policy.dmarc=quarantine' &&
	    policy_in nosub 192.0.2.3 me@far.example me@gone.sub.example &&
	    verify_says 'dmarc=fail (p=none sp=quarantine np=reject dis=none reason=local_policy) header.from=gone.sub.example policy.dmarc=reject'
}

policy_enforce() {
	PORT=2567 policy_in enforce 192.0.2.3 me@pass.example boss@victim.example
	replied '550 5\.7\.26 DMARC of victim\.example: neither SPF nor DKIM passes' &&
	    not_delivered verify-policy-enforce &&
	    logged 'milter-reject: END-OF-MESSAGE .* 5\.7\.26 DMARC of victim' &&
	    logged 'rejected queue_id=.* dmarc="fail \(p=reject dis=reject\)"' ||
	    return
	PORT=2567 policy_in enforce-none 192.0.2.3 me@far.example \
	    boss@none.example
	replied '550 5\.7\.26 ' || return
	PORT=2567 policy_in enforce-froms 192.0.2.3 me@far.example \
	    me@rsa.example 'From: me@victim.example'
	replied '550 5\.7\.1 DMARC of the message: several From fields' || return
	PORT=2567 policy_in enforce-dead 192.0.2.3 me@far.example me@temp.example
	replied '451 4\.7\.1 DMARC of temp\.example: no answer for the policy record' ||
	    return
	PORT=2567 verify_send policy-enforce-good < <(verify_signed user@rsa.example) &&
	    verify_says 'dmarc=pass' && verify_lacks X-Postseal-DMARC
}

# policy_marked WORD - the last message has this mark, once, below our field
policy_marked() {
	verify_says dmarc=fail "reason=$1" &&
	    [ "$(sed '/^$/q' "$MAIL" | grep -i '^X-Postseal-DMARC:')" = \
	        'X-Postseal-DMARC: reject' ] || no "$(sed '/^$/q' "$MAIL")"
}

policy_exceptions() {
	PORT=2567 policy_in exempt 192.0.2.3 me@far.example me@exempt.example \
	    'X-Postseal-DMARC: none' && policy_marked local_policy || return
	PORT=2567 policy_in relay 192.0.2.9 me@far.example me@victim.example &&
	    policy_marked local_policy || return
	PORT=2567 policy_in forwarder 192.0.2.8 me@far.example me@victim.example &&
	    policy_marked trusted_forwarder || return
	PORT=2567 policy_signed forwarder-dkim two.example me@victim.example &&
	    policy_marked trusted_forwarder || return
	PORT=2567 policy_signed list rsa.example me@victim.example \
	    'List-Id: A list <a.rsa.example>' && policy_marked mailing_list ||
	    return
	PORT=2567 policy_in said-list 192.0.2.3 me@far.example \
	    me@victim.example 'List-Id: <a.rsa.example>'
	replied '550 5\.7\.26 '
}

# What is held stays, with its mark, until somebody lets it go. We log the reason, and
# Postfix of Debian 13 and later.
policy_hold() {
	local id why="the DMARC policy of its author's domain"
	PORT=2567 policy_in hold 192.0.2.3 me@far.example me@quarantine.example &&
	    accepted &&
	    logged 'milter-hold: END-OF-MESSAGE .*\[192\.0\.2\.3\]: '"(milter triggers HOLD action|$why);" ||
	    return
	id=$(grep -a "held queue_id=.* from=quarantine\.example .*reply=\"$why\"" \
	    "$MAILLOG" |
	    sed 's/.*queue_id=\([^ ]*\).*/\1/' | tail -n 1)
	[ -n "$id" ] && [ -e "$(find "$T/queue/hold" -name "$id")" ] ||
	    no "$id is not in the hold queue" || return
	not_delivered verify-policy-hold || return
	postsuper -H "$id" >/dev/null 2>&1 && postqueue -f &&
	    delivered verify-policy-hold &&
	    grep -qx 'X-Postseal-DMARC: quarantine' "$MAIL" ||
	    no "$(sed '/^$/q' "$MAIL")"
}

# A line of JSON for each, and none for what was put off.
policy_lines() {
	/usr/bin/python3 - "$T"/dmarc/*.jsonl <<-'END'
	import json, os, sys
	said = {}
	for name in sys.argv[1:]:
	    assert os.stat(name).st_mode & 0o777 == 0o640, name
	    for line in open(name):
	        d = json.loads(line)
	        said.setdefault(d["identifiers"]["header_from"], []).append(
	            d["policy_evaluated"]["disposition"])
	assert sorted(said.pop("victim.example")) == [
	    "quarantine"] * 4 + ["reject"] * 2
	want = {"rsa.example": ["pass"], "exempt.example": ["quarantine"],
	        "none.example": ["reject"], "quarantine.example": ["quarantine"]}
	assert said == want, said
	END
}

policy_cases() {
	policy_world
	case_run 'dmarc in: SPF alone, DKIM alone, a null sender pass' policy_pass
	case_run 'dmarc in: observed, and forged fields removed' policy_observe
	case_run 'dmarc in: subdomains, and those that do not exist' \
	    policy_subdomain
	case_run 'dmarc in: refused, and put off' policy_enforce
	case_run 'dmarc in: exceptions are marked' policy_exceptions
	case_run 'dmarc in: the hold queue' policy_hold
	case_run 'dmarc in: lines for reports' policy_lines
	kill "$DMARC_VERIFIER"
	wait "$DMARC_VERIFIER" 2>/dev/null
}
