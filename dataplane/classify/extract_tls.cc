// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/extract_tls.h"

#include "dataplane/classify/client_hello.h"

namespace wirewatch {

std::span<const uint8_t> client_hello_server_name(std::span<const uint8_t> message) noexcept {
  return read_client_hello(message).server_name;
}

std::span<const uint8_t> tls_server_name(std::span<const uint8_t> payload) noexcept {
  return client_hello_server_name(hello_in_records(payload, {}).message);
}

}  // namespace wirewatch
