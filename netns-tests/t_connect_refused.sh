# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# When the server refuses, the tracker is reset at once: not when connect_timeout,
# which is 2 m here, is over; and does not see an orderly end.
topology
for source in gateway client; do
	daemon source=$source
	for f in v4 v6; do
		family $f
		wire lan tracker eth0 tcp
		wire wan vendor eth0 tcp
		client tracker tracker "$VENDOR:7700" expect-reset
		join tracker
		unwire lan wan
		expect_at_most "ms until the reset" "$(value tracker ms)" 60000
		expect_equal "SYN to the vendor" 1 \
			"$(packets wan ' S ' | grep -cF " > $VENDOR:7700 S ")"
		expect_equal "FIN to the tracker" \
			"$(packets lan ' F' | grep -F "$VENDOR:7700 >")" ""
	done
	daemon_stop
done
expect_match "errors.log" "$(head -n 1 "$LOGS/errors.log")" \
	$'.*\tconn=.* client=.*connect.*'
