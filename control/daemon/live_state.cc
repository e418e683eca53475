// SPDX-License-Identifier: BSD-3-Clause
// What LiveService leaves for the next daemon, and takes up of the last one's: sums at every tick, windows and alerts now and
// then.
#include <boost/asio/post.hpp>

#include <utility>

#include "control/daemon/live_service.h"
#include "control/daemon/saved_alerts.h"
#include "control/daemon/saved_windows.h"
#include "control/daemon/state_file.h"

namespace wirewatch {
namespace {

std::string windows_path(const DaemonConfig& config) { return config.api_socket + ".windows"; }
std::string alerts_path(const DaemonConfig& config) { return config.api_socket + ".alerts"; }

}  // namespace

void LiveService::go_on_from_last(const SharedState& region) {
  catalogue_->ids_of(region);  // its names first: then both number alike and no snapshot needs translating
  const auto state = checkpoint_ ? checkpoint_->read() : std::nullopt;
  auto saved = state ? decode_sums(*state, *catalogue_) : std::nullopt;
  if (saved && saved->generation == region.generation()) events_.go_on_from(std::move(*saved));
  take_up_alerts(read_state_file(alerts_path(config_), kMostSavedAlertBytes), events_.alerts(), *catalogue_);
}

void LiveService::save() {
  if (!checkpoint_ || !region_ || events_.events() == saved_events_) return;
  saved_events_ = events_.events();
  const SavedSums sums{.generation = region_->generation(),
                       .flows = events_.flows().sums(),
                       .handshakes = events_.handshakes().totals(),
                       .by_port = events_.handshakes().by_capture_port()};
  checkpoint_->write(encode(sums, *catalogue_->names()));
}

void LiveService::go_on_from_windows() {
  const std::string text = read_state_file(windows_path(config_), kMostSavedWindowBytes);
  take_up_windows(text, events_.handshakes(), clock_.utc(), clock_.steady_ns());
}

void LiveService::save_windows(bool at_once) {
  constexpr int64_t kEvery_ns = 5 * kSecond_ns;
  const int64_t now_ns = clock_.steady_ns();
  if (windows_saved_events_ == events_.events() || (!at_once && now_ns - windows_saved_ns_ < kEvery_ns)) return;
  windows_saved_ns_ = now_ns;
  windows_saved_events_ = events_.events();
  leave(windows_path(config_), encode_windows(events_.handshakes(), clock_.utc(), now_ns));
}

/// What is raised anew is written within a second, how its flow goes on within five.
void LiveService::save_alerts(bool at_once) {
  const AlertLog& alerts = events_.alerts();
  const int64_t now_ns = clock_.steady_ns();
  const int64_t every_ns = (alerts.raised() != alerts_saved_raised_ ? 1 : 5) * kSecond_ns;
  if (!region_ || alerts.changes() == alerts_saved_changes_ || (!at_once && now_ns - alerts_saved_ns_ < every_ns)) return;
  alerts_saved_ns_ = now_ns;
  alerts_saved_raised_ = alerts.raised();
  alerts_saved_changes_ = alerts.changes();
  leave(alerts_path(config_), encode_alerts(alerts, *catalogue_->names()));
}

/// What cannot be written is no more than what a daemon that starts again does not show.
void LiveService::leave(std::string path, std::string text) {
  boost::asio::post(pool_, [this, path = std::move(path), text = std::move(text)] {
    const auto written = replace_state_file(path, text);
    state_faults_.note(path, written ? std::string() : written.error().message);
  });
}

}  // namespace wirewatch
