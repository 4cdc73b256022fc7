# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A tracker or a vendor that reads nothing for long has closed its window, and says so
# whenever it is asked: by default nobody ends its connection, as nobody would without
# us, for much longer than the kernel gives one that is gone. All bytes arrive when it
# reads again.
topology
on gateway sysctl -qw net.ipv4.tcp_retries2=3
daemon
bytes=8388608
server vendor1 vendor "$VENDOR4:7700" send-pattern $bytes shutdown-write recv-all
client tracker1 tracker -R 65536 "$VENDOR4:7700" wait-file "$DIR/read" recv-all \
	shutdown-write
server vendor2 vendor -R 65536 "[$VENDOR6]:7700" wait-file "$DIR/read" recv-all \
	shutdown-write
client tracker2 tracker "[$VENDOR6]:7700" send-pattern $bytes shutdown-write recv-all

# waits TO: for longer than one that does not answer is asked for room (three times:
# after 0.4, 0.8, 1.6 s, and as long again)
waits() {
	local ms

	ms=$(on gateway ss -tinH state established dst "$1" |
		sed -n 's/.* rwnd_limited:\([0-9]*\)ms.*/\1/p')
	[ "${ms:-0}" -ge 10000 ]
}
wait_for 20 waits "$TRACKER4"
wait_for 20 waits "[$VENDOR6]"
# one that is gone, which is found
server vendor3 vendor "$VENDOR4:7700" expect hello touch "$DIR/hello" \
	wait-file "$DIR/vanished" send news expect-reset
client gone tracker -b "$TRACKER4:4711" "$VENDOR4:7700" send hello \
	wait-file "$DIR/over" close
wait_for 10 test -e "$DIR/hello"
on tracker nft -f - <<-END
	table inet vanished {
		chain in {
			type filter hook input priority filter
			tcp dport 4711 drop
		}
		chain out {
			type filter hook output priority filter
			tcp sport 4711 drop
		}
	}
END
touch "$DIR/vanished"
join vendor3
wait_for 10 counted flows_closed 1 # the vendor hears of it a moment before
expect_equal "flows that ended" "$(counter flows_closed)" 1
touch "$DIR/read"
join tracker1 tracker2 vendor1 vendor2
expect_same_bytes tracker1 vendor1
expect_same_bytes tracker2 vendor2
touch "$DIR/over"
join_any gone
expect_flows 3
