// SPDX-License-Identifier: BSD-3-Clause
// Openings of conversations as their specifications write them, both sides, on ports that are nobody's unless the protocol
// can only be told by its own: what they are called, and how surely.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "dataplane/classify/classifier.h"
#include "tests/classify/vector_file.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch {
namespace {

struct Said {
  bool client;
  std::string_view bytes;  // in the notation of vectors
  uint32_t wire = 0;       // when longer than what is written
};
struct Exchange {
  const char* description;
  std::string_view application;
  uint8_t ip_protocol;
  uint16_t port;
  Evidence least;
  std::vector<Said> said;
};

constexpr uint8_t kTcp = 6, kUdp = 17;
constexpr uint16_t kNobodys = 40001;

const std::vector<Exchange>& exchanges() {
  static const std::vector<Exchange> all{
      {"AMQP 0-9-1: header and Connection.Start", "amqp", kTcp, kNobodys, Evidence::Payload,
       {{true, "'AMQP' 00 00 09 01"}, {false, "01 00 00 00 00 01 f1 00 0a 00 0a 00 09 00 00 01 cc", 505}}},
      {"AMQP 1.0 behind SASL", "amqp", kTcp, kNobodys, Evidence::Payload,
       {{true, "'AMQP' 03 01 00 00"}, {false, "'AMQP' 03 01 00 00 00 00 00 3f 02 01 00 00 00 53 40"}}},
      {"AMQP 1.0 seen from its open frame", "amqp", kTcp, kNobodys, Evidence::Payload,
       {{true, "00 00 00 21 02 00 00 00 00 53 10 c0 14 01 a1 12 'container-of-client'"}}},
      {"MongoDB OP_MSG", "mongodb", kTcp, kNobodys, Evidence::Payload,
       {{true, "2f 00 00 00 01 00 00 00 00 00 00 00 dd 07 00 00 00 00 00 00 00 1a 00 00 00 10 'hello' 00 01 00 00 00", 47}}},
      {"MongoDB OP_QUERY isMaster of old drivers", "mongodb", kTcp, kNobodys, Evidence::Payload,
       {{true, "3a 00 00 00 01 00 00 00 00 00 00 00 d4 07 00 00 00 00 00 00 'admin.$cmd' 00 00 00 00 00 ff ff ff ff", 58}}},
      {"SQL Server PRELOGIN, its answer, TLS inside", "mssql", kTcp, kNobodys, Evidence::Payload,
       {{true, "12 01 00 2f 00 00 00 00 00 00 1a 00 06 01 00 20 00 01 02 00 21 00 01 03 00 22 00 04 04 00 26 00 01 ff 0b 00 0c 38 00*9"},
        {false, "04 01 00 2b 00 00 01 00 00 00 1a 00 06 01 00 20 00 01 02 00 21 00 01 03 00 22 00 00 04 00 22 00 01 ff 0f 00 07 d0 00 00 01 00 00"},
        {true, "12 01 00 6a 00 00 00 00 16 03 01 00 5d 01 00 00 59 03 03"}}},
      {"SQL Server LOGIN7 without PRELOGIN", "mssql", kTcp, kNobodys, Evidence::Payload,
       {{true, "10 01 01 00 00 00 01 00 f8 00 00 00 01 00 00 71 00 10 00 00", 256}}},
      {"Kafka ApiVersions", "kafka", kTcp, kNobodys, Evidence::Payload,
       {{true, "00 00 00 18 00 12 00 00 00 00 00 01 00 0e 'console-client'"}}},
      {"Kafka produce of a named client", "kafka", kTcp, kNobodys, Evidence::Payload,
       {{true, "00 00 04 00 00 00 00 07 00 00 00 05 00 07 'rdkafka' ff ff ff ff 00 00 75 30", 1028}}},
      {"H.225 SETUP and ALERTING", "h323", kTcp, kNobodys, Evidence::Payload,
       {{true, "03 00 01 00 08 02 1a 2b 05 04 03 88 90 a5", 256}, {false, "03 00 00 60 08 02 9a 2b 01 28", 96}}},
      {"H.225 SETUP with a second message behind it", "h323", kTcp, kNobodys, Evidence::Payload,
       {{true, "03 00 00 0e 08 02 1a 2b 05 04 03 88 90 a5 03 00 00 0a 08 02 1a 2b 62 00"}}},
      {"H.245 on its own connection", "h323", kTcp, kNobodys, Evidence::Payload,
       {{true, "03 00 00 60 02 70 01 06 00 08 81 75 00 0b 80", 96}}},
      {"H.225 RAS gatekeeper request", "h323", kUdp, kNobodys, Evidence::Payload,
       {{true, "00 00 00 01 06 00 08 91 4a 00 04 00 c0 00 02 05 06 b7"}}},
      {"HTTP/2 with prior knowledge", "http2", kTcp, kNobodys, Evidence::Payload,
       {{true, "'PRI * HTTP/2.0' 0d 0a 0d 0a 'SM' 0d 0a 0d 0a 00 00 12 04 00 00 00 00 00"},
        {false, "00 00 06 04 00 00 00 00 00 00 03 00 00 00 64"}}},
      {"HTTP/2 of a server alone", "http2", kTcp, kNobodys, Evidence::Payload,
       {{false, "00 00 12 04 00 00 00 00 00 00 03 00 00 00 80 00 04 00 01 00 00 00 05 00 ff ff ff"}}},
      {"RTMP C0 and C1", "rtmp", kTcp, kNobodys, Evidence::Payload,
       {{true, "03 00 01 23 45 00 00 00 00 a1 b2 c3 d4 e5 f6 07 18", 1460}}},
      {"RTMP of Flash, S0 and S1", "rtmp", kTcp, kNobodys, Evidence::Confirmed,
       {{true, "03 00 00 a1 b2 80 00 07 02 5d 1c 7a 90", 1460}, {false, "03 00 00 a1 c0 04 05 00 01 77 12 ab 90", 1460}}},
      {"BACnet Who-Is", "bacnet", kUdp, kNobodys, Evidence::Payload, {{true, "81 0b 00 0c 01 20 ff ff 00 ff 10 08"}}},
      {"BACnet I-Am, forwarded", "bacnet", kUdp, kNobodys, Evidence::Payload,
       {{true, "81 04 00 18 c0 00 02 05 ba c0 01 00 10 00 c4 02 00 00 01 22 01 e0 91 00"}}},
      {"BACnet ReadProperty", "bacnet", kUdp, 47808, Evidence::Payload,
       {{true, "81 0a 00 11 01 04 00 05 01 0c 0c 00 80 00 01 19 55"}}},
      {"TeamViewer over TCP", "teamviewer", kTcp, kNobodys, Evidence::Confirmed,
       {{true, "17 24 0a 20 00 64 00 88 13 80"}, {false, "17 24 0b 01 00 12"}}},
      {"TeamViewer on its port, one side", "teamviewer", kTcp, 5938, Evidence::Confirmed, {{true, "17 24 0a 20 00 64 00 88 13 80"}}},
      {"TeamViewer over UDP", "teamviewer", kUdp, kNobodys, Evidence::Confirmed,
       {{true, "00 01 02 03 04 05 06 07 08 09 0a 17 24 0a 00"}, {false, "00 0b 02 03 04 05 06 07 08 09 0a 17 24 0a 00"}}},
      {"IKEv2 SA_INIT", "ike", kUdp, kNobodys, Evidence::Payload,
       {{true, "11 22 33 44 55 66 77 88 00*8 21 20 22 08 00 00 00 00 00 00 01 50 22 00 00 30", 336}}},
      {"IKEv1 main mode", "ike", kUdp, 500, Evidence::Payload,
       {{true, "11 22 33 44 55 66 77 88 00*8 01 10 02 00 00 00 00 00 00 00 00 b8 0d 00 00 3c", 184}}},
      {"IKEv2 behind the non-ESP marker", "ike", kUdp, 4500, Evidence::Payload,
       {{true, "00 00 00 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 00 2e 20 23 08 00 00 00 01 00 00 00 fc", 256}}},
      {"ESP in UDP", "ipsec", kUdp, 4500, Evidence::Confirmed, {{true, "c1 25 ad f3 00 00 00 01 5a 11 22 33", 132}}},
      {"IKE over TCP", "ike", kTcp, kNobodys, Evidence::Payload, {{true, "'IKETCP' 01 24 00 00 00 00"}}},
      {"SMPP bind and its answer", "smpp", kTcp, kNobodys, Evidence::Confirmed,
       {{true, "00 00 00 25 00 00 00 02 00 00 00 00 00 00 00 01 'SMPP3TEST' 00 'secret' 00 00 34 01 01"},
        {false, "00 00 00 15 80 00 00 02 00 00 00 00 00 00 00 01 'SMSC' 00"}}},
      {"OpenVPN resets", "openvpn", kUdp, kNobodys, Evidence::Payload,
       {{true, "38 11 22 33 44 55 66 77 88 00 00 00 00 00"}}},
      {"gRPC: preface and settings, then the call", "http2.grpc", kTcp, kNobodys, Evidence::Payload,
       {{true, "'PRI * HTTP/2.0' 0d 0a 0d 0a 'SM' 0d 0a 0d 0a 00 00 00 04 00 00 00 00 00"},
        {false, "00 00 06 04 00 00 00 00 00 00 05 00 00 40 00"},
        {true, "00 00 00 04 01 00 00 00 00"},
        {true, "00 00 1c 01 04 00 00 00 01 83 86 44 04 '/a/b' 41 05 'x:100' 5f 8b 1d 75 d0 62 0d 26 3d 4c 4d 65 64"}}},
      {"HTTP/2 that is no gRPC", "http2", kTcp, kNobodys, Evidence::Payload,
       {{true, "'PRI * HTTP/2.0' 0d 0a 0d 0a 'SM' 0d 0a 0d 0a 00 00 00 04 00 00 00 00 00"},
        {false, "00 00 06 04 00 00 00 00 00 00 05 00 00 40 00"},
        {true, "00 00 1a 01 04 00 00 00 01 83 86 44 04 '/a/b' 41 05 'x:100' 5f 10 'application/json'"}}},
      {"HTTP/1.1 that goes on as HTTP/2", "http.h2c", kTcp, kNobodys, Evidence::Payload,
       {{true, "'GET / HTTP/1.1' 0d 0a 'Upgrade: h2c' 0d 0a"}, {false, "'HTTP/1.1 101 Switching Protocols' 0d 0a 'Connection: Upgrade' 0d 0a 'Upgrade: h2c' 0d 0a 0d 0a"}}},
      {"WS-Management", "http.winrm", kTcp, kNobodys, Evidence::Payload,
       {{true, "'POST /wsman HTTP/1.1' 0d 0a 'Host: a' 0d 0a"}, {false, "'HTTP/1.1 401 ' 0d 0a"}}},
      {"NTP on a port of nobody's", "ntp", kUdp, kNobodys, Evidence::Payload,
       {{true, "23 00*47"},
        {false, "24 02 03 e7 00 00 02 58 00 00 08 00 c0 00 02 01 e9 3c 4d 5e 00*4 e9 3c 4e 00 00*4 e9 3c 4e 01 00*4 e9 3c 4e 01 00 01 00 00"}}},
      {"OpenVPN without its resets", "openvpn", kUdp, kNobodys, Evidence::Payload,
       {{true, "20 11 22 33 44 55 66 77 88 00 00 00 00 02 16 03 01 01 18 01", 300}}},
      {"RDP without its beginning", "rdp", kTcp, kNobodys, Evidence::Payload, {{true, "03 00 01 4f 02 f0 80 64 00 07 03 eb 70 81 40", 335}}},
      {"Git answered before it asked", "git", kTcp, kNobodys, Evidence::Payload, {{false, "'000eversion 2' 0a '0015agent=git/2.39' 0a"}}},
      {"NVMe: request and answer", "nvme-tcp", kTcp, kNobodys, Evidence::Payload,
       {{true, "00 00 80 00 80 00 00 00 00 00 00 00", 128}, {false, "01 00 80 00 80 00 00 00 00 00 00 00", 128}}},
      {"Diameter over SCTP", "diameter", 132, kNobodys, Evidence::Payload, {{true, "01 00 00 14 80 00 01 18 00 00 00 00 00 00 00 01 00 00 00 02"}}},
      {"M3UA over SCTP", "m3ua", 132, kNobodys, Evidence::Payload, {{true, "01 00 01 01 00 00 00 3c 00 06 00 08 00 00 00 64 02 10 00 2c", 60}}},
      {"WireGuard handshake", "wireguard", kUdp, kNobodys, Evidence::Payload,
       {{true, "01 00 00 00 aa bb cc dd 9d 4f 7a 61", 148},
        {false, "02 00 00 00 11 22 33 44 aa bb cc dd 8c 77 d1 f0", 92}}},
  };
  return all;
}

TEST(Exchanges, AreNamedAsTheirSpecificationsSay) {
  if (std::getenv("WIREWATCH_RULES") == nullptr) GTEST_SKIP() << "WIREWATCH_RULES is not set; meson test sets it";
  const auto rules = shipped_rules();
  ASSERT_TRUE(rules);
  Classifier classifier(rules);
  for (const Exchange& exchange : exchanges()) {
    ClassifyState state{};
    for (const Said& said : exchange.said) {
      const auto bytes = vector_bytes(said.bytes);
      ASSERT_TRUE(bytes) << exchange.description << ": " << bytes.error().message;
      if (state.done) break;
      classifier.observe(state, {.ip_protocol = exchange.ip_protocol,
                                 .direction = said.client ? FlowDirection::ToServer : FlowDirection::ToClient,
                                 .client_port = 50000,
                                 .server_port = exchange.port,
                                 .payload = *bytes,
                                 .original_length = std::max(said.wire, static_cast<uint32_t>(bytes->size()))});
    }
    const Verdict verdict = classifier.finish(state, exchange.ip_protocol, 50000, exchange.port);
    EXPECT_EQ(rules->application_name(verdict.application), exchange.application) << exchange.description;
    EXPECT_GE(verdict.evidence, exchange.least) << exchange.description << ", by " << rules->signature_id(verdict.signature);
  }
}

}  // namespace
}  // namespace wirewatch
