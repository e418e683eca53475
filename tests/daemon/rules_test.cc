// SPDX-License-Identifier: BSD-3-Clause
// Rules change while the daemon runs: the new ones reach the data plane, and wrong ones change nothing.
#include <gtest/gtest.h>

#include "tests/daemon/scene.h"
#include "tests/daemon/stand_in_dataplane.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

std::string rule(const std::string& name, const std::string& regex) {
  return "schema = 1\n[[protocol]]\nname = \"" + name + "\"\ncategory = \"test\"\n  [[protocol.sig]]\n  id = \"" + name +
         ".hello\"\n  l4 = \"tcp\"\n  dir = \"client\"\n  regex = '" + regex + "'\n  strength = \"strong\"\n";
}

struct OwnRules {
  ScratchFolder folder;
  RuleFolders folders{.shipped = folder.file("rules"), .operators = {}, .cache = {}};
  DaemonConfig config = config_in(folder);

  OwnRules() {
    std::filesystem::create_directory(folders.shipped);
    folder.write("rules/a.toml", rule("aaa", "^hello"));
  }
};

TEST(Rules, AreReadAgainWhenAFileChanges) {
  OwnRules own;
  StandInDataplane dataplane({.socket_path = own.config.dataplane_socket});
  const RunningDaemon daemon(own.config, own.folders);
  ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["rules"]["in_force"] == true; }));
  const std::string first = daemon.status()["rules"]["sha256"];
  own.folder.write("rules/b.toml", rule("bbb", "^goodbye"));
  ASSERT_TRUE(daemon.becomes([&](const Json& status) { return status["rules"]["wanted_sha256"] != first; }));
  ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["rules"]["in_force"] == true; }));
  EXPECT_EQ(dataplane.rules_taken().size(), 2u);
}

TEST(Rules, ThatDoNotCompileChangeNothingAndAreShownWithFileAndLine) {
  OwnRules own;
  StandInDataplane dataplane({.socket_path = own.config.dataplane_socket});
  own.config.watch_rules = false;
  const RunningDaemon daemon(own.config, own.folders);
  ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["rules"]["in_force"] == true; }));
  const std::string first = daemon.status()["rules"]["sha256"];
  own.folder.write("rules/b.toml", rule("bbb", "no-anchor"));

  const HttpAnswer refused = daemon.post("/api/v1/rules/reload");
  EXPECT_EQ(refused.status, 422u);
  EXPECT_NE(refused.json()["detail"].get<std::string>().find("b.toml:9:"), std::string::npos) << refused.body;
  const Json rules = daemon.status()["rules"];
  EXPECT_EQ(rules["sha256"], first);
  EXPECT_EQ(rules["in_force"], true);
  EXPECT_NE(rules["error"].get<std::string>().find("b.toml:9:"), std::string::npos);

  own.folder.write("rules/b.toml", rule("bbb", "^anchor"));
  const HttpAnswer taken = daemon.post("/api/v1/rules/reload");
  EXPECT_EQ(taken.status, 200u);
  EXPECT_NE(taken.json()["rules"]["sha256"], first);
  EXPECT_FALSE(taken.json()["rules"].contains("error"));
}

TEST(Rules, ThatTheDataPlaneRefusesAreShownAsNotInForce) {
  OwnRules own;
  StandInDataplane dataplane({.socket_path = own.config.dataplane_socket, .refuse_rules = "compiled for another processor"});
  const RunningDaemon daemon(own.config, own.folders);
  ASSERT_TRUE(daemon.connects());
  const HttpAnswer refused = daemon.post("/api/v1/rules/reload");
  EXPECT_EQ(refused.status, 502u);
  EXPECT_EQ(refused.json()["detail"], "the data plane refused the rules: compiled for another processor");
  EXPECT_EQ(daemon.status()["rules"]["in_force"], false);
}

TEST(Rules, AskedForWithoutADataPlaneAreSentWhenItComes) {
  OwnRules own;
  const RunningDaemon daemon(own.config, own.folders);
  EXPECT_EQ(daemon.post("/api/v1/rules/reload").status, 503u);
  StandInDataplane dataplane({.socket_path = own.config.dataplane_socket});
  EXPECT_TRUE(daemon.becomes([](const Json& status) { return status["rules"]["in_force"] == true; }));
}

TEST(Rules, AreSwappedAsOftenAsSomebodyAsks) {
  OwnRules own;
  StandInDataplane dataplane({.socket_path = own.config.dataplane_socket});
  own.config.watch_rules = false;
  const RunningDaemon daemon(own.config, own.folders);
  ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["rules"]["in_force"] == true; }));
  for (int i = 0; i < 20; ++i) {
    own.folder.write("rules/a.toml", rule("aaa", i % 2 == 0 ? "^even" : "^odd"));
    const HttpAnswer taken = daemon.post("/api/v1/rules/reload");
    ASSERT_EQ(taken.status, 200u) << taken.body;
    EXPECT_EQ(taken.json()["rules"]["sha256"], dataplane.rules_taken().back());
  }
  EXPECT_EQ(dataplane.rules_taken().size(), 21u);
}

}  // namespace
}  // namespace wirewatch
