// SPDX-License-Identifier: BSD-3-Clause
// Who talked to which services, however the flows were spread over workers.
#include "control/aggregate/service_sums.h"

#include <gtest/gtest.h>

#include <string>

namespace wirewatch {
namespace {

std::shared_ptr<const HostList> some_hosts() {
  return std::make_shared<const HostList>(std::vector<HostService>{{"films", "video"}, {"letters", "mail"}},
                                          std::vector<ListedDomain>{{"films.example", 0}, {"mail.example", 1}});
}

FlowRecord flow(const char* client, std::string_view host, uint64_t packets) {
  FlowRecord record;
  record.client.address = IpAddress::parse(client).value();
  record.host = host;
  record.to_server = {packets, packets * 100};
  record.to_client = {1, 60};
  return record;
}

TEST(ServiceSums, AddUpTheFlowsOfEachClientOfAService) {
  ServiceSums sums(some_hosts());
  sums.add(flow("10.0.0.1", "cdn.films.example", 5));
  sums.add(flow("10.0.0.1", "films.example", 2));
  sums.add(flow("10.0.0.2", "mail.example", 100));
  sums.add(flow("10.0.0.2", "nobody.example", 7));
  sums.add(flow("10.0.0.2", "", 7));
  const auto rows = sums.rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].service, "letters") << "most packets first";
  EXPECT_EQ(rows[1].service, "films");
  EXPECT_EQ(rows[1].category, "video");
  EXPECT_EQ(rows[1].flows, 2u);
  EXPECT_EQ(rows[1].to_server, (Traffic{7, 700}));
  EXPECT_EQ(rows[1].traffic(), (Traffic{9, 820}));
}

TEST(ServiceSums, DoNotDependOnWhoAddedWhat) {
  const auto hosts = some_hosts();
  ServiceSums one(hosts), left(hosts), right(hosts), merged(hosts);
  for (unsigned i = 0; i < 50; ++i) {
    const std::string client = "10.0.0." + std::to_string(i % 7);
    const FlowRecord record = flow(client.c_str(), i % 3 == 0 ? "films.example" : "mail.example", i);
    one.add(record);
    (i % 2 == 0 ? left : right).add(record);
  }
  merged.merge(right);
  merged.merge(left);
  const auto alone = one.rows(), both = merged.rows();
  ASSERT_EQ(alone.size(), both.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(alone[i].client, both[i].client);
    EXPECT_EQ(alone[i].service, both[i].service);
    EXPECT_EQ(alone[i].flows, both[i].flows);
    EXPECT_EQ(alone[i].traffic(), both[i].traffic());
  }
}

TEST(ServiceSums, AreBoundedAndCountWhatTheyLeaveOut) {
  ServiceSums sums(some_hosts(), 3);
  for (unsigned i = 0; i < 5; ++i) sums.add(flow(("10.0.0." + std::to_string(i)).c_str(), "films.example", 1));
  EXPECT_EQ(sums.rows().size(), 3u);
  EXPECT_EQ(sums.refused(), 2u);
  ServiceSums none(nullptr);
  none.add(flow("10.0.0.1", "films.example", 1));
  EXPECT_TRUE(none.rows().empty());
}

}  // namespace
}  // namespace wirewatch
