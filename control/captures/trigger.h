// SPDX-License-Identifier: BSD-3-Clause
// When a session with a trigger records: occasions come from schedules and from what is seen, a firing lasts for a while,
// and there is a least time from one to the next. Occasions in between are counted. Time is an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/captures/calendar.h"
#include "control/captures/capture_spec.h"
#include "control/captures/trigger_facts.h"
#include "dataplane/base/result.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {

class Trigger {
 public:
  /// The first time of `every_s` is `now`. Fails on a calendar expression that was not checked.
  static Result<Trigger> make(const TriggerSpec& spec, Timestamp now);

  /// Whether a firing that began has lasted long enough; it is over then.
  bool ends(Timestamp now);
  /// Why a firing begins now by the schedule; nothing when it does not.
  std::optional<std::string> by_schedule(Timestamp now);
  /// The same by what was seen since the last call.
  std::optional<std::string> by_facts(const TriggerFacts& facts, Timestamp now);

  bool recording() const noexcept { return until_.has_value(); }
  uint64_t fired() const noexcept { return fired_; }
  uint64_t suppressed() const noexcept { return suppressed_; }
  /// Of a schedule; kNoTimestamp otherwise, or when it does not come again.
  Timestamp next() const noexcept { return next_; }

 private:
  struct Occasions {
    uint64_t count = 0;
    std::string why;  // of the first
    bool lasts = false;  // a state that goes on: it fires as soon as it may, and counts when it begins
  };

  explicit Trigger(const TriggerSpec& spec) : spec_(spec) {}
  Occasions sightings(const TriggerFacts& facts) const;
  Occasions slow(const TriggerFacts& facts);
  Occasions lost(const TriggerFacts& facts);
  void plan_next(Timestamp now);
  bool fire(Timestamp now);

  TriggerSpec spec_;
  std::optional<Calendar> calendar_;
  Timestamp next_ = kNoTimestamp;
  std::optional<Timestamp> until_;
  std::optional<Timestamp> last_fired_;
  std::optional<uint64_t> losses_;
  bool was_slow_ = false;
  uint64_t fired_ = 0;
  uint64_t suppressed_ = 0;
};

}  // namespace wirewatch
