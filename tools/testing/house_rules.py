# SPDX-License-Identifier: BSD-3-Clause
"""Rules that a compiler does not check: which folder may include which, licence lines, paths that only one machine has."""
import os
import re

import process

# What a folder may include besides itself (DESIGN, section 5). A name ending in / is everything below it.
LAYERS = {
    "dataplane/base": (),
    "dataplane/packet": ("dataplane/base",),
    "dataplane/capture": ("dataplane/base", "dataplane/packet"),
    "dataplane/flow": ("dataplane/base", "dataplane/packet"),
    "dataplane/quic": ("dataplane/base",),
    "dataplane/classify": ("dataplane/base", "dataplane/packet", "dataplane/quic"),
    "dataplane/stats": ("dataplane/base", "dataplane/packet"),
    "dataplane/filter": ("dataplane/base", "dataplane/packet", "dataplane/quic"),
    "dataplane/xdp": ("dataplane/base", "dataplane/packet"),
    "dataplane/source": ("dataplane/base", "dataplane/packet", "dataplane/capture", "dataplane/xdp"),
    "dataplane/pipeline": ("dataplane/base", "dataplane/packet", "dataplane/capture", "dataplane/flow", "dataplane/classify",
                           "dataplane/stats", "dataplane/filter", "dataplane/source"),
    "dataplane/app": ("dataplane/",),
    "control/boost": (),
    "control/rules": ("dataplane/",),
    "control/report": ("dataplane/",),
    "control/aggregate": ("dataplane/", "control/report"),
    "control/replay": ("dataplane/", "control/aggregate", "control/report", "control/rules"),
    "control/packets": ("dataplane/", "control/report", "control/replay", "control/rules", "control/aggregate"),
    "control/captures": ("dataplane/", "control/report"),
    "control/history": ("dataplane/", "control/aggregate", "control/report"),
    "control/metrics": ("dataplane/", "control/aggregate", "control/history", "control/report"),
    "control/client": ("dataplane/", "control/report"),
    "control/api": ("dataplane/", "control/aggregate", "control/history", "control/metrics", "control/report", "control/client"),
    "control/daemon": ("dataplane/", "control/aggregate", "control/api", "control/captures", "control/client", "control/history",
                       "control/metrics", "control/replay", "control/report", "control/rules"),
    "control/doctor": ("dataplane/", "control/report"),
    "control/cli": ("dataplane/", "control/"),
    "tests": ("dataplane/", "control/", "tests/"),
    "bench": ("dataplane/", "control/", "bench/", "tests/support"),
}
# Third-party headers have one home each. A name ending in a star is every header that begins so.
HOMES = {
    "rte_*": ("dataplane/source", "dataplane/app", "tests", "bench"),
    "boost/*": ("control/boost", "control/api", "control/client", "control/daemon", "tests"),
    "bpf/*": ("dataplane/xdp", "dataplane/source", "tests"),
    "xdp/*": ("dataplane/source", "tests"),
    "prometheus/*": ("control/metrics", "control/api", "tests"),
    "hs.h": ("dataplane/classify", "control/rules", "tests", "bench"),
    "hs/hs.h": ("dataplane/classify", "control/rules", "tests", "bench"),
    "toml++/toml.h": ("dataplane/base", "dataplane/app", "control", "tests", "tools"),
    "CLI/CLI.hpp": ("control/cli/options", "dataplane/app", "tests", "bench"),
}

SOURCE = (".h", ".cc")
SPDX = "SPDX-License-Identifier: BSD-3-Clause"
# Written so that this file does not match itself; /home/somebody stands for anyone.
FOREIGN_PATHS = re.compile(r"(?<![\w.])/(?:home|Users|root|work)" + r"/(?!somebody\b)[A-Za-z0-9_.-]+")
NEEDS_SPDX = (".h", ".cc", ".c", ".py", ".sh", ".build", ".toml", ".txt")
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')


