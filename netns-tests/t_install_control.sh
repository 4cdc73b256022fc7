# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The tool without -c and --control asks the daemon of /etc/wayside/wayside.yaml,
# where that can be read, else at the usual place. Help fits 80 columns.
topology
mkdir "$DIR/etc"
mount --bind "$DIR/etc" /etc
mkdir /etc/wayside

# asks STATUS REGEX WORD...: on the gateway
asks() {
	local status=0 want=$1 regex=$2

	shift 2
	tool "$@" >"$DIR/said.log" 2>&1 || status=$?
	expect_equal "status of $* ($(cat "$DIR/said.log"))" $status "$want"
	expect_match "what $* says" "$(cat "$DIR/said.log")" "$regex"
}

# no file: the usual place, where nobody is, then somebody
daemon_run_at() {
	config control="$1"
	daemon_run -c "$CONFIG"
}
daemon_run_at /run/wayside/control
asks 0 'waysided .*' status
daemon_stop

daemon_run_at "$DIR/elsewhere"
asks 1 '.*/run/wayside/control.*' status
cp "$CONFIG" /etc/wayside/wayside.yaml
asks 0 'waysided .*' status
asks 0 'ID .*' flows
asks 1 'wayside: .*no .*flow.*' close 1
asks 0 '.*configuration 2 is in force.*' reload

# what is asked for is asked for, and a file that is none is not passed over
asks 1 '.*/run/wayside/control.*' status --control /run/wayside/control
echo "nonsense: 1" >>/etc/wayside/wayside.yaml
asks 2 '.*nonsense.*--control PATH asks without the file' status
asks 0 'waysided .*' status --control "$DIR/elsewhere"
asks 0 'waysided .*' status -c "$CONFIG"
sed -e /^nonsense/d -e 's/^control:.*/control: none/' -i /etc/wayside/wayside.yaml
asks 2 '.*control is none.*' status

# a file that cannot be read is no reason not to ask
daemon_stop
daemon_run_at /run/wayside/control
chmod 0 /etc/wayside/wayside.yaml
on gateway setpriv --bounding-set=-all --inh-caps=-all "$WAYSIDE" status \
	>"$DIR/said.log" 2>&1 || fail "$(cat "$DIR/said.log")"
daemon_stop

for program in "$WAYSIDE" "$WAYSIDED"; do
	"$program" --help >"$DIR/help"
	expect_equal "long lines" "$(grep -E '.{81}' "$DIR/help" || true)" ""
done
