# SPDX-License-Identifier: BSD-3-Clause
"""1,000 legitimate handshakes inside a flood of bare SYNs from random addresses: how many are measured, and is memory flat?"""

import subprocess
import sys
import time

import lab
import measure_handshakes
import topology
from network import HOSTS, in_host
from observer import PROGRAMS

FLOOD = PROGRAMS / "tests" / "netns" / "syn_flood"
SECONDS, SYNS_A_SECOND = 20, 1_000_000  # or what the generator reaches
LEGITIMATE = 1_000
LEAST_SHARE = 0.999
# The pending SYNs have their own bound: once that is reached nothing may grow any more.
MOST_GROWTH = 0.05


def measure(source, logs):
    # A table that is full after the first seconds, so that "flat" means something.
    watching = lab.open_lab(source, logs, dataplane_options="max_pending_syns = 500_000\nmax_flows = 500_000")
    pid = watching.dataplane_pid()
    flood = subprocess.Popen(["ip", "netns", "exec", topology.TAP, str(FLOOD), "to-mirror", str(SECONDS), str(SYNS_A_SECOND)],
                             stdout=subprocess.PIPE, text=True)
    time.sleep(5)
    early = watching.memory_kib(pid)
    client = subprocess.Popen(in_host("alice", [sys.executable, "-c", measure_handshakes.CLIENT, HOSTS["web"].ipv4, 80,
                                                LEGITIMATE]), stdout=subprocess.PIPE)
    client.communicate()
    while_flooded = flood.poll() is None
    sent = int(flood.communicate()[0])
    late = watching.memory_kib(pid)
    topology.wait_until_quiet()
    frames, _ = topology.received()
    watching.wait_until_counted(frames)
    time.sleep(1)
    rows = watching.ask("handshakes", "--window", "5m", "--top", 10_000, "--port", 80)["handshakes"]
    measured = sum(row["client"]["address"] == HOSTS["alice"].ipv4 and "syn_ack_rtt_ns" in row for row in rows)
    packets, _, losses = watching.seen()
    accounting = watching.ask_path("loss")["accounting"]
    print(f"{source}: {sent / SECONDS:,.0f} SYNs a second for {SECONDS} s, {measured} of {LEGITIMATE} legitimate handshakes "
          f"measured" + ("" if while_flooded else " (the flood ended before them)"))
    print(f"{topology.MIRROR} received {frames:,}, Wirewatch processed {packets:,}, lost {losses or 'nothing'}")
    print(f"accounting: {accounting}")
    print(f"memory of the data plane: {early:,} KiB after 5 s, {late:,} KiB at the end; "
          f"control {watching.memory_kib(watching.ask('status')['control']['pid']):,} KiB")
    flat = late <= early * (1 + MOST_GROWTH)
    return measured >= LEGITIMATE * LEAST_SHARE and flat and packets + sum(losses.values()) == frames
