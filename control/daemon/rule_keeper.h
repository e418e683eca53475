// SPDX-License-Identifier: BSD-3-Clause
// Sees to it that the data plane runs the rules that lie in the rule folders: compiles them on a thread of its own, hands
// them over sealed, and keeps the old ones whenever something is wrong, saying what.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/api/live_data.h"
#include "dataplane/classify/host_list.h"
#include "dataplane/base/file_descriptor.h"
#include "dataplane/base/result.h"

namespace wirewatch {

struct RuleFolders {
  std::filesystem::path shipped;
  std::filesystem::path operators;  // empty: none
  std::filesystem::path cache;      // empty: compile every time
};

/// Rules as they travel.
struct PackedRules {
  std::vector<uint8_t> blob;
  std::string sha256;
  std::shared_ptr<const HostList> hosts;
};
/// Reads, compiles or takes from the cache. About a second when it has to compile.
Result<PackedRules> pack_rules(const RuleFolders& folders);
/// A memfd that nobody can change any more.
Result<FileDescriptor> seal(const std::vector<uint8_t>& bytes);

class RuleKeeper {
 public:
  /// Hands rules to the data plane; the answer is the hash that it now runs.
  using Send = std::function<void(FileDescriptor, std::function<void(Result<std::string>)>)>;
  using Now = std::function<Timestamp()>;

  RuleKeeper(boost::asio::io_context& io, RuleFolders folders, Send send, Now now, std::function<void(const std::string&)> log);
  ~RuleKeeper();

  /// Compiles and sends; everybody who asks while it is at it is answered by one more run.
  void reload(Done<RulesView> done);
  /// The data plane is there and runs these; sends ours when they are others.
  void connected(const std::string& live_sha256);
  void disconnected() { connected_ = false; }
  /// What the data plane says it runs, as time goes by.
  void observe(const std::string& live_sha256, uint64_t generations);

  const RulesView& view() const noexcept { return view_; }
  /// Of the rules that were compiled last.
  const std::shared_ptr<const HostList>& hosts() const noexcept { return packed_.hosts; }

 private:
  void compile();
  void compiled(Result<PackedRules> packed);
  void send();
  void settle(const tl::expected<void, Refusal>& outcome);

  boost::asio::io_context& io_;
  RuleFolders folders_;
  Send send_;
  Now now_;
  std::function<void(const std::string&)> log_;
  RulesView view_;
  PackedRules packed_{{}, {}, std::make_shared<const HostList>()};
  std::vector<Done<RulesView>> asked_;    // answered by the run that goes on
  std::vector<Done<RulesView>> waiting_;  // by the one after it
  bool busy_ = false;
  bool sending_ = false;
  bool connected_ = false;
  boost::asio::thread_pool pool_{1};
};

}  // namespace wirewatch
