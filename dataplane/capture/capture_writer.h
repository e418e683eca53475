// SPDX-License-Identifier: BSD-3-Clause
// Writing captures: what is common to pcapng and pcap. A writer is told of the interfaces first, or when one turns up,
// then given packets in order. Hot functions neither allocate nor throw; a fault is remembered and ends the writing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/result.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

/// An interface as the file describes it. Empty texts are left out.
struct CaptureInterface {
  uint16_t link_type = 1;        // LINKTYPE_ of the pcap registry
  uint32_t snapshot_length = 0;  // 0: whole packets
  std::string name{};            // "eth0"
  std::string description{};
  std::string filter{};          // the capture filter that was in force, in BPF syntax
};

/// The tool and its purpose, for the file's header.
struct CaptureOrigin {
  std::string application{};  // "Wirewatch 0.1.0"
  std::string system{};       // operating system
  std::string comment{};
};

/// What is known of one packet beside its bytes. The comment need only live for the call.
struct PacketNote {
  std::string_view comment{};           // cut after kLongestComment bytes
  std::optional<uint64_t> dropped{};    // packets lost on the interface since the one before

  bool empty() const noexcept { return comment.empty() && !dropped; }
};
inline constexpr size_t kLongestComment = 4096;

/// What an interface's capture came to; every unknown number is left out.
struct InterfaceStatistics {
  Timestamp first = kNoTimestamp;
  Timestamp last = kNoTimestamp;
  std::optional<uint64_t> received{};         // by the interface
  std::optional<uint64_t> dropped{};          // by the interface, for want of room
  std::optional<uint64_t> accepted{};         // by the filter
  std::optional<uint64_t> dropped_by_system{};
  std::optional<uint64_t> delivered{};        // to the writer
};

class CaptureWriter {
 public:
  virtual ~CaptureWriter() = default;

  /// The number to write packets of this interface under, or why the file cannot hold another.
  virtual Result<uint32_t> add_interface(const CaptureInterface& interface) = 0;
  /// Appends a packet of an interface that was added; false when it is not in the file, see fault().
  virtual bool write(const Packet& packet, uint32_t interface, const PacketNote& note = {}) noexcept = 0;
  /// Says what an interface's capture came to; formats without a place for it ignore it.
  virtual bool write_statistics(uint32_t interface, const InterfaceStatistics& statistics, Timestamp now) noexcept = 0;

  /// Everything up to here survives the death of this process.
  virtual bool flush() noexcept = 0;
  /// Flushes, and tells what went wrong first if anything did. Nothing may be written afterwards.
  virtual Result<void> close() = 0;

  /// A sentence when writing has failed, otherwise empty; `error` is its errno.
  virtual std::string fault() const = 0;
  virtual int error() const noexcept = 0;
  /// Bytes of the file so far, the buffered ones included: what a limit on its size is held to.
  virtual uint64_t size() const noexcept = 0;
  /// Packets of the file, the buffered ones included; after a failure those that are really in it.
  virtual uint64_t packets() const noexcept = 0;

 protected:
  uint64_t packets_ = 0;
};

/// pcapng, or classic pcap: what a name ending in .pcap or .cap asks for.
enum class SavedFormat : uint8_t { PcapNg, Pcap };
SavedFormat format_of_name(std::string_view path) noexcept;

/// `pcap_in_nanoseconds` chooses the variant of pcap; pcapng always has nanoseconds. "-" is standard output.
Result<std::unique_ptr<CaptureWriter>> create_capture(const std::string& path, SavedFormat format,
                                                      const CaptureOrigin& origin, bool pcap_in_nanoseconds);

}  // namespace wirewatch
