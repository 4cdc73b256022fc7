# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Programs get every event as a line, as JSON and as the classic body, byte for byte;
# at a stop what the store still has, too. They find themselves without a shell, a
# right, a descriptor or a secret; what they leave behind is gone with them.
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
topology
own_proc

# what a program finds, before it reads
cat >"$DIR/program" <<-END
	#!/bin/sh
	printf '%s\n' "\$@" >$DIR/arguments
	env | cut -d= -f1 | sort >$DIR/env
	grep -E '^(Cap(Prm|Eff|Inh|Amb)|NoNewPrivs|Seccomp):' /proc/\$\$/status |
		tr -s '\t ' ' ' >$DIR/rights
	tail -f /dev/null &
	echo \$! >$DIR/stray
	exec cat >>$DIR/json.out
END
chmod +x "$DIR/program"
export SECRET=x
# two zones, so that local times and UTC differ
export TZ=TST-5:30
daemon store="{ file: $STORE }" sinks="
  - { name: json, exec: [$DIR/program, 'a  b', '\$HOME'] }
  - { name: classic, exec: /bin/cat, format: classic }
  - { name: tee, exec: [/usr/bin/tee, $DIR/classic.out], format: classic }"
wait_for 10 is_there wayside-publisher/tee
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 2000 "$VENDOR4:7700" open ping 50 fin
join crowd
# bytes that no plain text has, and those that JSON and the line escape
printf '[3G*1234567890*000B*TK,\001\200\\"/\n\000\177]' >"$DIR/odd"
client tracker tracker "$VENDOR4:7700" send-file "$DIR/odd" shutdown-write recv-all
join tracker
wait_for 10 stored 2002
for name in json tee classic; do
	wait_for 10 confirmed_all $name
done
expect_equal "arguments" "$(cat "$DIR/arguments")" $'a  b\n$HOME'
expect_equal "environment" "$(grep -vE '^(PWD|SHLVL|_|OLDPWD)$' "$DIR/env" | tr '\n' ' ')" \
	"$(for v in HOME LANG PATH TZ WAYSIDE_SINK; do
		[ -z "${!v-}" ] && [ $v != WAYSIDE_SINK ] || printf '%s ' $v
	done)"
expect_equal "rights" "$(grep -v Seccomp "$DIR/rights")" "CapInh: 0000000000000000
CapPrm: 0000000000000000
CapEff: 0000000000000000
CapAmb: 0000000000000000
NoNewPrivs: 1"
expect_equal "confirmed" "$(cursor_of json confirmed)" 2002
expect_equal "retried" "$(cursor_of json retried)" 0
expect_equal "lost" "$(cursor_of json lost)" 0
expect_equal "connected" "$(cursor_of json connected)" true
kill -0 "$(cat "$DIR/stray")" || fail "nothing is left behind to look for"

# at a stop
crowd crowd tracker -n 20 -r 5000 "$VENDOR4:7700" open ping 100 fin
join crowd
dismiss vendor
daemon_stop
for name in json tee classic; do
	confirmed_all $name || fail "the stop left events of $name"
done
expect_equal "events" "$(sql 'SELECT last_event FROM store')" 6002
expect_equal "JSON that came again" "$(bodies_are "$DIR/json.out")" 0
expect_equal "classic that came again" "$(bodies_are "$DIR/classic.out" classic)" 0
expect_equal "connected" "$(cursor_of json connected)" false
stray_gone() {
	! grep -qs 'State:.[^Z]' "/proc/$(cat "$DIR/stray")/status"
}
wait_for 10 stray_gone
