# hop.sh - what at_risk says in the log, and what becomes of the signature at a next
# hop that does not take 8BITMIME.
#
# Sourced, after lib.sh.
# shellcheck shell=bash

HOP_SEED=${HOP_SEED:-1} HOP_COUNT=${HOP_COUNT:-100}

hop_sink() {
	mkdir -p "$T/hop"
	chown nobody "$T/hop"
	(cd "$T/hop" && exec smtp-sink -8 -u nobody -d "m." 127.0.0.1:2526 \
	    1000) >>"$T/log/sink.log" 2>&1 &
	world_wait 10 world_port_open 127.0.0.1 2526
}

hop_has() {
	[ "$(find "$T/hop" -type f -name 'm.*' | wc -l)" -ge "$1" ]
}

# hop_judged DOMAIN SEED COUNT: all are sent, arrive and are verified
hop_judged() {
	local names dir=$T/hop.$1
	rm -rf "$T/hop/"* "$dir"
	names=$("$E2E/hop" send 25 "$1" "$2" "$3") || return
	# a bounce of Postfix's own, declared as 8bit
	mail_local "bouncer@$1" x@nosuch.example <<<$'Subject: x\n\nx'
	# shellcheck disable=SC2086
	set -- $names bouncer
	world_wait 60 hop_has $# || no "$(postqueue -p)" || return
	"$E2E/collect" -w "$T/hop" "$dir" &&
	    "$E2E/verify-dkimpy" "$dir/whole" >"$dir/verdicts"
}

# No miss, no false alarm
hop_announced() {
	local said
	hop_judged hop.example "$HOP_SEED" "$HOP_COUNT" || return
	said=$("$E2E/hop" judge "$MAILLOG" "$T/hop.hop.example/verdicts") || return
	grep -qE '^[1-9][0-9]+ announced and broken, 0 missed, 0 false alarms, [1-9][0-9]+ whole$' \
	    <<<"$said" || no "$said"
}

hop_cases() {
	case_run 'hop: a host without 8BITMIME' hop_sink
	case_run 'hop: what breaks there was announced, and nothing else' hop_announced
}
