// SPDX-License-Identifier: BSD-3-Clause
// Live data that stands still, and remembers what was asked of it.
#pragma once

#include <fcntl.h>

#include <string>
#include <vector>

#include "control/api/endpoints.h"

namespace wirewatch {

class StubLiveData : public LiveData {
 public:
  Timestamp now() const override { return Timestamp{1'700'000'000'000'000'000}; }
  StatusView status() const override {
    StatusView view;
    view.dataplane.state = "running";
    view.rules.sha256 = view.rules.wanted_sha256 = std::string(64, 'a');
    view.control_loss = {{"flows_forgotten", 2}};
    return view;
  }
  Result<HandshakeView> handshakes(std::string_view window, size_t top, std::optional<uint16_t>) const override {
    asked_for = std::string(window) + " " + std::to_string(top);
    return HandshakeView{.window = window, .totals = {}, .by_server = {}, .by_port = {}, .recent = {}};
  }
  Result<FlowsView> flows(const FlowsWanted& wanted) const override {
    if (wanted.application == "tsl") return fail("there is no application 'tsl'; did you mean 'tls'?");
    return FlowsView{};
  }
  AlertsView alerts(size_t) const override { return {}; }
  void with_totals(std::function<void(std::shared_ptr<const LiveTotals>)> use) const override {
    const auto copy = std::make_shared<LiveTotals>(totals);
    copy->at = now();
    use(copy);
  }
  void reload_rules(Done<RulesView> done) override { done(tl::unexpected(Refusal{422, "a.toml:3:1: no"})); }
  void replay(const ReplayWanted& wanted, Done<ReplayView> done) override {
    replayed = wanted;
    done(ReplayView{.name = wanted.path, .running = true, .packets = 0, .error = {}});
  }
  void block(std::string_view command, const std::string& body, Done<std::string> done) override {
    blocked = std::string(command) + " " + body;
    done(std::string(R"({"blocked":[]})"));
  }

  void capture(CaptureOrder order, std::string name, std::string body, Done<std::string> done) override {
    captured = std::to_string(static_cast<int>(order)) + " " + name + " " + body;
    if (name == "nobody") return done(tl::unexpected(Refusal{404, "there is no capture session 'nobody'"}));
    done(order == CaptureOrder::List ? std::string(R"("captures": [])") : R"("capture": {"name": ")" + name + "\"}");
  }
  void open_capture_file(std::string name, std::string file, Done<OpenFile> done) override {
    captured = name + "/" + file;
    FileDescriptor descriptor(::open(file_to_send.c_str(), O_RDONLY | O_CLOEXEC));
    if (!descriptor) return done(tl::unexpected(Refusal{404, "'" + name + "' has no file '" + file + "'"}));
    done(OpenFile{std::move(descriptor), file_size});
  }

  LiveTotals totals;
  mutable std::string asked_for;
  std::optional<ReplayWanted> replayed;
  std::string blocked;
  std::string captured;
  std::string file_to_send;
  uint64_t file_size = 0;
};

/// The answer to one request.
inline ApiResponse ask(LiveData& live, Method method, std::string target, std::string body = {}, Caller caller = Caller::Owner) {
  ApiResponse answered;
  answer({.method = method, .target = std::move(target), .body = std::move(body), .caller = caller}, live,
         [&](ApiResponse response) { answered = std::move(response); });
  return answered;
}

}  // namespace wirewatch
