// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/shared_layout.h"

#include <bit>

namespace wirewatch {
namespace {

constexpr size_t kPage = 4096;

size_t in_pages(size_t bytes) noexcept { return (bytes + kPage - 1) / kPage * kPage; }

/// Bounds that keep every size far from overflowing.
bool sensible(const SharedLimits& limits) noexcept {
  constexpr uint32_t kMostRows = 1u << 24;
  return limits.workers >= 1 && limits.workers <= 256 && limits.applications <= 0xffff && limits.signatures <= 0xffff &&
         limits.paths >= 1 && limits.paths <= PathTable::kMost && limits.application_rows <= kMostRows &&
         limits.table_rows <= kMostRows && limits.rtt_ports <= 0x10000 && limits.events >= 2 && limits.events <= kMostRows &&
         std::has_single_bit(limits.events);
}

/// Lays parts out one behind the other.
class Plan {
 public:
  explicit Plan(size_t start) : at_(start) {}
  size_t place(size_t count, size_t each) noexcept {
    const size_t start = at_;
    at_ += (count * each + 63) / 64 * 64;
    return start;
  }
  size_t end() const noexcept { return at_; }

 private:
  size_t at_;
};

}  // namespace

std::optional<SharedLayout> SharedLayout::of(const SharedLimits& limits) noexcept {
  if (!sensible(limits)) return std::nullopt;
  SharedLayout layout{};
  layout.names = in_pages(sizeof(SharedHeader));
  Plan names(sizeof(SharedNames));
  layout.application_names = layout.names + names.place(limits.applications, sizeof(SharedApplication));
  layout.signature_names = layout.names + names.place(limits.signatures, sizeof(SharedSignature));
  layout.names_bytes = in_pages(names.end());
  layout.process = layout.names + layout.names_bytes;
  layout.process_bytes = in_pages(sizeof(SharedProcessPart));
  layout.workers = layout.process + layout.process_bytes;

  Plan snapshot(sizeof(SharedSnapshot));
  layout.paths = snapshot.place(limits.paths, sizeof(SharedPath));
  layout.applications = snapshot.place(limits.application_rows, sizeof(SharedApplicationRow));
  layout.destinations = snapshot.place(limits.table_rows, sizeof(SharedDestinationRow));
  layout.endpoints = snapshot.place(limits.table_rows, sizeof(SharedEndpointRow));
  layout.conversations = snapshot.place(limits.table_rows, sizeof(SharedConversationRow));
  layout.rtt_ports = snapshot.place(limits.rtt_ports, sizeof(SharedRttPort));
  layout.snapshot_bytes = in_pages(snapshot.end());

  Plan worker(sizeof(SharedWorker));
  layout.events = worker.place(limits.events, sizeof(SharedEvent));
  layout.snapshots = in_pages(worker.end());
  layout.worker_bytes = layout.snapshots + 2 * layout.snapshot_bytes;
  layout.total = layout.workers + limits.workers * layout.worker_bytes;
  return layout;
}

}  // namespace wirewatch
