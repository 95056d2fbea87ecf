# world.sh - what the scripts that `enter` runs stand on: a private /etc, /run and
# /dev, the daemons' users, a network with its own DNS, a Postfix.
#
# Sourced. Each function says what it needs; world_make does all of them. Paths
# below T: etc/ (configuration), log/ (mail.log has Postfix's and the daemons'
# lines), mail/ (delivered), sink/ (relayed to elsewhere), queue/.
# shellcheck shell=bash disable=SC2034

TOP=${E2E%/tests/e2e}
LIBEXEC=/usr/local/libexec/postseal
MAILLOG=$T/log/mail.log

# world_wait SECONDS COMMAND... - until it succeeds; fails when time is up
world_wait() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

world_log_has() {
	grep -qaE -e "$1" "$MAILLOG" 2>/dev/null
}

world_port_open() {
	(: <>"/dev/tcp/$1/$2") 2>/dev/null
}

world_die() {
	printf 'e2e: %s\n' "$@" >&2
	tail -n 30 "$MAILLOG" >&2
	exit 1
}

# A private copy of /etc, and an empty /run, /dev and /usr/local. They live in
# memory and in this mount namespace: nobody else sees them.
world_mounts() {
	local new=$T/new node
	mkdir -p "$new"

	mount -n -t tmpfs -o mode=755 tmpfs "$new"
	cp -a /etc/. "$new"
	mount -n --move "$new" /etc

	mount -n -t tmpfs -o mode=755 tmpfs "$new"
	mkdir "$new/pts" "$new/shm"
	chmod 1777 "$new/shm"
	for node in null zero full random urandom tty; do
		[ -e "/dev/$node" ] || continue
		: >"$new/$node"
		mount -n --bind "/dev/$node" "$new/$node"
	done
	ln -s /proc/self/fd "$new/fd"
	ln -s /proc/self/fd/0 "$new/stdin"
	ln -s /proc/self/fd/1 "$new/stdout"
	ln -s /proc/self/fd/2 "$new/stderr"
	mount -n --move "$new" /dev

	mount -n -t tmpfs -o mode=755 tmpfs /run
	mkdir -m 1777 /run/lock
	mount -n -t tmpfs -o mode=755 tmpfs /usr/local
	rmdir "$new"
}

# The users exist in the private /etc only
world_users() {
	local user id=61100
	for user in postseal-policyd postseal-signer postseal-verifier; do
		while getent passwd "$id" || getent group "$id"; do
			id=$((id + 1))
		done >/dev/null
		getent passwd "$user" >/dev/null ||
		    printf '%s:x:%s:%s::/nonexistent:/usr/sbin/nologin\n' \
		    "$user" "$id" "$id" >>/etc/passwd
		getent group "$user" >/dev/null ||
		    printf '%s:x:%s:\n' "$user" "$id" >>/etc/group
		id=$((id + 1))
	done
}

# Loopback, and on it the addresses of some clients. A client that connects to
# such an address comes from it: smtp-source has no other way to be somebody.
world_network() {
	echo mx.two.example >/proc/sys/kernel/hostname
	ip link set lo up
	ip addr add 192.0.2.1/32 dev lo
	ip addr add 198.51.100.1/32 dev lo
	# a link to one other host, for who.sh
	ip addr add 203.0.113.5 peer 203.0.113.6 dev lo
	# answers here, but is no address of this host
	ip route add local 203.0.113.53/32 dev lo
	rm -f /etc/resolv.conf /etc/hosts
	echo 'nameserver 127.0.0.1' >/etc/resolv.conf
	printf '127.0.0.1 localhost mx.two.example\n::1 localhost\n' >/etc/hosts
}

# world_put FILE - a file of tests/e2e/etc to T/etc, with @T@ filled in
world_put() {
	mkdir -p "$(dirname "$T/etc/$1")"
	sed "s|@T@|$T|g; s|@POLICYD@|$LIBEXEC/postseal-policyd|g" "$E2E/etc/$(basename "$1")" >"$T/etc/$1"
}

world_dns() {
	world_put nsd/nsd.conf
	world_put nsd/root.zone
	world_put nsd/signed.zone
	nsd -d -c "$T/etc/nsd/nsd.conf" >>"$T/log/nsd.log" 2>&1 &
	NSD=$!
	world_wait 10 world_port_open 127.0.0.1 53 ||
	    world_die "nsd does not start" "$(cat "$T/log/nsd.log")"
	world_put unbound/unbound.conf
	world_put unbound/signed.ds
	unbound -c "$T/etc/unbound/unbound.conf" >>"$T/log/unbound.log" 2>&1 &
	world_wait 10 world_port_open 127.0.0.1 5301 ||
	    world_die "unbound does not start" "$(cat "$T/log/unbound.log")"
}

world_syslog() {
	"$E2E/syslogd" /dev/log "$MAILLOG" &
	SYSLOGD=$!
	world_wait 10 test -S /dev/log || world_die "no /dev/log"
}

