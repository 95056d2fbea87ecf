# lib.sh - what the benchmarks' scripts share; sourced.
#
# They have $dir, the folder of their files.
# shellcheck shell=bash disable=SC2154

# value KEY LINE, calc FORMAT EXPRESSION
value() { sed -n "s/.*[ ]*\b$1=\([^ ]*\).*/\1/p" <<<"$2"; }
calc() { awk "BEGIN { printf \"$1\", $2 }"; }

# workers of a supervisor, or the process itself
tree() { { echo "$1"; pgrep -P "$1" || :; } | paste -sd,; }

# what the programs have said, and the end
give_up() {
	echo "$1" >&2
	cat "$dir"/*.log "$dir"/*.out >&2 || :
	exit 1
}

wait_socket() { # PATH [SECONDS]
	for _ in $(seq $((20 * ${2:-5}))); do
		[ -S "$1" ] && return
		sleep 0.05
	done
	give_up "$1 does not appear"
}

# wait_started NAME: a socket is there before the workers that tree and rss ask for
wait_started() {
	for _ in $(seq 500); do
		! grep -qs ' started generation=' "$dir/$1.decisions" || return 0
		sleep 0.02
	done
	give_up "$1 does not start"
}
