// SPDX-License-Identifier: BSD-3-Clause
#include "tests/netns/live_frames.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <system_error>

namespace wirewatch::testing {
namespace {

bpf_insn move(uint8_t to, int32_t value) {
  return {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = static_cast<uint8_t>(to & 15), .src_reg = 0, .off = 0, .imm = value};
}

}  // namespace

LiveFrames::LiveFrames(int interface_index) {
  // return bpf_redirect(interface_index, 0);
  const bpf_insn program[] = {
      move(BPF_REG_1, interface_index),
      move(BPF_REG_2, 0),
      {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = BPF_FUNC_redirect},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  program_ = FileDescriptor(bpf_prog_load(BPF_PROG_TYPE_XDP, "generator", "Dual BSD/GPL", program, std::size(program), nullptr));
  if (!program_) throw std::system_error(errno, std::generic_category(), "generator program");
}

bool LiveFrames::send(const Bytes& frame, uint32_t copies) const noexcept {
  xdp_md context{};
  context.data_end = static_cast<uint32_t>(frame.size());
  LIBBPF_OPTS(bpf_test_run_opts, how);
  how.data_in = frame.data();
  how.data_size_in = static_cast<uint32_t>(frame.size());
  how.ctx_in = &context;
  how.ctx_size_in = sizeof context;
  how.repeat = static_cast<int>(copies);
  how.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  how.batch_size = 64;
  return bpf_prog_test_run_opts(program_.get(), &how) == 0;
}

}  // namespace wirewatch::testing
