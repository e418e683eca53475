// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/trigger.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/report/human.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {


Timestamp after(Timestamp time, uint32_t seconds) { return {time.ns + int64_t{seconds} * kSecond_ns}; }

}  // namespace

Result<Trigger> Trigger::make(const TriggerSpec& spec, Timestamp now) {
  Trigger trigger(spec);
  if (spec.kind == TriggerSpec::Kind::Every) trigger.next_ = now;
  if (spec.kind == TriggerSpec::Kind::Calendar) {
    auto calendar = Calendar::parse(spec.calendar);
    if (!calendar) return tl::unexpected(calendar.error());
    trigger.calendar_ = std::move(*calendar);
    trigger.plan_next(now);
  }
  return trigger;
}

bool Trigger::ends(Timestamp now) {
  if (!until_ || now < *until_) return false;
  until_.reset();
  return true;
}

void Trigger::plan_next(Timestamp now) {
  if (calendar_) {
    const auto seconds = calendar_->next(now.ns / kSecond_ns);
    next_ = seconds ? Timestamp{*seconds * kSecond_ns} : kNoTimestamp;
  } else {
    // Times that passed unseen, in a machine that slept, are gone.
    const int64_t step = int64_t{spec_.every_s} * kSecond_ns;
    next_.ns += ((now.ns - next_.ns) / step + 1) * step;
  }
}

bool Trigger::fire(Timestamp now) {
  if (until_ || (last_fired_ && now < after(*last_fired_, spec_.at_most_every_s))) return false;
  until_ = after(now, spec_.for_s);
  last_fired_ = now;
  ++fired_;
  return true;
}

std::optional<std::string> Trigger::by_schedule(Timestamp now) {
  if (next_ == kNoTimestamp || now < next_) return std::nullopt;
  const Timestamp due = next_;
  plan_next(now);
  if (fire(now)) return "scheduled for " + utc_time(due, kSecond_ns) + " UTC";
  ++suppressed_;
  return std::nullopt;
}

std::optional<std::string> Trigger::by_facts(const TriggerFacts& facts, Timestamp now) {
  Occasions found;
  if (spec_.kind == TriggerSpec::Kind::Unwanted) found = sightings(facts);
  if (spec_.kind == TriggerSpec::Kind::Rtt) found = slow(facts);
  if (spec_.kind == TriggerSpec::Kind::Loss) found = lost(facts);
  if (found.count == 0 && !found.lasts) return std::nullopt;
  if (fire(now)) return found.why;
  suppressed_ += found.count;
  return std::nullopt;
}

Trigger::Occasions Trigger::sightings(const TriggerFacts& facts) const {
  Occasions found;
  for (const UnwantedSighting& each : facts.alerts) {
    const bool wanted = spec_.unwanted.empty() || std::ranges::any_of(spec_.unwanted, [&](const std::string& name) {
      return name == each.application || name == each.category;
    });
    if (wanted && found.count++ == 0) found.why = fmt::format("{} from {} to {}", each.application, each.client, each.server);
  }
  return found;
}

Trigger::Occasions Trigger::slow(const TriggerFacts& facts) {
  const auto& rtt = spec_.rtt;
  const std::optional<int64_t> now = facts.rtt ? facts.rtt(rtt.window, rtt.percentile, rtt.port) : std::nullopt;
  const bool is_slow = now && static_cast<double>(*now) > rtt.above_ms * 1e6;
  Occasions found{.count = is_slow && !was_slow_ ? uint64_t{1} : 0, .why = {}, .lasts = is_slow};
  was_slow_ = is_slow;
  if (is_slow) {
    found.why = fmt::format("the SYN,ACK's p{:g} of {} was {}, over {:g} ms", rtt.percentile, rtt.window, human_duration(*now, false),
                            rtt.above_ms);
    if (rtt.port) found.why += fmt::format(", on port {}", *rtt.port);
  }
  return found;
}

Trigger::Occasions Trigger::lost(const TriggerFacts& facts) {
  const uint64_t before = losses_.value_or(facts.losses);
  losses_ = facts.losses;
  if (facts.losses <= before) return {};  // fewer than before: the data plane began anew
  return {.count = 1, .why = counted(facts.losses - before, "packet", "packets") + " lost before the workers saw them", .lasts = false};
}

}  // namespace wirewatch
