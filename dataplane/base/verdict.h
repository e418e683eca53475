// SPDX-License-Identifier: BSD-3-Clause
// What classification can say of a flow: which application, and how it is known.
#pragma once

#include <cstdint>
#include <string_view>

namespace wirewatch {

/// Index into the catalogue of the rule set in force; 0 is "not known".
using ApplicationId = uint16_t;
inline constexpr ApplicationId kUnknownApplication = 0;

/// How an application is known, strongest last. Blocking acts on Confirmed and Payload only.
enum class Evidence : uint8_t {
  None,       // nothing claims the flow
  Port,       // a guess from the port alone; shown apart and never counted as detected
  Learned,    // a peer seen in a verdict shortly before
  Confirmed,  // a weak signature confirmed by the other direction or a port
  Payload,    // a strong signature
};

constexpr std::string_view to_string(Evidence evidence) noexcept {
  switch (evidence) {
    case Evidence::None:
      return "none";
    case Evidence::Port:
      return "port";
    case Evidence::Learned:
      return "learned";
    case Evidence::Confirmed:
      return "confirmed";
    case Evidence::Payload:
      return "payload";
  }
  return "none";
}

struct Verdict {
  ApplicationId application = kUnknownApplication;
  Evidence evidence = Evidence::None;
  uint16_t signature = 0;  // index into the rule set's signatures, for explanations
};

}  // namespace wirewatch
