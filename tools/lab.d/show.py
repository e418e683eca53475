# SPDX-License-Identifier: BSD-3-Clause
"""What a person sees: the pages of the live commands while the network is at work, and whether the sums agree."""

import sys
import time

import topology

ETHERNET_HEADER = 14
# A command as it is typed, and how many lines of its page are shown here at most.
PAGES = ((("status",), 40), (("handshakes", "--top", "6"), 60), (("protocols", "--top", "8"), 60),
         (("destinations", "--top", "8"), 60), (("flows", "--top", "8"), 14), (("alerts",), 14), (("top",), 40))


def print_page(observer, command, most_lines):
    print(f"\n$ wirewatch {' '.join(command)}", flush=True)
    lines = observer.page(*command).splitlines()
    print("\n".join(lines[:most_lines]), flush=True)
    if len(lines) > most_lines:
        print("  ...")


def print_balance(observer):
    """Prints what the interface received and what Wirewatch saw. True when they are the same."""
    topology.wait_until_quiet()
    topology.close_mirror()
    frames, size = topology.received()
    observer.wait_until_counted(frames)
    packets, seen_size, losses = observer.seen()
    if observer.source == "afxdp":
        size += ETHERNET_HEADER * frames  # veth counts without it once an XDP program sits there
    same = (packets, seen_size) == (frames, size) and not losses
    print(f"\n{topology.MIRROR} received {frames:,} frames, {size:,} bytes; Wirewatch ({observer.source}) saw {packets:,}, "
          f"{seen_size:,}" + (f", lost {losses}" if losses else "") + (": the same" if same else ": NOT THE SAME"))
    return same


def show(observer, traffic, seconds):
    """Lets everybody work for a while, shows every page, and counts. Returns the exit status."""
    begin = time.monotonic()
    traffic.wait_for_single()
    time.sleep(max(0.0, begin + seconds - time.monotonic()))
    for command, most_lines in PAGES:
        print_page(observer, command, most_lines)
    failures = traffic.stop()
    for failure in failures:
        print(f"lab: {failure}", file=sys.stderr)
    return 0 if print_balance(observer) and not failures else 1
