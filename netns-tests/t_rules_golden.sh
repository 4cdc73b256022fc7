# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The text of the rules and what is sent to the kernel are the same: for each
# golden file, one host that `wayside rules install` has filled and one that
# loaded the file with nft -f and ran the commands of its first lines cannot be
# told apart (for the table that goes with the daemon: nft_kernel_test). Twice is the same as once; nothing is left after a removal.
WAYSIDE=$BUILD/src/wayside/wayside
GOLDEN=${BASH_SOURCE[0]%/*}/../nft/golden

# What can be seen of the rules: as nft writes them, as the kernel's expressions,
# and the routing. The elements of sets are compared as nft writes them, because
# nft adds one that has no meaning.
look() {
	local f

	on "$1" nft -s list ruleset
	on "$1" nft -s --debug=netlink list ruleset |
		grep -E '^  (\[|userdata)' || true
	for f in -4 -6; do
		on "$1" ip $f rule
		# a table that never had a route is not there
		on "$1" ip $f route show table 7700 2>/dev/null || true
	done
}

by_hand() {
	local f words

	on text nft -f "$1"
	{ grep -E '^#   (rule|route) add ' "$1" || true; } |
		while read -ra words; do
			for f in -4 -6; do
				on text ip $f "${words[@]:1}"
			done
		done
}

hosts() {
	local host

	for host in text objects; do
		ip netns del $host 2>/dev/null || true
		ip netns add $host
		ip -n $host link set lo up
	done
}

n=0
for file in "$GOLDEN"/*.nft; do
	name=$(basename "$file" .nft)
	options=(-c "$GOLDEN/${name%-stopped}.yaml")
	[ "$name" = "${name%-stopped}" ] || options+=(--stopped)
	hosts
	empty=$(look objects)
	expect_equal "$name: shown" "$("$WAYSIDE" rules show "${options[@]}")" \
		"$(cat "$file")"
	by_hand "$file"
	# the tool does not install what must go with a daemon
	! grep -q "^table inet wayside_local {" "$file" ||
		on text nft delete table inet wayside_local
	on objects "$WAYSIDE" rules install "${options[@]}"
	want=$(look text)
	[ "$want" != "$empty" ] || fail "$name: nothing was loaded"
	expect_equal "$name: objects" "$(look objects)" "$want"
	on objects "$WAYSIDE" rules install "${options[@]}"
	expect_equal "$name: objects, twice" "$(look objects)" "$want"
	for host in text objects; do
		on $host "$WAYSIDE" rules check "${options[@]}"
		on $host "$WAYSIDE" rules remove
		expect_equal "$name: $host, removed" "$(look $host)" "$empty"
	done
	on objects "$WAYSIDE" rules remove
	n=$((n + 1))
done
expect_at_least "number of golden files" $n 4
