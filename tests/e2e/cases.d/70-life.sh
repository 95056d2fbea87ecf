# life.sh - 1,000 messages at once, and what a mail server lives through: reloads,
# killed processes, no descriptors, a stuck syslog, a dead DNS; under traffic.
#
# Sourced, after outbound.sh. A flood is mail in both directions that comes again
# after a temporary refusal; whatever happens, each message must arrive, and be
# signed or checked as ever.
# shellcheck shell=bash disable=SC2034

# shellcheck source=tests/e2e/restart.sh
. "$E2E/restart.sh"

FLOODS=0

# swept - what arrived before is gone
swept() {
	find "$T/sink" "$T/mail/in/new" -type f -delete
}

# flooded COMMAND... - runs it in the middle of a flood of 2 x 300 messages, then
# looks at every one. FIELD: how the field begins that policyd adds.
flooded() {
	local n=300 id out in flood_out flood_in rc=0 bad
	FLOODS=$((FLOODS + 1))
	swept
	id=$FLOODS
	out=out$id@far.example in=in$id@rcpt.example
	"$E2E/flood" -n $n 127.0.0.1 "${PORT_OUT:-25}" me@two.example "$out" \
	    >"$T/flood.out" 2>&1 &
	flood_out=$!
	"$E2E/flood" -n $n 192.0.2.1 "${PORT_IN:-25}" user@pass.example "$in" \
	    >"$T/flood.in" 2>&1 &
	flood_in=$!
	world_wait 10 arriving out "$out" && world_wait 10 arriving in "$in"
	kill -0 $flood_out && kill -0 $flood_in || no 'too little traffic' || rc=1
	"$@" || rc=1
	wait $flood_out || rc=1
	wait $flood_in || rc=1
	sed 's/^/out: /' "$T/flood.out"
	sed 's/^/in: /' "$T/flood.in"
	[ $rc = 0 ] || return
	world_wait 60 arrived out "$out" $n ||
	    no "$(arrived_out "$out") of $n went out" "$(postqueue -p | tail)" ||
	    return
	world_wait 60 arrived in "$in" $n ||
	    no "$(arrived_in "$in") of $n came in" || return
	# two signatures on each, one field of policyd on each
	bad=$(grep -rac '^DKIM-Signature:' "$T/sink" | grep -v ':2$')
	[ -z "$bad" ] || no 'not signed twice:' "$bad" || return
	bad=$(grep -rac "^${FIELD:-Received-SPF: pass}" "$T/mail/in/new" |
	    grep -v ':1$')
	[ -z "$bad" ] || no "not one ${FIELD:-Received-SPF: pass}:" "$bad"
}

nothing() {
	:
}

kill_signer() {
	kill_supervisor "$SIGNER" 8891 postseal-signer && SIGNER=$STARTED
}

kill_policyd() {
	kill_supervisor "$POLICYD" 10031 postseal-policyd \
	    -c /etc/postseal/standing.conf --listen && POLICYD=$STARTED
}

# SIGTERM: idle connections end at once, and a restart under traffic loses nothing
restart_policyd() {
	local began=$SECONDS
	kill -TERM "$POLICYD" && wait "$POLICYD" ||
	    no "it ended with code $?" || return
	((SECONDS - began <= 10)) || no "it took $((SECONDS - began)) s" || return
	world_start 10031 postseal-policyd -c /etc/postseal/standing.conf \
	    --listen && POLICYD=$STARTED
}

nobody_listens() {
	! world_port_open 127.0.0.1 "$1"
}

# SIGTERM when processes hang: SUPERVISOR_STOP_SECONDS, and they are killed; until
# then who connects waits
life_stop_limit() {
	local began=$SECONDS
	# shellcheck disable=SC2046
	kill -STOP $(children "$POLICYD")
	kill -TERM "$POLICYD"
	! world_wait 20 nobody_listens 10031 || no 'nobody listens' || return
	wait "$POLICYD" || no "it ended with code $?" || return
	((SECONDS - began >= 24 && SECONDS - began <= 28)) ||
	    no "it took $((SECONDS - began)) s" || return
	world_start 10031 postseal-policyd -c /etc/postseal/standing.conf \
	    --listen && POLICYD=$STARTED
}

# backlog PORT - who connects is not accepted, and waits
backlog() {
	world_port_open 127.0.0.1 "$1"
	sleep 0.1 # so long a supervisor may take
	[ "$(ss -Hltn "sport = :$1" | awk '{ n += $2 } END { print n + 0 }')" -gt 0 ]
}

