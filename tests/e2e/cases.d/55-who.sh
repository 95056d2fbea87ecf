# who.sh - who may have mail signed: logins whose mail passed filters of ours, what users
# send on as it came, mailing lists, the addresses of this host, envelope senders, and
# logins of several tenants.
#
# Sourced, after choose.sh and dmarc.sh, whose opendmarc it uses.
# shellcheck shell=bash

# who_signed NAME SELECTOR... - the message to NAME@far.example has just these
# signatures, and they verify
who_signed() {
	local name=$1 dir=$T/who.$1 want
	shift
	choose_sent "$name" || return
	mkdir -p "$dir"
	sed '1,/^X-Rcpt-Args/d; s/$/\r/' "$FILE" >"$dir/$name.eml"
	want=$(printf "$name %s ok\n" "$@" | sort)
	[ "$("$E2E/verify-dkimpy" "$dir" | sort)" = "$want" ] ||
	    no "$("$E2E/verify-dkimpy" "$dir")" "$(cat "$dir/$name.eml")"
}

# who_unsigned NAME REGEX - it is not signed, and the log says why
who_unsigned() {
	choose_sent "$1" || return
	[ "$(field_count DKIM-Signature "$FILE")" = 0 ] ||
	    no "it is signed" "$(head -n 40 "$FILE")" || return
	logged "unsigned.*$2"
}

# --- what was written in this hand-over -------------------------------------------

# who_login PORT NAME FROM [swaks option...] - mail of a user who has logged in
who_login() {
	local port=$1 name=$2 from=$3
	shift 3
	PORT=$port LOGIN=${LOGIN:-alice} mail_in 198.51.100.9 laptop.example \
	    "$from" "$name@far.example" --h-From 'me@two.example' "$@"
	accepted
}

# opendmarc writes its results on each message, and the signer sees them
who_dmarc_login() {
	who_login 2551 who-dmarc me@two.example && choose_sent who-dmarc &&
	    loop_has_result "$FILE" && who_signed who-dmarc r1 e1
}

loop_has_result() {
	sed '/^\r*$/q' "$1" |
	    grep -q '^Authentication-Results: .*two\.example; dmarc=' ||
	    no 'opendmarc wrote nothing' "$(head -n 30 "$1")"
}

who_dmarc_own_field() {
	who_login 2551 who-dmarc-own me@two.example --add-header \
	    'Authentication-Results: mx.two.example; auth=pass smtp.auth=alice' &&
	    who_signed who-dmarc-own r1 e1
}

# Without a login the same marks are all there is
who_dmarc_no_login() {
	who_as 2551 who-dmarc-none 'ADDR=203.0.113.5 NAME=[UNAVAILABLE]' &&
	    who_unsigned who-dmarc-none \
	    'it came from outside: it has Authentication-Results of this host'
}

# Forged mail that came in, as it was delivered; a user sends it on as it is. The mark
# stands above our own Received.
who_redirect() {
	local name=who-redirect$1 post=$T/redirect$1
	mail_in 198.51.100.9 evil.example x@soft.example "$name@rcpt.example" \
	    --h-From 'me@two.example'
	accepted && delivered "$name" || return
	# shellcheck disable=SC2016
	sed -E '1,/^$/{/^(Return-Path|X-Original-To|Delivered-To):/d}' "$MAIL" \
	    >"$post"
	[ -z "$1" ] || sed -i '1i Resent-From: alice@two.example' "$post"
	head -n 2 "$post" | grep -q '^Received-SPF: softfail' ||
	    no "$(head -n 5 "$post")" || return
	PORT=2513 LOGIN=alice mail_in 198.51.100.9 laptop.example \
	    alice@two.example "$name@far.example" --data "@$post"
	accepted && who_unsigned "$name" \
	    'it came from outside: it has Received-SPF of this host'
}

# --- mailing lists -----------------------------------------------------------------

# who_post LIST NAME FROM - a stranger's post
who_post() {
	mail_in 198.51.100.9 ext.example x@soft.example "$1@rcpt.example" \
	    --h-Subject "$2" --h-From "$3"
	accepted
}

who_list() {
	who_post list who-list bob@ext.example && who_signed who-list e1 ||
	    return
	sed '/^\r*$/q' "$FILE" | grep -q '^Received-SPF: softfail' ||
	    no 'the list has not kept the mark'
}

# Our other From, sent by a stranger through that very service
who_list_forged() {
	who_post keep who-list-forged me@two.example &&
	    who_unsigned who-list-forged \
	    'from=two\.example .*it came from outside: it has Received-SPF of this host.*daemon=LISTS'
}

# The list's From, by another way
who_list_other_way() {
	PORT=2531 mail_in 198.51.100.9 evil.example x@soft.example \
	    list-way@rcpt.example --h-From 'list@ed.example'
	accepted && delivered list-way && no_field DKIM-Signature &&
	    logged 'unsigned.* client=127.* from=ed\.example .*it came from outside: it has Received-SPF'
}

# A stranger at the service itself
who_list_stranger() {
	PORT=10027 mail_in 198.51.100.9 evil.example x@soft.example \
	    list-stranger@rcpt.example --h-From 'list@ed.example'
	accepted && delivered list-stranger && no_field DKIM-Signature &&
	    logged 'unsigned.* from=ed\.example .*client 198\.51\.100\.9 is not internal'
}

# --- this host -----------------------------------------------------------------------

# who_from ADDRESS NAME - a client that connects from there, to there
who_from() {
	swaks --server 203.0.113.5 --port 2552 --local-interface "$1" \
	    --timeout 30 --helo localhost --from me@two.example \
	    --to "$2@far.example" --header 'Subject: out' >"$DIALOGUE" 2>&1
	accepted
}