def tracked(root):
    """Files of the checkout: git's when it is one, else everything outside build folders."""
    done = process.run(["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"], 60)
    if done.ok:
        names = done.output.splitlines()
    else:
        names = [os.path.relpath(os.path.join(at, name), root) for at, _, files in os.walk(root) for name in files]
        names = [name for name in names if not name.startswith(("build", ".git/", ".cache/"))]
    return sorted(name for name in names if os.path.isfile(os.path.join(root, name)))


def _text(root, name):
    try:
        with open(os.path.join(root, name), encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        return None                                     # a capture, a fuzz seed


def _layer(name):
    return max((layer for layer in LAYERS if name.startswith(layer + "/")), key=len, default=None)


def _allowed(layer, included):
    if included.startswith(layer + "/"):
        return True
    if layer.startswith("control") and included.startswith("dataplane/app/"):
        return False
    return any(included.startswith(other if other.endswith("/") else other + "/") for other in LAYERS[layer])


def layering(root, names):
    """A folder only looks down; the data plane never includes control."""
    for name in names:
        layer = _layer(name)
        if layer is None or not name.endswith(SOURCE):
            continue
        for number, line in enumerate(_text(root, name).splitlines(), 1):
            found = INCLUDE.match(line)
            if found and found[1].startswith(("dataplane/", "control/", "tests/", "bench/")) and not _allowed(layer, found[1]):
                yield f"{name}:{number}: {layer} may not include {found[1]}"


def known_folders(root, names):
    """Every source folder has its row in the table of layers."""
    for folder in sorted({os.path.dirname(name) for name in names if name.endswith(SOURCE)}):
        if folder.startswith(("dataplane/", "control/")) and _layer(folder + "/x") is None:
            yield f"{folder}: has no row in LAYERS of tools/testing/house_rules.py"


def _homes(included):
    return next((homes for header, homes in HOMES.items()
                 if included == header or (header.endswith("*") and included.startswith(header[:-1]))), None)


def third_party_homes(root, names):
    """The headers of DPDK, Hyperscan, Boost and others stay where they belong."""
    for name in names:
        if not name.endswith(SOURCE):
            continue
        for number, line in enumerate(_text(root, name).splitlines(), 1):
            found = INCLUDE.match(line)
            homes = _homes(found[1]) if found else None
            if homes and not name.startswith(tuple(home + "/" for home in homes)):
                yield f"{name}:{number}: {found[1]} belongs in {', '.join(homes)}"


def licences(root, names):
    """Every source file, script and build file says its licence near its top."""
    for name in names:
        text = _text(root, name)
        if text is None or name.startswith(("tests/captures/", "tests/fuzz/corpus/", "tests/golden/")):
            continue
        if (name.endswith(NEEDS_SPDX) or text.startswith("#!")) and SPDX not in "\n".join(text.splitlines()[:3]):
            yield f"{name}: no line '{SPDX}' among the first three"


def foreign_paths(root, names):
    """No path that exists on one machine only."""
    for name in names:
        text = _text(root, name)
        for number, line in enumerate((text or "").splitlines(), 1):
            if FOREIGN_PATHS.search(line):
                yield f"{name}:{number}: names {FOREIGN_PATHS.search(line)[0]}"


def pragma_once(root, names):
    """Headers guard themselves with #pragma once."""
    for name in names:
        if name.endswith(".h") and "#pragma once" not in _text(root, name):
            yield f"{name}: no #pragma once"


def prefetches(root, names):
    """Prefetching goes through dataplane/base/prefetch.h, since gcc drops what does not."""
    for name in names:
        if not name.endswith(SOURCE) or name == "dataplane/base/prefetch.h":
            continue
        for number, line in enumerate(_text(root, name).splitlines(), 1):
            if "__builtin_prefetch" in line:
                yield f"{name}:{number}: prefetch() or prefetch_to_write() instead"


def shell_scripts(root, names):
    """Those that say so in their first line."""
    return [name for name in names if re.match(r"#!.*\b(ba|da)?sh\b", (_text(root, name) or "").split("\n", 1)[0])]


RULES = (layering, known_folders, third_party_homes, licences, foreign_paths, pragma_once, prefetches)
