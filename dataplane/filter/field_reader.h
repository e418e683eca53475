// SPDX-License-Identifier: BSD-3-Clause
// The values of chosen fields of a frame as `tshark -T fields` prints them, and the list of all fields.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/filter/frame.h"

namespace wirewatch {

/// For people: what `wirewatch filter fields` lists, sorted by name. Protocols are fields of type "protocol".
struct FieldDescription {
  std::string_view name;
  std::string_view type;  // Wireshark's words: "unsigned integer (2 bytes)", "IPv4 address", ...
  std::string_view description;
};
std::vector<FieldDescription> list_fields();

class FieldReader {
 public:
  /// One column a name; an unknown name is an error with the nearest known one.
  static Result<FieldReader> compile(std::span<const std::string> fields);
  ~FieldReader();
  FieldReader(FieldReader&&) noexcept;
  FieldReader& operator=(FieldReader&&) noexcept;

  const Needs& needs() const noexcept;
  size_t columns() const noexcept;

  /// Of a frame that is not read: IP fragments are kept, so that a frame that completes them shows what they carry.
  void observe(const Frame& frame) noexcept;
  /// Walks the frame once for all columns; the frame's bytes must stay until the last print.
  void read(const Frame& frame) noexcept;
  /// Occurrences of a column's field in the frame that was read, in frame order.
  size_t count(size_t column) const noexcept;
  /// Appends one occurrence as tshark prints it.
  void print(size_t column, size_t occurrence, std::string& out) const;
  /// Appends all occurrences with `aggregator` between them.
  void print_all(size_t column, std::string_view aggregator, std::string& out) const;

 private:
  struct State;
  explicit FieldReader(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wirewatch
