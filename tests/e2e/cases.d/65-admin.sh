# admin.sh - postseal setup, testkey, check, rotate and import on a Postfix of
# their own, which is never started; status and metrics on daemons of their own.
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

# admin_json EXPRESSION - what it said is JSON, d, of which that is true
admin_json() {
	python3 -c 'import json, sys
d = json.load(sys.stdin)
sys.exit(not eval(sys.argv[1]))' "$1" <<<"$ADMIN_SAID" ||
	    no "not JSON, or not so: $1" "$ADMIN_SAID"
}

# What a change would change: files, their modes and owners
admin_sum() {
	find "$ADM/pf" "$ADM/ps" -type f -exec cksum {} + | sort
	find "$ADM/pf" "$ADM/ps" -printf '%m %u %g %p\n' | sort
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
	cat >"$ADM/ps/postseal.conf" <<-END
	# mine
	policyd {
		control = {"unix:$ADM/ps/policyd.ctl"}
		listen = {"unix:$ADM/queue/postseal/policyd.sock"}
	}
	signer { control = {"unix:$ADM/ps/signer.ctl"} }
	verifier { control = {"unix:$ADM/ps/verifier.ctl"} }
	END
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
	    admin_said '_domainkey.adm.example. IN TXT' &&
	    admin_said '- systemctl enable --now postseal-signer postseal-verifier' &&
	    admin_said '- publish the record of the key' || return
	grep -qxF 'smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, check_policy_service unix:private/policyd-spf, reject_non_fqdn_sender' "$ADM/pf/main.cf" ||
	    no 'restrictions:' "$(cat "$ADM/pf/main.cf")" || return
	grep -qxF 'smtpd_milters = { unix:postseal/verifier.sock, default_action=tempfail }, { inet:127.0.0.1:9999, connect_timeout=1s }, { unix:postseal/signer.sock, default_action=tempfail }' "$ADM/pf/main.cf" ||
	    no 'milters:' "$(cat "$ADM/pf/main.cf")" || return
	grep -qxF 'non_smtpd_milters = { unix:postseal/signer.sock, default_action=tempfail }' "$ADM/pf/main.cf" ||
	    no 'milters of sendmail(1):' "$(cat "$ADM/pf/main.cf")" || return
	grep -qxF '# mine' "$ADM/ps/postseal.conf" &&
	    grep -qF 'hostname = "mx.adm.example"' "$ADM/ps/postseal.conf" &&
	    grep -qF 'observe = true' "$ADM/ps/postseal.conf" &&
	    grep -qF 'authserv_id = "mx.adm.example"' "$ADM/ps/postseal.conf" &&
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
	admin_exits 1 testkey && admin_said 'missing: DNS has no such record' &&
	    admin_said 'one value' && admin_said 'v=DKIM1; k=' &&
	    admin_said 'has the record: postseal testkey adm.example --activate' ||
	    return
	admin_exits 3 check && admin_said 'missing: DNS has' || return
	admin setup adm.example
	record=$(sed -n '/ IN TXT ($/,/^$/p' <<<"$ADMIN_SAID")
	admin_publish <<<"$record"
	world_wait 10 admin testkey || no "$ADMIN_SAID" || return
	admin_said 'key OK [not active]' &&
	    admin_exits 4 testkey adm.example --activate &&
	    admin_said 'is active now' &&
	    [ "${ADMIN_SAID##*: }" = 'systemctl start postseal-signer' ] ||
	    no "$ADMIN_SAID" || return
	grep -qF 'active = true' "$ADM/ps/domains.d/adm.example.conf" || return
	admin_exits 0 record adm.example --value &&
	    [ "${ADMIN_SAID#v=DKIM1; k=rsa; p=}" != "$ADMIN_SAID" ] ||
	    no "$ADMIN_SAID"
}

# admin_signer - the signer on this config, whose key it then has at once
admin_signer() {
	mkdir -p "$ADM/queue/postseal"
	chmod 755 "$ADM" "$ADM/queue" "$ADM/queue/postseal"
	"$LIBEXEC/postseal-signer" -c "$ADM/ps/postseal.conf" \
	    >>"$T/log/admin-signer.out" 2>&1 &
	ADMIN_OWN=$!
	world_wait 10 test -S "$ADM/ps/signer.ctl" ||
	    no 'no signer' "$(cat "$T/log/admin-signer.out")"
}

