# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # the cases use what is set here
# policies.sh - what becomes of a connection, and what is in the kernel; sourced by
# the cases of the failure policies (own_proc first)

# kernel: what of ours is in it
kernel() {
	local t words=()

	t=$(on gateway nft list table inet wayside 2>/dev/null) || t=
	[[ $t != *'comment "trackers v4"'* ]] || words+=(take)
	[[ $t != *'comment "trackers v4 closed"'* ]] || words+=(refuse)
	[[ $t != *'comment "return"'* ]] || words+=(return)
	[[ $t != *'comment "handed over v4"'* ]] || words+=(handed)
	[ -z "$(ip -n gateway rule show priority 7701)" ] || words+=(routes)
	[[ $t != *'flags owner'* ]] || words+=(owned)
	[ ${#words[@]} != 0 ] || words=(nothing)
	(IFS=+ && echo "${words[*]}")
}

# The client has an answer or an end, or waits where nobody will take it.
decided() {
	[ -e "$DIR/answered" ] || ! peer_runs client || {
		! is_there 'wayside-worker/*' &&
			[ "$(on gateway ss -ltnH sport = :15001 |
				awk '{ n += $2 } END { print n + 0 }')" != 0 ]
	}
}

# seen: what becomes of a connection: taken, direct, refused, waits; in $seen
seen() {
	rm -f "$DIR/answered"
	server server vendor "$VENDOR4:7700" expect hello send hello recv-all
	client client tracker "$VENDOR4:7700" send hello expect hello \
		touch "$DIR/answered" shutdown-write recv-all
	wait_for 10 decided
	if [ -e "$DIR/answered" ]; then
		answered
	elif peer_runs client; then
		seen=waits waiting=yes
	else
		grep -q 'Connection refused' "$DIR/client.log" ||
			fail "client: $(cat "$DIR/client.log")"
		join_failed client
		stop server
		seen=refused
	fi
}

answered() {
	join client server
	case $(value server peer) in
	"$GATEWAY4":*) seen=taken ;;
	"$TRACKER4":*) seen=direct ;;
	*) fail "from $(value server peer)" ;;
	esac
}
