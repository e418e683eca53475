// SPDX-License-Identifier: BSD-3-Clause
// One file per (rules, Hyperscan version, platform), written beside and renamed so that no reader sees half
// of it. Only a file that is ours alone is believed: a database runs inside the scanner.
#include "control/rules/rule_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <thread>

#include "control/rules/rule_compiler.h"
#include "dataplane/base/file_descriptor.h"
#include "dataplane/classify/rule_blob.h"
#include "dataplane/classify/sha256.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

constexpr off_t kLargestBlob = 256 << 20;

bool is_ours_alone(const struct stat& info) {
  return S_ISREG(info.st_mode) && info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// A file that is replaced by renaming, never written in place, and so never shrinks while it is mapped.
class Mapping {
 public:
  Mapping(int descriptor, size_t size) : size_(size) {
    void* const at = size == 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
    if (at != MAP_FAILED) at_ = static_cast<const uint8_t*>(at);
  }
  ~Mapping() {
    if (at_ != nullptr) ::munmap(const_cast<uint8_t*>(at_), size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  std::span<const uint8_t> bytes() const { return {at_, at_ == nullptr ? 0 : size_}; }

 private:
  const uint8_t* at_ = nullptr;
  size_t size_;
};

/// Nothing when there is no such file, or one that is not to be believed.
std::unique_ptr<const Mapping> map_cached(const fs::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0 || !is_ours_alone(info) ||
      info.st_size > kLargestBlob) {
    return nullptr;
  }
  return std::make_unique<const Mapping>(file.get(), static_cast<size_t>(info.st_size));
}

bool write_all(int descriptor, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return true;
}

/// Several processes that start at once compile once: the others wait until the first is done, or is gone. Where the folder
/// cannot be written, and when the first takes for ever, each compiles for itself.
class Turn {
 public:
  explicit Turn(const fs::path& cached)
      : lock_(::open((cached.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)) {
    constexpr std::chrono::milliseconds kPatience{60'000}, kLook{20};
    if (!lock_) return;
    for (auto waited = std::chrono::milliseconds(0); ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0; waited += kLook) {
      if (errno != EWOULDBLOCK || waited >= kPatience) return;
      std::this_thread::sleep_for(kLook);
    }
  }

 private:
  FileDescriptor lock_;  // closing it ends the turn
};

/// Whether it worked does not matter to anyone: the next start compiles again.
void write_cached(const fs::path& path, std::span<const uint8_t> bytes) {
  std::string temporary = path.string() + ".XXXXXX";
  const FileDescriptor file(::mkstemp(temporary.data()));  // creates with mode 0600
  if (!file) return;
  if (!write_all(file.get(), bytes) || ::rename(temporary.c_str(), path.c_str()) != 0) {
    ::unlink(temporary.c_str());
  }
}

/// Null when the cache has nothing, or nothing that can be used.
std::shared_ptr<const RuleSet> load_cached(const fs::path& cached, const RuleSources& sources) {
  const auto blob = map_cached(cached);
  if (blob == nullptr) return nullptr;
  auto rules = RuleSet::load_own_file(blob->bytes());
  return rules && (*rules)->sha256() == sources.sha256() ? *rules : nullptr;
}

}  // namespace

fs::path default_rule_cache() {
  if (const char* const cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return fs::path(cache) / "wirewatch";
  }
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return fs::path(home) / ".cache" / "wirewatch";
  }
  return {};
}

fs::path rule_cache_file(const RuleSources& sources, const fs::path& cache_dir) {
  const auto scanner = ScannerIdentity::of_this_machine();
  const std::string key = sources.sha256() + '\n' + scanner.version + '\n' + scanner.platform + '\n' +
                          std::to_string(kRuleBlobVersion);
  const auto digest = sha256(std::span(reinterpret_cast<const uint8_t*>(key.data()), key.size()));
  return cache_dir / ("rules-" + to_hex(digest) + ".blob");
}

Result<std::shared_ptr<const RuleSet>> load_or_compile(const RuleSources& sources,
                                                       const fs::path& cache_dir) {
  const fs::path cached = cache_dir.empty() ? fs::path{} : rule_cache_file(sources, cache_dir);
  std::optional<Turn> turn;
  if (!cached.empty()) {
    if (auto rules = load_cached(cached, sources)) return rules;
    std::error_code ignored;
    fs::create_directories(cache_dir, ignored);
    turn.emplace(cached);
    if (auto rules = load_cached(cached, sources)) return rules;
  }
  const auto compiled = compile_rules(sources);
  if (!compiled) return tl::unexpected(compiled.error());
  if (!cached.empty()) write_cached(cached, compiled->blob);
  return RuleSet::load(compiled->blob);
}

Result<std::shared_ptr<const RuleSet>> load_or_compile(const fs::path& rules_dir, const fs::path& cache_dir,
                                                       const fs::path& operator_dir) {
  const auto sources = RuleSources::read(rules_dir, operator_dir);
  if (!sources) return tl::unexpected(sources.error());
  return load_or_compile(*sources, cache_dir);
}

}  // namespace wirewatch
