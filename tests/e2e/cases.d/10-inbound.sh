# inbound.sh - mail from outside, checked by postseal-policyd as spawn(8) starts
# it from master.cf.snippet, and on other ports with other settings.
#
# Sourced, after lib.sh. Each case has a mailbox of its own, named after it.
# shellcheck shell=bash

PASS_FROM=user@pass.example PASS_CLIENT=192.0.2.1 PASS_HELO=mail.pass.example
PLAIN_HELO=mail.far.example # has no SPF record

in_pass() {
	mail_in $PASS_CLIENT $PASS_HELO $PASS_FROM pass@rcpt.example &&
	    accepted && delivered pass &&
	    spf_header result=pass identity=mailfrom client-ip=192.0.2.1 \
	    envelope-from=$PASS_FROM helo=$PASS_HELO \
	    receiver=mx.two.example mechanism=ip4:192.0.2.0/28 &&
	    no_field DKIM-Signature
}

# in_as RESULT FROM CLIENT - accepted, with that result in the header
in_as() {
	local box
	box=as-$(tr -c 'a-z0-9\n' - <<<"$2-$3")
	mail_in "$3" $PLAIN_HELO "$2" "$box@rcpt.example" && accepted &&
	    delivered "$box" && spf_header "result=$1" identity=mailfrom \
	    "client-ip=$3" "envelope-from=$2"
}

# in_refused CODE FROM CLIENT - refused at RCPT, nothing delivered
in_refused() {
	mail_in "$3" $PLAIN_HELO "$2" refused@rcpt.example &&
	    replied "$1" && ! accepted >/dev/null && not_delivered refused
}

in_explained() {
	in_refused '550 5\.7\.23 ' user@explain.example 198.51.100.9 &&
	    replied '550 .*198\.51\.100\.9 does not send mail of explain\.example'
}

# A null sender is postmaster@HELO, and the header says so
in_null() {
	mail_in $PASS_CLIENT $PASS_HELO '<>' null@rcpt.example && accepted &&
	    delivered null && spf_header result=pass identity=helo \
	    'envelope-from=<>' helo=$PASS_HELO
}

in_null_forged() {
	mail_in 198.51.100.9 $PASS_HELO '<>' null-forged@rcpt.example &&
	    replied '550 5\.7\.23 ' && not_delivered null-forged
}

# One header, however many recipients: also for the last of them
in_several() {
	local box
	mail_in $PASS_CLIENT $PASS_HELO $PASS_FROM \
	    several-1@rcpt.example,several-2@rcpt.example,several-3@rcpt.example &&
	    accepted || return
	for box in several-1 several-2 several-3; do
		delivered $box && spf_header result=pass || return
	done
}

# Two messages on one connection: each its own header
in_two_messages() {
	local box
	/usr/bin/python3 - <<-'END' >"$DIALOGUE" || return
	import smtplib
	with smtplib.SMTP("127.0.0.1", 25, "x", timeout=30) as smtp:
	    smtp.ehlo("mail.pass.example")
	    smtp.docmd("XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE]")
	    smtp.ehlo("mail.pass.example")
	    for box, sender in (("first", "user@pass.example"),
	                        ("second", "user@soft.example")):
	        smtp.sendmail(sender, box + "@rcpt.example", "Subject: x\n\nx\n")
	END
	delivered first && spf_header result=pass && delivered second &&
	    spf_header result=softfail
}

in_ipv6() {
	mail_in 2001:db8:25::1 $PASS_HELO $PASS_FROM ipv6@rcpt.example &&
	    accepted && delivered ipv6 &&
	    spf_header result=pass client-ip=2001:db8:25::1
}

in_trusted() {
	mail_in 203.0.113.7 $PLAIN_HELO user@fail.example \
	    trusted@rcpt.example && accepted && delivered trusted &&
	    no_field Received-SPF
}

# By default a HELO that fails refuses nothing, and is not shown as MAIL FROM
in_helo_fail() {
	mail_in $PASS_CLIENT fail.example $PASS_FROM helo-fail@rcpt.example &&
	    accepted && delivered helo-fail &&
	    spf_header result=pass identity=mailfrom helo=fail.example
}

