# SPDX-License-Identifier: BSD-3-Clause
"""kill -9 of control under load loses no packet and no total; one of the data plane is noticed, mended and written down."""

import os
import signal
import time

import hosts
import lab
import show

MOST_SECONDS_FOR_CONTROL, MOST_SECONDS_TO_NOTICE = 2.0, 1.0


def wait_for(watching, condition, patience_s=30):
    """Seconds until an answer of /status fulfils the condition; None when it never does."""
    begin = time.monotonic()
    while time.monotonic() - begin < patience_s:
        status = watching.ask("status", patient=True)
        if status and condition(status):
            return time.monotonic() - begin
        time.sleep(0.05)
    return None


def kill_control(watching):
    before = watching.ask("status")
    os.kill(before["control"]["pid"], signal.SIGKILL)
    watching.process.wait()
    watching.start()
    took = wait_for(watching, lambda status: status["dataplane"]["state"] == "running" and
                    status["capture"]["packets"] >= before["capture"]["packets"])
    after = watching.ask("status")
    continues = after["dataplane"]["pid"] == before["dataplane"]["pid"] and not after.get("gaps")
    print(f"control killed at {before['capture']['packets']:,} packets: back after {took:.2f} s with "
          f"{after['capture']['packets']:,}, the data plane " + ("went on" if continues else "did NOT go on"))
    return continues and took <= MOST_SECONDS_FOR_CONTROL


def kill_data_plane(watching):
    before = watching.ask("status")
    os.kill(before["dataplane"]["pid"], signal.SIGKILL)
    noticed = wait_for(watching, lambda status: status["dataplane"]["state"] != "running" or
                       status["dataplane"]["pid"] != before["dataplane"]["pid"])
    back = wait_for(watching, lambda status: status["dataplane"]["state"] == "running" and
                    status["dataplane"]["pid"] != before["dataplane"]["pid"])
    after = watching.ask("status")
    print(f"data plane killed: said so after {noticed:.2f} s, another runs after {noticed + back:.2f} s, gaps "
          f"{after.get('gaps')}, packets {before['capture']['packets']:,} before and {after['capture']['packets']:,} after")
    return noticed <= MOST_SECONDS_TO_NOTICE and bool(after.get("gaps"))


def measure(source, logs):
    # Control and data plane as two services, so that the one can go without the other.
    watching = lab.open_lab(source, logs, managed=False)
    traffic = hosts.Traffic(logs)
    time.sleep(3)
    good = kill_control(watching)
    traffic.wait_for_single()
    traffic.stop()
    return show.print_balance(watching) and good


def measure_data_plane(source, logs):
    watching = lab.open_lab(source, logs)
    traffic = hosts.Traffic(logs)
    time.sleep(5)
    good = kill_data_plane(watching)
    traffic.stop()
    return good
