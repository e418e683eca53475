# SPDX-License-Identifier: BSD-3-Clause
"""The build directories of the tests: configured once, reconfigured when their options change, built with ninja."""
import fcntl
import json
import os
import shutil

import process

# Of build/release, which tools/test and bench/compare share.
RELEASE = ("--buildtype=release",)


def _without_unusable_cache():
    """meson uses ccache when it finds it, and a cache that cannot be written fails the build instead of standing aside."""
    if not shutil.which("ccache"):
        return {}
    folder = os.path.join(process.run(["ccache", "--get-config", "cache_dir"], 10).output.strip(), "tmp")
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return {"CCACHE_DISABLE": "1"}
    return {} if os.access(folder, os.W_OK) else {"CCACHE_DISABLE": "1"}


class Build:
    def __init__(self, root, name, options, compiler=None):
        self.root = root
        self.name = name
        self.folder = os.path.join(root, "build", name)
        self.options = options
        # For the programs built here: nobody's own cache of compiled rules is read or filled.
        self.env = {"XDG_CACHE_HOME": os.path.join(self.folder, "cache")}
        self.wrapper = []                               # put before them on the command line
        self.compiler = ({"CXX": compiler} if compiler else {}) | _without_unusable_cache()
        # A compiler takes a gigabyte in pages of 4 KiB and gives it back at once: a fifth of its time where page faults are dear.
        self.while_compiling = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
        self.log = os.path.join(root, "build", f"{name}.log")
        self._introspected = {}

    def _say(self, text):
        with open(self.log, "a") as file:
            file.write(text + "\n")

    def _configure(self):
        marker = os.path.join(self.folder, "wirewatch-options.json")
        # What meson looks for but does without may have been installed since.
        optional = process.run(["pkg-config", "--modversion", "--print-errors", "libdpdk", "libbpf", "libxdp"], 30).output
        wanted = json.dumps([self.root, self.options, self.compiler.get("CXX"), optional])
        try:
            with open(marker) as file:
                if file.read() == wanted and os.path.exists(os.path.join(self.folder, "build.ninja")):
                    return None
        except OSError:
            pass
        configured = os.path.exists(os.path.join(self.folder, "build.ninja"))
        base = ["meson", "setup", self.folder, self.root, *self.options]
        done = process.run(base + (["--reconfigure"] if configured else []), 300, self.compiler)
        if not done.ok and os.path.isdir(self.folder):  # of another meson, or of a checkout that moved
            self._say(done.output)
            done = process.run(base + (["--wipe"] if configured else []), 300, self.compiler)
        self._say(done.output)
        if not done.ok:
            return done
        with open(marker, "w") as file:
            file.write(wanted)
        return None

    def make(self, targets=None, timeout=3000):
        """Configures and builds `targets` (all when None; a function of this build is called once it is configured).
        Returns None, or the Finished that failed."""
        os.makedirs(os.path.dirname(self.folder), exist_ok=True)
        with open(os.path.join(self.root, "build", ".build.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)            # tools/quickstart takes it, too
            return self._make(targets, timeout)

    def _make(self, targets, timeout):
        with open(self.log, "w"):
            pass
        failed = self._configure()
        if failed:
            return failed
        names = targets(self) if callable(targets) else targets or []
        if targets is not None and not names:
            return None
        done = process.run(["ninja", "-C", self.folder, "-k", "0", *names], timeout, self.compiler | self.while_compiling)
        self._say(done.output)
        self._introspected.clear()                      # ninja may have reconfigured
        return None if done.ok else done

    def introspect(self, what):
        """meson's own description: "tests" or "targets"."""
        if what not in self._introspected:
            with open(os.path.join(self.folder, "meson-info", f"intro-{what}.json")) as file:
                self._introspected[what] = json.load(file)
        return self._introspected[what]

    def target_file(self, target):
        return os.path.relpath(target["filename"][0], self.folder)

    def program(self):
        return os.path.join(self.folder, "control", "cli", "wirewatch")
