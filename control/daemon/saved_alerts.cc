// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/saved_alerts.h"

#include <cstring>
#include <utility>
#include <variant>
#include <vector>

#include "control/daemon/state_text.h"
#include "dataplane/pipeline/shared_event.h"

namespace wirewatch {
namespace {

constexpr uint64_t kAlertsLayout = 1;
constexpr size_t kNumber = sizeof(uint64_t);
constexpr size_t kHead = 3 * kNumber;

size_t encoded_bytes(const Alert& alert, const ApplicationNames& names) {
  const size_t words = names.name(alert.flow.application).size() + names.category(alert.flow.application).size() + alert.host.size();
  return 5 * kNumber + words + sizeof(SharedEvent);
}

}  // namespace

std::string encode_alerts(const AlertLog& log, const ApplicationNames& names, size_t most_bytes) {
  const auto& alerts = log.alerts();
  size_t first = alerts.size();
  for (size_t bytes = kHead; first > 0; --first) {
    bytes += encoded_bytes(alerts[first - 1], names);
    if (bytes > most_bytes) break;
  }
  StateWriter out;
  out.number(kAlertsLayout);
  out.number(log.raised());
  out.number(alerts.size() - first);
  for (size_t i = first; i < alerts.size(); ++i) {
    const Alert& alert = alerts[i];
    FlowRecord flow = alert.flow;
    flow.application = kUnknownApplication;  // by name, before it
    flow.signature = 0;
    flow.host = {};
    const SharedEvent event = encode(flow, FlowProgress{});
    out.words(names.name(alert.flow.application));
    out.words(names.category(alert.flow.application));
    out.words(alert.host);
    out.number(static_cast<uint64_t>(alert.raised.ns));
    out.words({reinterpret_cast<const char*>(&event), sizeof event});
  }
  return std::move(out.text);
}

bool take_up_alerts(std::string_view text, AlertLog& log, NameCatalogue& catalogue) {
  StateReader in(text);
  if (in.number() != kAlertsLayout) return false;
  const uint64_t raised = in.number(), count = in.number();
  if (in.broken || count > raised || count > in.left() / sizeof(SharedEvent)) return false;
  std::vector<Alert> alerts;
  alerts.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view name = in.words(), category = in.words(), host = in.words();
    const Timestamp time{static_cast<int64_t>(in.number())};
    const std::string_view bytes = in.words();
    SharedEvent event;
    if (in.broken || name.empty() || bytes.size() != sizeof event) return false;
    std::memcpy(&event, bytes.data(), sizeof event);
    const auto decoded = decode(event);
    const auto* const flow = decoded ? std::get_if<FlowEvent>(&*decoded) : nullptr;
    if (flow == nullptr) return false;
    alerts.push_back({flow->record, std::string(host), time});
    alerts.back().flow.application = catalogue.id_of(std::string(name), std::string(category));
  }
  if (in.left() > 0) return false;
  log.go_on_from(std::move(alerts), raised);
  return true;
}

}  // namespace wirewatch
