# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Every child of the daemon has only the rights of its job: no capability but
# the worker's CAP_NET_RAW, a filter of system calls, no netlink socket; no
# process but a worker and its keeper can write what that worker sends.
topology
own_proc
daemon workers=2
exchange "$VENDOR4:7700"

# children PID: "PID TITLE" of each, and of theirs
children() {
	local pid pids

	read -ra pids <"/proc/$1/task/$1/children" || true # no line end
	for pid in "${pids[@]}"; do
		echo "$pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		children "$pid"
	done
}

# status PID KEY
status() {
	sed -n "s/^$2:\t//p" "/proc/$1/status"
}

# sockets PID: inode numbers
sockets() {
	find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n'
}

# writable PID: names of the shared memory that it can write ("zero" is without a
# file: what all workers share, or the commit memory of the recorder)
writable() {
	sed -n -E 's/^[^ ]* rw-s .*(memfd:wayside-|\/dev\/)([^ ]*).*/\2/p' \
		"/proc/$1/maps" | sort -u | xargs
}

# netlink PID: how many netlink sockets it has
netlink() {
	on gateway cat /proc/net/netlink | awk '{ print $NF }' |
		grep -cxF -f <(sockets "$1") || true
}

supervisor=$(cat /run/wayside/pid)

# The filter is what a process takes on last, a keeper only after its worker.
all_filtered() {
	local pid

	while read -r pid _; do
		[ "$(status "$pid" Seccomp)" = 2 ] || return 1
	done < <(children "$supervisor")
}
wait_for 10 all_filtered
expect_at_least "netlink sockets of the supervisor" "$(netlink "$supervisor")" 1
roles=
while read -r pid role; do
	roles+="$role "
	capabilities=0000000000000000 memory="cursor/0 cursor/1 zero"
	case $role in
	wayside-worker/*) capabilities=0000000000002000 ;; # bit 13: CAP_NET_RAW
	esac
	case $role in
	wayside-worker/?* | wayside-keeper/?*)
		i=${role##*/}
		memory="pool/$i ring/$i table/$i zero"
		;;
	esac
	for set in CapInh CapPrm CapEff CapAmb; do
		case $set in
		CapPrm | CapEff) want=$capabilities ;;
		*) want=0000000000000000 ;;
		esac
		expect_equal "$set of $role" "$(status "$pid" $set)" $want
	done
	expect_equal "no_new_privs of $role" "$(status "$pid" NoNewPrivs)" 1
	expect_equal "netlink sockets of $role" "$(netlink "$pid")" 0
	expect_equal "writable memory of $role" "$(writable "$pid")" "$memory"
done < <(children "$supervisor")
expect_equal roles "$(tr ' ' '\n' <<<"$roles" | sort | xargs)" \
	"wayside-keeper/0 wayside-keeper/1 wayside-recorder wayside-worker/0 wayside-worker/1"
