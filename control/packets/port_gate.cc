// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/port_gate.h"

#include <array>
#include <charconv>
#include <vector>

namespace wirewatch {
namespace {

/// Words between spaces; the operators that may stand without spaces are words as well. Empty when there is anything that
/// a plain conjunction does not have.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at < text.size();) {
    const char letter = text[at];
    if (letter == ' ' || letter == '\t') {
      ++at;
      continue;
    }
    const std::string_view rest = text.substr(at);
    size_t length = 0;
    if (rest.starts_with("==") || rest.starts_with("&&")) {
      length = 2;
    } else {
      length = rest.find_first_of(" \t=&|!()\"'^");
      if (length == std::string_view::npos) length = rest.size();
    }
    if (length == 0) return {};
    words.push_back(rest.substr(0, length));
    at += length;
  }
  for (const std::string_view word : words) {
    if (word == "or" || word == "not" || word == "xor") return {};
  }
  return words;
}

std::optional<uint16_t> port_of(std::string_view word) {
  uint16_t port = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), port);
  if (fault != std::errc() || end != word.data() + word.size() || (word.size() > 1 && word.front() == '0')) return {};
  return port;
}

bool joins(std::string_view word) { return word == "and" || word == "&&"; }

}  // namespace

std::optional<PortGate> PortGate::of(std::string_view filter) {
  struct Name {
    std::string_view name;
    Field field;
  };
  constexpr std::array kNames{Name{"tcp.port", Field::TcpPort}, Name{"tcp.srcport", Field::TcpSource},
                              Name{"tcp.dstport", Field::TcpDestination}, Name{"udp.port", Field::Udp},
                              Name{"udp.srcport", Field::Udp}, Name{"udp.dstport", Field::Udp}};
  const auto words = words_of(filter);
  for (size_t i = 0; i + 3 <= words.size(); ++i) {
    const bool begins = i == 0 || joins(words[i - 1]), ends = i + 3 == words.size() || joins(words[i + 3]);
    if (!begins || !ends || (words[i + 1] != "==" && words[i + 1] != "eq")) continue;
    const auto port = port_of(words[i + 2]);
    if (!port) continue;
    for (const Name& known : kNames) {
      if (known.name == words[i]) return PortGate(known.field, *port);
    }
  }
  return std::nullopt;
}

}  // namespace wirewatch
