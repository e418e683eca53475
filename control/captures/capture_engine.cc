// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/capture_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/captures/session_folder.h"
#include "control/report/human.h"
#include "dataplane/base/nearest_name.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

// A stream that a filter follows may hold 1 MiB of an unfinished message each way.
constexpr size_t kMostStreams = 16'384;
constexpr const char* kNotThere = "the data plane is not there";

}  // namespace

// Numbers of taps and sets go up over restarts, so that nothing that an earlier process asked for is mistaken for ours.
CaptureEngine::CaptureEngine(Options options, Timestamp now)
    : options_(std::move(options)),
      quota_{.limit = options_.quota_bytes},
      next_id_(static_cast<uint64_t>(std::max<int64_t>(now.ns, 0) / 1000) + 1),
      next_set_(next_id_),
      problem_(kNotThere),
      latest_(now) {
  if (auto claimed = claim_folder(now); !claimed) log(claimed.error().message);
}

/// With the folder come the sessions that are in it.
Result<void> CaptureEngine::claim_folder(Timestamp now) {
  if (claim_.held()) return {};
  if (auto taken = claim_.take(options_.directory); !taken || !claim_.held()) return taken;
  std::vector<std::string> faults;
  past_ = load_sessions(options_.directory, now, faults);
  for (const std::string& fault : faults) log("a capture session from before: " + fault);
  for (const CaptureView& view : past_) {
    for (const CaptureFile& file : view.files) quota_.used += file.bytes;
  }
  return {};
}

CaptureEngine::~CaptureEngine() {
  drop_source(latest_);
  for (Running& each : sessions_) {
    each.session->stop(StopReason::Interrupted, "the daemon ended while it ran", latest_);
  }
}

void CaptureEngine::log(const std::string& sentence) const {
  if (options_.log) options_.log(sentence);
}

CaptureEngine::Running* CaptureEngine::find(std::string_view name) {
  const auto at = std::ranges::find_if(sessions_, [&](const Running& each) { return each.session->spec().name == name; });
  return at == sessions_.end() ? nullptr : &*at;
}

std::optional<uint8_t> CaptureEngine::free_slot() const {
  for (uint8_t slot = 0; slot < kMostTaps; ++slot) {
    if (std::ranges::none_of(sessions_, [&](const Running& each) { return each.session->slot() == slot; })) return slot;
  }
  return std::nullopt;
}

uint64_t CaptureEngine::running() const noexcept {
  return static_cast<uint64_t>(std::ranges::count_if(sessions_, [](const Running& each) { return !each.session->stopped(); }));
}

Result<CaptureView> CaptureEngine::start(const CaptureSpec& spec, Timestamp now) {
  if (auto made = make_captures_folder(options_.directory); !made) return tl::unexpected(made.error());
  if (auto claimed = claim_folder(now); !claimed) return tl::unexpected(claimed.error());
  for (const CaptureView& each : views()) {
    if (each.spec.name == spec.name) {
      return fail(fmt::format("there is a capture session '{}' already ({}); delete it first, or choose another name", spec.name,
                              to_string(each.state)));
    }
    if (each.spec.directory == spec.directory) {
      return fail(fmt::format("the folder '{}' belongs to the capture session '{}'", spec.directory, each.spec.name));
    }
  }
  const auto slot = free_slot();
  if (!slot || running() >= options_.most_sessions) {
    return fail(fmt::format("{} capture sessions run already, the most there may be; stop one", running()));
  }
  if (!spec.port.empty() && !names_.ports.empty() && std::ranges::find(names_.ports, spec.port) == names_.ports.end()) {
    return fail(fmt::format("there is no port '{}'{}", spec.port, did_you_mean(spec.port, names_.ports)));
  }
  if (quota_.used >= quota_.limit) {
    return fail(fmt::format("the capture files of all sessions take {} already, of {} they may; delete some", human_bytes(quota_.used),
                            human_bytes(quota_.limit)));
  }
  auto folder = make_session_folder(options_.directory, spec.directory);
  if (!folder) return tl::unexpected(folder.error());
  auto session = CaptureSession::begin(
      {.spec = spec, .folder = *folder, .id = next_id_++, .slot = *slot, .origin = options_.origin, .names = &names_}, quota_, now);
  if (!session) {
    delete_session(*folder, {});
    return tl::unexpected(session.error());
  }
  sessions_.push_back({.session = std::move(*session), .before = {}});
  changed_ = true;
  CaptureView view = sessions_.back().session->view();
  view.problem = problem_;
  return view;
}

Result<CaptureView> CaptureEngine::stop(std::string_view name, Timestamp now) {
  if (Running* const running = find(name)) {
    running->session->stop(StopReason::Asked, "somebody asked for it", now);
    changed_ = true;
    return running->session->view();
  }
  const auto at = std::ranges::find_if(past_, [&](const CaptureView& view) { return view.spec.name == name; });
  if (at == past_.end()) return fail(fmt::format("there is no capture session '{}'", name));
  return *at;
}

