# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What waysided prints and then ends: the rules of the golden files and of the
# tool, a configuration that says the same when it is read again, the outcome of
# a check, its version and its help. None of it touches the kernel's rules or
# needs a right, and only --check and a start ask for log_dir.
TOOL=$BUILD/src/wayside/wayside
TOP=${BASH_SOURCE[0]%/*}/..
topology
empty=$(kernel_state)
config

# prints STATUS WORD...: without rights; its output is in $out, the errors in $err
prints() {
	local status=0 want=$1

	shift
	out=$(on gateway setpriv --bounding-set=-all --inh-caps=-all \
		"$WAYSIDED" "$@" 2>"$DIR/err.log") || status=$?
	err=$(cat "$DIR/err.log")
	expect_equal "status of $* ($out$err)" $status "$want"
	expect_equal "rules and routes" "$(kernel_state)" "$empty"
	[ ! -e /run/wayside/pid ] || fail "a pid file after $*"
}

# --print-rules
n=0
for file in "$TOP"/nft/golden/*.yaml; do
	sed 's/^log_dir:.*/log_dir: \/run\/nowhere/' "$file" >"$DIR/rules.yaml"
	prints 0 --print-rules -c "$DIR/rules.yaml"
	expect_equal "rules of $file" "$out" "$(cat "${file%.yaml}.nft")"
	n=$((n + 1))
done
expect_at_least "number of golden files" $n 3
prints 0 --print-rules -c "$CONFIG"
expect_equal "rules" "$out" "$("$TOOL" rules show -c "$CONFIG")"
prints 2 --print-rules -l 127.0.0.1:7700 -r 192.0.2.1:7700
expect_equal "rules of fixed-remote mode" "$out" ""
expect_match "why" "$err" '[^'$'\n'']*there are none'

# --print-config: of the sample, of flags alone, and of both; what came of it is
# the same when it is printed again.
again() {
	prints 0 --print-config "$@"
	expect_equal "warnings" "$err" ""
	printf '%s\n' "$out" >"$DIR/printed.yaml"
	prints 0 --print-config -c "$DIR/printed.yaml"
	expect_equal "printed again" "$out" "$(cat "$DIR/printed.yaml")"
}

# expect_key LINE...: in the last output, one after the other
expect_key() {
	local lines

	lines=$(printf '%s\n' "$@")
	[[ $'\n'$out$'\n' = *$'\n'"$lines"$'\n'* ]] ||
		fail "no \"$lines\" in: $out"
}

again -c "$TOP/contrib/conf/wayside.yaml"
expect_key 'on_failure: open-stay'
expect_key 'connect_timeout: 10s'
expect_key 'pidfile: "/run/wayside/pid"'
expect_key '    to: ["47.88.85.196:7700", "[2001:db8::7]:7700-7710"]'
expect_key '  - file: "/var/log/wayside/events.log"' '    format: classic'
# each protocol with the zone that is usual for it
expect_key '  watch:' '    time_zone: "+00:00"'
expect_key '  jt808:' '    time_zone: "+08:00"'
expect_key 'store:' '  file: "/var/lib/wayside/wayside.db"' '  commit_delay: 50ms'
expect_key 'sinks: []'
again -c "$CONFIG" -o /run/elsewhere -p none -O /run/a -O file=/run/b
expect_key 'log_dir: "/run/elsewhere"'
expect_key 'pidfile: none'
expect_key '  - file: "/run/a"' '    format: classic' '  - file: "/run/b"'
# each kind of sink, but for what nobody is to see
again -c "$TOP/contrib/conf/sink-exec.yaml"
expect_key 'sinks: # *** stands for each password and argument' \
	'  - name: "program"' '    exec: ["/usr/local/bin/read-events", "***"]'
if sink_built AMQP; then
	again -c "$TOP/contrib/conf/sink-amqp.yaml"
	expect_key '  - name: "classic"' \
		'    amqp: "amqp://guest:***@127.0.0.1/?queue=tcpproxy.events"' \
		'    format: classic' '    from: newest'
	again -l 127.0.0.1:7700 -r 192.0.2.1:7700 --store /run/x.db \
		-O 'amqp=amqp://me:Geheim@broker.example/%2F?queue=q'
	[[ $out != *Geheim* ]] || fail "a password is printed"
	expect_key '  file: "/run/x.db"'
	expect_key '  - name: "amqp"' \
		'    amqp: "amqp://me:***@broker.example/%2F?queue=q"'
fi
if sink_built REDIS; then
	again -c "$TOP/contrib/conf/sink-redis.yaml"
	expect_key '  - name: "list"' \
		'    redis: "redis+unix:///run/redis/redis.sock?list=wayside.events"'
fi
again -l '[::1]:7700' -r 192.0.2.1:7700
expect_key '  file: none'
expect_key 'listen: "[::1]:7700"'
expect_key 'remote: "192.0.2.1:7700"'

# --check: one line and the budget, all errors, and a warning that fails nothing.
prints 0 --check -c "$CONFIG"
expect_equal "of a good file" "${out%%$'\n'*}" \
	"$CONFIG: configuration is fine: 1 rules, 2 workers"
expect_key 'each worker          200 descriptors for listeners, rings and spare'
expect_key 'flows possible     10000 of 10000 (max_flows)'

# --print-sample is what the package installs.
prints 0 --print-sample
expect_equal "the sample" "$out" "$(cat "$TOP/contrib/conf/wayside.yaml")"
prints 0 --check -c "$CONFIG"
expect_equal "errors" "$err" ""
{
	sed 's/^log_dir:.*/log_dir: \/run\/nowhere/' "$CONFIG"
	echo '    clients: [192.168.1.0/24, nonsense]'
} >"$DIR/bad.yaml"
prints 2 --check -c "$DIR/bad.yaml"
expect_equal "of a bad file" "$out" ""
expect_match "errors" "$err" "$DIR/bad.yaml:[0-9]+:10: log_dir: /run/nowhere: No such file or directory
$DIR/bad.yaml:[0-9]+:31: clients: \"nonsense\" is not a network [^
]*"
{
	cat "$CONFIG"
	echo '    clients: [192.168.1.0/24]'
} >"$DIR/warned.yaml"
prints 0 --check -c "$DIR/warned.yaml"
expect_match "warning" "$err" "$DIR/warned.yaml:[0-9]+:[0-9]+: warning: to: [^
]*takes nothing: [^
]*"

# --version and --help
prints 0 --version
expect_match "version" "$out" 'waysided [0-9.]+'
expect_equal "version" "${out#waysided }" \
	"$("$TOOL" --version | sed 's/^wayside //')"
prints 0 --help
expect_equal "errors" "$err" ""
for option in config listen local remote output log-dir pidfile observer store check \
	print-config print-rules print-sample version help; do
	grep -qE -- " --$option( |,|\$)" <<<"$out" ||
		fail "--help without --$option"
done
help=$out
prints 0 -h
expect_equal "-h" "$out" "$help"
prints 2 --frobnicate
expect_equal "output" "$out" ""
