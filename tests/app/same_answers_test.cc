// SPDX-License-Identifier: BSD-3-Clause
// The same packets give the same answers: the bundled capture through the process, by DPDK, by file and replayed, against
// what `inspect` says of it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/answers.h"
#include "tests/app/data_plane_process.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch::testing {
namespace {

struct Way {
  std::string name;
  std::string port;  // of the configuration; CAPTURE stands for the file
  bool replayed = false;
};

class SameAnswers : public ::testing::TestWithParam<Way> {};

TEST_P(SameAnswers, AsInspect) {
  static const Lines expected = answers_of_inspect(bundled_capture(), shipped_rules());
  constexpr uint64_t kPackets = 4'838;
  std::string port = GetParam().port;
  if (const size_t at = port.find("CAPTURE"); at != std::string::npos) port.replace(at, 7, bundled_capture().string());
  DataPlaneProcess process("[dataplane]\nrules = \"" + compiled_rules().string() + "\"\nmax_flows = 20000\nmax_pending_syns = 20000\nmemory_mb = 64\n" +
                           "[[dataplane.port]]\n" + port);
  ASSERT_TRUE(process.running()) << process.words();
  const SharedState state = process.shared();
  if (GetParam().replayed) {
    const FileDescriptor capture(::open(bundled_capture().c_str(), O_RDONLY | O_CLOEXEC));
    const auto answer = process.client().ask({{"command", "replay"}, {"speed", 0}, {"name", "scenario"}}, capture.get());
    ASSERT_TRUE(answer.json["ok"]) << answer.json;
  }
  ASSERT_TRUE(process.wait_for([](const nlohmann::json& status) { return status["ports"][0]["received"]["packets"] == kPackets; }));
  EXPECT_EQ(process.shut_down(), 0) << process.words();
  const Lines found = answers_of(state);
  EXPECT_EQ(first_difference(expected, found), "");
  EXPECT_EQ(found.size(), expected.size());
  EXPECT_GT(found.size(), 300u);
}

std::vector<Way> ways() {
  std::vector<Way> all{{"File", "source = \"file:CAPTURE,speed=max\"\n"}, {"Replay", "source = \"replay\"\n", true}};
#ifdef WIREWATCH_HAS_DPDK
  all.push_back({"NetPcap", "source = \"dpdk:net_pcap0,rx_pcap=CAPTURE\"\n"});
  all.push_back({"TwoWorkersOverRings", "source = \"dpdk:net_pcap0,rx_pcap=CAPTURE\"\nworkers = 2\nsteering = \"software\"\n"});
#endif
  return all;
}

INSTANTIATE_TEST_SUITE_P(Ways, SameAnswers, ::testing::ValuesIn(ways()), [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace wirewatch::testing
