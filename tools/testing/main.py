# SPDX-License-Identifier: BSD-3-Clause
"""The steps of tools/test, in order, and their sum. Each step counts what it ran; only the last line adds up."""
import argparse
import fcntl
import os
import re
import resource
import shutil
import sys
import tempfile
import time

import fast_path
import fuzzing
import headers
import house_rules
import malformed
import process
import scoring
import stamps
import suites
from build import Build, RELEASE
from totals import Totals

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINES_OF_A_FAILURE = 200
# Tests that ThreadSanitizer runs besides the suite "threads".
WHERE_THREADS_MEET = ("capture", "source", "pipeline", "replay")
PROGRESS = re.compile(r"\[\d+/\d+\] ")  # of ninja
# By clang, which compiles sanitised code in half the time that gcc takes. Line numbers, but no variables; what the packet
# path is made of is optimised, since its tests save more than that takes (meson.build says what is not). Warnings are the
# release build's to fail on. At fixed addresses: the tests start hundreds of programs, each of which had a million places to
# relocate before it did anything.
INSTRUMENTED = ("--buildtype=debug", "-Doptimization=1", "-Dwerror=false", "-Db_lundef=false", "-Db_staticpic=false")
SANITIZING_COMPILER = "clang++"
LINE_NUMBERS, FIXED = "-g1 -fno-pie", "-no-pie"
# Binaries of a hundred megabytes: four times as fast as the default linker.
LINKER = "-fuse-ld=lld"
# The first complaint ends a program, as UBSAN_OPTIONS says, too: code that never goes on is smaller, and compiled sooner.
FIRST_ENDS = "-fno-sanitize-recover=all"
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:exitcode=99",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:exitcode=99",
}


class Run:
    """What the steps share: where they write, what is remembered, and the sum so far."""

    def __init__(self, options, scratch):
        self.options = options
        self.scratch = scratch
        self.corpus = os.environ.get("WIREWATCH_CORPUS")
        self.kept = stamps.Stamps(os.path.join(ROOT, "build", "stamps"), options.again)
        self.totals = Totals()
        self.names = house_rules.tracked(ROOT)
        # What tests may read besides the programs they are.
        self.inputs = stamps.key_of(
            *(stamps.tree_hash(os.path.join(ROOT, folder), (".cc", ".h")) for folder in ("tests", "rules")),
            stamps.tree_signature(self.corpus))
        self.builds = {}

    def build(self, name, *options, compiler=None, sanitized=False, targets=None):
        """Builds `targets` (all when None) once; None when that failed, which is counted as one failure."""
        if (name, targets) not in self.builds:
            build = Build(ROOT, name, list(options), compiler)
            if sanitized:
                build.env |= SANITIZER_ENV
                build.wrapper = self.fixed_addresses()
            started = time.monotonic()
            failed = build.make(targets)
            took = time.monotonic() - started
            if failed:
                self.totals.add(Totals(failed=1))
                print(f"FAILED {name}: the build, {failed.why()} ({took:.0f} s); log: {os.path.relpath(build.log, ROOT)}")
                self._print_output("\n".join(line for line in failed.output.splitlines() if not PROGRESS.match(line)))
                build = None
            else:
                print(f"built  {name} ({took:.0f} s)", flush=True)
            self.builds[name, targets] = build
        return self.builds[name, targets]

    @staticmethod
    def fixed_addresses():
        """The sanitizers of gcc 12 and clang 14 now and then find their memory taken where the kernel spreads addresses
        widely (vm.mmap_rnd_bits of 32), so they run without; where that is forbidden they take their chance."""
        without = ["setarch", "--addr-no-randomize"]
        return without if process.run([*without, "true"], 10).ok else []

    @staticmethod
    def _print_output(text):
        lines = text.rstrip().splitlines()
        if len(lines) > LINES_OF_A_FAILURE:
            print(f"    ... {len(lines) - LINES_OF_A_FAILURE} lines left out")
        for line in lines[-LINES_OF_A_FAILURE:]:
            print("    " + line)

    def report(self, name, totals, note="", output=""):
        """Adds the outcome of one test program or check; `output` is shown when it failed."""
        self.totals.add(totals)
        print(f"{'FAILED' if totals.failed else 'ok    '} {name}: {totals}{f' ({note})' if note else ''}", flush=True)
        if totals.failed:
            self._print_output(output)


def release_build(run):
    return run.build("release", *RELEASE)


def release(run):
    """Unit tests of the release build."""
    build = release_build(run)
    if build:
        suites.run(build, suites.select(build), run.inputs, run.kept, run.scratch, run.report)


def corpus(run):
    """Reports of the whole corpus against tshark and nDPI."""
    build = release_build(run)
    if not build:
        return
    if not run.corpus:
        run.report("corpus", Totals(skipped=1), "WIREWATCH_CORPUS is not set")
        return
    key = stamps.key_of(stamps.file_hash(build.program()), run.inputs, scoring.BARS, scoring.DETAIL_BARS, scoring.VOTE_BARS, scoring.MOST_WRONG_LABELS)
    totals = run.kept.recall("corpus", key)
    if totals:
        run.report("corpus: bars", totals, "unchanged")
        return
    reports = os.path.join(ROOT, "build", "score")
    failures = scoring.inspect_all(build.program(), run.corpus, reports, env=build.env)
    done, scores = scoring.score(run.corpus, reports)
    if scores is None:
        run.report("corpus: score.py", Totals(failed=1), done.why(), done.output)
        return
    totals, lines, missed = scoring.check(scores)
    for line in lines:
        print("       " + line)
    if totals.failed == 0:
        run.kept.keep("corpus", key, totals)
    wrong = [f"{section}: {line}" for section in missed for line in scoring.misses(run.corpus, reports, section)]
    run.report("corpus: bars", totals, "", "\n".join([*failures, *wrong, "tools/score shows more"]))


