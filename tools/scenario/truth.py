# SPDX-License-Identifier: BSD-3-Clause
"""What the recording knows it ran: the application behind every server address and port.

A row names a flow when one of the flow's two ends is (address, port). Every TCP and UDP flow of the capture has exactly
one row; `uncovered` is the check. The application "-" means that no payload was exchanged, so there is nothing to name.
"""

import collections
import csv
import subprocess

from network import HOSTS

Row = collections.namedtuple("Row", "transport host port application note")

HEADER = """\
# Written by tools/record-scenario from what it ran. A row names a flow when one end of the flow is (address, port);
# every TCP and UDP flow of scenario.* has exactly one row. "-": no payload, no name.
"""

# `host` is a host's name, for both its addresses, or an address.
KNOWN = (
    Row("tcp", "desk", 3389, "rdp", "xrdp; FreeRDP, TLS or RDP security negotiated inside RDP"),
    Row("tcp", "files", 111, "sunrpc", "rpcbind asked by rpcinfo, showmount and mount.nfs"),
    Row("udp", "files", 111, "sunrpc", "rpcbind asked over UDP"),
    Row("tcp", "files", 2049, "sunrpc", "NFS (Ganesha): libnfs and the mount try"),
    Row("udp", "files", 2049, "sunrpc", "NFS null calls"),
    Row("tcp", "files", 20048, "sunrpc", "the NFS mount protocol"),
    Row("udp", "files", 20048, "sunrpc", "the NFS mount protocol"),
    Row("tcp", "files", 445, "smb", "Samba and smbclient, SMB 2 and 3"),
    Row("tcp", "files", 139, "smb", "SMB over the NetBIOS session service"),
    Row("udp", "files", 137, "netbios", "NetBIOS name service: nmblookup asks nmbd"),
    Row("udp", "10.20.0.255", 138, "netbios", "NetBIOS datagram service: nmbd announces itself"),
    Row("tcp", "web", 80, "http", "nginx"),
    Row("tcp", "web", 443, "tls", "nginx; server names under example.com and example.net"),
    Row("tcp", "web", 8081, "-", "refused: nothing listens there"),
    Row("tcp", "web", 8444, "-", "unanswered: lost on the way"),
    Row("udp", "web", 514, "syslog", "nothing listens there: answered with ICMP port unreachable"),
    Row("tcp", "web", 22, "ssh", "OpenSSH"),
    Row("tcp", "files", 22, "ssh", "OpenSSH"),
    Row("udp", "infra", 53, "dns", "dnsmasq"),
    Row("tcp", "infra", 53, "dns", "dnsmasq over TCP"),
    Row("udp", "255.255.255.255", 67, "dhcp", "the kiosk's broadcasts"),
    Row("udp", "infra", 67, "dhcp", "dnsmasq's answers"),
    Row("udp", "ff02::1:2", 547, "dhcpv6", "the kiosk's multicasts"),
    Row("udp", HOSTS["infra"].link_local, 547, "dhcpv6", "dnsmasq's answers"),
    Row("udp", "infra", 123, "ntp", "chronyd"),
    Row("tcp", "infra", 389, "ldap", "OpenLDAP"),
    Row("udp", "infra", 514, "syslog", "logger to rsyslogd"),
    Row("tcp", "infra", 514, "syslog", "logger to rsyslogd, framed with octet counts"),
    Row("tcp", "data", 5432, "postgresql", "psql"),
    Row("tcp", "data", 6379, "redis", "redis-cli"),
    Row("tcp", "data", 1883, "mqtt", "Mosquitto"),
    Row("tcp", "data", 25, "smtp", "swaks to aiosmtpd"),
    Row("udp", "data", 161, "snmp", "net-snmp, versions 1, 2c and 3"),
    Row("tcp", "updates", 443, "tls", "nginx, far away"),
    Row("tcp", "tracker", 6969, "bittorrent", "Transmission asks opentracker over HTTP: GET /announce; category p2p"),
    Row("udp", "tracker", 6969, "bittorrent", "the UDP tracker protocol"),
    Row("tcp", "seed", 6881, "bittorrent", "peer protocol, Transmission to aria2, not encrypted"),
    Row("udp", "seed", 6881, "bittorrent", "DHT between the two peers"),
    Row("tcp", "build", 51413, "bittorrent", "peer protocol, aria2 to Transmission"),
    Row("udp", "239.192.152.143", 6771, "bittorrent", "local peer discovery"),
)


def expand(known=KNOWN):
    """(transport, address, port, application, note) for every row and address of its host."""
    for row in known:
        host = HOSTS.get(row.host)
        addresses = [row.host] if host is None else [host.ipv4, host.ipv6]
        for address in addresses:
            yield row.transport, address, str(row.port), row.application, row.note


def conversations(capture, transport):
    """The (address, port, address, port) of tshark's conversations; `transport` is tcp or udp."""
    table = subprocess.run(["tshark", "-n", "-r", capture, "-q", "-z", f"conv,{transport}"],
                           check=True, capture_output=True, text=True).stdout
    for line in table.splitlines():
        words = line.split()
        if len(words) > 3 and words[1] == "<->":
            yield (*words[0].rsplit(":", 1), *words[2].rsplit(":", 1))


def look_up(capture):
    """Splits the capture's flows by how many rows name them: ({row: flows}, [with none], [with several])."""
    rows = {row[:3]: row for row in expand()}
    used, uncovered, ambiguous = collections.Counter(), [], []
    for transport in ("tcp", "udp"):
        for address_a, port_a, address_b, port_b in conversations(capture, transport):
            keys = {(transport, address_a, port_a), (transport, address_b, port_b)} & rows.keys()
            flow = f"{transport} {address_a}:{port_a} <-> {address_b}:{port_b}"
            if len(keys) == 1:
                used[keys.pop()] += 1
            else:
                (ambiguous if keys else uncovered).append(flow)
    return used, uncovered, ambiguous


def silent(capture):
    """TCP connections that should have an application and carry no payload."""
    nameless = {row[:3] for row in expand() if row[3] == "-"}
    streams, talking = {}, set()
    fields = ("tcp.stream", "tcp.len", "ip.dst", "ipv6.dst", "tcp.dstport")
    lines = subprocess.run(["tshark", "-n", "-r", capture, "-Y", "tcp && !icmp && !icmpv6", "-T", "fields",
                            *(word for field in fields for word in ("-e", field))],
                           check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        stream, length, ipv4, ipv6, port = line.split("\t")
        streams.setdefault(stream, (ipv4 or ipv6, port))  # the first packet goes to the server
        if int(length):
            talking.add(stream)
    return [f"tcp {address}:{port}, stream {stream}" for stream, (address, port) in streams.items()
            if stream not in talking and ("tcp", address, port) not in nameless]


def write(path, used):
    """Writes the rows that name at least one flow."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        file.write(HEADER)
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(("transport", "address", "port", "application", "note"))
        table.writerows(row for row in expand() if row[:3] in used)
