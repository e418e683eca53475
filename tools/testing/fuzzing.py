# SPDX-License-Identifier: BSD-3-Clause
"""Runs each libFuzzer target for a short while, from the seeds kept in tests/fuzz/corpus."""
import concurrent.futures
import os
import shutil

import process
import stamps
from totals import Totals

MEMORY_LIMIT_MB = 2048
INPUT_TIMEOUT_SECONDS = 10


def targets(build):
    """[(name, ninja name, file)] of the programs that tests/fuzz defines."""
    found = []
    for target in build.introspect("targets"):
        defined = os.path.relpath(os.path.dirname(target["defined_in"]), build.root)
        if target["type"] == "executable" and target["name"].startswith("fuzz_") and defined == os.path.join("tests", "fuzz"):
            found.append((target["name"], build.target_file(target), target["filename"][0]))
    return sorted(found)


def _seeds(root, name):
    for folder in (name, name.removeprefix("fuzz_")):
        path = os.path.join(root, "tests", "fuzz", "corpus", folder)
        if os.path.isdir(path):
            return path
    return None


def _run_one(build, name, program, seconds, scratch):
    found, crashes = (os.path.join(scratch, name, folder) for folder in ("found", "crashes"))
    os.makedirs(found, exist_ok=True)
    os.makedirs(crashes, exist_ok=True)
    command = [*build.wrapper, program, f"-max_total_time={seconds}", f"-timeout={INPUT_TIMEOUT_SECONDS}",
               f"-rss_limit_mb={MEMORY_LIMIT_MB}", f"-artifact_prefix={crashes}/", "-print_final_stats=1", found]
    seeds = _seeds(build.root, name)
    if seeds:
        command.append(seeds)
    done = process.run(command, seconds + 120, build.env, scratch)
    for file in sorted(os.listdir(crashes)):            # the input outlives the scratch folder, to be looked at
        kept = os.path.join(build.folder, "crashes", f"{name}-{file}")
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        shutil.copy(os.path.join(crashes, file), kept)
        done.output += f"\ninput kept as {os.path.relpath(kept, build.root)}\n"
    return done


def run(build, seconds, kept, scratch, report, jobs=2):
    def one(target):
        name, _, program = target
        key = stamps.key_of(stamps.file_hash(program), stamps.tree_hash(_seeds(build.root, name) or ""), seconds)
        totals = kept.recall(f"fuzz-{name}", key)
        if totals:
            return name, totals, "unchanged", ""
        done = _run_one(build, name, program, seconds, scratch)
        totals = Totals(passed=1) if done.ok else Totals(failed=1)
        if done.ok:
            kept.keep(f"fuzz-{name}", key, totals)
        return name, totals, f"{seconds} s", f"{done.output}\n{done.why()}"

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, totals, note, output in pool.map(one, targets(build)):
            report(f"fuzz: {name}", totals, note, output)
