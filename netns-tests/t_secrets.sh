# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A sink's password is nowhere but in the file, in the supervisor and in the
# sink's own publisher: no other process has it in its memory, and it is in no
# title, environment, log, status or printed configuration; nor is the URI of -O
# once the daemon has read it. After an edit of the rules it is still so, and the
# publisher has stayed.
# shellcheck source=netns-tests/sinks.sh
. "${BASH_SOURCE[0]%/*}/sinks.sh"
sink_built AMQP || exit 77
topology
own_proc
word=Geheim4711Wort
file_uri="amqp://me:$word@127.0.0.1:1/?queue=q"
option_uri="amqp://me:${word}2@127.0.0.1:1/?queue=q"

# has_word PID: is it in its memory?
has_word() {
	/usr/bin/python3 - "$1" "$word" <<-'END'
		import sys

		pid, word = sys.argv[1], sys.argv[2].encode()
		with open(f"/proc/{pid}/maps") as maps, \
		     open(f"/proc/{pid}/mem", "rb", 0) as memory:
		    for line in maps:
		        place, rights = line.split()[:2]
		        start, end = (int(x, 16) for x in place.split("-"))
		        # nor the shadow that a sanitizer keeps of all memory
		        if rights[0] != "r" or "[v" in line or end - start > 1 << 30:
		            continue
		        try:
		            memory.seek(start)
		            if word in memory.read(end - start):
		                sys.exit(0)
		        except OSError:
		            pass
		sys.exit(1)
	END
}

# expect_kept TITLE...: these have it, all other processes of ours do not
expect_kept() {
	local pid title want n=0

	for pid in $(pids 'wayside*'); do
		IFS= read -r -d '' title <"/proc/$pid/cmdline" || true
		want=no
		[[ " $* " != *" ${title%% *} "* ]] || want=yes
		expect_equal "the password in the memory of $title" \
			"$(has_word "$pid" && echo yes || echo no)" $want
		! tr '\0' '\n' <"/proc/$pid/cmdline" | grep -q "$word" ||
			fail "a password in the title of $title"
		! tr '\0' '\n' <"/proc/$pid/environ" | grep -q "$word" ||
			fail "a password in the environment of $title"
		n=$((n + 1))
	done
	# supervisor, recorder, keeper and worker, and the publishers
	expect_at_least "processes" $n 5
	! grep -q "$word" "$DIR/daemon.log" || fail "a password in the log"
	tool status >"$DIR/status"
	tool status --json >>"$DIR/status"
	! grep -q "$word" "$DIR/status" || fail "a password in the status"
	! grep -rq "$word" "$LOGS" "$STORE"* || fail "a password in a file"
}

config workers=1 store="{ file: $STORE }" sinks="
  - { name: mq, amqp: \"$file_uri\" }
  - { name: cat, exec: /bin/cat }"
chmod 640 "$CONFIG"
daemon_run -c "$CONFIG"
wait_for 10 is_there wayside-publisher/mq
wait_for 10 is_there wayside-publisher/cat
exchange "$VENDOR4:7700"
publisher=$(publisher mq)
expect_kept waysided "$WAYSIDED" wayside-publisher/mq
tool rules add trackers to "$OTHER4:7700" >/dev/null
expect_equal "publisher" "$(publisher mq)" "$publisher"
expect_kept waysided "$WAYSIDED" wayside-publisher/mq
expect_flows 1
! grep -q "every user" "$DIR/daemon.log" || fail "a warning for nothing"

# The command line's sink stands in place of the file's.
chmod 644 "$CONFIG"
daemon_run -c "$CONFIG" -O "amqp=$option_uri"
wait_for 10 is_there wayside-publisher/amqp
expect_equal "title" "$(tr '\0' ' ' <"/proc/$(cat /run/wayside/pid)/cmdline")" \
	"waysided "
expect_kept waysided wayside-publisher/amqp
tool reload >/dev/null
expect_kept waysided wayside-publisher/amqp
daemon_stop

# A file that everybody can read is warned of, at a check, too.
status=0
on gateway "$WAYSIDED" --check -c "$CONFIG" >"$DIR/out" 2>&1 || status=$?
expect_equal "status of the check" $status 0
grep -q "warning: sink \"mq\": every user can read this file" "$DIR/out" ||
	fail "no warning: $(cat "$DIR/out")"
on gateway "$WAYSIDED" --print-config -c "$CONFIG" >"$DIR/out" 2>&1
grep -qF 'amqp: "amqp://me:***@127.0.0.1:1/?queue=q"' "$DIR/out" ||
	fail "no sink: $(cat "$DIR/out")"
! grep -q "$word" "$DIR/out" || fail "a password is printed"
