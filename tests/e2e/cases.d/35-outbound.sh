# outbound.sh - mail of ours on its way out: signed by postseal-signer, captured
# by smtp-sink, verified by programs that we did not write.
#
# Sourced, after lib.sh. All messages are sent first; then each verifier runs once
# over all of them; the cases look up its word on theirs.
# shellcheck shell=bash

SENT=() # names of the messages to wait for, see traps and collect

# out_send NAME COMMAND... - a message to NAME@far.example
out_send() {
	SENT+=("$1")
	shift
	"$@"
}

out_sendmail() {
	printf 'From: me@two.example\nTo: you@far.example\nSubject: local\n\n%s' \
	    "$1" | mail_local me@two.example "$2@far.example"
}

# New domains, as README.md says: genkey, DNS, config. One is put into the
# config by hand; the other by genkey, and made active when DNS has the record.
out_new_domain() {
	local said
	said=$(postseal genkey new-rsa.example -s n1) || return
	sed -n '/^n1\._domainkey/,/^$/p' <<<"$said" >>"$T/etc/nsd/root.zone"
	sed -n '/^domain "/,/^}/p' <<<"$said" \
	    >"$T/etc/postseal/domains.d/new-rsa.example.conf"
	said=$(postseal genkey new-ed25519.example -s n1 -t ed25519 --add) ||
	    return
	! postseal testkey new-ed25519.example --activate ||
	    no 'active, and not in DNS' || return
	sed -n '/^n1\._domainkey/,/^$/p' <<<"$said" >>"$T/etc/nsd/root.zone"
	kill -HUP "$NSD"
	# the running signer has it then, without a reload by hand
	world_wait 10 postseal testkey new-ed25519.example --activate || return
	for said in new-rsa new-ed25519; do
		out_send $said mail_out me@$said.example $said@far.example
		accepted || return
	done
}

out_send_all() {
	local names
	# each of them is 15 traps or more; RSA, Ed25519, and both
	names=$("$E2E/traps" 25 rsa.example ed.example two.example) || return
	names+=" $("$E2E/traps" -p simple- 2511 two.example)" || return
	names+=" $("$E2E/traps" -p v2- 2512 two.example)" || return
	# shellcheck disable=SC2206
	SENT+=($names)
	out_send sendmail out_sendmail $'hello\n' sendmail
	out_send cron out_sendmail 'no newline at the end' cron
	out_send bouncer mail_local bouncer@far.example x@nosuch.example <<-'END'
	Subject: to nobody

	This cannot be delivered.
	END
	out_send nokey mail_out me@nokey.example nokey@far.example
	PORT=2514 out_send unix mail_out me@two.example unix@far.example
	out_send sub mail_out me@sub.two.example sub@far.example
	LOGIN=alice PORT=2513 out_send auth \
	    mail_in 198.51.100.9 laptop.example me@two.example auth@far.example
	# from outside, in our name: to a mailbox here, not elsewhere
	mail_in 198.51.100.9 evil.example x@none.example forged@rcpt.example \
	    --h-From 'me@two.example'
	accepted
}

out_arrived() {
	local name
	for name in "${SENT[@]}"; do
		grep -rqsaF "X-Rcpt-Args: <$name@" "$T/sink" ||
		    no "$name has not arrived" || return
	done
}

