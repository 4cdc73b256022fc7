# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A tracker that vanished while nothing was said is found by keepalive_client, and a
# vendor by keepalive_server: the other side sees a reset, after the silence and three
# questions, ten seconds apart. Who answers is not ended.
topology
daemon keepalive_client=1s keepalive_server=2s
server one vendor "$VENDOR4:7700" expect a touch "$DIR/a" expect-reset
client gone tracker -b "$TRACKER4:4711" "$VENDOR4:7700" send a \
	wait-file "$DIR/over" close
server lost vendor "[$VENDOR6]:7700" expect b touch "$DIR/b" \
	wait-file "$DIR/over" close
client two tracker -b "[$TRACKER6]:4712" "[$VENDOR6]:7700" send b expect-reset
wait_for 10 test -e "$DIR/a"
wait_for 10 test -e "$DIR/b"

# vanish HOST IN OUT: what comes and goes there is lost
vanish() {
	on "$1" nft -f - <<-END
		table inet vanished {
			chain in {
				type filter hook input priority filter
				tcp $2 drop
			}
			chain out {
				type filter hook output priority filter
				tcp $3 drop
			}
		}
	END
}
vanish tracker 'dport 4711' 'sport 4711'
vanish vendor "dport 7700 ip6 daddr $VENDOR6" "sport 7700 ip6 saddr $VENDOR6"
server alive vendor "$VENDOR4:7700" expect a send b expect c send d recv-all
client answers tracker "$VENDOR4:7700" send a expect b wait-file "$DIR/over" \
	send c expect d close
join one two
expect_value one end rst
expect_value two end rst
expect_at_least "ms until the vendor's reset" "$(value one ms)" 30000
expect_at_least "ms until the tracker's reset" "$(value two ms)" 31000
wait_for 10 counted resets 2 # they are told a moment before
expect_equal "resets" "$(counter resets)" 2
touch "$DIR/over"
join answers alive
join_any gone lost
expect_flows 3
