# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Fixed-remote mode whose server turns out to be its own listener does not
# connect to itself for ever: the second hop is refused and the client is reset.
topology
firewall "tcp dport 7700 accept"

# try LISTEN REMOTE TO
try() {
	daemon_run -l "$1" -r "$2" -o "$LOGS"
	client tracker tracker "$3" expect-reset
	join tracker
	expect_at_most "ms until the reset" "$(value tracker ms)" 60000
	expect_flows 1
	expect_match "last line" "$(tail -n 1 "$DIR/daemon.log")" \
		'.* refused_self=1'
}
try 0.0.0.0:7700 127.0.0.1:7700 192.168.1.1:7700
try '[::]:7700' '[::1]:7700' '[2001:db8:1::1]:7700'
