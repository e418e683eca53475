// SPDX-License-Identifier: BSD-3-Clause
// A flow before one classifier, and rules for the web that several tests share.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/classify/classifier.h"
#include "tests/classify/rules_from.h"

namespace wirewatch {

/// One flow seen by one classifier.
class Flow {
 public:
  explicit Flow(std::shared_ptr<const RuleSet> rules, uint8_t ip_protocol = 6, uint16_t server_port = 40000)
      : rules_(std::move(rules)), classifier_(rules_), ip_protocol_(ip_protocol), server_port_(server_port) {}

  Classification client(std::string_view payload) { return send(FlowDirection::ToServer, bytes_of(payload)); }
  Classification server(std::string_view payload) { return send(FlowDirection::ToClient, bytes_of(payload)); }
  Classification send(FlowDirection direction, std::span<const uint8_t> payload, uint32_t original_length = 0,
                      bool from_second_side = false) {
    return classifier_.observe(
        state_, {ip_protocol_, direction, 50000, server_port_, payload, original_length, from_second_side});
  }
  Verdict finish() { return classifier_.finish(state_, ip_protocol_, 50000, server_port_); }
  std::string name(const Verdict& verdict) const {
    return std::string(rules_->application_name(verdict.application));
  }
  ClassifyCounters counters() const { return classifier_.counters(); }
  Classifier& classifier() { return classifier_; }

 private:
  std::shared_ptr<const RuleSet> rules_;
  Classifier classifier_;
  ClassifyState state_{};
  uint8_t ip_protocol_;
  uint16_t server_port_;
};

inline std::shared_ptr<const RuleSet> web_rules() {
  static const auto rules = rules_from(R"(
[[protocol]]
name = "http"
category = "web"
tcp_ports = [80]
  [[protocol.sig]]
  id = "http.request"
  l4 = "tcp"
  dir = "client"
  regex = '^(?:GET|POST) /'
  strength = "strong"
  extract = "http.host"
  [[protocol.sig]]
  id = "http.response"
  l4 = "tcp"
  dir = "server"
  regex = '^HTTP/1\.[01] '
  strength = "strong"
[[protocol]]
name = "websocket"
category = "web"
  [[protocol.sig]]
  id = "websocket.upgrade"
  l4 = "tcp"
  dir = "server"
  regex = '^HTTP/1\.1 101 '
  strength = "strong"
  over = ["http"]
[[protocol]]
name = "tracker"
category = "p2p"
  [[protocol.sig]]
  id = "tracker.announce"
  l4 = "tcp"
  dir = "client"
  regex = '^GET /announce'
  strength = "strong"
  over = ["http"]
[[protocol]]
name = "search"
category = "database"
  [[protocol.sig]]
  id = "search.rest"
  l4 = "tcp"
  dir = "client"
  regex = '^GET /_cat'
  strength = "weak"
  confirm = "port"
  ports = [9200]
  over = ["http"]
[[protocol]]
name = "tls"
category = "encrypted"
  [[protocol.sig]]
  id = "tls.client-hello"
  l4 = "tcp"
  dir = "client"
  regex = '^\x16\x03.{3}\x01'
  test = ["be16@3 >= 40"]
  strength = "strong"
  extract = "tls.sni"
)");
  return rules;
}

}  // namespace wirewatch
