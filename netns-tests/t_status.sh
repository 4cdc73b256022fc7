# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# `wayside status` says what becomes of new connections, and counts the first
# packets of each rule: taken, and refused while a daemon with on_failure: closed
# drains. Bypass, edits and the transport of flows are in it, too.
topology
daemon on_failure=closed drain=10m
crowd_server vendor vendor "$VENDOR4:7700"

# said LINE: one of the status
said() {
	tool status >"$DIR/status.txt"
	grep -qxF -- "$1" "$DIR/status.txt" ||
		fail "no line \"$1\" in: $(cat "$DIR/status.txt")"
}
# packets MET TAKEN PASSED REJECTED: of the one rule, for people and programs
packets() {
	local i=0 is key

	tool status --json >"$DIR/status.json"
	for key in met taken passed rejected; do
		i=$((i + 1))
		is=$(sed -n "s/^ *\"$key\": \([0-9]*\),*$/\1/p" "$DIR/status.json")
		expect_equal "$key" "$is" "${!i}"
	done
	tool status >"$DIR/status.txt"
	expect_equal "row of the rule" "$(awk '$1 == "trackers" {
		print $2, $3, $4, $5, $6 }' "$DIR/status.txt")" "tcp $*"
}
said "on_failure closed: without Wayside new connections are refused"
said "rules installed: new connections are taken"
said "differences with the kernel: none"
said "listeners held: 4"
grep -q '^kernel: our own table, stays without Wayside$\|^kernel: a table that others' \
	"$DIR/status.txt" || fail "who keeps it: $(cat "$DIR/status.txt")"
packets 0 0 0 0

wire lan gateway lan tcp
crowd running tracker -n 7 "$VENDOR4:7700" open ping 1 touch "$DIR/open" \
	hold "$DIR/end" ping 1 fin
wait_for 20 test -e "$DIR/open"
unwire lan
n=$(packet_count lan ' S ') # one that was sent twice is counted twice
expect_at_least "SYN" "$n" 7
packets "$n" "$n" 0 0
expect_equal "flows by TCP" "$(tool flows | awk '$3 == "tcp"' | wc -l)" 7

tool bypass on >"$DIR/said.txt"
said "rules bypassed: new connections go direct"
crowd direct tracker -n 3 "$VENDOR4:7700" open ping 1 fin
join direct
expect_value direct closed 3
tool bypass off >"$DIR/said.txt"
said "rules installed: new connections are taken"
tool rules add trackers to "$OTHER4:7700" >"$DIR/said.txt"
said "edits of rules in force, until the next reload: 1"
# neither the bypass nor the edit has touched what was counted
packets "$n" "$n" 0 0

# shellcheck disable=SC2154 # from lib.sh
kill -TERM "$daemon_pid"
draining() {
	tool status | grep -qx 'rules draining: new connections are refused'
}
wait_for 20 draining
wire lan gateway lan tcp
client refused tracker "$VENDOR4:7700"
join_failed refused
unwire lan
refused=$(packet_count lan ' S ')
packets $((n + refused)) "$n" 0 "$refused"
touch "$DIR/end"
join running
expect_value running closed 7
expect_value running bad 0
dismiss vendor
daemon_ended
