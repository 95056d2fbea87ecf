# lib.sh - what cases are made of: running one, sending mail, looking at it.
#
# Sourced, after world.sh. A case is a function that returns 0 if all is well; the
# helpers below print what is wrong and return 1, so a case is a chain of &&.
# shellcheck shell=bash disable=SC2034

CASES_OK=0 CASES_BAD=0
DIALOGUE=$T/dialogue # of the last SMTP session
WHY=$T/why

# case_run NAME COMMAND... - one case, and what it has told; when it fails, why, and
# what the logs have said since it began
case_run() {
	local name=$1 mark
	shift
	mark=$(wc -c <"$MAILLOG")
	: >"$DIALOGUE"
	if "$@" >"$WHY" 2>&1; then
		CASES_OK=$((CASES_OK + 1))
		printf 'ok      %s\n' "$name"
		sed -n 's/^told: /        | /p' "$WHY"
		return
	fi
	CASES_BAD=$((CASES_BAD + 1))
	printf 'FAILED  %s\n' "$name"
	head -c 4000 "$WHY" | sed 's/^/        | /'
	grep -aE '^(<| ->|\*\*\*)' "$DIALOGUE" | tail -n 12 | sed 's/^/        smtp| /'
	tail -c "+$((mark + 1))" "$MAILLOG" | tail -n "${CASE_LOG:-25}" |
	    cut -c 1-600 | sed 's/^/        log| /'
}

# case_sum - the closing line; fails if a case did
case_sum() {
	printf 'e2e: %d passed, %d failed\n' "$CASES_OK" "$CASES_BAD"
	[ "$CASES_BAD" = 0 ]
}

# told TEXT... - what is to be read, too, when all is well
told() {
	printf 'told: %s\n' "$*"
}

no() {
	printf '%s\n' "$*"
	return 1
}

# --- into our Postfix ------------------------------------------------------

# mail_in CLIENT HELO FROM TO[,TO...] [swaks option...] - a message from outside,
# by XCLIENT. FROM may be <>. PORT chooses another smtpd than port 25, NAME the
# client's verified name, LOGIN its SASL user.
mail_in() {
	local client=$1 helo=$2 from=$3 to=$4
	shift 4
	case $client in
	*:*) client=IPV6:$client ;;
	esac
	swaks --server 127.0.0.1 --port "${PORT:-25}" --timeout 30 \
	    --helo "$helo" --xclient "ADDR=$client NAME=${NAME:-[UNAVAILABLE]}${LOGIN:+ LOGIN=$LOGIN}" \
	    --from "$from" --to "$to" --header 'Subject: in' "$@" \
	    >"$DIALOGUE" 2>&1
	return 0
}

# mail_utf8 FROM TO AUTHOR - from 192.0.2.1, mail.pass.example, with SMTPUTF8, which
# swaks cannot say and Postfix wants before it takes U-labels
mail_utf8() {
	/usr/bin/python3 - "${PORT:-25}" "$@" <<-'END' >"$DIALOGUE" 2>&1
	import smtplib, sys
	port, sender, to, author = sys.argv[1:]
	with smtplib.SMTP("127.0.0.1", int(port), "x", timeout=30) as smtp:
	    smtp.command_encoding = "utf-8"
	    smtp.ehlo("mail.pass.example")
	    smtp.docmd("XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE]")
	    smtp.ehlo("mail.pass.example")
	    message = "From: <" + author + ">\nSubject: in\n\nx\n"
	    smtp.sendmail(sender, to, message.encode(), ["SMTPUTF8"])
	END
}

# replied REGEX - the server said this in the last session
replied() {
	grep -qaE "^<(\*\*|-|~\*?) +$1" "$DIALOGUE" ||
	    no "the server did not say: $1"
}

# accepted - the last session's message was queued
accepted() {
	replied '250 2\.0\.0 Ok: queued'
}

# delivered BOX - the message for BOX@rcpt.example arrives; its file is MAIL
delivered() {
	MAIL=
	world_wait 10 delivered_look "$1" || no "nothing arrived for $1"
}

delivered_look() {
	MAIL=$(grep -lsaxF -r "Delivered-To: $1@rcpt.example" "$T/mail/in/new")
	[ -n "$MAIL" ]
}