# What was sent has arrived
out_wait() {
	world_wait 30 sink_has ${#SENT[@]}
	out_arrived || no "$(postqueue -p)"
}

# It is judged by each verifier: as it is, and tampered with
out_judge() {
	local out=$T/captured what
	"$E2E/collect" "$T/sink" "$out" || return
	for what in whole tampered; do
		"$E2E/verify-dkimpy" "$out/$what" >"$out/$what.dkimpy" &&
		    "$E2E/verify-mail-dkim" "$out/$what" \
		    >"$out/$what.mail-dkim" &&
		    "$E2E/verify-opendkim" "$out/$what" "$out/$what.work" \
		    >"$out/$what.opendkim" || return
	done
}

# out_verified VERIFIER NAME SELECTOR... - it said ok to just these signatures
out_verified() {
	local verifier=$1 name=$2 want got
	shift 2
	want=$(printf "$name %s ok\n" "$@" | sort)
	got=$(grep -a "^$name " "$T/captured/whole.$verifier" |
	    grep -v ' unsupported$' | sort)
	[ "$want" = "$got" ] || no "$verifier on $name:" "$got"
}

# opendkim's test mode drops the white space behind the colon of a field before it
# verifies; with simple/simple it cannot judge traps in which that is not a space
OPENDKIM_BLIND=' simple-spaces-two simple-foldfirst-two simple-longheader-two '

# out_signed NAME SELECTOR... - these signatures are there and verify everywhere
out_signed() {
	local name=$1 file=$T/captured/whole/$1.eml
	shift
	[ "$(field_count DKIM-Signature "$file")" = $# ] ||
	    no "$# signatures expected in $file" "$(head -n 40 "$file")" ||
	    return
	out_verified dkimpy "$name" "$@" || return
	[[ $OPENDKIM_BLIND == *" $name "* ]] ||
	    out_verified opendkim "$name" "$@" || return
	if "$E2E/verify-mail-dkim" --algorithms | grep -q ed25519; then
		out_verified mail-dkim "$name" "$@"
	elif [[ " $* " == *' r1 '* ]]; then
		out_verified mail-dkim "$name" r1
	else
		! grep -a "^$name .* bad" "$T/captured/whole.mail-dkim"
	fi
}

out_unsigned() {
	[ "$(field_count DKIM-Signature "$T/captured/whole/$1.eml")" = 0 ] ||
	    no "$1 is signed"
}

# out_trap NAME: that trap for each domain, and in the other ways
out_trap() {
	out_signed "$1-rsa" r1 && out_signed "$1-ed" e1 &&
	    out_signed "$1-two" r1 e1
}

# No verifier accepts a signature of a message that was changed
out_tampered() {
	local verifier=$1 n
	n=$(wc -l <"$T/captured/tampered.$verifier")
	[ "$n" -ge "$2" ] || no "only $n verdicts" || return
	! grep -a ' ok$' "$T/captured/tampered.$verifier" ||
	    no "$verifier accepted these"
}

# The signature stands in front of the Received field that Postfix added here
out_on_top() {
	local top
	top=$(sed -n '/^Received: from localhost/q;/^DKIM-Signature:/p' \
	    "$T/captured/whole/plain-two.eml")
	[ "$(grep -c . <<<"$top")" = 2 ] ||
	    no "$(head -n 30 "$T/captured/whole/plain-two.eml")"
}

# Folded, no line over 78 bytes, and only what RFC 6376 wants signed
out_looks() {
	local file=$T/captured/whole/plain-rsa.eml field
	field=$(sed -n '/^DKIM-Signature:/,/^[^ \tD]/{/^[D \t]/p}' "$file" |
	    tr -d '\r')
	! LC_ALL=C grep -E '.{79}' <<<"$field" || no 'too wide' || return
	for tag in 'v=1;' 'a=rsa-sha256;' 'c=relaxed/relaxed;' 'd=rsa.example;' \
	    's=r1;' 'h=' 'bh=' 'b='; do
		grep -qF "$tag" <<<"$field" || no "no $tag in:" "$field" ||
		    return
	done
	# From is named once more than it stands there
	[ "$(tr -d ' \t\n' <<<"$field" | grep -oE 'h=[^;]*' |
	    grep -oiE '(^h=|:)from\b' | wc -l)" = 2 ] ||
	    no "From is not oversigned:" "$field"
}

out_canonicalization() {
	grep -aq 'c=simple/simple' "$T/captured/whole/simple-plain-two.eml" ||
	    no 'not simple/simple'
}

out_bounce() {
	out_signed bouncer r1 e1 &&
	    grep -aq '^From: .*MAILER-DAEMON@two.example' \
	    "$T/captured/whole/bouncer.eml" || no 'From: is not ours'
}

out_forged() {
	delivered forged && no_field DKIM-Signature &&
	    logged 'postseal-signer.*unsigned.*198\.51\.100\.9'
}

out_reasons() {
	logged 'postseal-signer.* signed .*domain=rsa\.example' &&
	    logged 'postseal-signer.*unsigned.*nokey\.example'
}

outbound_cases() {
	local trap traps
	case_run 'out: new domains, as README.md says' out_new_domain
	case_run 'out: all messages are taken' out_send_all
	case_run 'out: all messages arrive' out_wait
	case_run 'out: all messages are judged' out_judge
	traps=$("$E2E/traps" -l)
	for trap in $traps; do
		case_run "out: $trap" out_trap "$trap"
		case_run "out: $trap, simple/simple" \
		    out_signed "simple-$trap-two" r1 e1
		case_run "out: $trap, milter protocol 2" \
		    out_signed "v2-$trap-two" r1 e1
	done
	case_run 'out: the field stands on top' out_on_top
	case_run 'out: the field looks right' out_looks
	case_run 'out: simple/simple is what was asked for' out_canonicalization
	case_run 'out: sendmail(1), not root' out_signed sendmail r1 e1
	case_run 'out: sendmail(1), no newline at the end' out_signed cron r1 e1
	case_run 'out: a bounce' out_bounce
	case_run 'out: the new domain, RSA' out_signed new-rsa n1
	case_run 'out: the new domain, Ed25519' out_signed new-ed25519 n1
	case_run "out: through the signer's unix: socket" out_signed unix r1 e1
	case_run 'out: an authenticated client' out_signed auth r1 e1
	case_run 'out: a domain without key is not signed' out_unsigned nokey
	case_run 'out: a subdomain without key is not signed' out_unsigned sub
	case_run 'out: forged mail from outside is not signed' out_forged
	case_run 'out: miltertest is content with the milter' \
	    miltertest -s "$E2E/milter.lua" -D socket=inet:8891@127.0.0.1
	case_run 'out: the log says what was signed, and why not' out_reasons
	case_run 'out: dkimpy refuses what was changed' out_tampered dkimpy 100
	case_run 'out: Mail::DKIM refuses what was changed' \
	    out_tampered mail-dkim 100
	case_run 'out: opendkim refuses what was changed' \
	    out_tampered opendkim 100
}
