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
    ("hierarchy", 99.0, None),    # score.py compares with tshark's reassembling run; the definition is the one below
    ("destinations", 99.5, None),
    ("flow-bytes", 99.5, None),
    ("flows", 90.0, None),
)
# Shares that score.py gives only as details: section, words for it, detail that matched, detail that counts all (None:
# all of the section), least share in per cent.
DETAIL_BARS = (
    ("hierarchy", "hierarchy without reassembly", "equal to the stateless run", None, 99.5),
    ("handshakes", "initial RTTs equal to tshark's", "initial_rtt equal to tshark's", "initial_rtt total", 99.0),
)
# One vote for each capture and protocol: score.py's name for the protocols that count, least share in per cent.
VOTE_BARS = (("core", 95.0), ("all", 88.0))
MOST_WRONG_LABELS = 1.0       # per cent of the flows that nDPI labels
# How score.py prints a flow with another application than nDPI's: NAME: (5-tuple) GOT want WANTED.
FLOW_MISS = re.compile(r"^[^:]+: \('.*\) (\S+) want \S+$")


def _captures(corpus, only):
    folder = os.path.join(corpus, "captures")
    for file in sorted(os.listdir(folder)):
        name = os.path.splitext(file)[0]
        if fnmatch.fnmatch(name, only):
            yield name, os.path.join(folder, file)


def inspect_all(program, corpus, reports, only="*", env=None, jobs=2):
    """Writes NAME.json into `reports` for every capture; returns a line for each that gave none."""
    shutil.rmtree(reports, ignore_errors=True)
    os.makedirs(reports)

    def one(capture):
        name, path = capture
        report = os.path.join(reports, name + ".json")
        with open(report, "wb") as output:
            done = process.run([program, "inspect", "--json", path], 60, env, stdout=output)
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
    found = [FLOW_MISS.search(line) for line in done.output.splitlines()]
    scores["false_bittorrent"] = [match[0] for match in found if match and match[1].lower().startswith("bittorrent")]
    if "--list-misses" not in arguments:
        done.output = "".join(line + "\n" for line in done.output.splitlines() if not FLOW_MISS.search(line))
    return done, scores


def misses(corpus, reports, section, most=10):
    """The first few items of a section that the reports got wrong, as score.py words them."""
    done, _ = score(corpus, reports, ["--list-misses", section, "--worst", "0"])
    lines = done.output.splitlines()
    end = next((at for at, line in enumerate(lines) if line.startswith("captures ")), 0)
    return [*lines[:min(end, most)], *([f"... and {end - most} more"] if end > most else [])]


def check(scores):
    """One test a bar: (Totals, lines, sections missed)."""
    totals, lines, missed = Totals(), [], []

    def bar(section, text, met):
        totals.add(Totals(passed=1) if met else Totals(failed=1))
        lines.append(f"{'ok    ' if met else 'MISSED'} {text}")
        if not met and section and section not in missed:
            missed.append(section)

    for section, least, most_extra in BARS:
        got = scores[section]
        share = 100.0 * got["matched"] / got["total"] if got["total"] else 100.0
        text = f"{section} {got['matched']}/{got['total']} {share:.2f} % (bar {least:g} %), extra {got['extra']}"
        met = share >= least
        if most_extra is not None:
            text += f" (bar {most_extra})"
            met = met and got["extra"] <= most_extra
        bar(section, text, met)
    for section, words, equal, all_of_it, least in DETAIL_BARS:
        detail = scores[section]["detail"]
        matched, total = detail.get(equal, 0), detail.get(all_of_it, 0) if all_of_it else scores[section]["total"]
        share = 100.0 * matched / total if total else 100.0
        bar(section, f"{words} {matched}/{total} {share:.2f} % (bar {least:g} %)", share >= least)
    for which, least in VOTE_BARS:
        matched, total = scores["flows_balanced"][which]
        share = 100.0 * matched / total if total else 100.0
        bar("flows", f"one vote a capture and protocol, {which} protocols: {matched:.1f}/{total} {share:.2f} % (bar {least:g} %)", share >= least)
    wrong, labelled = scores["flows"]["detail"].get("wrong label", 0), scores["flows"]["total"]
    share = 100.0 * wrong / labelled if labelled else 0.0
    bar("flows", f"flows with another name than nDPI's {wrong}/{labelled} {share:.2f} % (bar {MOST_WRONG_LABELS:g} %)", share <= MOST_WRONG_LABELS)
    bar(None, f"flows falsely called bittorrent {len(scores['false_bittorrent'])} (bar 0) {' '.join(scores['false_bittorrent'])}".rstrip(),
        not scores["false_bittorrent"])
    bar(None, f"reports missing {scores['reports_missing']} (bar 0)", scores["reports_missing"] == 0)
    return totals, lines, missed
