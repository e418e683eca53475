// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/capture_download.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "control/cli/live/api_session.h"
#include "control/cli/standard_streams.h"
#include "control/report/human.h"
#include "dataplane/base/file_descriptor.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;
constexpr const char* kCommand = "capture download";

std::string target_of(const std::string& session, const std::string& file) {
  return TargetText("/api/v1/captures").segment(session).segment("files").segment(file).target();
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail(std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(done));
  }
  return {};
}

Result<std::vector<std::string>> files_of(const Json& answer) {
  std::vector<std::string> names;
  for (const Json& file : rows_of(member(answer, "capture"), "files")) {
    std::string name(text_of(file, "name"));
    // The name becomes that of a file here; whoever answered may be anybody.
    if (name.empty() || name.starts_with('.') || name.find('/') != std::string::npos) return fail("the daemon names a file '" + name.substr(0, 64) + "'");
    names.push_back(std::move(name));
  }
  return names;
}

ExitStatus to_standard_output(ApiClient& client, const std::string& target) {
  bool reader_left = false;
  std::string trouble;
  const auto got = client.download(target, [&](std::string_view piece) -> Result<void> {
    auto written = write_all(STDOUT_FILENO, piece);
    if (written) return {};
    reader_left = errno == EPIPE;
    return fail("cannot write to standard output: " + written.error().message);
  });
  if (reader_left) return ExitStatus::Done;
  return got ? ExitStatus::Done : complain(kCommand, got.error());
}

/// A path that was asked for is written over, one that goes by the file's name is not.
ExitStatus to_file(ApiClient& client, const std::string& target, const std::string& path, bool overwrite) {
  // Opened with the first piece, so that a refusal leaves nothing behind; packets are for their owner's eyes.
  FileDescriptor out;
  const auto open = [&]() -> Result<void> {
    out = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (overwrite ? O_TRUNC : O_EXCL), 0600));
    if (out) return {};
    if (errno == EEXIST) return fail("there is a file " + path + " already; name another with --output");
    return fail("cannot write " + path + ": " + std::strerror(errno));
  };
  const auto got = client.download(target, [&](std::string_view piece) -> Result<void> {
    if (!out) {
      if (auto opened = open(); !opened) return opened;
    }
    if (auto written = write_all(out.get(), piece); !written) return fail("cannot write " + path + ": " + written.error().message);
    return {};
  });
  if (!got) {
    if (out) say("wirewatch capture download: " + path + " holds what came until then");
    return complain(kCommand, got.error());
  }
  if (!out) {
    if (auto opened = open(); !opened) return complain(kCommand, opened.error().message);
  }
  say("wirewatch capture download: wrote " + human_bytes(*got) + " to " + path);
  return ExitStatus::Done;
}

}  // namespace

ExitStatus download_capture(ApiClient& client, const DownloadRequest& request) {
  std::error_code ignored;
  const bool into_folder = request.output.empty() || fs::is_directory(request.output, ignored);
  std::vector<std::string> files{request.file};
  if (request.file.empty()) {
    const auto answer = client.get(TargetText("/api/v1/captures").segment(request.session).target());
    if (!answer) return complain(kCommand, answer.error());
    const auto document = parse_answer(*answer);
    if (!document) return complain(kCommand, document.error().message);
    auto named = files_of(*document);
    if (!named) return complain(kCommand, named.error().message);
    files = std::move(*named);
    if (files.empty()) return complain(kCommand, "'" + request.session + "' has no files", ExitStatus::No);
    if (files.size() > 1 && !into_folder) {
      return complain(kCommand, "'" + request.session + "' has " + std::to_string(files.size()) +
                                    " files; name one of them, or a folder for all with --output");
    }
  } else if (into_folder && request.file.find('/') != std::string::npos) {
    return complain(kCommand, "'" + request.file + "' is not the name of a file of a session");
  }
  for (const std::string& file : files) {
    const std::string target = target_of(request.session, file);
    const std::string path = into_folder ? (fs::path(request.output) / file).string() : request.output;
    const ExitStatus status = request.output == "-" ? to_standard_output(client, target) : to_file(client, target, path, !into_folder);
    if (status != ExitStatus::Done) return status;
  }
  return ExitStatus::Done;
}

}  // namespace wirewatch
