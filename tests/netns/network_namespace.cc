// SPDX-License-Identifier: BSD-3-Clause
#include "tests/netns/network_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace wirewatch::testing {
namespace {

constexpr const char* kOwnNamespace = "/proc/thread-self/ns/net";

FileDescriptor open_own() { return FileDescriptor(::open(kOwnNamespace, O_RDONLY | O_CLOEXEC)); }

struct Ended {
  bool well = false;
  std::string output;
};

Ended run_and_wait(const std::vector<std::string>& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, writer.get(), STDERR_FILENO);
  pid_t child = -1;
  const int fault = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  writer = FileDescriptor();
  if (fault != 0) return {false, command[0] + ": " + std::generic_category().message(fault)};
  Ended ended;
  char piece[4096];
  for (ssize_t got; (got = read(reader.get(), piece, sizeof piece)) > 0;) ended.output.append(piece, static_cast<size_t>(got));
  int status = 0;
  waitpid(child, &status, 0);
  ended.well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return ended;
}

}  // namespace

Result<NetworkNamespace> NetworkNamespace::make() {
  const FileDescriptor home = open_own();
  if (!home) return fail("cannot open the network namespace of this thread");
  if (unshare(CLONE_NEWNET) != 0) {
    return fail("cannot make a network namespace (CAP_SYS_ADMIN): " + std::generic_category().message(errno));
  }
  FileDescriptor made = open_own();
  if (setns(home.get(), CLONE_NEWNET) != 0) throw std::system_error(errno, std::generic_category(), "setns back");
  return NetworkNamespace(std::move(made));
}

NetworkNamespace::Visit::Visit(const NetworkNamespace& where) : home_(open_own()) {
  if (setns(where.fd(), CLONE_NEWNET) != 0) throw std::system_error(errno, std::generic_category(), "setns");
}

NetworkNamespace::Visit::~Visit() {
  if (setns(home_.get(), CLONE_NEWNET) != 0) std::terminate();  // anything else would go on in the wrong namespace
}

void run(const std::vector<std::string>& command) {
  const Ended ended = run_and_wait(command);
  if (ended.well) return;
  std::string text;
  for (const std::string& word : command) text += word + " ";
  throw std::runtime_error(text + "failed: " + ended.output);
}

bool try_run(const std::vector<std::string>& command) { return run_and_wait(command).well; }

void make_veth_pair(const std::string& one, const std::string& other, const VethOptions& options) {
  const std::string queues = std::to_string(options.queues);
  run({"ip", "link", "add", one, "numrxqueues", queues, "numtxqueues", queues, "type", "veth", "peer", "name", other,
       "numrxqueues", queues, "numtxqueues", queues});
  for (const std::string& name : {one, other}) {
    run({"sysctl", "-q", "-w", "net.ipv6.conf." + name + ".disable_ipv6=1"});
    if (!options.offloads) run({"ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro", "off"});
    run({"ip", "link", "set", name, "mtu", std::to_string(options.mtu), "arp", "off"});
  }
  run({"ip", "link", "set", one, "up"});
  run({"ip", "link", "set", other, "up"});
}

}  // namespace wirewatch::testing
