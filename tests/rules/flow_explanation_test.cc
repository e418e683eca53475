// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch rules explain`: it says what the pipeline did, for every flow of the bundled capture.
#include "control/rules/flow_explanation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "control/replay/inspect.h"
#include "control/rules/predicate_compiler.h"
#include "control/rules/predicate_text.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch {
namespace {

class FlowExplanations : public testing::Test {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("WIREWATCH_RULES");
    const char* const captures = std::getenv("WIREWATCH_CAPTURES");
    if (folder == nullptr || captures == nullptr) GTEST_SKIP() << "meson test sets what this needs";
    options.paths = {std::string(captures) + "/scenario.cap"};
    options.rules = shipped_rules();
    options.keep_flows = true;
    report.emplace(inspect(options).value());
  }
  InspectOptions options;
  std::optional<Report> report;
};

TEST_F(FlowExplanations, ComeToTheVerdictOfTheReport) {
  ASSERT_GT(report->flows.size(), 300u);
  for (size_t i = 0; i < report->flows.size(); i += 3) {
    const FlowRecord& flow = report->flows[i];
    if (flow.evidence == Evidence::Learned) continue;  // what other flows taught is not told here
    const auto explanation = explain_flow(options.paths, options.rules, flow);
    ASSERT_TRUE(explanation) << explanation.error().message;
    EXPECT_EQ(explanation->verdict.application, flow.application) << "flow " << i + 1;
    EXPECT_EQ(explanation->verdict.evidence, flow.evidence) << "flow " << i + 1;
    EXPECT_EQ(explanation->verdict.signature, flow.signature) << "flow " << i + 1;
  }
}

TEST_F(FlowExplanations, NameTheSignatureThatWonAndWhatItsTestsCompared) {
  const auto tls = std::ranges::find_if(report->flows, [&](const FlowRecord& flow) {
    return options.rules->signature_id(flow.signature) == "tls.client-hello";
  });
  ASSERT_NE(tls, report->flows.end());
  const auto explanation = explain_flow(options.paths, options.rules, *tls);
  ASSERT_TRUE(explanation);
  ASSERT_FALSE(explanation->packets.empty());
  const ExplainedPacket& first = explanation->packets.front();
  EXPECT_TRUE(first.from_client);
  EXPECT_FALSE(first.host.empty());
  ASSERT_FALSE(first.scans.empty());
  const auto won = std::ranges::find(first.scans.front().matches, MatchFate::Won, &ExplainedMatch::fate);
  ASSERT_NE(won, first.scans.front().matches.end());
  EXPECT_EQ(won->signature, tls->signature);
  const auto candidate = std::ranges::find(first.scans.front().candidates, tls->signature, &ExplainedCandidate::signature);
  ASSERT_NE(candidate, first.scans.front().candidates.end());
  EXPECT_EQ(candidate->fate, CandidateFate::Strong);
  ASSERT_EQ(candidate->tests.size(), 2u);
  EXPECT_EQ(candidate->tests[0].text, "be16@3 in 38..18432");
  EXPECT_TRUE(candidate->tests[0].held);
}

TEST(PredicateText, ReadsAsItWasWritten) {
  for (const std::string text : {"be16@2 == len", "u8@4 - 5 != len - 2", "len in 20..1472", "port < 1024", "client_port >= 10",
                                 "le32@-4 & 255 <= 7", "be24@1 % 6 == 0", "be32@0 * 2 > 9"}) {
    const auto predicate = compile_predicate(text);
    ASSERT_TRUE(predicate) << text;
    EXPECT_EQ(text_of(*predicate), text);
  }
}

TEST(PredicateText, ShowsWhatWasCompared) {
  const std::vector<uint8_t> bytes{0, 19, 5};
  const PredicateInput input{bytes, 20, 443, 50000};
  EXPECT_EQ(compared(*compile_predicate("be16@0 == len - 1"), input), "19 == 20 - 1");
  EXPECT_EQ(compared(*compile_predicate("u8@2 in 1..port"), input), "5 in 1..443");
  EXPECT_EQ(compared(*compile_predicate("be32@0 == 1"), input), "be32@0 is beyond the payload");
}

}  // namespace
}  // namespace wirewatch
