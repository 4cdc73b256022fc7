# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The part of scripts/quickstart that runs in namespaces: a conversation of a
# tracker with its vendor, shown to a person, and a verdict from what both sides
# saw. Given: QUICKSTART_DIR (kept) and QUICKSTART_COLOUR (yes, no).
LOGS=$QUICKSTART_DIR
EVENTS=$QUICKSTART_DIR/events.log
CONFIG=$QUICKSTART_DIR/wayside.yaml
BOLD='' GREEN='' RED='' BLUE='' PLAIN=''
if [ "$QUICKSTART_COLOUR" = yes ]; then
	BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' BLUE=$'\e[34m' PLAIN=$'\e[m'
fi

title() {
	printf '\n%s%s%s\n' "$BOLD" "$1" "$PLAIN"
}

# check TEXT CMD...: one line of the verdict
checks=0 agreed=0
check() {
	local text=$1

	shift
	checks=$((checks + 1))
	if "$@"; then
		agreed=$((agreed + 1))
		printf '  %sok%s  %s\n' "$GREEN" "$PLAIN" "$text"
	else
		printf '  %sNO%s  %s\n' "$RED" "$PLAIN" "$text"
	fi
}

# messages NAME sent|got: what a peer says it sent or got, one message a line
messages() {
	sed -n "s/^$2 //p" "$DIR/$1.log"
}

# recorded DIRECTION: the messages of the event file
recorded() {
	awk -F '\t' -v d="$1" '$2 == d { print $5 }' "$EVENTS"
}

# captured DIRECTION: the bytes of the capture file. (Messages hold no LF, so
# that its records can be told apart.)
captured() {
	awk -F '\t' -v d="$1" '$2 == d { printf "%s", $3 }' \
		"$(capture_of "$TRACKER4")"
}

# Prints the events that came since the last look; true when all are there.
shown=0
show_events() {
	local stamp direction message line

	[ -e "$EVENTS" ] || return 1
	while IFS=$'\t' read -r stamp direction _ _ message; do
		case $direction in
		client) line="${BLUE}tracker -> vendor${PLAIN}" ;;
		*) line="${GREEN}vendor -> tracker${PLAIN}" ;;
		esac
		printf '  %s  %s  %s\n' "${stamp#* }" "$line" "$message"
		shown=$((shown + 1))
	done < <(tail -n "+$((shown + 1))" "$EVENTS")
	! peer_runs tracker &&
		[ $shown -ge "$(grep -cE '^(sent|got) ' "$DIR/tracker.log")" ]
}

topology
title "1. Three hosts, each a network namespace"
cat <<END
  tracker 192.168.1.10  ---  192.168.1.1 gateway 203.0.113.1  ---  vendor $VENDOR4
  The gateway drops all input but answers and what this line lets in:
    $FIREWALL_LINE
END

title "2. The daemon on the gateway: waysided -c $CONFIG"
cat >"$CONFIG" <<END
log_dir: $LOGS
pidfile: /run/wayside/pid
events:
  file: $EVENTS
rules:
  - name: tkstar
    interfaces: [lan]
    clients: [192.168.1.0/24]
    to: ["$VENDOR4:7700"]
    source: client
END
sed 's/^/  /' "$CONFIG"
before=$(kernel_state)
touch -d '1 hour ago' "$LOGS" # else Wayside numbers ids as after a restart
daemon_run -c "$CONFIG"
echo "  It has put these rules into the kernel:"
on gateway nft list table inet wayside | sed 's/^/  /'

title "3. The conversation, each event as Wayside wrote it"
wire lan tracker eth0 tcp
wire wan vendor eth0 tcp
peer vendor vendor watch_vendor "$VENDOR4:7700"
await_listener vendor
peer tracker tracker watch_tracker "$VENDOR4:7700"
wait_for 30 show_events
join tracker vendor
unwire lan wan

title "4. The connection, as both sides saw it"
for name in tracker vendor; do
	printf '  %-8s %s talked to %s, sent %s messages (%s bytes), got %s (%s bytes)\n' \
		"$name" "$(value $name local)" "$(value $name peer)" \
		"$(messages $name sent | wc -l)" "$(value $name bytes_out)" \
		"$(messages $name got | wc -l)" "$(value $name bytes_in)"
done

title "5. What Wayside kept"
printf '  capture  %s\n  events   %s\n' "$(capture_of "$TRACKER4")" "$EVENTS"

daemon_stop
title "6. Do they agree?"
uplink=$(messages tracker sent)
downlink=$(messages vendor sent)
count=$(printf '%s\n' "$uplink" "$downlink" | wc -l)
handshakes_differ() {
	[ "$(syn_numbers lan "$VENDOR4:7700")" != \
		"$(syn_numbers wan "$VENDOR4:7700")" ]
}
check "the tracker talked to $VENDOR4:7700, as far as it could see" \
	test "$(value tracker peer)" = "$VENDOR4:7700"
check "the vendor saw the tracker's address" \
	test "$(value vendor peer | sed 's/:.*//')" = "$TRACKER4"
check "the gateway did not just forward: each side had a handshake of its own" \
	handshakes_differ
check "the vendor got the $(wc -l <<<"$uplink") messages that the tracker sent" \
	test "$(messages vendor got)" = "$uplink"
check "the tracker got the $(wc -l <<<"$downlink") messages that the vendor sent" \
	test "$(messages tracker got)" = "$downlink"
check "every byte arrived as it was sent, in order" \
	test "$(value tracker out_sum) $(value vendor out_sum)" = \
	"$(value vendor in_sum) $(value tracker in_sum)"
check "both saw an orderly end" \
	test "$(value tracker end) $(value vendor end)" = "fin fin"
check "the event file has these messages, and no other" \
	test "$(recorded client)|$(recorded server)" = "$uplink|$downlink"
check "the capture file has the bytes of both directions" \
	test "$(captured client)|$(captured server)" = \
	"${uplink//$'\n'/}|${downlink//$'\n'/}"
check "it was a conversation of at least 12 messages" test "$count" -ge 12
check "after the stop no rule and no route of Wayside is left" \
	test "$(kernel_state)" = "$before"

echo
[ $agreed = $checks ] || fail "$agreed of $checks checks agree"
printf '%sVerdict: all %d checks agree: %d messages passed unchanged, and all of them were recorded.%s\n' \
	"$GREEN" $checks "$count" "$PLAIN"