Result<void> CaptureEngine::erase(std::string_view name, Timestamp now) {
  if (auto stopped = stop(name, now); !stopped) return tl::unexpected(stopped.error());
  for (size_t index = 0; index < sessions_.size(); ++index) {
    if (sessions_[index].session->spec().name == name) retire(index, now);
  }
  const auto at = std::ranges::find_if(past_, [&](const CaptureView& view) { return view.spec.name == name; });
  delete_session(options_.directory + "/" + at->spec.directory, at->files);
  for (const CaptureFile& file : at->files) quota_.used -= std::min(quota_.used, file.bytes);
  erased_ += at->counts;
  past_.erase(at);
  return {};
}

std::vector<CaptureView> CaptureEngine::views() const {
  std::vector<CaptureView> all = past_;
  for (const Running& each : sessions_) {
    all.push_back(each.session->view());
    if (!each.session->stopped()) all.back().problem = problem_;
  }
  std::ranges::stable_sort(all, {}, [](const CaptureView& view) { return view.started; });
  return all;
}

void CaptureEngine::connected() {
  connected_ = true;
  changed_ = true;
  problem_ = "the data plane was asked for packets and has not answered yet";
}

void CaptureEngine::lost(std::string reason, Timestamp now) {
  connected_ = false;
  problem_ = std::string(kNotThere) + (reason.empty() ? "" : ": " + reason);
  drop_source(now);
}

void CaptureEngine::drop_source(Timestamp now) {
  if (source_ == nullptr) return;
  // Its memory is still ours to read; nobody writes to it any more.
  constexpr size_t kBatch = 4096;
  constexpr int kMostBatches = 256;  // should somebody write all the same
  for (int batch = 0; batch < kMostBatches && drain(kBatch, now) > 0; ++batch) {}
  update_counts();
  for (Running& each : sessions_) {
    // What was matched and never seen went with the ring.
    each.session->settle();
    const CaptureCounts counts = each.session->view().counts;
    each.before = {counts.matched, counts.matched_bytes, counts.ring_full};
    // Should it be the same data plane that comes back, its tap is to count from 0.
    each.session->set_id(next_id_++);
  }
  counted_from_ = next_set_;
  damaged_before_ += source_->damaged();
  source_.reset();
  tracker_.reset();
  namer_.reset();
  retire_settled(now);
}

void CaptureEngine::answered(const nlohmann::json& answer, std::unique_ptr<TapSource> source, Timestamp now) {
  if (!connected_) return;
  if (source != nullptr) {
    drop_source(now);
    source_ = std::move(source);
    reached_.assign(source_->workers(), 0);
  }
  if (answer.is_object() && answer.contains("ok") && answer["ok"] == true) {
    problem_.clear();
    return;
  }
  const auto error = answer.find("error");
  problem_ = error != answer.end() && error->is_string() ? error->get<std::string>() : "the data plane refused the taps";
  const auto slot = answer.find("slot");
  if (slot != answer.end() && slot->is_number_integer()) {
    for (Running& each : sessions_) {
      if (each.session->slot() != slot->get<uint64_t>() || each.session->stopped()) continue;
      each.session->stop(StopReason::Error, problem_, now);
      changed_ = true;
      return;
    }
  }
  constexpr int64_t kPause = 5 * kSecond_ns;
  retry_ = Timestamp{now.ns + kPause};
}

std::optional<nlohmann::json> CaptureEngine::take_command(Timestamp now) {
  if (!connected_) return std::nullopt;
  bool changed = changed_ || (retry_ != kNoTimestamp && now >= retry_);
  for (const Running& each : sessions_) changed = changed || each.wanted != each.session->wants_packets();
  if (!changed) return std::nullopt;
  changed_ = false;
  retry_ = kNoTimestamp;
  Taps taps{.set = next_set_++};
  nlohmann::json list = nlohmann::json::array();
  for (Running& each : sessions_) {
    each.wanted = each.session->wants_packets();
    if (each.session->stopped() && each.last_set == 0) each.last_set = taps.set;
    if (!each.wanted) continue;
    list.push_back(each.session->tap());
    taps.sessions[each.session->slot()] = each.session.get();
  }
  constexpr size_t kMostSets = 256;  // whose packets may still be in the rings
  if (taps_.size() == kMostSets) taps_.pop_front();
  taps_.push_back(taps);
  recent_ = nullptr;
  return nlohmann::json{{"command", "taps"}, {"set", taps.set}, {"taps", std::move(list)}};
}

const CaptureEngine::Taps* CaptureEngine::taps_of(uint64_t set) noexcept {
  if (recent_ != nullptr && recent_->set == set) return recent_;
  const auto at = std::ranges::find(taps_, set, &Taps::set);
  recent_ = at == taps_.end() ? nullptr : &*at;
  return recent_;
}