who_own() {
	who_from 203.0.113.5 who-own && who_signed who-own r1 e1 &&
	    logged 'postseal-signer.* signed .*client=203\.0\.113\.5' &&
	    logged 'postseal-signer.* internal hosts="127\.0\.0\.1 ::1 this-host" this_host=.*203\.0\.113\.5'
}

# who_as PORT NAME XCLIENT - mail of such a client
who_as() {
	swaks --server 127.0.0.1 --port "$1" --timeout 30 \
	    --helo x.example --xclient "$3" --from me@two.example \
	    --to "$2@far.example" --header 'Subject: out' >"$DIALOGUE" 2>&1
	accepted
}

# The far end of a point-to-point link is another host
who_peer() {
	who_as 2552 who-peer 'ADDR=203.0.113.6 NAME=[UNAVAILABLE]' &&
	    who_unsigned who-peer 'client 203\.0\.113\.6 is not internal' &&
	    logged 'client=203\.0\.113\.6 .*fix="/etc/postseal/postseal\.conf: signer\.internal_hosts: if the client is yours: internal_hosts = \{127\.0\.0\.1, ::1, this-host, 203\.0\.113\.6\}"'
}

# A Postfix in a container sees strangers from this host's end of the bridge
who_container() {
	who_as 2552 who-container \
	    'ADDR=203.0.113.5 NAME=[UNAVAILABLE] DESTADDR=172.17.0.2' &&
	    who_unsigned who-container 'client 203\.0\.113\.5 is not internal'
}

# After a minute at most; for --long
who_refresh() {
	ip addr add 203.0.113.9/32 dev lo
	world_wait 65 who_refreshed || no 'not read again'
	ip addr del 203.0.113.9/32 dev lo
}

who_refreshed() {
	local name=who-refresh-$EPOCHSECONDS
	sleep 1 # one mail a second is enough to see it
	who_as 2552 "$name" 'ADDR=203.0.113.9 NAME=[UNAVAILABLE]' &&
	    choose_sent "$name" &&
	    [ "$(field_count DKIM-Signature "$FILE")" -gt 0 ]
}

# --- envelope senders, tenants -----------------------------------------------------

who_config() {
	cat >"$T/etc/postseal/who.conf" <<-END
	signer {
		listen = {"inet:127.0.0.1:8897"}
		control = {}
		match_envelope = true
		$1
	}
	domain "two.example" {
		key "r1" { file = "/etc/postseal/keys/two.example/r1.private" }
	}
	domain "ed.example" {
		key "e1" { file = "/etc/postseal/keys/ed.example/e1.private" }
	}
	END
}

who_start() {
	who_config ''
	world_start 8897 postseal-signer -c /etc/postseal/who.conf
	WHO=$STARTED
	logged 'who\.conf: signer\.auth_table: each login may have mail signed as any of the domains; .*inline:\* %'
}

who_envelope() {
	who_login 2553 who-envelope "you@two.example" &&
	    who_signed who-envelope r1
}

# who_envelope_not NAME SENDER
who_envelope_not() {
	who_login 2553 "$1" "$2" && who_unsigned "$1" "${3:-the envelope sender}"
}

# A read receipt, a vacation notice, a DSN of a mail system within
who_envelope_empty() {
	PORT=2553 mail_out '<>' who-empty@far.example --h-From me@two.example &&
	    accepted && who_signed who-empty r1
}

who_tenants() {
	who_config 'auth_table = "inline:* %"'
	kill -HUP "$WHO"
	logged 'postseal-signer.* reloaded' && world_wait 10 who_tenant_other ||
	    no 'a login signs as another' || return
	LOGIN=me@two.example who_login 2553 who-tenant me@two.example &&
	    who_signed who-tenant r1 &&
	    LOGIN=me@two.example who_login 2553 who-receipt '<>' &&
	    who_signed who-receipt r1
}

who_tenant_other() {
	local name=who-tenant-$EPOCHREALTIME
	LOGIN=me@ed.example who_login 2553 "$name" me@two.example &&
	    choose_sent "$name" &&
	    world_log_has 'unsigned.*login .*me@ed\.example.* may not use this From'
}

who_cases() {
	case_run 'who: a login, opendmarc in front of the signer' who_dmarc_login
	case_run 'who: a login, with results of its own' who_dmarc_own_field
	case_run 'who: no login, opendmarc in front' who_dmarc_no_login
	case_run 'who: forged mail that a login redirects' who_redirect ''
	case_run 'who: the same with Resent-From' who_redirect -resent
	case_run "who: a list's post is signed" who_list
	case_run "who: our other From through the lists' service" who_list_forged
	case_run "who: the list's From by another way" who_list_other_way
	case_run "who: a stranger at the lists' service" who_list_stranger
	case_run 'who: a client with an address of this host' who_own
	case_run 'who: a point-to-point peer, and the line to add' who_peer
	case_run 'who: Postfix in a container' who_container
	case_run 'who: several domains and no auth_table are told' who_start
	case_run 'who: match_envelope, the same domain' who_envelope
	case_run 'who: match_envelope, a login without sender' \
	    who_envelope_not who-null '<>' 'a login sends it without an envelope'
	case_run 'who: match_envelope, a top-level domain' \
	    who_envelope_not who-tld x@example
	case_run 'who: match_envelope, a name below' \
	    who_envelope_not who-below x@evil.two.example
	case_run 'who: match_envelope, no login and no sender' who_envelope_empty
	case_run 'who: each login is itself, by one line' who_tenants
	kill "$WHO"
}