# hold_still PID... - until its standard input ends. By ptrace(2), as a parent is told
# of a SIGCONT, but not that a child is busy no more.
hold_still() {
	exec /usr/bin/python3 -c '
import ctypes, os, sys
ATTACH, DETACH = 16, 17
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
pids = [int(p) for p in sys.argv[1:]]
for pid in pids:
    if ptrace(ATTACH, pid, None, None) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    os.waitpid(pid, 0)
sys.stdin.read()
for pid in pids:
    ptrace(DETACH, pid, None, None)' "$@"
}

# No worker moves, and then all do: who waits is served at once
life_still() {
	local start ms said holder to
	# shellcheck disable=SC2046
	coproc hold_still $(children "$POLICYD")
	holder=$COPROC_PID to=${COPROC[1]}
	world_wait 20 backlog 10031
	said=$?
	start=${EPOCHREALTIME/./}
	exec {to}>&-
	wait "$holder" || no 'they could not be held' || return
	[ $said = 0 ] || no 'they get what comes' || return
	said=$("$E2E/halfclose" policy 127.0.0.1:10031)
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	grep -q '^action=PREPEND ' <<<"$said" || no "$said" || return
	[ $ms -lt 2000 ] || no "it took $ms ms"
}

# The policy daemon that spawn(8) started, three times
kill_spawned() {
	local pid
	for _ in 1 2 3; do
		world_wait 10 pgrep -x -f "$LIBEXEC/postseal-policyd" ||
		    no 'no policy daemon was started' || return
		for pid in $(pgrep -x -f "$LIBEXEC/postseal-policyd"); do
			kill -KILL "$pid"
			world_wait 10 ended "$pid"
		done
	done
}

stuck_syslog() {
	kill -STOP "$SYSLOGD"
	sleep 2 # so long it hangs
}

life_syslog() {
	flooded stuck_syslog
	local rc=$?
	kill -CONT "$SYSLOGD"
	[ $rc = 0 ] && mail_out me@two.example unstuck@far.example &&
	    logged 'postseal-signer.*(lost|dropped)'
}

# 200 connections that say nothing, to a signer that may have 64 descriptors
crowd() {
	/usr/bin/python3 - <<-'END'
	import socket, time
	idle = []
	for i in range(200):
	    s = socket.socket()
	    s.settimeout(1)
	    try:
	        s.connect(("127.0.0.1", 8891))
	    except OSError:
	        pass
	    idle.append(s)
	time.sleep(2) # so long they stay
	END
}

life_descriptors() {
	local before
	before=$(log_count 'postseal-signer.* reloaded')
	prlimit --pid "$SIGNER" --nofile=64:64
	kill -HUP "$SIGNER" # its new workers have the limit, too
	world_wait 10 log_has_more "$before" 'postseal-signer.* reloaded' ||
	    no 'no reload' || return
	flooded crowd && kill -0 "$SIGNER" && kill_signer
}

# SIGHUP with a config that is wrong: the old settings stay, the log says why
life_bad_reload() {
	local conf=$T/etc/postseal/postseal.conf rc
	cp "$conf" "$conf.good"
	echo 'signer { canonicalisation = "typo" }' >>"$conf"
	kill -HUP "$SIGNER"
	logged 'postseal-signer.*postseal\.conf:[0-9]+' &&
	    mail_out me@two.example "${1:-bad-reload}@far.example" && accepted
	rc=$?
	mv "$conf.good" "$conf"
	kill -HUP "$SIGNER"
	return $rc
}

life_half_close() {
	local said
	said=$("$E2E/halfclose" policy "$T/queue/private/policyd-spf") &&
	    grep -q '^action=PREPEND Received-SPF: pass' <<<"$said" ||
	    no "spawned: $said" || return
	said=$("$E2E/halfclose" policy 127.0.0.1:10031) &&
	    grep -q '^action=PREPEND Authentication-Results: .*spf=pass' <<<"$said" ||
	    no "standing: $said" || return
	said=$("$E2E/halfclose" milter 127.0.0.1:8891) &&
	    [ "$said" = 'reply O version 6' ] || no "signer: $said"
}

