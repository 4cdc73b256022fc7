# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Interception works while the gateway answers with SYN cookies, whatever the server
# sees as the source: the packet that ends such a handshake has no socket yet and is
# known by its ct mark only, and by the memory of handshakes where a zone has that
# mark, also when the rules are replaced meanwhile. A flood that fills this memory is
# no harm to who has a port of his own, nor to the replacement of the rules.
topology
sysctl_set gateway ipv4/tcp_syncookies 2 # always, for both families

# tcp_counter NAME: /proc/net/netstat has a line of names and one of values
tcp_counter() {
	# shellcheck disable=SC2016 # expanded by awk
	on gateway awk -v name="$1" '
		$1 == "TcpExt:" && at { print $at }
		$1 == "TcpExt:" { for (i = 2; i <= NF; i++) if ($i == name) at = i }
	' /proc/net/netstat
}

# cookies: both families are intercepted, each with such a handshake
cookies() {
	local f before

	for f in v4 v6; do
		family $f
		before=$(tcp_counter SyncookiesRecv)
		wire lan tracker eth0 tcp
		wire wan vendor eth0 tcp
		exchange "$VENDOR:7700"
		unwire lan wan
		expect_relayed lan wan "$VENDOR:7700"
		expect_at_least "$f handshakes with cookies" \
			"$(tcp_counter SyncookiesRecv)" $((before + 1))
	done
}

for source in gateway client client-port; do
	daemon source=$source
	cookies
	# so a burst of trackers does not fill it
	[ $source = gateway ] || expect_equal "handshakes that are still remembered" \
		"$(on gateway nft list ruleset | grep -c 'expires')" 0
	expect_flows 2
done

# one is remembered, and no more
one_remembered() {
	[ "$(on gateway nft list ruleset | grep -c expires)" = 1 ]
}

# what the tracker answers does not arrive until the rules have changed twice
daemon source=client
for f in v4 v6; do
	family $f
	on tracker nft -f - <<-END
		table inet hush {
			chain output {
				type filter hook output priority filter
				tcp dport 7700 tcp flags & (syn | ack) == ack drop
			}
		}
	END
	server vendor vendor "$VENDOR:7700" expect hello send hello recv-all
	client tracker tracker "$VENDOR:7700" send hello expect hello \
		shutdown-write recv-all
	wait_for 10 one_remembered
	tool bypass on >"$DIR/bypass.txt"
	tool bypass off >"$DIR/bypass.txt"
	one_remembered || fail "the handshake is forgotten"
	on tracker nft delete table inet hush
	join tracker vendor
done
expect_flows 2

# fill 4|6 CLIENT SERVER: as many as fit, of an address that asks for nothing else; a
# message to the kernel takes some thousand
fill() {
	local from=1 to

	while [ $from -le 65535 ]; do
		to=$((from + 1999 < 65535 ? from + 1999 : 65535))
		{
			echo "add element inet wayside handshakes$1 {"
			seq -f "$2 . %.0f . $3 . 7700," $from $to
			echo "}"
		} | on gateway nft -f -
		from=$((to + 1))
	done
}
# shellcheck disable=SC2034 # of lib.sh
WAYSIDED=$BUILD/src/waysided/waysided_plain # a table that others may fill
daemon source=client
fill 4 203.0.113.77 "$VENDOR4"
fill 6 2001:db8::77 "$VENDOR6"
cookies
tool bypass on >"$DIR/bypass.txt"
tool bypass off >"$DIR/bypass.txt"
expect_flows 2
