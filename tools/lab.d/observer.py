# SPDX-License-Identifier: BSD-3-Clause
"""Wirewatch in the lab: `wirewatch run` with its data plane behind mirror0, and what it answers."""

import json
import os
import signal
import subprocess
import time

import topology
from network import RUN

PROGRAMS = RUN / "programs"  # the build folder
WIREWATCH = PROGRAMS / "control" / "cli" / "wirewatch"
DATAPLANE = PROGRAMS / "dataplane" / "app" / "wirewatch-dataplane"
API = RUN / "api.sock"
DATAPLANE_SOCKET = RUN / "dataplane.sock"
# How each source is told to watch an interface, and how to forward as well.
SOURCES = {"afpacket": "afpacket:{0}", "afxdp": "afxdp:{0}", "dpdk": "dpdk:net_pcap{1},rx_iface={0}"}
FORWARDING = {**SOURCES, "dpdk": "dpdk:net_af_packet{1},iface={0}"}
# Losses of a port that are frames which were not looked at; the others did not leave again.
LOSSES = {"packet_socket_ring_full", "xdp_rx_dropped", "xdp_rx_ring_full", "rx_missed", "rx_errors", "rx_no_buffer",
          "shed_inspection"}
START_PATIENCE_S = 60  # the first start compiles the rules


class Observer:
    """The daemon and its data plane. They end with the lab, or when told to.

    `managed`: control starts the data plane, and again when it ends; otherwise we do, as a service manager would.
    """

    def __init__(self, source, logs, control_options="", dataplane_options="", managed=True, inline=False):
        self.source, self.inline = source, inline
        self.interfaces = topology.INLINE if inline else (topology.MIRROR,)
        self.log_path = logs / "wirewatch.log"
        self.config = RUN / "wirewatch.toml"
        self.config.write_text(
            f'[control]\napi_socket = "{API}"\ndataplane_socket = "{DATAPLANE_SOCKET}"\nrules = "{RUN}/rules"\n'
            f'unwanted = ["bittorrent", "p2p"]\ndataplane = "{"start" if managed else "attach"}"\ndataplane_program = "{DATAPLANE}"\n{control_options}\n'
            f'[dataplane]\ncontrol_socket = "{DATAPLANE_SOCKET}"\n{dataplane_options}\n' + self.port_sections())
        if not managed:
            self.start_in_place([DATAPLANE, "--config", self.config])
        os.environ.update(WIREWATCH_API=str(API), WIREWATCH_RULES=str(RUN / "rules"), LC_ALL="C.UTF-8")
        self.start()

    def port_sections(self):
        text = ""
        for number, interface in enumerate(self.interfaces):
            source = (FORWARDING if self.inline else SOURCES)[self.source].format(interface, number)
            text += f'[[dataplane.port]]\nname = "{interface}"\nsource = "{source}"\n'
            if self.inline:
                text += f'inline_with = "{self.interfaces[1 - number]}"\n'
        return text

    def start_in_place(self, command):
        with open(self.log_path, "ab") as log:
            return subprocess.Popen(["ip", "netns", "exec", topology.WATCH, *map(str, command)],
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self):
        self.process = self.start_in_place([WIREWATCH, "run", "--config", self.config])

    def wait_until_watching(self, patience_s=START_PATIENCE_S):
        """Until the data plane runs and recognises protocols."""
        deadline, status = time.monotonic() + patience_s, None
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            status = self.ask("status", patient=True)
            if status and status["dataplane"]["state"] == "running" and status["rules"].get("in_force"):
                return status
            if status and "error" in status["rules"]:
                break
            time.sleep(0.2)
        raise RuntimeError(f"wirewatch does not watch {self.interfaces}: {json.dumps(status)}; its log:\n"
                           + self.log_path.read_text()[-3000:])

    def ask(self, command, *options, patient=False):
        """The JSON document of a command; None when there is none and we are patient."""
        done = subprocess.run([str(WIREWATCH), command, "--json", *map(str, options)], capture_output=True, text=True)
        if done.returncode and not patient:
            raise RuntimeError(f"wirewatch {command}: {done.stderr}")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def ask_path(self, path):
        """An answer of the API that has no command of its own."""
        return json.loads(subprocess.run(["curl", "-sS", "--unix-socket", str(API), f"http://localhost/api/v1/{path}"],
                                         check=True, capture_output=True, text=True).stdout)

    def page(self, command, *options, width=100):
        """What a person sees."""
        return subprocess.run([str(WIREWATCH), command, *map(str, options)], capture_output=True, text=True,
                              env={**os.environ, "COLUMNS": str(width)}).stdout

    def seen(self):
        """(packets, bytes, losses) of what the data plane has counted so far."""
        status = self.ask("status")
        losses = {name: count for port in status["ports"] for name, count in port.get("loss", {}).items()
                  if count and name in LOSSES}
        return status["capture"]["packets"], status["capture"]["bytes"], losses

    def wait_until_counted(self, packets, patience_s=40):
        """Counters are published once a second: until they account for `packets`, or until patience ends."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            seen, _, losses = self.seen()
            if seen + sum(losses.values()) >= packets:
                return
            time.sleep(0.3)

    def dataplane_pid(self):
        return self.ask("status")["dataplane"]["pid"]

    def memory_kib(self, pid):
        """Resident memory of a process, in KiB."""
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
