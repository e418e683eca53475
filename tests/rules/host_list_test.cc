// SPDX-License-Identifier: BSD-3-Clause
// hosts.tsv: lookup by suffix, lint with the fix, and the shipped file itself.
#include "control/rules/host_list_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace wirewatch {
namespace {

HostList list_of(const std::string& text, const std::string& own = {}) {
  const std::vector<RuleFile> files{{"hosts.tsv", text, false}, {"own/hosts.tsv", own, true}};
  Diagnostics diagnostics;
  HostList list = compile_host_list(files, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.to_error().message;
  return list;
}

std::string service(const HostList& list, std::string_view host) {
  const HostService* const found = list.find(host);
  return found == nullptr ? "" : found->name + "/" + found->category;
}

const char* const kSample =
    "# a comment\n\n"
    "youtube\tvideo\tyoutube.com ytimg.com\r\n"
    "google\tsearch\tgoogle.com\n"
    "google-mail\tmail\tmail.google.com\n";

TEST(HostList, FindsADomainAndAllBelowIt) {
  const HostList list = list_of(kSample);
  EXPECT_EQ(service(list, "youtube.com"), "youtube/video");
  EXPECT_EQ(service(list, "www.youtube.com"), "youtube/video");
  EXPECT_EQ(service(list, "a.b.c.d.ytimg.com"), "youtube/video");
  EXPECT_EQ(list.domain_count(), 4u);
}

TEST(HostList, MatchesWholeLabelsOnly) {
  const HostList list = list_of(kSample);
  for (const std::string_view host : {"notyoutube.com", "youtube.com.evil.example", "com", "tube.com", "", ".", "youtube.co"}) {
    EXPECT_EQ(service(list, host), "") << host;
  }
  EXPECT_EQ(service(HostList(), "youtube.com"), "");
}

TEST(HostList, PrefersTheLongerDomain) {
  const HostList list = list_of(kSample);
  EXPECT_EQ(service(list, "mail.google.com"), "google-mail/mail");
  EXPECT_EQ(service(list, "x.mail.google.com"), "google-mail/mail");
  EXPECT_EQ(service(list, "maps.google.com"), "google/search");
}

TEST(HostList, LetsTheOperatorsFileWin) {
  const HostList list = list_of(kSample, "intranet\tbusiness\tcorp.example youtube.com\n");
  EXPECT_EQ(service(list, "youtube.com"), "intranet/business");
  EXPECT_EQ(service(list, "i.ytimg.com"), "youtube/video");
}

TEST(HostList, FindsEveryOneOfManyDomains) {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += "s" + std::to_string(i) + "\tcloud\tname" + std::to_string(i) + ".example\n";
  const HostList list = list_of(text);
  for (int i = 0; i < 10000; ++i) {
    EXPECT_EQ(service(list, "www.name" + std::to_string(i) + ".example"), "s" + std::to_string(i) + "/cloud");
  }
}

TEST(HostListFile, SaysWhatIsWrongAndWhatToWrite) {
  struct Case {
    const char* text;
    const char* expected;
  };
  const std::vector<Case> cases{
      {"a video a.com\n", "hosts.tsv:1:1: a line is service, category and domains, with a tab between them; this one has 1 field"},
      {"\na\tvidoe\ta.com\n", "hosts.tsv:2:3: unknown category 'vidoe'; did you mean 'video'?"},
      {"a\tvideo\ta.com *.b.com\n", "hosts.tsv:1:15: leave out the '*.': 'b.com' stands for all below it"},
      {"a\tvideo\thttps://a.com/x\n", "write the host alone: 'a.com'"},
      {"a\tvideo\tA.com\n", "write domains in lower case"},
      {"a\tvideo\tcom\n", "'com' alone would stand for a whole top-level domain"},
      {"a\tvideo\ta.com  b.com\n", "hosts.tsv:1:15: expected a domain; one blank stands between two of them"},
      {"a\tvideo\ta.com\nb\tvideo\ta.com\n", "hosts.tsv:2:9: 'a.com' is already in line 1"},
      {"a\tvideo\ta.com\na\tvideo\tb.com\n", "service 'a' is already in line 1; put its domains there"},
      {"a\tvideo\ta.com x.a.com\n", "leave out 'x.a.com': 'a.com' of the same service covers it"},
      {"A B\tvideo\ta.com\n", "a service is named by 1 to 64 lower-case letters"}};
  for (const Case& each : cases) {
    Diagnostics diagnostics;
    const std::vector<RuleFile> files{{"hosts.tsv", each.text, false}};
    compile_host_list(files, diagnostics);
    EXPECT_NE(diagnostics.to_error().message.find(each.expected), std::string::npos)
        << each.text << diagnostics.to_error().message;
  }
}

TEST(HostListFile, AsShippedNamesFiveHundredServicesAndMore) {
  const char* const folder = std::getenv("WIREWATCH_RULES");
  if (folder == nullptr) GTEST_SKIP() << "WIREWATCH_RULES is not set; meson test sets it";
  const auto list = load_host_list(folder);
  ASSERT_TRUE(list) << list.error().message;
  std::set<std::string> names;
  for (const HostService& each : list->services()) names.insert(each.name);
  EXPECT_GE(names.size(), 500u);
  EXPECT_EQ(service(*list, "www.youtube.com"), "youtube/video");
  EXPECT_EQ(service(*list, "time.windows.com"), "windows-time/time");
}

}  // namespace
}  // namespace wirewatch
