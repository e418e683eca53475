# SPDX-License-Identifier: BSD-3-Clause
"""1,000 connections' syn_ack_rtt_ns against tshark on the same frames, and against the client kernel's own TCP_INFO.

tshark reads what dumpcap took at the same time: with afpacket: on mirror0 itself, where each socket stamps
the same frame, one after the other; with afxdp: and dpdk: at the other end of mirror0's cable, since the first takes the frames away from
the host. The client's kernel measures from further away: its figure holds the way to the tap and back as well.
"""

import json
import statistics
import subprocess
import sys
import time

import lab
import topology
from network import HOSTS, RUN, in_host

CONNECTIONS = 1_000
MOST_MEDIAN_NS = 5_000  # apart from tshark, whose stamps are of another moment of the same frame's way
# Runs on a client: connects one after the other and prints [local port, tcpi_rtt in us] of each.
CLIENT = """
import json, socket, struct, sys
rows = []
for _ in range(int(sys.argv[3])):
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
        # struct tcp_info of <linux/tcp.h>: eight bytes of small fields, then 32-bit ones; the sixteenth is tcpi_rtt.
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        rows.append([connection.getsockname()[1], struct.unpack_from("=I", info, 8 + 15 * 4)[0]])
        connection.sendall(b"HEAD / HTTP/1.0\\r\\n\\r\\n")
        connection.recv(4096)
json.dump(rows, sys.stdout)
"""


def record(source):
    """Starts dumpcap; returns its process and its file."""
    where = (topology.WATCH, topology.MIRROR) if source == "afpacket" else (topology.TAP, "to-mirror")
    path = RUN / "simultaneous.pcapng"
    process = subprocess.Popen(["ip", "netns", "exec", where[0], "dumpcap", "-q", "-i", where[1], "-s", "128", "-B", "64",
                                "-f", "tcp port 80", "-w", str(path)], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("File:"):
            return process, path
    raise RuntimeError("dumpcap did not start")


def tshark_times(path):
    """{client port: tcp.analysis.ack_rtt of the SYN,ACK in ns}"""
    lines = subprocess.run(["tshark", "-n", "-r", str(path), "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 1", "-T", "fields",
                            "-e", "tcp.dstport", "-e", "tcp.analysis.ack_rtt"], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    times = {}
    for line in lines:
        port, seconds = line.split("\t")
        if seconds:
            whole, _, fraction = seconds.partition(".")
            times[int(port)] = int(whole) * 10**9 + int(fraction.ljust(9, "0"))
    return times


def compare(name, ours, theirs):
    """Prints how the two differ; returns the differences."""
    differences = sorted(ours[port] - theirs[port] for port in ours.keys() & theirs.keys())
    if not differences:
        print(f"{name}: nothing to compare")
        return []
    absolute = sorted(map(abs, differences))
    print(f"{name}: {len(differences)} connections, median difference {statistics.median(differences):+,.0f} ns, "
          f"median absolute {statistics.median(absolute):,.0f} ns, p99 {absolute[int(len(absolute) * 0.99)]:,} ns, "
          f"maximum {absolute[-1]:,} ns")
    return differences


def measure(source, logs):
    watching = lab.open_lab(source, logs)
    recorder, path = record(source)
    answer = subprocess.run(in_host("alice", [sys.executable, "-c", CLIENT, HOSTS["web"].ipv4, 80, CONNECTIONS]),
                            check=True, capture_output=True, text=True).stdout
    kernel = {port: rtt_us * 1_000 for port, rtt_us in json.loads(answer)}
    time.sleep(1)
    recorder.terminate()
    recorder.communicate()
    topology.wait_until_quiet()
    watching.wait_until_counted(topology.received()[0])
    time.sleep(1)  # the last events
    rows = watching.ask("handshakes", "--window", "5m", "--top", 10_000)["handshakes"]
    ours = {row["client"]["port"]: row["syn_ack_rtt_ns"] for row in rows
            if row["client"]["address"] == HOSTS["alice"].ipv4 and row["server"]["port"] == 80 and "syn_ack_rtt_ns" in row}
    measured = len(ours.keys() & kernel.keys())
    print(f"{source}: {measured} of {len(kernel)} connections measured, median {statistics.median(ours.values()):,.0f} ns")
    exact = compare("tshark on a simultaneous dumpcap", ours, tshark_times(path))
    compare("TCP_INFO of the client's kernel", ours, kernel)
    close = len(exact) == CONNECTIONS and statistics.median(map(abs, exact)) <= MOST_MEDIAN_NS
    return measured == len(kernel) == CONNECTIONS and close
