// SPDX-License-Identifier: BSD-3-Clause
// One line per built-in extractor.
#include "dataplane/classify/host_reader.h"

#include "dataplane/classify/extract_http.h"
#include "dataplane/classify/extract_tls.h"

namespace wirewatch {

std::string_view HostReader::read(Extractor extractor, std::span<const uint8_t> payload) noexcept {
  switch (extractor) {
    case Extractor::None:
      return {};
    case Extractor::TlsSni:
      return name_.assign(tls_server_name(payload));
    case Extractor::HttpHost:
      return name_.assign(http_host(payload));
    case Extractor::QuicSni:
      return name_.assign(client_hello_server_name(quic_.client_hello(payload)));
  }
  return {};
}

}  // namespace wirewatch
