// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/block_memory.h"

#include <array>
#include <optional>
#include <utility>

#include "control/daemon/state_file.h"

namespace wirewatch {
namespace {

constexpr size_t kLargestFile = size_t{32} << 20;
constexpr std::array<std::pair<const char*, const char*>, 3> kLists{{{"prefixes", "prefix"}, {"flows", "flow"}, {"names", "name"}}};

/// What a row is about, whatever its time; nothing for a row that names nothing.
std::optional<std::string> key_of(const nlohmann::json& row) {
  for (const char* const kind : {"prefix", "flow", "name", "allow"}) {
    if (const auto found = row.find(kind); found != row.end()) return kind + (" " + found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return std::nullopt;
}

/// Every row of what is meant, as a request of its own.
template <typename Use>
void for_each_row(const nlohmann::json& meant, Use use) {
  if (!meant.is_object()) return;
  for (const auto& [list, kind] : kLists) {
    const auto rows = meant.find(list);
    if (rows == meant.end() || !rows->is_array()) continue;
    for (const nlohmann::json& row : *rows) {
      if (row.is_object() && row.contains(kind)) use(row);
    }
  }
  const auto allowed = meant.find("allow");
  if (allowed == meant.end() || !allowed->is_array()) return;
  for (const nlohmann::json& prefix : *allowed) {
    if (prefix.is_string()) use(nlohmann::json{{"allow", prefix}});
  }
}

bool is_over(const nlohmann::json& row, Timestamp now) {
  const auto expires = row.find("expires");
  return expires != row.end() && expires->is_number() && expires->get<double>() * 1e9 <= static_cast<double>(now.ns);
}

}  // namespace

BlockMemory::BlockMemory(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  const Json rows = Json::parse(read_state_file(path_, kLargestFile), nullptr, false);
  if (!rows.is_array()) return;
  for (const Json& row : rows) {
    if (!row.is_object() || entries_.size() >= kMost) continue;
    if (auto key = key_of(row)) entries_.insert_or_assign(std::move(*key), Entry{row});
  }
}

Result<void> BlockMemory::add(const Json& meant, Timestamp now) {
  std::erase_if(entries_, [&](const auto& each) { return is_over(each.second.row, now); });
  for_each_row(meant, [&](const Json& row) {
    auto key = key_of(row);
    if (entries_.contains(*key) || entries_.size() < kMost) entries_.insert_or_assign(std::move(*key), Entry{row});
  });
  return save();
}

Result<void> BlockMemory::remove(const Json& meant) {
  for_each_row(meant, [&](const Json& row) { entries_.erase(*key_of(row)); });
  return save();
}

void BlockMemory::all_are_owed() {
  for (auto& [key, entry] : entries_) entry.owed = true;
}

void BlockMemory::taken(const Json& row) {
  if (const auto found = entries_.find(key_of(row).value_or("")); found != entries_.end()) found->second.owed = false;
}

std::vector<BlockMemory::Json> BlockMemory::owed(Timestamp now, bool with_names, size_t most_bytes) const {
  constexpr size_t kFrame = 64;  // what is around the rows
  std::vector<Json> requests;
  size_t bytes = most_bytes;
  const auto put = [&](const Json& row) {
    const size_t size = row.dump().size() + 1;
    if (bytes + size > most_bytes) {
      requests.push_back({{"command", "block"}, {"all", Json::array()}});
      bytes = kFrame;
    }
    bytes += size;
    requests.back()["all"].push_back(row);
  };
  // What is never to be blocked goes first: no address is kept back for a moment that must not be.
  for (const bool allowed : {true, false}) {
    for (const auto& [key, entry] : entries_) {
      const bool due = entry.owed && entry.row.contains("allow") == allowed && (with_names || !entry.row.contains("name"));
      if (due && !is_over(entry.row, now)) put(entry.row);
    }
  }
  return requests;
}

Result<void> BlockMemory::save() const {
  if (path_.empty()) return {};
  Json rows = Json::array();
  for (const auto& [key, entry] : entries_) rows.push_back(entry.row);
  const auto written = replace_state_file(path_, rows.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  if (written) return {};
  return fail("cannot write down what is blocked in '" + path_ + "': " + written.error().message +
              "; it stays blocked until the data plane and control have both ended");
}

}  // namespace wirewatch
