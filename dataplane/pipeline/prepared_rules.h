// SPDX-License-Identifier: BSD-3-Clause
// A rule set made ready for one worker: everything that allocates is done here, at the edge, so that the worker takes it
// between two bursts by swapping a pointer. The one it replaces comes back to be released by whoever prepared it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/classify/classifier.h"

namespace wirewatch {

class Registry;

/// What the ids of one rule set are called over all rule sets, and back. Empty tables mean: just the same.
struct RuleIds {
  std::vector<ApplicationId> application;        // by the rule set's id
  std::vector<uint16_t> signature;               // by the rule set's index
  std::vector<ApplicationId> local_application;  // by the registry's id, 0 when these rules have none
  std::vector<uint16_t> local_signature;
  std::vector<ApplicationId> protocol;           // by the rule set's index of a signature: the registry's id

  ApplicationId global(ApplicationId id) const noexcept { return application.empty() ? id : at(application, id); }
  uint16_t global_signature(uint16_t id) const noexcept { return signature.empty() ? id : at(signature, id); }
  ApplicationId local(ApplicationId id) const noexcept { return application.empty() ? id : at(local_application, id); }
  /// To tell a signature that kept its name but now stands for something else.
  ApplicationId protocol_of(uint16_t index) const noexcept {
    return protocol.empty() ? kUnknownApplication : at(protocol, index);
  }
  uint16_t local_of_signature(uint16_t id) const noexcept { return signature.empty() ? id : at(local_signature, id); }

 private:
  static uint16_t at(const std::vector<uint16_t>& ids, uint16_t id) noexcept {
    return id < ids.size() ? ids[id] : uint16_t{0};
  }
};

struct PreparedRules {
  /// Ids as they are in the rules: for a worker that never changes them.
  explicit PreparedRules(std::shared_ptr<const RuleSet> rules);
  PreparedRules(std::shared_ptr<const RuleSet> rules, std::shared_ptr<const RuleIds> numbers);

  Classifier classifier;
  std::shared_ptr<const RuleIds> ids;
  std::shared_ptr<const RuleIds> also_released;  // on the way back
};

/// Enters the rules' names in the registry. Once for a rule set, shared by the PreparedRules of all workers.
std::shared_ptr<const RuleIds> number(const RuleSet& rules, Registry& registry);

/// How a value gets to a worker and the one it replaces back: two pointers that change hands, no lock, no wait, and the
/// worker never frees. One thread offers and collects, the worker's takes and gives back.
template <typename T>
class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox() {
    delete next_.load(std::memory_order_acquire);
    delete back_.load(std::memory_order_acquire);
  }

  /// Replaces one that was not taken yet.
  void offer(std::unique_ptr<T> value) { delete next_.exchange(value.release(), std::memory_order_acq_rel); }
  /// Releases what came back. Call now and then: the worker takes nothing new before.
  void collect() { delete back_.exchange(nullptr, std::memory_order_acq_rel); }
  /// Nothing is on its way any more, in either direction.
  bool settled() const noexcept {
    return next_.load(std::memory_order_acquire) == nullptr && back_.load(std::memory_order_acquire) == nullptr;
  }

  /// The worker: nothing nearly always. What it takes the place of must be given back before the next take().
  std::unique_ptr<T> take() noexcept {
    if (next_.load(std::memory_order_relaxed) == nullptr) [[likely]] return nullptr;
    if (back_.load(std::memory_order_acquire) != nullptr) return nullptr;
    return std::unique_ptr<T>(next_.exchange(nullptr, std::memory_order_acq_rel));
  }
  void give_back(std::unique_ptr<T> value) noexcept { back_.store(value.release(), std::memory_order_release); }

 private:
  std::atomic<T*> next_{nullptr};
  std::atomic<T*> back_{nullptr};
};

}  // namespace wirewatch