admin_key_followed() {
	admin_signer && admin_exits 0 testkey adm.example --activate &&
	    admin_said 'The signer runs with these settings'
}

# What setup puts into the config a running daemon has when setup ends
admin_setup_followed() {
	local before
	before=$(log_count 'postseal-signer.* reloaded')
	sed -i '/^hostname = /d' "$ADM/ps/postseal.conf"
	admin_exits 0 setup adm.example --apply &&
	    admin_said '- systemctl enable --now postseal-verifier' || return
	world_wait 10 log_has_more "$before" 'postseal-signer.* reloaded' ||
	    no 'the signer was not told' "$ADMIN_SAID"
}

# Without the verifier that is to refuse it says what to do; where all run, each has
# the settings when it ends
admin_enforce_followed() {
	local daemon rc=0
	local -A before
	admin_exits 4 setup --enforce &&
	    [ "${ADMIN_SAID##*: }" = 'systemctl start postseal-verifier' ] ||
	    no "$ADMIN_SAID" || return
	# the verifier's first address is held by the one of the world
	sed -i -e 's/observe = false/observe = true/' \
	    -e 's|"unix:/var/spool/[^"]*verifier.sock", ||' "$ADM/ps/postseal.conf"
	"$LIBEXEC/postseal-verifier" -c "$ADM/ps/postseal.conf" \
	    >>"$T/log/admin-verifier.out" 2>&1 &
	ADMIN_VERIFIER=$!
	"$LIBEXEC/postseal-policyd" -c "$ADM/ps/postseal.conf" --listen \
	    >>"$T/log/admin-policyd.out" 2>&1 &
	ADMIN_POLICYD=$!
	for daemon in verifier policyd; do
		world_wait 10 test -S "$ADM/ps/$daemon.ctl" ||
		    no "no $daemon" "$(cat "$T/log/admin-$daemon.out")" || return
	done
	for daemon in signer verifier policyd; do
		before[$daemon]=$(log_count "postseal-$daemon.* reloaded")
	done
	admin_exits 0 setup --enforce &&
	    admin_said 'All that runs has these settings' &&
	    admin_said "Postfix is not running: postfix -c $ADM/pf start" || rc=1
	for daemon in "${!before[@]}"; do
		world_wait 10 log_has_more "${before[$daemon]}" \
		    "postseal-$daemon.* reloaded" ||
		    no "the $daemon was not told" "$ADMIN_SAID" || rc=1
	done
	kill "$ADMIN_VERIFIER" "$ADMIN_POLICYD"
	wait "$ADMIN_VERIFIER" "$ADMIN_POLICYD"
	return "$rc"
}

admin_check() {
	# the daemons that run have another config
	admin_exits 3 check -a &&
	    admin_said 'SPF of adm.example: pass for 198.51.100.77' &&
	    admin_said '198.51.100.77 has a name that leads back to it' &&
	    admin_said 'Postfix does not run' &&
	    admin_said '0 errors, 0 warnings, 1 unknown' &&
	    admin_exits 3 check --json &&
	    admin_json 'd["rules"] and all(r["met"] for r in d["rules"])' &&
	    admin_json 'any(f["level"] == "ok" for f in d["findings"])' ||
	    return
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
	    admin_said "postconf -c $ADM/pf -P 127.0.0.1:10025/inet/smtpd_milters="
}

# admin_asks STATUS KEYS - check with those keys of dns { }; Postfix does not run, so
# that it is 3 at best
admin_asks() {
	local rc=0
	sed '/^dns {.*/d' "$ADM/ps/postseal.conf" >"$ADM/ps/servers.conf"
	echo "dns { $2 }" >>"$ADM/ps/servers.conf"
	ADMIN_SAID=$(postseal check --all -p "$ADM/pf" \
	    -c "$ADM/ps/servers.conf" 2>&1) || rc=$?
	[ "$rc" = "$1" ] || no "status $rc, not $1:" "$ADMIN_SAID"
}

