// SPDX-License-Identifier: BSD-3-Clause
// The real program in a folder of its own, started, asked and ended by a test.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dataplane/pipeline/shared_state.h"
#include "dataplane/base/file_descriptor.h"

namespace wirewatch::testing {

struct Answered {
  nlohmann::json json;
  FileDescriptor file;
};

/// One client of the control socket.
class ControlClient {
 public:
  explicit ControlClient(const std::string& path);
  /// Sends a request, with a file beside it when `fd` is not -1, and waits for the answer. JSON null when cut off.
  Answered ask(const nlohmann::json& request, int fd = -1);
  Answered send(const std::string& text, std::vector<int> fds = {});

 private:
  FileDescriptor socket_;
};

class DataPlaneProcess {
 public:
  /// With `config` as its configuration file, and a socket of its own or that of another. Waits until it says that it
  /// runs, or ends.
  explicit DataPlaneProcess(const std::string& config, const std::string& socket = {});
  ~DataPlaneProcess();

  bool running() const { return running_; }
  const std::string& socket_path() const { return socket_; }
  pid_t pid() const { return pid_; }
  ControlClient& client() { return *client_; }
  /// What is shared, mapped. It stays readable when the process is gone.
  SharedState shared();
  /// Asks for the status until `enough` says so; false when it does not in ten seconds.
  template <typename Enough>
  bool wait_for(Enough enough) {
    for (int tries = 0; tries < 500; ++tries) {
      if (enough(client().ask({{"command", "status"}}).json)) return true;
      pause();
    }
    return false;
  }
  /// Ends it by `shutdown` or by a signal; the exit status, or -1 when a signal ended it.
  int shut_down();
  int signal(int number);
  int wait_for_end();
  const std::string& words() const { return words_; }  // standard error so far

 private:
  static void pause();
  void read_words(bool until_running);

  std::filesystem::path folder_;
  std::string socket_;
  pid_t pid_ = -1;
  FileDescriptor errors_;
  std::string words_;
  bool running_ = false;
  std::unique_ptr<ControlClient> client_;
};

/// The shipped rules, compiled; a file.
const std::filesystem::path& compiled_rules();
/// Bytes in a memory file, sealed or not.
FileDescriptor memory_file(const std::string& bytes, bool sealed);
std::string read_file(const std::filesystem::path& path);
std::filesystem::path bundled_capture();

}  // namespace wirewatch::testing
