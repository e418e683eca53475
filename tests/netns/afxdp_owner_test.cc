// SPDX-License-Identifier: BSD-3-Clause
// Who may take an interface over, what is found on it, and that it is given back however a process ends.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "dataplane/source/afxdp.h"
#include "tests/netns/cabled_test.h"
#include "tests/netns/received.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

class AfXdpOwner : public CabledTest {
 protected:
  const Bytes frame_ = eth().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hello").bytes();
};

TEST_F(AfXdpOwner, GivesTheInterfaceBackWhenItsProcessIsKilled) {
  cable();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto port = AfXdpPort::open({.interface = "right"});
    const char done = 1;
    if (write(ready[1], &done, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char done = 0;
  ASSERT_EQ(read(ready[0], &done, 1), 1);
  // While it lives, the interface is its own.
  const auto refused = AfXdpPort::open({.interface = "right"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("another process"), std::string::npos) << refused.error().message;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  const auto opened = AfXdpPort::open({.interface = "right"});
  ASSERT_TRUE(opened) << opened.error().message;
  left_->send(frame_);
  EXPECT_EQ(receive(*opened->sources[0], 1).size(), 1u);
}

TEST_F(AfXdpOwner, TakesOffAProgramOfOursThatOutlivedItsProcess) {
  cable();
  const int index = find_interface("right")->index;
  {
    const auto left_behind = XdpProgram::load({.interface = "right", .interface_index = index});
    ASSERT_TRUE(left_behind) << left_behind.error().message;
    // Without a link, as before Linux 5.9: it stays when its process ends.
    ASSERT_EQ(bpf_xdp_attach(index, (*left_behind)->fd(), XDP_FLAGS_DRV_MODE, nullptr), 0);
  }
  const auto opened = AfXdpPort::open({.interface = "right"});
  ASSERT_TRUE(opened) << opened.error().message;
  left_->send(frame_);
  EXPECT_EQ(receive(*opened->sources[0], 1).size(), 1u);
}

TEST_F(AfXdpOwner, LeavesAProgramThatIsNotOursAlone) {
  cable();
  const int index = find_interface("right")->index;
  const bpf_insn pass_everything[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  const FileDescriptor other(bpf_prog_load(BPF_PROG_TYPE_XDP, "somebody", "MIT", pass_everything, 2, nullptr));
  ASSERT_TRUE(other);
  ASSERT_EQ(bpf_xdp_attach(index, other.get(), XDP_FLAGS_DRV_MODE, nullptr), 0);
  const auto opened = AfXdpPort::open({.interface = "right"});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("'somebody'"), std::string::npos) << opened.error().message;
  uint32_t still_there = 0;
  ASSERT_EQ(bpf_xdp_query_id(index, XDP_FLAGS_DRV_MODE, &still_there), 0);
  EXPECT_NE(still_there, 0u);
}

struct Opened {
  bool well = false;
  std::string fault;
};

/// Opens the port in a child that is nobody and has these capabilities and no others.
Opened open_with(const std::vector<int>& capabilities) {
  int answer[2];
  if (pipe(answer) != 0) throw std::runtime_error("pipe");
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    const rlimit little{.rlim_cur = 64 << 10, .rlim_max = 64 << 10};  // as unprivileged users have on many systems
    setrlimit(RLIMIT_MEMLOCK, &little);
    prctl(PR_SET_KEEPCAPS, 1);
    if (setresgid(kNobody, kNobody, kNobody) != 0 || setresuid(kNobody, kNobody, kNobody) != 0) _exit(99);
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct data[2]{};
    for (const int one : capabilities) {
      data[one / 32].permitted |= 1u << (one % 32);
      data[one / 32].effective |= 1u << (one % 32);
    }
    if (syscall(SYS_capset, &header, data) != 0) _exit(98);
    const auto opened = AfXdpPort::open({.interface = "right"});
    const std::string text = opened ? "" : opened.error().message;
    if (write(answer[1], text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(97);
    _exit(opened ? 0 : 1);
  }
  close(answer[1]);
  Opened result;
  char piece[512];
  for (ssize_t got; (got = read(answer[0], piece, sizeof piece)) > 0;) result.fault.append(piece, static_cast<size_t>(got));
  close(answer[0]);
  int status = 0;
  waitpid(child, &status, 0);
  result.well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return result;
}

TEST_F(AfXdpOwner, NeedsFiveCapabilitiesAndNotRoot) {
  cable();
  const std::vector<int> needed{CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON, CAP_IPC_LOCK};
  const Opened all = open_with(needed);
  EXPECT_TRUE(all.well) << all.fault;
  const char* const names[] = {"CAP_NET_RAW", "CAP_NET_ADMIN", "CAP_BPF", "CAP_PERFMON", "CAP_IPC_LOCK"};
  for (size_t missing = 0; missing < needed.size(); ++missing) {
    std::vector<int> some = needed;
    some.erase(some.begin() + static_cast<ptrdiff_t>(missing));
    const Opened without = open_with(some);
    EXPECT_FALSE(without.well) << "without " << names[missing];
    EXPECT_NE(without.fault.find(names[missing]), std::string::npos) << names[missing] << ": " << without.fault;
  }
}

}  // namespace
}  // namespace wirewatch::testing
