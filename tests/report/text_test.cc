// SPDX-License-Identifier: BSD-3-Clause
// Golden pages: tests/golden/report-*.txt. After a change that is meant, write them anew and read the
// difference:
//   WIREWATCH_UPDATE_GOLDEN=1 meson test -C build report && git diff tests/golden
#include "control/report/text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "control/report/printable.h"
#include "tests/report/sample_report.h"

namespace wirewatch {
namespace {

std::string page_of(const Report& report, size_t width, bool utf8 = true) {
  TextOptions options;
  options.page = {width, false, utf8};
  return text_report(report, options);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(TextReport, LooksAsItDidWhenItWasLastLookedAt) {
  const char* folder = std::getenv("WIREWATCH_GOLDEN");
  if (folder == nullptr) GTEST_SKIP() << "$WIREWATCH_GOLDEN does not name tests/golden; 'meson test' sets it";
  const struct {
    const char* name;
    std::string page;
  } cases[] = {{"report-80", page_of(testing::sample_report(), 80)},
               {"report-120", page_of(testing::sample_report(), 120)},
               {"report-200", page_of(testing::sample_report(), 200)},
               {"report-80-ascii", page_of(testing::sample_report(), 80, false)},
               {"report-empty", page_of(testing::empty_report(), 80)},
               {"report-undissected", page_of(testing::undissected_report(), 80)},
               {"report-without-tcp", page_of(testing::report_without_tcp(), 80)}};
  for (const auto& [name, page] : cases) {
    const std::string path = std::string(folder) + "/" + name + ".txt";
    if (std::getenv("WIREWATCH_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << page;
    std::ifstream file(path, std::ios::binary);
    ASSERT_TRUE(file) << path;
    EXPECT_EQ(page, std::string(std::istreambuf_iterator<char>(file), {})) << path;
  }
}

TEST(TextReport, NeverGoesBeyondItsWidth) {
  for (const Report& report : {testing::sample_report(), testing::hostile_report(),
                               testing::report_without_tcp(), testing::undissected_report()}) {
    for (size_t width = kNarrowestPage; width <= 260; width += width < 130 ? 1 : 13) {
      for (const bool utf8 : {true, false}) {
        for (const std::string& line : lines_of(page_of(report, width, utf8)))
          ASSERT_LE(display_width(line), width) << line;
      }
    }
  }
}

TEST(TextReport, LetsNoControlCharacterThrough) {
  for (const size_t width : {60u, 200u, 600u}) {
    for (const char c : page_of(testing::hostile_report(), width))
      ASSERT_TRUE(c == '\n' || static_cast<uint8_t>(c) >= 0x20) << int{c};
  }
}

TEST(TextReport, HasColoursOnlyWhenAsked) {
  TextOptions options;
  options.page = {80, true, true};
  const std::string colourful = text_report(testing::sample_report(), options);
  EXPECT_NE(colourful.find("\x1b[1;31mUNWANTED TRAFFIC"), std::string::npos);
  EXPECT_EQ(page_of(testing::sample_report(), 80).find('\x1b'), std::string::npos);
}

TEST(TextReport, IsAsciiWhereTheTerminalIs) {
  for (const char c : page_of(testing::sample_report(), 200, false)) ASSERT_LT(static_cast<uint8_t>(c), 0x80);
}

TEST(TextReport, PutsUnwantedTrafficBeforeEverythingElse) {
  const std::string page = page_of(testing::sample_report(), 80);
  ASSERT_NE(page.find("UNWANTED TRAFFIC: 3 flows"), std::string::npos);
  EXPECT_LT(page.find("UNWANTED TRAFFIC: 3 flows"), page.find("1  How long"));
  EXPECT_NE(page.find("bittorrent: 3 flows, 2.01 MiB from 2 addresses, most from 10.0.0.5"),
            std::string::npos)
      << page;
}

TEST(TextReport, TellsAPolicyWithoutMatchesFromNoPolicy) {
  Report report = testing::sample_report();
  report.unwanted.clear();
  EXPECT_NE(page_of(report, 80).find("none of what the policy names was seen"), std::string::npos);
  report.policy_given = false;
  EXPECT_NE(page_of(report, 80).find("--unwanted bittorrent,p2p"), std::string::npos);
}

TEST(TextReport, ShowsGuessesApart) {
  const std::string page = page_of(testing::sample_report(), 80);
  EXPECT_LT(page.find("Applications"), page.find("Guessed from the port alone"));
  EXPECT_LT(page.find("Guessed from the port alone"), page.find("ntp "));
}

TEST(TextReport, RaisesItsVoiceWhenSumsDoNotBalance) {
  Report report = testing::sample_report();
  EXPECT_NE(page_of(report, 80).find("52,139 read = 52,139 processed"), std::string::npos);
  report.accounting.read += 1;
  EXPECT_NE(page_of(report, 80).find("52,140 read is not 52,139 processed"), std::string::npos);
}

TEST(TextReport, ShowsAsManyRowsAsAskedFor) {
  TextOptions options;
  options.page.width = 120;
  options.top = 2;
  const std::string page = text_report(testing::sample_report(), options);
  EXPECT_EQ(page.find("192.0.2.77:8443"), std::string::npos) << "the fourth server";
  EXPECT_NE(page.find("and 2 more"), std::string::npos);
}

TEST(TextReport, KeepsTheLargestBranchesOfATreeTooLargeToRead) {
  Report report = testing::report_without_tcp();
  std::vector<HierarchyNode>& protocols = report.protocol_hierarchy[0].children[0].children[0].children;
  for (uint64_t packets = 200; packets > 0; --packets)
    protocols.push_back({"small", {packets, packets}, {}, {}, {}});
  protocols.push_back({"large", {5'000, 5'000}, {}, {}, {}});
  for (HierarchyNode* node = &report.protocol_hierarchy[0]; !node->children.empty();
       node = &node->children[0]) {
    node->traffic = {30'000, 30'000};
  }
  TextOptions options;
  options.top = 3;
  const std::string page = text_report(report, options);
  EXPECT_NE(page.find("large"), std::string::npos) << page;
  EXPECT_NE(page.find("small      200"), std::string::npos) << page;
  EXPECT_NE(page.find("small      193"), std::string::npos) << page;
  EXPECT_EQ(page.find("small      192"), std::string::npos) << page;
  EXPECT_NE(page.find("and 193 more"), std::string::npos) << page;
}

TEST(TextReport, SortsByWhatIsAskedFor) {
  const auto first_destination = [](SortKey sort) {
    TextOptions options;
    options.sort = sort;
    const auto lines = lines_of(text_report(testing::sample_report(), options));
    const auto title = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
      return line.starts_with("  Destinations");
    });
    return title[2].substr(2, title[2].find(' ', 2) - 2);
  };
  EXPECT_EQ(first_destination(SortKey::Packets), "10.0.0.5");
  EXPECT_EQ(first_destination(SortKey::Bytes), "10.0.0.5");
  EXPECT_EQ(first_destination(SortKey::Connections), "93.184.216.34");
}

TEST(TextReport, AnswersWhoTalksToAPort) {
  Report report = testing::sample_report();
  restrict_to_port(report, 111);
  ASSERT_EQ(report.destinations.size(), 1u);
  EXPECT_EQ(report.destinations[0].traffic, (Traffic{58, 9'590}));
  ASSERT_EQ(report.conversations.size(), 1u);
  TextOptions options;
  options.only_port = 111;
  const std::string page = text_report(report, options);
  EXPECT_NE(page.find("Destinations  only port 111"), std::string::npos) << page;
  EXPECT_NE(page.find("10.0.0.9"), std::string::npos);
}

TEST(TextReport, SaysThatNobodyTalksToAPort) {
  Report report = testing::sample_report();
  restrict_to_port(report, 9);
  TextOptions options;
  options.only_port = 9;
  EXPECT_NE(text_report(report, options).find("Nobody: no packet was sent to port 9."), std::string::npos);
}

}  // namespace
}  // namespace wirewatch
