// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/xdp/stale_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace wirewatch::xdp {
namespace {

struct Held {
  uint32_t id = 0;  // 0 when there is no program
  uint32_t mode = 0;
  std::string name;

  bool ours() const noexcept { return std::string_view(name).starts_with("wirewatch_"); }
};

Held program_on(int interface_index) {
  LIBBPF_OPTS(bpf_xdp_query_opts, found);
  if (bpf_xdp_query(interface_index, 0, &found) != 0) return {};
  Held held;
  held.id = found.prog_id;
  switch (found.attach_mode) {
    case XDP_ATTACHED_DRV:
      held.mode = XDP_FLAGS_DRV_MODE;
      break;
    case XDP_ATTACHED_SKB:
      held.mode = XDP_FLAGS_SKB_MODE;
      break;
    case XDP_ATTACHED_HW:
      held.mode = XDP_FLAGS_HW_MODE;
      break;
    default:
      break;
  }
  if (held.id == 0) return held;
  const int program = bpf_prog_get_fd_by_id(held.id);
  if (program < 0) return held;
  bpf_prog_info info{};
  uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(program, &info, &length) == 0) held.name.assign(info.name, strnlen(info.name, sizeof info.name));
  ::close(program);
  return held;
}

/// Is there a link, that is a living process (or a pin), behind the program?
bool has_link(uint32_t program_id) {
  for (uint32_t id = 0; bpf_link_get_next_id(id, &id) == 0;) {
    const int link = bpf_link_get_fd_by_id(id);
    if (link < 0) continue;
    bpf_link_info info{};
    uint32_t length = sizeof info;
    const bool known = bpf_obj_get_info_by_fd(link, &info, &length) == 0;
    ::close(link);
    if (known && info.type == BPF_LINK_TYPE_XDP && info.prog_id == program_id) return true;
  }
  return false;
}

}  // namespace

Result<void> remove_stale(int interface_index) {
  const Held held = program_on(interface_index);
  if (held.id == 0 || has_link(held.id)) return {};
  if (!held.ours()) return fail(who_holds(interface_index));
  LIBBPF_OPTS(bpf_xdp_attach_opts, only_that);
  const int program = bpf_prog_get_fd_by_id(held.id);
  if (program < 0) return {};  // gone meanwhile
  only_that.old_prog_fd = program;
  const int error = bpf_xdp_detach(interface_index, held.mode, &only_that);
  ::close(program);
  if (error == 0) return {};
  return fail(std::string("the program that an earlier process left there cannot be taken off: ") + strerror(-error));
}

std::string who_holds(int interface_index) {
  const Held held = program_on(interface_index);
  if (held.id == 0) return "the interface says it is busy, though no XDP program is on it";
  const std::string number = "(number " + std::to_string(held.id) + ", see 'bpftool prog show id " + std::to_string(held.id) + "')";
  if (held.ours()) return "another process has Wirewatch's XDP program " + number + " on it; stop that process first";
  return "the XDP program '" + held.name + "' " + number +
         " is on it, which is not Wirewatch's; take it off with 'ip link set dev INTERFACE xdp off' if nobody needs it";
}

}  // namespace wirewatch::xdp
