// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/saved_windows.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "dataplane/pipeline/shared_event.h"

namespace wirewatch {
namespace {

constexpr int64_t kSameClock_ns = 10 * kSecond_ns;  // that UTC may have been stepped in the meantime

struct WindowHead {
  uint64_t layout = 1;
  int64_t utc_ns = 0;
  int64_t steady_ns = 0;
  uint64_t words = 0;
  uint64_t handshakes = 0;
};

}  // namespace

std::string encode_windows(const HandshakeLog& log, Timestamp utc, int64_t steady_ns) {
  const auto words = log.windows().words();
  std::vector<SharedEvent> recent;
  log.for_each_recent([&](const HandshakeRecord& each) {
    recent.push_back(encode(each));
    return recent.size() < kMostSavedHandshakes;
  });
  const WindowHead head{.utc_ns = utc.ns, .steady_ns = steady_ns, .words = words.size(), .handshakes = recent.size()};
  std::string text(sizeof head + words.size() * sizeof(uint64_t), '\0');
  std::memcpy(text.data(), &head, sizeof head);
  if (!words.empty()) std::memcpy(text.data() + sizeof head, words.data(), words.size() * sizeof(uint64_t));
  for (auto each = recent.rbegin(); each != recent.rend(); ++each) text.append(reinterpret_cast<const char*>(&*each), sizeof *each);
  return text;
}

bool take_up_windows(std::string_view text, HandshakeLog& log, Timestamp utc, int64_t steady_ns) {
  WindowHead head;
  if (text.size() < sizeof head || text.size() > kMostSavedWindowBytes) return false;
  std::memcpy(&head, text.data(), sizeof head);
  text.remove_prefix(sizeof head);
  const bool sizes_fit = head.layout == WindowHead{}.layout && head.words <= kMostSavedWindowBytes && head.handshakes <= kMostSavedHandshakes &&
                         text.size() == head.words * sizeof(uint64_t) + head.handshakes * sizeof(SharedEvent);
  const bool sane = head.utc_ns > 0 && utc.ns > 0 && head.steady_ns >= 0 && head.steady_ns <= steady_ns;
  if (!sizes_fit || !sane || std::abs((utc.ns - head.utc_ns) - (steady_ns - head.steady_ns)) > kSameClock_ns) return false;
  std::vector<uint64_t> words(head.words);
  if (!words.empty()) std::memcpy(words.data(), text.data(), words.size() * sizeof(uint64_t));
  text.remove_prefix(words.size() * sizeof(uint64_t));
  std::vector<HandshakeRecord> recent;
  for (; !text.empty(); text.remove_prefix(sizeof(SharedEvent))) {
    SharedEvent event;
    std::memcpy(&event, text.data(), sizeof event);
    const auto decoded = decode(event);
    const auto* const handshake = decoded ? std::get_if<HandshakeEvent>(&*decoded) : nullptr;
    if (handshake == nullptr) return false;
    recent.push_back(handshake->record);
  }
  return log.go_on_from(recent, words, steady_ns);
}

}  // namespace wirewatch
