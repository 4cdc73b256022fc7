# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What `cmake --install` puts below a prefix works from there, the unit and the
# start script name the programs where they are, whatever the prefix means to a
# shell or to systemd, and nothing is written elsewhere: not outside the prefix,
# not beside DESTDIR, not into somebody's /etc.
topology
prefix="$DIR/o p%t"

# install PREFIX
install() {
	cmake --install "$BUILD" --prefix "$1" >>"$DIR/install.log" 2>&1 ||
		fail "$(cat "$DIR/install.log")"
}

# files_below DIRECTORY
files_below() {
	find "$1" -type f -printf '%P\n' | sort
}

install "$prefix"
[ -e "$prefix/lib/systemd" ] || exit 77 # a build without libsystemd
expect_equal "what is installed" "$(files_below "$prefix" | xargs)" \
	"bin/wayside lib/systemd/system/wayside.service lib/systemd/system/wayside.socket sbin/waysided share/doc/wayside/CHANGELOG.md share/doc/wayside/LICENSE share/doc/wayside/README.md share/doc/wayside/architecture.md share/doc/wayside/security.md share/man/man7/wayside-events.7 share/man/man7/wayside-store.7 share/wayside/event.schema.json share/wayside/sink-amqp.yaml share/wayside/sink-exec.yaml share/wayside/sink-redis.yaml share/wayside/validate share/wayside/wayside.init share/wayside/wayside.yaml.sample"
unit=$prefix/lib/systemd/system/wayside.service
expect_equal "ExecStart" "$(sed -n 's/^ExecStart=//p' "$unit")" \
	"\"$DIR/o p%%t/sbin/waysided\""
expect_equal "ExecReload" "$(sed -n 's/^ExecReload=//p' "$unit")" \
	"\"$DIR/o p%%t/bin/wayside\" reload"
expect_equal "Documentation" "$(sed -n 's/^Documentation=//p' "$unit")" \
	"file:$DIR/o%%20p%%25t/share/doc/wayside/README.md"
expect_equal "DAEMON and TOOL" \
	"$(sed -n 's/^\(DAEMON\|TOOL\)=/echo /p' \
		"$prefix/share/wayside/wayside.init" | sh | xargs -d '\n')" \
	"$prefix/sbin/waysided $prefix/bin/wayside"
[ -x "$prefix/share/wayside/wayside.init" ] || fail "the script cannot be run"
expect_equal "what is left to put in" \
	"$(grep -r '@[A-Z_]*@' "$prefix/share/wayside" "$unit")" ""

# with the names of an installation for good, below DESTDIR
DESTDIR=$DIR/package install /usr
expect_equal "what is in the package" "$(files_below "$DIR/package/usr")" \
	"$(files_below "$prefix")"
expect_equal "top of the package" "$(ls "$DIR/package")" usr
expect_equal "ExecStart of the package" \
	"$(sed -n 's/^ExecStart=//p' "$DIR/package/usr/lib/systemd/system/wayside.service")" \
	'"/usr/sbin/waysided"'

# a name that the script cannot quote
status=0
cmake --install "$BUILD" --prefix "$DIR/it's" >"$DIR/quote.log" 2>&1 || status=$?
expect_equal "status with a quote in the prefix" $status 1
grep -q "A quote" "$DIR/quote.log" || fail "$(cat "$DIR/quote.log")"

# what was installed does the work
# shellcheck disable=SC2034 # what `daemon` runs
WAYSIDED=$prefix/sbin/waysided
daemon
on gateway "$prefix/bin/wayside" rules check -c "$CONFIG" >"$DIR/check.log" ||
	fail "$(cat "$DIR/check.log")"
exchange "$VENDOR4:7700"
expect_flows 1
