# SPDX-License-Identifier: BSD-3-Clause
"""Measurements on real traffic. Each prints what it found, and whether that is what is asked for."""

import sys

import measure_captures
import measure_counters
import measure_flood
import measure_handshakes
import measure_kill
import measure_rules

MEASUREMENTS = {
    "counters": (measure_counters.measure, "packets seen against the interface's own counters, under load"),
    "handshakes": (measure_handshakes.measure, "set-up times of 1,000 connections against the kernel's and tshark's"),
    "flood": (measure_flood.measure, "legitimate handshakes inside a SYN flood, and memory"),
    "captures": (measure_captures.measure, "five capture sessions at the generator's full rate: loss per stage, sums, capinfos, tshark"),
    "rules": (measure_rules.measure, "rules swapped ten times a second for a minute under load: names, loss, longest burst"),
    "kill-control": (measure_kill.measure, "control killed under load: packets, totals, seconds until it is back"),
    "kill-dataplane": (measure_kill.measure_data_plane, "data plane killed under load: seconds until control says so, gap"),
}


def run(name, source, logs, inline):
    if name not in MEASUREMENTS:
        print("lab: measurements are\n" + "\n".join(f"  {each:14} {about}" for each, (_, about) in MEASUREMENTS.items()),
              file=sys.stderr)
        return 2
    if inline and name != "counters":
        print("lab: inline, only counters are measured", file=sys.stderr)
        return 2
    options = {"inline": True} if inline else {}
    return 0 if MEASUREMENTS[name][0](source, logs, **options) else 1