# DNS servers on this host, and one that is not; keys of it that were, and that want care
admin_servers() {
	admin_asks 3 'servers = {"198.51.100.1", "127.0.0.1"}' &&
	    admin_said '2 DNS servers agree on MX and TXT of adm.example' &&
	    admin_said 'the DNS server 198.51.100.1 answers in ' &&
	    ! grep 'not on this host' <<<"$ADMIN_SAID" || no "$ADMIN_SAID" ||
	    return
	admin_asks 3 'servers = {"203.0.113.53"}' &&
	    grep -q 'note .*203\.0\.113\.53 answers in .*, is not on this host' \
		<<<"$ADMIN_SAID" || no "$ADMIN_SAID" || return
	admin_asks 3 'servers = {"203.0.113.53"} trust_ad = true' &&
	    admin_said 'but the DNS server 203.0.113.53 is not on this host' ||
	    return
	# nobody is there: the rest of DNS is not asked for
	admin_asks 1 'servers = {"127.0.0.9", "198.18.0.1"}' &&
	    admin_said 'the DNS server 127.0.0.9 gives no answer (unreachable)' &&
	    admin_said 'this host, its keys and' &&
	    ! grep 'rules of Google' <<<"$ADMIN_SAID" || no "$ADMIN_SAID" ||
	    return
	admin_asks 3 'trust_anchor = "/none"' &&
	    grep -q 'warning .*: dns\.trust_anchor: is not used any more' \
		<<<"$ADMIN_SAID" || no "$ADMIN_SAID"
}

# admin_live - check of the Postfix that runs here
admin_live() {
	ADMIN_SAID=$(postseal check --no-dns --all 2>&1) || :
}

# admin_live_has TEXT - with a finding
admin_live_has() {
	admin_live
	grep -qF -- "$1" <<<"$ADMIN_SAID"
}

admin_live_well() {
	admin_live && ! grep -qE '^(error|warning|unknown) *daemons' <<<"$ADMIN_SAID"
}

# What runs is well: all that Postfix asks gives an answer
admin_live_up() {
	# the tests before may have left them with older settings
	kill -HUP "$SIGNER" "$VERIFIER"
	world_wait 10 admin_live_well || no 'not well:' "$ADMIN_SAID" || return
	admin_said 'postseal-signer answers at inet:127.0.0.1:8891' &&
	    admin_said 'postseal-verifier answers at inet:127.0.0.1:8890' &&
	    admin_said 'unix:private/policyd-spf answers a policy request: ' &&
	    grep -q '^ok *daemons: postseal-signer .* runs' <<<"$ADMIN_SAID" ||
	    no "$ADMIN_SAID"
}

# A daemon does not know what was changed until it is reloaded
admin_live_old() {
	sleep 1
	touch /etc/postseal/domains.d
	admin_live_has 'postseal-signer has older settings: domains.d was' &&
	    admin_said 'systemctl reload postseal-signer' &&
	    ! grep 'verifier has older' <<<"$ADMIN_SAID" || no "$ADMIN_SAID" ||
	    return
	touch /etc/postseal/postseal.conf
	admin_live_has 'postseal-verifier has older settings: /etc/postseal' ||
	    no "$ADMIN_SAID" || return
	kill -HUP "$SIGNER" "$VERIFIER"
	world_wait 10 admin_live_well || no 'not well:' "$ADMIN_SAID"
}

# The signer is away; another program has its port; it is back
admin_live_down() {
	local other rc=0
	kill "$SIGNER" && wait "$SIGNER"
	admin_live_has 'postseal-signer does not answer at inet:127.0.0.1:8891' &&
	    grep -q '^error *daemons: postseal-signer' <<<"$ADMIN_SAID" ||
	    no "$ADMIN_SAID" || return
	python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 8891))
while True:
    s.accept()[0].close()' &
	other=$!
	world_wait 10 admin_live_has "should listen, is held by python3 (process $other)" ||
	    no "$ADMIN_SAID" || rc=1
	kill "$other" && wait "$other" 2>/dev/null
	world_start 8891 postseal-signer
	SIGNER=$STARTED
	world_wait 10 admin_live_well || no 'not well:' "$ADMIN_SAID" || rc=1
	return "$rc"
}

