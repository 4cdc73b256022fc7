#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""wayside_decode_corpus_test.py - `wayside decode` on a folder of real messages

  wayside_decode_corpus_test.py TOOL

Reads PROTOCOL.jsonl in the folder that WAYSIDE_CORPUS names, whose README says what
the fields mean, and prints a table: records, messages, positions with a place, and
how many of them are exact, once with the protocol named and once by the bytes alone.
A record is compared unless its stream is not whole or settings change its meaning.
Exit status 1: some position is not exact, or a record gives no message.
"""
import json
import os
import subprocess
import sys

KNOT = 1.852
SETTINGS = ("model", "extended", "full_mode")


def decode(tool, records, arguments):
    lines = "".join(record["wire_hex"] + "\n" for record in records)
    run = subprocess.run(
        [tool, "decode", "--hex", "--json", *arguments],
        input=lines, capture_output=True, text=True, check=True,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def comparable(record):
    """Not what depends on settings, or on the clock."""
    return not any(record.get(s) for s in SETTINGS) and '"now"' not in json.dumps(
        record["decoded"]
    )


def exact(position, want):
    return (
        abs(position["lat"] - want["lat"]) <= 1e-5
        and abs(position["lon"] - want["lon"]) <= 1e-5
        and position.get("time") == want["time"]
        and abs(position.get("speed_kmh", 0) - want["speed_kn"] * KNOT) < 1e-3
    )


def check(tool, folder, protocol, arguments):
    """Prints a line of the table. Return: whether all is well."""
    with open(f"{folder}/{protocol}.jsonl", encoding="utf-8") as lines:
        records = [r for r in map(json.loads, lines) if r["stream_ok"]]
    messages = places = right = 0
    silent = []
    for record, events in zip(records, decode(tool, records, arguments), strict=True):
        messages += len(events)
        if not events or any(e["protocol"] != protocol for e in events):
            silent.append(record["seq"])
        if not comparable(record):
            continue
        want = [p for p in record["decoded"] or [] if "lat" in p]
        got = [p for e in events for p in e.get("positions", []) if "lat" in p]
        places += len(want)
        right += sum(map(exact, got, want))
    how = "named" if arguments else "by its bytes"
    print(f"{protocol:10} {how:13} {len(records):7} {messages:8} {places:9} {right:7}")
    if silent:
        print(f"{protocol}: no message of it in records {silent}")
    return right == places and not silent


def main(tool):
    folder = os.environ["WAYSIDE_CORPUS"]
    protocols = subprocess.run(
        [tool, "protocols", "--json"], capture_output=True, check=True
    )
    print(f"{'protocol':10} {'':13} records messages positions   exact")
    good = True
    for row in json.loads(protocols.stdout):
        name = row["protocol"]
        good &= check(tool, folder, name, ["--protocol", name])
        good &= check(tool, folder, name, [])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
