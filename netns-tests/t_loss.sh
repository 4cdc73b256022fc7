# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# One packet of ten is lost, on each leg and each way: 1 MB arrives intact in both
# directions, with every source.
topology

# lossy HOST INTERFACE: what it sends and what it gets there
lossy() {
	on "$1" nft -f - <<-END
		table netdev lossy {
			chain in {
				type filter hook ingress device $2 priority 0
				meta l4proto tcp numgen random mod 100 < 10 counter drop
			}
		}
		table inet lossy {
			chain out {
				type filter hook output priority filter
				meta l4proto tcp numgen random mod 100 < 10 counter drop
			}
		}
	END
}
lossy tracker eth0
lossy vendor eth0

for source in gateway client client-port; do
	daemon source=$source
	server vendor vendor "$VENDOR4:7700" duplex 1000000 1000000 \
		"$DIR/heard" shutdown-write recv-all
	client tracker tracker "$VENDOR4:7700" duplex 1000000 1000000 \
		"$DIR/heard" shutdown-write recv-all
	join tracker vendor
	expect_same_bytes tracker vendor
	expect_flows 1
done
for host in tracker vendor; do
	expect_at_least "packets lost at $host" "$(on $host nft list ruleset |
		awk '/drop$/ && $(NF - 4) == "packets" { n += $(NF - 3) }
			END { print n }')" 50
done