# The user of the spawn line, its program and its rights. Postfix is not told: it would
# not try again for a minute
admin_live_spawn() {
	local rc=0 line
	line=$(postconf -M policyd-spf/unix)
	postconf -M "policyd-spf/unix=${line/user=postseal-policyd/user=nosuchuser}"
	admin_live_has "policyd-spf: there is no user 'nosuchuser'" ||
	    no "$ADMIN_SAID" || rc=1
	postconf -M "policyd-spf/unix=${line/argv=/argv=/none}"
	admin_live_has 'policyd-spf: there is no /none/' || no "$ADMIN_SAID" || rc=1
	postconf -M "policyd-spf/unix=$line"
	chmod 600 /etc/postseal/postseal.conf
	admin_live_has 'its user may not read /etc/postseal/postseal.conf' ||
	    no "$ADMIN_SAID" || rc=1
	chmod 644 /etc/postseal/postseal.conf
	world_age
	kill -HUP "$SIGNER" "$VERIFIER"
	world_wait 10 admin_live_well || no 'not well:' "$ADMIN_SAID" || rc=1
	return "$rc"
}

# Postfix' user has to open the socket; who is not root is told so
admin_live_rights() {
	local socket=/var/spool/postfix/postseal/signer.sock rc=0
	chmod 600 "$socket"
	admin_live_has "unix:$socket may not be opened by postfix" ||
	    no "$ADMIN_SAID" || rc=1
	chmod 660 "$socket"
	admin_live_well || no 'not well:' "$ADMIN_SAID" || rc=1
	ADMIN_SAID=$(setpriv --reuid=65534 --regid=65534 --clear-groups \
	    "$(command -v postseal)" check --no-dns 2>&1)
	[ $? = 3 ] && admin_said 'fix: run this as root' || no "$ADMIN_SAID" || rc=1
	return "$rc"
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
	[ "$before" = "$(admin_sum)" ] || no 'it changed something' || return
	postconf -c "$ADM/pf" -e 'smtpd_restriction_classes = mine' \
	    'mine = permit_mynetworks' 'smtpd_recipient_restrictions = mine'
	before=$(admin_sum)
	admin_exits 1 setup other.example --apply &&
	    admin_said 'it has a $name or a class' || return
	[ "$before" = "$(admin_sum)" ] || no 'it changed something' || return
	postconf -c "$ADM/pf" -e 'mine = check_policy_service {'
	admin_exits 1 setup other.example --apply
}

