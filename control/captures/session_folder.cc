// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/session_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "control/captures/capture_json.h"
#include "dataplane/base/byte_order.h"
#include "dataplane/base/file_descriptor.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecord = "/session.json";
constexpr const char* kRoom = "/session.json.room";  // given up for the last record, which a full disk has to have room for
constexpr size_t kLongestRecord = 16 << 20;  // 10,000 files of a ring are 2 MB

Result<void> make_private(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(fmt::format("{}: cannot be made: {}", folder, std::strerror(errno)));
}

Result<std::string> read_small(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return fail(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  std::string text;
  std::array<char, 65'536> buffer;
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
    if (text.size() > kLongestRecord) return fail(fmt::format("{}: is larger than any session's record", path));
  }
}

/// Files that were begun after the record was written.
void find_unlisted(const std::string& folder, CaptureView& view) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    const bool is_listed = std::ranges::any_of(view.files, [&](const CaptureFile& file) { return file.name == name; });
    if (is_listed || !name.starts_with(view.spec.name + "_") || !name.ends_with(".pcapng")) continue;
    if (is_capture_name(name, kLongestCaptureFileName)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  for (std::string& name : names) view.files.push_back({.name = std::move(name), .open = true});
}

/// Takes the disk's word for which files there are and how long they are.
void look_at_files(const std::string& folder, CaptureView& view, std::vector<std::string>& faults) {
  CaptureCounts& counts = view.counts;
  std::vector<CaptureFile> found;
  for (CaptureFile& file : view.files) {
    const std::string path = folder + "/" + file.name;
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
      counts.deleted += file.packets;
      continue;
    }
    if (file.open && status.st_size == 0) {  // killed before its first bytes
      ::unlink(path.c_str());
      continue;
    }
    if (file.open) {
      const auto tail = cut_to_whole_blocks(path, file.bytes);
      if (!tail) {
        faults.push_back(tail.error().message);
      } else {
        // What was written after the record was: packets that had been received and matched.
        file.packets += tail->packets;
        counts.received += tail->packets;
        counts.written += tail->packets;
        counts.written_bytes += tail->end - std::min(tail->end, file.bytes);
        counts.matched = std::max(counts.matched, counts.ring_full + counts.received);
        file.bytes = tail->end;
        if (file.first == kNoTimestamp) file.first = tail->first;
        if (tail->first != kNoTimestamp) file.first = std::min(file.first, tail->first);
        file.last = std::max(file.last, tail->last);
      }
      file.open = false;
    } else {
      file.bytes = static_cast<uint64_t>(status.st_size);
    }
    found.push_back(std::move(file));
  }
  view.files = std::move(found);
}

void end_interrupted(CaptureView& view, Timestamp now) {
  CaptureCounts& counts = view.counts;
  view.state = CaptureState::Stopped;
  view.stop_reason = StopReason::Interrupted;
  view.stopped_because = "the daemon ended without stopping it; its files are whole up to the last block that was written";
  view.stopped = now;
  view.next = kNoTimestamp;
  counts.forgotten += counts.in_memory;
  counts.in_memory = 0;
}

Result<CaptureView> load_one(const std::string& directory, const std::string& name, Timestamp now, std::vector<std::string>& faults) {
  const std::string folder = directory + "/" + name;
  const auto text = read_small(folder + kRecord);
  if (!text) return tl::unexpected(text.error());
  auto view = read_capture_view(*text);
  if (!view) return fail(folder + kRecord + ": " + view.error().message);
  if (view->spec.directory != name) return fail(folder + kRecord + ": is the record of a session in another folder");
  find_unlisted(folder, *view);
  look_at_files(folder, *view, faults);
  if (view->state != CaptureState::Stopped) end_interrupted(*view, now);
  // Nobody will take what was on its way.
  view->counts.ring_full += view->counts.matched - std::min(view->counts.matched, view->counts.ring_full + view->counts.received);
  view->counts.in_ring = 0;
  view->problem.clear();
  if (auto saved = save_session(folder, *view); !saved) faults.push_back(saved.error().message);
  return view;
}

}  // namespace

Result<void> make_captures_folder(const std::string& directory) {
  std::error_code ignored;
  fs::create_directories(fs::path(directory).parent_path(), ignored);
  return make_private(directory);
}

