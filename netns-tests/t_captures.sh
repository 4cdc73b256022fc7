# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# `wayside captures` lists what lies in the log directory, parts added up, in columns
# and as JSON, with and without a daemon; names that are none of ours are not shown,
# and a log directory that cannot be read is one clear line.
topology
daemon capture_rotate_size=4K
exchange "$VENDOR4:7700"
exchange "[$VENDOR6]:7700"
recorded() {
	[ "$(cat "$LOGS"/*_*.log | wc -c)" -ge 60000 ]
}
wait_for 10 recorded
touch "$LOGS/2025-11-03_142501_"$'\e[31m'".log"

# listed: as the files are
listed() {
	local client file bytes parts lines

	lines=$(tool captures -c "$CONFIG")
	expect_equal "lines" "$(wc -l <<<"$lines")" 3
	expect_equal "titles" "$(head -n 1 <<<"$lines" | tr -s ' ')" \
		"CONNECTION CLIENT FORMAT PARTS BYTES FIRST LAST"
	for client in "$TRACKER4" "$TRACKER6"; do
		bytes=$(cat "$LOGS"/*_"$client".* | wc -c)
		parts=$(find "$LOGS" -name "*_$client.*" | wc -l)
		expect_at_least "parts" "$parts" 2
		file=$(basename "$LOGS"/*_"$client".log)
		expect_match "line of $client" \
			"$(tr -s ' ' <<<"$lines" | grep -F " $client ")" \
			"${file%%_"$client"*} $client text $parts $bytes [-0-9]+ [:0-9]+ [-0-9]+ [:0-9]+"
		tool captures --json -c "$CONFIG" >"$DIR/captures.json"
		expect_equal "JSON of $client" "$(tr -d ' \n' <"$DIR/captures.json" |
			grep -oF "\"client\":\"$client\",\"format\":\"text\",\"parts\":$parts,\"bytes\":$bytes,")" \
			"\"client\":\"$client\",\"format\":\"text\",\"parts\":$parts,\"bytes\":$bytes,"
	done
}
listed
daemon_stop
listed

rm -rf "$LOGS"
status=0
tool captures -c "$CONFIG" >"$DIR/out" 2>"$DIR/err" || status=$?
expect_equal "status without the directory" "$status" 1
expect_equal "output" "$(cat "$DIR/out")" ""
expect_equal "complaint" "$(cat "$DIR/err")" \
	"wayside: log_dir $LOGS: No such file or directory"
