// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/block_words.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "control/report/human.h"
#include "control/report/table.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/flow/records.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch {
namespace {

constexpr std::array<std::string_view, 3> kTransports{"tcp", "udp", "sctp"};

/// "10.0.0.1:443" or "[2001:db8::1]:443".
Result<Json> end_of(const std::string& text) {
  const size_t colon = text.rfind(':');
  std::string_view address = std::string_view(text).substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  const char* const digits = text.data() + (colon == std::string::npos ? text.size() : colon + 1);
  uint16_t port = 0;
  const auto [end, fault] = std::from_chars(digits, text.data() + text.size(), port);
  if (colon == std::string::npos || fault != std::errc{} || end != text.data() + text.size()) {
    return fail("'" + text + "' is no end of a connection: expected ADDRESS:PORT, as in 10.0.0.1:443 or [2001:db8::1]:443");
  }
  const auto parsed = IpAddress::parse(address);
  if (!parsed) return tl::unexpected(parsed.error());
  return Json{{"address", parsed->to_string()}, {"port", port}};
}

bool looks_like_an_address(std::string_view word) {
  return word.find_first_of(":/") != std::string_view::npos || word.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string end_text(const Json& flow, const char* key) {
  const Json& end = member(flow, key);
  const auto address = IpAddress::parse(text_of(end, "address"));
  return address ? human_endpoint({*address, static_cast<uint16_t>(count_of(end, "port"))}) : std::string();
}

/// "tcp 10.0.0.1:40000 10.0.0.2:443": as it can be typed again.
std::string flow_text(const Json& flow) {
  const uint64_t number = count_of(flow, "protocol");
  const std::string_view transport = number <= 255 ? transport_name(static_cast<uint8_t>(number)) : std::string_view();
  return (transport.empty() ? std::to_string(number) : std::string(transport)) + " " + end_text(flow, "source") + " " +
         end_text(flow, "destination");
}

}  // namespace

Result<Json> blocked_of(const std::vector<std::string>& words) {
  const std::string& first = words.front();
  if (words.size() == 3) {
    if (std::ranges::find(kTransports, first) == kTransports.end()) {
      return fail("'" + first + "' is no transport of a connection: expected tcp, udp or sctp, and its two ends");
    }
    auto source = end_of(words[1]), destination = end_of(words[2]);
    if (!source) return source;
    if (!destination) return destination;
    return Json{{"flow", {{"protocol", first}, {"source", *source}, {"destination", *destination}}}};
  }
  if (words.size() != 1) return fail("expected an address, a prefix, a name, or a connection such as tcp 10.0.0.1:40000 10.0.0.2:443");
  if (const auto prefix = IpPrefix::parse(first)) return Json{{"prefix", prefix->to_string()}};
  else if (looks_like_an_address(first)) return tl::unexpected(prefix.error());
  return Json{{"name", first}};
}

Result<Json> allowed_of(const std::vector<std::string>& words) {
  if (words.size() != 1) return fail("the allow list takes one address or prefix at a time");
  const auto prefix = IpPrefix::parse(words.front());
  if (!prefix) return tl::unexpected(prefix.error());
  return Json{{"allow", prefix->to_string()}};
}

std::string block_page(const Json& answer, const PageStyle& style) {
  Page page(style);
  const Json& block = member(answer, "block");
  if (flag(block, "cut")) {
    page.sentence("The list is too long to be shown: " + human_count(count_of(block, "prefixes")) + " prefixes, " +
                  human_count(count_of(block, "flows")) + " connections and " + human_count(count_of(block, "names")) + " names.");
    return page.take();
  }
  const auto now = time_of(answer, "timestamp");
  Table table({{"Blocked", Align::Left, Weight::Essential, 20, Shorten::Middle},
               {"Is", Align::Left, Weight::Useful},
               {"Until (UTC)", Align::Left, Weight::Useful},
               {"Left"}});
  const auto add = [&](const Json& row, std::string what, std::string_view kind) {
    const auto expires = real(row, "expires");
    const Timestamp until{expires ? static_cast<int64_t>(*expires) * kSecond_ns : 0};
    table.add({std::move(what), kind, expires ? utc_time(until, kSecond_ns) : std::string("for ever"),
               expires && now ? human_span(std::max<int64_t>(0, until.since(*now)), page.utf8()) : std::string()});
  };
  for (const Json& row : rows_of(block, "names")) add(row, std::string(text_of(row, "name")), text_of(row, "kind"));
  for (const Json& row : rows_of(block, "prefixes")) add(row, std::string(text_of(row, "prefix")), "prefix");
  for (const Json& row : rows_of(block, "flows")) add(row, flow_text(member(row, "flow")), "connection");
  if (table.empty()) {
    page.sentence("Nothing is blocked.", Style::Good);
  } else {
    table.print(page);
  }
  std::string allowed;
  for (const Json& each : rows_of(block, "allow")) {
    if (each.is_string()) allowed += (allowed.empty() ? "" : ", ") + each.get<std::string>();
  }
  if (!allowed.empty()) page.labelled("Never", allowed);
  for (const Json& row : rows_of(block, "not_on")) {
    page.labelled("Not on", std::string(text_of(row, "port")) + ": " + std::string(text_of(row, "why")), Style::Warning);
  }
  return page.take();
}

std::string not_on_lines(const Json& answer) {
  std::string lines;
  for (const Json& row : rows_of(member(answer, "block"), "not_on")) {
    lines += (lines.empty() ? "" : "\n") + ("port '" + std::string(text_of(row, "port")) + "' keeps nothing back: ") + std::string(text_of(row, "why"));
  }
  return lines;
}

}  // namespace wirewatch
