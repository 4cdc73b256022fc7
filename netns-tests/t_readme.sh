# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# README, "On a real gateway": every command of it, in its order, as it is written.
# It does what the text says, and a connection from before lives through all of it.
# systemctl is the start script here: no systemd runs in a namespace.
own_proc
topology
firewall '' # as a gateway is that has not heard of Wayside

# what the commands write to; the machine's own stays as it is
mkdir "$DIR/etc" "$DIR/bin"
cp -a /etc/. "$DIR/etc" 2>/dev/null || true # some of it is not for us to read
rm -rf "$DIR/etc/wayside"
mount --bind "$DIR/etc" /etc
mount -t tmpfs tmpfs /var/log
mount -t tmpfs tmpfs /var/lib
cmake --install "$BUILD" --prefix "$DIR/local" >"$DIR/install.log" 2>&1 ||
	fail "$(cat "$DIR/install.log")"
cat >"$DIR/defaults" <<-END
	START_WAIT=200
	STOP_WAIT=200
	STATEDIR=$DIR/state
END
cat >"$DIR/bin/systemctl" <<-END
	#!/bin/sh
	WAYSIDE_DEFAULTS=$DIR/defaults exec "$DIR/local/share/wayside/wayside.init" "\$1"
END
chmod +x "$DIR/bin/systemctl"
PATH=$DIR/bin:$DIR/local/bin:$DIR/local/sbin:$PATH

# new taken|direct PORT: what becomes of the next connection
n=0 taken=0
new() {
	exchange "$VENDOR4:$2"
	n=$((n + 1))
	[ "$1" = direct ] || taken=$((taken + 1))
	[ ! -e /run/wayside/control ] ||
		expect_equal "flows, connection $n" "$(counter flows_opened)" $taken
}

# old NAME: the connection from before carries bytes both ways once more
steps=(looked started bypassed back stopped)
old() {
	touch "$DIR/$1"
	wait_for 10 test -e "$DIR/$1.done"
}

# says REGEX: the last command printed it
says() {
	grep -qE "$1" "$DIR/said" || fail "no $1 in: $(cat "$DIR/said")"
}

# done_so_far COMMAND: what must be true after it
done_so_far() {
	checks=$((checks + 1))
	case $1 in
	"waysided --check")
		says 'descriptors'
		;;
	"wayside doctor || test \$? -eq 4")
		says '^broken +input'
		says "nft insert rule inet firewall input"
		says '^broken$'
		expect_equal "rules and routes" "$(kernel_state)" "$before"
		new direct 7700
		old looked
		;;
	"wayside doctor")
		says '^healthy$'
		;;
	"systemctl start wayside")
		new taken 7700
		old started
		;;
	"wayside rules add tkstar to 47.88.85.196:7701")
		new taken 7701
		new taken 7700
		;;
	"wayside rules del tkstar to 47.88.85.196:7701")
		new direct 7701
		;;
	"wayside bypass on")
		new direct 7700
		old bypassed
		;;
	"wayside bypass off")
		new taken 7700
		old back
		;;
	"systemctl reload wayside")
		new taken 7710
		;;
	"systemctl stop wayside")
		expect_match "last line" "$(tail -n 1 /var/log/waysided.log)" \
			".*stopped flows_opened=$taken flows_closed=$taken .*"
		;;
	"wayside rules remove")
		new direct 7700
		old stopped
		expect_equal "files of captures" \
			"$(find /var/log/wayside -name '*_*_*.log' | wc -l)" $taken
		;;
	*)
		checks=$((checks - 1))
		;;
	esac
}

words=() echoes=()
for name in "${steps[@]}"; do
	words+=(wait-file "$DIR/$name" send "$name" expect "$name"
		touch "$DIR/$name.done")
	echoes+=(expect "$name" send "$name")
done
server older vendor "$OTHER4:7700" expect before send before "${echoes[@]}" \
	recv-all
client oldest tracker "$OTHER4:7700" send before expect before \
	touch "$DIR/open" "${words[@]}" shutdown-write recv-all
wait_for 10 test -e "$DIR/open"

readme=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)/README.md
# shellcheck disable=SC2016 # marks of markdown
sed -n '/^## On a real gateway/,/^## [^O]/ { /^```sh$/,/^```$/p }' "$readme" |
	grep -v '^```' >"$DIR/commands"
before=$(kernel_state)
checks=0 command=
while IFS= read -r line <&3; do
	command=$command${command:+$'\n'}$line
	[[ $command != *"<<'END'"* || $command = *$'\nEND' ]] || continue
	echo "\$ $command"
	on gateway bash -euo pipefail -c "$command" >"$DIR/said" 2>&1 ||
		fail "$command: $(cat "$DIR/said")"
	done_so_far "$command"
	command=
done 3<"$DIR/commands"
expect_equal "checks" $checks 11
join oldest older
