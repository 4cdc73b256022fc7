# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A connection that was there before the rules survives all that happens to them,
# and stays direct: their installation, a reload that takes its server away and one
# that brings it back, bypass on and off, and the stop. New ones follow the rules.
topology

# step NAME: the old connection carries bytes both ways once more
steps=(enabled removed restored bypassed back stopped)
step() {
	touch "$DIR/$1"
	wait_for 10 test -e "$DIR/$1.done"
}

words=() echoes=()
for name in "${steps[@]}"; do
	words+=(wait-file "$DIR/$name" send "$name" expect "$name"
		touch "$DIR/$name.done")
	echoes+=(expect "$name" send "$name")
done
wire lan tracker eth0 tcp port 7700
wire wan vendor eth0 tcp port 7700
server old vendor "$VENDOR4:7700" expect before send before "${echoes[@]}" \
	recv-all
client older tracker "$VENDOR4:7700" send before expect before \
	touch "$DIR/open" "${words[@]}" shutdown-write recv-all
wait_for 10 test -e "$DIR/open"

# new taken|direct: the next connection, to another server of the same rule
server next vendor -n 6 "$OTHER4:7700" expect hello send hello recv-all
n=0
new() {
	local flows

	client "new$n" tracker "$OTHER4:7700" send hello expect hello \
		shutdown-write recv-all
	join "new$n"
	n=$((n + 1))
	[ "$1" = direct ] || taken=$((taken + 1))
	flows=$(counter flows_opened)
	expect_equal "flows taken" "$flows" "$taken"
}
taken=0

both="[\"$VENDOR4:7700\", \"$OTHER4:7700\"]"
daemon to="$both"
step enabled
new taken
config to="[\"$OTHER4:7701\"]"
tool reload >"$DIR/reload.txt"
step removed
new direct
config to="$both"
tool reload >"$DIR/reload.txt"
step restored
new taken
tool bypass on >"$DIR/bypass.txt"
step bypassed
new direct
tool bypass off >"$DIR/bypass.txt"
step back
new taken
expect_flows 3
step stopped
client direct tracker "$OTHER4:7700" send hello expect hello shutdown-write \
	recv-all
join direct older old next
unwire lan wan
expect_value old peer "$(value older local)"
expect_equal "handshakes" "$(syn_numbers lan "$VENDOR4:7700" | wc -l)" 1
expect_forwarded lan wan "$VENDOR4:7700"
expect_equal "new ones that went direct" \
	"$(direct_handshakes lan wan "$OTHER4:7700")" 3
expect_equal "RST" "$(resets lan)$(resets wan)" ""

# Nor is one touched that conntrack has never heard of, because nobody asked it: to
# conntrack its next packet is the first one.
on gateway nft flush ruleset
server old vendor "$VENDOR4:7700" expect one send one expect two send two recv-all
client older tracker "$VENDOR4:7700" send one expect one touch "$DIR/one" \
	wait-file "$DIR/two" send two expect two shutdown-write recv-all
wait_for 10 test -e "$DIR/one"
daemon
touch "$DIR/two"
join older old
daemon_stop
expect_equal "flows" "$(total flows_opened)" 0