# No answer from DNS: temperror at the deadline (etc/postseal.conf: 4 s), and the
# mail goes on; the next new name after DNS is back is looked up
life_dns_dead() {
	local start ms dead
	dead="$NSD $(children "$NSD")"
	for start in $(children "$NSD"); do
		dead+=" $(children "$start")"
	done
	# shellcheck disable=SC2086
	kill -STOP $dead
	start=${EPOCHREALTIME/./}
	in_as temperror user@dead.example 198.51.100.9
	local rc=$?
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	# shellcheck disable=SC2086
	kill -CONT $dead
	[ $rc = 0 ] || return
	[ $ms -ge 3500 ] && [ $ms -lt 8000 ] || no "it took $ms ms" || return
	in_as softfail user@back.example 198.51.100.9
}

# 1,000 messages, four streams at once: two domains out, and as many in
life_thousand() {
	local pids=() pid n=250 rc=0
	swept
	rm -rf "$T/captured"
	for from in me@rsa.example me@ed.example; do
		smtp-source -s 10 -m $n -l 3000 -N -f $from \
		    -t "x-${from#me@}@far.example" 127.0.0.1:25 &
		pids+=($!)
	done
	for from in user@pass.example user@soft.example; do
		smtp-source -s 10 -m $n -l 3000 -N -f $from \
		    -t "${from#user@}@rcpt.example" -M mail.pass.example \
		    192.0.2.1:25 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || rc=1
	done
	[ $rc = 0 ] || no 'smtp-source failed' || return
	world_wait 60 sink_has $((2 * n)) || no "$(sink_count) went out" ||
	    return
	world_wait 60 arrived in '(pass|soft)\.example@rcpt\.example' $((2 * n)) ||
	    no "$(arrived_in '(pass|soft)\.example@rcpt\.example') came in"
}

# Each of the 1,000 is signed or checked; one run of each verifier over all
life_thousand_verified() {
	local out=$T/captured verifier want n
	"$E2E/collect" -w "$T/sink" "$out" || return
	"$E2E/verify-dkimpy" "$out/whole" >"$out/whole.dkimpy" &&
	    "$E2E/verify-mail-dkim" "$out/whole" >"$out/whole.mail-dkim" &&
	    "$E2E/verify-opendkim" "$out/whole" "$out/whole.work" \
	    >"$out/whole.opendkim" || return
	for verifier in dkimpy mail-dkim opendkim; do
		n=$(grep -c ' ok$' "$out/whole.$verifier")
		want=500
		# an old Mail::DKIM knows no Ed25519
		[ $verifier != mail-dkim ] || "$E2E/verify-mail-dkim" \
		    --algorithms | grep -q ed25519 || want=250
		[ "$n" = $want ] || no "$verifier: $n ok" \
		    "$(grep -v ' ok$' "$out/whole.$verifier" | head)" || return
	done
	find "$T/mail/in/new" -type f -exec "$E2E/received-spf" {} + |
	    grep '^result=' | sort | uniq -c >"$T/results"
	[ "$(tr -d ' \n' <"$T/results")" = 250result=pass250result=softfail ] ||
	    no 'results:' "$(cat "$T/results")"
}

# Without a signer mail waits: with tempfail, and with shutdown, which is the
# default of Postfix 3.11. Then it goes out signed.
life_signer_down() {
	local pid=$SIGNER port children said=yes
	children=$(children "$pid")
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	for pid in $children; do
		world_wait 20 ended "$pid"
	done
	for port in 25 2515; do
		PORT=$port mail_out me@two.example "down$port@far.example"
		replied '4[25]1 ' || said=no
	done
	world_start 8891 postseal-signer
	SIGNER=$STARTED
	postfix reload >>"$T/log/postfix.out" 2>&1
	for port in 25 2515; do
		PORT=$port mail_out me@two.example "down$port@far.example"
		accepted && world_wait 20 grep -rqsaF \
		    "X-Rcpt-Args: <down$port@" "$T/sink" || return
		[ "$(field_count DKIM-Signature \
		    "$(grep -rlsaF "X-Rcpt-Args: <down$port@" "$T/sink")")" = 2 ] ||
		    no "not signed, or not once: down$port" || return
	done
	[ $said = yes ]
}

# unix_signer CONFIG - takes the place at the unix socket; its process is in STARTED
unix_signer() {
	local before
	before=$(stat -c %i /var/spool/postfix/postseal/signer.sock)
	"$LIBEXEC/postseal-signer" -c "$1" --replace \
	    >>"$T/log/postseal-signer.out" 2>&1 &
	STARTED=$!
	world_wait 10 eval '[ $(stat -c %i /var/spool/postfix/postseal/signer.sock) != '"$before ]" ||
	    no 'the socket was not replaced' "$(cat "$T/log/postseal-signer.out")"
}

