// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/capture_saver.h"

#include <sys/utsname.h>

#include <cerrno>

#include "control/packets/interface_names.h"

namespace wirewatch {
namespace {

std::string operating_system() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string(name.sysname) + " " + name.release : std::string();
}

}  // namespace

bool CaptureSaver::open() {
  CaptureOrigin origin;
  origin.application = options_.application;
  origin.system = operating_system();
  if (!options_.display_filter.empty()) origin.comment = "display filter: " + options_.display_filter;
  auto writer = create_capture(options_.path, format_of_name(options_.path), origin, files_.resolution_ns() < 1000);
  if (!writer) {
    fault_ = writer.error().message;
    return false;
  }
  writer_ = std::move(*writer);
  const auto paths = files_.reopenable();
  if (paths.size() == 1) described_ = described_interfaces(paths.front());  // of several files, numbers mean several things
  return true;
}

std::optional<uint32_t> CaptureSaver::interface_of(const Packet& packet) {
  const auto is = [&](const Interface& each) { return each.number == packet.interface && each.link_type == packet.link_type; };
  if (last_interface_ < interfaces_.size() && is(interfaces_[last_interface_])) return interfaces_[last_interface_].written;
  for (last_interface_ = 0; last_interface_ < interfaces_.size(); ++last_interface_) {
    if (is(interfaces_[last_interface_])) return interfaces_[last_interface_].written;
  }
  CaptureInterface description;
  if (packet.interface < described_.size() && described_[packet.interface].link_type == packet.link_type) {
    description = described_[packet.interface];
  }
  description.link_type = packet.link_type;
  description.filter = options_.bpf;
  const auto added = writer_->add_interface(description);
  if (!added) {
    fault_ = added.error().message;
    return {};
  }
  interfaces_.push_back({packet.interface, packet.link_type, *added});
  return *added;
}

bool CaptureSaver::on_frame(const Frame& frame) {
  if (writer_ == nullptr && !open()) return false;
  const auto interface = interface_of(frame.packet);
  return interface && writer_->write(frame.packet, *interface);
}

Result<void> CaptureSaver::finish() {
  if (writer_ == nullptr && fault_.empty()) open();
  if (writer_ == nullptr) return fail(fault_);
  auto closed = writer_->close();
  if (!closed && writer_->error() != EPIPE) return closed;
  if (!fault_.empty()) return fail(fault_);
  return {};
}

}  // namespace wirewatch
