#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A path with delay, in user space, for kernels without netem.

Every host hangs on its own pair of TAP interfaces: `sw-HOST` is plugged into a bridge of this network namespace,
`e-HOST` is meant to be moved into the host's. This program is the wire between the two: it holds each frame for half
of the host's round trip, keeps their order, and loses the handshake segments it is told to lose. A TAP interface offers
the kernel no offloads, so every frame on it has its wire size and a finished checksum.

    delay_path.py --host web=3,0.2 --host alice=2,0.1 --lose web:syn:443:1,4 --lose web:syn:8444:all

`--host NAME=ROUND_TRIP_MS,JITTER_MS` and `--lose NAME:(syn|syn-ack):PORT:(NTH[,NTH...]|all)`: of the SYNs sent to
PORT of NAME (or the SYN,ACKs sent to NAME from PORT) the given ones, counted from 1, never arrive. They are lost behind
the bridge, so that whoever listens there sees the lost copy and the one sent again. Prints "ready" when the interfaces
exist.
"""

import argparse
import dataclasses
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
LARGEST_FRAME = 65536
SYN, ACK, FLAGS_OF_INTEREST = 0x02, 0x10, 0x17  # FIN, SYN, RST, ACK


@dataclasses.dataclass
class Loss:
    """Which handshake segments toward one host are lost."""

    host: str
    kind: str
    port: int
    nth: frozenset  # empty: all of them
    seen: int = 0

    @classmethod
    def parse(cls, text):
        host, kind, port, nth = text.split(":")
        if kind not in ("syn", "syn-ack"):
            raise ValueError(f"expected syn or syn-ack in {text!r}, got {kind!r}")
        return cls(host, kind, int(port), frozenset() if nth == "all" else frozenset(map(int, nth.split(","))))

    def loses(self, kind, port):
        if (kind, port) != (self.kind, self.port):
            return False
        self.seen += 1
        return not self.nth or self.seen in self.nth


@dataclasses.dataclass
class Direction:
    """One half of a host's path: frames read from `source_fd` come out of `sink_fd` later, in order."""

    source_fd: int
    sink_fd: int
    delay_s: float
    jitter_s: float
    losses: list
    last_due: float = 0.0

    def due(self, now):
        # A frame never overtakes the one before it: jitter without reordering.
        self.last_due = max(self.last_due, now + self.delay_s + random.uniform(0, self.jitter_s))
        return self.last_due


def open_tap(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def handshake_segment(frame):
    """("syn", destination port) or ("syn-ack", source port) of a handshake segment in an Ethernet frame, else None."""
    ethertype = frame[12:14]
    if ethertype == b"\x08\x00" and len(frame) >= 34 and frame[23] == 6:
        tcp = 14 + (frame[14] & 0x0F) * 4
    elif ethertype == b"\x86\xdd" and len(frame) >= 54 and frame[20] == 6:
        tcp = 54
    else:
        return None
    if len(frame) < tcp + 20:
        return None
    source_port, destination_port = struct.unpack_from("!HH", frame, tcp)
    flags = frame[tcp + 13] & FLAGS_OF_INTEREST
    if flags == SYN:
        return "syn", destination_port
    return ("syn-ack", source_port) if flags == SYN | ACK else None


def is_lost(direction, frame):
    segment = handshake_segment(frame) if direction.losses else None
    # A list, not a generator: every rule counts every segment, whatever the rule before it said.
    return segment is not None and any([loss.loses(*segment) for loss in direction.losses])


def send(fd, frame):
    try:
        os.write(fd, frame)
    except OSError:
        pass  # the interface is down (not set up yet, or torn down): a frame sent into it is lost, as on a cable


def relay(directions):
    by_fd = {direction.source_fd: direction for direction in directions}
    waiting, order = [], itertools.count()
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select(by_fd, (), (), timeout)
        for direction in map(by_fd.__getitem__, readable):
            try:
                frame = os.read(direction.source_fd, LARGEST_FRAME)
            except OSError:
                continue  # not up yet
            if not is_lost(direction, frame):
                heapq.heappush(waiting, (direction.due(time.monotonic()), next(order), direction.sink_fd, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, sink_fd, frame = heapq.heappop(waiting)
            send(sink_fd, frame)


def directions_of(host_option, losses):
    name, _, timing = host_option.partition("=")
    round_trip_ms, _, jitter_ms = timing.partition(",")
    switch_fd, host_fd = open_tap(f"sw-{name}"), open_tap(f"e-{name}")
    one_way_s, jitter_s = float(round_trip_ms) / 2e3, float(jitter_ms or 0) / 2e3
    toward_host = [loss for loss in losses if loss.host == name]
    return [Direction(switch_fd, host_fd, one_way_s, jitter_s, toward_host),
            Direction(host_fd, switch_fd, one_way_s, jitter_s, [])]


def main():
    parser = argparse.ArgumentParser(description="delay and lose frames between TAP interfaces")
    parser.add_argument("--host", action="append", required=True, metavar="NAME=ROUND_TRIP_MS,JITTER_MS")
    parser.add_argument("--lose", action="append", default=[], type=Loss.parse, metavar="NAME:KIND:PORT:NTH")
    options = parser.parse_args()
    directions = [direction for host in options.host for direction in directions_of(host, options.lose)]
    try:
        # The delay should be the configured one, not the machine's load.
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError as error:
        print(f"delay_path: no real-time scheduling ({error}), delays may be longer", file=sys.stderr)
    print("ready", flush=True)
    relay(directions)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
