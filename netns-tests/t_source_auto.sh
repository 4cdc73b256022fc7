# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# source: auto is the client's address where the gateway only routes, and the
# gateway's as soon as it masquerades, decided at the start, when the firewall
# changes, and at a reload that brings the first such rule. Only source NAT that can
# apply to the rule's clients counts: Docker's own does not. Status and log say what
# and why. Running flows keep what they have.
topology

# source_is WORD [WHY]: what the status says
source_is() {
	local said

	said=$(tool status | tr -s '\n ' ' ')
	[[ $said = *"source auto is $1: ${2-}"* ]]
}

NOBODY="no source NAT for these clients"

# source_nat STATEMENT: of what leaves by wan
source_nat() {
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

# As Docker does it: containers on a bridge, and what they send to the world is
# masqueraded, in both families. The daemon is not there yet.
ip -n gateway link add docker0 type bridge
ip -n gateway link set docker0 up
address gateway docker0 172.17.0.1/16 fd00:17::1/64
on gateway nft -f - <<-END
	table inet docker {
		chain guests {
			counter masquerade
		}
		chain postrouting {
			type nat hook postrouting priority srcnat
			ip saddr 172.17.0.0/16 oifname != "docker0" masquerade
			ip6 saddr fd00:17::/64 oifname != "docker0" jump guests
		}
	}
END

daemon source=auto
for f in v6 v4; do
	family $f
	source_is client "$NOBODY" || fail "$(tool status)"
	seen_as "$TRACKER"
done

server long vendor "$VENDOR:7700" expect one send one expect two send two \
	recv-all
client longer tracker "$VENDOR:7700" send one expect one touch "$DIR/one" \
	wait-file "$DIR/two" send two expect two shutdown-write recv-all
wait_for 10 test -e "$DIR/one"
source_nat masquerade
wait_for 10 source_is gateway "masquerade in ip nat postrouting"
seen_as "$GATEWAY"
touch "$DIR/two"
join longer long
expect_peer_address long "$TRACKER"

# nothing to do with the source
on gateway nft add rule ip nat postrouting counter
on gateway nft flush chain ip nat postrouting
wait_for 10 source_is client "$NOBODY"
source_nat "snat to $GATEWAY4"
wait_for 10 source_is gateway "snat in ip nat postrouting"
expect_equal "changes in the log" \
	"$(grep -c 'source: auto is' "$DIR/daemon.log")" 4

# the trackers' own network, by IPv6 and behind a jump
on gateway nft delete table ip nat
wait_for 10 source_is client "$NOBODY"
on gateway nft insert rule inet docker postrouting \
	ip6 saddr 2001:db8:1::/64 jump guests
wait_for 10 source_is gateway "masquerade in inet docker guests"
family v6
seen_as "$GATEWAY"
daemon_stop

daemon source=auto # behind masquerading from the beginning
source_is gateway "masquerade in inet docker guests" || fail "$(tool status)"
seen_as "$GATEWAY"
daemon_stop

# a set that comes to have the trackers' network
on gateway nft flush chain inet docker postrouting
on gateway nft add set inet docker private \
	'{ type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }'
on gateway nft add rule inet docker postrouting ip saddr @private masquerade
family v4
daemon source=auto clients="[192.168.1.0/24, \"2001:db8:1::/64\"]"
source_is client "$NOBODY" || fail "$(tool status)"
seen_as "$TRACKER"
on gateway nft add element inet docker private '{ 192.168.0.0/16 }'
wait_for 10 source_is gateway "masquerade in inet docker postrouting"
seen_as "$GATEWAY"
# an edit of the rule is a reload
tool rules del trackers clients 192.168.1.0/24 >"$DIR/reload.txt" 2>&1
source_is client "$NOBODY" || fail "$(tool status)"
tool rules add trackers clients 192.168.1.10 >"$DIR/reload.txt" 2>&1
source_is gateway "masquerade in inet docker postrouting" ||
	fail "$(tool status)"
daemon_stop

on gateway nft delete table inet docker
daemon source=gateway to="[\"$OTHER4:7700\"]"
[[ $(tool status) != *"source auto"* ]] || fail "it is decided for nobody"
config source=auto
tool reload >"$DIR/reload.txt"
source_is client || fail "$(tool status)"
seen_as "$TRACKER"
