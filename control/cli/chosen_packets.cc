// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/chosen_packets.h"

#include "control/cli/rules_location.h"
#include "control/rules/host_list_file.h"
#include "control/rules/rule_cache.h"

namespace wirewatch {
namespace {

Result<std::shared_ptr<const RuleSet>> load_rules(const std::vector<std::string>& given) {
  const auto location = locate_rules(given);
  if (!location) return tl::unexpected(location.error());
  return load_or_compile(location->shipped, default_rule_cache(), location->operators);
}

Result<std::shared_ptr<const HostList>> load_hosts(const std::vector<std::string>& given) {
  const auto location = locate_rules(given);
  if (!location) return tl::unexpected(location.error());
  auto hosts = load_host_list(location->shipped, location->operators);
  if (!hosts) return tl::unexpected(hosts.error());
  return std::make_shared<const HostList>(std::move(*hosts));
}

FilterNames names_of(const RuleSet& rules) {
  FilterNames names;
  for (size_t id = 1; id <= rules.application_count(); ++id) {
    names.applications.emplace_back(rules.application_name(static_cast<ApplicationId>(id)));
  }
  return names;
}

constexpr uint16_t kEthernet = 1;

}  // namespace

Result<CompiledFilter> compile_filter(const std::string& text, const std::vector<std::string>& rules,
                                      std::shared_ptr<const RuleSet> loaded) {
  if (auto alone = Filter::compile(text)) return CompiledFilter{std::move(*alone), std::move(loaded)};
  if (loaded == nullptr) {
    auto from_files = load_rules(rules);
    if (!from_files) return tl::unexpected(from_files.error());
    loaded = std::move(*from_files);
  }
  auto filter = Filter::compile(text, names_of(*loaded));
  if (!filter) return fail("display filter: " + filter.error().message);
  return CompiledFilter{std::move(*filter), std::move(loaded)};
}

Result<ChosenPackets> ChosenPackets::open(ChosenOptions options) {
  ChosenPackets chosen;
  std::shared_ptr<const RuleSet> rules = options.loaded;
  chosen.needs_ = options.needs;
  if (!options.filter.empty()) {
    auto compiled = compile_filter(options.filter, options.rules, rules);
    if (!compiled) return tl::unexpected(compiled.error());
    chosen.filter_.emplace(std::move(compiled->filter));
    rules = std::move(compiled->rules);
    chosen.needs_ |= chosen.filter_->needs();
  }
  if (!options.bpf.empty()) chosen.bpf_.emplace(options.bpf);
  const bool twice = chosen.needs_.flow || chosen.needs_.whole_flow;
  if (twice && rules == nullptr) {
    auto loaded = load_rules(options.rules);
    if (!loaded) return tl::unexpected(loaded.error());
    rules = std::move(*loaded);
  }
  auto files = PacketFiles::open(std::move(options.files), twice || options.keep_input);
  if (!files) return tl::unexpected(files.error());
  chosen.files_ = std::make_unique<PacketFiles>(std::move(*files));
  if (twice) {
    std::shared_ptr<const HostList> hosts;
    if (chosen.needs_.services) {
      auto loaded = load_hosts(options.rules);
      if (!loaded) return tl::unexpected(loaded.error());
      hosts = std::move(*loaded);
    }
    chosen.flows_ = read_flows(*chosen.files_, std::move(rules), std::move(hosts), options.max_flows);
    if (const auto again = chosen.files_->rewind(); !again) return tl::unexpected(again.error());
  }
  return chosen;
}

ScanTotals ChosenPackets::scan(FrameVisitor* visitor, uint64_t most, bool layers, bool others) {
  return wirewatch::scan(*files_,
                         {.filter = filter_ ? &*filter_ : nullptr,
                          .bpf = bpf_ ? &*bpf_ : nullptr,
                          .flows = flows_.get(),
                          .needs = needs_,
                          .layers = layers,
                          .others = others && (filter_ || bpf_),
                          .most = most},
                         visitor);
}

std::string ChosenPackets::bpf_fault(const ScanTotals& totals) {
  if (!bpf_ || totals.bpf_compiled) return {};
  if (!totals.bpf_fault.empty()) return totals.bpf_fault;
  const auto fits = bpf_->prepare(kEthernet);  // nothing was read: at least the syntax can be checked
  return fits ? std::string() : fits.error().message;
}

}  // namespace wirewatch
