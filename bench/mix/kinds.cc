// SPDX-License-Identifier: BSD-3-Clause
#include "bench/mix/kinds.h"

#include <string>

#include "bench/mix/payloads.h"
#include "bench/mix/quic.h"

namespace wirewatch::mix {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint32_t kTraces = 2000;  // distinct conversations; the mixer copies them under other addresses

std::string host_name(Random& random) {
  static constexpr std::string_view kHosts[] = {"www", "api", "cdn", "login", "static", "mail", "img", "metrics"};
  static constexpr std::string_view kDomains[] = {"example.com", "example.org", "example.net", "shop.example", "bank.example"};
  std::string name(kHosts[random.below(std::size(kHosts))]);
  return name + std::to_string(random.below(500)) + "." + std::string(kDomains[random.below(std::size(kDomains))]);
}

void think(TraceWriter& writer, Random& random) { writer.pause(random.between(1, 400) * kMillisecond); }

// Interactive records are small, and now and then one is a download.
size_t answer_length(Random& random) {
  const uint32_t draw = random.below(100);
  return draw < 60 ? random.between(40, 500) : draw < 94 ? random.between(500, 2800) : random.between(2800, 12000);
}

void tls(TraceWriter& writer, Random& random) {
  writer.open();
  writer.client(tls_record(22, client_hello(host_name(random), false, random).view()).view());
  writer.server(tls_server_flight(random.between(1200, 3600), random).view());
  writer.client(tls_application_data(58, random).view());
  for (uint32_t i = random.between(1, 8); i > 0; --i) {
    think(writer, random);
    writer.client(tls_application_data(random.between(40, 500), random).view());
    writer.server(tls_application_data(answer_length(random), random).view());
  }
  writer.close();
}

void http(TraceWriter& writer, Random& random) {
  const auto host = host_name(random);
  writer.open();
  for (uint32_t i = random.between(1, 4); i > 0; --i) {
    writer.client(http_request("GET", host, "/items/" + std::to_string(random.below(100000))).view());
    writer.server(http_response(answer_length(random), random).view());
    think(writer, random);
  }
  writer.close();
}

void dns(TraceWriter& writer, Random& random) {
  const auto name = host_name(random);
  const auto id = static_cast<uint16_t>(random.next());
  writer.client(dns_query(id, name, random.below(4) == 0 ? 28 : 1).view());
  writer.server(dns_response(id, name, random).view());
}

void quic(TraceWriter& writer, Random& random) {
  ConnectionId server, client;
  for (auto& byte : server) byte = random.byte();
  for (auto& byte : client) byte = random.byte();
  writer.client(quic_client_initial(client_hello(host_name(random), true, random).view(), server).view());
  writer.server(quic_server_flight(client, random).view());
  for (uint32_t i = random.between(2, 6); i > 0; --i) {
    writer.client(quic_data(random.between(25, 200), server, random).view());
    writer.server(quic_data(random.between(25, 1100), client, random).view());
    writer.client(quic_data(25, server, random).view());
  }
}

void ntp_exchange(TraceWriter& writer, Random& random) {
  writer.client(ntp(3, random).view());
  writer.server(ntp(4, random).view());
}

void ssh(TraceWriter& writer, Random& random) {
  writer.open();
  writer.server(text("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n").view());
  writer.client(text("SSH-2.0-OpenSSH_9.6\r\n").view());
  writer.client(ssh_key_exchange(random).view());
  writer.server(ssh_key_exchange(random).view());
  for (uint32_t i = random.between(10, 60); i > 0; --i) {
    writer.client(noise(36, random).view());
    writer.server(noise(random.between(36, 120), random).view());
    think(writer, random);
  }
  writer.close();
}

void bittorrent(TraceWriter& writer, Random& random) {
  writer.open();
  writer.client(bittorrent_handshake(random).view());
  writer.server(bittorrent_handshake(random).view());
  for (uint32_t i = random.between(1, 6); i > 0; --i) {
    writer.client(Bytes().be32(13).u8(6).be32(i).be32(0).be32(4096).view());
    writer.server(Bytes().be32(4105).u8(7).be32(i).be32(0).noise(random, 4096).view());
  }
  writer.close();
}

void dht(TraceWriter& writer, Random& random) { writer.client(dht_query(random).view()); }

void sun_rpc_tcp(TraceWriter& writer, Random& random) {
  const auto transaction = static_cast<uint32_t>(random.next());
  writer.open();
  writer.client(sun_rpc_call(transaction, 3, true).view());
  writer.server(sun_rpc_reply(transaction, true, random).view());
  writer.close();
}

void sun_rpc_udp(TraceWriter& writer, Random& random) {
  const auto transaction = static_cast<uint32_t>(random.next());
  writer.client(sun_rpc_call(transaction, 3, false).view());
  writer.server(sun_rpc_reply(transaction, false, random).view());
}

void smtp(TraceWriter& writer, Random& random) {
  static constexpr std::string_view kDialogue[][2] = {{"EHLO client.example\r\n", "250-mx.example\r\n250 8BITMIME\r\n"},
                                                      {"MAIL FROM:<a@example.com>\r\n", "250 2.1.0 Ok\r\n"},
                                                      {"RCPT TO:<b@example.org>\r\n", "250 2.1.5 Ok\r\n"},
                                                      {"DATA\r\n", "354 End data with <CR><LF>.<CR><LF>\r\n"}};
  writer.open();
  writer.server(text("220 mx.example ESMTP Postfix\r\n").view());
  for (const auto& [command, answer] : kDialogue) {
    writer.client(text(command).view());
    writer.server(text(answer).view());
  }
  writer.client(Bytes().text("Subject: report\r\n\r\n").text(std::string(random.between(200, 3000), 'x')).text("\r\n.\r\n").view());
  writer.server(text("250 2.0.0 Ok: queued\r\n").view());
  writer.close();
}

void mqtt(TraceWriter& writer, Random& random) {
  writer.open();
  writer.client(mqtt_connect(random).view());
  writer.server(Bytes().be32(0x20020000).view());
  for (uint32_t i = random.between(1, 10); i > 0; --i) {
    think(writer, random);
    writer.client(Bytes().u8(0x30).u8(20).be16(6).text("t/temp").noise(random, 12).view());
  }
  writer.close();
}

void mysql(TraceWriter& writer, Random& random) {
  writer.open();
  writer.server(mysql_greeting(random).view());
  writer.client(Bytes().be32(0x54000001).be32(0x85a6ff01).be32(1).u8(33).zeros(23).text("app").u8(0).noise(random, 40).view());
  writer.server(Bytes().be32(0x07000002).u8(0).be16(0).be16(0x0200).be16(0).view());
  for (uint32_t i = random.between(1, 12); i > 0; --i) {
    writer.client(Bytes().u8(40).be16(0).u8(0).u8(3).text("SELECT name, price FROM items WHERE id=").view());
    writer.server(noise(random.between(80, 900), random).view());
  }
  writer.close();
}

void stun(TraceWriter& writer, Random& random) {
  writer.client(stun_binding(false, random).view());
  writer.server(stun_binding(true, random).view());
}

void snmp(TraceWriter& writer, Random& random) { writer.client(snmp_get(random).view()); }

void syslog(TraceWriter& writer, Random& random) {
  for (uint32_t i = random.between(1, 5); i > 0; --i) {
    writer.client(text("<134>Oct 11 22:14:15 host app[" + std::to_string(random.below(9999)) + "]: request served in 12 ms").view());
  }
}

void voice(TraceWriter& writer, Random& random) {  // RTP, RFC 3550: 20 ms of G.711 a packet, both ways
  for (uint32_t i = 0, end = random.between(20, 120); i < end; ++i) {
    for (const bool from_client : {true, false}) {
      const auto packet = Bytes().be16(0x8000).be16(i).be32(i * 160).be32(from_client ? 0x1111 : 0x2222).noise(random, 160);
      from_client ? writer.client(packet.view()) : writer.server(packet.view());
    }
    writer.pause(20 * kMillisecond);
  }
}

void unknown(TraceWriter& writer, Random& random) {
  writer.open();
  for (uint32_t i = random.between(2, 20); i > 0; --i) {
    writer.client(noise(random.between(20, 200), random).view());
    writer.server(noise(random.between(20, 600), random).view());
  }
  writer.close();
}

void unanswered(TraceWriter& writer, Random&) {
  writer.syn();
  writer.pause(1000 * kMillisecond);
  writer.syn();
}

void refused(TraceWriter& writer, Random&) { writer.refuse(); }

struct Kind {
  uint8_t ip_protocol;
  uint16_t server_port;
  uint32_t per_mille;                               // of all conversations
  void (*write)(TraceWriter&, Random&);
};

constexpr Kind kKinds[] = {
    {kTcp, 443, 290, tls},        {kTcp, 80, 110, http},       {kUdp, 53, 215, dns},        {kUdp, 443, 75, quic},
    {kUdp, 123, 35, ntp_exchange}, {kTcp, 22, 25, ssh},        {kTcp, 6881, 20, bittorrent}, {kUdp, 6881, 30, dht},
    {kTcp, 111, 10, sun_rpc_tcp}, {kUdp, 111, 10, sun_rpc_udp}, {kTcp, 25, 15, smtp},        {kTcp, 1883, 15, mqtt},
    {kTcp, 3306, 20, mysql},      {kUdp, 3478, 10, stun},      {kUdp, 161, 10, snmp},       {kUdp, 514, 15, syslog},
    {kUdp, 16384, 5, voice},      {kTcp, 9443, 40, unknown},   {kTcp, 8080, 30, unanswered}, {kTcp, 23, 20, refused},
};

constexpr uint32_t total_per_mille() {
  uint32_t sum = 0;
  for (const auto& kind : kKinds) sum += kind.per_mille;
  return sum;
}
static_assert(total_per_mille() == 1000);

}  // namespace

std::vector<Trace> synthetic_traces(Random& random) {
  std::vector<Trace> traces;
  for (const auto& kind : kKinds) {
    for (uint32_t i = 0; i < kind.per_mille * kTraces / 1000; ++i) {
      const Network network{.ipv6 = random.below(100) < 15,
                            .vlan = static_cast<uint16_t>(random.below(100) < 8 ? random.between(1, 40) : 0)};
      // 0.3 to 150 ms, every order of magnitude alike.
      const uint64_t round_trip_ns = (300'000ull << random.below(9)) / 100 * random.between(60, 150);
      TraceWriter writer(network, kind.ip_protocol, kind.server_port, round_trip_ns, random);
      kind.write(writer, random);
      traces.push_back(writer.finish());
    }
  }
  return traces;
}

}  // namespace wirewatch::mix
