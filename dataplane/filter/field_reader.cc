// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/field_reader.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dataplane/base/nearest_name.h"
#include "dataplane/filter/frame_walk.h"
#include "dataplane/filter/value_text.h"

namespace wirewatch {

namespace {

/// Control characters the way C writes them, so that a value stays on its line.
void append_escaped(std::span<const uint8_t> text, std::string& out) {
  constexpr std::string_view kNames = "abtnvfr", kDigits = "0123456789abcdef";
  for (const uint8_t byte : text) {
    const bool named = byte >= 7 && byte <= 13;
    if (named) {
      out += {'\\', kNames[byte - 7u]};
    } else if (byte == '\\') {
      out += "\\\\";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0x0f]};
    } else {
      out += static_cast<char>(byte);
    }
  }
}

}  // namespace

struct FieldReader::State {
  explicit State(std::vector<filter::FieldId> unique, std::vector<uint16_t> slots)
      : fields(std::move(unique)), slot_of_column(std::move(slots)), walk(fields) {}

  std::vector<filter::FieldId> fields;
  std::vector<uint16_t> slot_of_column;
  filter::FrameWalk walk;
};

std::vector<FieldDescription> list_fields() {
  std::vector<FieldDescription> all;
  for (const filter::FieldSpec& row : filter::kFields) all.push_back({row.name, type_name(row.type), row.description});
  std::ranges::sort(all, {}, &FieldDescription::name);
  return all;
}

FieldReader::FieldReader(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
FieldReader::~FieldReader() = default;
FieldReader::FieldReader(FieldReader&&) noexcept = default;
FieldReader& FieldReader::operator=(FieldReader&&) noexcept = default;

Result<FieldReader> FieldReader::compile(std::span<const std::string> fields) {
  std::vector<filter::FieldId> unique;
  std::vector<uint16_t> slots;
  for (const std::string& name : fields) {
    const auto found = filter::find_field(name);
    if (!found) {
      std::vector<std::string_view> known;
      for (const filter::FieldSpec& row : filter::kFields) known.push_back(row.name);
      return fail("'" + name + "' is not a field" + did_you_mean(name, known));
    }
    auto place = std::ranges::find(unique, *found);
    if (place == unique.end()) place = unique.insert(unique.end(), *found);
    slots.push_back(static_cast<uint16_t>(place - unique.begin()));
  }
  return FieldReader(std::make_unique<State>(std::move(unique), std::move(slots)));
}

const Needs& FieldReader::needs() const noexcept { return state_->walk.needs(); }
size_t FieldReader::columns() const noexcept { return state_->slot_of_column.size(); }
void FieldReader::observe(const Frame& frame) noexcept { state_->walk.observe(frame); }

void FieldReader::read(const Frame& frame) noexcept {
  state_->walk.observe(frame);
  state_->walk.run(frame);
}

size_t FieldReader::count(size_t column) const noexcept {
  const uint16_t slot = state_->slot_of_column[column];
  return static_cast<size_t>(std::ranges::count(state_->walk.occurrences(), slot, &filter::Occurrence::slot));
}

void FieldReader::print(size_t column, size_t occurrence, std::string& out) const {
  const uint16_t slot = state_->slot_of_column[column];
  const filter::FieldSpec& row = filter::spec(state_->fields[slot]);
  for (const filter::Occurrence& one : state_->walk.occurrences()) {
    if (one.slot != slot || occurrence-- != 0) continue;
    if (row.type == filter::FieldType::AbsoluteTime) {
      out += filter::absolute_time_text(one.value.signed_number());
    } else if (row.type == filter::FieldType::String) {
      append_escaped(one.value.bytes(), out);
    } else if (row.type == filter::FieldType::Protocol) {
      out += row.name;
    } else if (row.type == filter::FieldType::None) {
      out += '1';
    } else {
      const size_t length = out.size(), most = text_length(row.type, one.value);
      out.resize(length + most);
      const std::span room(reinterpret_cast<uint8_t*>(out.data() + length), most);
      out.resize(length + write_text(row.type, row.base, one.value, room));
    }
    return;
  }
}

void FieldReader::print_all(size_t column, std::string_view aggregator, std::string& out) const {
  const size_t many = count(column);
  for (size_t i = 0; i < many; ++i) {
    if (i > 0) out += aggregator;
    print(column, i, out);
  }
}

}  // namespace wirewatch
