# trust.sh - clients that are not checked, and the keys that migrated from
# pypolicyd-spf: etc/trust.conf, on port 2523.
#
# Sourced, after lib.sh and inbound.sh. All mail is of fail.example, which sends
# none: but for the trust it would be refused.
# shellcheck shell=bash

# trust_field BOX WHY - the message says why it was not checked, and nothing else;
# of a relay also that this host, whose name is hidden, let it in
trust_field() {
	local want="X-Comment: SPF not checked: $2"
	[ "$2" = 'authenticated client' ] || want+='; receiver=unknown'
	delivered "$1" && no_field Received-SPF || return
	sed '/^$/q' "$MAIL" | grep -qxF "$want" || no "$(sed '/^$/q' "$MAIL")"
}

# trust_in BOX WHY CLIENT HELO
trust_in() {
	PORT=2523 mail_in "$3" "$4" user@fail.example "$1@rcpt.example" &&
	    accepted && trust_field "$1" "$2"
}

# trust_not CLIENT HELO - as trust_in, but it is refused
trust_not() {
	PORT=2523 mail_in "$1" "$2" user@fail.example trust-not@rcpt.example &&
	    replied '550 5\.7\.23 .*Message rejected due to: SPF fail for MAIL FROM: .*\. Ask postmaster'
}

trust_logged() {
	logged 'postseal-policyd.* unchecked=trusted_clients trusted=relay\.example' &&
	    logged 'postseal-policyd.* unchecked=trusted_forwarders trusted=forward\.example result=fail' &&
	    logged 'postseal-policyd.* unchecked=trusted_relays ' &&
	    logged 'postseal-policyd.* unchecked=trust_authenticated '
}

trust_name() {
	NAME=$1 trust_in trust-name 'trusted client name' 198.51.100.9 "$PLAIN_HELO"
}

trust_not_name() {
	NAME=$1 trust_not 198.51.100.9 "$PLAIN_HELO"
}

trust_login() {
	LOGIN=alice trust_in trust-login 'authenticated client' 198.51.100.9 \
	    "$PLAIN_HELO"
}

# --- client certificates ---------------------------------------------------

TLS=$T/etc/postfix/tls

# certificate NAME [openssl option...] - TLS/NAME.key and TLS/NAME.pem
certificate() {
	local name=$1
	shift
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$TLS/$name.key" -subj "/CN=$name" -x509 -days 2 "$@" \
	    -out "$TLS/$name.pem" 2>/dev/null
}

# fingerprint NAME - of the certificate, as the manual says
fingerprint() {
	openssl x509 -in "$TLS/$1.pem" -noout -fingerprint -sha256 | cut -d= -f2
}

# key_print NAME - of its public key
key_print() {
	openssl x509 -in "$TLS/$1.pem" -noout -pubkey |
	    openssl pkey -pubin -outform DER | openssl dgst -sha256 -c |
	    sed 's/.*= *//' | tr a-f A-F
}

# A CA, its server, three of its clients: one is trusted for its certificate, one
# for its key
trust_make_certificates() {
	local name etc=$T/etc/postseal
	mkdir -p "$TLS"
	certificate ca || no 'openssl made no CA' || return
	for name in server relay backup other; do
		certificate $name -CA "$TLS/ca.pem" -CAkey "$TLS/ca.key" ||
		    no "openssl made no certificate" || return
	done
	sed "s|^policyd {|&\n\ttrusted_certificates = {\"$(fingerprint relay)\", \"$(key_print backup)\"}|" \
	    "$etc/trust.conf" >"$etc/certificate.conf"
	grep -q trusted_certificates "$etc/certificate.conf"
}

# trust_with NAME - mail of a client with that certificate
trust_with() {
	PORT=2524 mail_in 198.51.100.9 "$PLAIN_HELO" user@fail.example \
	    "trust-$1@rcpt.example" --tls --tls-cert "$TLS/$1.pem" \
	    --tls-key "$TLS/$1.key"
	grep -qa '^=== TLS started' "$DIALOGUE" || no 'no TLS'
}

trust_certificate() {
	trust_make_certificates && trust_with relay && accepted &&
	    trust_field trust-relay 'trusted client certificate' &&
	    logged "postseal-policyd.* unchecked=trusted_certificates trusted=$(fingerprint relay) "
}

