# loop.sh - mail that a content filter hands in again from 127.0.0.1, after the policy
# service did not check it: forged mail through a backup MX must not be signed then, and
# mail of our own users must.
#
# Sourced, after choose.sh. Port 2541 has Received-SPF, 2542 Authentication-Results, 2543
# the same under the name of the organisation; the signer is asked at the second hop only.
# shellcheck shell=bash

# loop_unsigned BOX DOMAIN FIELD - it came twice, and was not signed as DOMAIN's for FIELD
loop_unsigned() {
	accepted && delivered "$1" && no_field DKIM-Signature &&
	    logged "unsigned.* client=127\\.0\\.0\\.1 from=${2//./\\.} .*it came from outside: it has $3 of this host" || return
	[ "$(grep -c '^Received: ' "$MAIL")" -ge 2 ] || no 'there was no filter'
}

# loop_has FILE FIELD - it is in the header
loop_has() {
	sed '/^\r*$/q' "$1" | tr -d '\r' | grep -qxF "$2" ||
	    no "no $2 in:" "$(sed '/^\r*$/q' "$1")"
}

# loop_relay PORT DOMAIN FIELD: VALUE - forged mail of DOMAIN through a backup MX
loop_relay() {
	local box=loop-$1
	PORT=$1 NAME=mail.relay.example mail_in 198.51.100.9 mail.relay.example \
	    x@fail.example "$box@rcpt.example" --h-From "me@$2"
	loop_unsigned "$box" "$2" "${3%%:*}" && loop_has "$MAIL" "$3"
}

# The same straight from a stranger, where our authserv-id is not the host's name
loop_organisation() {
	PORT=2543 mail_in 198.51.100.9 evil.example x@fail.example \
	    loop-org@rcpt.example --h-From 'me@ed.example'
	loop_unsigned loop-org ed.example Authentication-Results || return
	grep -q '^Authentication-Results: two\.example; spf=fail' "$MAIL" ||
	    no "$(sed '/^$/q' "$MAIL")"
}

# loop_own PORT FIELD: VALUE - mail of a user who logged in
loop_own() {
	local name=loop-own-$1
	PORT=$1 LOGIN=alice mail_in 198.51.100.9 laptop.example me@two.example \
	    "$name@far.example" --h-From 'me@two.example' \
	    --add-header 'Authentication-Results: mx.google.com; spf=pass' \
	    --add-header 'Received-SPF: pass (x) receiver=mx.google.com'
	accepted && choose_sent "$name" && loop_has "$FILE" "$2" || return
	[ "$(field_count DKIM-Signature "$FILE")" = 2 ] ||
	    no "$(head -n 40 "$FILE")"
}

loop_cases() {
	case_run "loop: a relay's forged mail is not signed, X-Comment" \
	    loop_relay 2541 two.example \
	    'X-Comment: SPF not checked: trusted client name; receiver=mx.two.example'
	case_run "loop: a relay's forged mail is not signed, Authentication-Results" \
	    loop_relay 2542 rsa.example \
	    'Authentication-Results: mx.two.example; spf=policy reason="not checked: trusted client name"'
	case_run "loop: forged mail, by the organisation's authserv-id" \
	    loop_organisation
	case_run 'loop: mail of our own user is signed, X-Comment' \
	    loop_own 2541 'X-Comment: SPF not checked: authenticated client'
	case_run 'loop: mail of our own user is signed, Authentication-Results' \
	    loop_own 2542 'Authentication-Results: mx.two.example; none (SPF not checked: authenticated client)'
	case_run "loop: mail of our own user is signed, the organisation's name" \
	    loop_own 2543 'Authentication-Results: two.example; none (SPF not checked: authenticated client)'
}
