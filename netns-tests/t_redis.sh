# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Redis gets every event, in order: as a stream that keeps about so many, as a list, in
# another database, with a user, a password, over its socket; as JSON and as classic
# bodies. A wrong password is said, without the password, and not tried all the time;
# nor is it told where a server repeats it, or its beginning.
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
topology
own_proc
broker_place gateway
firewall "iif lo accept; $FIREWALL_LINE"
export REDISCLI_AUTH=tarnhelm
redis --requirepass tarnhelm --unixsocket "$DIR/redis.sock" \
	--stream-node-max-entries 10
redis_cli acl setuser fleet on '>wotans:eye' '~*' '+@all' >"$DIR/acl.txt"

# one that knows no AUTH says with what it was called
at_broker_spawn "$DIR/no_auth.log" redis-server --bind 127.0.0.1 --port 6390 \
	--dir "$DIR/redis" --save '' --rename-command AUTH ""
wait_for 10 grep -q 'Ready to accept' "$DIR/no_auth.log"
long=$(printf 'nibelungen%.0s' {1..20})

here=127.0.0.1:$REDIS_PORT
daemon store="{ file: $STORE }" sinks="
  - { name: stream, redis: \"redis://:tarnhelm@$here\" }
  - { name: short, redis: \"redis://fleet:wotans%3Aeye@$here/3?stream=s&maxlen=100\" }
  - { name: list, redis: \"redis://:tarnhelm@$here/1?list=l\", format: classic }
  - { name: socket, redis: \"redis+unix://:tarnhelm@$DIR/redis.sock?list=k\" }
  - { name: wrong, redis: \"redis://:nibelungen@$here?list=w\" }
  - { name: no, redis: \"redis://alberich:nibelungen@127.0.0.1:6390\" }
  - { name: long, redis: \"redis://alberich:$long@127.0.0.1:6390\" }
  - { name: kind, redis: \"redis://:tarnhelm@$here/1?list=string\" }"
redis_cli -n 1 set string x >"$DIR/set.txt"
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 20 -r 4000 "$VENDOR4:7700" open ping 50 fin
join crowd
dismiss vendor
wait_for 10 stored 2000
for name in stream short list socket; do
	wait_for 10 confirmed_all $name
done

# in a stream: names and values by turns, behind the entry's own id
redis_cli --raw xrange wayside - + >"$DIR/stream"
sed -n '/^event$/{n;p}' "$DIR/stream" >"$DIR/stream.out"
expect_equal "stream: what came again" "$(bodies_are "$DIR/stream.out")" 0
expect_equal "fields" "$(sed -n 's/^\(id\|protocol\|type\|device_id\|event\)$/\1/p' \
	"$DIR/stream" | sort | uniq -c | tr -s ' ')" " 2000 device_id
 2000 event
 2000 id
 2000 protocol
 2000 type"
expect_equal "ids" "$(sed -n '/^id$/{n;p}' "$DIR/stream")" \
	"$(sql 'SELECT event ->> "$.id" FROM events ORDER BY id')"
expect_equal "devices" "$(sed -n '/^device_id$/{n;p}' "$DIR/stream")" \
	"$(sql 'SELECT device FROM events ORDER BY id')"
expect_equal "types" "$(sed -n '/^type$/{n;p}' "$DIR/stream" | sort | uniq -c)" \
	"$(sql 'SELECT type FROM events' | sort | uniq -c)"
redis_cli -n 1 --raw lrange l 0 -1 >"$DIR/list.out"
expect_equal "list: what came again" "$(bodies_are "$DIR/list.out" classic)" 0
redis_cli --raw lrange k 0 -1 >"$DIR/socket.out"
expect_equal "socket: what came again" "$(bodies_are "$DIR/socket.out")" 0
# "about": whole nodes of it are dropped, of 10 entries here; the newest stay
expect_at_least "length of the short one" "$(redis_cli -n 3 xlen s)" 100
expect_at_most "length of the short one" "$(redis_cli -n 3 xlen s)" 110
expect_equal "its last one" "$(redis_cli -n 3 --raw xrevrange s + - count 1 |
	tail -n 1)" "$(sql 'SELECT event FROM events ORDER BY id DESC LIMIT 1')"
expect_equal "confirmed" "$(cursor_of short confirmed)" 2000

# refused
wait_for 10 log_says 1 "publisher/wrong: .*: WRONGPASS .*: retrying"
wait_for 10 log_says 2 "publisher/(no|long): .*: ERR unknown command 'AUTH': retrying"
wait_for 10 log_says 1 "publisher/kind: .*: WRONGTYPE .*: retrying"
expect_equal "what a wrong password got" "$(redis_cli exists w)" 0
expect_equal "confirmed" "$(cursor_of kind confirmed)" 0
expect_equal "lines about them" "$(grep -cE 'publisher/(wrong|kind)' "$DIR/daemon.log")" 2
daemon_stop
! grep -qE 'tarnhelm|wotans|nibelungen' "$DIR/daemon.log" "$STORE".*.cursor ||
	fail "a password is told"
