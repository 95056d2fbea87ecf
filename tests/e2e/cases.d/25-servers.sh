# servers.sh - several name servers, of which some are wrong, dead or gone, asked by
# the spawned and the standing policy daemon through /etc/resolv.conf.
#
# Sourced, after lib.sh. The servers are the tests' own (dnsd), each at an address
# of its own of the loopback: 127.0.0.2 is right, 127.0.0.3 knows internal names only
# and says that all others do not exist, 127.0.0.4 and .5 say nothing, 127.0.0.6 and
# fe80::53 on lo are right, at .7 and .8 nobody listens, and 198.18.0.1 and .2 have no route.
# shellcheck shell=bash

SERVERS_CHECKS=${SERVERS_CHECKS:-500}

# servers_dnsd ADDRESS ZONE [COMMAND] - starts one; its process id goes to SERVERS
servers_dnsd() {
	local fifo=$T/dnsd.$1 fd
	rm -f "$fifo"
	mkfifo "$fifo"
	"$BUILD/dnsd" -l "$1" -p 53 "$2" <"$fifo" >"$T/log/dnsd.$1" 2>&1 &
	SERVERS+=($!)
	exec {fd}>"$fifo"
	[ -z "${3:-}" ] || echo "$3" >&"$fd"
	world_wait 10 world_port_open "$1" 53 || no "no dnsd at $1"
}

# servers_tell ADDRESS COMMAND... - what it says to that
servers_tell() {
	local log=$T/log/dnsd.$1 n
	n=$(wc -l <"$log")
	echo "${@:2}" >"$T/dnsd.$1"
	world_wait 10 servers_has_said "$log" "$n" && tail -n 1 "$log"
}

servers_has_said() {
	[ "$(wc -l <"$1")" -gt "$2" ]
}

servers_start() {
	local n
	SERVERS=()
	cp /etc/resolv.conf "$T/resolv.before"
	printf '%s\n' 'good.servers TXT "v=spf1 ip4:192.0.2.1 -all"' \
	    'bad.servers ANY servfail' \
	    'a.servers TXT "v=spf1 include:b.servers -all"' \
	    'b.servers TXT "v=spf1 a:c.servers -all"' \
	    'c.servers A 192.0.2.1' >"$T/right.zone"
	printf '%s\n' 'in.servers A 192.0.2.9' \
	    'bad.servers TXT "v=spf1 ip4:192.0.2.1 -all"' >"$T/internal.zone"
	: >"$T/empty.zone"
	servers_dnsd 127.0.0.2 "$T/right.zone" &&
	    servers_dnsd 127.0.0.3 "$T/internal.zone" &&
	    servers_dnsd 127.0.0.6 "$T/right.zone" || return
	for n in 4 5; do
		servers_dnsd 127.0.0.$n "$T/empty.zone" mute || return
	done
	ip addr add fe80::53/64 dev lo nodad &&
	    servers_dnsd fe80::53%lo "$T/right.zone" || return
	cat >/etc/postseal/servers.conf <<-END
		hostname = "mx.two.example"
		policyd {
			listen = {"inet:127.0.0.1:10037"}
			helo { check = false }
			mail_from { temperror = "defer" }
		}
	END
	# the worker reads resolv.conf at its first question
	servers_resolv 127.0.0.2
	world_start 10037 postseal-policyd -c /etc/postseal/servers.conf --listen
	SERVERS+=("$STARTED")
}

servers_stop() {
	local address
	kill "${SERVERS[@]}"
	for address in fe80::53/64 10.9.0.53/32 10.9.0.2/32 fd00:9::53/128 fd00:9::2/128; do
		ip addr del "$address" dev lo 2>/dev/null
	done
	servers_put <"$T/resolv.before"
}

# servers_put - standard input becomes /etc/resolv.conf, by rename
servers_put() {
	cat >/etc/resolv.conf.new && mv -f /etc/resolv.conf.new /etc/resolv.conf
}

servers_resolv() {
	printf 'nameserver %s\n' "$@" | servers_put
}

# servers_look HOW - until the file has been read; one that stands looks at it when it
# is asked, but once a second
servers_look() {
	[ "$1" = spawned ] || sleep 1.1
}

# servers_use HOW ADDRESS... - from now on
servers_use() {
	local how=$1
	shift
	servers_resolv "$@"
	servers_look "$how"
}

# servers_request N DOMAIN - the Nth request of a connection
servers_request() {
	printf '%s\n' request=smtpd_access_policy protocol_state=RCPT \
	    client_address=192.0.2.1 helo_name=h.servers "sender=u@$2" \
	    recipient=r@rcpt.example "instance=$1" ''
}

