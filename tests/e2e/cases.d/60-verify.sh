# verify.sh - mail that comes in through postseal-verifier: results in one field on
# top, forged fields gone, whatever else becomes of the message.
#
# Sourced, after lib.sh. Port 2561 has verifier and signer, as README.md has them; 2562
# has opendmarc behind the verifier; 2563 the milter protocol of Postfix 2.3.
# shellcheck shell=bash

FORGED="Authentication-Results: mx.two.example; dkim=pass header.d=bank.example"
FOREIGN="Authentication-Results: mx.google.example; dkim=pass header.d=a.example"

# verify_message FROM [FIELD...] - a message on standard output, with the fields on top
verify_message() {
	local from=$1
	shift
	[ $# = 0 ] || printf '%s\n' "$@"
	printf 'From: %s\nTo: in@rcpt.example\nSubject: hello\n' "$from"
	printf 'Date: Mon, 30 Nov 2026 10:00:00 +0000\nMessage-ID: <1@%s>\n\n' \
	    "${from#*@}"
	printf 'Hello,\n\nthis is the text.\n'
}

# verify_signed FROM [FIELD...] - the same with the signatures of FROM's domain above
# all of it but the fields
verify_signed() {
	local from=$1
	shift
	[ $# = 0 ] || printf '%s\n' "$@"
	verify_message "$from" | postseal sign
}

# verify_send BOX [CLIENT] - standard input, from outside; LOGIN, PORT as for mail_in;
# SENDER, HELO_NAME
verify_send() {
	BOX=verify-$1
	/usr/bin/python3 - "${PORT:-2561}" "$BOX@rcpt.example" \
	    "${2:-198.51.100.9}" "${LOGIN:-}" "${SENDER-me@far.example}" \
	    "${HELO_NAME:-far.example}" \
	    3<&0 <<-'END' >"$DIALOGUE" 2>&1
	import os, smtplib, sys
	port, to, client, login, sender, helo = sys.argv[1:]
	data = os.fdopen(3, "rb").read().replace(b"\n", b"\r\n")
	with smtplib.SMTP("127.0.0.1", int(port), "x", timeout=60) as smtp:
	    smtp.set_debuglevel(0)
	    smtp.ehlo(helo)
	    login = " LOGIN=" + login if login else ""
	    if client != "127.0.0.1" or login:
	        smtp.docmd("XCLIENT ADDR=" + client + " NAME=[UNAVAILABLE]" + login)
	        smtp.ehlo(helo)
	    try:
	        smtp.sendmail(sender, [to], data)
	        print("<-  250 2.0.0 Ok: queued")
	    except smtplib.SMTPResponseException as e:
	        print("<** %d %s" % (e.smtp_code, e.smtp_error.decode()))
	END
}

# verify_results - the Authentication-Results of ours in MAIL, on one line; fails unless
# there is one, and it is the first field that is not Delivered-To or Return-Path
verify_results() {
	sed '/^$/q' "$MAIL" | awk '
	    /^[^ \t]/ { name = tolower($0); sub(/:.*/, "", name)
		on = $0 ~ /^Authentication-Results: mx\.two\.example/
		if (on) { ours++; if (others) { late = 1 } }
		if (!on && name != "delivered-to" && name != "return-path" &&
		    name != "x-original-to") others++ }
	    on { gsub(/^[ \t]+/, " "); printf "%s", $0 }
	    END { print ""; if (ours != 1 || late) exit 1 }'
}

# verify_says TEXT... - the last message is there, with each of these in its results
verify_says() {
	local said text
	accepted && delivered "$BOX" || return
	said=$(verify_results) ||
	    no "no field of ours, or not on top:" "$(sed '/^$/q' "$MAIL")" || return
	for text; do
		[[ $said == *"$text"* ]] || no "the field lacks $text:" "$said" ||
		    return
	done
}

# verify_lacks TEXT... - nor does its header have any of these
verify_lacks() {
	local text
	for text; do
		! sed '/^$/q' "$MAIL" | grep -qF -- "$text" ||
		    no "the header has: $text" "$(sed '/^$/q' "$MAIL")" || return
	done
}

verify_good() {
	verify_send good < <(verify_signed user@two.example "$FORGED" "$FOREIGN") &&
	    verify_says 'dkim=pass (2048-bit key) header.d=two.example' \
	        'dkim=pass (256-bit key) header.d=two.example' \
	        header.a=ed25519-sha256 header.s=r1 &&
	    verify_lacks bank.example && grep -qxF "$FOREIGN" "$MAIL" &&
	    logged 'postseal-verifier\[[0-9]+\]: verified queue_id=.* removed=1 spf="none far\.example" spf_helo="none far\.example" dmarc="none \(there is no policy record\)" dkim="pass d=two\.example s=r1 a=rsa-sha256 c=relaxed/relaxed, pass d=two\.example s=e1 a=ed25519-sha256 c=relaxed/relaxed" waited_ms=[0-9]+ '
}

verify_changed() {
	verify_send changed < <(verify_signed user@ed.example |
	    sed "s/this is the/that is a/") &&
	    verify_says 'dkim=fail reason="body hash did not verify"' \
	        header.d=ed.example
}

# verify_read TEXT... - two readers that know nothing of us find all this in the field of
# the last message
verify_read() {
	local text
	delivered "$BOX" || return
	"$E2E/read-field" "$MAIL" >"$T/read" 2>&1 || no "$(cat "$T/read")" || return
	for text in 'mx\.two\.example' "$@"; do
		[ "$(grep -cE "	$text(	| |\$)" "$T/read")" = 2 ] ||
		    no "not read by both: $text" "$(cat "$T/read")" || return
	done
}

verify_readers() {
	verify_send read-good < <(verify_signed user@two.example "$FORGED" "$FOREIGN") &&
	    accepted && verify_read 'dkim=pass header\.a=ed25519-sha256 header\.b=[^ 	]+ header\.d=two\.example header\.i=@two\.example header\.s=e1' \
	    'dkim=pass header\.a=rsa-sha256 header\.b=[^ 	]+ header\.d=two\.example header\.i=@two\.example header\.s=r1' || return
	verify_send read-changed < <(verify_signed user@ed.example |
	    sed "s/this is the/that is a/") &&
	    accepted && verify_read 'dkim=fail header\.a=ed25519-sha256 .*header\.d=ed\.example.*' || return
	verify_send read-odd < <(verify_signed user@ed.example |
	    sed '/^DKIM-Signature/s/ s=e1;/ i="a b"@ed.example; s=e1;/') &&
	    accepted && verify_read 'dkim=(fail|neutral) .*' || return
	verify_send read-none < <(verify_message user@far.example) &&
	    accepted && verify_read dkim=none
}

verify_unsigned() { # verify_unsigned BOX
	verify_send "$1" < <(verify_message user@far.example "$FORGED") &&
	    verify_says 'dkim=none' && verify_lacks bank.example
}

verify_no_from() {
	verify_send nofrom < <(printf '%s\nSubject: x\n\nx\n' "$FORGED") &&
	    verify_says dkim=none && verify_lacks bank.example
}

# Forged in every shape, below and above what is not ours.
verify_forged() {
	verify_send forged < <(verify_message user@far.example \
	    'Authentication-Results: MX.Two.Example.; dkim=pass' \
	    "$FOREIGN" \
	    'authentication-results: (c) "mx.two.example" 1; dkim=pass' \
	    'Authentication-Results: mx.two.example/4AB; dkim=pass' \
	    'Authentication-Results: x.in.two.example; spf=pass' \
	    'Authentication-Results: dkim=pass header.d=bank.example' \
	    'Authentication-Results: other.example 2; dkim=pass' \
	    'DomainKey-Status: good') &&
	    verify_says dkim=none && grep -qxF "$FOREIGN" "$MAIL" &&
	    [ "$(field_count Authentication-Results "$MAIL")" = 2 ] &&
	    verify_lacks DomainKey-Status bank.example
}

# Postfix's cleanup needs quadratic time for what is deleted.
verify_flood() {
	local n=20000
	verify_send flood < <(verify_message user@far.example "$(yes "$FORGED" | head -n $n)")
	replied '550 5\.7\.1 ' && not_delivered verify-flood &&
	    verify_unsigned after-flood
}

# Not to a relay, which would send a bounce to the sender.
verify_flood_relay() {
	local n=20000 id
	verify_send flood-relay 192.0.2.9 \
	    < <(verify_message user@far.example "$(yes "$FORGED" | head -n $n)") &&
	    accepted && logged 'held queue_id=.* client=192\.0\.2\.9 .*reply="too many' ||
	    return
	id=$(grep -ao 'held queue_id=[0-9A-Za-z]*' "$MAILLOG" | tail -n 1 | cut -d= -f2)
	[ -n "$id" ] && [ -e "$(find "$T/queue/hold" -name "$id")" ] ||
	    no "$id is not in the hold queue" || return
	not_delivered verify-flood-relay && postsuper -d "$id" >/dev/null 2>&1
}

# What a user hands in is not verified, but forged fields go; the signer signs it.
verify_login() {
	LOGIN=user verify_send login < <(verify_message me@two.example "$FORGED") &&
	    accepted && delivered "$BOX" &&
	    verify_lacks Authentication-Results &&
	    [ "$(field_count DKIM-Signature "$MAIL")" = 2 ]
}

verify_trusted() {
	verify_send trusted 127.0.0.1 \
	    < <(verify_message me@elsewhere.example "$FORGED") &&
	    accepted && delivered "$BOX" &&
	    grep -qxF "$FORGED" "$MAIL" &&
	    [ "$(field_count Authentication-Results "$MAIL")" = 1 ]
}

# verify_is_ours BOX - the message is signed, and has no field of ours or forged
verify_is_ours() {
	BOX=$1
	accepted && delivered "$BOX" &&
	    verify_lacks Authentication-Results &&
	    [ "$(field_count DKIM-Signature "$MAIL")" = 2 ] ||
	    no 'not signed twice:' "$(sed '/^$/q' "$MAIL")"
}

# verify_with NAME BOX - mail of a client with that certificate
verify_with() {
	PORT=2564 mail_in 198.51.100.9 client.example me@two.example \
	    "verify-$2@rcpt.example" --tls --tls-cert "$TLS/$1.pem" \
	    --tls-key "$TLS/$1.key" --h-From me@two.example --add-header "$FORGED"
	grep -qa '^=== TLS started' "$DIALOGUE" || no 'no TLS'
}

# A user's, by his name and his CA
verify_certificate() {
	verify_with relay certificate && verify_is_ours verify-certificate &&
	    logged 'postseal-verifier\[[0-9]+\]: own .*macro=".cert_subject.=relay.nobody" .*removed=1'
}

# Of that CA, with another name; and that name without the CA
verify_no_certificate() {
	verify_with other other-certificate && BOX=verify-other-certificate &&
	    verify_says dkim=none && verify_lacks bank.example || return
	certificate nobody && verify_with nobody no-ca && BOX=verify-no-ca &&
	    verify_says dkim=none && verify_lacks bank.example
}

# A program that sends by the public address of this host, without a login
verify_this_host() {
	swaks --server 203.0.113.5 --port 2566 --local-interface "$1" \
	    --timeout 30 --helo localhost --from me@two.example \
	    --to verify-here@rcpt.example --h-From me@two.example \
	    >"$DIALOGUE" 2>&1
	verify_is_ours verify-here && logged "trusted .*client=$1"
}

# It comes back changed, from this host, and is shown to the verifier again: what that
# wrote the first time stays, once, and counts
verify_filter() {
	PORT=2565 verify_send filter < <(verify_signed user@two.example "$FORGED") &&
	    accepted && delivered "$BOX" && verify_lacks bank.example &&
	    [ "$(field_count Authentication-Results "$MAIL")" = 1 ] &&
	    grep -qa '^Received: .*filter' <(sed '/^$/q' "$MAIL" | tr -d '\n' |
	    sed 's/Received:/\n&/g') || no "$(sed '/^$/q' "$MAIL")" || return
	sed '/^$/q' "$MAIL" | tr -d '\n' |
	    grep -q 'Authentication-Results: mx.two.example;.*dkim=pass' ||
	    no "$(sed '/^$/q' "$MAIL")"
}

# --- under load ----------------------------------------------------------------------

# verify_flooded COMMAND... - runs it in the middle of 300 messages with a forged field;
# each arrives once, and with our field alone
verify_flooded() {
	local n=300 id=$EPOCHSECONDS to bad flood rc=0
	to=verify$id@rcpt.example
	find "$T/mail/in/new" -type f -delete
	"$E2E/flood" -n $n -p 0.05 -x 198.51.100.9 -f "$FORGED" 127.0.0.1 2561 \
	    me@far.example "$to" >"$T/flood.verify" 2>&1 &
	flood=$!
	world_wait 10 arriving in "$to"
	kill -0 $flood || no 'too little traffic' || rc=1
	"$@" || rc=1
	wait $flood || rc=1
	[ $rc = 0 ] || no "$(cat "$T/flood.verify")" || return
	told "$(tail -n 1 "$T/flood.verify")"
	world_wait 60 arrived in "$to" $n ||
	    no "$(arrived_in "$to") of $n came in" "$(postqueue -p | tail)" ||
	    return
	bad=$(grep -rla 'bank\.example' "$T/mail/in/new")
	[ -z "$bad" ] || no 'forged fields came in:' "$bad" || return
	bad=$(grep -rac '^Authentication-Results: mx\.two\.example;' \
	    "$T/mail/in/new" | grep -v ':1$')
	[ -z "$bad" ] || no 'not one field of ours:' "$bad"
}

verify_kill_supervisor() {
	kill_supervisor "$VERIFIER" 8890 postseal-verifier && VERIFIER=$STARTED
}

# SIGTERM, and another one: old workers finish what they have
verify_restart() {
	kill -TERM "$VERIFIER" && wait "$VERIFIER" || no "it ended with $?" ||
	    return
	world_start 8890 postseal-verifier && VERIFIER=$STARTED
}

# A key's name that no server answers for.
verify_dns_dead() {
	verify_send dead < <(verify_signed user@ed.example "$FORGED" |
	    sed 's/d=ed\.example/d=temp.example/') &&
	    verify_says dkim=temperror header.d=temp.example &&
	    verify_lacks bank.example
}

# verify_domainkeys_signed FROM - a message with the DomainKeys of FROM's domain: what
# "simple" hashes, without an h=, is the message as it stands
verify_domainkeys_signed() {
	local domain=${1#*@} signature
	signature=$(verify_message "$1" | sed 's/$/\r/' |
	    openssl dgst -sha1 -sign "$E2E/keys/r1.private" | base64 -w 64 |
	    sed '2,$s/^/\t/')
	printf 'DomainKey-Signature: a=rsa-sha1; q=dns; c=simple;\n'
	printf '\td=%s; s=r1;\n\tb=%s\n' "$domain" "$signature"
	verify_message "$1"
}

verify_domainkeys() {
	local pass='dkim=none; domainkeys=pass (2048-bit key)'
	verify_send domainkeys < <(
		printf '%s\n' 'DomainKey-Status: good' 'Received: above'
		verify_domainkeys_signed user@two.example) &&
	    verify_says "$pass header.d=two.example header.from=two.example" &&
	    verify_lacks DomainKey-Status &&
	    logged 'verified .* dkim=none domainkeys="pass d=two\.example s=r1"' ||
	    return
	verify_send domainkeys-changed < <(
		verify_domainkeys_signed user@two.example | sed 's/this/that/') &&
	    verify_says 'domainkeys=fail reason="signature did not verify"'
}

verify_null_sender() {
	SENDER='' verify_send null < <(verify_signed user@two.example) &&
	    verify_says dkim=pass 'spf=none smtp.helo=far.example'
}

# verify_spf BOX CLIENT SENDER RESULT - by HELO_NAME, mail.pass.example
verify_spf() {
	HELO_NAME=${HELO_NAME:-mail.pass.example} SENDER=$3 \
	    verify_send "spf-$1" "$2" < <(verify_message user@far.example \
	    'Received-SPF: pass' 'Return-Path: <me@pass.example>') &&
	    verify_says "; $4" || return
	[ "$(verify_results | grep -o 'spf=' | wc -l)" = 1 ] ||
	    no "spf= is not there once:" "$(verify_results)"
}

# A HELO that passes makes no sender pass (CVE-2019-20790), but that of a bounce.
verify_spf_results() {
	verify_spf pass 192.0.2.3 me@pass.example \
	    'spf=pass smtp.mailfrom=pass.example' &&
	    verify_spf fail 192.0.2.3 me@fail.example \
	        'spf=fail smtp.mailfrom=fail.example' &&
	    logged 'spf="fail fail\.example" spf_helo="pass mail\.pass\.example"' &&
	    verify_spf perm 192.0.2.3 me@perm.example \
	        'spf=permerror smtp.mailfrom=perm.example' &&
	    logged 'spf="permerror perm\.example".* problem="perm\.example: ' &&
	    verify_spf dead 192.0.2.3 me@temp.example \
	        'spf=temperror smtp.mailfrom=temp.example' &&
	    verify_spf bounce 192.0.2.3 '' \
	        'spf=pass smtp.helo=mail.pass.example' &&
	    HELO_NAME=fail.example verify_spf bounce-fail 192.0.2.3 '' \
	        'spf=fail smtp.helo=fail.example' &&
	    verify_spf six 'IPV6:2001:db8:25::1' me@pass.example \
	        'spf=pass smtp.mailfrom=pass.example' &&
	    verify_spf relay 192.0.2.9 me@pass.example \
	        'spf=none reason="the client is a relay of ours"'
}

# verify_asked - how many answers of DNS the verifier has had
verify_asked() {
	postseal status verifier --json | /usr/bin/python3 -c '
import json, sys
d = json.load(sys.stdin)["postseal-verifier"]["counters"]
print(sum(d["dns_answers_total"].values()))'
}

# Who is refused at RCPT, and our own, cost no question.
verify_spf_unasked() {
	local before
	before=$(verify_asked) && [ -n "$before" ] || no "no counters" || return
	PORT=2561 mail_in 192.0.2.3 mail.pass.example me@pass.example x@far.example &&
	    replied '[45]54 [45]\.7\.1 ' || return
	LOGIN=user verify_send spf-login 192.0.2.3 \
	    < <(verify_message me@two.example) && accepted || return
	verify_send spf-trusted 127.0.0.1 < <(verify_message me@two.example) &&
	    accepted || return
	[ "$(verify_asked)" = "$before" ] ||
	    no "$before answers before, $(verify_asked) behind" || return
	PORT=2561 mail_in 192.0.2.3 mail.pass.example me@pass.example \
	    x@far.example,verify-spf-second@rcpt.example &&
	    delivered verify-spf-second || return
	[ "$(verify_asked)" -ge $((before + 2)) ] ||
	    no "nothing was asked for a recipient that was taken"
}

verify_old_protocol() {
	PORT=2563 verify_send old < <(verify_signed user@ed.example "$FORGED") &&
	    verify_says dkim=pass && verify_lacks bank.example
}

# opendmarc, behind it, finds the alignment in our field, and none in a forged one.
verify_opendmarc() {
	PORT=2562 verify_send dmarc < <(verify_signed user@rsa.example) &&
	    accepted && delivered "$BOX" &&
	    sed '/^$/q' "$MAIL" | tr -d '\n' |
	    grep -q 'dmarc=pass .*header\.from=rsa\.example.*dkim=pass' ||
	    no "$(sed '/^$/q' "$MAIL")" || return
	HELO_NAME=x.example SENDER=me@pass.example PORT=2562 \
	    verify_send dmarc-spf 192.0.2.3 < <(verify_message user@pass.example) &&
	    accepted && delivered "$BOX" &&
	    sed '/^$/q' "$MAIL" | tr -d '\n' |
	    grep -q 'dmarc=pass .*header\.from=pass\.example.*spf=pass' ||
	    no "$(sed '/^$/q' "$MAIL")" || return
	# a domainkeys= in it makes no difference
	PORT=2562 verify_send dmarc-domainkeys < <(
		verify_domainkeys_signed user@rsa.example | postseal sign) &&
	    accepted && delivered "$BOX" &&
	    sed '/^$/q' "$MAIL" | tr -d '\n' |
	    grep -q 'dmarc=pass .*header\.from=rsa\.example.*dkim=pass.*domainkeys=pass' ||
	    no "$(sed '/^$/q' "$MAIL")" || return
	PORT=2562 verify_send dmarc-forged < <(verify_message boss@victim.example \
	    'Authentication-Results: mx.two.example; dkim=pass header.d=victim.example') &&
	    accepted && delivered "$BOX" &&
	    sed '/^$/q' "$MAIL" | tr -d '\n' |
	    grep -q 'dmarc=fail .*header\.from=victim\.example' ||
	    no "$(sed '/^$/q' "$MAIL")"
}

# While it is away mail waits, and no forged field gets in.
verify_away() {
	kill -9 "$VERIFIER" && wait "$VERIFIER" 2>/dev/null
	world_wait 10 verify_is_away || no 'workers live on' || return
	verify_send away < <(verify_message user@far.example "$FORGED")
	replied '451 4\.7\.1 ' && not_delivered verify-away
	local rc=$?
	world_start 8890 postseal-verifier
	VERIFIER=$STARTED
	[ $rc = 0 ] && verify_unsigned after-away
}

verify_is_away() {
	! pgrep -x postseal-verifi >/dev/null
}

verify_cases() {
	case_run 'verify: two signatures, forged and foreign fields' verify_good
	case_run 'verify: a changed body' verify_changed
	case_run 'verify: python-authres and Mail::AuthenticationResults read it' \
	    verify_readers
	case_run 'verify: no signature' verify_unsigned unsigned
	case_run 'verify: no From' verify_no_from
	case_run 'verify: forged in every shape' verify_forged
	case_run 'verify: 20,000 forged fields' verify_flood
	case_run 'verify: 20,000 forged fields, from a relay: held' verify_flood_relay
	case_run 'verify: mail of a user is signed, not verified' verify_login
	case_run 'verify: mail of this host is left alone' verify_trusted
	case_run 'verify: this host by another address is ours' \
	    verify_this_host 203.0.113.5
	case_run 'verify: a user with a certificate' verify_certificate
	case_run 'verify: not by the name alone, nor the CA' verify_no_certificate
	case_run 'verify: behind a content filter' verify_filter
	case_run 'verify: DNS has no answer' verify_dns_dead
	case_run 'verify: DomainKeys, where they are wanted' verify_domainkeys
	case_run 'verify: null sender' verify_null_sender
	case_run 'verify: SPF of the sender, and of a bounce its HELO' \
	    verify_spf_results
	case_run 'verify: no question for who is refused, nor for our own' \
	    verify_spf_unasked
	case_run 'verify: the protocol of old' verify_old_protocol
	case_run 'verify: opendmarc reads the field' verify_opendmarc
	case_run 'verify: while it is away mail waits' verify_away
	case_run 'verify: under load, ten reloads' verify_flooded hup "$VERIFIER"
	case_run 'verify: under load, a worker killed' \
	    verify_flooded kill_worker "$VERIFIER"
	case_run 'verify: under load, killed and started again' \
	    verify_flooded verify_kill_supervisor
	case_run 'verify: under load, restarted' verify_flooded verify_restart
}
