# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The recorder is stopped, and more bytes come than the rings hold, under each
# when_full. The flows of all workers go on (with wait: after it stood for a
# second). When it is back it goes on where it stood: what is missing in the
# captures is just what the rings had no room for. While the flows live on, it is
# also the gap that is reported; of flows that ended meanwhile, no byte that was in
# the rings is lost.
topology
own_proc

# missing_of CROWD...: bytes that these sent or got and no capture has
missing_of() {
	local name sum=0

	captures_are 8192
	for name; do
		expect_value "$name" bad 0
		sum=$((sum + $(value "$name" bytes_out) + $(value "$name" bytes_in)))
	done
	missing=$((sum - $(value captures client_bytes) -
		$(value captures server_bytes)))
	# two rings of 1 MiB for 13 MB
	expect_at_least "$when_full: missing bytes" $missing 8000000
	expect_equal "$when_full: bytes that the rings had no room for" \
		"$(total unobserved_bytes)" $missing
	expect_equal "$when_full: readers left behind" "$(total ring_detached)" 0
}

# begin: a daemon whose recorder is stopped, and a server
begin() {
	rm -f "$LOGS"/*.log "$DIR"/{relayed,back}
	daemon ring_size=1M observe=none when_full=$when_full
	crowd_server vendor vendor "$VENDOR4:7700"
	recorder=$(pids wayside-recorder)
	kill -STOP "$recorder"
}

for when_full in brief drop wait; do
	begin
	crowd crowd tracker -n 20 -m 8192 "$VENDOR4:7700" open ping 40 \
		touch "$DIR/relayed" hold "$DIR/back" ping 1 fin
	wait_for 20 test -e "$DIR/relayed"
	kill -CONT "$recorder"
	crowd after tracker -n 20 -d 100 -m 8192 "$VENDOR4:7700" open ping 1 fin
	join after
	expect_value after closed 20
	touch "$DIR/back"
	join crowd
	expect_value crowd closed 20
	dismiss vendor
	daemon_stop
	missing_of crowd after
	expect_equal "$when_full: reported gap" "$(total gap_bytes)" $missing

	begin
	crowd crowd tracker -n 20 -m 8192 "$VENDOR4:7700" open ping 40 fin
	join crowd
	expect_value crowd closed 20
	kill -CONT "$recorder"
	dismiss vendor
	daemon_stop
	missing_of crowd
done
