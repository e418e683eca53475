# SPDX-License-Identifier: BSD-3-Clause
"""The scenario's hosts, and the namespaces, bridges and delayed links between them.

        servers 10.20.0.0/24 ----- [ br-servers | router | br-clients ] ----- clients 10.30.0.0/24
                                         ^             [ br-outside ]  ----- outside 203.0.113.0/24
                                    the mirror point

Every host has a network namespace and its own delay (delay_path.py). The router is the namespace `router`; the
capture is taken on its bridge in the server subnet, so each frame is seen once, between the host that sent it and the
delay of the host that gets it.
"""

import dataclasses
import ipaddress
import pathlib
import subprocess
import sys

ROUTER = "router"
MIRROR = "br-servers"
RUN = pathlib.Path("/run/scenario")  # in the recording's own /run
PARTS = RUN / "parts"  # this directory


@dataclasses.dataclass(frozen=True)
class Segment:
    bridge: str
    ipv4: ipaddress.IPv4Network
    ipv6: ipaddress.IPv6Network


SEGMENTS = {
    "servers": Segment(MIRROR, ipaddress.ip_network("10.20.0.0/24"), ipaddress.ip_network("2001:db8:20::/64")),
    "clients": Segment("br-clients", ipaddress.ip_network("10.30.0.0/24"), ipaddress.ip_network("2001:db8:30::/64")),
    "outside": Segment("br-outside", ipaddress.ip_network("203.0.113.0/24"), ipaddress.ip_network("2001:db8:ff::/64")),
}


@dataclasses.dataclass(frozen=True)
class Host:
    """One machine. Its number is the last part of its IPv4, its IPv6 and its MAC address."""

    name: str
    segment: str
    number: int
    round_trip_ms: float
    role: str
    prefers_ipv4: bool = False
    has_address: bool = True  # False: it asks DHCP

    @property
    def jitter_ms(self):
        return self.round_trip_ms / 10

    @property
    def ipv4(self):
        return str(SEGMENTS[self.segment].ipv4[self.number])

    @property
    def ipv6(self):
        # .30 is ::30, so that both addresses of a host read alike.
        return str(SEGMENTS[self.segment].ipv6[int(str(self.number), 16)])

    @property
    def mac(self):
        return "02:00:" + ":".join(f"{octet:02x}" for octet in ipaddress.ip_address(self.ipv4).packed)

    @property
    def link_local(self):
        """The modified EUI-64 address (RFC 4291, appendix A) the kernel makes of `mac`."""
        octets = [int(octet, 16) for octet in self.mac.split(":")]
        eui64 = [octets[0] ^ 2, octets[1], octets[2], 0xFF, 0xFE, *octets[3:]]
        return str(ipaddress.IPv6Address(bytes([0xFE, 0x80, 0, 0, 0, 0, 0, 0, *eui64])))


HOSTS = {host.name: host for host in (
    Host("desk", "servers", 10, 12, "remote desktop"),
    Host("files", "servers", 20, 5, "files: SMB, NFS, rpcbind"),
    Host("web", "servers", 30, 3, "web server"),
    Host("infra", "servers", 40, 1, "DNS, DHCP, NTP, LDAP, syslog"),
    Host("data", "servers", 50, 7, "databases, mail, messages, SNMP"),
    Host("build", "servers", 60, 2, "the one that runs BitTorrent", prefers_ipv4=True),
    Host("kiosk", "servers", 150, 4, "has its address from DHCP", has_address=False),
    Host("alice", "clients", 11, 2, "client nearby"),
    Host("bob", "clients", 12, 8, "client in the next building", prefers_ipv4=True),
    Host("carol", "clients", 13, 25, "client at home", prefers_ipv4=True),
    Host("dave", "clients", 14, 40, "client on the road", prefers_ipv4=True),
    Host("seed", "outside", 7, 35, "BitTorrent peer"),
    Host("updates", "outside", 20, 48, "download site"),
    Host("tracker", "outside", 80, 18, "BitTorrent tracker"),
)}

# What gets lost on the way, in delay_path.py's words. 8444 is the port that never answers.
LOSSES = (
    "web:syn:443:2,7",
    "desk:syn:3389:2",
    "files:syn:445:2",
    "web:syn:80:12",
    "carol:syn-ack:80:1",
    "web:syn:8444:all",
)


def run(*command, **options):
    return subprocess.run(command, check=True, **options)


def ip(*arguments):
    run("ip", *arguments)


