# SPDX-License-Identifier: BSD-3-Clause
"""What the packet path may call, and that it fetches ahead. Reads the disassembly of the linked programs, follows every direct
call from the roots below, and names each function outside the program that is reached and not allowed. Calls through pointers
are not followed."""
import os
import re

import process
from totals import Totals

# Where the packet path begins in each program, by demangled name without parameters.
ROOTS = {
    "control/cli/wirewatch": (
        "wirewatch::parse",
        "wirewatch::Classifier::observe",
        "wirewatch::Classifier::finish",
        "wirewatch::Worker::process",
    ),
    "dataplane/app/wirewatch-dataplane": (
        "wirewatch::Worker::process",
        "wirewatch::TapStage::on_packet",
    ),
}
# Functions that ask memory for what others need later: nothing but time tells when a compiler has left that out.
FETCHING = ("wirewatch::Worker::process_group", "wirewatch::Tables::prefetch", "wirewatch::Tables::prefetch_rows")
# Functions outside the program that it may reach: they neither allocate nor lock nor enter the kernel. PCRE2 does not where
# its compiler made machine code of the pattern.
ALLOWED = re.compile(r"^(mem(cpy|move|set|cmp|chr|rchr|mem)|bcmp|strlen|__stack_chk_fail|__mem\w+_chk|std::terminate\(\)|"
                     r"__clang_call_terminate|hs_scan|abort|inet_pton|pcre2_match_8|bpf_filter)(@plt)?$")
# Functions of ours where the packet path is left on purpose, each with its reason; calls below them are not followed.
LEFT_AT = {
    "wirewatch::Worker::make_room": "grows tables between bursts, which is the one place that may",
    "wirewatch::QuicInitial::gather": "libcrypto, on objects made with the classifier; the first packets of a QUIC flow",
    "wirewatch::Ja4::of": "libcrypto's SHA-256, which does not allocate; once a ClientHello",
}
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
FETCH = re.compile(r"\s(prefetch|prfm)")
CALL = re.compile(r"\s(?:call|jmp|j[a-z]{1,3})\s+[0-9a-f]+ <(.+)>$")
OFFSET = re.compile(r"(\+|-)0x[0-9a-f]+$")
CLONE = re.compile(r" \[clone [^\]]+\]")


def _plain(name):
    """The name without parameters, clones and ABI tags, to compare with the tables above."""
    name = CLONE.sub("", name)
    depth = 0
    for at, letter in enumerate(name):
        if letter == "<":
            depth += 1
        elif letter == ">" and not name.startswith("operator", max(at - 9, 0)):
            depth -= 1
        elif letter == "(" and depth <= 0 and not name.startswith("(anonymous namespace)", at):
            return name[:at]
    return name


def call_graph(program):
    """({function: set of functions it calls or jumps to}, functions that prefetch), by demangled names. What is called but not
    a key is outside."""
    done = process.run(["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", program], 300)
    if not done.ok:
        raise RuntimeError(f"objdump: {done.why()}\n{done.output[-2000:]}")
    graph, fetching, calls, here = {}, set(), None, None
    for line in done.output.splitlines():
        function = FUNCTION.match(line)
        if function:
            here = function[1]
            # The linker's stubs are the way out of the program: they stay outside the graph.
            calls = None if here.endswith("@plt") else graph.setdefault(here, set())
        elif calls is not None:
            call = CALL.search(line)
            if call:
                target = OFFSET.sub("", call[1])
                if target != here:
                    calls.add(target)
            elif FETCH.search(line):
                fetching.add(here)
    return graph, fetching


def _reached(graph, root):
    """Complaints about what is reached from this root."""
    starts = [name for name in graph if _plain(name) == root]
    if not starts:
        yield f"{root}: no such function in the program; correct ROOTS in tools/testing/fast_path.py"
    came_from = {name: None for name in starts}
    queue = list(starts)
    while queue:
        name = queue.pop()
        for target in sorted(graph[name]):
            if target in came_from or _plain(target) in LEFT_AT:
                continue
            came_from[target] = name
            if target in graph:
                queue.append(target)
            elif not ALLOWED.match(target):
                chain, at = [], target
                while at is not None:
                    chain.append(at if at == target else _plain(at))
                    at = came_from[at]
                yield f"{root} reaches {target}: " + " > ".join(reversed(chain))


def check(build):
    """One test a root and program, and one a fetching function: (Totals, complaints)."""
    totals, complaints = Totals(), []

    def count(problems):
        totals.add(Totals(failed=1) if problems else Totals(passed=1))
        complaints.extend(f"{name}: {problem}" for problem in problems)

    for name, roots in ROOTS.items():
        graph, fetching = call_graph(os.path.join(build.folder, name))
        for root in roots:
            count(list(_reached(graph, root)))
        fetch = {_plain(function) for function in fetching}
        for function in FETCHING:
            count([] if function in fetch else [f"{function} prefetches nothing; see dataplane/base/prefetch.h"])
    return totals, complaints
