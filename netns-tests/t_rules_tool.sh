# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# `wayside rules`: finds each difference between kernel and configuration and
# says it in a line, refuses while a daemon owns the rules, mends what is left
# over of ours and leaves alone what is others', says in one line what went
# wrong, with the exit status that --help promises.
WAYSIDE=$BUILD/src/wayside/wayside
topology
empty=$(kernel_state)
config to='["47.88.85.196:7700", "[2001:db8:7::7]:7700-7710"]'

# tool STATUS COMMAND...: its output is in $out
tool() {
	local status=0 want=$1

	shift
	out=$(on gateway "$@" 2>&1) || status=$?
	expect_equal "status of $* ($out)" $status "$want"
}

# rules STATUS COMMAND [OPTION...]; remove takes no configuration
rules() {
	local config=(-c "$CONFIG")

	[ "$2" != remove ] || config=()
	tool "$1" "${without[@]}" "$WAYSIDE" rules "$2" "${config[@]}" "${@:3}"
}
without=()

# A line of $out is exactly this; or $out is one line of this form.
expect_line() {
	grep -qxF -- "$1" <<<"$out" || fail "no line \"$1\" in: $out"
}
expect_one_line() {
	expect_match "output" "$out" $'[^\n]*'"$1"$'[^\n]*'
}

# Usage and configuration: 2, one line, nothing done.
for words in "" "rules" "rules frobnicate" "rules show extra" "rules show -c" \
	"rules remove --stopped" "rules remove -c $CONFIG" "--frobnicate" \
	"rules show --json" "status extra" "status --stopped" "flows --control" \
	"status -c $CONFIG --control=/c" "close" "close 1 2" "reload --json" \
	"bypass" "bypass on off" "rules add" "rules add a to" "rules del a to b c"; do
	# shellcheck disable=SC2086 # words
	tool 2 "$WAYSIDE" $words
	expect_one_line 'wayside: .*--help'
done
for words in "foo" "foo rules"; do
	# shellcheck disable=SC2086 # words
	tool 2 "$WAYSIDE" $words
	expect_one_line 'wayside: unknown command: foo; .*'
done
tool 2 "$WAYSIDE" rules check -c "$DIR/none.yaml"
expect_one_line 'none.yaml.*No such file'
tool 0 "$WAYSIDE" --version
expect_one_line 'wayside [0-9.]+'
for words in "--help" "-h" "rules --help" "rules remove -h"; do
	# shellcheck disable=SC2086 # words
	tool 0 "$WAYSIDE" $words
	for command in show install remove check add del; do
		grep -q "^  rules $command" <<<"$out" ||
			fail "$words without $command"
	done
	for command in status flows close reload "bypass on" "bypass off"; do
		grep -q "^  $command" <<<"$out" ||
			fail "$words without $command"
	done
done
# Nobody to ask: 1, one line.
for words in "status" "flows --json" "close 1" "reload" "bypass on" "bypass off" \
	"rules add a to b" "rules del a clients b"; do
	# shellcheck disable=SC2086 # words
	tool 1 "$WAYSIDE" $words --control "$DIR/nobody"
	expect_one_line "wayside: $DIR/nobody: no waysided runs here"
done
printf 'log_dir: %s\nlisten: 127.0.0.1:7700\nremote: 192.0.2.1:7700\n' "$LOGS" \
	>"$DIR/fixed.yaml"
for command in show install check; do
	tool 2 "$WAYSIDE" rules $command -c "$DIR/fixed.yaml"
	expect_one_line 'fixed-remote mode has no rules'
done
expect_equal "rules and routes" "$(kernel_state)" "$empty"

# Without rights: 1, one line.
without=(setpriv --bounding-set=-all --inh-caps=-all)
for command in install remove check; do
	rules 1 $command
	expect_one_line \
		'wayside: reading table inet wayside: Operation not permitted: CAP_NET_ADMIN is needed'
done
without=()

# Nothing there: everything is missing. Then nothing differs.
rules 1 check
expect_line "missing: table inet wayside"
expect_line "missing: IPv4 routing rule 7700 (0 of 1)"
expect_line "missing: IPv6 route in table 7700 (0 of 1)"
rules 0 install
expect_equal "output of install" "$out" ""
rules 0 check
installed=$(kernel_state)

# meddle LINE COMMAND...: then check finds this difference and no other, and
# install mends it
meddle() {
	local line=$1

	shift
	on gateway "$@"
	rules 1 check
	expect_equal "found after $*" "$out" "$line"
	rules 0 install
	rules 0 check
	expect_equal "mended after $*" "$(kernel_state)" "$installed"
}

meddle 'missing: set "trackers_to4": 47.88.85.196 . 7700 to 47.88.85.196 . 7700' \
	nft delete element inet wayside trackers_to4 '{ 47.88.85.196 . 7700 }'
meddle 'unexpected: set "trackers_to6": 2001:db8::1 . 5 to 2001:db8::1 . 9' \
	nft add element inet wayside trackers_to6 '{ 2001:db8::1 . 5-9 }'
meddle 'unexpected: set "mine": type 7, 4 bytes, flags 0' \
	nft add set inet wayside mine '{ type ipv4_addr; }'
meddle 'unexpected: chain "mine" without a hook' \
	nft add chain inet wayside mine
