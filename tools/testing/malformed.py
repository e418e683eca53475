# SPDX-License-Identifier: BSD-3-Clause
"""Damaged and hostile captures: where they come from, and what running wirewatch on one of them may do."""
import concurrent.futures
import dataclasses
import os
import random
import re

import process
from totals import Totals

# Words with which sanitizers and the C++ run time open their complaints.
COMPLAINT = re.compile(r"(ERROR|WARNING): (Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer|runtime error:|"
                       r"terminate called|stack smashing|Assertion .* failed")


@dataclasses.dataclass(frozen=True)
class Limits:
    seconds: float          # of wall clock for one file
    peak_kib: int           # of resident memory; 0: not checked
    env: tuple = ()


RELEASE = Limits(seconds=1.0, peak_kib=64 * 1024)
SANITIZED = Limits(seconds=20.0, peak_kib=0,
                   env=(("ASAN_OPTIONS", "detect_leaks=1:exitcode=99:max_allocation_size_mb=4096"),
                        ("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1:exitcode=99")))
GIVE_UP_SECONDS = 60
MOST_COMPLAINTS = 10


@dataclasses.dataclass
class Extremes:
    seconds: float = 0.0
    slowest: str = ""
    peak_kib: int = 0
    largest: str = ""


def damaged_copies(capture, folder, count=48, seed=1):
    """Copies of one good capture, cut short or with bytes overwritten; the same ones for the same seed."""
    with open(capture, "rb") as file:
        good = file.read(1 << 20)
    chance = random.Random(seed)
    made = []
    for number in range(count):
        data = bytearray(good)
        kind = ("cut", "header", "anywhere", "length")[number % 4]
        if kind == "cut":
            del data[chance.randrange(len(data)):]
        elif kind == "header":
            for _ in range(4):
                data[chance.randrange(min(128, len(data)))] = chance.randrange(256)
        elif kind == "anywhere":
            for _ in range(max(8, len(data) // 500)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        else:
            at = chance.randrange(24, max(25, len(data) - 4)) & ~3
            data[at:at + 4] = chance.choice([b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80"])
        path = os.path.join(folder, f"damaged-{number:02}-{kind}-{os.path.basename(capture)}")
        with open(path, "wb") as file:
            file.write(data)
        made.append(path)
    return made


def bundled(root):
    """The captures of tests/captures."""
    folder = os.path.join(root, "tests", "captures")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [os.path.join(folder, name) for name in names if name.endswith((".cap", ".pcap", ".pcapng"))]


def files(root, corpus, scratch):
    """Paths of everything to run: the corpus' malformed folder when there is a corpus, and damaged bundled captures."""
    found = [path for capture in bundled(root) for path in damaged_copies(capture, scratch)]
    folder = os.path.join(corpus or "", "malformed")
    if corpus and os.path.isdir(folder):
        found += [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if not name.endswith(".tsv")]
    return found


def _run(program, path, limits, env):
    """(complaint or "", Finished) of one file."""
    done = process.run([*program, "inspect", "--json", path], GIVE_UP_SECONDS, {**(env or {}), **dict(limits.env)})
    name = os.path.basename(path)
    if done.timed_out or done.status not in (0, 1, 2) or COMPLAINT.search(done.output):
        return f"{name}: {done.why()}\n{done.output[:2500]}", done
    if done.seconds > limits.seconds:
        return f"{name}: took {done.seconds:.2f} s, at most {limits.seconds:g} s are allowed", done
    if limits.peak_kib and done.peak_kib > limits.peak_kib:
        return f"{name}: took {done.peak_kib // 1024} MiB, at most {limits.peak_kib // 1024} are allowed", done
    return "", done


def check(program, paths, limits, env=None, jobs=2):
    """Runs every file; (Totals, complaints, Extremes). `program` is a command, possibly with a wrapper before it."""
    totals, complaints, extremes = Totals(), [], Extremes()
    _run(program, os.devnull, limits, env)                    # compiles the rules once, into the cache
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        outcomes = pool.map(lambda path: _run(program, path, limits, env), paths)
        for path, (complaint, done) in zip(paths, list(outcomes)):
            if " took " in complaint:                    # once more, alone: a busy machine is no fault of the file
                complaint, done = _run(program, path, limits, env)
            if complaint:
                totals.failed += 1
                if len(complaints) < MOST_COMPLAINTS:
                    complaints.append(complaint)
            else:
                totals.passed += 1
            if done.seconds > extremes.seconds:
                extremes.seconds, extremes.slowest = done.seconds, os.path.basename(path)
            if done.peak_kib > extremes.peak_kib:
                extremes.peak_kib, extremes.largest = done.peak_kib, os.path.basename(path)
    return totals, complaints, extremes
