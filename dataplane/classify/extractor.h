// SPDX-License-Identifier: BSD-3-Clause
// Built-in extractors that a rule asks for by name (`extract = "tls.sni"`): they read the host a flow is
// meant for.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace wirewatch {

enum class Extractor : uint8_t { None, TlsSni, HttpHost, QuicSni };
inline constexpr Extractor kLastExtractor = Extractor::QuicSni;

struct ExtractorInfo {
  Extractor extractor;
  std::string_view name;  // as rules write it
};

inline constexpr std::array<ExtractorInfo, 3> kExtractors{{
    {Extractor::TlsSni, "tls.sni"},
    {Extractor::HttpHost, "http.host"},
    {Extractor::QuicSni, "quic.sni"},
}};

}  // namespace wirewatch
