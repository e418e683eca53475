# SPDX-License-Identifier: BSD-3-Clause
"""What a person sees: the pages of the live commands while the network is at work, and whether the sums agree."""

import json
import sys
import time

import topology

ETHERNET_HEADER = 14
TRIES = 5
# A command as it is typed, and how many lines of its page are shown here at most.
PAGES = ((("status",), 40), (("handshakes", "--top", "6"), 60), (("protocols", "--top", "8"), 60),
         (("destinations", "--top", "8"), 60), (("flows", "--top", "8"), 14), (("alerts",), 14), (("top",), 40))


def print_page(observer, command, most_lines):
    print(f"\n$ wirewatch {' '.join(command)}", flush=True)
    lines = observer.page(*command).splitlines()
    print("\n".join(lines[:most_lines]), flush=True)
    if len(lines) > most_lines:
        print("  ...")


def balance(observer):
    """(frames and bytes the interfaces received, packets and bytes and losses that Wirewatch saw), at one moment."""
    for _ in range(TRIES):
        received = topology.received(observer.interfaces)
        observer.wait_until_counted(received[0])
        seen = observer.seen()
        if topology.received(observer.interfaces) == received:
            break  # nobody spoke meanwhile
    return received, seen


def print_balance(observer):
    """Prints what the interfaces received and what Wirewatch saw. True when no frame is unaccounted for."""
    topology.wait_until_quiet(observer.interfaces)
    if not observer.inline:
        topology.close_mirror()
    (frames, size), (packets, seen_size, losses) = balance(observer)
    if observer.source == "afxdp":
        size += ETHERNET_HEADER * frames  # veth counts without it once an XDP program sits there
    lost = sum(losses.values())
    verdict = "the same" if (packets, seen_size) == (frames, size) and not lost else \
        "all accounted for" if packets + lost == frames else "NOT THE SAME"
    print(f"\n{' and '.join(observer.interfaces)} received {frames:,} frames, {size:,} bytes; Wirewatch ({observer.source}) saw "
          f"{packets:,}, {seen_size:,}" + (f", lost {losses}" if lost else "") + f": {verdict}", flush=True)
    if verdict == "NOT THE SAME":
        for port in observer.ask("status")["ports"]:
            print(f"  {json.dumps(port)}")
    return verdict != "NOT THE SAME"


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
