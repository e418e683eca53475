// SPDX-License-Identifier: BSD-3-Clause
// The control daemon: watches the data plane, keeps what its workers hand on, sees to its rules, and answers the API. One
// thread drives all of it; totals are read and rules are compiled on a thread each.
#pragma once

#include <memory>
#include <string>

#include "control/daemon/config.h"
#include "control/daemon/rule_keeper.h"
#include "dataplane/base/result.h"

namespace wirewatch {

struct DaemonOptions {
  DaemonConfig config;   // completed
  RuleFolders rules;
  std::string token;     // empty: none
  std::function<void(const std::string&)> log;  // a line for people, without a line end
};

class Daemon {
 public:
  /// Listens; the error says on what it could not.
  static Result<std::unique_ptr<Daemon>> start(DaemonOptions options);
  virtual ~Daemon() = default;

  /// Until SIGTERM, SIGINT or stop(). SIGHUP reloads the rules.
  virtual void run() = 0;
  /// From any thread.
  virtual void stop() = 0;
  virtual uint16_t tcp_port() const noexcept = 0;
};

}  // namespace wirewatch
