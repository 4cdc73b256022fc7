# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Fixed-remote mode with proxy_protocol v2: the remote gets the header with the
# tracker's address and the one that it reached, then just its bytes, over IPv4, IPv6
# and from one family to the other. The capture has the bytes only. Without the
# option there is no header.
topology
firewall "tcp dport 7700 accept"

# The header as the specification has it (section 2.2): signature, version 2 with
# PROXY, family with TCP, length; client and listener; the client's port, 7700.
signature=0d0a0d0a000d0a515549540a21
v4_header=${signature}11000cc0a8010ac0a80101
v6_header=${signature}21002420010db800010000000000000000001020010db8000100000000000000000001

# try TRACKER LISTEN REMOTE HEADER [FLAG...]
port=4710
try() {
	local header=$4

	port=$((port + 1)) # the last one may be in TIME_WAIT
	[ -z "$header" ] || header+=$(printf '%04x1e14' $port)
	rm -rf "${LOGS:?}"/*
	daemon_run -l "$2:7700" -r "$3" -o "$LOGS" "${@:5}"
	# the tracker speaks before anybody asked for the header
	server vendor vendor "$3" expect-hex "$header" expect hello send world \
		shutdown-write recv-all
	client tracker tracker -b "$1:$port" "$2:7700" send hello expect world \
		shutdown-write recv-all
	join tracker vendor
	daemon_stop
	expect_equal "bytes of the tracker" "$(total client_bytes)" 5
	expect_equal "bytes of the vendor" "$(total server_bytes)" 5
	plain=${1//[][]/}
	expect_equal "the capture" "$(cut -f 3 "$(capture_of "$plain")" |
		paste -sd /)" hello/world
}
on='--proxy-protocol=v2'
try "$TRACKER4" 192.168.1.1 "$VENDOR4:7700" $v4_header $on
try "[$TRACKER6]" '[2001:db8:1::1]' "[$VENDOR6]:7700" $v6_header $on
try "$TRACKER4" 192.168.1.1 "[$VENDOR6]:7700" $v4_header $on
try "$TRACKER4" 192.168.1.1 "$VENDOR4:7700" ''
