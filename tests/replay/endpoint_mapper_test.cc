// SPDX-License-Identifier: BSD-3-Clause
// A server's endpoint mapper names ports; whoever connects to one of them afterwards and says nothing that is known speaks
// DCE/RPC, and only that.
#include <gtest/gtest.h>

#include "tests/classify/ept_map.h"
#include "tests/replay/conversations.h"

namespace wirewatch::testing {
namespace {

using namespace std::string_literals;

constexpr const char* kMapper = "192.0.2.2";
const std::string kSealed = "\x9c\x41\xd7\x03\xf1\x88\x2e\x5b\xa0\x17\xee\x64\xc9\x30\x7f\xb2\x9c\x41\xd7\x03";

void ask_mapper(Conversations& talk, const std::string& answer) {
  talk.add(6, "192.0.2.10", kMapper, 135, {mapper_bind(), mapper_bind_ack(), ept_map_request(tower(0, "\0\0\0\0"s)), answer});
}

const std::vector<std::string> kTwo = {tower(49670, "\0\0\0\0"s), tower(49671, "\xc6\x33\x64\x14"s)};

TEST(EndpointMapper, MakesKnownWhatIsSealedOnThePortsItNamed) {
  if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  for (const bool ndr64 : {false, true}) {
    Conversations talk;
    talk.add(6, "192.0.2.10", kMapper, 49670, {kSealed, kSealed});
    ask_mapper(talk, ept_map_answer({.towers = kTwo, .ndr64 = ndr64}));
    talk.add(6, "192.0.2.10", kMapper, 49670, {kSealed, kSealed});
    talk.add(6, "192.0.2.77", "198.51.100.20", 49671, {kSealed, kSealed});
    talk.add(6, "192.0.2.11", kMapper, 49671, {kSealed, kSealed});
    talk.add(6, "192.0.2.12", kMapper, 49672, {kSealed, kSealed});
    talk.add(6, "192.0.2.13", kMapper, 49670, {"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"});
    talk.add(17, "192.0.2.14", kMapper, 49670, {kSealed, kSealed});
    const std::vector<std::string> expected{"192.0.2.2:49670 tcp unknown none",      // over before the mapper was asked
                                            "192.0.2.2:135 tcp dcerpc payload",     "192.0.2.2:49670 tcp dcerpc learned",
                                            "198.51.100.20:49671 tcp dcerpc learned", "192.0.2.2:49671 tcp dcerpc learned",
                                            "192.0.2.2:49672 tcp unknown none",     "192.0.2.2:49670 tcp http payload",
                                            "192.0.2.2:49670 udp unknown none"};
    for (const unsigned jobs : {1u, 2u, 3u}) EXPECT_EQ(talk.named(jobs), expected) << jobs << " jobs, NDR64 " << ndr64;
  }
}

TEST(EndpointMapper, TeachesNothingByAnAnswerThatIsHostileOrCut) {
  if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  const std::string good = ept_map_answer({.towers = {kTwo[0]}});
  const std::vector<std::string> answers{
      ept_map_answer({.towers = {kTwo[0]}, .more_said = 1}), ept_map_answer({.towers = {kTwo[0]}, .more_in_tower = 9}),
      good.substr(0, good.size() - 9), ept_map_answer({.towers = {kTwo[0].substr(0, 70)}})};
  for (const std::string& answer : answers) {
    Conversations talk;
    ask_mapper(talk, answer);
    talk.add(6, "192.0.2.10", kMapper, 49670, {kSealed, kSealed});
    EXPECT_EQ(talk.named(1).back(), "192.0.2.2:49670 tcp unknown none") << answer.size();
  }
}

}  // namespace
}  // namespace wirewatch::testing
