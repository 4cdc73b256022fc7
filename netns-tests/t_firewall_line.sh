# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A gateway with an input policy of drop black-holes what is intercepted; the one
# line that the README gives lets it through, for both families and sources.
grep -qF "$FIREWALL_LINE" "${BASH_SOURCE[0]%/*}/../README.md" ||
	fail "README.md does not give the line: $FIREWALL_LINE"
topology
firewall ""
daemon
for f in v4 v6; do
	family $f
	client tracker tracker -t 2 "$VENDOR:7700" send lost
	join_failed tracker
	expect_value tracker end timeout
done
daemon_stop
firewall "$FIREWALL_LINE"
for source in gateway client; do
	daemon source=$source
	for f in v4 v6; do
		family $f
		exchange "$VENDOR:7700"
	done
	daemon_stop
done