trust_key() {
	trust_with backup && accepted &&
	    trust_field trust-backup 'trusted client certificate' &&
	    logged "postseal-policyd.* unchecked=trusted_certificates trusted=$(key_print backup) "
}

# Signed by the same CA, which counts for nothing
trust_not_certificate() {
	trust_with other && replied '550 5\.7\.23 ' && not_delivered trust-other
}

# Only a domain that sends no mail is refused for its fail
trust_no_mail() {
	PORT=2523 mail_in 198.51.100.9 "$PLAIN_HELO" user@pass.example \
	    no-mail@rcpt.example && accepted && delivered no-mail &&
	    spf_header result=fail || return
	! grep -q '^receiver=' <<<"$("$E2E/received-spf" "$MAIL")" ||
	    no "$(cat "$MAIL")"
}

trust_required() {
	PORT=2523 mail_in 198.51.100.9 "$PLAIN_HELO" user@soft.example \
	    required@rcpt.example && replied '550 5\.7\.1 .*SPF softfail'
}

# What is refused for one recipient goes, with its header, to the other
trust_recipient() {
	PORT=2523 mail_in 198.51.100.9 "$PLAIN_HELO" user@fail.example \
	    trust-not@rcpt.example,lax@rcpt.example &&
	    replied '550 5\.7\.23 ' && accepted && delivered lax &&
	    spf_header result=fail && not_delivered trust-not
}

trust_pass_action() {
	PORT=2523 mail_in "$PASS_CLIENT" "$PASS_HELO" "$PASS_FROM" \
	    pass-action@rcpt.example && accepted && delivered pass-action ||
	    return
	grep -qxF 'X-Passed: {yes}' "$MAIL" || no "$(cat "$MAIL")"
}

# One copy of the message, however many recipients it has
trust_copy() {
	PORT=2523 mail_in 198.51.100.9 "$PLAIN_HELO" user@none.example \
	    copied1@rcpt.example,copied2@rcpt.example && accepted &&
	    delivered copied1 && delivered copied2 && delivered trust-copy ||
	    return
	# a second one would be there when the message is gone from the queue
	logged "$(sed -n 's/.*queued as \([0-9A-Za-z]*\).*/\1/p' "$DIALOGUE"): removed" &&
	    delivered trust-copy && [ "$(wc -l <<<"$MAIL")" = 1 ] || no "$MAIL"
}

# A peer that vanishes without a word is noticed
trust_keepalive() {
	local fd said
	exec {fd}<>/dev/tcp/127.0.0.1/10031
	said=$(world_wait 5 trust_keepalive_timer && echo yes)
	exec {fd}>&-
	[ "$said" = yes ] || no "$(ss -tno sport = :10031)"
}

trust_keepalive_timer() {
	ss -Htno state established sport = :10031 | grep -q 'timer:(keepalive,'
}

trust_cases() {
	case_run 'trust: nobody else' trust_not 198.51.100.9 "$PLAIN_HELO"
	case_run 'trust: login' trust_login
	case_run 'trust: relay' trust_in trust-relay-ip 'trusted relay' \
	    198.51.100.10 "$PLAIN_HELO"
	case_run 'trust: client name' trust_name mail.relay.example
	case_run 'trust: client name, only at a label' \
	    trust_not_name evilrelay.example
	case_run 'trust: HELO name' trust_in trust-helo 'trusted HELO name' \
	    192.0.2.77 moving.example
	case_run 'trust: HELO name of another' trust_not 192.0.2.79 moving.example
	case_run 'trust: forwarder' trust_in trust-forward 'trusted forwarder' \
	    192.0.2.78 "$PLAIN_HELO"
	case_run 'trust: in the log' trust_logged
	case_run 'trust: client certificate' trust_certificate
	case_run 'trust: client certificate, by its key' trust_key
	case_run 'trust: another certificate of that CA' trust_not_certificate
	case_run 'trust: no_mail_only' trust_no_mail
	case_run 'trust: pass_required' trust_required
	case_run 'trust: recipient' trust_recipient
	case_run 'trust: action for pass' trust_pass_action
	case_run 'trust: one copy' trust_copy
	case_run 'trust: standing daemon, keepalive' trust_keepalive
}
