# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Started with standard input, output and error closed, the daemon works as ever:
# in all its processes these three are /dev/null, and nothing else is there.
topology
own_proc
firewall "tcp dport 7700 accept"

# shellcheck disable=SC2016 # expanded by the inner shell
spawn gateway "$DIR/daemon.log" sh -c 'exec "$0" "$@" <&- >&- 2>&-' \
	"$WAYSIDED" -l 192.168.1.1:7700 -r "$VENDOR4:7700" -o "$LOGS" \
	-p /run/wayside/pid -O "file=$EVENTS"
daemon_pid=$!

listens_or_dead() {
	[ -n "$(on gateway ss -tlnH sport = :7700)" ] ||
		! kill -0 "$daemon_pid" 2>/dev/null
}
wait_for 10 listens_or_dead
server vendor vendor "$VENDOR4:7700" expect '[SG*1234567890*0002*LK]' \
	send '[SG*1234567890*0002*LK]' recv-all
client tracker tracker 192.168.1.1:7700 send '[SG*1234567890*0002*LK]' \
	expect '[SG*1234567890*0002*LK]' shutdown-write recv-all
join tracker vendor
wait_for 10 events_are 'client	[SG*1234567890*0002*LK]' \
	'server	[SG*1234567890*0002*LK]'

# Each of our processes: the number of its standard descriptors on /dev/null
found=
for exe in /proc/[0-9]*/exe; do
	[ "$(readlink "$exe")" = "$WAYSIDED" ] || continue
	found+=" $(find "${exe%/exe}"/fd/[012] -lname /dev/null | wc -l)"
done
# at least the supervisor, a keeper, its worker and the recorder
expect_match "descriptors of the processes" "$found" '( 3){4,}'
daemon_stop
