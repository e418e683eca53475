# SPDX-License-Identifier: BSD-3-Clause
"""Remembers what passed, under a key made of everything the result depends on, so that a second run does only what is
stale. Failures are never remembered."""
import dataclasses
import hashlib
import json
import os

from totals import Totals


class Stamps:
    def __init__(self, folder, again=False):
        self.folder = folder
        self.again = again
        os.makedirs(folder, exist_ok=True)

    def _path(self, name):
        return os.path.join(self.folder, name.replace("/", "-").replace(" ", "-") + ".json")

    def recall(self, name, key):
        """Totals of the last run when it passed with the same key, else None."""
        if self.again:
            return None
        try:
            with open(self._path(name)) as file:
                stamp = json.load(file)
            return Totals(**stamp["totals"]) if stamp["key"] == key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, name, key, totals):
        temporary = self._path(name) + ".new"
        with open(temporary, "w") as file:
            json.dump({"key": key, "totals": dataclasses.asdict(totals)}, file)
        os.replace(temporary, self._path(name))


def key_of(*parts):
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()


def file_hash(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def tree_hash(folder, skip_suffixes=()):
    """Names and contents of every file below a folder; "" when there is no such folder."""
    lines = []
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            path = os.path.join(at, name)
            if not name.endswith(tuple(skip_suffixes)) and os.path.isfile(path):
                lines.append(os.path.relpath(path, folder) + " " + file_hash(path))
    return key_of(*lines) if lines else ""


def tree_signature(folder):
    """Like tree_hash, but by size and modification time: for folders too large to read each time."""
    lines = []
    for at, folders, files in os.walk(folder or ""):
        folders.sort()
        for name in sorted(files):
            facts = os.stat(os.path.join(at, name))
            lines.append(f"{os.path.relpath(os.path.join(at, name), folder)} {facts.st_size} {facts.st_mtime_ns}")
    return key_of(*lines) if lines else ""
