// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/idle_policy.h"

#include <gtest/gtest.h>

namespace wirewatch {
namespace {

TEST(IdlePolicy, RestsOnlyAfterAMomentAndThenLongerAndLonger) {
  IdlePolicy policy(IdleMode::Adaptive, 500);
  for (unsigned i = 0; i < IdlePolicy::kSpinRounds; ++i) EXPECT_EQ(policy.rest_us(true), 0u);
  for (const unsigned expected : {10u, 20u, 40u, 80u, 160u, 320u, 500u, 500u}) EXPECT_EQ(policy.rest_us(true), expected);
  EXPECT_EQ(policy.rest_us(false), 0u);
  for (unsigned i = 0; i < IdlePolicy::kSpinRounds; ++i) EXPECT_EQ(policy.rest_us(true), 0u) << "a packet makes it spin again";
  EXPECT_EQ(policy.rest_us(true), 10u);
}

TEST(IdlePolicy, NeverRestsWhenToldToSpin) {
  IdlePolicy policy(IdleMode::Spin, 500);
  for (unsigned i = 0; i < 3 * IdlePolicy::kSpinRounds; ++i) EXPECT_EQ(policy.rest_us(true), 0u);
}

}  // namespace
}  // namespace wirewatch
