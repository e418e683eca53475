// SPDX-License-Identifier: BSD-3-Clause
#include "tests/capture_sessions/stand_in_rings.h"

#include <algorithm>
#include <stdexcept>

namespace wirewatch::testing {

std::vector<uint8_t> segment(uint16_t client_port, uint8_t flags, size_t payload) {
  std::vector<uint8_t> bytes(54 + payload, 'x');
  const std::array<uint8_t, 54> headers{2,    0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,              // Ethernet
                                        0x45, 0, 0, 0, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,  // IPv4
                                        0,    0, 0, 111, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0x10, 0, 0, 0, 0, 0};
  std::ranges::copy(headers, bytes.begin());
  const auto put = [&](size_t at, size_t value) {
    bytes[at] = static_cast<uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<uint8_t>(value);
  };
  put(16, 40 + payload);
  put(34, client_port);
  return bytes;
}

class StandInSource final : public TapSource {
 public:
  explicit StandInSource(StandInRings& rings) : rings_(rings) {}

  unsigned workers() const noexcept override { return static_cast<unsigned>(rings_.workers_.size()); }
  const DrainedPacket* peek(unsigned number) noexcept override {
    StandInRings::Worker& worker = rings_.workers_[number];
    if (worker.ring.empty()) return nullptr;
    worker.shown = {worker.ring.front().head, worker.ring.front().bytes};
    return &worker.shown;
  }
  void pop(unsigned worker) noexcept override { rings_.workers_[worker].ring.pop_front(); }
  uint64_t adopted_set(unsigned worker) const noexcept override { return rings_.workers_[worker].set; }
  std::optional<TapCounts> counts(unsigned worker, uint8_t slot) const noexcept override { return rings_.workers_[worker].counts[slot]; }
  uint64_t damaged() noexcept override { return 0; }

 private:
  StandInRings& rings_;
};

std::unique_ptr<TapSource> StandInRings::source() { return std::make_unique<StandInSource>(*this); }

void StandInRings::adopt(const nlohmann::json& command) {
  command_ = command;
  if (adopts) adopt_late();
}

void StandInRings::adopt_late() {
  for (Worker& worker : workers_) {
    worker.set = command_.at("set").get<uint64_t>();
    worker.taps = 0;
    for (const auto& tap : command_.at("taps")) {
      const auto slot = tap.at("slot").get<uint8_t>();
      worker.taps |= uint64_t{1} << slot;
      if (worker.counts[slot].tap_id != tap.at("id").get<uint64_t>()) worker.counts[slot] = {.tap_id = tap.at("id").get<uint64_t>()};
    }
  }
}

void StandInRings::offer(TappedPacket head, std::vector<uint8_t> bytes, unsigned number) {
  Worker& worker = workers_[number];
  ++offered_;
  head.captured_length = static_cast<uint32_t>(bytes.size());
  head.original_length = std::max(head.original_length, head.captured_length);
  head.taps = worker.taps;
  head.set = worker.set;
  const bool fits = worker.ring.size() < capacity_;
  for (size_t slot = 0; slot < kMostTaps; ++slot) {
    if ((worker.taps >> slot & 1) == 0) continue;
    ++worker.counts[slot].matched_packets;
    worker.counts[slot].matched_bytes += head.original_length;
    if (!fits) ++worker.counts[slot].dropped_packets;
  }
  if (fits && worker.taps != 0) worker.ring.push_back({head, std::move(bytes)});
}

void StandInRings::offer(Timestamp time, uint16_t client_port, unsigned worker) {
  TappedPacket head;
  head.time_ns = time.ns;
  offer(head, segment(client_port, 0x10, 46), worker);
}

void StandInRings::lose_waiting() {
  for (Worker& worker : workers_) worker.ring.clear();
}

size_t StandInRings::waiting() const noexcept {
  size_t sum = 0;
  for (const Worker& worker : workers_) sum += worker.ring.size();
  return sum;
}

SessionScene::SessionScene(uint64_t quota_bytes, unsigned workers, size_t ring_packets) : quota(quota_bytes), rings(workers, ring_packets) {
  directory = folder.path + "/captures";
  restart();
}

SessionScene::~SessionScene() = default;

void SessionScene::restart() {
  engine.reset();
  mapped = false;
  engine = std::make_unique<CaptureEngine>(
      CaptureEngine::Options{.directory = directory,
                             .quota_bytes = quota,
                             .origin = {.application = "Wirewatch test", .system = {}, .comment = {}},
                             .log = [this](const std::string& sentence) { logged.push_back(sentence); }},
      now);
  engine->set_names({.applications = {{}, {"bittorrent", "p2p"}, {"tls", "web"}}, .ports = {"eth1", "eth2"}});
  engine->connected();
}

void SessionScene::settle() {
  for (int round = 0; round < 3; ++round) {
    while (engine->drain(1000, now) == 1000) {}
    engine->tick(now);
    const auto command = engine->take_command(now);
    if (!command) continue;
    rings.adopt(*command);
    engine->answered({{"ok", true}, {"set", command->at("set")}}, mapped ? nullptr : rings.source(), now);
    mapped = true;
  }
}

CaptureView SessionScene::start(const std::string& json) {
  const auto spec = read_capture_spec(json, engine->names().for_filters());
  if (!spec) throw std::runtime_error(spec.error().message);
  const auto started = engine->start(*spec, now);
  if (!started) throw std::runtime_error(started.error().message);
  settle();
  return view(spec->name);
}

CaptureView SessionScene::view(const std::string& name) const {
  for (CaptureView& each : engine->views()) {
    if (each.spec.name == name) return each;
  }
  throw std::runtime_error("no session '" + name + "'");
}

}  // namespace wirewatch::testing
