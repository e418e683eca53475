# SPDX-License-Identifier: BSD-3-Clause
"""Packets seen equal the interface's own counters: curl, SSH, DNS, a BitTorrent transfer and iperf3, then a comparison."""

import hosts
import lab
import show


def measure(source, logs, inline=False):
    watching = lab.open_lab(source, logs, inline=inline)
    traffic = hosts.Traffic(logs)
    traffic.wait_for_single()
    failures = traffic.stop()
    for failure in failures:
        print(failure)
    return show.print_balance(watching) and not failures