# gone PID - in good order, at once: its workers do not hold it
gone() {
	local began=$SECONDS
	kill -TERM "$1" && wait "$1" || no "it ended with code $?" || return
	((SECONDS - began <= 3)) || no "it took $((SECONDS - began)) s"
}

# The next before the old one, twice; without systemd
replace_signer() {
	local before=$SIGNER
	unix_signer /etc/postseal/unix.conf && SIGNER=$STARTED && gone "$before"
}

replace_twice() {
	replace_signer && more_goes_out && replace_signer
}

# From the one that has a port, too, to one that has only the socket, and back: a port
# cannot be taken while another has it
to_unix() {
	sed 's|"inet:127.0.0.1:8891",||' "$T/etc/postseal/postseal.conf" \
	    >"$T/etc/postseal/unix.conf"
	unix_signer /etc/postseal/unix.conf || return
	kill -TERM "$SIGNER"
	wait "$SIGNER" || no "it ended with code $?" || return
	SIGNER=$STARTED
}

from_unix() {
	local before=$SIGNER
	unix_signer /etc/postseal/postseal.conf && SIGNER=$STARTED &&
	    gone "$before" && world_port_open 127.0.0.1 8891
}

# The supervisor and its workers at once, with the messages that they have
kill_whole_signer() {
	# shellcheck disable=SC2046
	kill -KILL "$SIGNER" $(children "$SIGNER") || return
	wait "$SIGNER" 2>/dev/null
	world_start 8891 postseal-signer
	SIGNER=$STARTED
}

replaced_cases() {
	E2E_AGE=world_age FLOOD_FROM=me@two.example FLOOD_TO=@far.example
	milter_does accept
	case_run 'restart: --replace, from a port and a socket to a socket' to_unix
	case_run 'restart: 400 mails, accept, replaced twice: 0 unsigned' \
	    undisturbed 0.3 replace_twice
	case_run 'restart: --replace, and back' from_unix
	case_run 'restart: 400 mails, accept, six reloads: 0 unsigned' \
	    undisturbed 0.4 reloaded 6 kill -HUP "$SIGNER"
	milter_does tempfail
	case_run 'restart: 400 mails, tempfail, kill -9: 0 unsigned, 0 lost' \
	    all_signed 0.3 kill_whole_signer
}

hundred_reloads_cases() {
	E2E_AGE=world_age FLOOD_FROM=me@two.example FLOOD_TO=@far.example
	local action
	for action in tempfail accept; do
		milter_does $action
		case_run "restart: 400 mails, $action, 100 reloads: 0 unsigned" \
		    undisturbed 4.5 reloaded 100 kill -HUP "$SIGNER"
	done
	case_run 'restart: 400 mails, accept, a worker killed: counted' \
	    counted 0.2 kill_worker "$SIGNER"
	milter_does tempfail
}

life_cases() {
	replaced_cases
	case_run 'life: no signer: mail waits (tempfail, shutdown)' \
	    life_signer_down
	case_run 'life: half-close' life_half_close
	case_run 'life: a reload with a wrong config' life_bad_reload
}

life_long_cases() {
	case_run 'life: 1,000 messages, none lost' life_thousand
	case_run 'life: 1,000 messages, all verified' life_thousand_verified
	case_run 'life: a flood' flooded nothing
	case_run 'life: signer, ten reloads' flooded hup "$SIGNER"
	case_run 'life: signer, a worker killed' flooded kill_worker "$SIGNER"
	case_run 'life: signer, the supervisor killed' flooded kill_signer
	case_run 'life: policyd, spawned, killed' flooded kill_spawned
	PORT_IN=2505
	FIELD='Authentication-Results: mx.two.example; spf=pass'
	case_run 'life: policyd, standing, a flood' flooded nothing
	case_run 'life: policyd, standing, ten reloads' flooded hup "$POLICYD"
	case_run 'life: policyd, standing, a worker killed' \
	    flooded kill_worker "$POLICYD"
	case_run 'life: policyd, standing, the supervisor killed' \
	    flooded kill_policyd
	case_run 'life: policyd, standing, restarted' flooded restart_policyd
	case_run 'life: policyd, standing, SIGTERM while it hangs' life_stop_limit
	case_run 'life: policyd, standing, no worker moves for a while' life_still
	PORT_IN='' FIELD=''
	hundred_reloads_cases
	case_run 'life: a stuck syslog' life_syslog
	case_run 'life: signer, descriptors exhausted' life_descriptors
	case_run 'life: a new address of this host' who_refresh
	case_run 'life: DNS dead' life_dns_dead
}
