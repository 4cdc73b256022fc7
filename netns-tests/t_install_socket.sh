# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# wayside.socket is a unit that systemd takes, belongs to wayside.service, is not
# enabled by its installation, and what it says makes listeners that
# `on_failure: hold` takes. (systemd itself cannot run here: the listeners are made
# from the unit's own lines.)
command -v systemd-analyze >/dev/null || exit 77
topology
cmake --install "$BUILD" --prefix "$DIR/root" >"$DIR/install.log" 2>&1 ||
	fail "$(cat "$DIR/install.log")"
units=$DIR/root/lib/systemd/system
[ -e "$units/wayside.service" ] || exit 77 # a build without libsystemd

systemd-analyze verify --man=no --recursive-errors=yes "$units/wayside.socket" \
	"$units/wayside.service" || fail "systemd-analyze does not like the unit"
expect_equal "links to units" \
	"$(find "$DIR/root" -type l -name '*wayside*' | wc -l)" 0
expect_equal "units that pull it in" \
	"$(grep -lE '^(Sockets|Wants|Requires)=.*wayside' "$units"/* | wc -l)" 0

# setting KEY
setting() {
	sed -n "s/^$1=//p" "$units/wayside.socket"
}

expect_equal Transparent "$(setting Transparent)" yes
expect_equal "service" "$(setting Service)" "" # the one of its own name
mapfile -t addresses < <(setting ListenStream)
expect_equal "number of listeners" ${#addresses[@]} 2
hold "${addresses[@]}"
daemon on_failure=hold
exchange "$VENDOR4:7700"
exchange "[$VENDOR6]:7700"
expect_flows 2
