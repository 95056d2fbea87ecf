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

# hop_judged PORT DOMAIN [BOUNCER]: all are sent, arrive and are verified; those that
# the log announced are just those that broke
hop_judged() {
	local names said dir=$T/hop.$2 mark
	rm -rf "$T/hop/"* "$dir"
	mkdir -p "$dir"
	mark=$(wc -c <"$MAILLOG")
	names=$("$E2E/hop" send "$1" "$2" "$HOP_SEED" "$HOP_COUNT") || return
	# a bounce of Postfix's own, declared as 8bit
	[ $# -lt 3 ] ||
	    mail_local "$3@$2" x@nosuch.example <<<$'Subject: x\n\nx'
	# shellcheck disable=SC2086
	set -- $names "${@:3}"
	world_wait 60 hop_has $# || no "$(postqueue -p)" || return
	"$E2E/collect" -w "$T/hop" "$dir" &&
	    "$E2E/verify-dkimpy" "$dir/whole" >"$dir/verdicts" || return
	tail -c "+$((mark + 1))" "$MAILLOG" >"$dir/log"
	said=$("$E2E/hop" judge "$dir/log" "$dir/verdicts") || return
	grep -qE '^[1-9][0-9]* announced and broken, 0 missed, 0 false alarms, [1-9][0-9]+ whole$' \
	    <<<"$said" || no "$said"
}

# No miss, no false alarm
hop_announced() {
	hop_judged 25 hop.example bouncer
}

# With disable_mime_output_conversion = yes and at_risk_8bit = false only long lines
# break, and only those are announced
hop_as_it_is() {
	world_start 8898 postseal-signer -c /etc/postseal/asis.conf
	hop_judged 2535 asis.example || return
	! grep -q 'at_risk=8bit' "$T/hop.asis.example/log" ||
	    no "$(grep 'at_risk=8bit' "$T/hop.asis.example/log")" || return
	grep -q 'at_risk=long-line' "$T/hop.asis.example/log" ||
	    no 'no long line was announced'
}

hop_cases() {
	case_run 'hop: a host without 8BITMIME' hop_sink
	case_run 'hop: what breaks there was announced, and nothing else' hop_announced
	case_run 'hop: as it is, with disable_mime_output_conversion' hop_as_it_is
}
