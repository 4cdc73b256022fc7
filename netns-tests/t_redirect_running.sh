# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# intercept: redirect. A connection that runs is not cut when the rules change: by a
# reload, a bypass on and off. In the bypass a new one goes direct, and one that
# went direct before the daemon came stays direct.
topology
firewall 'tcp dport 15001 accept'
# talker NAME: says one, two, three, each when it is told to, and is answered
talker() {
	client "$1" tracker "$VENDOR4:7700" send one expect one touch "$DIR/$1.1" \
		wait-file "$DIR/2" send two expect two touch "$DIR/$1.2" \
		wait-file "$DIR/3" send three expect three \
		shutdown-write recv-all
	wait_for 10 test -e "$DIR/$1.1"
}
server vendor vendor -n 3 "$VENDOR4:7700" echo
talker before
daemon intercept=redirect on_failure=closed drain=5s
talker taken
tool bypass on
talker bypassed
touch "$DIR/2"
for name in before taken bypassed; do
	wait_for 10 test -e "$DIR/$name.2"
done
tool bypass off
config intercept=redirect on_failure=closed drain=5s "to=[\"$VENDOR4:7700\"]"
tool reload
touch "$DIR/3"
join before taken bypassed vendor
expect_flows 1
