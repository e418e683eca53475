# SPDX-License-Identifier: BSD-3-Clause
"""The lab's network: hosts of the recorded scenario around a router, and a network tap before the servers.

    clients 10.30.0.0/24 --- [ br-clients |        |              tap               | switch ] --- servers 10.20.0.0/24
    outside 203.0.113.0/24 - [ br-outside | router | lan ===[ hub ]=== uplink       |        ]
                                                              |
                                                           mirror0   in the namespace `watch`: what Wirewatch sees

The hub is a bridge that learns nothing: each frame that passes in either direction comes out at mirror0 once, whole, in
the order in which it passed. Nothing on mirror0 ever goes back, so its receive counters are the truth about what is to
be seen. All interfaces have their offloads off: what is on them is what a wire would carry.

With `inline` Wirewatch takes the hub's place, a bump in the wire between its interfaces `west` and `east`: what is sent
between router and switch gets through only because the data plane forwards it.
"""

import dataclasses
import json
import subprocess
import sys
import time

import network
from network import HOSTS, ROUTER, SEGMENTS, Host, ip, run

TAP, SWITCH, WATCH, MIRROR = "tap", "switch", "watch", "mirror0"
INLINE = ("west", "east")
# Round trips in ms; those without a delay hang on plain cables, fast enough for iperf3.
MEMBERS = {"web": 0, "infra": 0, "files": 0, "build": 0, "alice": 0, "bob": 8, "carol": 25, "seed": 35, "updates": 48,
           "tracker": 18}


def members():
    return [dataclasses.replace(HOSTS[name], round_trip_ms=delay) for name, delay in MEMBERS.items()]