# The daemons as `make install` would lay them out, the config, the test keys
world_postseal() {
	local domain selector file keys=$T/etc/postseal/keys
	mkdir -p "$LIBEXEC" /usr/local/sbin /etc/postseal "$T/etc/postseal"
	install -m 755 "$BUILD/postseal-policyd" "$BUILD/postseal-signer" \
	    "$BUILD/postseal-verifier" "$LIBEXEC/" && install -m 755 "$BUILD/postseal" /usr/local/sbin/ ||
	    world_die "the programs are not in $BUILD; make builds them"
	PATH=$PATH:/usr/local/sbin
	mount -n --bind "$T/etc/postseal" /etc/postseal
	for file in postseal strict trust observe observe-ar broken typo standing \
	    simple asis dnssec loop loop-ar loop-org dmarc; do
		world_put postseal/$file.conf
	done
	mkdir "$keys" "$T/etc/postseal/domains.d"
	for domain in rsa.example/r1 ed.example/e1 two.example/r1 two.example/e1; do
		selector=${domain#*/} domain=${domain%/*}
		mkdir -p "$keys/$domain"
		install -m 600 "$E2E/keys/$selector.private" \
		    "$keys/$domain/$selector.private"
	done
	chmod 711 "$keys" "$keys"/*
}

# The lines for main.cf that stand in the snippet's comments: those of a spawned
# policy daemon, and the signer's
world_main_cf() {
	sed -n '/^# --- Inbound, 1/,/^# Always after/s/^#   //p
	    /^# --- Outbound/,/^# The last line/s/^#   //p' \
	    "$TOP/master.cf.snippet"
}

# Debian's main.cf and master.cf with the snippet as it is, and what only tests
# have. Unsigned mail would hide a dead signer: here it waits.
world_postfix() {
	local dir=$T/etc/postfix file
	mkdir -p "$dir" "$T/queue" "$T/data" "$T/mail"
	chown postfix "$T/data"
	chown nobody "$T/mail"
	world_put postfix/main.cf
	# Debian 12 has them beside main.cf, later ones in /usr/lib/postfix alone
	for file in postfix-files postfix-files.d postfix-script post-install; do
		[ ! -e "/etc/postfix/$file" ] ||
		    cp -a "/etc/postfix/$file" "$dir/"
	done
	world_main_cf >>"$dir/main.cf"
	[ "$(world_main_cf | grep -c '^[a-z].* =')" = 5 ] ||
	    world_die 'cannot read the lines for main.cf in master.cf.snippet' \
	    "$(world_main_cf)"
	world_put postfix/master.cf
	# for a user who may not enter the folder of the sources
	install -m 755 "$E2E/list" "$T/list"
	cat /usr/share/postfix/master.cf.dist "$TOP/master.cf.snippet" \
	    "$dir/master.cf" >"$dir/master.cf.new"
	mv "$dir/master.cf.new" "$dir/master.cf"
	world_age
	mount -n --bind "$dir" /etc/postfix
	mount -n --bind "$T/data" /var/lib/postfix
	# smtpd is chrooted, as Debian has it
	mkdir -p "$T/queue/etc"
	cp /etc/resolv.conf /etc/hosts /etc/services /etc/nsswitch.conf \
	    "$T/queue/etc/"
	postfix start >"$T/log/postfix.out" 2>&1 ||
	    world_die "postfix does not start" "$(cat "$T/log/postfix.out")"
}

# Postfix waits until its files are over a second old before it trusts them
world_age() {
	touch -d '10 seconds ago' "$T/etc/postfix/"*
}

# The next hop for all mail to elsewhere: keeps each message in a file
world_sink() {
	mkdir -p "$T/sink"
	chown nobody "$T/sink"
	(cd "$T/sink" && exec smtp-sink -u nobody -d "m." 127.0.0.1:2525 \
	    1000) >>"$T/log/sink.log" 2>&1 &
	world_wait 10 world_port_open 127.0.0.1 2525 ||
	    world_die "smtp-sink does not start" "$(cat "$T/log/sink.log")"
}

# world_start PORT PROGRAM [OPTION...] - a standing daemon, until it listens on
# 127.0.0.1:PORT. Its process id is in STARTED.
world_start() {
	local port=$1 program=$2
	shift 2
	"$LIBEXEC/$program" "$@" >>"$T/log/$program.out" 2>&1 &
	STARTED=$!
	world_wait 10 world_port_open 127.0.0.1 "$port" ||
	    world_die "$program $* does not start" \
	    "$(cat "$T/log/$program.out")"
}

world_daemons() {
	mkdir -p "$T/queue/postseal"
	mount -n --bind "$T/queue" /var/spool/postfix
	world_start 8891 postseal-signer
	SIGNER=$STARTED
	world_start 8892 postseal-signer -c /etc/postseal/simple.conf
	world_start 10031 postseal-policyd -c /etc/postseal/standing.conf \
	    --listen
	POLICYD=$STARTED
	world_start 8890 postseal-verifier
	VERIFIER=$STARTED
}

world_make() {
	umask 022
	mkdir -p "$T/log" "$T/etc"
	: >"$MAILLOG"
	world_mounts && world_users && world_network && world_dns &&
	    world_syslog && world_postseal && world_daemons && world_sink &&
	    world_postfix
}
