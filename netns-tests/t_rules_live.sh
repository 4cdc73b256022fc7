# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Items of a rule come and go under load, while the file on disk is broken: what
# runs notices nothing, new connections follow the change at once, and the chains
# in the kernel are not touched. 20 edits that cannot be are refused with their
# reason and change nothing. The next reload of the file undoes all.
topology
daemon interfaces=[lan] "clients=[192.168.1.0/24]" observe=none \
	to="[\"$VENDOR4:7700\", \"$VENDOR4:7709\"]"
# a second rule, for what two rules may not share
echo "  - { name: others, to: [\"$OTHER4:7709\"], observe: none }" >>"$CONFIG"
tool reload
cp "$CONFIG" "$DIR/good.yaml"
for port in 7700 7709; do
	crowd_server "vendor$port" vendor "$VENDOR4:$port"
	crowd_server "other$port" vendor "$OTHER4:$port"
done

# bones: chains and rules with their handles, but not what sets hold. (A table that
# is made anew gives the same handles to what is in it, and has another one itself.)
bones() {
	on gateway nft -a list table inet wayside |
		sed -n '/^table/p; /chain/,/^\t}/p' | sed 's/packets [0-9]* bytes [0-9]*//g'
}
# handed_over ADDR:PORT N: as many new connections, and all are Wayside's;
# direct: none is
sent=0
burst() {
	local name=burst$((sent += 1))

	wire lan tracker eth0 tcp dst port "${1##*:}"
	wire wan vendor eth0 tcp dst port "${1##*:}"
	crowd "$name" tracker -n "$2" -d 2000 "$1" open ping 1 fin
	join "$name"
	unwire lan wan
	expect_value "$name" closed "$2"
	expect_value "$name" bad 0
}
handed_over() {
	burst "$1" 10
	expect_equal "direct connections to $1" \
		"$(direct_handshakes lan wan "$1")" 0
	taken=$((taken + 10))
}
direct() {
	burst "$1" 10
	expect_equal "direct connections to $1" \
		"$(direct_handshakes lan wan "$1")" 10
}
taken=0
said() {
	grep -q -- "$1" "$DIR/said.txt" || fail "$(cat "$DIR/said.txt")"
}
in_json() {
	tool status --json | sed -n 's/^ *"'"$1"'": \([0-9]*\),*$/\1/p'
}

# The load: connections that Wayside has, some that it never had, and new ones all
# the time.
crowd running tracker -n 100 -r 10000 "$VENDOR4:7700" open ping 1 \
	touch "$DIR/open" stream "$DIR/end" fin
crowd passing tracker -n 100 -r 10000 "$OTHER4:7700" open ping 1 \
	touch "$DIR/passing" stream "$DIR/end" fin
crowd coming tracker -n 400 -r 40 "$VENDOR4:7709" open ping 1 fin
wait_for 20 test -e "$DIR/open"
wait_for 20 test -e "$DIR/passing"
before=$(bones)
echo 'rules: [' >"$CONFIG"

# more, and less
direct "$OTHER4:7700"
tool rules add trackers to "$OTHER4:7700" >"$DIR/said.txt"
said "^configuration 3 is in force: rule \"trackers\" has got $OTHER4:7700 in to"
expect_equal "chains" "$(bones)" "$before"
handed_over "$OTHER4:7700"
handed_over "$VENDOR4:7700"
tool rules del trackers to "$VENDOR4:7700"
expect_equal "chains" "$(bones)" "$before"
direct "$VENDOR4:7700"
handed_over "$OTHER4:7700"
# another way in, and other clients: the tracker's are none of these
tool rules add trackers clients 10.0.0.0/8
tool rules del trackers clients 192.168.1.0/24
direct "$OTHER4:7700"
tool rules add trackers clients "$TRACKER4"
handed_over "$OTHER4:7700"
tool rules add trackers interfaces 'wg*'
tool rules del trackers interfaces lan
direct "$OTHER4:7700"
tool rules add trackers interfaces lan
handed_over "$OTHER4:7700"
expect_equal "chains" "$(bones)" "$before"
expect_equal "edits in force" "$(in_json edits)" 8
tool rules add trackers to "[$OTHER6]:7700-7710"
tool status | grep -q '^edits of rules in force, until the next reload: 9' ||
	fail "status: $(tool status)"

# refused REASON ARGUMENT...: of `wayside rules`
refused() {
	local reason=$1 status=0

	shift
	tool rules "$@" >"$DIR/said.txt" 2>&1 || status=$?
	[ $status != 0 ] || fail "not refused: $*"
	said "$reason"
}
state=$(kernel_state | sed 's/packets [0-9]* bytes [0-9]*//g')
refused 'rule "nobody": there is none' add nobody to "$VENDOR4:1"
refused 'rule "nobody": there is none' del nobody to "$VENDOR4:1"
refused 'is not a destination' add trackers to "$VENDOR4"
refused 'is not a destination' add trackers to "$VENDOR4:0"
refused 'is not a destination' add trackers to "$VENDOR4:9-8"
refused 'is not a destination' add trackers to "$VENDOR4/33:1"
refused 'is not a destination' add trackers to vendor.example:7700
refused 'is loopback' add trackers to 127.0.0.1:1
refused 'is multicast' add trackers to 224.0.0.1:1
refused 'overlaps' add trackers to "$VENDOR4:7709"
refused 'overlaps' add trackers to 47.88.85.0/24:7000-8000
refused 'no two rules may take one connection' add trackers to "$OTHER4:7709"
refused 'is not in the rule.s list' del trackers to "$VENDOR4:7700"
refused 'the last one' del others to "$OTHER4:7709"
refused 'is not a network' add trackers clients 10.0.0.1/8
refused 'overlaps' add trackers clients 10.1.0.0/16
refused 'means any' add others clients 10.0.0.0/8
refused 'is the loopback' add trackers interfaces lo
refused 'overlaps' add trackers interfaces wg0
refused 'means any' del others interfaces lan
expect_equal "rules and routes" \
	"$(kernel_state | sed 's/packets [0-9]* bytes [0-9]*//g')" "$state"
expect_equal "configuration in force" "$(in_json number)" 11
expect_equal "edits in force" "$(in_json edits)" 9
expect_equal "refused reloads" "$(in_json reloads_refused)" 0
# what is no edit at all does not get to the daemon
refused 'no rule can have this name' add "$(printf 'r%.0s' {1..32})" to "$VENDOR4:1"
refused 'to, clients or interfaces' add trackers source client
refused 'more is needed: ITEM' add trackers to
refused 'unknown argument: more' add trackers to "$VENDOR4:1" more

# The broken file changes nothing, and the mended one undoes the edits.
! tool reload >"$DIR/said.txt" 2>&1 || fail "a broken file was loaded"
said 'configuration 11 stays in force'
handed_over "$OTHER4:7700"
cp "$DIR/good.yaml" "$CONFIG"
tool reload
expect_equal "edits in force" "$(in_json edits)" 0
expect_equal "chains" "$(bones)" "$before"
direct "$OTHER4:7700"
handed_over "$VENDOR4:7700"

join coming
expect_value coming closed 400
expect_value coming bad 0
touch "$DIR/end"
join running passing
for name in running passing; do
	expect_value $name closed 100
	expect_value $name bad 0
done
dismiss vendor7700 vendor7709 other7700 other7709
expect_flows $((100 + 400 + taken))
