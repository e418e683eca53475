// SPDX-License-Identifier: BSD-3-Clause
// From the arguments of the process to what they ask for; words what is wrong with them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/cli/options/command.h"
#include "control/report/page.h"

namespace CLI {
class App;
}

namespace wirewatch {

/// What help and --version say of the program as a whole.
struct ProgramWords {
  std::string name;
  std::string summary;
  std::string version;
  std::string footer;
};

/// One of the three.
struct Asked {
  CommandRun run;                   // of the command that was named, good for as long as the Arguments are
  std::string text;                 // help, or the version: to be printed instead
  std::vector<std::string> faults;  // lines that say what is wrong with the arguments
};

class Arguments {
 public:
  Arguments(const ProgramWords& program, std::span<const Command> commands);
  ~Arguments();
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  /// Once. `style` is for help.
  Asked parse(int argc, const char* const* argv, const PageStyle& style);

 private:
  std::unique_ptr<CLI::App> app_;
  CommandRun run_;
};

}  // namespace wirewatch
