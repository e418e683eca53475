// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/capture_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "control/captures/session_folder.h"
#include "control/report/human.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/pipeline/tap_set.h"

namespace wirewatch {
namespace {


CaptureOrigin origin_of(const CaptureSession::Setup& setup) {
  const CaptureSpec& spec = setup.spec;
  CaptureOrigin origin = setup.origin;
  origin.comment = "capture session: " + spec.name;
  if (!spec.filter.empty()) origin.comment += "\ndisplay filter: " + spec.filter;
  if (!spec.bpf.empty()) origin.comment += "\ncapture filter: " + spec.bpf;
  if (spec.trigger) origin.comment += "\ntrigger: " + describe(*spec.trigger);
  return origin;
}

SessionFiles::Plan plan_of(const CaptureSession::Setup& setup) {
  FileRing ring = setup.spec.ring;
  if (setup.spec.trigger) ring.files = setup.spec.trigger->most;
  return {.folder = setup.folder,
          .name = setup.spec.name,
          .ring = ring,
          .snap_length = setup.spec.snap_length == CaptureSpec::kWholePackets ? 0 : setup.spec.snap_length,
          .bpf = setup.spec.bpf,
          .origin = origin_of(setup)};
}

StopReason reason_of(int error) { return error == ENOSPC || error == EDQUOT ? StopReason::DiskFull : StopReason::Error; }

}  // namespace

CaptureSession::CaptureSession(Setup setup, DiskQuota& quota) : setup_(std::move(setup)), files_(plan_of(setup_), quota) {}

Result<std::unique_ptr<CaptureSession>> CaptureSession::begin(Setup setup, DiskQuota& quota, Timestamp now) {
  std::unique_ptr<CaptureSession> session(new CaptureSession(std::move(setup), quota));
  if (auto prepared = session->prepare(now); !prepared) {
    session->files_.close(now);
    while (session->files_.delete_oldest()) {}
    return tl::unexpected(prepared.error());
  }
  return session;
}

Result<void> CaptureSession::prepare(Timestamp now) {
  started_ = now;
  if (!spec().filter.empty()) {
    auto filter = Filter::compile(spec().filter, setup_.names->for_filters());
    if (!filter) return fail("'filter': " + filter.error().message);
    if (!TapSet::takes(filter->needs())) filter_ = std::move(*filter);
  }
  if (spec().trigger) {
    auto trigger = Trigger::make(*spec().trigger, now);
    if (!trigger) return tl::unexpected(trigger.error());
    trigger_ = std::move(*trigger);
    state_ = CaptureState::Waiting;
    if (spec().before_seconds != 0) memory_.emplace(spec().before_bytes, spec().before_seconds * kSecond_ns);
  } else if (auto opened = files_.open(now); !opened) {
    return opened;
  }
  tick(now);
  save(now);
  if (!save_fault_.empty()) return fail(save_fault_);
  return {};
}

nlohmann::json CaptureSession::tap() const {
  const bool here = filter_.has_value();
  return {{"slot", slot()},
          {"id", id()},
          {"port", spec().port},
          {"filter", here ? std::string() : spec().filter},
          {"bpf", spec().bpf},
          // What is looked at here has to come whole.
          {"snap_length", here ? CaptureSpec::kWholePackets : spec().snap_length}};
}

void CaptureSession::set_tap_counts(uint64_t matched, uint64_t bytes, uint64_t ring_full) noexcept {
  dropped_to_note_ += ring_full - counts_.ring_full;
  changed_ = changed_ || matched + uncounted_ != counts_.matched;
  counts_.matched = matched + uncounted_;
  counts_.matched_bytes = bytes + uncounted_bytes_;
  counts_.ring_full = ring_full;
}

void CaptureSession::settle() noexcept {
  const uint64_t known = counts_.ring_full + counts_.received;
  if (counts_.matched < known) counts_.matched = known;
  counts_.ring_full += counts_.matched - known;
  uncounted_ = uncounted_bytes_ = 0;
  changed_ = true;
}

bool CaptureSession::matches(Arrival& arrival) noexcept {
  Packet packet = arrival.packet();
  packet.number = counts_.received;
  if (first_ == kNoTimestamp) first_ = packet.time;
  const FlowContext flow = arrival.flow();
  const bool matched = filter_->matches({.packet = packet,
                                         .layers = arrival.layers(),
                                         .first_time = first_,
                                         .previous_time = previous_ == kNoTimestamp ? packet.time : previous_,
                                         .previous_displayed_time = displayed_ == kNoTimestamp ? packet.time : displayed_,
                                         .flow = &flow,
                                         .streams = arrival.streams});
  previous_ = packet.time;
  if (matched) displayed_ = packet.time;
  return matched;
}

void CaptureSession::receive(Arrival& arrival, bool counted) {
  ++counts_.received;
  if (!counted) {
    ++uncounted_;
    uncounted_bytes_ += arrival.packet().original_length;
  }
  changed_ = true;
  if (trigger_ && trigger_->ends(arrival.arrived())) end_firing(arrival.arrived());
  if (stopped()) {
    ++counts_.after_limit;
  } else if (filter_ && !matches(arrival)) {
    ++counts_.not_matching;
  } else if (recording()) {
    write(arrival, false, arrival.arrived());
  } else if (memory_) {
    memory_->push(arrival.head(), arrival.cut_to(spec().snap_length).bytes(), arrival.arrived());
  } else {
    ++counts_.forgotten;
  }
}

/// False when the session has stopped.
bool CaptureSession::write(Arrival& arrival, bool from_before, Timestamp now) {
  if (spec().max_bytes != 0 && files_.written_bytes() + files_.cost(arrival) > spec().max_bytes) {
    ++counts_.after_limit;
    stop(StopReason::Bytes,
         "it wrote " + human_bytes(files_.written_bytes()) + "; the next packet would go beyond its " + human_bytes(spec().max_bytes), now);
    return false;
  }
  switch (files_.put(arrival, dropped_to_note_, now)) {
    case SessionFiles::Put::NoQuota:
      ++counts_.after_limit;
      stop(StopReason::Quota, "the capture files of all sessions together reached what the daemon may keep", now);
      return false;
    case SessionFiles::Put::Failed:
      stop_failed(now);
      return false;
    case SessionFiles::Put::Written:
      break;
  }
  dropped_to_note_ = 0;
  if (from_before) {
    ++counts_.from_before;
    ++firings_.back().from_before;
  }
  if (spec().max_packets == 0 || files_.written() < spec().max_packets) return true;
  stop(StopReason::Packets, "it wrote the " + counted(spec().max_packets, "packet", "packets") + " it was to write", now);
  return false;
}

void CaptureSession::stop_failed(Timestamp now) {
  stop(reason_of(files_.error()), files_.fault(), now);
}

void CaptureSession::fire(std::string why, Timestamp now) {
  if (auto opened = files_.open(now); !opened) return stop_failed(now);
  state_ = CaptureState::Recording;
  firings_.push_back({.at = now, .why = std::move(why), .file = std::string(files_.open_name())});
  const auto files = files_.list();
  std::erase_if(firings_, [&](const Firing& each) {
    return std::ranges::none_of(files, [&](const CaptureFile& file) { return file.name == each.file; });
  });
  changed_ = true;
  if (!memory_) return;
  memory_->age(now);
  memory_->take_all([&](const TappedPacket& head, std::span<const uint8_t> bytes, Timestamp arrived) {
    Arrival arrival(head, bytes, arrived, *setup_.names);
    return write(arrival, true, now);
  });
}

void CaptureSession::end_firing(Timestamp now) {
  files_.close(now);
  if (files_.error() != 0) return stop_failed(now);
  state_ = CaptureState::Waiting;
  changed_ = true;
}

void CaptureSession::tick(Timestamp now) {
  if (stopped()) return;
  if (spec().max_seconds != 0 && now.since(started_) >= spec().max_seconds * kSecond_ns) {
    return stop(StopReason::Time, "its time, " + human_span(spec().max_seconds * kSecond_ns, false) + ", was over", now);
  }
  files_.rotate_by_time(now);
  if (!trigger_) return;
  if (trigger_->ends(now)) end_firing(now);
  if (stopped()) return;
  if (memory_) memory_->age(now);
  if (auto why = trigger_->by_schedule(now)) fire(std::move(*why), now);
}

void CaptureSession::look(const TriggerFacts& facts, Timestamp now) {
  if (stopped() || !trigger_) return;
  if (auto why = trigger_->by_facts(facts, now)) fire(std::move(*why), now);
}

void CaptureSession::flush(Timestamp now) {
  if (!stopped() && !files_.flush()) stop_failed(now);
}

void CaptureSession::save_when_due(Timestamp now) {
  const auto pause = static_cast<int64_t>(1 + files_.closed() / 100) * kSecond_ns;
  if (changed_ && (saved_ == kNoTimestamp || now.since(saved_) >= pause || now < saved_)) save(now);
}

void CaptureSession::save(Timestamp now) {
  flush(now);
  saved_ = now;
  auto saved = save_session(setup_.folder, view());
  save_fault_ = saved ? std::string() : saved.error().message;
  changed_ = !saved;
}

void CaptureSession::stop(StopReason reason, std::string because, Timestamp now) {
  if (stopped()) return;
  state_ = CaptureState::Stopped;
  stop_reason_ = reason;
  stopped_because_ = std::move(because);
  stopped_ = now;
  if (memory_) memory_->forget_all();
  const bool failed_already = files_.error() != 0;
  files_.close(now);
  if (files_.error() != 0 && !failed_already) {
    // The last packets did not come through: that is the reason, whatever it was to be.
    stop_reason_ = reason_of(files_.error());
    stopped_because_ = files_.fault();
  }
  if (files_.error() != 0) give_back_lost();
  save(now);
}

/// Packets in the buffers of a file whose disk was full were no more written from before a firing than after it.
void CaptureSession::give_back_lost() {
  if (firings_.empty()) return;
  const auto files = files_.list();
  for (const CaptureFile& file : files) {
    Firing& last = firings_.back();
    if (file.name != last.file || last.from_before <= file.packets) continue;
    counts_.from_before -= last.from_before - file.packets;
    last.from_before = file.packets;
  }
}

CaptureView CaptureSession::view() const {
  CaptureView view;
  view.spec = spec();
  view.state = state_;
  view.stop_reason = stop_reason_;
  view.stopped_because = stopped_because_;
  view.started = started_;
  view.stopped = stopped_;
  view.counts = counts_;
  if (memory_) {
    view.counts.in_memory = memory_->packets();
    view.counts.forgotten += memory_->forgotten();
  }
  view.counts.written = files_.written();
  view.counts.write_failed = files_.offered() - files_.written();
  view.counts.written_bytes = files_.written_bytes();
  view.counts.deleted = files_.deleted();
  const uint64_t known = counts_.ring_full + counts_.received;
  view.counts.matched = std::max(counts_.matched, known);
  view.counts.in_ring = view.counts.matched - known;
  view.files = files_.list();
  view.firings = firings_;
  if (trigger_) {
    view.fired = trigger_->fired();
    view.suppressed = trigger_->suppressed();
    if (!stopped()) view.next = trigger_->next();
  }
  return view;
}

}  // namespace wirewatch
