# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# With descriptors for 40 flows, 100 connections come. 40 are served, the others
# wait without a use of the processor, counted, and each is served when one ends.
topology
own_proc
daemon_under prlimit --nofile=240:240
daemon observe=none
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 100 "$VENDOR4:7700" open send 1 answered 40 \
	touch "$DIR/full" hold "$DIR/looked" fin-some 40 answered 80 \
	fin-some 40 answered 100 fin
wait_for 20 test -e "$DIR/full"
wait_for 10 counted accept_pauses 1

# ticks PID...: processor time that they have used, in 1/100 s
ticks() {
	local pid

	for pid; do
		awk '{ print $14 + $15 }' "/proc/$pid/stat"
	done | awk '{ n += $1 } END { print n }'
}
# As long as this shell works for a second, the workers do next to nothing.
mapfile -t workers < <(pids wayside-worker/0; pids wayside-worker/1)
used=$(ticks "${workers[@]}")
mine=$(ticks $$)
until [ $(($(ticks $$) - mine)) -ge 50 ]; do
	for ((i = 0; i < 10000; i++)); do :; done
done
expect_at_most "1/100 s of processor" $(($(ticks "${workers[@]}") - used)) 10
touch "$DIR/looked"
join crowd
expect_value crowd closed 100
expect_value crowd bad 0
dismiss vendor
expect_value vendor most 40
expect_flows 100
captures_are 64
expect_captured crowd
