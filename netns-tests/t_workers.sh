# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Several workers share the connections, and each relays its own rightly.
topology
own_proc
daemon workers=3
n=40
server vendor vendor -n $n "$VENDOR4:7700" send-pattern 1000 recv 1000 \
	wait-file "$DIR/end" recv-all
names=()
for i in $(seq $n); do
	client "tracker$i" tracker "$VENDOR4:7700" recv 1000 send-pattern 1000 \
		wait-file "$DIR/end" shutdown-write recv-all
	names+=("tracker$i")
done

accepted() {
	on gateway ss -tnpH state established src "$VENDOR4"
}
# One that waits in a backlog is nobody's; then it is its worker's, which hands a
# copy to its keeper.
all_accepted() {
	[ "$(accepted | grep -c 'pid=.*pid=')" = $n ]
}
wait_for 10 all_accepted
# A worker and its keeper hold the same descriptors: they show up as one.
expect_equal "workers that hold a connection" "$(accepted |
	sed 's/.*users://; s/,fd=[0-9]*//g; s/ *$//' | sort -u | wc -l)" 3
touch "$DIR/end"
join "${names[@]}" vendor
for i in "${names[@]}"; do
	expect_value "$i" in_sum "$(value vendor out_sum)"
done
