// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/xdp/xdp_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "dataplane/xdp/list_writer.h"
#include "dataplane/xdp/stale_program.h"

// The program itself, as bpftool generates it; that code is not written for our warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#include "dataplane/xdp/wirewatch.skel.h"
#pragma GCC diagnostic pop

namespace wirewatch {
namespace {

/// What libbpf and the verifier said last, for the Error: they would print it to stderr. Of the calling thread.
thread_local std::string last_words;

int keep_words(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  char line[512];
  vsnprintf(line, sizeof line, format, arguments);
  constexpr size_t kMost = 2000;
  if (last_words.size() < kMost) last_words += line;
  return 0;
}

std::string privileges() {
  return ". XDP needs the capabilities CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON: start as root, or give them to the "
         "program with 'setcap cap_net_admin,cap_bpf,cap_perfmon,cap_net_raw,cap_ipc_lock+ep PROGRAM'";
}

std::string describe(const std::string& what, int error) {
  std::string text = what + ": " + strerror(error);
  if (error == EPERM || error == EACCES) return text + privileges();
  if (!last_words.empty()) text += " (" + last_words.substr(0, last_words.find_last_not_of('\n') + 1) + ")";
  return text;
}

}  // namespace

struct XdpProgram::State {
  explicit State(XdpOptions asked) : options(std::move(asked)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (link >= 0) ::close(link);
    wirewatch_bpf__destroy(skeleton);
  }

  bpf_program* program() const noexcept {
    return hardware_stamps ? skeleton->progs.wirewatch_nic : skeleton->progs.wirewatch_tai;
  }

  XdpOptions options;
  wirewatch_bpf* skeleton = nullptr;
  int link = -1;
  bool native = false;
  bool hardware_stamps = false;
  xdp::ListWriter lists;
};

XdpProgram::XdpProgram(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
XdpProgram::~XdpProgram() = default;

namespace {

/// Device-bound programs are told so before loading; 0 or an error number.
int load_variant(wirewatch_bpf*& skeleton, bool hardware_stamps, int interface_index) noexcept {
  skeleton = wirewatch_bpf__open();
  if (skeleton == nullptr) return errno;
  bpf_program__set_autoload(skeleton->progs.wirewatch_nic, hardware_stamps);
  bpf_program__set_autoload(skeleton->progs.wirewatch_tai, !hardware_stamps);
  if (hardware_stamps) {
    constexpr uint32_t kDeviceBoundOnly = 1u << 6;  // BPF_F_XDP_DEV_BOUND_ONLY, Linux 6.3
    bpf_program* const program = skeleton->progs.wirewatch_nic;
    bpf_program__set_ifindex(program, static_cast<uint32_t>(interface_index));
    bpf_program__set_flags(program, bpf_program__flags(program) | kDeviceBoundOnly);
  }
  if (wirewatch_bpf__load(skeleton) == 0) return 0;
  const int error = errno;
  wirewatch_bpf__destroy(skeleton);
  skeleton = nullptr;
  return error;
}

}  // namespace

Result<std::unique_ptr<XdpProgram>> XdpProgram::load(const XdpOptions& options) {
  libbpf_set_print(keep_words);
  auto state = std::make_unique<State>(options);
  const bool may_ask_nic = options.hardware_stamps && options.mode != XdpOptions::Mode::Generic && options.interface_index > 0;
  if (may_ask_nic && load_variant(state->skeleton, true, options.interface_index) == 0) {
    state->hardware_stamps = true;
  } else {
    last_words.clear();
    if (const int error = load_variant(state->skeleton, false, 0); error != 0) {
      return fail(describe("cannot load the XDP program for interface '" + options.interface + "'", error));
    }
  }
  last_words.clear();
  state->lists = xdp::ListWriter({.allow4 = bpf_map__fd(state->skeleton->maps.allow4),
                                  .allow6 = bpf_map__fd(state->skeleton->maps.allow6),
                                  .block4 = bpf_map__fd(state->skeleton->maps.block4),
                                  .block6 = bpf_map__fd(state->skeleton->maps.block6),
                                  .flows = bpf_map__fd(state->skeleton->maps.flows)});
  return std::unique_ptr<XdpProgram>(new XdpProgram(std::move(state)));
}

Result<void> XdpProgram::attach() {
  State& state = *state_;
  const XdpOptions& options = state.options;
  const std::string where = "interface '" + options.interface + "'";
  const auto link_in = [&](uint32_t mode) {
    LIBBPF_OPTS(bpf_link_create_opts, how, .flags = mode);
    state.link = bpf_link_create(bpf_program__fd(state.program()), options.interface_index, BPF_XDP, &how);
    return state.link >= 0 ? 0 : errno;
  };
  // The link of a process that was killed goes away a moment after the process.
  constexpr int kMostTries = 50;
  constexpr std::chrono::milliseconds kMoment{10};
  for (int tries = 0;; ++tries) {
    if (auto removed = xdp::remove_stale(options.interface_index); !removed) {
      return fail("cannot put the XDP program on " + where + ": " + removed.error().message);
    }
    int error = 0;
    if (options.mode != XdpOptions::Mode::Generic) {
      error = link_in(XDP_FLAGS_DRV_MODE);
      state.native = error == 0;
    }
    const bool may_be_generic = options.mode != XdpOptions::Mode::Native && !state.hardware_stamps;
    if (state.link < 0 && may_be_generic && error != EBUSY && error != EEXIST) error = link_in(XDP_FLAGS_SKB_MODE);
    if (state.link >= 0) return {};
    if (error != EBUSY && error != EEXIST) return fail(describe("cannot put the XDP program on " + where, error));
    if (tries == kMostTries) {
      return fail("cannot put the XDP program on " + where + ": " + xdp::who_holds(options.interface_index));
    }
    std::this_thread::sleep_for(kMoment);
  }
}

Result<void> XdpProgram::serve(unsigned queue, int socket) {
  if (bpf_map_update_elem(bpf_map__fd(state_->skeleton->maps.sockets), &queue, &socket, BPF_ANY) == 0) return {};
  return fail(describe("cannot send queue " + std::to_string(queue) + " of interface '" + state_->options.interface +
                           "' to its socket", errno));
}

Result<void> XdpProgram::apply(const BlockTable& table) {
  const auto announce = [&](uint32_t lists) {
    __atomic_store_n(&state_->skeleton->bss->lists_in_use, lists, __ATOMIC_RELEASE);
  };
  return state_->lists.write(table, announce);
}

XdpCounters XdpProgram::counters() const noexcept {
  XdpCounters sums{};
  const int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0) return sums;
  std::vector<uint64_t> of_cpu(static_cast<size_t>(cpus));
  const int counters = bpf_map__fd(state_->skeleton->maps.counters);
  for (uint32_t which = 0; which < sums.size(); ++which) {
    if (bpf_map_lookup_elem(counters, &which, of_cpu.data()) != 0) continue;
    for (const uint64_t value : of_cpu) sums[which] += value;
  }
  return sums;
}

bool XdpProgram::native() const noexcept { return state_->native; }
bool XdpProgram::hardware_stamps() const noexcept { return state_->hardware_stamps; }
int XdpProgram::fd() const noexcept { return bpf_program__fd(state_->program()); }

}  // namespace wirewatch
