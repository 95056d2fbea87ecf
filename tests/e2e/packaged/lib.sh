# lib.sh - what the scripts in an installed system stand on: a network with a far
# side, a DNS of its own, Postfix, and mail through it.
#
# Sourced by install, mail, units and leave, which `package` runs in a chroot made
# for them. There it is /root/e2e/packaged; T holds what it makes.
# shellcheck shell=bash disable=SC2034

E2E=/root/e2e BUILD=/root/build T=/root/t
ZONE=/etc/nsd/test.zone
mkdir -p "$T/log"
# shellcheck source=tests/e2e/world.sh
. "$E2E/world.sh"
MAILLOG=/var/log/mail.log
touch "$MAILLOG"
# shellcheck source=tests/e2e/lib.sh
. "$E2E/lib.sh"

DOMAIN=example.test            # whose mail server this is
HOST=mx.$DOMAIN ADDRESS=203.0.113.25
GOOD=198.51.100.9              # may send mail of sender.test
BAD=192.0.2.66                 # may not
FAR_MX=192.0.2.55              # takes mail for elsewhere.test

# says REGEX COMMAND... - it succeeds and prints that
says() {
	local regex=$1 said rc=0
	shift
	said=$("$@" 2>&1) || rc=$?
	[ $rc = 0 ] && grep -qE -e "$regex" <<<"$said" ||
	    no "status $rc, wanted: $regex" "$said"
}

# quiet COMMAND... - it succeeds and prints nothing
quiet() {
	local said rc=0
	said=$("$@" 2>&1) || rc=$?
	[ $rc = 0 ] && [ -z "$said" ] || no "status $rc:" "$said"
}

# fails COMMAND...
fails() {
	! "$@" || no "it succeeds: $*"
}

# --- the network: this host, and a namespace that is everybody else ----------

far() {
	nsenter -t "$FAR" -n -- "$@"
}

