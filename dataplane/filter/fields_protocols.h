// SPDX-License-Identifier: BSD-3-Clause
// Protocols that are known by name only: the parser finds them in a frame, and nobody filters by what is in them.
#pragma once

#include <array>

#include "dataplane/filter/field_spec.h"

namespace wirewatch::filter {

inline constexpr std::array kProtocolFields{
    protocol("null", Protocol::Null, "BSD loopback"),
    protocol("raw", Protocol::Raw, "IP without a link layer"),
    protocol("chdlc", Protocol::Chdlc, "Cisco HDLC"),
    protocol("fr", Protocol::FrameRelay, "Frame relay"),
    protocol("wlan", Protocol::Wlan, "IEEE 802.11"),
    protocol("radiotap", Protocol::Radiotap, "IEEE 802.11 radio header"),
    protocol("ieee8021ah", Protocol::Ieee8021ah, "IEEE 802.1ah provider bridge"),
    protocol("etag", Protocol::Etag, "IEEE 802.1BR tag"),
    protocol("vntag", Protocol::Vntag, "Virtual interface tag"),
    protocol("macsec", Protocol::Macsec, "IEEE 802.1AE"),
    protocol("nsh", Protocol::Nsh, "Network service header"),
    protocol("pwethcw", Protocol::PwEthControlWord, "Ethernet pseudowire"),
    protocol("rarp", Protocol::Rarp, "Reverse address resolution"),
    protocol("lldp", Protocol::Lldp, "Link layer discovery"),
    protocol("slow", Protocol::Slow, "IEEE 802.3 slow protocols"),
    protocol("lacp", Protocol::Lacp, "Link aggregation control"),
    protocol("eapol", Protocol::Eapol, "IEEE 802.1X"),
    protocol("stp", Protocol::Stp, "Spanning tree"),
    protocol("cdp", Protocol::Cdp, "Cisco discovery"),
    protocol("loop", Protocol::Loop, "Ethernet loopback"),
    protocol("cfm", Protocol::Cfm, "Connectivity fault management"),
    protocol("ptp", Protocol::Ptp, "Precision time"),
    protocol("goose", Protocol::Goose, "IEC 61850 events"),
    protocol("sv", Protocol::SampledValues, "IEC 61850 samples"),
    protocol("pn_rt", Protocol::Profinet, "PROFINET real time"),
    protocol("ecat", Protocol::Ethercat, "EtherCAT"),
    protocol("isis", Protocol::Isis, "Intermediate system routing"),
    protocol("osi", Protocol::Osi, "OSI network layer"),
    protocol("ipx", Protocol::Ipx, "Novell network layer"),
    protocol("wol", Protocol::WakeOnLan, "Wake on LAN"),
    protocol("ospf", Protocol::Ospf, "Open shortest path first"),
    protocol("vrrp", Protocol::Vrrp, "Virtual router redundancy"),
    protocol("pim", Protocol::Pim, "Multicast routing"),
    protocol("eigrp", Protocol::Eigrp, "Enhanced interior gateway routing"),
    protocol("rsvp", Protocol::Rsvp, "Resource reservation"),
    protocol("pgm", Protocol::Pgm, "Reliable multicast"),
    protocol("mipv6", Protocol::Mipv6, "Mobile IPv6"),
    protocol("hip", Protocol::Hip, "Host identity"),
    protocol("ipcomp", Protocol::Ipcomp, "IP payload compression"),
    protocol("dvmrp", Protocol::Dvmrp, "Distance vector multicast routing"),
    protocol("udplite", Protocol::UdpLite, "UDP with partial checksum"),
    protocol("dccp", Protocol::Dccp, "Datagram congestion control"),
    protocol("ayiya", Protocol::Ayiya, "Anything in anything"),
};

}  // namespace wirewatch::filter
