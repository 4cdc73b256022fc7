# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A start that cannot succeed says why in one line, ends with status 2 for usage
# and configuration and another one else, and leaves nothing behind.
topology
before=$(kernel_state)
config

# refused STATUS REGEX COMMAND...
refused() {
	local status=0 want=$1 regex=$2

	shift 2
	on gateway timeout 200 "$@" >"$DIR/daemon.log" 2>&1 || status=$?
	expect_equal "status of $*" $status "$want"
	expect_match "output of $*" "$(cat "$DIR/daemon.log")" $'[^\n]*'"$regex"$'[^\n]*'
	expect_equal "rules and routes" "$(kernel_state)" "$before"
	[ ! -e /run/wayside/pid ] || fail "a pid file is left"
}

with() {
	sed "$1" "$CONFIG" >"$DIR/bad.yaml"
}

refused 2 "$DIR/none.yaml.*No such file" "$WAYSIDED" -c "$DIR/none.yaml"
with 's/source:/sauce:/'
line=$(grep -n sauce "$DIR/bad.yaml")
refused 2 "$DIR/bad.yaml:${line%%:*}:5: unknown key \"sauce\"" "$WAYSIDED" -c "$DIR/bad.yaml"
with 's/^log_dir:.*/log_dir: \/run\/nowhere/'
refused 2 '/run/nowhere' "$WAYSIDED" -c "$DIR/bad.yaml"
refused 2 '-r' "$WAYSIDED" -l 127.0.0.1:7700 -o "$LOGS"
refused 2 'fixed-remote mode needs no rules' "$WAYSIDED" -l 127.0.0.1:7700 \
	-r 127.0.0.1:7701 -o "$LOGS" --print-rules
refused 2 'LOG_LEVEL.*loud' env LOG_LEVEL=loud "$WAYSIDED" -c "$CONFIG"
# shellcheck disable=SC2016 # expanded by the inner shell
refused 1 'standard output: No space left' sh -c '"$@" >/dev/full' sh \
	"$WAYSIDED" -c "$CONFIG" --print-config

# A store that nobody has given a place.
mount -t tmpfs tmpfs /var/lib
config sinks='[{ name: a, exec: /bin/cat }]'
refused 2 "store.file: /var/lib/wayside: No such file .*default; --store FILE.*" \
	"$WAYSIDED" -c "$CONFIG"
config

# A port that is taken, by another program of the same user.
server squatter gateway 127.0.0.1:15001 wait-file "$DIR/never"
refused 1 'cannot listen on 127.0.0.1:15001: Address already in use' \
	"$WAYSIDED" -c "$CONFIG"
stop squatter

# Too few descriptors for a single connection.
refused 1 'Too many open files' prlimit --nofile=200:200 "$WAYSIDED" -c "$CONFIG"

# Too few for the supervisor, which has some for each worker: 49 + 24 x 11 = 313.
config workers=24
for check in '' --check; do
	refused 2 'workers: 24: the supervisor needs 313 descriptors.* 312 .*' \
		prlimit --nofile=312:312 "$WAYSIDED" -c "$CONFIG" $check
done
daemon_under prlimit --nofile=313:313
daemon_run -c "$CONFIG"
tool status >"$DIR/status.log" || fail "no status: $(cat "$DIR/status.log")"
tool reload >"$DIR/reload.log" || fail "no reload: $(cat "$DIR/reload.log")"
daemon_stop
daemon_under
config

# No capabilities at all; and all but the one for rules.
refused 1 'CAP_NET_(ADMIN|RAW)' setpriv --bounding-set=-all --inh-caps=-all \
	"$WAYSIDED" -c "$CONFIG"
refused 1 'CAP_NET_ADMIN' setpriv --bounding-set=-net_admin \
	--inh-caps=-net_admin "$WAYSIDED" -c "$CONFIG"

# And the same configuration works once nothing is in its way.
daemon_run -c "$CONFIG"
exchange "$VENDOR4:7700"
expect_flows 1
