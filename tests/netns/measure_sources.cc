// SPDX-License-Identifier: BSD-3-Clause
// How many packets a second the kernel-facing sources hand over, parsed and no more, on a cable inside a namespace:
//   measure_sources afpacket|afxdp|afxdp-generic sockets|kernel [FRAMES] [BYTES]
// "sockets" sends with sendmmsg, "kernel" has the kernel repeat one frame. Prints one line; needs root.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "dataplane/packet/parse.h"
#include "dataplane/source/afpacket.h"
#include "dataplane/source/afxdp.h"
#include "tests/netns/frame_sender.h"
#include "tests/netns/live_frames.h"
#include "tests/netns/network_namespace.h"
#include "tests/support/packet_builder.h"

namespace {

using namespace wirewatch;
using namespace wirewatch::testing;

struct Work {
  bool by_kernel = false;
  uint32_t frames = 2'000'000;
  size_t bytes = 60;
};

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void generate(const Work& work, const NetworkNamespace& inside) {
  const NetworkNamespace::Visit visit(inside);
  const Bytes frame = eth().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 2000).zeros(work.bytes - 42).bytes();
  if (work.by_kernel) {
    LiveFrames(find_interface("left")->index).send(frame, work.frames);
    return;
  }
  FrameSender sender("left");
  const std::vector<Bytes> some(1024, frame);
  for (uint32_t sent = 0; sent < work.frames; sent += 1024) sender.send(some);
}

template <LiveSource Source>
void measure(const char* name, Source& source, const Work& work, const NetworkNamespace& inside) {
  using Clock = std::chrono::steady_clock;
  std::atomic<bool> sent{false};
  std::thread generator([&] {
    generate(work, inside);
    sent = true;
  });
  const auto burst = std::make_unique<Burst>();
  uint64_t packets = 0, understood = 0;
  Clock::time_point first, last;
  uint64_t bursts = 0;
  double busy = 0;
  for (int idle = 0; idle < 50;) {
    const double from = thread_seconds();
    if (source.poll(*burst) != Poll::Packets) {
      idle += sent;
      source.wait(std::chrono::milliseconds(1));
      continue;
    }
    if (packets == 0) first = Clock::now();
    parse_all(burst->packets, {}, burst->layers);
    for (size_t i = 0; i < burst->count; ++i) understood += burst->layers[i].status == ParseStatus::Understood;
    packets += burst->count;
    source.recycle(*burst);
    ++bursts;
    busy += thread_seconds() - from;
    last = Clock::now();
  }
  generator.join();
  std::array<LossCounter, kMostLossCounters> losses;
  uint64_t lost = 0;
  for (const LossCounter& one : std::span(losses).first(source.read_losses(losses))) lost += one.value;
  const double seconds = std::chrono::duration<double>(last - first).count();
  std::printf("%s: %.0f packets/s received, %.0f offered; %llu received (%llu understood) + %llu lost; "
              "%.1f ns a packet in bursts of %.1f\n",
              name, static_cast<double>(packets) / seconds, static_cast<double>(packets + lost) / seconds,
              static_cast<unsigned long long>(packets), static_cast<unsigned long long>(understood),
              static_cast<unsigned long long>(lost), busy * 1e9 / static_cast<double>(packets), static_cast<double>(packets) / static_cast<double>(bursts));
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const std::string_view source = count > 1 ? arguments[1] : "afpacket";
    Work work;
    work.by_kernel = count > 2 && std::string_view(arguments[2]) == "kernel";
    if (count > 3) work.frames = static_cast<uint32_t>(std::strtoul(arguments[3], nullptr, 10));
    if (count > 4) work.bytes = std::max<size_t>(60, std::strtoul(arguments[4], nullptr, 10));
    auto inside = NetworkNamespace::make();
    if (!inside) throw std::runtime_error(inside.error().message);
    const NetworkNamespace::Visit visit(*inside);
    make_veth_pair("left", "right");
    if (source == "afpacket") {
      if (work.by_kernel) run({"ethtool", "-K", "right", "gro", "on"});  // makes veth take XDP frames
      auto opened = AfPacketSource::open({.interface = "right"});
      if (!opened) throw std::runtime_error(opened.error().message);
      measure("afpacket", *opened->front(), work, *inside);
    } else {
      const bool generic = source == "afxdp-generic";
      if (generic && work.by_kernel) run({"ethtool", "-K", "right", "gro", "on"});
      auto opened = AfXdpPort::open({.interface = "right", .mode = generic ? XdpOptions::Mode::Generic : XdpOptions::Mode::Auto});
      if (!opened) throw std::runtime_error(opened.error().message);
      measure(generic ? "afxdp, generic" : "afxdp", *opened->sources[0], work, *inside);
    }
    return 0;
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "%s\n", fault.what());
    return 1;
  }
}
