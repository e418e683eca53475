// SPDX-License-Identifier: BSD-3-Clause
// However many workers share a capture, the document for programs is the same to the byte. Under ThreadSanitizer this is
// the test of the threads that read, work and merge.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "control/report/json.h"
#include "tests/replay/scenario.h"

namespace wirewatch::testing {
namespace {

class JobsOfCapture : public ::testing::TestWithParam<const char*> {
 protected:
  static std::string document(const std::string& path, unsigned jobs) {
    InspectOptions options = everything_of({path});
    options.jobs = jobs;
    std::string text;
    Output out(text);
    write_json(report_of(options), {}, out);
    EXPECT_FALSE(out.finish());
    return text;
  }
};

TEST_P(JobsOfCapture, SayTheSameHoweverMany) {
  if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  const std::string path = bundled(GetParam());
  const std::string alone = document(path, 1);
  ASSERT_GT(alone.size(), 1000u);
  for (const unsigned jobs : {2u, 4u}) EXPECT_TRUE(document(path, jobs) == alone) << jobs << " jobs";
}

INSTANTIATE_TEST_SUITE_P(Bundled, JobsOfCapture,
                         ::testing::Values("scenario.cap", "scenario.pcapng", "scenario.netmon.cap", "bittorrent/encrypted-tcp.cap"),
                         [](const auto& capture) {
                           std::string name = capture.param;
                           std::replace_if(name.begin(), name.end(), [](char letter) { return letter == '.' || letter == '-' || letter == '/'; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace wirewatch::testing
