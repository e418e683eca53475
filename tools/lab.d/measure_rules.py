# SPDX-License-Identifier: BSD-3-Clause
"""A rule swap every 100 ms for a minute, under load: does every flow keep its right name, does anything get lost, how long was a burst?"""

import http.client
import socket
import time

import hosts
import lab
import show
from network import RUN
from observer import API

SECONDS, EVERY_S = 60, 0.1
OWN = RUN / "own-rules"
# What the lab's servers speak, by transport and port; and what their flows may be called.
SPOKEN = {("tcp", 80): "http", ("tcp", 443): "tls", ("tcp", 22): "ssh", ("udp", 53): "dns", ("tcp", 53): "dns"}
FRAMES_OF_A_TALK = 3  # from the server: more than a handshake and its end


class OverUnixSocket(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(API))


def write_rules(number):
    """One of two rule sets that differ in a protocol nobody speaks; both are compiled once and then in the cache."""
    text = f"""schema = 1
[[protocol]]
name = "lab-{number % 2}"
category = "lab"
  [[protocol.sig]]
  id = "lab-{number % 2}.greeting"
  l4 = "tcp"
  dir = "client"
  regex = '^LAB{number % 2} NOBODY SAYS THIS'
  strength = "strong"
"""
    new = OWN / "lab.new"
    new.write_text(text)
    new.rename(OWN / "lab.toml")


def swap(connection):
    connection.request("POST", "/api/v1/rules/reload", headers={"Host": "localhost"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"the rules were not reloaded: {answer.status} {text.decode(errors='replace')}")


def generations(watching):
    """Rule sets the data plane has taken so far; control looks once a second."""
    time.sleep(1.5)
    return watching.ask("status")["rules"]["generations"]


def judge(flows):
    """Prints what the flows of known servers are called; whether all of them are right."""
    names, wrong, nameless = {}, [], []
    for flow in flows:
        spoken = SPOKEN.get((flow["transport"], flow["server"]["port"]))
        if spoken is None or flow["to_client"].get("packets", 0) <= FRAMES_OF_A_TALK and flow["transport"] == "tcp":
            continue
        name = flow.get("application")
        names[name] = names.get(name, 0) + 1
        if name is None:
            nameless.append(flow)
        elif name != spoken:
            wrong.append(flow)
    print(f"flows of the lab's servers: {names}; wrong: {len(wrong)}, without a name: {len(nameless)}")
    for flow in (wrong + nameless)[:5]:
        print(f"  {flow}")
    return bool(names) and not wrong and not nameless


def measure(source, logs):
    OWN.mkdir()
    for number in (0, 1):
        write_rules(number)
    watching = lab.open_lab(source, logs, control_options=f'operator_rules = "{OWN}"\nwatch_rules = false')
    connection = OverUnixSocket("localhost", timeout=30)
    for number in (0, 1):  # compiled now, and from here on in the cache
        write_rules(number)
        swap(connection)
    before = generations(watching)
    traffic = hosts.Traffic(logs)
    begin, swaps, longest = time.monotonic(), 0, 0.0
    while (now := time.monotonic()) < begin + SECONDS:
        write_rules(swaps)
        swap(connection)
        swaps += 1
        longest = max(longest, time.monotonic() - now)
        time.sleep(max(0.0, begin + swaps * EVERY_S - time.monotonic()))
    traffic.wait_for_single()
    failures = traffic.stop()
    for failure in failures:
        print(failure)
    taken = generations(watching) - before
    workers = watching.ask_path("loss")["workers"]
    print(f"{source}: {swaps} swaps in {SECONDS} s, {taken} taken by the data plane, the slowest in {longest * 1e3:.0f} ms; longest burst "
          f"{max(worker['longest_burst_ns'] for worker in workers) / 1e6:.2f} ms")
    right = judge(watching.ask("flows", "--top", 10_000)["flows"])
    return show.print_balance(watching) and right and taken >= swaps and not failures
