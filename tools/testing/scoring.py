# SPDX-License-Identifier: BSD-3-Clause
"""Scores the reports of the corpus' captures with the corpus' own score.py and holds the result against the bars."""
import concurrent.futures
import fnmatch
import json
import os
import re
import shutil

import process
from totals import Totals

# Section of score.py, least share in per cent, most extra items (None: any number).
BARS = (
    ("link", 100.0, 0),
    ("handshakes", 100.0, 0),
    ("hierarchy", 99.5, None),
    ("destinations", 99.5, None),
    ("flow-bytes", 99.5, None),
    ("flows", 90.0, None),
)
# Share of the initial RTTs that equal tshark's, in per cent.
INITIAL_RTT_BAR = 100.0
# How score.py prints a flow with another application than nDPI's: NAME: (5-tuple) GOT want WANTED.
FLOW_MISS = re.compile(r"^[^:]+: \('.*\) (\S+) want \S+$")


def _captures(corpus, only):
    folder = os.path.join(corpus, "captures")
    for file in sorted(os.listdir(folder)):
        name = os.path.splitext(file)[0]
        if fnmatch.fnmatch(name, only):
            yield name, os.path.join(folder, file)


def inspect_all(program, corpus, reports, only="*", jobs=2):
    """Writes NAME.json into `reports` for every capture; returns a line for each that gave none."""
    shutil.rmtree(reports, ignore_errors=True)
    os.makedirs(reports)

    def one(capture):
        name, path = capture
        report = os.path.join(reports, name + ".json")
        with open(report, "wb") as output:
            done = process.run([program, "inspect", "--json", path], 60, stdout=output)
        # Status 1 is a partial answer, which the scorer judges.
        if done.timed_out or done.status not in (0, 1) or os.path.getsize(report) == 0:
            return f"{name}: {done.why()}: {done.output.strip()[-500:]}"
        return None

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return [line for line in pool.map(one, _captures(corpus, only)) if line]


def score(corpus, reports, arguments=()):
    """Runs score.py: (Finished, its totals as a dictionary or None). `false_bittorrent` is added to the totals: flows
    that the report calls BitTorrent and nDPI something else."""
    totals = os.path.join(reports, ".totals")
    command = ["python3", os.path.join(corpus, "score.py"), os.path.join(corpus, "truth"), reports, "--json", totals]
    done = process.run([*command, "--list-misses", "flows", *arguments], 300)
    try:
        with open(totals) as file:
            scores = json.load(file)
    except (OSError, ValueError):
        return done, None
    misses = [line for line in done.output.splitlines() if FLOW_MISS.search(line)]
    scores["false_bittorrent"] = sum(FLOW_MISS.search(line)[1].lower().startswith("bittorrent") for line in misses)
    if "--list-misses" not in arguments:
        done.output = "".join(line + "\n" for line in done.output.splitlines() if not FLOW_MISS.search(line))
    return done, scores


def check(scores):
    """One test a bar: (Totals, lines)."""
    totals, lines = Totals(), []

    def bar(text, met):
        totals.add(Totals(passed=1) if met else Totals(failed=1))
        lines.append(f"{'ok    ' if met else 'MISSED'} {text}")

    for section, least, most_extra in BARS:
        got = scores[section]
        share = 100.0 * got["matched"] / got["total"] if got["total"] else 100.0
        text = f"{section} {got['matched']}/{got['total']} {share:.2f} % (bar {least:g} %), extra {got['extra']}"
        met = share >= least
        if most_extra is not None:
            text += f" (bar {most_extra})"
            met = met and got["extra"] <= most_extra
        bar(text, met)
    detail = scores["handshakes"]["detail"]
    initial, equal = detail.get("initial_rtt total", 0), detail.get("initial_rtt equal to tshark's", 0)
    bar(f"initial RTTs equal to tshark's {equal}/{initial}", initial == 0 or 100.0 * equal / initial >= INITIAL_RTT_BAR)
    bar(f"flows falsely called bittorrent {scores['false_bittorrent']} (bar 0)", scores["false_bittorrent"] == 0)
    bar(f"reports missing {scores['reports_missing']} (bar 0)", scores["reports_missing"] == 0)
    return totals, lines
