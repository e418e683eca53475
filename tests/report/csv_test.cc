// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/csv.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/report/sample_report.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

class Csv : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "wirewatch-csv-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string table(const std::string& name) const {
    std::ifstream file(folder_ / "out" / (name + ".csv"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path folder_;
};

/// RFC 4180, read the way a spreadsheet does.
std::vector<std::vector<std::string>> parsed(const std::string& text) {
  std::vector<std::vector<std::string>> rows{{""}};
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      rows.back().back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      rows.back().emplace_back();
    } else if (!quoted && c == '\r') {
      rows.push_back({""});
      ++i;
    } else {
      rows.back().back() += c;
    }
  }
  rows.pop_back();
  return rows;
}

TEST(CsvCell, QuotesWhatRfc4180AsksFor) {
  const struct {
    const char* description;
    std::string_view text, expected;
  } cases[] = {{"plain", "tls", "tls"},
               {"empty", "", ""},
               {"a comma", "a,b", "\"a,b\""},
               {"quotes are doubled", "a\"b", "\"a\"\"b\""},
               {"a new line cannot end the row", "a\r\nb", "a\\x0d\\x0ab"},
               {"a formula", "=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"},
               {"plus, minus, at", "+1", "'+1"},
               {"minus", "-1", "'-1"},
               {"at", "@SUM(A1)", "'@SUM(A1)"},
               {"a formula with a comma", "=A1,B1", "\"'=A1,B1\""},
               {"an equals sign further on is harmless", "a=b", "a=b"},
               {"a control character", "\x1b[2J", "\\x1b[2J"}};
  for (const auto& [description, text, expected] : cases) EXPECT_EQ(csv_cell(text), expected) << description;
}

TEST_F(Csv, WritesOneTableAFileIntoAPrivateDirectory) {
  const auto written = write_csv(testing::sample_report(), folder_ / "out");
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(*written, 13u);
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
  for (const char* name :
       {"capture", "handshakes", "handshake_summary", "handshake_ports", "protocol_hierarchy", "destinations",
        "endpoints", "conversations", "flows", "applications", "unwanted", "accounting"}) {
    EXPECT_TRUE(fs::is_regular_file(folder_ / "out" / (std::string(name) + ".csv"))) << name;
  }
}

TEST_F(Csv, GivesEveryRowAsManyCellsAsTheHeader) {
  for (const Report& report :
       {testing::sample_report(), testing::hostile_report(), testing::empty_report()}) {
    ASSERT_TRUE(write_csv(report, folder_ / "out"));
    for (const auto& entry : fs::directory_iterator(folder_ / "out")) {
      const auto rows = parsed(table(entry.path().stem().string()));
      ASSERT_FALSE(rows.empty()) << entry.path();
      for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size()) << entry.path() << ": " << row[0];
    }
  }
}

TEST_F(Csv, WritesHandshakesAndLeavesUnknownCellsEmpty) {
  ASSERT_TRUE(write_csv(testing::sample_report(), folder_ / "out"));
  const auto rows = parsed(table("handshakes"));
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[1], (std::vector<std::string>{"10.0.0.5", "51034", "93.184.216.34", "443", "established",
                                               "1772360523.123456000", "1772360523.135801678", "12345678",
                                               "87000", "12432678", "0", "0", "false"}));
  EXPECT_EQ(rows[4][6], "");
  EXPECT_EQ(rows[4][7], "");
}

TEST_F(Csv, WritesTheHierarchyAsPaths) {
  ASSERT_TRUE(write_csv(testing::sample_report(), folder_ / "out"));
  const auto rows = parsed(table("protocol_hierarchy"));
  EXPECT_EQ(rows[1][0], "eth");
  EXPECT_EQ(rows[4][0], "eth/ip/tcp/tls");
  EXPECT_EQ(rows.back(), (std::vector<std::string>{"eth/arp", "412", "24720", "", "", "", ""}));
}

TEST_F(Csv, KeepsFormulasFromTheCaptureOutOfSpreadsheets) {
  ASSERT_TRUE(write_csv(testing::hostile_report(), folder_ / "out"));
  const auto rows = parsed(table("flows"));
  EXPECT_TRUE(rows[1][8].starts_with("'=cmd|'/c calc'!A1\\x1b[2J")) << rows[1][8];
}

TEST_F(Csv, ReplacesTheTablesOfAnEarlierRun) {
  ASSERT_TRUE(write_csv(testing::sample_report(), folder_ / "out"));
  ASSERT_TRUE(write_csv(testing::empty_report(), folder_ / "out"));
  EXPECT_EQ(parsed(table("flows")).size(), 1u);
}

TEST_F(Csv, SaysWhyTablesCannotBeWritten) {
  std::ofstream(folder_ / "file") << "not a directory";
  const auto onto_file = write_csv(testing::empty_report(), folder_ / "file");
  ASSERT_FALSE(onto_file);
  EXPECT_NE(onto_file.error().message.find("it is a file, not a directory"), std::string::npos)
      << onto_file.error().message;
  const auto nowhere = write_csv(testing::empty_report(), folder_ / "missing" / "out");
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message.find("cannot make the directory"), std::string::npos)
      << nowhere.error().message;
}

}  // namespace
}  // namespace wirewatch