servers_requests() {
	local n
	for ((n = 0; n < SERVERS_CHECKS; n++)); do
		servers_request "$n" "$([ $((n % 2)) = 0 ] || [ "$1" = good ] &&
		    echo good.servers || echo bad.servers)"
	done
}

servers_spawned() {
	"$LIBEXEC/postseal-policyd" -c /etc/postseal/servers.conf
}

servers_standing() {
	local fd
	exec {fd}<>/dev/tcp/127.0.0.1/10037
	cat >&"$fd" &
	grep -m "$SERVERS_CHECKS" action= <&"$fd"
}

# All pass: what a right server would have said
servers_all_pass() { # HOW KIND
	local said
	said=$(servers_requests "$2" | "servers_$1" | grep -a '^action=' |
	    sed 's/^\(action=PREPEND Received-SPF: [a-z]*\|action=[^ ]*\).*/\1/' |
	    sort | uniq -c)
	read -r said <<<"$said"
	[ "$said" = "$SERVERS_CHECKS action=PREPEND Received-SPF: pass" ] ||
	    no "$said"
}

# servers_soon HOW DOMAIN RESULT - within some seconds, without a signal
servers_soon() {
	world_wait 5 servers_one "$@"
}

# A changed resolv.conf is used
servers_changed() { # HOW
	servers_resolv 127.0.0.3 && servers_soon "$1" good.servers none &&
	    servers_resolv 127.0.0.2 && servers_soon "$1" good.servers pass &&
	    printf 'nameserver 127.0.0.3\n' >/etc/resolv.conf &&
	    servers_soon "$1" good.servers none &&
	    : >/etc/resolv.conf && servers_look "$1" && # being written
	    servers_one "$1" good.servers none
}

# A question that the servers of before have not answered yet is put to the new ones by
# who asks it after the change
servers_asked_anew() {
	local from ms first
	servers_use standing 127.0.0.4
	servers_request 1 good.servers | SERVERS_CHECKS=1 servers_standing \
	    >/dev/null & first=$!
	sleep 0.2
	servers_use standing 127.0.0.2
	from=${EPOCHREALTIME/./}
	servers_one standing good.servers pass || return
	ms=$(((${EPOCHREALTIME/./} - from) / 1000))
	wait $first
	[ $ms -lt 1000 ] || no "it took $ms ms"
}

# The right one takes longer than a try for whatever it is asked; each spawned process
# has one request
servers_slow_first() { # HOW
	local n pids=() rc=0
	servers_use "$1" 127.0.0.2 127.0.0.3
	servers_tell 127.0.0.2 'delay 1300' >/dev/null || return
	for n in 1 2 3 4; do
		servers_one "$1" good.servers pass & pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || rc=1
	done
	servers_one "$1" good.servers pass || rc=1
	servers_tell 127.0.0.2 'delay 0' >/dev/null
	return $rc
}

# One that the worker may not read: 127.0.0.1 is asked, the world's own server, and that
# is logged once, however long it lasts
servers_unreadable() {
	local from n
	servers_use standing 127.0.0.2 &&
	    servers_one standing good.servers pass || return
	from=$(wc -c <"$MAILLOG")
	(umask 077 && servers_resolv 127.0.0.2)
	world_wait 10 servers_one standing good.servers none || return
	for n in {1..16}; do
		servers_one standing good.servers none || return
		sleep 0.5
	done
	n=$(tail -c "+$((from + 1))" "$MAILLOG" |
	    grep -ac 'cannot be read: Permission denied; 127.0.0.1 is asked')
	[ "$n" = 1 ] || no "logged $n times"
}

# A link, as systemd and resolvconf make it, that leads to another file from now on
servers_link_turned() {
	local n
	for n in 2 3; do
		echo "nameserver 127.0.0.$n" >"/run/resolv.$n"
	done
	for n in 2 3 2; do
		ln -sf "/run/resolv.$n" /etc/resolv.conf.new &&
		    mv -fT /etc/resolv.conf.new /etc/resolv.conf &&
		    [ -L /etc/resolv.conf ] &&
		    servers_soon standing good.servers \
		    "$([ $n = 2 ] && echo pass || echo none)" || return
	done
}

# options use-vc: not one packet by UDP
servers_by_tcp() { # HOW
	local udp tcp
	servers_use "$1" 127.0.0.2
	printf 'nameserver 127.0.0.2\noptions use-vc\n' | servers_put
	servers_look "$1"
	servers_tell 127.0.0.2 forget >/dev/null || return
	SERVERS_CHECKS=50 servers_all_pass "$1" good || return
	read -r udp tcp < <(servers_tell 127.0.0.2 total)
	[ "$udp $tcp" = '0 50' ] || no "$udp by UDP, $tcp by TCP"
}

