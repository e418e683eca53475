// SPDX-License-Identifier: BSD-3-Clause
// Types of pcapng blocks (draft-ietf-opsawg-pcapng, section 11.1), for those who read them and those who write them.
#pragma once

#include <cstdint>

namespace wirewatch::pcapng_block {

inline constexpr uint32_t kSectionHeader = 0x0a0d0d0a;
inline constexpr uint32_t kInterfaceDescription = 1;
inline constexpr uint32_t kObsoletePacket = 2;
inline constexpr uint32_t kSimplePacket = 3;
inline constexpr uint32_t kNameResolution = 4;
inline constexpr uint32_t kInterfaceStatistics = 5;
inline constexpr uint32_t kEnhancedPacket = 6;
inline constexpr uint32_t kDecryptionSecrets = 10;
inline constexpr uint32_t kCustom = 0x00000bad;
inline constexpr uint32_t kCustomNotCopied = 0x40000bad;

}  // namespace wirewatch::pcapng_block
