# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Classic scenario 6: a tracker message (with a wrong length, as the original
# has it) is relayed, captured and observed in both directions.
topology
daemon
server vendor vendor "$VENDOR4:7700" echo
client tracker tracker "$VENDOR4:7700" send '[SG*1234567890*0005*LK]' \
	expect '[SG*1234567890*0005*LK]' shutdown-write recv-all
join tracker vendor
wait_for 10 events_are 'client	[SG*1234567890*0005*LK]' \
	'server	[SG*1234567890*0005*LK]'
capture=$(capture_of "$TRACKER4")
stamp='[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}'
id=$(basename "$capture" "_$TRACKER4.log")
expect_match "connection id" "$id" '[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{6}'
message=$'\\[SG\\*1234567890\\*0005\\*LK\\]'
expect_match "capture" "$(cat "$capture")" \
	"$stamp"$'\tclient\t'"$message"$'\n'"$stamp"$'\tserver\t'"$message"
expect_match "events" "$(cat "$EVENTS")" \
	"$stamp"$'\tclient\t'"$TRACKER4"$'\t'"$id"$'\t'"$message"$'\n'"$stamp"$'\tserver\t'"$TRACKER4"$'\t'"$id"$'\t'"$message"
expect_equal "lines in errors.log" \
	"$(cat "$LOGS/errors.log" 2>/dev/null)" ""
