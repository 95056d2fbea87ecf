# choose.sh - what is signed, and as whom: content filters, OpenDKIM's tables, and
# postseal why.
#
# Sourced, after outbound.sh: the signers run, the sink holds what went out.
# shellcheck shell=bash

CHOOSE=$T/etc/postseal/tables # OpenDKIM's files

# choose_put FILE LINE... - a file of tables
choose_put() {
	local file=$1
	shift
	printf '%s\n' "$@" >"$CHOOSE/$file"
}

# A message to NAME@far.example is in the sink; its file is FILE
choose_sent() {
	FILE=
	world_wait 15 choose_look "$1" || no "$1 has not arrived" "$(postqueue -p)"
}

choose_look() {
	FILE=$(grep -lsaF -r "X-Rcpt-Args: <$1@far.example>" "$T/sink")
	[ -n "$FILE" ]
}

# Forged mail from outside, that a content filter hands in from 127.0.0.1: our own
# Received-SPF gives it away
choose_forged_filter() {
	PORT=2531 mail_in 198.51.100.9 evil.example x@soft.example \
	    loop@rcpt.example --h-From 'me@two.example'
	accepted && delivered loop && no_field DKIM-Signature &&
	    logged 'unsigned.* client=127\.0\.0\.1 from=two\.example .*it came from outside: it has Received-SPF' || return
	# it did come in twice
	[ "$(grep -c '^Received: ' "$MAIL")" -ge 2 ] || no 'there was no filter'
}

# The same with all that a sender can put around it: fields of hosts elsewhere, and a
# receiver= of its own in HELO and envelope
choose_forged_fields() {
	PORT=2531 mail_in 198.51.100.9 'x;receiver=far.example;("' \
	    '"a; receiver=far.example ("@soft.example' fields@rcpt.example \
	    --h-From 'me@two.example' \
	    --add-header 'Received-SPF: pass (x) receiver=far.example; y="' \
	    --add-header 'Authentication-Results: far.example; none (' \
	    --add-header 'DKIM-Signature: v=1; d=two.example; s=r1; b=AAAA'
	accepted && delivered fields &&
	    logged 'unsigned.* client=127\.0\.0\.1 from=two\.example .*it came from outside: it has Received-SPF' || return
	[ "$(field_count DKIM-Signature "$MAIL")" = 1 ] ||
	    no 'forged mail was signed' "$(head -n 40 "$MAIL")"
}

# The same without any SPF, where the smtpd behind the filter has a name
choose_forged_daemon() {
	PORT=2532 mail_in 198.51.100.9 evil.example x@soft.example \
	    named@rcpt.example --h-From 'me@two.example'
	accepted && delivered named && no_field DKIM-Signature Received-SPF &&
	    logged 'unsigned.*REINJECT is one of never_sign_daemons'
}

# Our own mail through that filter is signed once by each key
choose_twice() {
	PORT=2531 mail_out me@two.example twice@far.example
	PORT=2531 accepted && choose_sent twice || return
	[ "$(field_count DKIM-Signature "$FILE")" = 2 ] ||
	    no "$(head -n 40 "$FILE")" || return
	logged 'unsigned.* from=two\.example .*our signature is there already'
}

# The tables of an OpenDKIM user, and its signer
choose_tables() {
	local keys=/etc/postseal/keys
	mkdir -p "$CHOOSE"
	choose_put KeyTable '# name domain:selector:path' \
	    "r1._domainkey.two.example two.example:r1:$keys/two.example/r1.private" \
	    "any %:e1:$keys/%/e1.private"
	choose_put SigningTable '*@two.example r1._domainkey.two.example:@%' \
	    '*@ed.example any' '*@wrong.example 20200505._domainkey'
	choose_put TrustedHosts 127.0.0.1 ::1 '*.two.example'
	choose_put Logins 'alice *@ed.example'
	cat >"$T/etc/postseal/tables.conf" <<-'END'
	signer {
		listen = {"inet:127.0.0.1:8896"}
		key_table = "/etc/postseal/tables/KeyTable"
		signing_table = "refile:/etc/postseal/tables/SigningTable"
		internal_hosts = {"refile:/etc/postseal/tables/TrustedHosts"}
		auth_table = "/etc/postseal/tables/Logins"
		at_risk = "skip"
	}
	END
	world_start 8896 postseal-signer -c /etc/postseal/tables.conf
	TABLES=$STARTED
	# what is wrong is told, with both files, and the rest goes on
	logged 'SigningTable:3: \*@wrong\.example names the key .*which /etc/postseal/tables/KeyTable does not have'
}

# choose_table_mail NAME FROM-DOMAIN SELECTOR: it verifies
choose_table_mail() {
	local dir=$T/choose.$1
	PORT=2533 mail_out "me@$2" "$1@far.example"
	accepted && choose_sent "$1" || return
	mkdir -p "$dir"
	sed '1,/^X-Rcpt-Args/d; s/$/\r/' "$FILE" >"$dir/$1.eml"
	[ "$("$E2E/verify-dkimpy" "$dir")" = "$1 $3 ok" ] ||
	    no "$("$E2E/verify-dkimpy" "$dir")" "$(cat "$dir/$1.eml")"
}

choose_identity() {
	choose_sent table-rsa || return
	tr -d ' \t\r\n' <"$FILE" | grep -q 'i=@two\.example;' ||
	    no 'no i= of the table'
}

choose_bad_row() {
	PORT=2533 mail_out me@wrong.example bad@far.example
	replied '451 4\.3\.0 ' &&
	    logged 'tempfail.*a key for wrong\.example cannot be used .*SigningTable:3'
}