# What a sender can write into a local part must not become another pair
in_crafted() {
	mail_in $PASS_CLIENT $PASS_HELO \
	    '"x; identity=mailfrom; envelope-from=boss@far.example"@pass.example' \
	    crafted@rcpt.example && accepted && delivered crafted &&
	    spf_header result=pass identity=mailfrom || return
	[ "$("$E2E/received-spf" "$MAIL" | grep -c envelope-from)" = 1 ] &&
	    ! sed '/^$/q' "$MAIL" | grep -a '^Received-SPF:' |
	    grep -qE 'boss@far|x;' || no "$(cat "$MAIL")"
}

in_crafted_helo() {
	# Postfix itself makes '?' of some; the '=' is left to policyd
	mail_in $PASS_CLIENT 'a;b="c)(' $PASS_FROM crafted-helo@rcpt.example &&
	    accepted && delivered crafted-helo &&
	    spf_header result=pass 'helo=a?b??c??'
}

# in_named DOMAIN RESULT NAME - the header names the domain that was checked, in
# A-labels and without a dot at its end; what is no name it does not show
in_named() {
	local box
	box=named-$(md5sum <<<"$1" | cut -c 1-16)
	mail_utf8 "user@$1" "$box@rcpt.example" user@far.example &&
	    delivered "$box" && spf_header "result=$2" identity=mailfrom \
	    "envelope-from=user@$3" || no "$(cat "$DIALOGUE")"
}

# A forged header that came with the message stays below ours
in_forged_header() {
	mail_in $PASS_CLIENT $PASS_HELO user@soft.example \
	    forged-header@rcpt.example \
	    --add-header 'X-Received-SPF: none' \
	    --add-header 'Authentication-Results: mx.far.example; spf=pass' &&
	    accepted && delivered forged-header && spf_header result=softfail
}

in_decision_logged() {
	logged 'postseal-policyd.* client=198\.51\.100\.9 .*fail\.example' &&
	    logged 'postseal-policyd.* client=192\.0\.2\.1 .*pass\.example'
}

# `postseal spf` gives the header and the refusal that the daemon gave
in_same_by_command() {
	local said field
	delivered pass || return
	field=$(sed -n '/^Received-SPF:/{p;q}' "$MAIL")
	said=$(postseal spf --ip $PASS_CLIENT --helo $PASS_HELO \
	    --from $PASS_FROM --trace) && grep -qF "$field" <<<"$said" &&
	    grep -q '^  *ip4:192\.0\.2\.0/28 .*match: pass' <<<"$said" ||
	    no "$said" || return
	said=$(postseal spf --ip 198.51.100.9 --helo $PLAIN_HELO \
	    --from user@fail.example --json) &&
	    grep -q '"action": "550 5\.7\.23 ' <<<"$said" || no "$said"
}

# --- other settings: the ports of etc/master.cf -------------------------------

in_strict_helo() {
	PORT=2501 mail_in $PASS_CLIENT fail.example $PASS_FROM \
	    strict@rcpt.example && replied '550 5\.7\.23 ' && not_delivered strict
}

in_strict_defer() {
	PORT=2501 in_refused '450 4\.7\.24 ' user@soft.example 198.51.100.9
}

in_strict_permerror() {
	PORT=2501 in_refused '550 5\.7\.24 ' user@perm.example 198.51.100.9
}

in_strict_temperror() {
	PORT=2501 in_refused '450 4\.7\.24 ' user@temp.example 198.51.100.9
}

# An enhanced code of another class is changed by Postfix, and warned of
in_strict_codes() {
	PORT=2501 in_refused '550 5\.7\.9 ' user@neutral.example 198.51.100.9 &&
	    PORT=2501 in_refused '450 4\.7\.9 ' user@none.example 198.51.100.9 &&
	    "$LIBEXEC/postseal-policyd" -T -c /etc/postseal/strict.conf 2>&1 |
	    grep -q 'strict\.conf:[0-9]*: policyd\.mail_from\.neutral: .*Postfix changes'
}

in_observe() {
	PORT=2502 mail_in 198.51.100.9 $PLAIN_HELO user@fail.example \
	    observe@rcpt.example && accepted && delivered observe &&
	    spf_header result=fail &&
	    logged 'postseal-policyd.*fail\.example.*would'
}

