# dmarc.sh - what Debian's opendmarc, behind the policy service, makes of our
# headers: a domain that did pass is seen as such, and no sender and no HELO makes
# it see another one.
#
# Sourced, after lib.sh. victim.example publishes p=reject, and no mail of this test
# may pass as its. Port 2521 has Received-SPF, 2522 Authentication-Results; both
# only observe, so that what fails is judged, too.
# shellcheck shell=bash

VICTIM=boss@victim.example
BUECHER=xn--bcher-kva.example # bücher.example

dmarc_world() {
	world_put opendmarc/opendmarc.conf
	printf 'example\n' >"$T/etc/opendmarc/suffixes"
	opendmarc -f -c "$T/etc/opendmarc/opendmarc.conf" \
	    >>"$T/log/opendmarc.log" 2>&1 &
	world_wait 10 world_port_open 127.0.0.1 8894 ||
	    no "opendmarc does not start" "$(cat "$T/log/opendmarc.log")"
}

# dmarc_as RESULT PORT CLIENT HELO FROM HEADER_FROM - accepted, and that is what
# opendmarc found
dmarc_as() {
	local box said
	box=dmarc-$(md5sum <<<"$*" | cut -c 1-16)
	PORT=$2 mail_in "$3" "$4" "$5" "$box@rcpt.example" \
	    --header "From: <$6>" && accepted && delivered "$box" || return
	said=$(sed '/^$/q' "$MAIL" |
	    grep -o 'dmarc=[a-z]* .*header.from=[a-z.]*' | head -n 1)
	[[ $said == "dmarc=$1 "*"header.from=${6#*@}" ]] ||
	    no "not dmarc=$1 but: $said" "$(sed '/^$/q' "$MAIL")"
}

# dmarc_utf8 FROM HEADER_FROM CHECKED - the header says that the SPF of CHECKED
# passes, and opendmarc finds a fail, from a client that says SMTPUTF8
dmarc_utf8() {
	local box said field
	box=utf8-$(md5sum <<<"$PORT $*" | cut -c 1-16)
	mail_utf8 "$1" "$box@rcpt.example" "$2" && delivered "$box" ||
	    no "$(cat "$DIALOGUE")" || return
	said=$(sed '/^$/q' "$MAIL")
	field='^(Received-SPF: pass .*envelope-from="[^"@]*@'
	field+='|Authentication-Results: .*spf=pass .*smtp\.mailfrom=)'
	grep -qE "$field${3//./\\.}(\"|$)" <<<"$said" &&
	    grep -q 'dmarc=fail .*header\.from' <<<"$said" || no "$said"
}

dmarc_port() {
	local port=$1 kind=$2 sender helo
	case_run "dmarc: $kind, aligned pass" dmarc_as pass "$port" \
	    192.0.2.1 mail.pass.example user@pass.example user@pass.example
	case_run "dmarc: $kind, aligned pass of a sender with + and =" \
	    dmarc_as pass "$port" 192.0.2.1 mail.pass.example \
	    bounce+to=victim.example@pass.example user@pass.example
	# opendmarc compares it with the envelope's, dot, U-labels and all: none, not
	# another
	case_run "dmarc: $kind, domain with a dot at its end" \
	    dmarc_as fail "$port" 192.0.2.1 mail.pass.example \
	    user@pass.example. user@pass.example
	PORT=$port case_run "dmarc: $kind, U-labels" dmarc_utf8 \
	    user@bücher.example user@$BUECHER $BUECHER
	for sender in user@bücher.example '"boss@victim.example"@bücher.example' \
	    boss＠victim.example@bücher.example user@bücher.example.; do
		PORT=$port case_run "dmarc: $kind, sender $sender" \
		    dmarc_utf8 "$sender" $VICTIM $BUECHER
	done
	PORT=$port case_run "dmarc: $kind, a dot that is none in ASCII" \
	    dmarc_utf8 $VICTIM。bücher.example $VICTIM victim.example.$BUECHER
	case_run "dmarc: $kind, pass that is not aligned" dmarc_as fail "$port" \
	    192.0.2.1 mail.pass.example user@pass.example $VICTIM
	case_run "dmarc: $kind, fail of the victim, HELO passes" \
	    dmarc_as fail "$port" 192.0.2.1 mail.pass.example $VICTIM $VICTIM
	case_run "dmarc: $kind, null sender" dmarc_as fail "$port" \
	    192.0.2.1 mail.pass.example '<>' $VICTIM
	NAME=mail.relay.example case_run "dmarc: $kind, not checked is no pass" \
	    dmarc_as fail "$port" 198.51.100.9 mail.far.example $VICTIM $VICTIM
	for sender in 'bounce+to=victim.example@pass.example' \
	    '"boss@victim.example"@pass.example' \
	    '"x; identity=mailfrom; envelope-from=boss@victim.example"@pass.example' \
	    '"x;envelope-from=boss@victim.example;"@pass.example' \
	    '"x) envelope-from=boss@victim.example (y"@pass.example' \
	    '"x smtp.mailfrom=boss@victim.example y"@pass.example' \
	    '"x; spf=pass smtp.mailfrom=victim.example;"@pass.example' \
	    '"x\" envelope-from=\"boss@victim.example"@pass.example' \
	    'user@pass.example.' '<@victim.example:user@pass.example>'; do
		case_run "dmarc: $kind, sender $sender" dmarc_as fail "$port" \
		    192.0.2.1 mail.pass.example "$sender" $VICTIM
	done
	for helo in victim.example \
	    'x;envelope-from=boss@victim.example' \
	    'x;identity=mailfrom;envelope-from=boss@victim.example;' \
	    'x=victim.example' \
	    '"x"envelope-from="boss@victim.example"' \
	    'x;spf=pass;smtp.mailfrom=victim.example' \
	    '[x]smtp.mailfrom=boss@victim.example'; do
		case_run "dmarc: $kind, HELO $helo" dmarc_as fail "$port" \
		    192.0.2.1 "$helo" user@pass.example $VICTIM
		case_run "dmarc: $kind, null sender, HELO $helo" \
		    dmarc_as fail "$port" 192.0.2.1 "$helo" '<>' $VICTIM
	done
}

dmarc_cases() {
	case_run 'dmarc: opendmarc starts' dmarc_world
	dmarc_port 2521 Received-SPF
	dmarc_port 2522 Authentication-Results
}
