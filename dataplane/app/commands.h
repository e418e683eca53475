// SPDX-License-Identifier: BSD-3-Clause
// What control may ask for, as JSON: {"command": NAME, ...} answered by {"ok": true, ...} or {"ok": false, "error": WHY}.
#pragma once

#include "dataplane/app/control_socket.h"
#include "dataplane/app/data_plane.h"

namespace wirewatch {

class Commands {
 public:
  explicit Commands(DataPlane& plane) : plane_(plane) {}

  ControlAnswer answer(ControlRequest& request);
  /// `shutdown` has been asked for.
  bool shutdown() const noexcept { return shutdown_; }

 private:
  DataPlane& plane_;
  bool shutdown_ = false;
};

}  // namespace wirewatch
