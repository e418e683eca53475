// SPDX-License-Identifier: BSD-3-Clause
#include "tests/cli/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "tests/support/capture_builder.h"

namespace wirewatch::testing {
namespace {

namespace fs = std::filesystem;

struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  void close(size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
  std::array<int, 2> ends{-1, -1};  // read, write
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> each;
  for (std::string& text : texts) each.push_back(text.data());
  each.push_back(nullptr);
  return each;
}

[[noreturn]] void become(std::vector<std::string> arguments, std::vector<std::string> environment) {
  const auto argv = pointers(arguments), envp = pointers(environment);
  ::execve(argv[0], argv.data(), envp.data());
  std::_Exit(127);
}

/// Reads both streams until both are closed.
void drain(int out, int err, Outcome& outcome) {
  std::array<pollfd, 2> streams{pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  std::array<std::string*, 2> texts{&outcome.out, &outcome.err};
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    ::poll(streams.data(), streams.size(), -1);
    for (size_t i = 0; i < 2; ++i) {
      if (streams[i].fd < 0 || streams[i].revents == 0) continue;
      std::array<char, 65536> bytes;
      const ssize_t got = ::read(streams[i].fd, bytes.data(), bytes.size());
      if (got > 0) {
        texts[i]->append(bytes.data(), static_cast<size_t>(got));
      } else {
        streams[i].fd = -1;
      }
    }
  }
}

int status_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<std::string> environment_of(const Invocation& invocation) {
  std::map<std::string, std::string> variables{{"PATH", "/usr/bin:/bin"},
                                               {"LC_ALL", "C.UTF-8"},
                                               {"TERM", "xterm"},
                                               {"HOME", workspace().string()},
                                               {"XDG_CACHE_HOME", (workspace() / "cache").string()},
                                               {"WIREWATCH_RULES", toy_rules().string()}};
  for (const auto& [name, value] : invocation.environment) variables[name] = value;
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
  return lines;
}

Outcome run_on_terminal(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment) {
  winsize size{};
  size.ws_col = 80;
  size.ws_row = 24;
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) become(arguments, environment);
  Outcome outcome;
  drain(terminal, -1, outcome);
  outcome.status = status_of(child);
  ::close(terminal);
  return outcome;
}

Outcome run_on_pipes(const Invocation& invocation, const std::vector<std::string>& arguments,
                     const std::vector<std::string>& environment) {
  Pipe in, out, err;
  if (!invocation.out_path.empty()) {
    out.close(1);
    out.ends[1] = ::open(invocation.out_path.c_str(), O_WRONLY | O_CLOEXEC);
  }
  if (invocation.reader_leaves) out.close(0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(in.ends[0], STDIN_FILENO);
    ::dup2(out.ends[1], STDOUT_FILENO);
    ::dup2(err.ends[1], STDERR_FILENO);
    become(arguments, environment);
  }
  in.close(0);
  out.close(1);
  err.close(1);
  if (::write(in.ends[1], invocation.input.data(), invocation.input.size()) < 0)
    throw std::runtime_error("write");  // fits a pipe
  in.close(1);
  Outcome outcome;
  drain(out.ends[0], err.ends[0], outcome);
  outcome.status = status_of(child);
  return outcome;
}

/// An Ethernet frame of the toy connection.
Bytes frame(bool from_client, uint8_t flags, uint32_t sequence, uint32_t acknowledges,
            std::string_view payload) {
  ByteWriter out(std::endian::big);
  const uint32_t client = 0x0a000005, server = 0x0a000002;
  const uint16_t client_port = 40'000, server_port = 111;
  out.zeros(12).u16(0x0800);
  out.u16(0x4500).u16(static_cast<uint16_t>(40 + payload.size())).u32(0).u8(64).u8(6).u16(0);
  out.u32(from_client ? client : server).u32(from_client ? server : client);
  out.u16(from_client ? client_port : server_port).u16(from_client ? server_port : client_port);
  out.u32(sequence).u32(acknowledges).u8(0x50).u8(flags).u16(8192).u32(0);
  for (const char c : payload) out.u8(static_cast<uint8_t>(c));
  return out.bytes();
}

}  // namespace

const fs::path& workspace() {
  static const struct Workspace {
    Workspace() {
      std::string pattern = (fs::temp_directory_path() / "wirewatch-cli-XXXXXX").string();
      if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
      path = pattern;
    }
    ~Workspace() { fs::remove_all(path); }
    fs::path path;
  } created;
  return created.path;
}

fs::path toy_capture(const std::string& name, size_t cut) {
  constexpr uint8_t kSyn = 2, kAck = 16, kPush = 8;
  PcapBuilder pcap;
  pcap.record(1'000, 0, frame(true, kSyn, 100, 0, ""));
  pcap.record(1'000, 12'345, frame(false, kSyn | kAck, 500, 101, ""));
  pcap.record(1'000, 12'400, frame(true, kAck, 101, 501, ""));
  pcap.record(1'000, 13'000, frame(true, kAck | kPush, 101, 501, "TOY protocol 1"));
  pcap.record(1'000, 14'000, frame(false, kAck | kPush, 501, 115, "a fine day for it"));
  const fs::path path = workspace() / name;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(pcap.bytes().data()),
             static_cast<std::streamsize>(pcap.bytes().size() - cut));
  return path;
}

fs::path toy_rules() {
  const fs::path folder = workspace() / "rules";
  if (fs::create_directory(folder)) {
    std::ofstream(folder / "toy.toml")
        << "schema = 1\n[[protocol]]\nname = \"toy\"\ncategory = \"p2p\"\n[[protocol.sig]]\nid = "
           "\"toy.hello\"\n"
           "l4 = \"tcp\"\ndir = \"client\"\nregex = '^TOY protocol'\nstrength = \"strong\"\n";
  }
  return folder;
}

Outcome run(const Invocation& invocation) {
  const char* program = std::getenv("WIREWATCH_PROGRAM");
  if (program == nullptr)
    throw std::runtime_error("$WIREWATCH_PROGRAM does not name the program; 'meson test' sets it");
  std::vector<std::string> arguments{program};
  arguments.insert(arguments.end(), invocation.arguments.begin(), invocation.arguments.end());
  const auto environment = environment_of(invocation);
  return invocation.terminal ? run_on_terminal(arguments, environment)
                             : run_on_pipes(invocation, arguments, environment);
}

}  // namespace wirewatch::testing
