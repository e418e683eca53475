# SPDX-License-Identifier: BSD-3-Clause
"""Runs the tests that meson knows of, a few at a time, and counts every GoogleTest case as one."""
import concurrent.futures
import os

import process
import stamps
from totals import Totals, from_gtest_xml

SKIPPED_STATUS = 77   # of a test that cannot run on this machine


def select(build):
    return build.introspect("tests")


def in_suite(test, suite):
    return suite in {name.split(":")[-1] for name in test["suite"]}


def targets_of(build, tests):
    """Ninja names of what these tests are made of."""
    wanted = {name for test in tests for name in test.get("depends", [])}
    named = {path for test in tests for path in test["cmd"]}
    return sorted(build.target_file(target) for target in build.introspect("targets")
                  if target["id"] in wanted or target["filename"][0] in named)


def _key(build, test, inputs):
    files = [path for path in test["cmd"] if os.path.isfile(path)]
    depends = set(test.get("depends", []))
    files += [target["filename"][0] for target in build.introspect("targets") if target["id"] in depends]
    hashes = [stamps.file_hash(path) for path in files if os.path.isfile(path)]
    return stamps.key_of(inputs, test["cmd"], sorted(test["env"].items()), sorted(build.env.items()), *hashes)


def _run_one(build, test, scratch):
    name = test["name"]
    own = os.path.join(scratch, f"{build.name}-{name}".replace("/", "-"))
    os.makedirs(own, exist_ok=True)
    env = {"GTEST_BRIEF": "1", **build.env, **test["env"], "TMPDIR": own}
    command = [*build.wrapper, *test["cmd"]]
    result = os.path.join(own, "result.xml")
    if test["protocol"] == "gtest":
        command.append(f"--gtest_output=xml:{result}")
    done = process.run(command, max(test["timeout"], 60) * 4, env, test["workdir"])
    if test["protocol"] != "gtest":
        if done.status == SKIPPED_STATUS:
            return Totals(skipped=1), done
        return (Totals(passed=1) if done.ok else Totals(failed=1)), done
    totals = from_gtest_xml(result) or Totals()
    if not done.ok and totals.failed == 0:
        totals.failed = 1                               # it crashed, or a sanitizer spoke at its end
    return totals, done


def run(build, tests, inputs, kept, scratch, report, jobs=3):
    """`inputs` is a key of everything the tests read besides their programs; `report` gets (name, totals, note, output)
    of each test."""
    def one(test):
        name = f"{build.name}-{test['name']}"
        key = _key(build, test, inputs)
        totals = kept.recall(name, key)
        if totals:
            return test, totals, "unchanged", ""
        totals, done = _run_one(build, test, scratch)
        if totals.failed == 0:
            kept.keep(name, key, totals)
        return test, totals, f"{done.seconds:.1f} s", f"{done.output}\n{done.why()}"

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for test, totals, note, output in pool.map(one, tests):
            report(f"{build.name}: {test['name']}", totals, note, output)