# Where it cannot use its config, mail goes on, and the log names file and line
in_broken_config() {
	PORT=2503 mail_in 198.51.100.9 $PLAIN_HELO user@fail.example \
	    broken@rcpt.example && accepted && delivered broken &&
	    no_field Received-SPF && logged 'broken\.conf:[0-9]+'
}

# A typo in the signer's section does not concern policyd
in_signer_typo() {
	PORT=2504 mail_in $PASS_CLIENT $PASS_HELO $PASS_FROM \
	    signer-typo@rcpt.example && accepted && delivered signer-typo &&
	    spf_header result=pass
}

in_standing() {
	PORT=2505 mail_in $PASS_CLIENT $PASS_HELO $PASS_FROM \
	    "standing-$1@rcpt.example" && accepted &&
	    delivered "standing-$1" || return
	sed '/^$/q' "$MAIL" | grep -q \
	    '^Authentication-Results: mx\.two\.example; spf=pass.* smtp.mailfrom=pass.example' ||
	    no "$(cat "$MAIL")"
}

in_standing_unix() {
	PORT=2506 in_standing unix
}

in_standing_refuses() {
	PORT=2505 in_refused '550 5\.7\.23 ' user@fail.example 198.51.100.9
}

inbound_cases() {
	local client
	case_run 'in: pass' in_pass
	case_run 'in: pass, by a TXT record in two strings' \
	    in_as pass user@split.example 192.0.2.7
	for client in 32 33 34 35 36; do
		case_run "in: pass, by DNS lookups (192.0.2.$client)" \
		    in_as pass user@lookups.example 192.0.2.$client
	done
	case_run 'in: pass, in the zone test.' in_as pass user@pass.test 192.0.2.1
	case_run 'in: fail is refused' \
	    in_refused '550 5\.7\.23 ' user@fail.example 198.51.100.9
	case_run 'in: fail of a record with lookups' \
	    in_refused '550 5\.7\.23 ' user@lookups.example 198.51.100.9
	case_run 'in: fail, with the explanation of the domain' in_explained
	case_run 'in: softfail' in_as softfail user@soft.example 198.51.100.9
	case_run 'in: neutral' in_as neutral user@neutral.example 198.51.100.9
	case_run 'in: none' in_as none user@none.example 198.51.100.9
	case_run 'in: none, for a name that does not exist' \
	    in_as none user@absent.example 198.51.100.9
	case_run 'in: permerror' in_as permerror user@perm.example 192.0.2.1
	case_run 'in: permerror, two records' \
	    in_as permerror user@twice.example 192.0.2.1
	case_run 'in: temperror, SERVFAIL' \
	    in_as temperror user@temp.example 192.0.2.1
	case_run 'in: null sender' in_null
	case_run 'in: null sender, forged' in_null_forged
	case_run 'in: several recipients, one header' in_several
	case_run 'in: two messages on a connection' in_two_messages
	case_run 'in: IPv6' in_ipv6
	case_run 'in: trusted network' in_trusted
	case_run 'in: HELO fail, by default' in_helo_fail
	case_run 'in: crafted local part' in_crafted
	case_run 'in: crafted HELO' in_crafted_helo
	case_run 'in: domain with a dot at its end' \
	    in_named pass.example. pass pass.example
	case_run 'in: U-labels' \
	    in_named bücher.example pass xn--bcher-kva.example
	case_run 'in: U-labels, other dots and letters' \
	    in_named BÜCHER。example. pass xn--bcher-kva.example
	case_run 'in: forged headers' in_forged_header
	case_run 'in: decisions are logged' in_decision_logged
	case_run 'in: postseal spf says the same' in_same_by_command
	case_run 'in: HELO fail = reject' in_strict_helo
	case_run 'in: softfail = defer' in_strict_defer
	case_run 'in: permerror = reject' in_strict_permerror
	case_run 'in: temperror = defer' in_strict_temperror
	case_run 'in: codes of two classes' in_strict_codes
	case_run 'in: observe' in_observe
	case_run 'in: broken config, mail goes on' in_broken_config
	case_run 'in: typo in the signer section' in_signer_typo
	case_run 'in: standing daemon, inet' in_standing inet
	case_run 'in: standing daemon, unix' in_standing_unix
	case_run 'in: standing daemon, fail' in_standing_refuses
}
