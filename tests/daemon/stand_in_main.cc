// SPDX-License-Identifier: BSD-3-Clause
// The stand-in as a program: made-up events at a given rate, to measure what watching costs control.
//   stand_in SOCKET WORKERS EVENTS_PER_SECOND_AND_WORKER SECONDS
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "dataplane/pipeline/worker.h"
#include "tests/daemon/stand_in_dataplane.h"
#include "tests/history/made_up.h"

namespace wirewatch {
namespace {

constexpr uint32_t kFlows = 5000;  // open at a time, of every worker

int64_t utc_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Seven of ten events are news of a flow, one its end, two are handshakes.
void hand_on(SharedEvents& events, uint16_t worker, uint64_t number) {
  if (number % 10 >= 8) {
    return events.on_handshake(
        handshake_with({host(static_cast<uint8_t>(number % 200)), static_cast<uint16_t>(number % 50)}, 1'000'000 + static_cast<int64_t>(number % 997) * 7'000));
  }
  FlowEvent event = flow_event(static_cast<uint32_t>(number % kFlows), 2, 2, Evidence::Payload);
  event.record.application = static_cast<ApplicationId>(1 + number % 3);
  event.record.last_time = Timestamp{utc_ns()};
  event.progress.id.worker = worker;
  if (number % 10 == 7) event.progress.reason = CloseReason::Ended;
  events.on_progress(event.record, event.progress);
}

int run(const char* socket, unsigned workers, uint64_t per_second, int seconds) {
  StandInDataplane dataplane({.socket_path = socket, .generation = static_cast<uint64_t>(utc_ns()), .workers = workers, .start_time_ns = utc_ns()});
  for (const char* name : {"tls", "dns", "ssh"}) dataplane.registry().application(name, "test");
  ProcessState state;
  state.ports.resize(1);
  state.ports[0].name = "made-up";
  uint64_t number = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int slice = 0; slice < seconds * 100; ++slice) {
    for (uint64_t i = 0; i < per_second / 100; ++i, ++number) {
      for (unsigned worker = 0; worker < workers; ++worker) hand_on(dataplane.events(worker), static_cast<uint16_t>(worker), number);
    }
    if (slice % 100 == 0) {
      state.updated_ns = utc_ns();
      ++state.updates;
      state.ports[0].received = {number * workers, number * workers * 100};
      dataplane.publish_process(state);
    }
    std::this_thread::sleep_until(start + std::chrono::milliseconds(10) * (slice + 1));
  }
  uint64_t dropped = 0;
  for (unsigned worker = 0; worker < workers; ++worker) dropped += dataplane.events(worker).dropped();
  std::printf("%llu events handed on, %llu dropped\n", static_cast<unsigned long long>(number * workers), static_cast<unsigned long long>(dropped));
  return 0;
}

}  // namespace
}  // namespace wirewatch

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: stand_in SOCKET WORKERS EVENTS_PER_SECOND_AND_WORKER SECONDS\n", stderr);
    return 2;
  }
  return wirewatch::run(argv[1], static_cast<unsigned>(std::atoi(argv[2])), static_cast<uint64_t>(std::atoll(argv[3])), std::atoi(argv[4]));
}