servers_ten() {
	local n
	for n in {1..10}; do
		servers_request "$n" a.servers
	done
}

# options rotate: each check begins with the next server, and asks it all its
# questions
servers_rotate() { # HOW
	local n name said
	printf 'nameserver 127.0.0.2\nnameserver 127.0.0.6\noptions rotate\n' |
	    servers_put
	servers_look "$1"
	for n in 2 6; do
		servers_tell 127.0.0.$n forget >/dev/null || return
	done
	servers_ten | SERVERS_CHECKS=10 "servers_$1" >"$T/said"
	[ "$(grep -ac 'Received-SPF: pass' "$T/said")" = 10 ] ||
	    no "$(cat "$T/said")" || return
	for n in 2 6; do
		for name in a.servers:TXT b.servers:TXT c.servers:A; do
			said=$(servers_tell 127.0.0.$n count "${name%:*}" "${name#*:}")
			[ "$said" = '5 0' ] || no "127.0.0.$n: $said of $name" || return
		done
	done
	# within a check: with one alone that knows, every other check has it all
	servers_tell 127.0.0.6 clear >/dev/null || return
	servers_ten | SERVERS_CHECKS=10 "servers_$1" >"$T/said"
	[ "$(grep -ac 'Received-SPF: pass' "$T/said")" = 5 ] ||
	    no "$(cat "$T/said")" || return
	while read -r said; do
		servers_tell 127.0.0.6 add "$said" >/dev/null || return
	done <"$T/right.zone"
}

# options rotate: processes of one check each do not all begin with the same server
servers_rotate_spawned() {
	local n udp tcp sum=0
	printf 'nameserver 127.0.0.2\nnameserver 127.0.0.6\noptions rotate\n' |
	    servers_put
	for n in 2 6; do
		servers_tell 127.0.0.$n forget >/dev/null || return
	done
	for n in {1..24}; do
		servers_one spawned good.servers pass || return
	done
	for n in 2 6; do
		read -r udp tcp < <(servers_tell 127.0.0.$n count good.servers TXT)
		[ "$udp" -ge 2 ] || no "127.0.0.$n: asked $udp times of 24" || return
		sum=$((sum + udp + tcp))
	done
	[ $sum = 24 ] || no "asked $sum times in all"
}

# An address that means something on one link only
servers_link_local() { # HOW
	servers_use "$1" fe80::53%lo
	SERVERS_CHECKS=50 servers_all_pass "$1" good || return
	[ "$(servers_tell fe80::53%lo total)" != '0 0' ] || no 'it was not asked'
}

# servers_route SERVER FROM - this host's address towards that one
servers_route() {
	ip route del local "$1" dev lo table local &&
	    ip route add local "$1" dev lo table local src "$2"
}

# This host gets another address, and loses the one that its sockets are bound to: what
# is sent from there fails (IPv4) or gets lost without a word (IPv6)
servers_moved() { # SERVER OLD NEW LENGTH
	local n
	for n in "$1" "$2" "$3"; do
		ip addr add "$n/$4" dev lo nodad || return
	done
	servers_dnsd "$1" "$T/right.zone" && servers_route "$1" "$2" || return
	servers_use standing "$1"
	SERVERS_CHECKS=50 servers_all_pass standing good &&
	    servers_route "$1" "$3" && ip addr del "$2/$4" dev lo &&
	    servers_one standing good.servers pass
}

# Nothing leads there: known at once
servers_no_route() { # HOW
	local from=${EPOCHREALTIME/./} ms
	servers_use "$1" 198.18.0.1 198.18.0.2 127.0.0.2
	servers_all_pass "$1" good || return
	ms=$(((${EPOCHREALTIME/./} - from) / 1000))
	[ $ms -lt 5000 ] || no "$SERVERS_CHECKS checks took $ms ms" || return
	servers_use "$1" 198.18.0.1
	servers_request 1 good.servers | SERVERS_CHECKS=1 "servers_$1" |
	    grep -q '^action=DEFER_IF_PERMIT\|^action=4' || no 'not deferred' || return
	logged 'result="*temperror.*unreachable'
}

