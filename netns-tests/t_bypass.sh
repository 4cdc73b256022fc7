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

# some_each: of the churn, some were taken, and some went direct
some_each() {
	local taken

	taken=$(($(counter flows_opened) - 100))
	[ $taken -gt 0 ] && [ $taken -lt $((round * 500)) ]
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
	toggles=0 round=0
	until [ $toggles -ge 10 ] && some_each; do
		crowd churn tracker -n 50 -d $((2000 + round * 500)) \
			"$VENDOR4:7700" churn 500
		while peer_runs churn; do
			bypass on
			bypass off
			toggles=$((toggles + 1))
		done
		join churn
		round=$((round + 1))
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
		expect_equal "resets on $side" "$(resets $side)" ""
	done
	echo "$policy: $toggles toggles, $(counter flows_opened) flows taken"
	daemon_stop
done
