# restart.sh - 400 mails in long and short sessions, while the signer is restarted,
# replaced, reloaded or killed: is each delivered, and signed?
#
# Sourced. FLOOD_FROM and FLOOD_TO are whose mail it is, and @DOMAIN of its recipients.
# shellcheck shell=bash disable=SC2034

# milter_does ACTION - what Postfix does when the signer is away
milter_does() {
	local before
	before=$(smtpds)
	postconf -e "smtpd_milters = { unix:postseal/signer.sock, default_action=$1 }"
	[ -z "${E2E_AGE:-}" ] || "$E2E_AGE"
	postfix reload >>"$T/log/postfix.out" 2>&1
	# those that come have read it
	world_wait 30 smtpds_gone "$before" || no 'an old smtpd goes on'
}

# smtpds - their folders in /proc
smtpds() {
	grep -lsx smtpd /proc/[0-9]*/comm | xargs -r -n 1 dirname
}

smtpds_gone() {
	local dir
	for dir in $1; do
		[ ! -e "$dir" ] || return
	done
}

# more_goes_out - mail arrives beside what has arrived
more_goes_out() {
	world_wait 30 sink_has $(($(sink_count) + 1)) || no 'no mail goes out'
}

# through PAUSE COMMAND... - runs it while 200 mails go out in 8 long sessions, with
# PAUSE seconds between two, and 200 in sessions of their own. Nothing may be lost; how
# many came unsigned is in UNSIGNED, how often a client had to come again in AGAIN.
through() {
	local pause=$1 long short rc=0
	shift
	find "$T/sink" -type f -delete
	"$E2E/flood" -n 200 -p "$pause" 127.0.0.1 25 "$FLOOD_FROM" \
	    "long$FLOOD_TO" >"$T/flood.long" 2>&1 &
	long=$!
	"$E2E/flood" -n 200 -p "$pause" -1 127.0.0.1 25 "$FLOOD_FROM" \
	    "short$FLOOD_TO" >"$T/flood.short" 2>&1 &
	short=$!
	more_goes_out || rc=1
	"$@" || rc=1
	kill -0 $long || no 'the mail was too soon through' || rc=1
	wait $long || rc=1
	wait $short || rc=1
	[ $rc = 0 ] || no "$(cat "$T/flood.long" "$T/flood.short")" || return
	world_wait 60 sink_has 400 || no "$(sink_count) of 400 arrived" || return
	UNSIGNED=$(grep -rLa '^DKIM-Signature:' "$T/sink" | wc -l)
	AGAIN=$(($(sed -n 's/.*not accepted, \([0-9]*\) times.*/\1/p' \
	    "$T/flood.long" "$T/flood.short" | paste -sd+)))
	told "$UNSIGNED of 400 unsigned, clients came again $AGAIN times"
}

# all_signed PAUSE COMMAND... - and not one is unsigned
all_signed() {
	through "$@" && [ "$UNSIGNED" = 0 ] || no "$UNSIGNED of 400 are unsigned"
}

# undisturbed PAUSE COMMAND... - and no client has noticed anything
undisturbed() {
	all_signed "$@" && [ "$AGAIN" = 0 ] ||
	    no "clients had to come again: $AGAIN" \
	    "$(cat "$T/flood.long" "$T/flood.short")"
}

# counted PAUSE COMMAND... - what is unsigned is told
counted() {
	through "$@"
}

# reloaded N COMMAND... - N times, each of which counts
reloaded() {
	local n=$1
	shift
	for _ in $(seq "$n"); do
		"$@" || return
		sleep 1.05 # reloads begin no faster
	done
}
