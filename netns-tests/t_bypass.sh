# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Bypass, switched all the time under load: not one reset or refusal on either side,
# and flows from before live on, intercepted and direct; with `closed`, too.
topology

# bypass on|off: it is said what is the case now
bypass() {
	tool bypass "$1" >"$DIR/bypass.txt" 2>&1 ||
		fail "$(cat "$DIR/bypass.txt")"
	grep -q "^bypass is $1" "$DIR/bypass.txt" ||
		fail "$(cat "$DIR/bypass.txt")"
}

# no_harm CROWD
no_harm() {
	expect_value "$1" rst 0
	expect_value "$1" refused 0
	expect_value "$1" bad 0
}

for policy in open-stay closed; do
	rm -f "$DIR"/{first,second,end}
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	crowd_server vendor vendor "$VENDOR4:7700"
	crowd first tracker -n 100 -r 1000 "$VENDOR4:7700" open ping 1 \
		touch "$DIR/first" stream "$DIR/end" fin
	wait_for 10 test -e "$DIR/first"
	daemon on_failure=$policy observe=none capture=none
	crowd second tracker -n 100 -r 1000 -d 1000 "$VENDOR4:7700" open ping 1 \
		touch "$DIR/second" stream "$DIR/end" fin
	wait_for 10 test -e "$DIR/second"
	toggles=0
	for ((round = 0; toggles < 10; round++)); do
		crowd churn tracker -n 50 -d $((2000 + round * 500)) \
			"$VENDOR4:7700" churn 500
		while peer_runs churn; do
			bypass on
			bypass off
			toggles=$((toggles + 1))
		done
		join churn
		expect_value churn established 500
		expect_value churn closed 500
		no_harm churn
	done
	touch "$DIR/end"
	join first second
	dismiss vendor
	unwire lan wan
	for name in first second; do
		expect_value $name closed 100
		no_harm $name
	done
	for side in lan wan; do
		expect_equal "resets on $side" "$(packet_count $side ' R')" 0
	done
	echo "$policy: $toggles toggles, $(counter flows_opened) flows taken"
	expect_at_least "flows taken" "$(counter flows_opened)" 101
	expect_at_most "flows taken" "$(counter flows_opened)" \
		$((99 + round * 500))
	daemon_stop
done
