# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Of two rules each connection follows the one that its destination is in: whose
# address the server sees, whether bytes are kept, whether messages are observed.
topology
config "to=[\"$VENDOR4:7700\"]" source=client capture=none
cat >>"$CONFIG" <<-END
	  - name: others
	    to: ["$OTHER4:7700"]
	    source: gateway
	    capture: text
	    observe: none
END
daemon_run -c "$CONFIG"

# talk SERVER MESSAGE
talk() {
	server vendor vendor "$1:7700" expect "$2" recv-all
	client tracker tracker "$1:7700" send "$2" shutdown-write recv-all
	join tracker vendor
}
talk "$VENDOR4" '[SG*1234567890*0002*LK]'
expect_peer_address vendor "$TRACKER4"
talk "$OTHER4" '[SG*1234567890*0002*CR]'
expect_peer_address vendor "$GATEWAY4"
daemon_stop # all is written
expect_equal events "$(cut -f 2,5 "$EVENTS")" $'client\t[SG*1234567890*0002*LK]'
expect_equal "the one capture" "$(cut -f 2,3 "$(capture_of "$TRACKER4")")" \
	$'client\t[SG*1234567890*0002*CR]'
