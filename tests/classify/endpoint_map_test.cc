// SPDX-License-Identifier: BSD-3-Clause
// What the endpoint mapper's answers name, and what a stranger may put in their place.
#include "dataplane/classify/endpoint_map.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/classify/ept_map.h"

namespace wirewatch {
namespace {

using namespace std::string_literals;
using namespace testing;

constexpr std::string_view kAnywhere{"\0\0\0\0", 4}, kElsewhere{"\xc6\x33\x64\x14", 4};  // 198.51.100.20

/// In memory of the payload's own size, so that the address sanitizer sees a byte read too far.
std::vector<std::string> ends_of(std::string_view payload, size_t room = 64, const char* server = "192.0.2.2") {
  const auto exact = std::make_unique<uint8_t[]>(payload.size());
  std::copy(payload.begin(), payload.end(), exact.get());
  std::vector<Endpoint> ends(room);
  ends.resize(read_endpoint_map({exact.get(), payload.size()}, *IpAddress::parse(server), ends));
  std::vector<std::string> named;
  for (const Endpoint& end : ends) named.push_back(end.address.to_string() + " " + std::to_string(end.port));
  return named;
}

Floors floors_with(size_t at, std::pair<std::string, std::string> floor) {
  Floors floors = tcp_floors(49670, kAnywhere);
  floors[at] = std::move(floor);
  return floors;
}

struct MapCase {
  std::string what;
  std::string payload;
  std::vector<std::string> ends;
};

const std::string kGood = tower(49670, kAnywhere);

const std::vector<MapCase> kMapCases = {
    {"a port of the server's, whatever address", ept_map_answer({.towers = {kGood}}), {"192.0.2.2 49670"}},
    {"an address of its own beside the server's", ept_map_answer({.towers = {tower(49671, kElsewhere)}}),
     {"192.0.2.2 49671", "198.51.100.20 49671"}},
    {"the server's own address", ept_map_answer({.towers = {tower(49671, "\xc0\x00\x02\x02"s)}}), {"192.0.2.2 49671"}},
    {"several towers, one of them absent", ept_map_answer({.towers = {kGood, "", tower(49672, kAnywhere)}}),
     {"192.0.2.2 49670", "192.0.2.2 49672"}},
    {"the same in NDR64", ept_map_answer({.towers = {kGood, "", tower(49672, kAnywhere)}, .ndr64 = true}),
     {"192.0.2.2 49670", "192.0.2.2 49672"}},
    {"behind the acceptance of the association", mapper_bind_ack() + ept_map_answer({.towers = {kGood}}), {"192.0.2.2 49670"}},
    {"no tower", ept_map_answer({.towers = {}}), {}},
    {"port 0", ept_map_answer({.towers = {tower(0, kElsewhere)}}), {}},
    {"a tower for UDP", ept_map_answer({.towers = {tower(floors_with(3, {"\x08", "\xc2\x06"s}))}}), {}},
    {"a named pipe, then TCP", ept_map_answer({.towers = {tower(floors_with(3, {"\x0f", "\\PIPE\\lsass\0"s})), kGood}}),
     {"192.0.2.2 49670"}},
    {"RPC over HTTP", ept_map_answer({.towers = {tower(floors_with(3, {"\x1f", "\xc2\x06"s}))}}), {}},
    {"a connectionless tower", ept_map_answer({.towers = {tower(floors_with(2, {"\x0a", "\0\0"s}))}}), {}},
    {"an interface that is no UUID", ept_map_answer({.towers = {tower(floors_with(0, {"\x0c", "\0\0"s}))}}), {}},
    {"a port of three bytes", ept_map_answer({.towers = {tower(floors_with(3, {"\x07", "\xc2\x06\x01"s}))}}), {}},
    {"an address of three bytes", ept_map_answer({.towers = {tower(floors_with(4, {"\x09", "\xc6\x33\x64"s}))}}), {}},
    {"a floor without a protocol", ept_map_answer({.towers = {tower(floors_with(4, {"", "\0\0\0\0"s}))}}), {}},
    {"a floor beyond its tower",
     ept_map_answer({.towers = {kGood.substr(0, kGood.size() - 6) + "\xff\xff" + kGood.substr(kGood.size() - 4)}}), {}},
    {"a tower that goes on behind its floors", ept_map_answer({.towers = {kGood + "x"}}), {}},
    {"a tower of 65535 floors", ept_map_answer({.towers = {"\xff\xff" + kGood.substr(2)}}), {}},
    {"two counts of towers", ept_map_answer({.towers = {kGood}, .more_said = 1}), {}},
    {"two lengths of a tower", ept_map_answer({.towers = {kGood}, .more_in_tower = 1}), {}},
    {"a tower of 4 GiB", ept_map_answer({.towers = {kGood}, .more_in_tower = -1 - static_cast<int>(kGood.size())}), {}},
    {"an array that begins later", ept_map_answer({.towers = {kGood}, .offset = 1}), {}},
    {"more than was asked for", ept_map_answer({.towers = {kGood, kGood}, .most = 1}), {}},
    {"more than may be asked for", ept_map_answer({.towers = {kGood}, .most = 501}), {}},
    {"a question", ept_map_request(kGood), {}},
    {"a stub that is empty", rpc_pdu(2, std::string(8, '\0')), {}},
    {"a PDU shorter than its header", "\x05\x00\x02\x03\x10\x00\x00\x00\x0f\x00\x00\x00\x01\x00\x00\x00"s, {}},
    {"nothing", "", {}},
};

TEST(EndpointMap, NamesThePortsOfItsTowersAndNoOthers) {
  for (const MapCase& each : kMapCases) EXPECT_EQ(ends_of(each.payload), each.ends) << each.what;
}

TEST(EndpointMap, IsOfTheServerAlsoWhenThatHasAnIpv6Address) {
  EXPECT_EQ(ends_of(ept_map_answer({.towers = {tower(49671, kElsewhere)}}), 64, "2001:db8::2"),
            (std::vector<std::string>{"2001:db8::2 49671", "198.51.100.20 49671"}));
}

TEST(EndpointMap, IsReadAsFarAsItWasCapturedAndAsFitsAndNoFurther) {
  for (const bool ndr64 : {false, true}) {
    const std::string two = ept_map_answer({.towers = {kGood, tower(49671, kAnywhere)}, .ndr64 = ndr64});
    size_t before = 0;
    for (size_t size = 0; size <= two.size(); ++size) {
      const auto ends = ends_of(std::string_view(two).substr(0, size));
      ASSERT_GE(ends.size(), before) << size;
      before = ends.size();
    }
    EXPECT_EQ(before, 2u);
    EXPECT_EQ(ends_of(two, 1), std::vector<std::string>{"192.0.2.2 49670"});
    EXPECT_TRUE(ends_of(two, 0).empty());
    EXPECT_EQ(ends_of(std::string_view(two).substr(0, two.size() - 30)), std::vector<std::string>{"192.0.2.2 49670"});
  }
}

TEST(EndpointMap, OfFiveHundredTowersFillsTheRoomThereIs) {
  std::vector<std::string> towers;
  for (uint16_t i = 0; i < 500; ++i) towers.push_back(tower(static_cast<uint16_t>(49152 + i), kAnywhere));
  EXPECT_EQ(ends_of(ept_map_answer({.towers = towers, .most = 500})).size(), 64u);
}

TEST(EndpointMap, DamagedNeverNamesAnEndWithoutAPort) {
  std::mt19937 random(1);  // the same damage every time
  for (const bool ndr64 : {false, true}) {
    const std::string good = ept_map_answer({.towers = {kGood, tower(49671, kElsewhere)}, .ndr64 = ndr64});
    for (int round = 0; round < 2000; ++round) {
      std::string bad = good;
      for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<char>(random());
      bad.resize(1 + random() % bad.size());
      for (const std::string& end : ends_of(bad)) ASSERT_FALSE(end.ends_with(" 0")) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace wirewatch
