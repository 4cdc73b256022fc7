# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The classic helper's role: -O amqp=URI with TCPPROXY_AMQP_HELPER starts that program
# with the URI, and it gets the classic body of each message on its standard input.
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
topology
own_proc
cat >"$DIR/helper.py" <<-END
	import sys
	with open("$DIR/arguments", "w") as out:
	    print(*sys.argv[1:], sep="\n", file=out)
	with open("$DIR/out", "w") as out:
	    for line in sys.stdin:
	        out.write(line)
END
uri='amqp://user:word@broker/%2F?queue=q'
# as it is installed: not executable, so python3 runs it, as tcpproxy did
config store="{ file: $STORE }"
TCPPROXY_AMQP_HELPER=$DIR/helper.py daemon_run -c "$CONFIG" -O "amqp=$uri"
crowd_server vendor vendor "$VENDOR4:7700"
crowd crowd tracker -n 3 "$VENDOR4:7700" open ping 10 fin
join crowd
dismiss vendor
wait_for 10 stored 60
wait_for 10 confirmed_all amqp
expect_equal "arguments" "$(cat "$DIR/arguments")" "--config"$'\n'"$uri"
daemon_stop
expect_equal "classic that came again" "$(bodies_are "$DIR/out" classic)" 0