# not_delivered BOX - nothing has arrived for it
not_delivered() {
	! delivered_look "$1" || no "a message for $1 arrived: $MAIL"
}

# spf_header LINE... - MAIL has one well-formed Received-SPF field in front of the
# first Received, with each of these results and pairs ("identity=helo")
spf_header() {
	local said line
	said=$("$E2E/received-spf" "$MAIL") || return
	for line; do
		grep -qxF -- "$line" <<<"$said" ||
		    no "the header lacks $line; it has:" "$said" || return
	done
}

# no_field NAME... - MAIL's header has none of these fields
no_field() {
	local name
	for name; do
		! sed '/^$/q' "$MAIL" | grep -qi "^$name:" ||
		    no "there is a $name field in $MAIL" || return
	done
}

# logged REGEX - mail.log has a line with it within some seconds
logged() {
	world_wait 10 world_log_has "$1" || no "not in mail.log: $1"
}

# log_count REGEX - lines of mail.log with it
log_count() {
	grep -caE -e "$1" "$MAILLOG"
}

# log_has_more N REGEX - than N
log_has_more() {
	[ "$(log_count "$2")" -gt "$1" ]
}

# --- out of it -------------------------------------------------------------

# mail_out FROM TO [swaks option...] - a submission from this host
mail_out() {
	local from=$1 to=$2
	shift 2
	swaks --server 127.0.0.1 --port "${PORT:-25}" --timeout 30 \
	    --helo localhost --from "$from" --to "$to" \
	    --header 'Subject: out' "$@" >"$DIALOGUE" 2>&1
	return 0
}

# mail_local FROM TO - sendmail(1) by a user who is not root, from standard input
mail_local() {
	setpriv --reuid nobody --regid nogroup --clear-groups \
	    sendmail -f "$1" "$2"
}

sink_count() {
	find "$T/sink" -type f -name 'm.*' | wc -l
}

sink_has() {
	[ "$(sink_count)" -ge "$1" ]
}

# field_count NAME FILE
field_count() {
	sed '/^\r*$/q' "$2" | grep -aci "^$1:"
}

# --- a flood of mail, and what befalls a daemon in it -------------------------

# arrived_in SUFFIX - recipients ending in it whose mail was delivered, sorted
arrived_in() {
	grep -rhaxE "Delivered-To: [0-9]+$1" "$T/mail/in/new" | sort -u | wc -l
}

arrived_out() {
	grep -rhaoE "^X-Rcpt-Args: <[0-9]+$1>" "$T/sink" | sort -u | wc -l
}

arrived() { # arrived in|out SUFFIX N
	[ "$("arrived_$1" "$2")" = "$3" ]
}

# arriving in|out SUFFIX - the first of them has arrived
arriving() {
	[ "$("arrived_$1" "$2")" -gt 0 ]
}

# hup PID - ten reloads in two seconds; then Postfix closes its connections to the
# old workers, which end with them
hup() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -HUP "$1" || no "the supervisor is gone" || return
		sleep 0.2 # faster than reloads begin
	done
	postfix reload >>"$T/log/postfix.out" 2>&1
}

# ended PID
ended() {
	! kill -0 "$1" 2>/dev/null
}

children() {
	ps -o pid= --ppid "$1" | tr -d ' '
}

# one process below PID is killed, and another takes its place
kill_worker() {
	local before victim
	before=$(children "$1" | wc -l)
	victim=$(children "$1" | head -n 1)
	[ -n "$victim" ] && kill -KILL "$victim" || no 'no worker' || return
	world_wait 10 ended "$victim" &&
	    world_wait 10 eval "[ \$(children $1 | wc -l) = $before ]" ||
	    no "no new worker: $(children "$1" | wc -l) of $before processes"
}

# The supervisor is killed; its children end, with the connections that Postfix has
# to them; it is started again
kill_supervisor() {
	local pid=$1 child left
	shift
	left=$(children "$pid")
	kill -KILL "$pid" || return
	wait "$pid" 2>/dev/null
	world_start "$@"
	postfix reload >>"$T/log/postfix.out" 2>&1
	for child in $left; do
		world_wait 20 ended "$child" ||
		    no "process $child outlived its supervisor" \
		    "$(ps -fp "$child")" || return
	done
}
