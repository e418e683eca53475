# SPDX-License-Identifier: BSD-3-Clause
"""Five capture sessions while the generator sends as fast as it can: what gets lost at which stage, and do all agree?"""

import json
import subprocess
import time

import hosts
import lab
import topology
from network import RUN
from observer import PROGRAMS, WIREWATCH

FLOOD = PROGRAMS / "tests" / "netns" / "syn_flood"
SECONDS, FRAMES_A_SECOND = 5, 10_000_000  # or what the generator reaches
# What each saves; the first all of it, in a ring of files so that memory holds them.
SESSIONS = {
    "everything": ["--snap", "64", "--ring-size", "32M", "--ring-files", "2"],
    "syn": ["-Y", "tcp.flags.syn == 1 && tcp.dstport < 8192", "--snap", "64", "--ring-size", "32M", "--ring-files", "2"],
    "web": ["--bpf", "tcp port 80 or tcp port 443", "--ring-size", "32M", "--ring-files", "2"],
    "tls": ["-Y", "flow.application == \"tls\""],
    "quiet": ["-Y", "dns || arp || icmp || icmpv6"],
}
STAGES = (("matched", ("received", "in_ring", "ring_full")),
          ("received", ("written", "not_matching", "in_memory", "forgotten", "after_limit", "write_failed")))


def capture(*arguments):
    done = subprocess.run([str(WIREWATCH), "capture", *arguments, "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def wait_for(name, wanted, patience_s=20):
    """The session, once it is as wanted or that took too long."""
    deadline = time.monotonic() + patience_s
    while True:
        session = capture("show", name)["capture"]
        if wanted(session) or time.monotonic() > deadline:
            return session
        time.sleep(0.2)


def read_by_others(path):
    """Packets of a file as capinfos and tshark count them; they end with an error on a damaged file."""
    capinfos = subprocess.run(["capinfos", "-c", "-M", "-r", str(path)], capture_output=True, text=True, check=True).stdout
    tshark = subprocess.run(["tshark", "-n", "-r", str(path), "-T", "fields", "-e", "frame.number"], check=True, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL).stdout
    return int(capinfos.split()[-1]), tshark.count(b"\n")


def check(name, session, folder):
    """Prints what became of the packets; whether all sums and readers agree."""
    counts, good = session["counts"], True
    for whole, parts in STAGES:
        agree = counts[whole] == sum(counts[part] for part in parts)
        good = good and agree
        terms = " + ".join(f"{counts[part]:,} {part}" for part in parts if counts[part]) or "0"
        print(f"  {name:11} {counts[whole]:,} {whole} {'=' if agree else 'IS NOT'} {terms}")
    kept = sum(file["packets"] for file in session["files"])
    good = good and kept + counts["deleted"] == counts["written"]
    for file in session["files"]:
        capinfos, tshark = read_by_others(folder / name / file["name"])
        same = capinfos == tshark == file["packets"]
        good = good and same
        print(f"  {'':11} {file['name']}: {file['packets']:,} packets, capinfos {capinfos:,}, tshark {tshark:,}"
              + ("" if same else ": DIFFERENT"))
    return good


def measure(source, logs):
    folder = RUN / "captures"
    watching = lab.open_lab(source, logs, control_options=f'capture_directory = "{folder}"\ncapture_quota = "1G"')
    for name, options in SESSIONS.items():
        capture("start", name, *options)
    for name in SESSIONS:
        session = wait_for(name, lambda each: "problem" not in each)
        if "problem" in session:
            print(f"{name}: {session['problem']}")
            return False
    traffic = hosts.Traffic(logs)
    flood = subprocess.Popen(["ip", "netns", "exec", topology.TAP, str(FLOOD), "to-mirror", str(SECONDS), str(FRAMES_A_SECOND)],
                             stdout=subprocess.PIPE, text=True)
    sent = int(flood.communicate()[0])
    traffic.wait_for_single()
    traffic.stop()
    topology.wait_until_quiet()
    frames, _ = topology.received()
    watching.wait_until_counted(frames)
    packets, _, losses = watching.seen()
    print(f"{source}: {sent / SECONDS:,.0f} SYNs a second for {SECONDS} s among the everyday traffic, five sessions")
    print(f"{topology.MIRROR} received {frames:,}, Wirewatch processed {packets:,}, lost {losses or 'nothing'}")
    good = packets + sum(losses.values()) == frames
    for name in SESSIONS:
        wait_for(name, lambda each: each["counts"]["in_ring"] == 0)
        capture("stop", name)
        session = wait_for(name, lambda each: each["state"] == "stopped" and not any(file.get("open") for file in each["files"]))
        good = check(name, session, folder) and good
    return good