void CaptureEngine::deliver(const DrainedPacket& packet, Timestamp now) {
  ++packets_;
  const Taps* const taps = taps_of(packet.head.set);
  Arrival arrival(packet.head, packet.bytes, now, names_, packets_);
  bool claimed = false;
  for (size_t slot = 0; taps != nullptr && slot < kMostTaps; ++slot) {
    CaptureSession* const session = (packet.head.taps >> slot & 1) != 0 ? taps->sessions[slot] : nullptr;
    if (session == nullptr) continue;
    claimed = true;
    if (session->needs_streams() && arrival.streams == nullptr) {
      if (!tracker_) tracker_.emplace(kMostStreams);
      arrival.streams = &tracker_->observe(arrival.packet(), arrival.layers());
    }
    if (session->needs_names() && arrival.namer == nullptr) {
      if (!namer_) namer_.emplace();
      namer_->see(arrival.packet(), arrival.layers());
      arrival.namer = &*namer_;
    }
    session->receive(arrival, taps->set >= counted_from_);
  }
  if (!claimed) ++unclaimed_;
}

size_t CaptureEngine::drain(size_t most, Timestamp now) {
  if (source_ == nullptr) return 0;
  const unsigned workers = source_->workers();
  std::vector<uint64_t> adopted(workers);
  for (unsigned worker = 0; worker < workers; ++worker) adopted[worker] = source_->adopted_set(worker);
  update_counts();
  for (size_t taken = 0; taken < most; ++taken) {
    const DrainedPacket* earliest = nullptr;
    unsigned from = 0;
    for (unsigned worker = 0; worker < workers; ++worker) {
      const DrainedPacket* const next = source_->peek(worker);
      if (next == nullptr) {
        reached_[worker] = std::max(reached_[worker], adopted[worker]);
      } else if (earliest == nullptr || next->head.time_ns < earliest->head.time_ns) {
        earliest = next;
        from = worker;
      }
    }
    if (earliest == nullptr) return taken;
    reached_[from] = std::max(reached_[from], earliest->head.set);
    deliver(*earliest, now);
    source_->pop(from);
  }
  return most;
}

void CaptureEngine::update_counts() {
  for (Running& each : sessions_) {
    Counted sum = each.before;
    bool is_whole = true;
    for (unsigned worker = 0; worker < source_->workers(); ++worker) {
      const auto counts = source_->counts(worker, each.session->slot());
      is_whole = is_whole && counts;
      if (!counts || counts->tap_id != each.session->id()) continue;
      sum.packets += counts->matched_packets;
      sum.bytes += counts->matched_bytes;
      sum.ring_full += counts->dropped_packets;
    }
    if (is_whole) each.session->set_tap_counts(sum.packets, sum.bytes, sum.ring_full);
  }
}

void CaptureEngine::look(const TriggerFacts& facts, Timestamp now) {
  for (Running& each : sessions_) each.session->look(facts, now);
}

void CaptureEngine::tick(Timestamp now) {
  latest_ = now;
  if (source_ != nullptr) update_counts();
  const bool flushes = flushed_ == kNoTimestamp || now.since(flushed_) >= kSecond_ns || now < flushed_;
  if (flushes) flushed_ = now;
  for (Running& each : sessions_) {
    each.session->tick(now);
    if (!flushes) continue;
    each.session->flush(now);
    const std::string before = each.session->save_fault();
    each.session->save_when_due(now);
    if (each.session->save_fault() != before && !each.session->save_fault().empty()) log(each.session->save_fault());
  }
  if (std::ranges::none_of(sessions_, [](const Running& each) { return each.session->needs_streams(); })) tracker_.reset();
  if (std::ranges::none_of(sessions_, [](const Running& each) { return each.session->needs_names(); })) namer_.reset();
  retire_settled(now);
}

void CaptureEngine::retire_settled(Timestamp now) {
  for (size_t index = 0; index < sessions_.size();) {
    const Running& each = sessions_[index];
    const bool nothing_comes = source_ == nullptr && !(connected_ && each.last_set == 0);
    const bool all_came = each.last_set != 0 && source_ != nullptr &&
                          std::ranges::all_of(reached_, [&](uint64_t reached) { return reached >= each.last_set; });
    if (each.session->stopped() && (nothing_comes || all_came)) {
      retire(index, now);
    } else {
      ++index;
    }
  }
}

/// A session whose last packet has come needs its writer and its tap no more.
void CaptureEngine::retire(size_t index, Timestamp now) {
  if (source_ != nullptr) update_counts();
  CaptureSession& session = *sessions_[index].session;
  session.settle();
  session.save(now);
  const CaptureView view = session.view();
  past_.push_back(view);
  log(fmt::format("capture session '{}' stopped ({}): {}; wrote {} of {} packets that matched", view.spec.name, to_string(view.stop_reason),
                  view.stopped_because, view.counts.written, view.counts.matched));
  for (Taps& taps : taps_) std::ranges::replace(taps.sessions, &session, static_cast<CaptureSession*>(nullptr));
  sessions_.erase(sessions_.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace wirewatch
