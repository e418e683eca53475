# SPDX-License-Identifier: BSD-3-Clause
"""Every header compiles alone. The build shows it of those that a source file of their name includes first. The rest are
compiled here, by a ninja file, so that only what changed is compiled again, with two savings:

- Headers that include one another are compiled in one go, each after those it includes: what came before is then there by its
  own doing, and cannot hide that something is missing.
- They stand behind one precompiled header with the whole C++ library, since reading that is what takes the time. That they
  include what they use of it is std_names.py's to see."""
import json
import os
import re
import shlex

import process
import std_names
from totals import Totals


FIRST_INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


def _commands(build):
    with open(os.path.join(build.folder, "compile_commands.json")) as file:
        return json.load(file)


def _flags(build, commands):
    """Include paths and language flags of the build, out of its compile commands. Of the checkout itself only the root is
    an include path: the house rule is one."""
    flags = {f"-I{build.root}": None, f"-I{build.folder}": None}
    for command in commands:
        for word in shlex.split(command["command"]):
            if word.startswith(("-isystem", "-std=", "-D")) or word.startswith("-I/") and not word[2:].startswith(build.root + "/"):
                flags[word] = None
    return list(flags)


def _shown_by_the_build(build, header, compiled):
    source = os.path.join(build.root, header[:-2] + ".cc")
    if source not in compiled:
        return False
    with open(source, encoding="utf-8") as file:
        first = FIRST_INCLUDE.search(file.read())
    return first is not None and first[1] == header


def _chains(headers, reach):
    """The headers in as few lists as can be, such that each includes, at whatever distance, those before it in its list: a
    least path cover of what includes what, by matching each header with the one before it."""
    wanted = set(headers)
    below = {header: sorted(reach.ours(header) & wanted) for header in headers}
    after = {}                                          # which header stands behind one

    def finds_place(header, asked):
        for other in below[header]:
            if other not in asked:
                asked.add(other)
                if other not in after or finds_place(after[other], asked):
                    after[other] = header
                    return True
        return False

    for header in headers:
        finds_place(header, set())
    chains = []
    for first in sorted(wanted - set(after.values())):
        chain = [first]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        chains.append(chain)
    return chains


def _ninja_file(build, chains, flags):
    flags = " ".join(shlex.quote(flag).replace("$", "$$") for flag in flags)
    lines = ["ninja_required_version = 1.3",
             f"compile = clang++ {flags} -fpch-instantiate-templates", "",
             "rule library",
             "  command = $compile -x c++-header $in -o $out -MD -MF $out.d -MT $out",
             "  depfile = $out.d", "  deps = gcc", "",
             "rule alone",
             "  command = $compile -x c++ -fsyntax-only -MD -MF $out.d -MT $out"
             " -include-pch library.pch $headers /dev/null && touch $out",
             "  depfile = $out.d", "  deps = gcc", "",
             "build library.pch: library library.h"]
    for chain in chains:
        paths = [os.path.join(build.root, name) for name in chain]
        lines.append(f"build {chain[-1].replace('/', '-')}.ok: alone {' '.join(paths)} | library.pch")
        lines.append(f"  headers = {' '.join(f'-include {path}' for path in paths)}")
    return "\n".join(lines) + "\n"


def _write(path, text):
    """Leaves a file that says so already as old as it is."""
    if os.path.isfile(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def check(build, names):
    """One test a header: (Totals, complaints). `names` are relative to the build's root."""
    headers = [name for name in names if name.endswith(".h") and name.startswith(("dataplane/", "control/", "tests/", "bench/"))]
    reach = std_names.Reach(build.root)
    complaints = [line for name in headers for line in std_names.complaints(reach, name)]
    failed = len({line.split(":", 1)[0] for line in complaints})

    folder = os.path.join(os.path.dirname(build.folder), "headers")
    os.makedirs(folder, exist_ok=True)
    _write(os.path.join(folder, "library.h"), "".join(f"#include <{header}>\n" for header in std_names.HEADERS))
    commands = _commands(build)
    compiled = {os.path.normpath(os.path.join(command["directory"], command["file"])) for command in commands}
    chains = _chains([name for name in headers if not _shown_by_the_build(build, name, compiled)], reach)
    _write(os.path.join(folder, "build.ninja"), _ninja_file(build, chains, _flags(build, commands)))
    done = process.run(["ninja", "-C", folder, "-k", "0"], 1200)
    if not done.ok:
        failed += max(len(re.findall(r"^FAILED: ", done.output, re.MULTILINE)), 1)
        complaints += [line for line in done.output.splitlines() if not line.startswith("[")]
    return Totals(passed=max(len(headers) - failed, 0), failed=failed), complaints
