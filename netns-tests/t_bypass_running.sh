# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Intercepted connections go on, both ways, with each source and over both families,
# through a bypass, its end, and a drain: no side sees a reset. So does one whose
# handshake is half done at that moment and has no socket yet (SYN cookies). While
# workers that drain stand still, and still listen, new connections go direct.
topology
own_proc

# step NAME: the connections carry bytes both ways once more
steps=(taken bypassed back draining)
step() {
	touch "$DIR/$1"
	wait_for 10 test -e "$DIR/v4.$1"
	wait_for 10 test -e "$DIR/v6.$1"
}

bypass() {
	tool bypass "$1" >"$DIR/bypass.txt" || fail "$(cat "$DIR/bypass.txt")"
}

drains() {
	tool status --json | grep -q '"phase": "draining"'
}

# drain: the daemon was told to end, and its rules are those of a drain
drain() {
	kill -TERM "$(cat /run/wayside/pid)"
	wait_for 10 drains
}

for source in gateway client client-port; do
	daemon source=$source drain=10m
	wire lan tracker eth0 tcp
	wire wan vendor eth0 tcp
	for f in v4 v6; do
		family $f
		words=()
		for name in "${steps[@]}"; do
			words+=(wait-file "$DIR/$name" send "$name"
				expect "$name" touch "$DIR/$f.$name")
		done
		server "vendor$f" vendor "$VENDOR:7700" echo
		client "tracker$f" tracker "$VENDOR:7700" "${words[@]}" \
			shutdown-write recv-all
	done
	step taken
	expect_equal "$source: flows" "$(counter flows_opened)" 2
	bypass on
	step bypassed
	bypass off
	step back
	drain
	step draining
	join trackerv4 trackerv6 vendorv4 vendorv6
	unwire lan wan
	daemon_ended
	expect_equal "$source: flows" "$(total flows_opened)" 2
	for side in lan wan; do
		expect_equal "$source: resets on $side" "$(resets $side)" ""
	done
	rm "$DIR"/*.{taken,bypassed,back,draining} "${steps[@]/#/$DIR/}"
done

# half_done: a connection of each family, whose SYN was taken and whose ACK is lost;
# done_now: it gets through, and the connections are there, by Wayside
sysctl_set gateway ipv4/tcp_syncookies 2 # always, for both families
half_done() {
	local f

	on tracker nft -f - <<-END
		table inet late {
			chain out {
				type filter hook output priority filter
				ip daddr $VENDOR4 tcp flags & (syn | ack) == ack drop
				ip6 daddr $VENDOR6 tcp flags & (syn | ack) == ack drop
			}
		}
	END
	for f in v4 v6; do
		family $f
		server "vendor$f" vendor "$VENDOR:7700" echo
		client "tracker$f" tracker "$VENDOR:7700" touch "$DIR/$f.open" \
			send hello expect hello shutdown-write recv-all
		wait_for 10 test -e "$DIR/$f.open"
	done
	rm "$DIR"/*.open
}
get_through() {
	on tracker nft delete table inet late
}
# both_wait: for somebody who accepts them
both_wait() {
	[ "$(on gateway ss -ltnH sport = :15001 |
		awk '{ n += $2 } END { print n }')" = 2 ]
}
done_now() {
	local f

	join trackerv4 trackerv6 vendorv4 vendorv6
	for f in v4 v6; do
		family $f
		expect_peer_address "vendor$f" "$GATEWAY"
	done
}

daemon drain=10m workers=1 \
	to="[\"$VENDOR4:7700\", \"$OTHER4:7700\", \"[$VENDOR6]:7700\", \"[$OTHER6]:7700\"]"
half_done
bypass on
get_through
done_now
bypass off
half_done
worker=$(pids wayside-worker/0)
kill -STOP "$worker"
drain
for f in v4 v6; do
	family $f
	exchange "$OTHER:7700"
	expect_peer_address vendor "$TRACKER"
done
get_through
wait_for 10 both_wait
kill -CONT "$worker"
done_now
daemon_ended
expect_equal "flows" "$(total flows_opened)" 4
