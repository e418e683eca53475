// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/block_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "dataplane/base/file_descriptor.h"

namespace wirewatch {
namespace {

constexpr off_t kLargestFile = off_t{32} << 20;
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

std::string small_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  const bool ours = file && ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == ::geteuid() && info.st_size <= kLargestFile;
  if (!ours) return {};
  std::string text(static_cast<size_t>(info.st_size), '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

}  // namespace

BlockMemory::BlockMemory(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  const Json rows = Json::parse(small_file(path_), nullptr, false);
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

/// The whole of it each time, beside the old one until it is complete.
Result<void> BlockMemory::save() const {
  if (path_.empty()) return {};
  Json rows = Json::array();
  for (const auto& [key, entry] : entries_) rows.push_back(entry.row);
  const std::string text = rows.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", beside = path_ + ".new";
  ::unlink(beside.c_str());
  const FileDescriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  const bool written = file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (written && ::rename(beside.c_str(), path_.c_str()) == 0) return {};
  return fail("cannot write down what is blocked in '" + path_ + "': " + std::strerror(errno) +
              "; it stays blocked until the data plane and control have both ended");
}

}  // namespace wirewatch
