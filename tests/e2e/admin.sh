# admin.sh - postseal setup, testkey, check, rotate and import on a Postfix of
# their own, which is never started.
#
# Sourced, after lib.sh.
# shellcheck shell=bash

ADM=$T/admin # a Postfix' configuration in pf, postseal's in ps

# admin COMMAND [option...] - postseal COMMAND there; what it says is in ADMIN_SAID
admin() {
	local command=$1 rc=0
	shift
	set -- "$@" -c "$ADM/ps/postseal.conf"
	case $command in
	setup | check) set -- "$@" -p "$ADM/pf" ;;
	esac
	case $command in
	setup | rotate) set -- "$@" -D "$ADM/ps/keys" ;;
	esac
	ADMIN_SAID=$(postseal "$command" "$@" 2>&1) || rc=$?
	return "$rc"
}

# admin_exits STATUS COMMAND [option...]
admin_exits() {
	local want=$1 rc=0
	shift
	admin "$@" || rc=$?
	[ "$rc" = "$want" ] || no "status $rc, not $want:" "$ADMIN_SAID"
}

admin_said() {
	grep -qF -- "$1" <<<"$ADMIN_SAID" ||
	    no "it did not say: $1" "$ADMIN_SAID"
}

# What a change would change
admin_sum() {
	find "$ADM/pf" "$ADM/ps" -type f -exec cksum {} + | sort
}

# The zone gets what stands on standard input
admin_publish() {
	cat >>"$T/etc/nsd/root.zone"
	kill -HUP "$NSD"
}

