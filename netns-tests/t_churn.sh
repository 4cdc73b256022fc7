# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# 5,000 connections that come and go leave nothing behind: no descriptor, no slot,
# and the second 2,500 need no more memory than the first.
topology
own_proc
daemon observe=none
crowd_server vendor vendor "$VENDOR4:7700"

# ours: title and pid of each of our processes, a line each
ours() {
	local title

	echo "supervisor $(cat /run/wayside/pid)"
	for title in wayside-recorder wayside-{worker,keeper}/{0,1}; do
		echo "$title $(pids "$title")"
	done
}

# descriptors: of all our processes, a line each
descriptors() {
	local title pid

	while read -r title pid; do
		echo "$title $(find "/proc/$pid/fd" -type l | wc -l)"
	done < <(ours)
}

# resident: KiB of all our processes that nobody shares (the rings do not count)
resident() {
	local title pid

	while read -r title pid; do
		sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' \
			"/proc/$pid/status"
	done < <(ours) | awk '{ kib += $1; n++ } END { if (n != 6) exit 1; print kib }'
}

# The recorder holds files of flows that it has not heard the end of.
as_before() {
	[ "$(descriptors)" = "$before" ] && [ "$(counter total)" = 0 ]
}

before=$(descriptors)
resident=
for half in 1 2; do
	crowd crowd tracker -n 250 -d "$((half * 10000))" "$VENDOR4:7700" \
		churn 2500
	join crowd
	expect_value crowd established 2500
	expect_value crowd closed 2500
	wait_for 20 as_before
	# sanitizers keep what was freed for a while
	[ -z "$resident" ] || sanitized ||
		expect_at_most "KiB after the second half" "$(resident)" \
			$((resident + 256))
	resident=$(resident)
done
dismiss vendor
expect_value vendor accepted 5000
expect_value vendor fin 5000
expect_flows 5000
captures_are 64
expect_value captures files 5000
