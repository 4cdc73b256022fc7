# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A capture has parts, by size and by time, in both formats. No part is larger than it
# may be, their names sort in the order in which they were written, and together they
# are every byte once, however often the recorder is killed meanwhile. A reload changes
# the limits of running connections.
test_points
topology
own_proc
export WAYSIDE_RESTART_MS=50
crowd_server vendor vendor "$VENDOR4:7700"

# part_count ID_CLIENT: of one connection
part_count() {
	find "$LOGS" -name "$1*" | wc -l
}

# rotates FORMAT ENDING KEY=VALUE: a crowd of ten, recorders that die
rotates() {
	local format=$1 ending=$2 limit=$3 file first n

	rm -rf "${LOGS:?}"/* "$DIR/open" "$DIR/end" "$EVENTS"
	daemon "capture=$format" "$limit"
	crowd crowd tracker -n 10 -r 4000 "$VENDOR4:7700" open ping 1 \
		touch "$DIR/open" stream "$DIR/end" fin
	wait_for 10 test -e "$DIR/open"
	recorder=
	for n in {1..20}; do
		wait_for 10 is_anew wayside-recorder "$recorder"
		# in the middle of what comes, and often of a rotation
		wait_for 10 more_parts "$ending"
		recorder=$(pids wayside-recorder)
		kill -KILL "$recorder"
	done
	wait_for 10 is_anew wayside-recorder "$recorder"
	touch "$DIR/end"
	join crowd
	daemon_stop
	captures_are 64
	expect_captured crowd
	expect_equal "bytes that the ring had no room for" \
		"$(total unobserved_bytes)" 0
	n=0
	for first in "$LOGS"/*_*."$ending"; do
		[[ $first != *.rot* ]] || continue
		file=${first%."$ending"}
		n=$((n + 1))
		expect_at_least "parts of $first" "$(part_count "${file##*/}")" 3
		# without a hole in the numbers
		expect_equal "last part of $first" \
			"$(printf '%s\n' "$file".rot* | sort | tail -n 1)" \
			"$(printf '%s.rot%06d.%s' "$file" \
				"$(part_count "${file##*/}")" "$ending")"
	done
	expect_equal "connections" "$n" 10
}

parts=0
# more_parts ENDING: than when it was asked last
more_parts() {
	local now

	now=$(find "$LOGS" -name "*.rot*.$1" | wc -l)
	[ "$now" -gt "$parts" ] || return 1
	parts=$now
}

for format in text pcap; do
	[ $format = text ] || pcap_built || continue
	ending=pcap
	[ $format = pcap ] || ending=log
	parts=0
	rotates $format $ending capture_rotate_size=8K
	expect_equal "parts that are too large" \
		"$(find "$LOGS" -name '*_*' -size +8192c)" ""
	parts=0
	rotates $format $ending capture_rotate_time=1s
done

# a running connection follows a reload
rm -rf "${LOGS:?}"/*
dismiss vendor
daemon
server vendor vendor "$VENDOR4:7700" expect one wait-file "$DIR/later" \
	expect two recv-all
client tracker tracker "$VENDOR4:7700" send one wait-file "$DIR/later" send two
captured() {
	grep -qs "$1" "$LOGS"/*_*"$2"
}
wait_for 10 captured one .log
later=$((${EPOCHREALTIME/./} + 1000000))
is_later() {
	[ "${EPOCHREALTIME/./}" -gt $later ]
}
config capture_rotate_time=1s
tool reload
wait_for 10 is_later
expect_equal "parts without bytes" "$(find "$LOGS" -name '*.rot*')" ""
touch "$DIR/later"
wait_for 10 captured two .rot000002.log
join tracker vendor
expect_equal "first part" "$(cut -f 2- "$LOGS"/*_"$TRACKER4".log)" $'client\tone'
