# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# source: auto is the client's address where the gateway only routes, and the
# gateway's as soon as it masquerades, decided at the start, when the firewall
# changes, and at a reload that brings the first such rule. Status and log say what
# and why. Running flows keep what they have.
topology
family v4

# source_is WORD: what the status says
source_is() {
	tool status | grep -q "source auto is $1:"
}

masquerade() {
	on gateway nft -f - <<-END
		table ip nat {
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname "wan" $1
			}
		}
	END
}

# seen_as ADDRESS: what the vendor sees of a connection
seen_as() {
	exchange "$VENDOR:7700"
	expect_peer_address vendor "$1"
}

daemon source=auto
source_is client || fail "$(tool status)"
seen_as "$TRACKER"

server long vendor "$VENDOR:7700" expect one send one expect two send two \
	recv-all
client longer tracker "$VENDOR:7700" send one expect one touch "$DIR/one" \
	wait-file "$DIR/two" send two expect two shutdown-write recv-all
wait_for 10 test -e "$DIR/one"
masquerade masquerade
wait_for 10 source_is gateway
tool status | grep -A1 'source auto' | grep -q nat || fail "$(tool status)"
seen_as "$GATEWAY"
touch "$DIR/two"
join longer long
expect_peer_address long "$TRACKER"

# nothing to do with the source
on gateway nft add rule ip nat postrouting counter
on gateway nft flush chain ip nat postrouting
wait_for 10 source_is client
masquerade "snat to $GATEWAY4"
wait_for 10 source_is gateway
expect_equal "changes in the log" \
	"$(grep -c 'source: auto is' "$DIR/daemon.log")" 4
daemon_stop

daemon source=auto # behind masquerading from the beginning
source_is gateway || fail "$(tool status)"
seen_as "$GATEWAY"
daemon_stop

on gateway nft delete table ip nat
daemon source=gateway
! source_is '[a-z]*' || fail "it is decided for nobody"
config source=auto
tool reload >"$DIR/reload.txt"
source_is client || fail "$(tool status)"
seen_as "$TRACKER"
