# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Programs of the gateway itself, with local: yes: what they say to a vendor is
# relayed, once, without a loop; a server that no rule names, and users that are
# excepted, are left alone, and so is a rule without local: yes. With the daemon dead
# or stopped they go direct, but are refused under closed, as long as its rules stay.
# Connections that are there go through a bypass and a drain as they are.
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

# How our own connections to the vendor are marked: as ours, and never as a program's,
# or they would be led back to us.
on gateway nft -f - <<-END
	table inet seen {
		chain output {
			type filter hook output priority filter
			oifname wan tcp dport 7700 meta mark & 0x10000 == 0x10000 counter comment "ours"
			meta mark & 0x30000 == 0x30000 counter comment "both"
			meta mark & 0x10000 == 0x10000 ct mark & 0x20000 == 0x20000 counter comment "both"
		}
		chain input {
			type filter hook input priority filter
			iifname lo tcp sport 7700 meta mark & 0x30000 != 0 counter comment "answers"
		}
	}
END

# seen COMMENT: packets of these
seen() {
	on gateway nft list table inet seen | grep -F "\"$1\"" |
		awk '{ for (i = 1; i < NF; i++) if ($i == "packets") n += $(i + 1) }
			END { print n }'
}

# without POLICY: what the programs see when no daemon is there
without() {
	if [ "$1" = closed ]; then
		refused
	else
		talk 0
	fi
}

# step NAME: the connection that runs carries bytes both ways once more
step() {
	touch "$DIR/$1"
	wait_for 10 test -e "$DIR/$1.done"
}

drains() {
	tool status --json | grep -q '"phase": "draining"'
}

for policy in open open-stay closed hold; do
	flows=0
	[ $policy != hold ] || hold 127.0.0.1:15001 '[::1]:15001'
	for source in gateway client; do
		daemon on_failure=$policy local=yes source=$source
		talk 2
		server other vendor "$OTHER4:7700" send hello shutdown-write \
			recv-all
		client app gateway "$OTHER4:7700" recv-all
		join app other
		# from elsewhere the same rule takes what it took
		exchange "$VENDOR4:7700"
		expect_flows 3
		expect_equal "the way to lo" \
			"$(ip -n gateway rule show priority 7702)" ""
		without $policy
	done
	daemon on_failure=$policy local=yes drain=10m
	server old vendor "$VENDOR4:7700" echo
	words=()
	for word in one two three; do
		words+=(wait-file "$DIR/$word" send "$word" expect "$word"
			touch "$DIR/$word.done")
	done
	client older gateway "$VENDOR4:7700" "${words[@]}" shutdown-write recv-all
	step one
	tool bypass on
	step two
	talk 0
	tool bypass off
	kill -TERM "$(cat /run/wayside/pid)"
	wait_for 10 drains
	step three
	join older old
	daemon_ended
	rm "$DIR"/{one,two,three}{,.done}
	daemon_run -c "$CONFIG"
	daemon_kill
	[ $policy = hold ] || wait_for 5 nobody_listens
	without $policy
	tool rules remove
	talk 0
done
stop held
daemon_under
expect_at_least "packets of ours" "$(seen ours)" 16
expect_equal "those that are marked as a program's" "$(seen both)" 0
expect_equal "answers that are marked" "$(seen answers)" 0

# excepted EXCEPTION: a program that it is true of is left alone, in every state
excepted() {
	flows=0
	daemon on_failure=closed local=yes "$1"
	talk 0
	exchange "$VENDOR4:7700"
	expect_flows 1
	talk 0
	daemon_run -c "$CONFIG"
	daemon_kill
	wait_for 5 nobody_listens
	talk 0
	tool rules remove
}
excepted 'local_except=[root]'
excepted "clients=[192.168.1.0/24, \"2001:db8:1::/64\"]"
daemon local=yes "clients=[$GATEWAY4, \"$GATEWAY6\"]"
talk 2
expect_flows 2
daemon
talk 0
exchange "$VENDOR4:7700"
expect_flows 1

# The old recipe, tproxy where the programs' packets leave, is none: the kernel takes
# such a rule where packets come in only.
on gateway nft -f - <<-END
	table inet recipe {
		chain in {
			type filter hook prerouting priority mangle
			meta l4proto tcp tproxy ip to 127.0.0.1:15001
		}
		chain out {
			type route hook output priority mangle
		}
	}
END
! on gateway nft add rule inet recipe out meta l4proto tcp \
	tproxy ip to 127.0.0.1:15001 2>"$DIR/recipe" || fail "the kernel takes it"
grep -q 'Operation not supported' "$DIR/recipe" || fail "$(cat "$DIR/recipe")"
