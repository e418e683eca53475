// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/link_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string>

namespace wirewatch {
namespace {

struct LinkTypeName {
  uint16_t value;
  std::string_view name;
};

// Sorted by value, for the binary search.
constexpr std::array kLinkTypeNames{
    LinkTypeName{0, "NULL"},
    LinkTypeName{1, "EN10MB"},
    LinkTypeName{2, "EN3MB"},
    LinkTypeName{3, "AX25"},
    LinkTypeName{4, "PRONET"},
    LinkTypeName{5, "CHAOS"},
    LinkTypeName{6, "IEEE802"},
    LinkTypeName{7, "ARCNET"},
    LinkTypeName{8, "SLIP"},
    LinkTypeName{9, "PPP"},
    LinkTypeName{10, "FDDI"},
    LinkTypeName{11, "ATM_RFC1483"},
    LinkTypeName{12, "RAW"},
    LinkTypeName{13, "ENC"},
    LinkTypeName{50, "PPP_SERIAL"},
    LinkTypeName{51, "PPP_ETHER"},
    LinkTypeName{99, "SYMANTEC_FIREWALL"},
    LinkTypeName{100, "ATM_RFC1483"},
    LinkTypeName{101, "RAW"},
    LinkTypeName{102, "SLIP_BSDOS"},
    LinkTypeName{103, "PPP_BSDOS"},
    LinkTypeName{104, "C_HDLC"},
    LinkTypeName{105, "IEEE802_11"},
    LinkTypeName{106, "ATM_CLIP"},
    LinkTypeName{107, "FRELAY"},
    LinkTypeName{108, "LOOP"},
    LinkTypeName{109, "ENC"},
    LinkTypeName{113, "LINUX_SLL"},
    LinkTypeName{114, "LTALK"},
    LinkTypeName{115, "ECONET"},
    LinkTypeName{116, "IPFILTER"},
    LinkTypeName{117, "PFLOG"},
    LinkTypeName{118, "CISCO_IOS"},
    LinkTypeName{119, "PRISM_HEADER"},
    LinkTypeName{120, "AIRONET_HEADER"},
    LinkTypeName{121, "PFSYNC"},
    LinkTypeName{122, "IP_OVER_FC"},
    LinkTypeName{123, "SUNATM"},
    LinkTypeName{127, "IEEE802_11_RADIO"},
    LinkTypeName{129, "ARCNET_LINUX"},
    LinkTypeName{130, "JUNIPER_MLPPP"},
    LinkTypeName{131, "JUNIPER_MLFR"},
    LinkTypeName{132, "JUNIPER_ES"},
    LinkTypeName{133, "JUNIPER_GGSN"},
    LinkTypeName{134, "JUNIPER_MFR"},
    LinkTypeName{135, "JUNIPER_ATM2"},
    LinkTypeName{136, "JUNIPER_SERVICES"},
    LinkTypeName{137, "JUNIPER_ATM1"},
    LinkTypeName{138, "APPLE_IP_OVER_IEEE1394"},
    LinkTypeName{139, "MTP2_WITH_PHDR"},
    LinkTypeName{140, "MTP2"},
    LinkTypeName{141, "MTP3"},
    LinkTypeName{142, "SCCP"},
    LinkTypeName{143, "DOCSIS"},
    LinkTypeName{144, "LINUX_IRDA"},
    LinkTypeName{147, "USER0"},
    LinkTypeName{148, "USER1"},
    LinkTypeName{149, "USER2"},
    LinkTypeName{150, "USER3"},
    LinkTypeName{151, "USER4"},
    LinkTypeName{152, "USER5"},
    LinkTypeName{153, "USER6"},
    LinkTypeName{154, "USER7"},
    LinkTypeName{155, "USER8"},
    LinkTypeName{156, "USER9"},
    LinkTypeName{157, "USER10"},
    LinkTypeName{158, "USER11"},
    LinkTypeName{159, "USER12"},
    LinkTypeName{160, "USER13"},
    LinkTypeName{161, "USER14"},
    LinkTypeName{162, "USER15"},
    LinkTypeName{163, "IEEE802_11_RADIO_AVS"},
    LinkTypeName{165, "BACNET_MS_TP"},
    LinkTypeName{166, "PPP_PPPD"},
    LinkTypeName{167, "JUNIPER_PPPOE"},
    LinkTypeName{168, "JUNIPER_PPPOE_ATM"},
    LinkTypeName{169, "GPRS_LLC"},
    LinkTypeName{170, "GPF_T"},
    LinkTypeName{171, "GPF_F"},
    LinkTypeName{177, "LINUX_LAPD"},
    LinkTypeName{178, "JUNIPER_ETHER"},
    LinkTypeName{179, "JUNIPER_PPP"},
    LinkTypeName{180, "JUNIPER_FRELAY"},
    LinkTypeName{181, "JUNIPER_CHDLC"},
    LinkTypeName{187, "BLUETOOTH_HCI_H4"},
    LinkTypeName{189, "USB_LINUX"},
    LinkTypeName{192, "PPI"},
    LinkTypeName{195, "IEEE802_15_4_WITHFCS"},
    LinkTypeName{197, "ERF"},
    LinkTypeName{201, "BLUETOOTH_HCI_H4_WITH_PHDR"},
    LinkTypeName{202, "AX25_KISS"},
    LinkTypeName{203, "LAPD"},
    LinkTypeName{204, "PPP_WITH_DIR"},
    LinkTypeName{205, "C_HDLC_WITH_DIR"},
    LinkTypeName{206, "FRELAY_WITH_DIR"},
    LinkTypeName{209, "IPMB_LINUX"},
    LinkTypeName{215, "IEEE802_15_4_NONASK_PHY"},
    LinkTypeName{220, "USB_LINUX_MMAPPED"},
    LinkTypeName{224, "FC_2"},
    LinkTypeName{225, "FC_2_WITH_FRAME_DELIMS"},
    LinkTypeName{226, "IPNET"},
    LinkTypeName{227, "CAN_SOCKETCAN"},
    LinkTypeName{228, "IPV4"},
    LinkTypeName{229, "IPV6"},
    LinkTypeName{230, "IEEE802_15_4_NOFCS"},
    LinkTypeName{231, "DBUS"},
    LinkTypeName{235, "DVB_CI"},
    LinkTypeName{236, "MUX27010"},
    LinkTypeName{237, "STANAG_5066_D_PDU"},
    LinkTypeName{239, "NFLOG"},
    LinkTypeName{240, "NETANALYZER"},
    LinkTypeName{241, "NETANALYZER_TRANSPARENT"},
    LinkTypeName{242, "IPOIB"},
    LinkTypeName{243, "MPEG_2_TS"},
    LinkTypeName{244, "NG40"},
    LinkTypeName{245, "NFC_LLCP"},
    LinkTypeName{247, "INFINIBAND"},
    LinkTypeName{248, "SCTP"},
    LinkTypeName{249, "USBPCAP"},
    LinkTypeName{250, "RTAC_SERIAL"},
    LinkTypeName{251, "BLUETOOTH_LE_LL"},
    LinkTypeName{253, "NETLINK"},
    LinkTypeName{254, "BLUETOOTH_LINUX_MONITOR"},
    LinkTypeName{255, "BLUETOOTH_BREDR_BB"},
    LinkTypeName{256, "BLUETOOTH_LE_LL_WITH_PHDR"},
    LinkTypeName{257, "PROFIBUS_DL"},
    LinkTypeName{258, "PKTAP"},
    LinkTypeName{259, "EPON"},
    LinkTypeName{260, "IPMI_HPM_2"},
    LinkTypeName{261, "ZWAVE_R1_R2"},
    LinkTypeName{262, "ZWAVE_R3"},
    LinkTypeName{263, "WATTSTOPPER_DLM"},
    LinkTypeName{264, "ISO_14443"},
    LinkTypeName{265, "RDS"},
    LinkTypeName{266, "USB_DARWIN"},
    LinkTypeName{267, "OPENFLOW"},
    LinkTypeName{268, "SDLC"},
    LinkTypeName{270, "LORATAP"},
    LinkTypeName{271, "VSOCK"},
    LinkTypeName{272, "NORDIC_BLE"},
    LinkTypeName{273, "DOCSIS31_XRA31"},
    LinkTypeName{274, "ETHERNET_MPACKET"},
    LinkTypeName{275, "DISPLAYPORT_AUX"},
    LinkTypeName{276, "LINUX_SLL2"},
    LinkTypeName{278, "OPENVIZSLA"},
    LinkTypeName{279, "EBHSCR"},
    LinkTypeName{280, "VPP_DISPATCH"},
    LinkTypeName{281, "DSA_TAG_BRCM"},
    LinkTypeName{282, "DSA_TAG_BRCM_PREPEND"},
    LinkTypeName{283, "IEEE802_15_4_TAP"},
    LinkTypeName{284, "DSA_TAG_DSA"},
    LinkTypeName{285, "DSA_TAG_EDSA"},
    LinkTypeName{286, "ELEE"},
    LinkTypeName{287, "Z_WAVE_SERIAL"},
    LinkTypeName{288, "USB_2_0"},
    LinkTypeName{289, "ATSC_ALP"},
    LinkTypeName{kLinkTypeUnknown, "UNKNOWN"},
};
static_assert(std::ranges::is_sorted(kLinkTypeNames, {}, &LinkTypeName::value));

}  // namespace

std::string_view link_type_name(uint16_t link_type) {
  const auto at = std::ranges::lower_bound(kLinkTypeNames, link_type, {}, &LinkTypeName::value);
  if (at != kLinkTypeNames.end() && at->value == link_type) return at->name;
  // At most 65536 names are ever made, and a map's nodes stay where they are.
  static std::mutex mutex;
  static std::map<uint16_t, std::string> made;
  const std::scoped_lock lock(mutex);
  auto& name = made[link_type];
  if (name.empty()) name = fmt::format("LINKTYPE_{}", link_type);
  return name;
}

}  // namespace wirewatch
