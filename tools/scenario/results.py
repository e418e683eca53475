# SPDX-License-Identifier: BSD-3-Clause
"""The mirror point's recorder, the three files made of what it saw, and what tshark says about them."""

import os
import pathlib
import subprocess
import time

from network import MIRROR, ROUTER, RUN, run

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
LARGEST_BYTES = 3_000_000

# What a capture without one of these would be poorer for: a display filter, and why it is here.
MUST_HOLD = {
    "bittorrent": "BitTorrent's peer protocol",
    "tcp.payload contains \"\\x13BitTorrent protocol\"": "BitTorrent's handshake, in the clear",
    "bt-dht": "BitTorrent's DHT",
    "http.request.uri contains \"/announce\"": "the announcement to the tracker",
    "tpkt": "RDP's negotiation",
    "rdp": "RDP",
    "portmap": "rpcbind",
    "mount": "the NFS mount protocol",
    "nfs": "NFS",
    "smb2": "SMB 2",
    "nbns": "NetBIOS names",
    "tls.handshake.extensions_server_name": "TLS server names",
    "http": "HTTP",
    "dns": "DNS",
    "ssh": "SSH",
    "ntp": "NTP",
    "dhcp": "DHCP",
    "dhcpv6": "DHCPv6",
    "icmp.type == 3": "port unreachable",
    "tcp.flags.reset == 1 && tcp.srcport == 8081": "a refused port",
    "tcp.flags.syn == 1 && tcp.dstport == 8444 && tcp.analysis.retransmission": "an unanswered port",
    "tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.analysis.retransmission && tcp.port != 8444": "a lost SYN",
    "tcp.flags.syn == 1 && tcp.flags.ack == 1 && tcp.analysis.retransmission": "a lost SYN,ACK",
    "ipv6 && tcp": "TCP over IPv6",
}


class Recorder:
    """dumpcap at the mirror point: full frames, nanoseconds."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", ROUTER, "dumpcap", "-q", "-i", MIRROR, "-s", "0", "-w", str(path)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("File:"):
                return
        raise RuntimeError("dumpcap did not start")

    def stop(self):
        time.sleep(0.3)  # what is still on the way arrives
        self.process.terminate()
        _, words = self.process.communicate()
        if "Packets received/dropped on interface" in words and "/0 (" not in words:
            raise RuntimeError(f"dumpcap dropped packets:\n{words}")


def convert(recorded, directory):
    """scenario.cap (pcap, us), scenario.pcapng (ns) and scenario.netmon.cap (NetMon 2.x) from the recording."""
    # By way of nanosecond pcap: the recording's section header names this machine's kernel and processor.
    plain = recorded.with_suffix(".nsec.pcap")
    run("editcap", "-F", "nsecpcap", str(recorded), str(plain))
    comment = "Wirewatch's bundled scenario, recorded by tools/record-scenario"
    run("editcap", "-F", "pcapng", "--capture-comment", comment, str(plain), str(directory / "scenario.pcapng"))
    run("editcap", "-F", "pcap", str(plain), str(directory / "scenario.cap"))
    # NetMon counts microseconds too: from the .cap, so that the two agree in every timestamp.
    run("editcap", "-F", "netmon2", str(directory / "scenario.cap"), str(directory / "scenario.netmon.cap"))
    return [directory / name for name in ("scenario.cap", "scenario.pcapng", "scenario.netmon.cap")]


def tshark(capture, *arguments):
    return run("tshark", "-n", "-r", str(capture), *arguments, capture_output=True, text=True).stdout


def fingerprints(capture):
    """What identifies every packet, in order: its length and its bytes' hash, as tshark reads them back."""
    return tshark(capture, "-o", "frame.generate_md5_hash:TRUE", "-T", "fields", "-e", "frame.len", "-e",
                  "frame.md5_hash")


def complaints(files):
    """What is wrong with the finished files, as sentences."""
    packets = {path: fingerprints(path) for path in files}
    found = [f"{path.name} holds other packets than {files[0].name}" for path in files
             if packets[path] != packets[files[0]]]
    # Programs like to tell where they run: the kernel's release, the checkout, the scenario's own directory.
    content = files[0].read_bytes()
    found += [f"the capture gives away {word!r}" for word in (os.uname().release, str(CHECKOUT), str(RUN))
              if word.encode() in content]
    found += [f"{path.name} is larger than {LARGEST_BYTES} bytes" for path in files
              if path.stat().st_size > LARGEST_BYTES]
    found += [f"no packet matches {display_filter!r}: {what} is missing" for display_filter, what in MUST_HOLD.items()
              if not tshark(files[1], "-Y", display_filter)]
    return found


def summarise(capture, path):
    """Writes tshark's own view of the capture, each part under the command that made it."""
    handshakes = ("tcp.flags.syn==1 && tcp.flags.ack==1", "-T", "fields", "-E", "header=y", "-e", "frame.number")
    ports = ("-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "tcp.analysis.ack_rtt")
    parts = [("-q", "-z", "io,phs"), ("-q", "-z", "dests,tree"), ("-q", "-z", "ipv6_dests,tree"),
             ("-Y", "ip && " + handshakes[0], *handshakes[1:], "-e", "ip.src", "-e", "ip.dst", *ports),
             ("-Y", "ipv6 && " + handshakes[0], *handshakes[1:], "-e", "ipv6.src", "-e", "ipv6.dst", *ports)]
    with open(path, "w", encoding="utf-8") as file:
        for part in parts:
            words = " ".join(f"'{word}'" if " " in word else word for word in part)
            file.write(f"$ tshark -n -r {capture.name} {words}\n{tshark(capture, *part).strip()}\n\n")
