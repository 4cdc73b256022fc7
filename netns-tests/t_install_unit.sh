# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The systemd unit is one, and its restrictions leave the daemon what it needs:
# it runs with the unit's capabilities and system calls and without new
# privileges, with nothing to write to but the unit's directories. (systemd itself
# cannot run here: these restrictions are made from the unit's own lines.)
command -v systemd-analyze >/dev/null || exit 77
topology
prefix="$DIR/o p%t" # what both mean to systemd is not what they are
cmake --install "$BUILD" --prefix "$prefix" >"$DIR/install.log" 2>&1 ||
	fail "$(cat "$DIR/install.log")"
unit=$prefix/lib/systemd/system/wayside.service
[ -e "$unit" ] || exit 77 # a build without libsystemd

# setting KEY
setting() {
	sed -n "s/^$1=//p" "$unit"
}

capabilities=-all
for name in $(setting CapabilityBoundingSet); do
	name=${name#CAP_}
	capabilities+=,+${name,,}
done
expect_match "capabilities" "$capabilities" '-all(,[+][a-z_]+)+'
expect_equal NoNewPrivileges "$(setting NoNewPrivileges)" yes
expect_equal ProtectSystem "$(setting ProtectSystem)" strict
expect_equal RuntimeDirectory "$(setting RuntimeDirectory)" wayside
expect_equal StateDirectory "$(setting StateDirectory)" wayside

# expand NAME...: system calls and groups of them, as systemd knows them
expand() {
	local name

	for name; do
		case $name in
		@*)
			# shellcheck disable=SC2046 # words
			expand $(systemd-analyze syscall-filter "$name" 2>/dev/null |
				sed -n '2,$s/^ *\([-@a-z_0-9]*\)$/\1/p')
			;;
		*) echo "$name" ;;
		esac
	done
}
# shellcheck disable=SC2046 # words
expand $(setting SystemCallFilter) >"$DIR/syscalls"
expect_at_least "number of system calls" "$(wc -l <"$DIR/syscalls")" 300

# as_service COMMAND...: /run/wayside, $LOGS and $STATE stand for the directories
# that systemd makes
STATE=$DIR/state
mkdir "$STATE"
cat >"$DIR/as_service" <<-END
	#!/bin/bash
	set -euo pipefail
	for place in /run/wayside $LOGS $STATE; do
		mount --bind "\$place" "\$place"
	done
	mount -o remount,bind,ro /run
	mount -o remount,bind,ro /
	for place in / /run $DIR; do
		! touch "\$place/written" 2>/dev/null || exit 99
	done
	# the leak check of a sanitized build would need ptrace()
	export ASAN_OPTIONS=\${ASAN_OPTIONS-}:detect_leaks=0
	ulimit -n $(setting LimitNOFILE) 2>/dev/null || true
	exec setpriv --bounding-set $capabilities --inh-caps -all \
		--no-new-privs "$PEERS/only_syscalls" "\$@" <"$DIR/syscalls"
END
chmod +x "$DIR/as_service"

# shellcheck disable=SC2034 # `config` writes it
EVENTS=$LOGS/events
STORE=$STATE/wayside.db
# the program runs under all of this, too
config self_test=yes store="{ file: $STORE }" sinks="[ { name: program,
	exec: [/bin/sh, -c, 'exec cat >$STATE/events'] } ]"
spawn gateway "$DIR/daemon.log" unshare -m "$DIR/as_service" "$WAYSIDED" \
	-c "$CONFIG"
daemon_pid=$!
wait_for 10 daemon_ready_or_dead
kill -0 "$daemon_pid" 2>/dev/null || fail "the daemon ended at once"
threaded ||
	! grep 'not possible' "$DIR/daemon.log" ||
	fail "there was no self-test"
expect_equal RestrictNamespaces "$(setting RestrictNamespaces)" "net user"
exchange "$VENDOR4:7700"
exchange "[$VENDOR6]:7700"
[ -s "$(capture_of "$TRACKER4")" ] || fail "an empty capture"
crowd_server echo vendor "$VENDOR4:7700"
crowd crowd tracker "$VENDOR4:7700" open ping 3 fin
join crowd
dismiss echo
published() {
	[ "$(grep -c '"keyword":"LK"' "$STATE/events" 2>/dev/null)" = 6 ]
}
wait_for 10 published
expect_pid_file
expect_equal "bounding set of the daemon" \
	"$(sed -n 's/^CapBnd:\t//p' "/proc/$daemon_pid/status")" \
	"$(printf '%016x' $((1 << 0 | 1 << 10 | 1 << 12 | 1 << 13)))"
daemon_stop
[ ! -e /run/wayside/pid ] || fail "the pid file is still there"

# Unknown settings, programs that are not there, and how much is left open (100
# is all)
systemd-analyze verify --man=no --recursive-errors=yes "$unit" ||
	fail "systemd-analyze does not like the unit"
systemd-analyze security --offline=yes --threshold=30 "$unit" \
	>"$DIR/security" || fail "$(cat "$DIR/security")"
