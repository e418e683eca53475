// SPDX-License-Identifier: BSD-3-Clause
// Answers as the daemon's API words them (control/api/README.md), for commands that ask it.
#pragma once

#include <string>

#include "tests/client/api_stub.h"

namespace wirewatch::testing {

/// `second` is that of the answer's time; what is counted grows by 1,000 packets of 1,000 bytes a second.
std::string status_answer(int second);
std::string protocols_answer(int second);
std::string destinations_answer(int second);
std::string conversations_answer();
std::string handshakes_answer();
std::string flows_answer();
std::string alerts_answer();

/// Answers every GET with the above, one second later each time /status is asked.
ApiStub::Answer live_daemon();

}  // namespace wirewatch::testing
