# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Every child of the daemon has only the rights of its job: no capability but
# the worker's CAP_NET_RAW, a filter of system calls, no netlink socket; no
# process but a worker and its keeper can write what that worker sends. A sink's
# program has no filter and so has its publisher, but no right comes back to it; it
# has no descriptor of ours and no signal is blocked or ignored, and it dies with
# the daemon.
topology
own_proc
daemon workers=2 store="{ file: $STORE }" sinks="[ { name: program,
	exec: [/bin/cat] }, { name: broker, amqp: 'amqp://127.0.0.1/?queue=q' },
	{ name: list, redis: 'redis://127.0.0.1/?list=l' } ]"
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
		{ grep -xF -f <(sockets "$1") || true; } | wc -l
}

supervisor=$(cat /run/wayside/pid)

# The filter is what a process takes on last, a keeper only after its worker.
# filter ROLE: what its Seccomp is
filter() {
	case $1 in
	wayside-publisher/program | /bin/cat) echo 0 ;;
	*) echo 2 ;;
	esac
}
all_filtered() {
	local pid role n=0

	while read -r pid role _; do
		[ "$(status "$pid" Seccomp)" = "$(filter "$role")" ] || return 1
		n=$((n + 1))
	done < <(children "$supervisor")
	[ $n = 9 ]
}
wait_for 10 all_filtered
expect_at_least "netlink sockets of the supervisor" "$(netlink "$supervisor")" 1
roles=
while read -r pid role _; do
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
	wayside-publisher/* | /bin/cat) memory= ;;
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
	"/bin/cat wayside-keeper/0 wayside-keeper/1 wayside-publisher/broker \
wayside-publisher/list wayside-publisher/program wayside-recorder wayside-worker/0 \
wayside-worker/1"
program=$(pids /bin/cat)
for set in SigBlk SigIgn; do
	expect_equal "$set of the program" "$(status "$program" $set)" \
		0000000000000000
done
expect_equal "descriptors of the program" \
	"$(find "/proc/$program/fd" -type l -printf '%f\n' | sort | xargs)" "0 1 2"
daemon_kill
ended() {
	! kill -0 "$program" 2>/dev/null
}
wait_for 10 ended