def _malformed(run, build, limits):
    paths = malformed.files(ROOT, run.corpus, run.scratch)
    name = f"malformed-{build.name}"
    key = stamps.key_of(stamps.file_hash(build.program()), run.inputs, limits)
    totals = run.kept.recall(name, key)
    if totals:
        run.report(f"{build.name}: malformed files", totals, "unchanged")
        return
    totals, complaints, extremes = malformed.check([*build.wrapper, build.program()], paths, limits, build.env)
    if totals.failed == 0:
        run.kept.keep(name, key, totals)
    peak = f", largest {extremes.peak_kib // 1024} MiB" if limits.peak_kib else ""
    run.report(f"{build.name}: malformed files", totals, f"slowest {extremes.seconds * 1000:.0f} ms{peak}", "\n".join(complaints))


def malformed_release(run):
    """Damaged captures: status, time and memory."""
    build = release_build(run)
    if build:
        _malformed(run, build, malformed.RELEASE)


def _asan_build(run, targets):
    """One build for the unit tests and for fuzzing: compiling takes longer than the fuzzer's counters, in the folders that are
    fuzzed, cost the tests."""
    return run.build("asan", "-Db_sanitize=address,undefined", *INSTRUMENTED, f"-Dcpp_args={LINE_NUMBERS} {FIRST_ENDS}",
                     f"-Dcpp_link_args={FIXED} {LINKER}", compiler=SANITIZING_COMPILER, sanitized=True, targets=targets)


def _tests_and_program(build):
    return [*suites.targets_of(build, suites.select(build)), os.path.relpath(build.program(), build.folder)]


def _fuzz_targets(build):
    return [ninja_name for _, ninja_name, _ in fuzzing.targets(build)]


def asan(run):
    """Unit tests and damaged captures under AddressSanitizer and UndefinedBehaviorSanitizer."""
    build = _asan_build(run, _tests_and_program)
    if build:
        suites.run(build, suites.select(build), run.inputs, run.kept, run.scratch, run.report)
        _malformed(run, build, malformed.SANITIZED)


def tsan(run):
    """Tests where threads meet under ThreadSanitizer, whole reports by several workers among them."""
    def chosen(build):
        return [test for test in suites.select(build) if suites.in_suite(test, "threads") or test["name"] in WHERE_THREADS_MEET]

    def threads_meet(build):
        return suites.targets_of(build, chosen(build))
    build = run.build("tsan", "-Db_sanitize=thread", *INSTRUMENTED, f"-Dcpp_args={LINE_NUMBERS}", f"-Dcpp_link_args={FIXED} {LINKER}",
                      compiler=SANITIZING_COMPILER, sanitized=True, targets=threads_meet)
    if build:
        suites.run(build, chosen(build), run.inputs, run.kept, run.scratch, run.report)


def fuzz(run):
    """libFuzzer targets, under the same sanitizers, each for a short while."""
    build = _asan_build(run, _fuzz_targets)
    if build:
        fuzzing.run(build, int(os.environ.get("FUZZ_SECONDS", "15")), run.kept, run.scratch, run.report)


def rules(run):
    """House rules: layering, licences, headers that compile alone, what the fast path calls and fetches."""
    for rule in house_rules.RULES:
        broken = list(rule(ROOT, run.names))
        what = rule.__doc__.strip().rstrip(".")
        run.report(f"rules: {what}", Totals(failed=1) if broken else Totals(passed=1), "", "\n".join(broken))
    if shutil.which("shellcheck"):
        scripts = house_rules.shell_scripts(ROOT, run.names)
        done = process.run(["shellcheck", *scripts], 120, cwd=ROOT)
        run.report("rules: shellcheck finds nothing", Totals(passed=int(done.ok), failed=int(not done.ok)), "", done.output)
    else:
        run.report("rules: shellcheck", Totals(skipped=1), "it is not installed")
    build = release_build(run)
    if not build:
        return
    totals, complaints = headers.check(build, run.names)
    run.report("rules: every header compiles alone", totals, "", "\n".join(complaints))
    totals, complaints = fast_path.check(build)
    run.report("rules: the packet path fetches ahead, and allocates, locks, logs and asks the system nothing", totals, "", "\n".join(complaints))


STEPS = (release, corpus, malformed_release, rules, asan, tsan, fuzz)
FAST = (release, corpus)


def processor_seconds():
    """Of everything run so far that has ended: steadier than the clock on a machine that others use."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser(prog="tools/test", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="the release build only: unit tests and corpus")
    parser.add_argument("--again", action="store_true", help="run what passed before and has not changed, too")
    parser.add_argument("--only", action="append", choices=[step.__name__ for step in STEPS], help="one step; may be repeated")
    options = parser.parse_args()
    chosen = [step for step in (FAST if options.fast else STEPS) if not options.only or step.__name__ in options.only]

    process.end_all_on_signals()
    os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
    with open(os.path.join(ROOT, "build", ".test.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("tools/test: another one is running in this checkout; waiting for it", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        with tempfile.TemporaryDirectory(prefix="wirewatch-test-") as scratch:
            run = Run(options, scratch)
            for step in chosen:
                started, used = time.monotonic(), processor_seconds()
                print(f"== {step.__name__}: {step.__doc__.strip()}", flush=True)
                step(run)
                print(f"   {step.__name__} took {time.monotonic() - started:.0f} s, "
                      f"{processor_seconds() - used:.0f} s of processor", flush=True)
    print(run.totals)
    return 1 if run.totals.failed else 0


sys.exit(main())
