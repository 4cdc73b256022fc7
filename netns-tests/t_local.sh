# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Programs of the gateway itself, with local: yes: what they say to a vendor is
# relayed, once, without a loop; a server that no rule names, and users that are
# excepted, are left alone, and so is a rule without local: yes. With the daemon
# dead they go direct under open and open-stay and are refused under closed, as
# long as its rules stay. Connections that are there go through a bypass as they are.
topology
# what the input policy of any gateway has
firewall "$FIREWALL_LINE
	iifname lo accept"

# talk FLOWS: the gateway's own program has a conversation over each family; of these
# so many are the daemon's. The wan sees one connection each.
flows=0
talk() {
	local f before=$flows

	for f in v4 v6; do
		family $f
		wire wan gateway wan tcp
		server vendor vendor "$VENDOR:7700" recv 10000 \
			send-pattern 20000 shutdown-write recv-all
		client app gateway "$VENDOR:7700" send-pattern 10000 \
			recv 20000 shutdown-write recv-all
		join app vendor
		unwire wan
		expect_same_bytes app vendor
		expect_peer_address vendor "$GATEWAY"
		expect_equal "connections on the wan" \
			"$(syn_numbers wan "$VENDOR:7700" | wc -l)" 1
		if [ "$1" = 0 ]; then
			expect_value vendor peer "$(value app local)"
		else
			# whoever answers has another port than the program
			[ "$(value vendor peer)" != "$(value app local)" ] ||
				fail "it went direct"
		fi
	done
	flows=$((before + $1))
}

# refused: and nothing leaves
refused() {
	local f

	wire wan gateway wan tcp
	for f in v4 v6; do
		family $f
		client app gateway "$VENDOR:7700" send lost
		join_failed app
		grep -q 'connect: Connection refused' "$DIR/app.log" ||
			fail "not refused: $(cat "$DIR/app.log")"
	done
	unwire wan
	expect_equal "SYN on the wan" "$(packets wan ' S ')" ""
}

for policy in open open-stay closed; do
	flows=0
	daemon on_failure=$policy local=yes
	talk 2
	server other vendor "$OTHER4:7700" send hello shutdown-write recv-all
	client app gateway "$OTHER4:7700" recv-all
	join app other
	# from elsewhere the same rule takes what it took
	exchange "$VENDOR4:7700"
	expect_flows 3
	daemon_run -c "$CONFIG"
	server vendor vendor "$VENDOR4:7700" echo
	client app gateway "$VENDOR4:7700" send one expect one \
		touch "$DIR/one" wait-file "$DIR/two" send two expect two \
		shutdown-write recv-all
	wait_for 10 test -e "$DIR/one"
	tool bypass on
	touch "$DIR/two"
	join app vendor
	talk 0
	tool bypass off
	rm "$DIR/one" "$DIR/two"
	daemon_kill
	wait_for 5 nobody_listens
	if [ $policy = closed ]; then
		refused
	else
		talk 0
	fi
	tool rules remove
	talk 0
done

flows=0
daemon local=yes "local_except=[root]"
talk 0
daemon_stop
expect_equal "flows of an excepted user" "$(total flows_opened)" 0
daemon
talk 0
exchange "$VENDOR4:7700"
expect_flows 1
