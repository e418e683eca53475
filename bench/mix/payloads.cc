// SPDX-License-Identifier: BSD-3-Clause
#include "bench/mix/payloads.h"

#include <algorithm>
#include <string>

namespace wirewatch::mix {
namespace {

constexpr size_t kHelloLength = 512;  // browsers pad to it (RFC 7685)

void add_labels(Bytes& bytes, std::string_view name) {
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    bytes.u8(static_cast<uint32_t>(label.size())).text(label);
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  bytes.u8(0);
}

}  // namespace

Bytes client_hello(std::string_view server_name, bool quic, Random& random) {
  const auto name_length = static_cast<uint32_t>(server_name.size());
  Bytes hello;
  hello.u8(1).be24(0).be16(0x0303).noise(random, 32).u8(quic ? 0 : 32).noise(random, quic ? 0 : 32);
  hello.be16(6).be16(0x1301).be16(0x1302).be16(0x1303).be16(0x0100);
  const size_t extensions = hello.size();
  hello.be16(0);
  hello.be16(0).be16(name_length + 5).be16(name_length + 3).u8(0).be16(name_length).text(server_name);
  hello.be16(10).be16(4).be16(2).be16(0x001d);                                     // supported groups: x25519
  hello.be16(13).be16(8).be16(6).be16(0x0403).be16(0x0804).be16(0x0401);           // signature algorithms
  if (quic) {
    hello.be16(16).be16(5).be16(3).u8(2).text("h3");
  } else {
    hello.be16(16).be16(14).be16(12).u8(2).text("h2").u8(8).text("http/1.1");
  }
  hello.be16(43).be16(3).u8(2).be16(0x0304);                                       // supported versions: TLS 1.3
  hello.be16(51).be16(38).be16(36).be16(0x001d).be16(32).noise(random, 32);        // key share
  if (quic) {                                                                      // idle time-out, initial data
    hello.be16(57).be16(12).u8(1).u8(4).be32(0x80007530).u8(4).u8(4).be32(0x80100000);
  } else {
    const size_t padding = kHelloLength - std::min(kHelloLength, hello.size() + 4);
    hello.be16(21).be16(static_cast<uint32_t>(padding)).zeros(padding);
  }
  return hello.close_be16(extensions).close_be24(1);
}

Bytes tls_record(uint8_t content_type, std::span<const uint8_t> body) {
  return Bytes().u8(content_type).be16(0x0303).be16(static_cast<uint32_t>(body.size())).add(body);
}

Bytes tls_server_flight(size_t certificate_length, Random& random) {
  Bytes hello;
  hello.u8(2).be24(0).be16(0x0303).noise(random, 32).u8(32).noise(random, 32).be16(0x1301).u8(0);
  hello.be16(46).be16(43).be16(2).be16(0x0304).be16(51).be16(36).be16(0x001d).be16(32).noise(random, 32).close_be24(1);
  Bytes flight = tls_record(22, hello.view());
  flight.add(tls_record(20, Bytes().u8(1).view()).view());
  return flight.add(tls_application_data(certificate_length, random).view());
}

Bytes tls_application_data(size_t length, Random& random) { return tls_record(23, noise(length, random).view()); }

Bytes http_request(std::string_view method, std::string_view host, std::string_view path) {
  Bytes request;
  request.text(method).text(" ").text(path).text(" HTTP/1.1\r\nHost: ").text(host);
  return request.text("\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n");
}

Bytes http_response(size_t body_length, Random& random) {
  Bytes response;
  response.text("HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/octet-stream\r\nContent-Length: ");
  return response.text(std::to_string(body_length)).text("\r\nConnection: keep-alive\r\n\r\n").noise(random, body_length);
}

Bytes dns_query(uint16_t id, std::string_view name, uint16_t type) {
  Bytes query;
  query.be16(id).be16(0x0100).be16(1).be16(0).be16(0).be16(0);
  add_labels(query, name);
  return query.be16(type).be16(1);
}

Bytes dns_response(uint16_t id, std::string_view name, Random& random) {
  const uint32_t answers = random.between(1, 4);
  Bytes response;
  response.be16(id).be16(0x8180).be16(1).be16(answers).be16(0).be16(0);
  add_labels(response, name);
  response.be16(1).be16(1);
  for (uint32_t i = 0; i < answers; ++i) response.be16(0xc00c).be16(1).be16(1).be32(300).be16(4).noise(random, 4);
  return response;
}

Bytes ntp(uint8_t mode, Random& random) {
  Bytes packet;
  packet.u8(0x20u | mode).u8(mode == 4 ? 2 : 0).u8(6).u8(0xec).be32(0x00000a3d).be32(0x00000d11);
  return packet.text("GPS").u8(0).be32(0xe8f5a1b2).noise(random, 4).be32(0xe8f5a1b2).noise(random, 20);
}

Bytes bittorrent_handshake(Random& random) {
  return Bytes().u8(19).text("BitTorrent protocol").be32(0).be32(0x00100005).noise(random, 20).text("-TR3000-").noise(random, 12);
}

Bytes dht_query(Random& random) {
  Bytes query;
  query.text("d1:ad2:id20:").noise(random, 20).text("9:info_hash20:").noise(random, 20);
  return query.text("e1:q9:get_peers1:t2:").noise(random, 2).text("1:y1:qe");
}

Bytes sun_rpc_call(uint32_t transaction, uint32_t procedure, bool record_mark) {
  Bytes call;
  call.be32(transaction).be32(0).be32(2).be32(100000).be32(2).be32(procedure).zeros(16);
  call.be32(100003).be32(3).be32(6).be32(0);  // where is NFS version 3 over TCP?
  return record_mark ? Bytes().be32(0x80000000u | static_cast<uint32_t>(call.size())).add(call.view()) : call;
}

Bytes sun_rpc_reply(uint32_t transaction, bool record_mark, Random& random) {
  Bytes reply;
  reply.be32(transaction).be32(1).be32(0).zeros(8).be32(0).be32(random.between(1024, 65535));
  return record_mark ? Bytes().be32(0x80000000u | static_cast<uint32_t>(reply.size())).add(reply.view()) : reply;
}

Bytes stun_binding(bool response, Random& random) {
  Bytes message;
  message.be16(response ? 0x0101 : 0x0001).be16(response ? 12 : 0).be32(0x2112a442).noise(random, 12);
  return response ? message.be16(0x0020).be16(8).be16(1).noise(random, 6) : message;
}

Bytes snmp_get(Random& random) {
  Bytes get;
  get.u8(0x30).u8(41).u8(2).u8(1).u8(1).u8(4).u8(6).text("public").u8(0xa0).u8(28).u8(2).u8(4).u8(0x11).noise(random, 3);
  get.u8(2).u8(1).u8(0).u8(2).u8(1).u8(0).u8(0x30).u8(14).u8(0x30).u8(12).u8(6).u8(8).be32(0x2b060102).be32(0x01010300);
  return get.u8(5).u8(0);
}

Bytes mqtt_connect(Random& random) {
  Bytes connect;
  return connect.u8(0x10).u8(24).be16(4).text("MQTT").u8(4).u8(2).be16(60).be16(12).text("sensor-").text(std::to_string(random.between(10000, 99999)));
}

Bytes mysql_greeting(Random& random) {
  Bytes greeting;
  greeting.u8(10).text("8.0.36").u8(0).noise(random, 4).zeros(0).text("abcdefgh").u8(0).be16(0xffff).u8(0xff).be16(0x0200).be16(0xffdf);
  greeting.u8(21).zeros(10).text("ijklmnopqrst").u8(0).text("caching_sha2_password").u8(0);
  return Bytes().u8(static_cast<uint32_t>(greeting.size())).be16(0).u8(0).add(greeting.view());
}

Bytes ssh_key_exchange(Random& random) {
  static constexpr std::string_view kLists[] = {
      "curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group14-sha256", "ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
      "chacha20-poly1305@openssh.com,aes128-ctr,aes256-gcm@openssh.com",    "chacha20-poly1305@openssh.com,aes128-ctr",
      "umac-64-etm@openssh.com,hmac-sha2-256",  "umac-64-etm@openssh.com,hmac-sha2-256", "none,zlib@openssh.com", "none", "", ""};
  Bytes body;
  body.u8(6).u8(20).noise(random, 16);
  for (const auto list : kLists) body.be32(static_cast<uint32_t>(list.size())).text(list);
  body.u8(0).be32(0).zeros(6);
  return Bytes().be32(static_cast<uint32_t>(body.size())).add(body.view());
}

Bytes text(std::string_view line) { return Bytes().text(line); }

Bytes noise(size_t length, Random& random) { return Bytes().noise(random, length); }

}  // namespace wirewatch::mix
