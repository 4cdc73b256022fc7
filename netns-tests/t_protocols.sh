# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Trackers of every protocol talk to one port at once, beside one that speaks none.
# `wayside flows` tells protocol and device of each, and what a login said holds for
# the messages after it, also when another recorder reads them.
test_points
topology
own_proc
WAYSIDE_RESTART_MS=50 daemon json="$JSON_EVENTS"

# shellcheck source=netns-tests/trackers.sh
. "${BASH_SOURCE[0]%/*}/trackers.sh"
server vendor vendor -n ${#names[@]} "$VENDOR4:7700" recv-all
for name in "${names[@]}"; do
	begin "$name"
done

# flows_tell: protocol and device of every flow, and of no other
want=$(for name in "${names[@]}"; do
	echo "$name ${device[$name]--}"
done | sort)
flows_tell() {
	[ "$(tool flows | awk 'NR > 1 { print $7, $8 }' | sort)" = "$want" ]
}
# the same for programs
flows_know() {
	[ "$(tool flows --json | python3 -c 'import json, sys
for flow in json.load(sys.stdin):
    print(flow["protocol"] or "-", flow["device"] or "-")' | sort)" = "$want" ]
}
wait_for 10 flows_tell
wait_for 10 flows_know

# A reload says that these clocks are others, also those of running flows. Another
# recorder knows what the one before it knew, and goes on with it.
echo 'protocols: { jt808: { time_zone: "+02:00" } }' >>"$CONFIG"
tool reload >"$DIR/reload.txt"
recorder=$(pids wayside-recorder)
kill -KILL "$recorder"
wait_for 10 is_anew wayside-recorder "$recorder"
wait_for 10 flows_know
touch "$DIR/again"
join "${names[@]}" vendor
daemon_stop

# Two messages of each that speaks a protocol, all with its device
expect_equal "events" "$(json_events protocol device_id | sort | uniq -c |
	awk '{ print $2, $3, $1 }')" "$(for name in "${names[@]}"; do
	[ "$name" = raw ] || echo "$name ${device[$name]} 2"
done | sort)"
expect_equal "positions" \
	"$(json_events protocol positions.0.time | grep -v -- '-$' | sort -u)" \
	"$({ for name in "${located[@]}"; do
		echo "$name	2025-11-03T14:25:01.000Z"
	done
	echo "jt808	2025-11-03T20:25:01.000Z"; } | sort)"
expect_equal "counted events" "$(total events)" \
	$((2 * (${#names[@]} - 1)))
expect_equal "counted positions" "$(total positions)" 8
expect_equal "counted directions without a protocol" "$(total raw)" 1
expect_equal "counted wrong checksums" "$(total checksum_wrong)" 0
# with the line ends of xexun
expect_at_least "bytes of no message" "$(total skipped_bytes)" \
	$((${#first[raw]} + ${#second[raw]}))
expect_at_most "bytes of no message" "$(total skipped_bytes)" \
	$((${#first[raw]} + ${#second[raw]} + 4))
