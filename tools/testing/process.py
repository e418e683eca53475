# SPDX-License-Identifier: BSD-3-Clause
"""Child processes that never outlive this one: each leads a session of its own, so that a signal or a time-out ends it
together with whatever it started."""
import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

_running = set()
_lock = threading.Lock()
_ending = threading.Event()


CANNOT_RUN = 127  # as a shell says it


class Ending(Exception):
    """A signal asked for the end: nothing new is started."""


@dataclasses.dataclass
class Finished:
    status: int          # exit status; negative: the signal that ended it
    output: str          # standard output and standard error, in the order written
    seconds: float
    cpu_seconds: float   # in user and kernel mode, all threads
    peak_kib: int        # largest resident memory of the process itself; not less than Python's own, from before the exec
    timed_out: bool = False

    @property
    def ok(self):
        return self.status == 0 and not self.timed_out

    def why(self):
        if self.timed_out:
            return f"no end after {self.seconds:.0f} s"
        if self.status < 0:
            return f"ended by {signal.Signals(-self.status).name}"
        return f"exit status {self.status}"


def _end_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(command, timeout, env=None, cwd=None, stdout=None):
    """Runs to the end, or ends it after `timeout` seconds. `env` is added to the environment; `stdout` is a file that
    takes standard output, so that `output` has standard error alone. A program that is not there has status CANNOT_RUN."""
    with tempfile.TemporaryFile() as output:
        with _lock:
            if _ending.is_set():
                raise Ending
            started = time.monotonic()
            try:
                child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout or output, stderr=output,
                                         env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True)
            except OSError as fault:
                return Finished(CANNOT_RUN, f"{fault.filename or command[0]}: {fault.strerror}\n", 0, 0, 0)
            _running.add(child)
        late = threading.Event()
        timer = threading.Timer(timeout, lambda: (late.set(), _end_group(child)))
        timer.start()
        try:
            _, wait_status, usage = os.wait4(child.pid, 0)   # the resources of this very child
            child.returncode = os.waitstatus_to_exitcode(wait_status)
        finally:
            timer.cancel()
            _end_group(child)
            with _lock:
                _running.discard(child)
        seconds = time.monotonic() - started
        output.seek(0)
        return Finished(child.returncode, output.read().decode(errors="replace"), seconds,
                        usage.ru_utime + usage.ru_stime, usage.ru_maxrss, late.is_set())


def end_all_on_signals():
    """SIGINT, SIGTERM and SIGHUP end the children first; leaving through SystemExit removes temporary folders."""
    def handler(number, _frame):
        _ending.set()
        for child in list(_running):
            _end_group(child)
        print(f"ended by {signal.Signals(number).name}", file=sys.stderr)
        sys.exit(128 + number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)
