# SPDX-License-Identifier: BSD-3-Clause
"""Namespaces to play in: network, mounts, processes, host name and IPC of our own.

The kernel takes every process, interface and mount of it away when its first process ends, however it ends, and the
machine's own network and files are never touched.
"""

import glob
import os
import pathlib
import shutil
import subprocess
import sys

from network import RUN, run

OVERLAID = ("/etc", "/var", "/root")  # where daemons insist to write; what they write there vanishes with the mounts


def missing_packages(programs, files=()):
    """The Debian packages that lack, of {program: package} and {glob pattern: package}."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = {package for program, package in programs.items() if not shutil.which(program, path=path)}
    missing |= {package for file, package in dict(files).items() if not glob.glob(file)}
    return sorted(missing)


def install(packages):
    """apt-get, with the packages' daemons kept from starting: nothing but us is to run them."""
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *packages], check=True,
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    finally:
        if ours:
            policy.unlink()


def shadow_the_system(visible):
    """Inside the namespaces: a /run and a /tmp of our own, and overlays.

    `visible` is {name: directory} of what is to be seen nevertheless, as RUN/name: it may be under /tmp.
    """
    run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/run")
    RUN.mkdir()
    for name, directory in visible.items():
        (RUN / name).mkdir()
        run("mount", "--bind", str(directory), str(RUN / name))
    run("mount", "-t", "tmpfs", "-o", "mode=1777", "none", "/tmp")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/srv")
    for directory in OVERLAID:
        upper, work = RUN / "overlay" / directory[1:] / "upper", RUN / "overlay" / directory[1:] / "work"
        upper.mkdir(parents=True)
        work.mkdir()
        layers = f"lowerdir={directory},upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "overlay", "-o", layers, directory)
    os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", HOME="/root", USER="root", LOGNAME="root",
                      LC_ALL="C", TZ="UTC")
    for name in ("PWD", "OLDPWD", "TMPDIR", "SUDO_USER", "SUDO_COMMAND"):
        os.environ.pop(name, None)


def run_in_namespaces(script, *arguments, own_session=True):
    """Runs a python script as the first process of fresh namespaces; returns its exit status.

    In a session of its own Ctrl-C comes to us only, and ends everything in one blow; without one it has the terminal.
    """
    command = ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc",
               "--propagation", "private", sys.executable, str(script), *map(str, arguments)]
    process = subprocess.Popen(command, start_new_session=own_session)
    try:
        return process.wait()
    finally:
        # Ends the first process of the namespaces, and with it all the others.
        process.kill()
        process.wait()
