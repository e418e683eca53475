# SPDX-License-Identifier: BSD-3-Clause
"""Every header compiles alone. The build shows it of those that a source file of their name includes first; the rest are
compiled here, by a ninja file, so that only what changed is compiled again."""
import json
import os
import re
import shlex

import process
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


def check(build, names):
    """One test a header: (Totals, complaints). `names` are relative to the build's root."""
    headers = [name for name in names if name.endswith(".h") and name.startswith(("dataplane/", "control/", "tests/", "bench/"))]
    folder = os.path.join(os.path.dirname(build.folder), "headers")
    os.makedirs(folder, exist_ok=True)
    commands = _commands(build)
    compiled = {os.path.normpath(os.path.join(command["directory"], command["file"])) for command in commands}
    alone = [name for name in headers if not _shown_by_the_build(build, name, compiled)]
    flags = " ".join(shlex.quote(flag).replace("$", "$$") for flag in _flags(build, commands))
    lines = ["ninja_required_version = 1.3",
             "rule alone",
             f"  command = clang++ -x c++ -fsyntax-only -Wall -Wextra -Werror {flags}"
             " -MD -MF $out.d -MT $out -include $in /dev/null && touch $out",
             "  depfile = $out.d", "  deps = gcc", ""]
    for name in alone:
        lines.append(f"build {name.replace('/', '-')}.ok: alone {os.path.join(build.root, name)}")
    with open(os.path.join(folder, "build.ninja"), "w") as file:
        file.write("\n".join(lines) + "\n")
    done = process.run(["ninja", "-C", folder, "-k", "0"], 1200)
    failed = len(re.findall(r"^FAILED: ", done.output, re.MULTILINE))
    if not done.ok and failed == 0:
        failed = 1
    complaints = [] if done.ok else [line for line in done.output.splitlines() if not line.startswith("[")]
    return Totals(passed=max(len(headers) - failed, 0), failed=failed), complaints