# Where `postfix check` fails, main.cf and master.cf are put back
admin_takes_back() {
	local before
	cp -a "$ADM/before/." "$ADM/pf/"
	postconf -c "$ADM/pf" -e 'mail_owner = nosuchuser' \
	    'smtpd_milters = inet:127.0.0.1:8891'
	before=$(cksum "$ADM/pf"/*.cf)
	admin_exits 1 setup back.example --apply &&
	    admin_said 'are as they were' &&
	    admin_said 'main.cf names inet:127.0.0.1:8891 again, but' || return
	[ "$before" = "$(cksum "$ADM/pf"/*.cf)" ] && [ ! -e "$ADM/pf/postseal.undo" ] ||
	    no 'it left something behind' "$(ls "$ADM/pf")" || return
	rm "$ADM/ps/domains.d/back.example.conf"
	cp -a "$ADM/before/." "$ADM/pf/"
}

# A key is never written over, and what is asked wrongly changes nothing
admin_genkey() {
	local before key=$ADM/gk/g.example/s.private
	ADMIN_SAID=$(postseal genkey g.example -s s -t ed25519 -D "$ADM/gk" 2>&1) ||
	    no "$ADMIN_SAID" || return
	[ "$(stat -c %a "$key")" = 600 ] || no 'others may read the key' || return
	before=$(cksum "$key")
	! ADMIN_SAID=$(postseal genkey g.example -s s -D "$ADM/gk" 2>&1) &&
	    admin_said 'exists and stays as it is' &&
	    [ "$before" = "$(cksum "$key")" ] && [ "$(ls "$ADM/gk/g.example")" = s.private ]
}

# Each subcommand tells its exit codes; a wrong command line is 2, with one more
# sentence and nothing on standard output
admin_command_lines() {
	local command rc out
	for command in setup rotate check genkey testkey record import spf sign verify status why; do
		postseal $command --help | grep -qi 'exit status' ||
		    no "$command --help tells no exit status" || return
		rc=0
		out=$(postseal $command --no-such-option 2>"$ADM/err") || rc=$?
		[ "$rc" = 2 ] && [ -z "$out" ] && [ -s "$ADM/err" ] ||
		    no "$command --no-such-option: $rc, $out" "$(cat "$ADM/err")" ||
		    return
	done
}

# From one key to the next
admin_rotate() {
	local record
	admin_exits 0 rotate --status && admin_said 'no rotation is under way' &&
	    admin_exits 3 rotate adm.example || return
	record=$(sed -n '/ IN TXT ($/,/^$/p' <<<"$ADMIN_SAID")
	admin_exits 3 rotate adm.example && admin_said 'missing' &&
	    [ "$record" = "$(sed -n '/ IN TXT ($/,/^$/p' <<<"$ADMIN_SAID")" ] &&
	    admin_exits 3 rotate --status && admin_said 'missing' || return
	admin_publish <<<"$record"
	world_wait 10 admin rotate adm.example || no "$ADMIN_SAID" || return
	admin_said 'the new keys sign' && admin_said 'The old private key stays in' &&
	    postseal check --no-dns -p "$ADM/pf" -c "$ADM/ps/postseal.conf" \
		>"$T/log/admin-check" 2>&1
	! grep 'postseal-signer has older settings' "$T/log/admin-check" &&
	    kill "$ADMIN_OWN" &&
	    admin_exits 0 testkey && admin_said 'key OK' || return
	[ "$(grep -c 'key "' "$ADM/ps/domains.d/adm.example.conf")" = 1 ] &&
	    admin_exits 0 rotate adm.example --status &&
	    admin_said '7 more days' &&
	    admin_exits 0 rotate adm.example -k 3 && admin_said '3 more days' &&
	    admin_exits 0 testkey --json &&
	    admin_json 'len(d) == 1 and d[0]["good"] and d[0]["active"]' ||
	    return
	echo cut >"$ADM/ps/keys/adm.example/rotate.json"
	admin_exits 1 rotate adm.example && admin_said 'not what rotate has written'
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
	    admin_said 'Mode: two daemons do it' &&
	    grep -qF '"192.168.1.0/24"' "$dir/new.conf" &&
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

# The other table of users.md: a wildcard that only refile: knows. And a file that
# is broken imports nothing
admin_import_wildcard() {
	local dir=$ADM/im2
	mkdir -p "$dir"
	printf '%s\n' "KeyTable $dir/KeyTable" "SigningTable $dir/SigningTable" \
	    'Mode s' >"$dir/opendkim.conf"
	echo "k._domainkey.example.jp example.jp:k:$E2E/keys/r1.private" \
	    >"$dir/KeyTable"
	echo '*@example.jp k._domainkey.example.jp' >"$dir/SigningTable"
	ADMIN_SAID=$(postseal import "$dir/opendkim.conf" -o "$dir/new.conf" 2>&1) ||
	    no "$ADMIN_SAID" || return
	ADMIN_SAID=$(postseal check -n -p "$ADM/pf" -c "$dir/new.conf" 2>&1)
	admin_said "$dir/SigningTable:1: " && admin_said 'refile:' || return
	local before
	before=$(find "$dir" -type f | sort)
	# nor does setup make a key where the tables have one
	sed -i 's/^\*@//' "$dir/SigningTable"
	ADMIN_SAID=$(postseal setup example.jp -p "$ADM/pf" -c "$dir/new.conf" 2>&1) ||
	    no "$ADMIN_SAID" || return
	! grep -q 'postseal genkey' <<<"$ADMIN_SAID" &&
	    admin_said 'k._domainkey.example.jp: missing' || return
	ADMIN_SAID=$(postseal setup example.net -p "$ADM/pf" -c "$dir/new.conf" 2>&1)
	admin_said 'postseal genkey example.net --add' || return
	printf 'Mode s\nKeyTable\n' >"$dir/opendkim.conf"
	! ADMIN_SAID=$(postseal import "$dir/opendkim.conf" -o "$dir/other.conf" 2>&1) &&
	    admin_said "$dir/opendkim.conf:2: not an option with a value" || return
	[ "$before" = "$(find "$dir" -type f | sort)" ] ||
	    no 'something was left behind' "$(ls -A "$dir")" || return
	# a file that is there stays
	printf 'Mode s\n' >"$dir/opendkim.conf"
	! ADMIN_SAID=$(postseal import "$dir/opendkim.conf" -o "$dir/new.conf" 2>&1) &&
	    admin_said 'new.conf exists and stays as it is' &&
	    grep -q signing_table "$dir/new.conf"
}

# What is wrong is told with its line, and all else is made; tables in a database are
# files then, and nothing is written over
admin_import_wrong() {
	local dir=$ADM/im3 rc=0 before
	mkdir -p "$dir/bin"
	printf '%s\n' 'TestOnly = 1' \
	    'skip_addresses = 127.0.0.0/8,::ffff:127.0.0.0//104,192.0.2.7' \
	    >"$dir/policyd-spf.conf"
	echo 'partner.example' >"$dir/exempt_spf_domains"
	ADMIN_SAID=$(postseal import "$dir/policyd-spf.conf" \
	    "$dir/exempt_spf_domains" -o "$dir/spf.conf" 2>&1) ||
	    no "$ADMIN_SAID" || return
	admin_said "$dir/policyd-spf.conf:2: skip_addresses: \"::ffff:127.0.0.0//104\"" &&
	    grep -qF 'trusted_networks = {"127.0.0.0/8", "192.0.2.7"}' "$dir/spf.conf" &&
	    grep -qF 'exempt_domains = {"partner.example"}' "$dir/spf.conf" || return
	postseal -T -c "$dir/spf.conf" >/dev/null 2>&1 ||
	    no 'not a config' "$(cat "$dir/spf.conf")" || return

	install -m 600 "$E2E/keys/r1.private" "$dir/key"
	cat >"$dir/bin/mysql" <<-END
		#!/bin/sh
		printf '%s\n' "\$@" >>$dir/words
		case "\$*" in
		*d,s,k*) printf '1\tours.example\ts1\t$dir/key\n' ;;
		*) printf 'ours.example\t1\n' ;;
		esac
	END
	chmod 755 "$dir/bin/mysql"
	printf '%s\n' 'Mode s' 'SignatureTTL 1d' \
	    'KeyTable dsn:mysql://o:hushhush@h/m/table=t?keycol=id?datacol=d,s,k' \
	    'SigningTable dsn:mysql://o:hushhush@h/m/table=t?keycol=d?datacol=id' \
	    >"$dir/opendkim.conf"
	ADMIN_SAID=$(postseal import "$dir/opendkim.conf" -o "$dir/new.conf" 2>&1) || rc=$?
	[ "$rc" = 3 ] && admin_said ':2: SignatureTTL: not a number' &&
	    admin_said ':3: KeyTable: it stands in a database: with --query' ||
	    no "status $rc:" "$ADMIN_SAID" || return
	rm "$dir/new.conf"
	rc=0
	ADMIN_SAID=$(PATH=$dir/bin:$PATH postseal import -q "$dir/opendkim.conf" \
	    -o "$dir/new.conf" 2>&1) || rc=$?
	[ "$rc" = 3 ] || no "status $rc:" "$ADMIN_SAID" || return
	! grep -rq hushhush "$dir/words" "$dir"/new.conf* <<<"$ADMIN_SAID" ||
	    no 'the password is somewhere' || return
	[ "$(stat -c %a "$dir/new.conf.KeyTable")" = 600 ] &&
	    postseal -T -c "$dir/new.conf" >/dev/null 2>&1 &&
	    printf 'From: u@ours.example\n\nx\n' >"$dir/mail" &&
	    postseal why -c "$dir/new.conf" "$dir/mail" 2>&1 |
	    grep -q 'ours.example' ||
	    no 'it does not sign' "$ADMIN_SAID" || return
	# as if it had been ended between the files: the next run goes on
	rm "$dir/new.conf" "$dir/new.conf.SigningTable"
	PATH=$dir/bin:$PATH postseal import -q "$dir/opendkim.conf" \
	    -o "$dir/new.conf" >/dev/null 2>&1
	[ -e "$dir/new.conf" ] && [ -e "$dir/new.conf.SigningTable" ] ||
	    no 'it does not go on' || return
	before=$(cat "$dir"/new.conf*)
	! ADMIN_SAID=$(PATH=$dir/bin:$PATH postseal import -q "$dir/opendkim.conf" \
	    -o "$dir/new.conf" 2>&1) && admin_said 'exists and stays as it is' &&
	    [ "$before" = "$(cat "$dir"/new.conf*)" ]
}

# OpenDKIM goes on verifying, with what is printed
admin_import_sign_only() {
	local dir=$ADM/im4
	mkdir -p "$dir"
	printf '%s\n' 'Domain ours.example' "KeyFile $E2E/keys/r1.private" \
	    'Selector s1' 'Socket inet:8891@127.0.0.1' >"$dir/opendkim.conf"
	postseal import -s "$dir/opendkim.conf" -o "$dir/new.conf" \
	    2>"$dir/said" >"$dir/keep.conf" || no "$(cat "$dir/said")" || return
	[ "$(grep -v '^#' "$dir/keep.conf")" = $'Mode v\nSocket inet:8891@127.0.0.1' ] ||
	    no "$(cat "$dir/keep.conf")" || return
	grep -qF 'listen = {}' "$dir/new.conf" && ! grep -q 8891 "$dir/new.conf" &&
	    opendkim -n -x "$dir/keep.conf" || no "$(cat "$dir/new.conf")" || return
	ADMIN_SAID=$(postseal import "$dir/opendkim.conf" 2>&1 >/dev/null)
	admin_said 'Mode: it is not set, so opendkim signs and verifies'
}

# --- running daemons --------------------------------------------------------

# admin_start - both daemons, with sockets and metrics of their own
admin_start() {
	mkdir -p "$ADM/st"
	chmod 755 "$ADM/st"
	cat >"$ADM/st/postseal.conf" <<-END
	policyd {
		listen = {"inet:127.0.0.1:10035"}
		control = {"unix:$ADM/st/policyd.sock"}
		metrics = {"inet:127.0.0.1:9114"}
	}
	signer {
		listen = {"inet:127.0.0.1:8895", "unix:$ADM/st/milter.sock"}
		control = {"unix:$ADM/st/signer.sock"}
		metrics = {"inet:127.0.0.1:9115"}
	}
	verifier { control = {"unix:$ADM/st/verifier.sock"} }
	domain "two.example" {
		key "r1" { file = "/etc/postseal/keys/two.example/r1.private" }
		key "other" { file = "/etc/postseal/keys/two.example/e1.private" }
	}
	END
	world_start 8895 postseal-signer -c "$ADM/st/postseal.conf"
	ADMIN_SIGNER=$STARTED
	world_start 10035 postseal-policyd -c "$ADM/st/postseal.conf" --listen
	ADMIN_POLICYD=$STARTED
}

# admin_ask [option...] - postseal status of these
admin_ask() {
	ADMIN_SAID=$(postseal status -c "$ADM/st/postseal.conf" "$@" 2>&1)
}

admin_keys_compared() {
	admin_ask signer &&
	    grep -qF '1 in DNS, 1 missing or another, 0 unknown' <<<"$ADMIN_SAID"
}

# admin_sign FROM - a message of this host, by the milter protocol
admin_sign() {
	python3 -c 'import sys
sys.path.insert(0, sys.argv[1])
from milter import Milter
m = Milter(sys.argv[2])
code, inserted = m.message([(b"From", b" " + sys.argv[3].encode())], b"hi\r\n")
m.close()
sys.exit(not inserted)' "$TOP/tests/corpus" "$ADM/st/milter.sock" "$1" ||
	    no 'no signature'
}

# A message and a request, and what the daemons say of themselves
admin_status() {
	local answer
	admin_sign me@two.example || return
	exec 9<>/dev/tcp/127.0.0.1/10035 || return
	printf '%s\n' request=smtpd_access_policy protocol_state=RCPT \
	    client_address=198.51.100.77 helo_name=mx.adm.example \
	    sender=a@adm.example recipient=b@rcpt.example '' >&9
	read -r -t 10 answer <&9
	exec 9<&-
	[[ $answer = action=* ]] || no "no answer: $answer" || return
	world_wait 10 admin_keys_compared || no "$ADMIN_SAID" || return
	admin_said 'other._domainkey.two.example: mismatch' &&
	    admin_ask && admin_said 'postseal-signer 0' && admin_said 'postseal-policyd 0' &&
	    admin_said 'MAIL FROM       pass 1' &&
	    admin_said 'signatures      two.example: rsa 1, ed25519 1' &&
	    admin_ask --json &&
	    admin_json 'd["postseal-policyd"]["counters"]["spf_results_total"]["mail_from"]["pass"] == 1' &&
	    admin_json 'd["postseal-signer"]["keys"][0]["selector"] == "other"' &&
	    admin_json 'd["postseal-signer"]["workers"][0]["pid"] > 1'
}

# admin_scrape PORT - what Prometheus would get
admin_scrape() {
	exec 9<>"/dev/tcp/127.0.0.1/$1" &&
	    printf 'GET /metrics HTTP/1.0\r\n\r\n' >&9 && cat <&9
	exec 9<&-
}

# Each name in the dashboard and the alerts is served by the daemon it names
admin_metrics() {
	local name
	admin_scrape 9114 >"$ADM/st/policyd.metrics" &&
	    admin_scrape 9115 >"$ADM/st/signer.metrics" || return
	grep -q '^HTTP/1\.[01] 200' "$ADM/st/policyd.metrics" &&
	    grep -q 'text/plain; version=0\.0\.4' "$ADM/st/policyd.metrics" &&
	    grep -qE '^postseal_policyd_spf_results_total\{.*mail_from.*pass.*\} 1' \
	    "$ADM/st/policyd.metrics" &&
	    grep -qE '^postseal_signer_keys_mismatch 1' "$ADM/st/signer.metrics" ||
	    no 'wrong metrics:' "$(cat "$ADM/st"/*.metrics)" || return
	for name in $(grep -ohE 'postseal_(policyd|signer)_[a-z_]+' \
	    "$TOP/conf/grafana-dashboard.json" "$TOP/conf/alerts.yml" | sort -u); do
		grep -qE "^${name}[ {]" "$ADM/st"/*.metrics ||
		    no "nobody serves $name" || return
	done
}

# One that is down is told; the one that was asked for makes it fail
admin_down() {
	kill "$ADMIN_SIGNER" && wait "$ADMIN_SIGNER"
	admin_ask && admin_said 'postseal-signer is not running' || return
	! admin_ask signer && kill "$ADMIN_POLICYD" && wait "$ADMIN_POLICYD"
	! admin_ask && admin_said 'postseal-policyd is not running'
}

admin_cases() {
	admin_make
	case_run 'setup shows, then applies' admin_setup
	case_run 'setup again changes nothing' admin_setup_again
	case_run 'testkey: no record, then the right one' admin_key
	case_run 'testkey --activate: the running signer follows' admin_key_followed
	case_run 'setup --apply: the running signer follows' admin_setup_followed
	case_run 'setup --enforce: all that run follow' admin_enforce_followed
	case_run 'check: DNS servers here and elsewhere' admin_servers
	case_run 'check: all is well, then not' admin_check
	case_run 'check: what runs is well' admin_live_up
	case_run 'check: older settings' admin_live_old
	case_run 'check: the signer away, and another in its place' admin_live_down
	case_run 'check: the line of spawn(8)' admin_live_spawn
	case_run 'check: who may open a socket' admin_live_rights
	case_run 'setup --undo and --enforce' admin_undo
	case_run 'setup refuses what it cannot read' admin_refuses
	case_run 'setup takes back what fails' admin_takes_back
	case_run 'genkey writes over no key' admin_genkey
	case_run 'wrong command lines' admin_command_lines
	case_run 'rotate: from one key to the next' admin_rotate
	case_run 'import: the old config, broken tables told' admin_import
	case_run 'import: a wildcard without refile:' admin_import_wildcard
	case_run 'import: what is wrong, and what a database has' admin_import_wrong
	case_run 'import: opendkim goes on verifying' admin_import_sign_only
	admin_start
	case_run 'status: running daemons, keys against DNS' admin_status
	case_run 'metrics: what the dashboard names is served' admin_metrics
	case_run 'status: daemons that are down' admin_down
}
