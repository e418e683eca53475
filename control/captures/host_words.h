// SPDX-License-Identifier: BSD-3-Clause
// Host names in a BPF expression. libpcap asks DNS for them while it compiles, which may take as long as a resolver
// likes; a daemon that must answer takes addresses only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wirewatch {

/// The first word that libpcap would look up as a host or a network: one that is neither an address nor a word of the
/// language (pcap-filter(7)), where an address may stand. Names of services and protocols are none.
std::optional<std::string> host_word(std::string_view expression);

}  // namespace wirewatch