far_is_apart() {
	[ "$(readlink "/proc/$FAR/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

network_make() {
	local address
	hostname "$HOST"
	ip link set lo up
	unshare -n sleep infinity &
	FAR=$!
	world_wait 10 far_is_apart || world_die 'no second network'
	ip link add near type veth peer name far netns "$FAR"
	ip addr add "$ADDRESS/32" dev near
	ip link set near up
	far ip link set lo up
	far ip link set far up
	for address in $GOOD $BAD $FAR_MX; do
		far ip addr add "$address/32" dev far
		ip route add "$address/32" dev near
	done
	far ip route add "$ADDRESS/32" dev far
	printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
	printf '127.0.0.1 localhost\n%s %s mx\n' "$ADDRESS" "$HOST" >/etc/hosts
	echo "$HOST" >/etc/hostname
}

# --- DNS: nsd is the root and everything below it ----------------------------

dns_make() {
	mkdir -p /etc/nsd/nsd.conf.d
	cat >/etc/nsd/nsd.conf.d/test.conf <<-END
	server:
	    ip-address: 127.0.0.1
	    rrl-ratelimit: 0
	    server-count: 1
	zone:
	    name: "."
	    zonefile: "$ZONE"
	END
	# what an administrator has before he thinks of SPF and DKIM, and others
	cat >"$ZONE" <<-END
	\$ORIGIN .
	\$TTL 60
	@	SOA	ns.test. host.test. 1 3600 600 86400 1
	@	NS	ns.test.
	ns.test	A	127.0.0.1
	$DOMAIN	MX	10 $HOST.
	$HOST	A	$ADDRESS
	25.113.0.203.in-addr.arpa	PTR	$HOST.
	sender.test	TXT	"v=spf1 ip4:$GOOD -all"
	mail.sender.test	A	$GOOD
	9.100.51.198.in-addr.arpa	PTR	mail.sender.test.
	elsewhere.test	MX	10 mail.elsewhere.test.
	mail.elsewhere.test	A	$FAR_MX
	END
}

# records TEXT - the zone-file lines in what a command printed
records() {
	sed -n '/ IN TXT ($/,/)$/p; / IN TXT "/p' <<<"$1"
}

# --- mail -------------------------------------------------------------------

sink_make() {
	rm -rf "$T/sink"
	mkdir -p "$T/sink"
	chown nobody "$T/sink"
	(cd "$T/sink" && exec nsenter -t "$FAR" -n -- \
	    smtp-sink -u nobody -d m. "$FAR_MX:25" 100) >>"$T/log/sink.log" 2>&1 &
	world_wait 10 world_port_open "$FAR_MX" 25 || world_die 'no smtp-sink'
}

# from_far CLIENT SENDER - a message from outside for alice; what was said is in
# DIALOGUE
from_far() {
	far swaks --server "$ADDRESS" --local-interface "$1" --timeout 60 \
	    --helo mail.sender.test --from "$2" --to "alice@$DOMAIN" \
	    --header "Subject: in $RANDOM" >"$DIALOGUE" 2>&1
	return 0
}

alice_has_mail() {
	[ -s /var/mail/alice ]
}

# A mail in, with the header that says pass
mail_comes_in() {
	rm -f /var/mail/alice
	from_far $GOOD bob@sender.test
	accepted && world_wait 20 alice_has_mail || no 'nothing in /var/mail' || return
	# the first line is the mailbox's own
	tail -n +2 /var/mail/alice >"$T/in.eml"
	MAIL=$T/in.eml
	spf_header result=pass "client-ip=$GOOD" || return
	/usr/bin/python3 -c 'import spf, sys
print(spf.check2(*sys.argv[1:])[0])' $GOOD bob@sender.test mail.sender.test |
	    grep -qx pass || no 'pyspf does not say pass'
}

# Two mails out, by sendmail(1) and by SMTP; dkimpy says of each signature: ok
mail_goes_out() {
	local said want=${1:-1}
	rm -rf "$T/sink/m."* "$T/eml"
	printf 'From: Alice <alice@%s>\nTo: carol@elsewhere.test\nSubject: out\n\nHello.\n' \
	    "$DOMAIN" | runuser -u alice -- sendmail -f "alice@$DOMAIN" \
	    carol@elsewhere.test || return
	swaks --server 127.0.0.1 --timeout 60 --from "alice@$DOMAIN" \
	    --to dave@elsewhere.test --header "From: Alice <alice@$DOMAIN>" \
	    >"$DIALOGUE" 2>&1
	accepted && world_wait 30 sink_has 2 || no 'not relayed' || return
	"$E2E/collect" -w "$T/sink" "$T/eml" &&
	    said=$("$E2E/verify-dkimpy" "$T/eml/whole") || return
	[ "$(grep -cE '^(carol|dave) .* ok$' <<<"$said")" = $((2 * want)) ] &&
	    ! grep -qv ' ok$' <<<"$said" || no "verifier: $said"
}

# What forges sender.test is refused, for the reason of RFC 7372
forged_is_refused() {
	from_far $BAD ceo@sender.test
	replied '550 5\.7\.23'
}

# --- the package ------------------------------------------------------------

# apt VERB... - as the administrator would, with nobody to ask; what dpkg and the
# scripts said is in T/apt.log
apt() {
	apt-get -q -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef \
	    -o Dpkg::Options::=--force-confold "$@" >"$T/apt.log" 2>&1 &&
	    ! grep -iE '^(dpkg: error|E:|W:)|failed|cannot|no such' \
	    "$T/apt.log" || no "$(cat "$T/apt.log")"
}

# The postseal_VERSION_*.deb of `make deb`, and one that is newer
old_deb() {
	echo /root/deb/old/postseal_*.deb
}

new_deb() {
	echo /root/deb/new/postseal_*.deb
}

version_is() {
	says "^$1\$" dpkg-query -W -f '${Version}\n' postseal
}

# The TCP ports that our daemons have open
ports_of_ours() {
	ss -H -l -t -n -p | grep postseal
}

# exec_start UNIT - the words of its command
exec_start() {
	sed -n 's/^ExecStart=//p' "$(dpkg -L postseal | grep "/$1\.service\$")"
}

# What must not change: the administrator's files
mine() {
	find /etc/postseal /etc/postfix -type f ! -name '*.dpkg-*' \
	    -exec stat -c '%n %a %U %G' {} + -exec cksum {} + | sort
}
