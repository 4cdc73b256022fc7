# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the vendor sees of a UDP tracker, over both families: with source: client its
# address at another port, with client-port its address and port. The vendor's
# answers find the gateway's socket and then the tracker; nothing of it is forwarded.
topology
for source in client client-port; do
	daemon transport=udp source=$source
	for f in v4 v6; do
		family $f
		udp_server vendor vendor "$VENDOR:7700" a:
		wire wan vendor eth0 udp
		udp_client tracker tracker -b "$TRACKER:4711" "$VENDOR:7700" \
			send one expect a:one send two expect a:two
		join tracker
		dismiss vendor
		unwire wan
		seen=$(sed -n 's/^got \(.*\) len=3$/\1/p' "$DIR/vendor.log" | sort -u)
		if [ $source = client ]; then
			expect_match "whom the vendor saw" "$seen" "[^ ]*:[0-9]+"
			expect_equal "its address" "${seen%:*}" "$TRACKER"
			[ "${seen##*:}" != 4711 ] || fail "it is the tracker's port"
		else
			expect_equal "whom the vendor saw" "$seen" "$TRACKER:4711"
		fi
		expect_equal "datagrams of the gateway's address" \
			"$(grep -F "$GATEWAY:" "$DIR/wan.log")" ""
	done
	expect_flows 2
	expect_equal "bytes recorded" "$(cut -f 3 "$LOGS"/*_"$TRACKER4".log |
		paste -sd ' ')" "$(printf 'one a:one two a:two')"
	rm "$LOGS"/*_*.log
done
