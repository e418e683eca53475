// SPDX-License-Identifier: BSD-3-Clause
// What the API is asked and what it answers, free of any HTTP library: endpoints are tested without a socket.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/base/file_descriptor.h"

namespace wirewatch {

enum class Method : uint8_t { Get, Post, Delete };

constexpr std::string_view to_string(Method method) noexcept {
  switch (method) {
    case Method::Get:
      return "GET";
    case Method::Post:
      return "POST";
    case Method::Delete:
      return "DELETE";
  }
  return "GET";
}

/// Who is asking: the owner of the socket may name any file, a holder of the token only what the configuration offers, and
/// anyone on this machine, where there is no token, sees numbers but no packets.
enum class Caller : uint8_t { Owner, TokenHolder, Anyone };

struct ApiRequest {
  Method method = Method::Get;
  std::string target;  // as sent: path and query, still encoded
  std::string body;
  Caller caller = Caller::Owner;
};

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kProblemType = "application/problem+json";
inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view kBytesType = "application/octet-stream";

/// The first `size` bytes of a file that may go on growing.
struct OpenFile {
  FileDescriptor descriptor;
  uint64_t size = 0;
};

struct ApiResponse {
  unsigned status = 200;
  std::string_view content_type = kJsonType;  // a literal
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones, such as Allow
  std::optional<OpenFile> file{};                            // in place of the body; sent in pieces
};

/// May be called from any thread, once.
using Reply = std::function<void(ApiResponse)>;

/// RFC 9457. `detail` is a sentence that says what was expected.
ApiResponse problem(unsigned status, std::string_view detail);
std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace wirewatch
