// SPDX-License-Identifier: BSD-3-Clause
// First messages of the protocols in the mix, true to their specification as far as classification looks.
#pragma once

#include <string_view>

#include "bench/mix/bytes.h"
#include "bench/mix/random.h"

namespace wirewatch::mix {

/// The handshake message alone (RFC 8446 4.1.2), as QUIC carries it; `quic` adds its transport parameters.
Bytes client_hello(std::string_view server_name, bool quic, Random& random);
Bytes tls_record(uint8_t content_type, std::span<const uint8_t> body);
/// ServerHello, and a certificate chain of about `certificate_length` bytes.
Bytes tls_server_flight(size_t certificate_length, Random& random);
Bytes tls_application_data(size_t length, Random& random);

Bytes http_request(std::string_view method, std::string_view host, std::string_view path);
Bytes http_response(size_t body_length, Random& random);
Bytes dns_query(uint16_t id, std::string_view name, uint16_t type);
Bytes dns_response(uint16_t id, std::string_view name, Random& random);
Bytes ntp(uint8_t mode, Random& random);                           // RFC 5905: 3 client, 4 server
Bytes bittorrent_handshake(Random& random);                        // BEP 3
Bytes dht_query(Random& random);                                   // BEP 5
Bytes sun_rpc_call(uint32_t transaction, uint32_t procedure, bool record_mark);  // RFC 5531, to the port mapper
Bytes sun_rpc_reply(uint32_t transaction, bool record_mark, Random& random);
Bytes stun_binding(bool response, Random& random);                 // RFC 8489
Bytes snmp_get(Random& random);                                    // RFC 3416, version 2c
Bytes mqtt_connect(Random& random);                                // version 3.1.1
Bytes mysql_greeting(Random& random);
Bytes ssh_key_exchange(Random& random);                            // RFC 4253 7.1
Bytes text(std::string_view line);
Bytes noise(size_t length, Random& random);

}  // namespace wirewatch::mix