def quiet(namespace, interface):
    """No offloads, and nothing said of its own accord."""
    run("ip", "netns", "exec", namespace, "ethtool", "-K", interface, "tso", "off", "gso", "off", "gro", "off", "tx",
        "off", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def cable(one, one_name, other, other_name, mac=None, up=True):
    """A cable between two namespaces, both ends up, or only the one in `watch`."""
    address = ("address", mac) if mac else ()
    ip("-n", one, "link", "add", one_name, "type", "veth", "peer", "name", other_name, *address, "netns", other)
    for namespace, name in ((one, one_name), (other, other_name)):
        quiet(namespace, name)
        if up or namespace == WATCH:
            ip("-n", namespace, "link", "set", name, "up")


def bridge(namespace, name, *options):
    ip("-n", namespace, "link", "add", name, "type", "bridge", "mcast_snooping", "0", *options)
    ip("-n", namespace, "link", "set", name, "up")


def plug(namespace, interface, into, up=True):
    network.set_sysctl(namespace, **{f"ipv6__conf__{interface}__disable_ipv6": 1})  # those of TAPs were made elsewhere
    ip("-n", namespace, "link", "set", interface, "master", into, *(["up"] if up else []))


def router_interface(segment):
    return "lan" if segment == "servers" else SEGMENTS[segment].bridge


def make_router(inline):
    network.make_namespace(ROUTER)
    network.set_sysctl(ROUTER, ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
    for name in (TAP, SWITCH, WATCH):
        network.make_namespace(name)
        # Ports of switches have no address of their own, and do not ask for one.
        network.set_sysctl(name, ipv6__conf__all__disable_ipv6=1, ipv6__conf__default__disable_ipv6=1)
    bridge(SWITCH, SEGMENTS["servers"].bridge)
    if inline:
        cable(ROUTER, "lan", WATCH, "west", up=False)
        cable(WATCH, "east", SWITCH, "uplink", up=False)
    else:
        bridge(TAP, "hub", "ageing_time", "0")
        cable(ROUTER, "lan", TAP, "to-router")
        cable(TAP, "to-switch", SWITCH, "uplink")
        cable(WATCH, MIRROR, TAP, "to-mirror")
        plug(TAP, "to-router", "hub")
        plug(TAP, "to-switch", "hub")
    plug(SWITCH, "uplink", SEGMENTS["servers"].bridge, up=not inline)
    for name, segment in SEGMENTS.items():
        router = Host("router", name, 1, 0, "router")
        interface = router_interface(name)
        if name != "servers":
            ip("-n", ROUTER, "link", "add", interface, "type", "bridge", "mcast_snooping", "0")
        ip("-n", ROUTER, "link", "set", interface, "address", router.mac, *([] if inline and name == "servers" else ["up"]))
        for address in (f"{router.ipv4}/24", f"{router.ipv6}/64"):
            ip("-n", ROUTER, "address", "add", address, "dev", interface)


def open_inline():
    """Plugs in both ends of the bump in the wire: what its interfaces receive from now on is what it sees."""
    for namespace, interface in ((SWITCH, "uplink"), (ROUTER, "lan")):
        ip("-n", namespace, "link", "set", interface, "up")


def open_mirror():
    """From now on mirror0 sees what passes; before, it was a cable with a loose end."""
    plug(TAP, "to-mirror", "hub")


def close_mirror():
    """From now on nothing reaches mirror0, so that counters can be compared at leisure."""
    ip("-n", TAP, "link", "set", "to-mirror", "nomaster")


def start_delay_path(hosts):
    options = [f"--host={host.name}={host.round_trip_ms},{host.jitter_ms}" for host in hosts]
    path = subprocess.Popen(["ip", "netns", "exec", ROUTER, sys.executable, str(network.PARTS / "delay_path.py"),
                             *options], stdout=subprocess.PIPE, text=True)
    if path.stdout.readline() != "ready\n":
        raise RuntimeError("delay_path.py did not start")


def plug_in(host):
    network.make_namespace(host.name)
    on_switch = host.segment == "servers"
    where = SWITCH if on_switch else ROUTER
    port, into = f"sw-{host.name}", SEGMENTS[host.segment].bridge
    if host.round_trip_ms:
        if on_switch:
            ip("-n", ROUTER, "link", "set", port, "netns", SWITCH)
        ip("-n", ROUTER, "link", "set", f"e-{host.name}", "netns", host.name, "name", "eth0", "address", host.mac)
        ip("-n", host.name, "link", "set", "eth0", "up")
    else:
        cable(where, port, host.name, "eth0", host.mac)
    plug(where, port, into)
    ip("-n", host.name, "address", "add", f"{host.ipv4}/24", "brd", "+", "dev", "eth0")
    ip("-n", host.name, "address", "add", f"{host.ipv6}/64", "dev", "eth0")
    ip("-n", host.name, "route", "add", "default", "via", str(SEGMENTS[host.segment].ipv4[1]))
    ip("-n", host.name, "route", "add", "default", "via", str(SEGMENTS[host.segment].ipv6[1]))
    network.name_resolution(host)


def meet_neighbours():
    """Lets the router resolve everyone's link-layer address: no first round trip that is measured counts ARP in."""
    hosts = members()
    pings = [subprocess.Popen(["ip", "netns", "exec", ROUTER, "ping", "-q", "-c", "1", "-W", "2", address],
                              stdout=subprocess.DEVNULL) for host in hosts for address in (host.ipv4, host.ipv6)]
    unreached = sum(ping.wait() != 0 for ping in pings)
    if unreached:
        raise RuntimeError(f"{unreached} of {len(pings)} addresses do not answer the router")


def build(inline=False):
    """All cables; nobody has spoken yet."""
    make_router(inline)
    hosts = members()
    start_delay_path([host for host in hosts if host.round_trip_ms])
    for host in hosts:
        plug_in(host)


def received(interfaces=(MIRROR,)):
    """(frames, bytes) that these interfaces of Wirewatch have received, by their own counters."""
    frames = size = 0
    for interface in interfaces:
        answer = subprocess.run(["ip", "-n", WATCH, "-j", "-s", "link", "show", interface], check=True,
                                capture_output=True, text=True).stdout
        counters = json.loads(answer)[0]["stats64"]["rx"]
        frames, size = frames + counters["packets"], size + counters["bytes"]
    return frames, size


def wait_until_quiet(interfaces=(MIRROR,), patience_s=10):
    """Until nothing has passed for a second."""
    before, deadline = received(interfaces), time.monotonic() + patience_s
    while time.monotonic() < deadline:
        time.sleep(1)
        now = received(interfaces)
        if now == before:
            return
        before = now

