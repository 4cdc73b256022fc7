# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A stop without any time for draining, while connections come all the time: no
# connection is reset or refused. One that was taken ends with FIN, also when it
# waited in a backlog; one that comes later goes direct. They send nothing, so
# there are no unread bytes that would make an end a reset.
topology
crowds=30 size=50

# counted_in KEY: the sum over all crowds of this round
counted_in() {
	local i sum=0

	for ((i = 0; i < crowds; i++)); do
		sum=$((sum + $(value "crowd$i" "$1")))
	done
	echo $sum
}

for ((i = 0; i < crowds; i++)); do
	address tracker eth0 "192.168.1.$((100 + i))/24"
done
for round in 1 2 3; do
	# ports of its own, as each crowd has an address: one that was used just
	# before can be held up by the gateway's TIME_WAIT, see the README
	sysctl_set tracker ipv4/ip_local_port_range \
		"${round}0000 ${round}9999"
	daemon drain=0s
	crowd_server vendor vendor "$VENDOR4:7700"
	crowd crowd0 tracker -n $size -b 192.168.1.100:1 "$VENDOR4:7700" \
		open touch "$DIR/first" hold "$DIR/end" fin
	wait_for 10 test -e "$DIR/first"
	for ((i = 1; i < crowds; i++)); do
		# the last one comes when nobody takes it any more, for sure
		[ $i != $((crowds - 1)) ] || wait_for 10 nobody_listens
		crowd "crowd$i" tracker -n $size -d $((i * size)) \
			-b "192.168.1.$((100 + i)):1" "$VENDOR4:7700" \
			open hold "$DIR/end" fin
		[ $i != $((crowds / 2)) ] || kill -TERM "$(cat /run/wayside/pid)"
	done
	daemon_ended
	touch "$DIR/end"
	for ((i = 0; i < crowds; i++)); do
		join "crowd$i"
	done
	dismiss vendor
	taken=$(counted_in fin)
	expect_at_least "connections that were taken" "$taken" 1
	expect_equal "$round: established" "$(counted_in established)" \
		$((crowds * size))
	expect_equal "$round: resets" "$(counted_in rst)" 0
	expect_equal "$round: went direct" "$(counted_in closed)" \
		$((crowds * size - taken))
	expect_at_least "connections that went direct" \
		"$(counted_in closed)" 1
	expect_equal "flows opened" "$(total flows_opened)" "$taken"
	expect_equal "flows closed" "$(total flows_closed)" "$taken"
	rm "$DIR/end" "$DIR/first"
done