admin_make() {
	mkdir -p "$ADM/pf" "$ADM/ps" "$ADM/queue"
	cp /usr/share/postfix/master.cf.dist "$ADM/pf/master.cf"
	cat >"$ADM/pf/main.cf" <<-END
	compatibility_level = 3.6
	myhostname = mx.adm.example
	queue_directory = $ADM/queue
	data_directory = $ADM/queue
	smtp_tls_security_level = may
	smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination,
	    reject_non_fqdn_sender
	smtpd_milters = { inet:127.0.0.1:9999, connect_timeout=1s }
	END
	chmod 644 "$ADM/pf"/*
	printf '# mine\n' >"$ADM/ps/postseal.conf"
	admin_publish <<-'END'
	adm.example	TXT	"v=spf1 mx -all"
	adm.example	MX	10 mx.adm.example.
	mx.adm.example	A	198.51.100.77
	77.100.51.198.in-addr.arpa	PTR	mx.adm.example.
	_dmarc.adm.example	TXT	"v=DMARC1; p=none; rua=mailto:d@adm.example"
	END
}

# Shown, nothing done; then done, with what was there kept in place
admin_setup() {
	local before
	before=$(admin_sum)
	admin_exits 0 setup adm.example &&
	    admin_said 'with --apply it is' &&
	    { [ "$before" = "$(admin_sum)" ] || no 'it changed something'; } &&
	    cp -a "$ADM/pf" "$ADM/before" &&
	    admin_exits 0 setup adm.example --apply &&
	    admin_said '_domainkey.adm.example. IN TXT' || return
	grep -qxF 'smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, check_policy_service unix:private/policyd-spf, reject_non_fqdn_sender' "$ADM/pf/main.cf" ||
	    no 'restrictions:' "$(cat "$ADM/pf/main.cf")" || return
	grep -qxF 'smtpd_milters = { inet:127.0.0.1:9999, connect_timeout=1s }, inet:127.0.0.1:8891' "$ADM/pf/main.cf" ||
	    no 'milters:' "$(cat "$ADM/pf/main.cf")" || return
	grep -qxF '# mine' "$ADM/ps/postseal.conf" &&
	    grep -qF 'hostname = "mx.adm.example"' "$ADM/ps/postseal.conf" &&
	    grep -qF 'observe = true' "$ADM/ps/postseal.conf" &&
	    grep -qF 'active = false' "$ADM/ps/domains.d/adm.example.conf" ||
	    no 'config:' "$(cat "$ADM/ps/postseal.conf")"
}

admin_setup_again() {
	local before
	before=$(admin_sum)
	admin_exits 0 setup adm.example --apply &&
	    admin_said 'Nothing is left to change' || return
	[ "$before" = "$(admin_sum)" ] || no 'the second run changed something'
}

# A record that is not there, is wrong, and is right
admin_key() {
	local record
	admin_exits 1 testkey && admin_said 'missing: DNS has no such record' ||
	    return
	admin_exits 1 check && admin_said 'missing: DNS has' || return
	admin setup adm.example
	record=$(sed -n '/ IN TXT ($/,/^$/p' <<<"$ADMIN_SAID")
	admin_publish <<<"$record"
	world_wait 10 admin testkey || no "$ADMIN_SAID" || return
	admin_said 'key OK [not active]' &&
	    admin_exits 0 testkey adm.example --activate &&
	    admin_said 'is active now' || return
	grep -qF 'active = true' "$ADM/ps/domains.d/adm.example.conf"
}

admin_check() {
	admin_exits 0 check -a &&
	    admin_said 'SPF of adm.example: pass for 198.51.100.77' &&
	    admin_said '198.51.100.77 has a name that leads back to it' &&
	    admin_said '0 errors, 0 warnings, 0 unknown' &&
	    admin_exits 0 check --json &&
	    python3 -c 'import json, sys
d = json.load(sys.stdin)
sys.exit(not all(r["met"] for r in d["rules"]) or len(d["rules"]) == 0)' \
	    <<<"$ADMIN_SAID" || no 'rules are not met' "$ADMIN_SAID" || return
	admin_exits 1 check --ip 203.0.113.9 &&
	    admin_said 'SPF of adm.example for 203.0.113.9: fail' || return
	sed -i 's/reject_unauth_destination, \(check_policy_service [^,]*\)/\1, reject_unauth_destination/' "$ADM/pf/main.cf"
	postconf -c "$ADM/pf" -e 'smtpd_relay_restrictions = permit_mynetworks' \
	    'smtp_generic_maps = static:x' 'non_smtpd_milters =' \
	    'content_filter = smtp:[127.0.0.1]:10024'
	postconf -c "$ADM/pf" -M \
	    '127.0.0.1:10025/inet=127.0.0.1:10025 inet n - n - - smtpd'
	admin_exits 1 check -n &&
	    admin_said 'has no reject_unauth_destination before it' &&
	    admin_said 'smtp_generic_maps is set' &&
	    admin_said 'non_smtpd_milters do not have the signer' &&
	    admin_said "postconf -P '127.0.0.1:10025/inet/smtpd_milters='"
}

# A changed file is not put back; an unchanged one is
admin_undo() {
	admin_exits 1 setup --undo && admin_said 'was changed since setup' ||
	    return
	cp "$ADM/pf/postseal.undo/main.cf.after" "$ADM/pf/main.cf"
	cp "$ADM/pf/postseal.undo/master.cf.after" "$ADM/pf/master.cf"
	admin_exits 0 setup --undo &&
	    diff -r "$ADM/before" "$ADM/pf" &&
	    admin_exits 1 setup --undo &&
	    admin_exits 0 setup --enforce &&
	    grep -qF 'observe = false' "$ADM/ps/postseal.conf"
}

# What cannot be read is left alone, all of it
admin_refuses() {
	local before
	postconf -c "$ADM/pf" -e \
	    "smtpd_recipient_restrictions = \$mua_recipient_restrictions"
	before=$(admin_sum)
	admin_exits 1 setup other.example --apply &&
	    admin_said 'it has a $name' || return
	[ "$before" = "$(admin_sum)" ] || no 'it changed something'
}

# From one key to the next
admin_rotate() {
	local record
	admin_exits 3 rotate adm.example || return
	record=$(sed -n '/ IN TXT ($/,/^$/p' <<<"$ADMIN_SAID")
	admin_exits 3 rotate adm.example && admin_said 'missing' || return
	admin_publish <<<"$record"
	world_wait 10 admin rotate adm.example || no "$ADMIN_SAID" || return
	admin_said 'the new keys sign' &&
	    admin_exits 0 testkey && admin_said 'key OK' || return
	[ "$(grep -c 'key "' "$ADM/ps/domains.d/adm.example.conf")" = 1 ] &&
	    admin_exits 0 rotate adm.example --status &&
	    admin_said '7 more days'
}

# The tables as one guide prints them: the name of the key is not the same
admin_import() {
	local dir=$ADM/im
	mkdir -p "$dir"
	printf '%s\n' "KeyTable $dir/KeyTable" \
	    "SigningTable refile:$dir/SigningTable" \
	    "InternalHosts $dir/TrustedHosts" 'Mode sv' \
	    'Socket inet:8891@localhost' >"$dir/opendkim.conf"
	echo "20200516._domainkey.example.jp example.jp:20200516:$E2E/keys/r1.private" \
	    >"$dir/KeyTable"
	echo '*@example.jp 20200505._domainkey.example.jp' >"$dir/SigningTable"
	printf '127.0.0.1\n::1\n192.168.1.0/24\n' >"$dir/TrustedHosts"
	printf '%s\n' 'TestOnly = 0' 'HELO_reject = SPF_Not_Pass' \
	    'Mail_From_reject = False' >"$dir/policyd-spf.conf"
	ADMIN_SAID=$(postseal import "$dir/opendkim.conf" \
	    "$dir/policyd-spf.conf" -o "$dir/new.conf" 2>&1) &&
	    admin_said 'Mode: postseal-signer signs, it does not verify' &&
	    grep -qF 'observe = true' "$dir/new.conf" &&
	    grep -qF 'neutral = "reject"' "$dir/new.conf" || return
	ADMIN_SAID=$(postseal check -n -p "$ADM/pf" -c "$dir/new.conf" 2>&1)
	admin_said "$dir/SigningTable:1: " &&
	    admin_said "$dir/KeyTable:1 has" || return
	echo broken >>"$dir/opendkim.conf"
	rm "$dir/new.conf"
	ADMIN_SAID=$(postseal import "$dir/opendkim.conf" -o "$dir/new.conf" 2>&1)
	admin_said "$dir/opendkim.conf:6: " && [ ! -e "$dir/new.conf" ]
}

admin_cases() {
	admin_make
	case_run 'setup shows, then applies' admin_setup
	case_run 'setup again changes nothing' admin_setup_again
	case_run 'testkey: no record, then the right one' admin_key
	case_run 'check: all is well, then not' admin_check
	case_run 'setup --undo and --enforce' admin_undo
	case_run 'setup refuses what it cannot read' admin_refuses
	case_run 'rotate: from one key to the next' admin_rotate
	case_run 'import: the old config, broken tables told' admin_import
}
