// SPDX-License-Identifier: BSD-3-Clause
// The `wirewatch` program. The only place that ends the process.
#include <clocale>
#include <csignal>

#include "control/cli/command_line.h"

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");   // which characters the terminal can show; numbers stay as in C
  std::signal(SIGPIPE, SIG_IGN);  // a reader that leaves early (| head) is seen where we write
  return static_cast<int>(wirewatch::run_command_line(argc, argv));
}