meddle 'unexpected: rule ""' \
	nft insert rule inet wayside prerouting tcp dport 9 drop
meddle 'table inet wayside is dormant' \
	nft add table inet wayside '{ flags dormant; }'
handle=$(on gateway nft -a list chain inet wayside prerouting |
	sed -n 's/.*"trackers v4" # handle //p')
# shellcheck disable=SC2016 # the dollar is the kernel's
meddle 'changed: rule "trackers v4": the kernel has "cmp eq reg 1 0x00000011 ", the configuration says "cmp eq reg 1 0x00000006 "' \
	nft replace rule inet wayside prerouting handle "$handle" \
	meta nfproto ipv4 meta l4proto udp comment '"trackers v4"'
handle=$(on gateway nft -a list chain inet wayside prerouting |
	sed -n 's/.*"return" # handle //p')
on gateway nft -f - <<-END
	delete rule inet wayside prerouting handle $handle
	add rule inet wayside prerouting meta l4proto { tcp, udp, icmp, icmpv6 } iifname != "lo" socket transparent 1 jump ours comment "return"
END
meddle 'rules are in another order' true
meddle 'missing: IPv4 routing rule 7700 (0 of 1)' ip -4 rule del priority 7700
meddle 'missing: IPv6 routing rule 7701 (0 of 1)' ip -6 rule del priority 7701
meddle 'missing: IPv6 route in table 7700 (0 of 1)' ip -6 route flush table 7700
meddle 'unexpected: IPv4 routing rules of ours (1 of 0)' \
	ip rule add priority 7701 protocol 77 fwmark 0x10000/0x10000 ipproto udp \
	lookup 7700
meddle 'unexpected: IPv4 routing rules of ours (1 of 0)' \
	ip rule add priority 7700 protocol 77 fwmark 0x10000/0x10000 lookup 7700

# What is others' stays: a rule like ours without our protocol number, at the
# same priority, and another table.
on gateway ip rule add priority 7701 fwmark 0x10000/0x10000 lookup 7700
on gateway nft add table inet wayside2
with_others=$(kernel_state | sort) # a table that was replaced is the last one
rules 0 install
rules 0 check
expect_equal "beside others" "$(kernel_state | sort)" "$with_others"
rules 0 remove
on gateway ip rule del priority 7701 fwmark 0x10000/0x10000 lookup 7700
on gateway nft delete table inet wayside2
expect_equal "after remove" "$(kernel_state)" "$empty"

# While a daemon owns the rules, whatever port it listens on.
daemon
installed=$(kernel_state)
echo "listen_port: 15002" >>"$CONFIG"
for command in install remove; do
	rules 1 $command
	expect_equal "output of $command" "$out" \
		"wayside: another Wayside owns the rules of this network namespace"
	expect_equal "rules and routes" "$(kernel_state)" "$installed"
done
# What a daemon let go for a time is no difference, and is said; what no file knows
# is both.
config
rules 0 check
expect_line "the kernel has what $CONFIG says"
on gateway "$WAYSIDE" bypass on >"$DIR/said.txt"
grep -q '^bypass is on: ' "$DIR/said.txt" || fail "$(cat "$DIR/said.txt")"
rules 0 check
expect_line "the daemon takes no new connections now: see wayside status"
on gateway "$WAYSIDE" bypass off >"$DIR/said.txt"
grep -q '^bypass is off: ' "$DIR/said.txt" || fail "$(cat "$DIR/said.txt")"
expect_equal "rules and routes" "$(kernel_state)" "$installed"
on gateway "$WAYSIDE" rules add trackers to "$OTHER4:7700" >"$DIR/said.txt"
rules 1 check
expect_line "edits of the daemon's rules, which no file knows: 1"
expect_line "unexpected: set \"trackers_to4\": $OTHER4 . 7700 to $OTHER4 . 7700"
daemon_kill
on gateway test -S /run/wayside/control
rules 1 check
expect_match "what a dead daemon says" "$out" 'unexpected: set "trackers_to4".*'
daemon
daemon_stop
expect_equal "rules after the daemon" "$(kernel_state)" "$empty"

# What is removed needs neither the file that it came from nor its log_dir.
config
rules 0 install
mv "$CONFIG" "$DIR/gone.yaml"
mv "$LOGS" "$LOGS.gone"
rules 0 remove
expect_equal "after remove without a file" "$(kernel_state)" "$empty"
mv "$LOGS.gone" "$LOGS"
mv "$DIR/gone.yaml" "$CONFIG"

# Without IPv6 on lo no listener can be at ::1: it is said and left out.
sysctl_set gateway ipv6/conf/lo/disable_ipv6 1
rules 0 install
expect_one_line 'no IPv6 on lo, IPv6 is not intercepted'
expect_equal "IPv6 rules" "$(on gateway ip -6 rule | grep -c 77 || true)" 0
rules 0 check
rules 0 remove
sysctl_set gateway ipv6/conf/lo/disable_ipv6 0
expect_equal "after remove without IPv6" "$(kernel_state)" "$empty"

# Nobody holds the rules of `open` for the tool, and it says so.
config on_failure=open
rules 0 install
expect_one_line 'no daemon holds these rules'
rules 0 check
rules 0 remove
