// SPDX-License-Identifier: BSD-3-Clause
// Data goes to standard output, words to standard error; and a full disk is noticed, a reader that left is
// not a fault.
#pragma once

#include <string_view>
#include <system_error>

#include "control/cli/exit_status.h"

namespace wirewatch {

/// One line on standard error.
void say(std::string_view line);

/// "wirewatch inspect: MESSAGE" on standard error, and the status that goes with it.
ExitStatus complain(std::string_view command, std::string_view message,
                    ExitStatus status = ExitStatus::Unusable);

/// Writes all of `text` to standard output.
ExitStatus print(std::string_view text);

/// `status` when writing to standard output went well or its reader left early (| head); otherwise says why
/// not.
ExitStatus after_writing(std::error_code written, ExitStatus status);

}  // namespace wirewatch