choose_other_login() {
	PORT=2533 LOGIN=alice NAME=pc.two.example \
	    mail_in 198.51.100.9 laptop.example me@two.example \
	    login@rcpt.example --h-From 'me@two.example'
	accepted && delivered login && no_field DKIM-Signature &&
	    logged 'unsigned.*login .*alice.* may not use this From address'
}

# No address list, but one domain, also when Postfix has put its own behind the names
choose_sloppy() {
	mail_out me@two.example sloppy@far.example \
	    --h-From 'A&B Co., Ltd. <me@two.example>'
	accepted && choose_sent sloppy || return
	[ "$(field_count DKIM-Signature "$FILE")" = 2 ] ||
	    no "$(head -n 40 "$FILE")" || return
	mail_out me@two.example other@far.example \
	    --h-From 'Doe, x@far.example <me@two.example>'
	accepted && choose_sent other || return
	[ "$(field_count DKIM-Signature "$FILE")" = 0 ] || no 'it is signed'
}

choose_risk() {
	PORT=2533 mail_out me@two.example risk@far.example \
	    --body "$(printf 'x%.0s' {1..1200})"
	accepted && choose_sent risk || return
	[ "$(field_count DKIM-Signature "$FILE")" = 0 ] || no 'it is signed' ||
	    return
	logged 'unsigned.*at_risk is skip.*at_risk=long-line'
}

# A reload with a row that is wrong is refused; a good one counts
choose_reload() {
	kill -HUP "$TABLES"
	logged 'bad keys: the settings in force stay' || return
	sed -i 3d "$CHOOSE/SigningTable"
	echo '*@rsa.example r1._domainkey.two.example' >>"$CHOOSE/SigningTable"
	kill -HUP "$TABLES"
	world_wait 10 choose_reloaded || no 'not reloaded'
}

choose_reloaded() {
	postseal why -c /etc/postseal/tables.conf - <<<'From: x@rsa.example' \
	    >/dev/null && PORT=2533 mail_out me@rsa.example \
	    "re-$EPOCHSECONDS@far.example" &&
	    world_log_has 'signed .*client=127.* domain=two\.example '
}

# choose_why STATUS TEXT OPTION... - what the command says of From: me@two.example
choose_why() {
	local want=$1 text=$2 said status=0
	shift 2
	said=$(printf 'From: me@two.example\nSubject: x\n\nhello\n' |
	    postseal why "$@" -) || status=$?
	[ "$status" = "$want" ] || no "status $status" "$said" || return
	grep -qF -- "$text" <<<"$said" || no "$said"
}

choose_why_rows() {
	choose_why 0 'signature: d=two.example s=e1 a=ed25519-sha256' &&
	    choose_why 0 'internal_hosts: /etc/postseal/tables/TrustedHosts:3: *.two.example' \
	    -c /etc/postseal/tables.conf --client 192.0.2.9 \
	    --client-name pc.two.example &&
	    choose_why 0 'signing_table: /etc/postseal/tables/SigningTable:1:' \
	    -c /etc/postseal/tables.conf &&
	    choose_why 3 'not signed: client 192.0.2.9 is not internal and not authenticated' \
	    --client 192.0.2.9 &&
	    choose_why 3 'REINJECT is one of never_sign_daemons' \
	    --daemon REINJECT &&
	    choose_why 3 'login "bob" may not use this From address' \
	    -c /etc/postseal/tables.conf --auth bob &&
	    choose_why 3 '"verdict": "unsigned"' --json --client 192.0.2.9
}

# The tables that a printed guide has: -T finds what is wrong with each
choose_guide() {
	local said status=0
	choose_put KeyTable "20200516._domainkey.example.jp example.jp:20200516:/etc/postseal/keys/two.example/r1.private"
	choose_put SigningTable '*@example.jp 20200505._domainkey.example.jp'
	said=$(postseal -c /etc/postseal/tables.conf -T 2>&1 >/dev/null) ||
	    status=$?
	[ $status = 1 ] && grep -qF 'SigningTable:1: *@example.jp names the key "20200505._domainkey.example.jp", which /etc/postseal/tables/KeyTable does not have; /etc/postseal/tables/KeyTable:1 has "20200516._domainkey.example.jp"' \
	    <<<"$said" || no "$said" || return
	choose_put SigningTable '*@example.jp 20200516._domainkey.example.jp'
	sed -i s/refile:// "$T/etc/postseal/tables.conf"
	said=$(postseal -c /etc/postseal/tables.conf -T 2>&1 >/dev/null) &&
	    no 'a wildcard without refile: was taken' && return 1
	grep -qF 'SigningTable:1: *@example.jp can never match' <<<"$said" ||
	    no "$said"
}

choose_cases() {
	case_run 'choose: forged mail behind a content filter is not signed' \
	    choose_forged_filter
	case_run 'choose: forged mail with fields and quotes of its own' \
	    choose_forged_fields
	case_run 'choose: forged mail through never_sign_daemons is not signed' \
	    choose_forged_daemon
	case_run 'choose: behind a filter nothing is signed twice' choose_twice
	case_run "choose: OpenDKIM's tables are read" choose_tables
	case_run 'choose: a row signs, RSA' \
	    choose_table_mail table-rsa two.example r1
	case_run 'choose: a row with % signs, Ed25519' \
	    choose_table_mail table-ed ed.example e1
	case_run 'choose: the identity of a row' choose_identity
	case_run 'choose: mail of a bad row is put off' choose_bad_row
	case_run 'choose: a login does not sign as another' choose_other_login
	case_run 'choose: at_risk = skip' choose_risk
	case_run 'choose: a sloppy From with one domain' choose_sloppy
	case_run 'choose: a bad row stops a reload, a good one counts' \
	    choose_reload
	case_run 'choose: postseal why' choose_why_rows
	case_run "choose: -T on a guide's tables" choose_guide
	kill "$TABLES"
}
