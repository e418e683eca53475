// SPDX-License-Identifier: BSD-3-Clause
// Who may ask over TCP. The Unix socket needs none of this: its mode lets only its owner in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "control/api/message.h"
#include "dataplane/base/result.h"

namespace wirewatch {

/// An address and port to listen on, such as "127.0.0.1:9090" or "[::1]:9090".
struct ListenAddress {
  std::string address;
  uint16_t port = 0;
  bool loopback = false;

  static Result<ListenAddress> parse(std::string_view text);
};

/// The token in a file of which nothing but its first line counts, as systemd's LoadCredential= hands it over. A file that
/// others may read is refused, and so is a token that could be guessed.
Result<std::string> read_token(const std::string& path);

/// Takes as long for a wrong token as for the right one.
bool same_secret(std::string_view given, std::string_view secret) noexcept;

struct AccessRequest {
  Method method = Method::Get;
  std::string_view authorization;  // the header's value
  std::string_view host;           // the header's value
};
/// Nothing to say (status 200), or the problem. Without a token only reading is allowed, and only by a name of this
/// machine: a web page elsewhere must not reach in by a name that it points here.
ApiResponse check_access(const AccessRequest& request, std::string_view token);

}  // namespace wirewatch
