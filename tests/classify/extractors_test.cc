// SPDX-License-Identifier: BSD-3-Clause
// Host names out of TLS and HTTP, whole, cut short and hostile.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/classify/host_reader.h"
#include "tests/classify/client_hello.h"
#include "tests/classify/rules_from.h"

namespace wirewatch {
namespace {

std::string read(Extractor extractor, std::span<const uint8_t> payload) {
  HostReader reader;
  return std::string(reader.read(extractor, payload));
}
std::string http(std::string_view request) { return read(Extractor::HttpHost, bytes_of(request)); }

TEST(TlsServerName, IsReadFromAClientHello) {
  EXPECT_EQ(read(Extractor::TlsSni, tls_record(ClientHello().server_name("Example.ORG").message())),
            "example.org");
}

TEST(TlsServerName, IsFoundBehindOtherExtensions) {
  const auto hello = ClientHello().extension(43, {2, 3, 4}).extension(51, std::vector<uint8_t>(32, 7));
  EXPECT_EQ(read(Extractor::TlsSni, tls_record(ClientHello(hello).server_name("a.example").message())),
            "a.example");
}

TEST(TlsServerName, IsReadFromASegmentThatCutsTheRecordBehindIt) {
  const auto record = tls_record(
      ClientHello().server_name("a.example").extension(21, std::vector<uint8_t>(600, 0)).message());
  EXPECT_EQ(read(Extractor::TlsSni, std::span(record).first(300)), "a.example");
}

TEST(TlsServerName, IsWholeOrAbsentAtEveryLength) {
  const auto record = tls_record(ClientHello().extension(10, {0, 0}).server_name("host.example").message());
  for (size_t size = 0; size < record.size(); ++size) {
    const std::vector<uint8_t> cut(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(read(Extractor::TlsSni, cut), "") << size;
  }
  EXPECT_EQ(read(Extractor::TlsSni, record), "host.example");
}

TEST(TlsServerName, IsNotLookedForInOtherRecordsOrMessages) {
  auto record = tls_record(ClientHello().server_name("a.example").message());
  auto alert = record;
  alert[0] = 21;
  EXPECT_EQ(read(Extractor::TlsSni, alert), "");
  record[5] = 2;  // ServerHello
  EXPECT_EQ(read(Extractor::TlsSni, record), "");
}

TEST(HttpHost, IsReadAsServersReadIt) {
  struct Case {
    std::string_view description;
    std::string_view request;
    std::string_view host;
  };
  const std::vector<Case> cases{
      {"plain", "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", "example.org"},
      {"any case, any blanks", "GET / HTTP/1.1\r\nhOST:\t Example.Org \r\n\r\n", "example.org"},
      {"port removed", "GET / HTTP/1.1\r\nHost: example.org:8080\r\n\r\n", "example.org"},
      {"final dot removed", "GET / HTTP/1.1\r\nHost: example.org.\r\n\r\n", "example.org"},
      {"IPv6 literal", "GET / HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n\r\n", "2001:db8::1"},
      {"not the first field", "GET / HTTP/1.1\r\nAccept: */*\r\nHost: a.b\r\n\r\n", "a.b"},
      {"bare line feeds", "GET / HTTP/1.1\nHost: a.b\n\n", "a.b"},
      {"head not finished", "GET / HTTP/1.1\r\nHost: a.b\r\nAcc", "a.b"},
      {"line cut short", "GET / HTTP/1.1\r\nHost: a.b", ""},
      {"no Host", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", ""},
      {"in the body", "POST / HTTP/1.1\r\n\r\nHost: a.b\r\n", ""},
      {"a field that ends alike", "GET / HTTP/1.1\r\nX-Host: a.b\r\n\r\n", ""},
      {"empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", ""},
      {"script", "GET / HTTP/1.1\r\nHost: <script>\r\n\r\n", ""},
      {"control characters", "GET / HTTP/1.1\r\nHost: a\x1b[31mb\r\n\r\n", ""},
      {"not ASCII",
       "GET / HTTP/1.1\r\nHost: b\xc3\xbc"
       "cher.example\r\n\r\n",
       ""},
      {"a port that is none", "GET / HTTP/1.1\r\nHost: a.b:80x\r\n\r\n", ""},
      {"a bracket that stays open", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", ""},
      {"nothing", "", ""},
  };
  for (const Case& test : cases) EXPECT_EQ(http(test.request), test.host) << test.description;
}

TEST(HostName, IsRefusedAboveItsLimit) {
  const auto request = [](size_t length) {
    return "GET / HTTP/1.1\r\nHost: " + std::string(length, 'a') + "\r\n\r\n";
  };
  EXPECT_EQ(http(request(kLongestHostName)).size(), kLongestHostName);
  EXPECT_EQ(http(request(kLongestHostName + 1)), "");
}

}  // namespace
}  // namespace wirewatch
