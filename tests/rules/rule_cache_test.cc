// SPDX-License-Identifier: BSD-3-Clause
// Rules from folders, and the cache that makes a warm start cheap.
#include "control/rules/rule_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRule =
    "schema = 1\n[[protocol]]\nname = \"demo\"\ncategory = \"shipped\"\n[[protocol.sig]]\nid = \"demo.a\"\n"
    "l4 = \"tcp\"\nregex = '^A'\nstrength = \"strong\"\n";

class RuleCache : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "wirewatch-rules-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::create_directory(rules());
    write(rules() / "demo.toml", kRule);
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path rules() const { return root_ / "rules"; }
  fs::path cache() const { return root_ / "cache" / "deep"; }
  static void write(const fs::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string read(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  fs::path cached_file() const { return rule_cache_file(RuleSources::read(rules()).value(), cache()); }

  fs::path root_;
};

TEST_F(RuleCache, KeepsWhatWasCompiledReadableByTheOwnerOnly) {
  const auto first = load_or_compile(rules(), cache());
  ASSERT_TRUE(first) << first.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(cached_file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(fs::directory_iterator(cache()), {}), 2);  // it and its lock; nothing temporary is left
}

TEST_F(RuleCache, LoadsFromTheCacheWithoutCompiling) {
  ASSERT_TRUE(load_or_compile(rules(), cache()));
  const auto before = fs::last_write_time(cached_file());
  const auto again = load_or_compile(rules(), cache());
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->application_name(1), "demo");
  EXPECT_EQ(fs::last_write_time(cached_file()), before);
}

TEST_F(RuleCache, CompilesAgainWhenTheCachedFileIsDamaged) {
  ASSERT_TRUE(load_or_compile(rules(), cache()));
  const std::string good = read(cached_file());
  for (const std::string& bad :
       {std::string(), std::string("garbage"), good.substr(0, good.size() / 2), good + "x"}) {
    write(cached_file(), bad);
    const auto rules_again = load_or_compile(rules(), cache());
    ASSERT_TRUE(rules_again) << rules_again.error().message;
    EXPECT_EQ(read(cached_file()), good);
  }
}

/// Whoever holds the lock is compiling: who waits for it takes what is there afterwards.
TEST_F(RuleCache, WaitsForAnotherProcessThatCompilesTheSame) {
  ASSERT_TRUE(load_or_compile(rules(), cache()));
  const fs::path file = cached_file(), aside = root_ / "aside";
  fs::rename(file, aside);
  const int lock = ::open((file.string() + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(lock, 0);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  std::atomic<bool> done{false};
  std::jthread other([&] {
    EXPECT_TRUE(load_or_compile(rules(), cache()));
    done = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(done);
  fs::rename(aside, file);
  struct stat before {}, after {};
  ASSERT_EQ(::stat(file.c_str(), &before), 0);
  ::close(lock);
  other.join();
  ASSERT_EQ(::stat(file.c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino) << "it compiled for itself";
}

TEST_F(RuleCache, DoesNotBelieveAFileOthersCanWrite) {
  ASSERT_TRUE(load_or_compile(rules(), cache()));
  fs::permissions(cached_file(), fs::perms::others_write, fs::perm_options::add);
  ASSERT_TRUE(load_or_compile(rules(), cache()));
  EXPECT_EQ(fs::status(cached_file()).permissions() & fs::perms::others_write, fs::perms::none);
}

TEST_F(RuleCache, DoesNotFollowASymbolicLink) {
  ASSERT_TRUE(load_or_compile(rules(), cache()));
  const fs::path elsewhere = root_ / "elsewhere";
  fs::rename(cached_file(), elsewhere);
  fs::create_symlink(elsewhere, cached_file());
  ASSERT_TRUE(load_or_compile(rules(), cache()));
  EXPECT_FALSE(fs::is_symlink(cached_file()));
}

TEST_F(RuleCache, DoesNotMindAFolderItCannotWrite) {
  write(root_ / "file", "");
  EXPECT_TRUE(load_or_compile(rules(), root_ / "file" / "cache"));
  EXPECT_TRUE(load_or_compile(rules(), fs::path{}));
}

TEST_F(RuleCache, NoticesEveryChangeOfTheRules) {
  const auto hash = [&] { return RuleSources::read(rules()).value().sha256(); };
  const std::string before = hash();
  write(rules() / "notes.txt", "no rule");
  EXPECT_EQ(hash(), before);
  write(rules() / "demo.toml", std::string(kRule) + "\n");
  EXPECT_NE(hash(), before);
  write(rules() / "demo.toml", kRule);
  EXPECT_EQ(hash(), before);
  fs::rename(rules() / "demo.toml", rules() / "omed.toml");
  EXPECT_NE(hash(), before);
}

TEST_F(RuleCache, HashesTheSameRulesAlikeInAnyFolder) {
  const std::string before = RuleSources::read(rules()).value().sha256();
  fs::rename(rules(), root_ / "moved");
  EXPECT_EQ(RuleSources::read(root_ / "moved").value().sha256(), before);
}

TEST_F(RuleCache, TakesAnOperatorFolderIntoAccount) {
  const fs::path own = root_ / "own";
  fs::create_directory(own);
  std::string text(kRule);
  text.replace(text.find("shipped"), 7, "mine");
  write(own / "demo.toml", text);
  ASSERT_TRUE(load_or_compile(rules(), cache()));
  const auto rules_of_both = load_or_compile(rules(), cache(), own);
  ASSERT_TRUE(rules_of_both) << rules_of_both.error().message;
  EXPECT_EQ((*rules_of_both)->application_category(1), "mine");
}

TEST_F(RuleCache, NamesTheFolderThatIsMissingOrEmpty) {
  EXPECT_EQ(load_or_compile(root_ / "none", cache()).error().message,
            "cannot read rule folder " + (root_ / "none").string() + ": No such file or directory");
  fs::remove(rules() / "demo.toml");
  EXPECT_EQ(load_or_compile(rules(), cache()).error().message,
            "rule folder " + rules().string() + " has no *.toml file in it");
}

TEST_F(RuleCache, RefusesAFileThatCannotBeARule) {
  write(rules() / "huge.toml", std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(load_or_compile(rules(), cache()).error().message,
            "rule file " + (rules() / "huge.toml").string() + " is larger than 1 MiB, which no rule file is");
}

TEST(DefaultRuleCache, FollowsTheEnvironment) {
  ::setenv("XDG_CACHE_HOME", "/some/cache", 1);
  EXPECT_EQ(default_rule_cache(), "/some/cache/wirewatch");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  ::setenv("HOME", "/home/somebody", 1);
  EXPECT_EQ(default_rule_cache(), "/home/somebody/.cache/wirewatch");
  ::unsetenv("XDG_CACHE_HOME");
  ::unsetenv("HOME");
  EXPECT_EQ(default_rule_cache(), "");
}

}  // namespace
}  // namespace wirewatch