Result<std::string> make_session_folder(const std::string& directory, const std::string& name) {
  std::string folder = directory + "/" + name;
  if (auto made = make_private(folder); !made) return tl::unexpected(made.error());
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return fail(folder + ": is no folder");
  std::error_code unreadable;
  if (!fs::is_empty(folder, unreadable) || unreadable) {
    return fail(folder + ": there is something in it already; delete that session, or choose another directory");
  }
  constexpr off_t kRoomBytes = 64 * 1024;
  const FileDescriptor room(::open((folder + kRoom).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (const int error = room ? ::posix_fallocate(room.get(), 0, kRoomBytes) : errno; error == ENOSPC || error == EDQUOT || !room) {
    delete_session(folder, {});
    return fail(fmt::format("{}: {}", folder, std::strerror(error)));
  }
  return folder;
}

Result<void> save_session(const std::string& folder, const CaptureView& view) {
  const std::string text = to_json(view).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  const std::string path = folder + kRecord, temporary = path + ".new";
  if (view.state == CaptureState::Stopped) ::unlink((folder + kRoom).c_str());
  const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  bool written = static_cast<bool>(file);
  for (size_t at = 0; written && at < text.size();) {
    const ssize_t count = ::write(file.get(), text.data() + at, text.size() - at);
    if (count < 0 && errno == EINTR) continue;
    written = count > 0;
    if (written) at += static_cast<size_t>(count);
  }
  if (written && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
  const int error = errno;
  ::unlink(temporary.c_str());
  return fail(fmt::format("{}: cannot be written: {}", path, std::strerror(error)));
}

std::vector<CaptureView> load_sessions(const std::string& directory, Timestamp now, std::vector<std::string>& faults) {
  std::vector<CaptureView> sessions;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::error_code ignored;
    if (!is_capture_name(name) || !fs::is_directory(at->symlink_status(ignored)) || !fs::exists(at->path() / (kRecord + 1), ignored))
      continue;
    auto view = load_one(directory, name, now, faults);
    if (view) {
      sessions.push_back(std::move(*view));
    } else {
      faults.push_back(view.error().message);
    }
  }
  std::ranges::sort(sessions, {}, [](const CaptureView& view) { return view.started; });
  return sessions;
}

void delete_session(const std::string& folder, const std::vector<CaptureFile>& files) {
  for (const CaptureFile& file : files) ::unlink((folder + "/" + file.name).c_str());
  ::unlink((folder + kRecord).c_str());
  ::unlink((folder + kRecord + ".new").c_str());
  ::unlink((folder + kRoom).c_str());
  ::rmdir(folder.c_str());
}

Result<Tail> cut_to_whole_blocks(const std::string& path, uint64_t offset) {
  constexpr uint32_t kSimplePacket = 3, kEnhancedPacket = 6;
  constexpr size_t kHead = 20;  // type, length, interface, time
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return fail(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  const auto size = static_cast<uint64_t>(status.st_size);
  Tail tail{.end = std::min(offset, size)};
  std::array<uint8_t, kHead> head{};
  while (size - tail.end >= 12) {
    const ssize_t count = ::pread(file.get(), head.data(), head.size(), static_cast<off_t>(tail.end));
    const uint32_t type = load_le32(head.data()), length = load_le32(head.data() + 4);
    if (count < 12 || length < 12 || length % 4 != 0 || length > size - tail.end) break;
    if (type == kSimplePacket || type == kEnhancedPacket) ++tail.packets;
    if (type == kEnhancedPacket && length >= 32) {
      const Timestamp time{static_cast<int64_t>(uint64_t{load_le32(head.data() + 12)} << 32 | load_le32(head.data() + 16))};
      tail.first = tail.first == kNoTimestamp ? time : std::min(tail.first, time);
      tail.last = std::max(tail.last, time);
    }
    tail.end += length;
  }
  if (tail.end < size && ::ftruncate(file.get(), static_cast<off_t>(tail.end)) != 0) {
    return fail(fmt::format("{}: its last block is cut, and so it stays: {}", path, std::strerror(errno)));
  }
  return tail;
}

}  // namespace wirewatch
