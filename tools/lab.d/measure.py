# SPDX-License-Identifier: BSD-3-Clause
"""Measurements on real traffic. Each prints what it found, and whether that is what is asked for."""

import sys

import measure_counters
import measure_flood
import measure_handshakes
import measure_kill

MEASUREMENTS = {
    "counters": (measure_counters.measure, "packets seen against the interface's own counters, under load"),
    "handshakes": (measure_handshakes.measure, "set-up times of 1,000 connections against the kernel's and tshark's"),
    "flood": (measure_flood.measure, "legitimate handshakes inside a SYN flood, and memory"),
    "kill": (measure_kill.measure, "control and data plane killed under load"),
}


def run(name, source, logs):
    if name not in MEASUREMENTS:
        print("lab: measurements are\n" + "\n".join(f"  {each:12} {about}" for each, (_, about) in MEASUREMENTS.items()),
              file=sys.stderr)
        return 2
    return 0 if MEASUREMENTS[name][0](source, logs) else 1
