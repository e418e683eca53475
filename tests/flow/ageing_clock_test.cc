// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/timestamp.h"
#include "dataplane/flow/ageing_clock.h"

#include <gtest/gtest.h>

namespace wirewatch {
namespace {

constexpr Timestamp kStart{1'700'000'000 * kSecond_ns};

Timestamp after(int64_t seconds) { return Timestamp{kStart.ns + seconds * kSecond_ns}; }

TEST(AgeingClock, FollowsTimesThatGoOnAndStaysForOnesALittleEarlier) {
  AgeingClock clock;
  EXPECT_EQ(clock.now(), kNoTimestamp);
  EXPECT_EQ(clock.observe(kStart), kStart);
  EXPECT_EQ(clock.observe(after(9)), after(9));
  EXPECT_EQ(clock.observe(after(3)), after(9));
  EXPECT_EQ(clock.observe(kNoTimestamp), after(9));
}

TEST(AgeingClock, BelievesAJumpOnlyWithEnoughWitnesses) {
  for (const int64_t jump_s : {int64_t{3'000'000}, int64_t{-3'000'000}, int64_t{9'000'000'000}}) {
    AgeingClock clock;
    clock.observe(kStart);
    const Timestamp there = jump_s > 8'000'000'000 ? Timestamp{INT64_MAX} : after(jump_s);
    for (unsigned i = 1; i < AgeingClock::kWitnesses; ++i) EXPECT_EQ(clock.observe(there), kStart) << jump_s;
    EXPECT_EQ(clock.observe(there), there);
    EXPECT_EQ(clock.jumps(), 1u);
  }
}

TEST(AgeingClock, IsNotMovedByOddTimesBetweenGoodOnes) {
  AgeingClock clock;
  for (int64_t i = 0; i < 1000; ++i) {
    clock.observe(after(i));
    clock.observe(after(50'000'000));
    EXPECT_EQ(clock.now(), after(i));
  }
}

TEST(AgeingClock, IsNotMovedByOddTimesThatDoNotAgree) {
  AgeingClock clock;
  clock.observe(kStart);
  for (int64_t i = 1; i < 1000; ++i) EXPECT_EQ(clock.observe(after(i * 1'000'000)), kStart);
}

}  // namespace
}  // namespace wirewatch
