# SPDX-License-Identifier: BSD-3-Clause
"""What the packet path may call. Reads the disassembly of the linked program, follows every direct call from the roots
below, and names each function outside the program that is reached and not allowed. Calls through pointers are not
followed."""
import re

import process
from totals import Totals

# Where the packet path begins, by demangled name without parameters.
ROOTS = (
    "wirewatch::parse",
    "wirewatch::Classifier::observe",
    "wirewatch::Classifier::finish",
    "wirewatch::Worker::process",
)
# Functions outside the program that it may reach: they neither allocate nor lock nor enter the kernel.
ALLOWED = re.compile(r"^(mem(cpy|move|set|cmp|chr|rchr)|bcmp|strlen|__stack_chk_fail|__mem\w+_chk|std::terminate\(\)|"
                     r"__clang_call_terminate|hs_scan|abort|inet_pton)(@plt)?$")
# Functions of ours where the packet path is left on purpose, each with its reason; calls below them are not followed.
LEFT_AT = {
    "wirewatch::Worker::make_room": "grows tables between bursts, which is the one place that may",
    "wirewatch::QuicInitial::gather": "libcrypto, on objects made with the classifier; the first packets of a QUIC flow",
    "wirewatch::Ja4::of": "libcrypto's SHA-256, which does not allocate; once a ClientHello",
}
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
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
    """{function: set of functions it calls or jumps to}, by demangled names; what is called but not a key is outside."""
    done = process.run(["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", program], 300)
    if not done.ok:
        raise RuntimeError(f"objdump: {done.why()}\n{done.output[-2000:]}")
    graph, calls, here = {}, None, None
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
    return graph


def check(build):
    """One test a root: (Totals, complaints)."""
    graph = call_graph(build.program())
    totals, complaints = Totals(), []
    for root in ROOTS:
        starts = [name for name in graph if _plain(name) == root]
        problems = [] if starts else [f"{root}: no such function in the program; correct ROOTS in tools/testing/fast_path.py"]
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
                    problems.append(f"{root} reaches {target}: " + " > ".join(reversed(chain)))
        totals.add(Totals(failed=1) if problems else Totals(passed=1))
        complaints += problems
    return totals, complaints
