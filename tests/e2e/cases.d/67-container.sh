# container.sh - the daemons as conf/doc/systems.md has them in containers: each the
# first process of its namespaces, without systemd, syslog and most capabilities.
#
# Sourced.
# shellcheck shell=bash disable=SC2034

CONTAINER=$T/box

# The lines of that document's section that are config, and the domain of milter.lua
container_make() {
	mkdir -p "$CONTAINER/domains.d" || return
	sed -n '/^## Containers/,/^## FIPS/s/^    //p' "$TOP/conf/doc/systems.md" |
	    sed -n '/^hostname = /,/^verifier {/p' >"$CONTAINER/postseal.conf"
	sed -n '/^domain "two.example/,/^}/p' "$T/etc/postseal/postseal.conf" \
	    >"$CONTAINER/domains.d/two.example.conf"
	[ "$(grep -c . "$CONTAINER/postseal.conf")" = 5 ] ||
	    no 'cannot read the config in systems.md' "$(cat "$CONTAINER/postseal.conf")"
}

# The last words of its CMD, for another program
container_command() {
	sed -n 's/^    CMD \["\/bin\/sh", "-c", "\(.*\)"\]$/\1/p' \
	    "$TOP/conf/doc/systems.md" |
	    sed "s|/usr/libexec/postseal/postseal-signer|$LIBEXEC/$1|"
}

# container_run PORT PROGRAM [OPTION] - until it listens. Its first process: INSIDE
container_run() {
	local port=$1 command
	shift
	command=$(container_command "$*")
	[ -n "$command" ] || no 'cannot read CMD in systems.md' || return
	# shellcheck disable=SC2016
	unshare -n -m -p -i -u --fork --kill-child --mount-proc sh -c '
	    ip link set lo up && mount -n -t tmpfs -o mode=755 tmpfs /run &&
	    mount -n --bind "$1" /etc/postseal/postseal.conf &&
	    mount -n --bind "$2" /etc/postseal/domains.d &&
	    mount -n --bind /dev/null /dev/log || exit
	    exec setpriv --bounding-set=-all,+setuid,+setgid,+kill,+fowner sh -c "$3"
	' sh "$CONTAINER/postseal.conf" "$CONTAINER/domains.d" "$command" >"$CONTAINER/log" 2>&1 &
	OUTSIDE=$!
	world_wait 10 container_listens "$port" || no 'it does not start' "$(cat "$CONTAINER/log")"
}

container_listens() {
	INSIDE=$(pgrep -P "$OUTSIDE") &&
	    nsenter -t "$INSIDE" -n ss -Hlnt | grep -q ":$1 "
}

# `docker stop`: it ends by itself, well, and has left its lines on standard error
container_stop() {
	kill -TERM "$INSIDE" && wait "$OUTSIDE" ||
	    no "it ended with status $?" "$(cat "$CONTAINER/log")" || return
	grep -q ' stopped ' "$CONTAINER/log" || no 'no log' "$(cat "$CONTAINER/log")"
}

container_signer() {
	container_make && container_run 8891 postseal-signer || return
	nsenter -t "$INSIDE" -n miltertest -s "$E2E/milter.lua" \
	    -D socket=inet:8891@127.0.0.1 || no "$(cat "$CONTAINER/log")" || return
	kill -HUP "$INSIDE"
	world_wait 10 grep -q 'reload' "$CONTAINER/log" || no 'no reload' || return
	container_stop && grep -q 'signed .*domain=two.example' "$CONTAINER/log" ||
	    no "$(cat "$CONTAINER/log")"
}

container_verifier() {
	container_run 8890 postseal-verifier && container_stop
}

container_policyd() {
	container_run 10031 postseal-policyd --listen || return
	local said
	said=$(printf '%s\n' request=smtpd_access_policy protocol_state=RCPT \
	    client_address=127.0.0.1 sender=me@two.example recipient=you@far.example \
	    '' | nsenter -t "$INSIDE" -n bash -c \
	    'exec 3<>/dev/tcp/127.0.0.1/10031; cat >&3; head -n 1 <&3')
	[[ $said == action=* ]] || no "it says: $said" || return
	container_stop
}

container_cases() {
	case_run 'container: the signer signs, reloads, stops' container_signer
	case_run 'container: the verifier' container_verifier
	case_run 'container: the policy daemon' container_policyd
}
