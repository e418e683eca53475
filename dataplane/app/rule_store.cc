// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/rule_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "dataplane/classify/rule_blob.h"

namespace wirewatch {
namespace {

constexpr size_t kLargestBlob = size_t{256} << 20;

struct Unmap {
  size_t size;
  void operator()(void* memory) const noexcept { ::munmap(memory, size); }
};

}  // namespace

Result<RuleStore> RuleStore::make(Registry& registry) {
  RuleBlob blob;
  blob.scanner = ScannerIdentity::of_this_machine();
  blob.content.signatures.resize(1);  // signature 0, which is "none"
  blob.content.signature_ids.resize(1);
  RuleStore store(registry);
  const std::vector<uint8_t> bytes = encode_rule_blob(blob);
  if (const auto loaded = store.load(bytes); !loaded) return tl::unexpected(loaded.error());
  store.sha256_.clear();
  store.generation_ = 0;
  return store;
}

Result<void> RuleStore::load(std::span<const uint8_t> blob) {
  auto rules = RuleSet::load(blob);
  if (!rules) return tl::unexpected(rules.error());
  ids_ = number(**rules, *registry_);
  rules_ = std::move(*rules);
  sha256_ = rules_->sha256();
  ++generation_;
  return {};
}

Result<void> RuleStore::load_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return fail("cannot open the compiled rules '" + path + "': " + std::strerror(errno));
  const std::streamoff size = file.tellg();
  if (size < 0 || static_cast<size_t>(size) > kLargestBlob) return fail("the compiled rules '" + path + "' are no file of at most 256 MiB");
  std::vector<uint8_t> bytes(static_cast<size_t>(size));
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), size)) return fail("cannot read the compiled rules '" + path + "'");
  if (const auto loaded = load(bytes); !loaded) return fail("'" + path + "': " + loaded.error().message);
  return {};
}

Result<void> RuleStore::load_sealed(int fd) {
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0) return fail("the rules must come in a memory file (memfd_create), so that it can be sealed");
  if ((seals & kSeals) != kSeals) return fail("the memory file with the rules must be sealed against writing, growing and shrinking");
  struct stat status {};
  if (::fstat(fd, &status) != 0 || status.st_size <= 0) return fail("the memory file with the rules is empty");
  const auto size = static_cast<size_t>(status.st_size);
  if (size > kLargestBlob) return fail("the rules have " + std::to_string(size) + " bytes; at most 256 MiB are taken");
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (memory == MAP_FAILED) return fail(std::string("cannot map the rules: ") + std::strerror(errno));
  const std::unique_ptr<void, Unmap> mapped(memory, Unmap{size});
  return load({static_cast<const uint8_t*>(memory), size});
}

std::unique_ptr<PreparedRules> RuleStore::prepare() const { return std::make_unique<PreparedRules>(rules_, ids_); }

}  // namespace wirewatch
