// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/rule_keeper.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "control/rules/host_list_file.h"
#include "control/rules/rule_cache.h"
#include "control/rules/rule_compiler.h"

namespace wirewatch {
namespace {

/// What load_or_compile() left in the cache: the blob it had just loaded or compiled.
std::vector<uint8_t> cached_blob(const RuleSources& sources, const std::filesystem::path& cache) {
  std::ifstream file(rule_cache_file(sources, cache), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

Result<PackedRules> pack_rules(const RuleFolders& folders) {
  const auto sources = RuleSources::read(folders.shipped, folders.operators);
  if (!sources) return tl::unexpected(sources.error());
  auto list = load_host_list(folders.shipped, folders.operators);
  if (!list) return tl::unexpected(list.error());
  auto hosts = std::make_shared<const HostList>(std::move(*list));
  if (!folders.cache.empty()) {
    if (const auto rules = load_or_compile(*sources, folders.cache); !rules) return tl::unexpected(rules.error());
    auto blob = cached_blob(*sources, folders.cache);
    const auto checked = RuleSet::load(blob);
    if (checked && (*checked)->sha256() == sources->sha256()) {
      return PackedRules{std::move(blob), sources->sha256(), std::move(hosts)};
    }
  }
  auto compiled = compile_rules(*sources);
  if (!compiled) return tl::unexpected(compiled.error());
  return PackedRules{std::move(compiled->blob), std::move(compiled->sha256), std::move(hosts)};
}

Result<FileDescriptor> seal(const std::vector<uint8_t>& bytes) {
  FileDescriptor file(::memfd_create("wirewatch-rules", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return fail(std::string("cannot make a memory file: ") + std::strerror(errno));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return fail(std::string("cannot fill a memory file: ") + std::strerror(errno));
    done += static_cast<size_t>(put);
  }
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    return fail(std::string("cannot seal a memory file: ") + std::strerror(errno));
  }
  return file;
}

RuleKeeper::RuleKeeper(boost::asio::io_context& io, RuleFolders folders, Send send, Now now,
                       std::function<void(const std::string&)> log)
    : io_(io), folders_(std::move(folders)), send_(std::move(send)), now_(std::move(now)), log_(std::move(log)) {}

RuleKeeper::~RuleKeeper() { pool_.join(); }

void RuleKeeper::reload(Done<RulesView> done) {
  if (busy_) {
    waiting_.push_back(std::move(done));
    return;
  }
  asked_.push_back(std::move(done));
  compile();
}

void RuleKeeper::compile() {
  busy_ = true;
  boost::asio::post(pool_, [this] {
    auto packed = pack_rules(folders_);
    boost::asio::post(io_, [this, packed = std::move(packed)]() mutable { compiled(std::move(packed)); });
  });
}

void RuleKeeper::compiled(Result<PackedRules> packed) {
  if (!packed) {
    view_.error = packed.error().message;
    log_("the rules stay as they are: " + packed.error().message);
    return settle(tl::unexpected(Refusal{422, packed.error().message}));
  }
  packed_ = std::move(*packed);
  view_.wanted_sha256 = packed_.sha256;
  view_.error.clear();
  if (connected_) return send();
  settle(tl::unexpected(Refusal{503, "the rules are compiled, but the data plane is not there to take them; it gets them when it is"}));
}

void RuleKeeper::send() {
  auto sealed = seal(packed_.blob);
  if (!sealed) {
    view_.error = sealed.error().message;
    return settle(tl::unexpected(Refusal{500, sealed.error().message}));
  }
  sending_ = true;
  send_(std::move(*sealed), [this, wanted = packed_.sha256](Result<std::string> live) {
    sending_ = false;
    if (!live) {
      view_.error = "the data plane refused the rules: " + live.error().message;
      log_(view_.error);
      return settle(tl::unexpected(Refusal{502, view_.error}));
    }
    view_.sha256 = *live;
    view_.loaded = now_();
    if (*live != wanted) {
      view_.error = "the data plane took the rules but runs others";
      return settle(tl::unexpected(Refusal{502, view_.error}));
    }
    log_("the data plane runs the rules " + live->substr(0, 16));
    settle({});
  });
}

void RuleKeeper::settle(const tl::expected<void, Refusal>& outcome) {
  std::vector<Done<RulesView>> answered;
  answered.swap(asked_);
  busy_ = false;
  for (const auto& done : answered) {
    if (outcome) {
      done(view_);
    } else {
      done(tl::unexpected(outcome.error()));
    }
  }
  if (waiting_.empty() || busy_) return;
  asked_.swap(waiting_);
  compile();
}

void RuleKeeper::connected(const std::string& live_sha256) {
  connected_ = true;
  view_.sha256 = live_sha256;
  if (busy_ || packed_.blob.empty() || live_sha256 == packed_.sha256) return;
  busy_ = true;
  send();
}

void RuleKeeper::observe(const std::string& live_sha256, uint64_t generations) {
  view_.generations = generations;
  if (!sending_) view_.sha256 = live_sha256;
}

}  // namespace wirewatch
