# SPDX-License-Identifier: BSD-3-Clause
"""What the lab's hosts run: servers of the recorded scenario and iperf3, and clients that use them until told to stop."""

import os
import subprocess
import threading

import clients
import servers
from clients import curl, dig, do, site, ssh
from network import HOSTS, RUN, in_host
from servers import PAYLOAD, TORRENT, WORK, Daemon

IPERF_PORT = 5201
# (host, name) of the scenario's daemons that run here too.
DAEMONS = {("web", "nginx"), ("web", "sshd"), ("updates", "nginx"), ("infra", "dnsmasq"), ("files", "sshd"),
           ("tracker", "opentracker"), ("seed", "aria2")}


def start_servers(logs):
    os.umask(0o022)
    WORK.mkdir()
    servers.prepare_web("web", servers.WEB_NAMES)
    servers.prepare_web("updates", ("updates.example.net",))
    servers.prepare_infra()
    servers.prepare_files_to_share()
    servers.prepare_ssh()
    servers.prepare_torrent()
    clients.prepare()
    wanted = [daemon for daemon in servers.daemons() if (daemon.host, daemon.name) in DAEMONS]
    wanted.append(Daemon("web", "iperf3", ["iperf3", "-s", "-p", IPERF_PORT], (("tcp", IPERF_PORT),)))
    servers.start(wanted, logs)


def iperf(seconds, *options):
    return do("iperf3", "-c", HOSTS["web"].ipv4, "-p", IPERF_PORT, "-t", seconds, *options, timeout_s=seconds + 10)


def everyday():
    """Steps of each client, over and over."""
    web = HOSTS["web"]
    return {
        "alice": [dig("www.example.com", "A"), site("https", "www.example.com"), site("http", "shop.example.com"), 0.3,
                  curl("-6", "https://api.example.net/status.json"), 0.2],
        "bob": [site("https", "shop.example.com"), ssh("files", "id; uname -s"), dig("api.example.net", "AAAA"),
                curl(f"http://{web.ipv4}:8081/", exit_code=7), 0.3],
        "carol": [site("https", "api.example.net"), curl("http://static.example.net/logo.png"), 0.5],
        "files": [curl("https://updates.example.net/patch.bin"), 1.0],
    }


def once():
    """Steps that are taken one time: a download, a measurement, and what nobody asked for."""
    return {
        "build": [do("transmission-cli", "--config-dir", RUN / "build" / "transmission", "--download-dir",
                     RUN / "build", "--finish", RUN / "build" / "finished", TORRENT, timeout_s=60),
                  do("cmp", RUN / "build" / PAYLOAD.name, PAYLOAD)],
        "alice": [1.0, iperf(3, "-b", "100M"), iperf(3, "-u", "-b", "50M")],
    }


class Repeating(clients.Story):
    """A story that begins again when it has ended, until it is told to stop."""

    def __init__(self, host, steps, logs, stop):
        super().__init__(host, steps, logs)
        self.stop = stop

    def run(self):
        with open(self.log_path, "wb", buffering=0) as log_file:
            while not self.stop.is_set():
                for step in self.steps:
                    if self.stop.is_set():
                        return
                    if isinstance(step, clients.Step):
                        self.take(step, log_file)
                    else:
                        self.stop.wait(step)


class Traffic:
    """Everybody at work. `failures` says what did not end as it should."""

    def __init__(self, logs):
        self.stopping = threading.Event()
        self.repeating = [Repeating(host, steps, logs, self.stopping) for host, steps in everyday().items()]
        self.single = []
        for host, steps in once().items():
            story = clients.Story(host, steps, logs)
            story.log_path = logs / f"{host}-once.log"
            self.single.append(story)
        for story in self.repeating + self.single:
            story.daemon = True
            story.start()

    def wait_for_single(self):
        for story in self.single:
            story.join()

    def stop(self):
        """Lets everybody finish what is under way."""
        self.stopping.set()
        for story in self.repeating + self.single:
            story.join()
        return [failure for story in self.repeating + self.single for failure in story.failures]


def on(host, *command, **options):
    """Runs a command on a host and returns what it said."""
    return subprocess.run(in_host(host, command), check=True, capture_output=True, text=True, **options).stdout
