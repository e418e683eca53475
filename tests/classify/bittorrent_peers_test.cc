// SPDX-License-Identifier: BSD-3-Clause
// Each of BitTorrent's ways to name a peer, and what a stranger may put in its place.
#include "dataplane/classify/bittorrent_peers.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/classify/peer_cache.h"

namespace wirewatch {
namespace {

using namespace std::string_literals;

Endpoint end(std::string_view address, uint16_t port) { return {*IpAddress::parse(address), port}; }

std::vector<std::string> peers_of(uint8_t ip_protocol, const std::string& payload, bool from_client = true) {
  std::array<Endpoint, 64> room;
  const BitTorrentPayload said{.ip_protocol = ip_protocol,
                               .from_client = from_client,
                               .source = end("192.0.2.1", 50000),
                               .destination = end("192.0.2.2", 6969),
                               .payload = {reinterpret_cast<const uint8_t*>(payload.data()), payload.size()}};
  std::vector<std::string> named;
  const size_t count = read_bittorrent_peers(said, room);
  for (size_t i = 0; i < count; ++i) named.push_back(room[i].address.to_string() + " " + std::to_string(room[i].port));
  return named;
}

struct PeerCase {
  std::string what;
  uint8_t ip_protocol;
  bool from_client;
  std::string payload;
  std::vector<std::string> peers;
};

const std::string kConnection = "\x00\x00\x00\x00\x00\x00\x00\x07"s;

const std::vector<PeerCase> kCases = {
    {"an announcement to an HTTP tracker names its sender", 6, true,
     "GET /announce?info_hash=x&peer_id=y&port=6881&left=0 HTTP/1.1\r\n", {"192.0.2.1 6881"}},
    {"an announcement with a port that does not exist", 6, true, "GET /a?info_hash=x&port=65537 HTTP/1.1\r\n", {}},
    {"a tracker's answer in compact form", 6, false,
     "HTTP/1.0 200 OK\r\n\r\nd8:intervali60e5:peers12:\xc6\x33\x64\x0a\x1a\xe1\xc6\x33\x64\x14\x01\xbb"s "e",
     {"198.51.100.10 6881", "198.51.100.20 443"}},
    {"a tracker's answer with IPv6 peers", 6, false,
     "HTTP/1.1 200 OK\r\n\r\nd6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1"s "e", {"2001:db8::1 6881"}},
    {"a tracker's answer as a list of dictionaries", 6, false,
     "HTTP/1.0 200 OK\r\n\r\nd5:peersld2:ip12:198.51.100.77:peer id2:xx4:porti6889eed2:ip11:2001:db8::94:porti7000eeee",
     {"198.51.100.7 6889", "2001:db8::9 7000"}},
    {"a tracker's answer that claims more peers than it carries", 6, false,
     "HTTP/1.0 200 OK\r\n\r\nd5:peers4294967295:\xc6\x33\x64\x0a\x1a\xe1\xc6\x33"s, {"198.51.100.10 6881"}},
    {"an announcement to a UDP tracker", 17, true,
     kConnection + "\0\0\0\1"s + std::string(84, 'x') + "\x1a\xe1"s, {"192.0.2.1 6881"}},
    {"the answer of a UDP tracker", 17, false,
     "\0\0\0\1tran\0\0\7\x08\0\0\0\1\0\0\0\2"s "\xc6\x33\x64\x0a\x1a\xe1"s, {"198.51.100.10 6881"}},
    {"the answer of a UDP tracker that is cut within a peer", 17, false,
     "\0\0\0\1tran\0\0\7\x08\0\0\0\1\0\0\0\2"s "\xc6\x33\x64\x0a\x1a"s, {}},
    {"a DHT query names its sender", 17, true, "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe",
     {"192.0.2.1 50000"}},
    {"a DHT announcement names the port for transfers", 17, true,
     "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token1:xe1:q13:announce_peer1:t1:a1:y1:qe",
     {"192.0.2.1 50000", "192.0.2.1 6881"}},
    {"a DHT answer names nodes and peers", 17, false,
     "d1:rd2:id20:abcdefghij01234567895:nodes26:nodeidnodeidnodeidno\xc6\x33\x64\x1e\x1a\xe1"s
     "5:token1:x6:valuesl6:\xc6\x33\x64\x0a\x1a\xe1"s "6:\xc6\x33\x64\x14\x1a\xe2"s "ee1:t1:a1:y1:re",
     {"192.0.2.1 50000", "198.51.100.30 6881", "198.51.100.10 6881", "198.51.100.20 6882"}},
    {"a DHT answer whose list never ends", 17, false, "d1:rd2:id20:abcdefghij01234567896:valuesl0:0:0:0:",
     {"192.0.2.1 50000"}},
    {"local discovery", 17, true, "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 51413\r\nInfohash: 1\r\n",
     {"192.0.2.1 51413"}},
    {"a handshake names the end that listens", 6, true, "\x13" "BitTorrent protocol" + std::string(48, 'h'),
     {"192.0.2.2 6969"}},
    {"the answer to a handshake as well", 6, false, "\x13" "BitTorrent protocol" + std::string(48, 'h'),
     {"192.0.2.1 50000"}},
    {"an extension handshake behind it names the sender's port", 6, true,
     "\x13" "BitTorrent protocol" + std::string(48, 'h') + "\0\0\0\x1a\x14\0d1:md6:ut_pexi1ee1:pi6881ee"s,
     {"192.0.2.2 6969", "192.0.2.1 6881"}},
    {"peer exchange", 6, true, "\0\0\0\x20\x14\1d5:added6:\xc6\x33\x64\x0a\x1a\xe1"s "7:added.f1:\1"s "e",
     {"198.51.100.10 6881"}},
    {"uTP names its sender", 17, true, "\x21\0\0\1"s + std::string(16, 'u'), {"192.0.2.1 50000"}},
    {"a piece of the file", 6, true, "\0\0\x40\x09\7\0\0\0\1\0\0\0\0d5:added6:xxxxxxe"s, {}},
    {"nothing", 6, true, "", {}},
};

TEST(BitTorrentPeers, AreReadFromEveryMessageThatNamesThem) {
  for (const PeerCase& each : kCases) {
    EXPECT_EQ(peers_of(each.ip_protocol, each.payload, each.from_client), each.peers) << each.what;
  }
}

TEST(BitTorrentPeers, OfACutMessageAreReadAsFarAsTheyGo) {
  for (const PeerCase& each : kCases) {
    for (size_t length = 0; length < each.payload.size(); ++length) {
      EXPECT_LE(peers_of(each.ip_protocol, each.payload.substr(0, length), each.from_client).size(),
                each.peers.size() + 1)
          << each.what << ", cut after " << length;
    }
  }
}

constexpr Timestamp at_second(int64_t seconds) { return Timestamp{seconds * 1'000'000'000}; }

TEST(PeerCache, KnowsAPeerFromTheMomentItWasNamedForAnHour) {
  PeerCache cache(64);
  const Endpoint peer = end("198.51.100.10", 6881);
  cache.learn(peer, {.application = 7}, at_second(1000));
  EXPECT_EQ(cache.find(peer, true, 6, at_second(1010), at_second(1020)), 7);
  EXPECT_EQ(cache.find(peer, true, 6, at_second(900), at_second(1001)), 7) << "named while the flow ran";
  EXPECT_EQ(cache.find(peer, true, 6, at_second(900), at_second(999)), kUnknownApplication) << "named after the flow's end";
  EXPECT_EQ(cache.find(peer, true, 6, at_second(1000 + 3601), at_second(9000)), kUnknownApplication) << "named too long ago";
  EXPECT_EQ(cache.find(end("198.51.100.10", 6882), true, 6, at_second(1010), at_second(1020)), kUnknownApplication);
}

TEST(PeerCache, TakesNoEndThatCannotBeAPeer) {
  PeerCache cache(64);
  for (const char* address : {"0.0.0.0", "127.0.0.1", "239.192.152.143", "255.255.255.255", "::", "::1", "ff02::1"}) {
    cache.learn(end(address, 6881), {.application = 7}, at_second(1));
  }
  cache.learn(end("198.51.100.10", 0), {.application = 7}, at_second(1));
  EXPECT_TRUE(cache.empty());
}

TEST(PeerCache, ForgetsWhoWasNamedLongestAgoWhenFullAndCountsIt) {
  PeerCache cache(8);
  for (uint16_t port = 1; port <= 9; ++port) cache.learn(end("198.51.100.10", port), {.application = 7}, at_second(port));
  EXPECT_EQ(cache.size(), 8u);
  EXPECT_EQ(cache.forgotten(), 1u);
  EXPECT_EQ(cache.find(end("198.51.100.10", 1), true, 6, at_second(9), at_second(9)), kUnknownApplication);
  EXPECT_EQ(cache.find(end("198.51.100.10", 9), true, 6, at_second(9), at_second(9)), 7);
}

TEST(PeerCache, GivesWhatWasNamedToThoseFlowsThatWereMeant) {
  PeerCache cache(64);
  const Endpoint listener = end("198.51.100.10", 6881);
  cache.learn(listener, {.application = 7, .ip_protocol = 6, .only_listening = true}, at_second(1));
  EXPECT_EQ(cache.find(listener, true, 6, at_second(1), at_second(2)), 7);
  EXPECT_EQ(cache.find(listener, false, 6, at_second(1), at_second(2)), kUnknownApplication) << "from there";
  EXPECT_EQ(cache.find(listener, true, 17, at_second(1), at_second(2)), kUnknownApplication) << "over UDP";
  cache.learn(listener, {.application = 8}, at_second(1));
  EXPECT_EQ(cache.find(listener, false, 17, at_second(1), at_second(2)), 8);
}

TEST(PeerCache, MergedKnowsWhatEitherLearned) {
  PeerCache a(64), b(64);
  a.learn(end("198.51.100.10", 1), {.application = 7}, at_second(5));
  b.learn(end("198.51.100.10", 1), {.application = 7}, at_second(2));
  b.learn(end("2001:db8::1", 2), {.application = 7}, at_second(5));
  a.merge(b);
  EXPECT_EQ(a.size(), 2u);
  EXPECT_EQ(a.find(end("198.51.100.10", 1), true, 6, at_second(2), at_second(3)), 7);
  EXPECT_EQ(a.find(end("2001:db8::1", 2), true, 6, at_second(5), at_second(6)), 7);
}

}  // namespace
}  // namespace wirewatch
