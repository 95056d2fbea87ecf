# bare.sh - a bare Debian SUITE (bookworm) in a folder, made by debootstrap, and commands run in it.
#
# Sourced. Nothing of the host is changed.
# shellcheck shell=bash

BARE_SUITE=${SUITE:-bookworm}

# bare_can - says what is missing to make one
bare_can() {
	[ "$(id -u)" = 0 ] || { echo "$0: needs root" >&2; return 1; }
	command -v debootstrap >/dev/null && command -v git >/dev/null || {
		echo "$0: apt-get install debootstrap git" >&2
		return 1
	}
}

# seconds WHAT COMMAND... - runs it; prints what it took
seconds() {
	local what=$1 start=$SECONDS rc=0
	shift
	"$@" || rc=$?
	printf '%s: %s: %s s\n' "$(basename "$0")" "$what" $((SECONDS - start))
	return $rc
}

# bare_quiet COMMAND... - what it says is shown only when it fails
bare_quiet() {
	local said rc=0
	said=$("$@" 2>&1) || rc=$?
	[ $rc = 0 ] || tail -n 40 <<<"$said" >&2
	return $rc
}

# bare_apart COMMAND... - with mounts and process ids of its own: what it mounts and
# leaves running ends with it, and it ends with this shell, also when that is killed
bare_apart() {
	setpriv --pdeathsig KILL -- unshare -m -p --fork --kill-child \
	    --mount-proc --propagation private "$@"
}

# bare_make ROOT - there is nothing but apt; its mirror is that of this machine, if
# it is a Debian of that suite too
bare_make() {
	local root=$1 script='' file found mirror=http://deb.debian.org/debian sources=()
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
		if [ -e "$file" ] && grep -q "$BARE_SUITE" "$file" &&
		    grep -q '/debian' "$file"; then
			sources+=("$file")
			found=$(grep -hoE '(https?|file|copy):[^ ]+/debian/?( |$)' \
			    "$file" | head -n 1)
			mirror=${found:-$mirror}
		fi
	done
	# debootstrap does not know releases that came after it: sid's way is theirs
	[ -e "/usr/share/debootstrap/scripts/$BARE_SUITE" ] ||
	    script=/usr/share/debootstrap/scripts/sid
	bare_quiet bare_apart debootstrap --variant=minbase "$BARE_SUITE" "$root" \
	    "${mirror% }" ${script:+"$script"} || return
	if [ ${#sources[@]} -gt 0 ]; then
		rm -f "$root/etc/apt/sources.list"
		cp "${sources[@]}" "$root/etc/apt/sources.list.d/"
	fi
	# how this machine reaches a mirror, and what it believes of its clock: what it was
	# told, and no package has put there
	for file in /etc/apt/apt.conf.d/*; do
		! grep -q Acquire "$file" || dpkg -S "$file" >/dev/null 2>&1 ||
		    cp "$file" "$root/etc/apt/apt.conf.d/"
	done
	bare_resolve "$root" && bare_quiet bare_in "$root" apt-get -q update
}

# bare_resolve ROOT - gives it the host's DNS
bare_resolve() {
	cp --remove-destination -L /etc/resolv.conf "$1/etc/resolv.conf"
}

# shellcheck disable=SC2016
bare_inside='
	set -eu
	root=$1
	shift
	# a root that is no mount point cannot be made private again
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
	    LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
'

# bare_in ROOT COMMAND... - runs it there, with the network of the host
bare_in() {
	bare_apart bash -c "$bare_inside" bare_in "$@"
}

# bare_alone ROOT COMMAND... - the same with a network, IPC and host name of its own
bare_alone() {
	bare_apart unshare -n -i -u bash -c "$bare_inside" bare_alone "$@"
}
