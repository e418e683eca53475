// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/bpf_filter.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <utility>

namespace wirewatch {
namespace {

constexpr size_t kLongestExpression = 64 * 1024;
constexpr int kSnapshotLength = 262144;

/// The DLT_ of this system for a LINKTYPE_ of the registry; they differ where systems once disagreed.
int dlt_of(uint16_t link_type) noexcept {
  switch (link_type) {
    case 100: return DLT_ATM_RFC1483;
    case 101: return DLT_RAW;
    case 102: return DLT_SLIP_BSDOS;
    case 103: return DLT_PPP_BSDOS;
    case 106: return DLT_ATM_CLIP;
    case 109: return DLT_ENC;
    default: return link_type;
  }
}

}  // namespace

struct BpfFilter::Program {
  explicit Program(uint16_t type) noexcept : link_type(type) {}
  ~Program() { pcap_freecode(&code); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  uint16_t link_type;
  bpf_program code{};  // without instructions: could not be compiled
  std::string fault;
};

BpfFilter::BpfFilter(std::string expression) : expression_(std::move(expression)) {}
BpfFilter::~BpfFilter() = default;
BpfFilter::BpfFilter(BpfFilter&&) noexcept = default;
BpfFilter& BpfFilter::operator=(BpfFilter&&) noexcept = default;

const BpfFilter::Program* BpfFilter::find(uint16_t link_type) const noexcept {
  for (const auto& program : programs_) {
    if (program->link_type == link_type) return program.get();
  }
  return nullptr;
}

Result<void> BpfFilter::prepare(uint16_t link_type) {
  const Program* known = find(link_type);
  if (known == nullptr) {
    auto program = std::make_unique<Program>(link_type);
    if (expression_.size() > kLongestExpression) {
      program->fault = fmt::format("{} characters, expected at most {}", expression_.size(), kLongestExpression);
    } else if (const std::unique_ptr<pcap_t, decltype(&pcap_close)> handle{
                   pcap_open_dead(dlt_of(link_type), kSnapshotLength), &pcap_close};
               handle == nullptr) {
      program->fault = "libpcap does not have the memory for it";
    } else if (pcap_compile(handle.get(), &program->code, expression_.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
      program->fault = pcap_geterr(handle.get());
      program->code = {};
    }
    known = programs_.emplace_back(std::move(program)).get();
  }
  if (known->fault.empty()) return {};
  return fail(fmt::format("BPF expression '{}': {}", expression_, known->fault));
}

bool BpfFilter::matches(const Packet& packet) const noexcept {
  const Program* const program = find(packet.link_type);
  if (program == nullptr || program->code.bf_insns == nullptr) return false;
  return bpf_filter(program->code.bf_insns, packet.data, packet.original_length, packet.captured_length) != 0;
}

}  // namespace wirewatch
