// SPDX-License-Identifier: BSD-3-Clause
// The timing of one attempt by itself; which SYN begins one is the worker's business (tests/pipeline).
#include "dataplane/flow/handshake.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace wirewatch {
namespace {

constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kUrg = 0x20, kEce = 0x40, kCwr = 0x80;

TEST(TcpFlags, TellASynFromEverythingElse) {
  struct Row {
    std::string_view description;
    uint8_t flags;
    bool syn, syn_ack;
  };
  const std::array rows{
      Row{"SYN", kSyn, true, false},
      Row{"SYN offering ECN", kSyn | kEce | kCwr, true, false},
      Row{"SYN with push and urgent", kSyn | kPsh | kUrg, true, false},
      Row{"SYN,ACK", kSyn | kAck, false, true},
      Row{"SYN,ACK taking ECN", kSyn | kAck | kEce, false, true},
      Row{"SYN,FIN", kSyn | kFin, false, false},
      Row{"SYN,RST", kSyn | kRst, false, false},
      Row{"ACK", kAck, false, false},
      Row{"nothing", 0, false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(is_syn(row.flags), row.syn) << row.description;
    EXPECT_EQ(is_syn_ack(row.flags), row.syn_ack) << row.description;
  }
}

TEST(Handshake, CountsResentSynsWithoutWrappingAround) {
  Handshake handshake;
  handshake.begin({.sequence = 1, .flags = kSyn, .from_low = true}, Timestamp{0}, 1);
  for (int i = 0; i < 70'000; ++i) handshake.resend_syn(Timestamp{i});
  EXPECT_EQ(handshake.syn_retransmissions, 65'535);
  EXPECT_EQ(handshake.first_syn, Timestamp{0});
  EXPECT_EQ(handshake.last_syn, Timestamp{69'999});
}

TEST(Handshake, TakesAcknowledgmentsOfTheSynAndAtMostItsData) {
  struct Row {
    std::string_view description;
    uint32_t sequence, data, acknowledgment;
    bool answers;
  };
  const std::array rows{
      Row{"the SYN", 100, 0, 101, true},
      Row{"one less", 100, 0, 100, false},
      Row{"one more", 100, 0, 102, false},
      Row{"the SYN without its data", 100, 10, 101, true},
      Row{"part of the data", 100, 10, 105, true},
      Row{"all of the data", 100, 10, 111, true},
      Row{"more than the data", 100, 10, 112, false},
      Row{"a number that wrapped", 0xffffffff, 0, 0, true},
      Row{"data that wrapped", 0xfffffffa, 10, 5, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    Handshake handshake;
    handshake.begin({.sequence = row.sequence, .flags = kSyn, .payload_length = row.data, .from_low = true}, Timestamp{0}, 1);
    handshake.observe({.sequence = 7, .acknowledgment = row.acknowledgment, .flags = kSyn | kAck, .from_low = false}, Timestamp{5});
    EXPECT_EQ(handshake.state, row.answers ? HandshakeState::SynAckSeen : HandshakeState::SynSent);
  }
}

TEST(Handshake, SurvivesTimesAtTheEndsOfTheRange) {
  Handshake handshake;
  handshake.begin({.sequence = 1, .flags = kSyn, .from_low = true}, Timestamp{INT64_MAX}, 1);
  handshake.observe({.sequence = 7, .acknowledgment = 2, .flags = kSyn | kAck, .from_low = false}, kNoTimestamp);
  handshake.observe({.sequence = 2, .acknowledgment = 8, .flags = kAck, .from_low = true}, kNoTimestamp);
  EXPECT_TRUE(handshake.over());
  EXPECT_EQ(handshake.initial_rtt_ns, INT64_MIN) << "saturated";
}

}  // namespace
}  // namespace wirewatch