def in_host(name, command):
    """The command line that runs `command` on a host: in its network namespace, under its own host name."""
    wear_name = 'hostname "$0" && exec "$@"'
    return ["ip", "netns", "exec", name, "unshare", "--uts", "sh", "-c", wear_name, name, *map(str, command)]


def set_sysctl(namespace, **values):
    for key, value in values.items():
        path = pathlib.Path("/proc/sys/net") / key.replace("__", "/")
        run("ip", "netns", "exec", namespace, "sh", "-c", f"echo {value} > {path}")


def make_namespace(name):
    ip("netns", "add", name)
    ip("-n", name, "link", "set", "lo", "up")
    # No duplicate address detection, no router solicitations: the hosts are quiet until they are asked to speak.
    set_sysctl(name, ipv6__conf__all__accept_dad=0, ipv6__conf__default__accept_dad=0,
               ipv6__conf__all__accept_ra=0, ipv6__conf__default__accept_ra=0,
               ipv6__conf__all__router_solicitations=0, ipv6__conf__default__router_solicitations=0)


def make_router():
    make_namespace(ROUTER)
    set_sysctl(ROUTER, ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
    for segment in SEGMENTS.values():
        router = Host("router", next(n for n, s in SEGMENTS.items() if s is segment), 1, 0, "router")
        ip("-n", ROUTER, "link", "add", segment.bridge, "address", router.mac, "type", "bridge", "mcast_snooping", "0")
        for address in (f"{router.ipv4}/24", f"{router.ipv6}/64"):
            ip("-n", ROUTER, "address", "add", address, "dev", segment.bridge)
        ip("-n", ROUTER, "link", "set", segment.bridge, "up")


def start_delay_path():
    options = [f"--host={host.name}={host.round_trip_ms},{host.jitter_ms}" for host in HOSTS.values()]
    options += [f"--lose={loss}" for loss in LOSSES]
    path = subprocess.Popen(["ip", "netns", "exec", ROUTER, sys.executable, str(PARTS / "delay_path.py"), *options],
                            stdout=subprocess.PIPE, text=True)
    if path.stdout.readline() != "ready\n":
        raise RuntimeError("delay_path.py did not start")


def plug_in(host):
    """Moves the far end of a host's path into its namespace and gives it its addresses."""
    segment = SEGMENTS[host.segment]
    make_namespace(host.name)
    ip("-n", ROUTER, "link", "set", f"sw-{host.name}", "master", segment.bridge, "up")
    ip("-n", ROUTER, "link", "set", f"e-{host.name}", "netns", host.name, "name", "eth0", "address", host.mac)
    ip("-n", host.name, "link", "set", "eth0", "up")
    if host.has_address:
        ip("-n", host.name, "address", "add", f"{host.ipv4}/24", "brd", "+", "dev", "eth0")
        ip("-n", host.name, "address", "add", f"{host.ipv6}/64", "dev", "eth0")
        ip("-n", host.name, "route", "add", "default", "via", str(segment.ipv4[1]))
        ip("-n", host.name, "route", "add", "default", "via", str(segment.ipv6[1]))


def name_resolution(host):
    """`ip netns exec` shows these files as the host's own /etc/resolv.conf, /etc/hosts and /etc/gai.conf."""
    directory = pathlib.Path("/etc/netns") / host.name
    directory.mkdir(parents=True)
    (directory / "resolv.conf").write_text(f"nameserver {HOSTS['infra'].ipv4}\noptions timeout:2 attempts:2\n")
    if host.prefers_ipv4:
        (directory / "gai.conf").write_text("precedence ::ffff:0:0/96 100\n")  # gai.conf(5): IPv4 before IPv6
    (directory / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {host.name}.example.com {host.name}\n")


def meet_neighbours():
    """Lets the router resolve everyone's link-layer address: no first round trip in the capture counts ARP in."""
    pings = [subprocess.Popen(["ip", "netns", "exec", ROUTER, "ping", "-q", "-c", "1", "-W", "2", address],
                              stdout=subprocess.DEVNULL)
             for host in HOSTS.values() if host.has_address for address in (host.ipv4, host.ipv6)]
    unreached = sum(ping.wait() != 0 for ping in pings)
    if unreached:
        raise RuntimeError(f"{unreached} of {len(pings)} addresses do not answer the router")


def build():
    make_router()
    start_delay_path()
    for host in HOSTS.values():
        plug_in(host)
        name_resolution(host)
    meet_neighbours()