# However slow answers are, as long as dns.timeout and time_limit allow
servers_slow() {
	local n said pids=()
	sed '1a dns { timeout = 60 }' /etc/postseal/servers.conf \
	    >/etc/postseal/slow.conf
	servers_resolv 127.0.0.2
	for n in 100 500 1000 2500 5000 10000; do
		servers_tell 127.0.0.2 add "d$n.servers TXT \"v=spf1 ip4:192.0.2.1 -all\""
		servers_tell 127.0.0.2 add "d$n.servers TXT delay=$n"
		servers_request 1 "d$n.servers" | "$LIBEXEC/postseal-policyd" \
		    -c /etc/postseal/slow.conf >"$T/slow.$n" &
		pids+=($!)
	done
	wait "${pids[@]}"
	for n in 100 500 1000 2500 5000 10000; do
		said=$(cat "$T/slow.$n")
		grep -q '^action=PREPEND Received-SPF: pass ' <<<"$said" ||
		    no "after $n ms: $said" || return
	done
}

servers_one() { # HOW DOMAIN RESULT
	local said
	said=$(servers_request "$RANDOM$RANDOM" "$2" |
	    SERVERS_CHECKS=1 "servers_$1")
	grep -q "^action=PREPEND Received-SPF: $3 " <<<"$said" || no "$3?" "$said"
}

# Load that never idles, for LOAD_SECONDS: the worker's descriptors stay as they were
# (when no port is kept any more), no verdict changes, and no port asks more than 256
# questions, nor for more than five seconds
servers_load() {
	local worker before seconds=${LOAD_SECONDS:-600} n pids=() end total
	worker=$(pgrep -P "${SERVERS[-1]}" | head -n 1)
	servers_one standing good.servers pass || return
	sleep 6
	before=$(find "/proc/$worker/fd" -type l | wc -l)
	servers_tell 127.0.0.2 forget >/dev/null
	end=$((SECONDS + seconds))
	for n in 1 2 3 4; do
		while [ $SECONDS -lt $end ]; do
			servers_all_pass standing good || exit
		done &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || no 'a verdict changed' || return
	done
	# chance repeats some port of thousands
	n=$(servers_tell 127.0.0.2 ports) && total=$(servers_tell 127.0.0.2 total) &&
	    [ $((n * 300)) -ge "${total% *}" ] && [ $((n * 5)) -ge "$seconds" ] ||
	    no "$n ports for $total questions" || return
	sleep 6
	n=$(find "/proc/$worker/fd" -type l | wc -l)
	[ "$n" = "$before" ] || no "$before descriptors before, $n after"
}

servers_long_cases() {
	case_run 'servers: start' servers_start
	case_run "servers: ${LOAD_SECONDS:-600} s of load that never idles" \
	    servers_load
	case_run 'servers: answers after 0.1 to 10 s, dns.timeout = 60' \
	    servers_slow
	servers_stop
}

servers_cases() {
	local how
	case_run 'servers: start' servers_start
	for how in spawned standing; do
		servers_use $how 127.0.0.2 127.0.0.3
		case_run "servers: $how, one knows internal names only: 0 of $SERVERS_CHECKS differ" \
		    servers_all_pass $how good
		case_run "servers: $how, and every other domain is SERVFAIL" \
		    servers_all_pass $how mixed
		servers_use $how 127.0.0.4 127.0.0.2
		case_run "servers: $how, the first is dead" \
		    servers_all_pass $how good
		servers_use $how 127.0.0.4 127.0.0.5 127.0.0.2
		case_run "servers: $how, two of three are dead" \
		    servers_all_pass $how good
		servers_use $how 127.0.0.7 127.0.0.8 127.0.0.2
		case_run "servers: $how, two of three refuse" \
		    servers_all_pass $how good
		case_run "servers: $how, two of three have no route" \
		    servers_no_route $how
		case_run "servers: $how, use-vc" servers_by_tcp $how
		case_run "servers: $how, the right one is slow, the other knows internal names" \
		    servers_slow_first $how
		case_run "servers: $how, rotate" servers_rotate $how
		case_run "servers: $how, a link-local server" \
		    servers_link_local $how
	done
	case_run 'servers: 24 spawned of one check each, rotate' \
	    servers_rotate_spawned
	case_run 'servers: standing, resolv.conf is changed' \
	    servers_changed standing
	case_run 'servers: standing, resolv.conf is changed under a question' \
	    servers_asked_anew
	case_run 'servers: standing, the worker may not read resolv.conf' \
	    servers_unreadable
	case_run 'servers: standing, resolv.conf is a link that is turned' \
	    servers_link_turned
	case_run 'servers: standing, another address of this host' \
	    servers_moved 10.9.0.53 10.9.0.1 10.9.0.2 32
	case_run 'servers: standing, another IPv6 address of this host' \
	    servers_moved fd00:9::53 fd00:9::1 fd00:9::2 128
	servers_stop
}
