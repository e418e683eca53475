// SPDX-License-Identifier: BSD-3-Clause
#include "tests/daemon/stand_in_dataplane.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "control/rules/rule_cache.h"
#include "dataplane/packet/parse.h"
#include "dataplane/pipeline/worker.h"
#include "dataplane/source/file_chain.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

SharedRegion make_region(const StandInDataplane::Options& options) {
  SharedLimits limits;
  limits.workers = options.workers;
  auto region = SharedRegion::create(limits, options.generation, options.start_time_ns);
  if (!region) throw std::runtime_error(region.error().message);
  return std::move(*region);
}

FileDescriptor listen_on(const std::string& path) {
  ::unlink(path.c_str());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  FileDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || ::listen(socket.get(), 8) != 0) {
    throw std::runtime_error("cannot listen on " + path);
  }
  return socket;
}

/// The SHA-256 of the rules in a sealed memory file, or what is wrong with it.
Result<std::string> hash_of_rules(int fd) {
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0) return fail("no memory file came with the command");
  if ((::fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE) == 0) return fail("the memory file is not sealed");
  std::vector<uint8_t> blob(static_cast<size_t>(info.st_size));
  if (::pread(fd, blob.data(), blob.size(), 0) != info.st_size) return fail("the memory file cannot be read");
  const auto rules = RuleSet::load(blob);
  if (!rules) return tl::unexpected(rules.error());
  return (*rules)->sha256();
}

void send(int client, const Json& answer, int passed) {
  const std::string text = answer.dump();
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (passed >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &passed, sizeof(int));
  }
  ::sendmsg(client, &message, MSG_NOSIGNAL);
}

}  // namespace

StandInDataplane::StandInDataplane(Options options)
    : options_(std::move(options)),
      region_(make_region(options_)),
      registry_(region_),
      listener_(listen_on(options_.socket_path)) {
  for (unsigned i = 0; i < options_.workers; ++i) events_.push_back(std::make_unique<SharedEvents>(region_, i));
  publish_process({});
  thread_ = std::jthread([this] { serve(); });
}

StandInDataplane::~StandInDataplane() {
  stop_ = true;
  thread_.join();
  ::unlink(options_.socket_path.c_str());
}

void StandInDataplane::run_capture(const std::string& path, const std::string& rules_folder) {
  const auto rules = load_or_compile(rules_folder);
  auto chain = FileChain::open({path});
  if (!rules || !chain) throw std::runtime_error("no rules or no capture");
  const auto ids = number(**rules, registry_);
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < options_.workers; ++i) {
    WorkerOptions worker;
    worker.max_flows = 100'000;
    worker.max_pending_syns = 100'000;
    worker.max_table_rows = 50'000;
    worker.ageing = kLiveAgeing;
    worker.pass_ns = 1'000'000'000;
    worker.rtt_ports = 64;
    worker.number = static_cast<uint16_t>(i);
    workers.push_back(std::make_unique<Worker>(worker, std::make_unique<PreparedRules>(*rules, ids), *events_[i]));
  }
  PacketBatch batch;
  Layers layers;
  while ((*chain)->read(batch, kBurstSize) > 0) {
    for (const Packet& packet : batch.packets) {
      parse(packet, {}, layers);
      const ParsedPacket parsed{&packet, &layers};
      Worker& worker = *workers[layers.has_flow ? layers.flow_hash % workers.size() : 0];
      worker.process({&parsed, 1});
      worker.maintain(packet.time, 64);
    }
  }
  for (unsigned i = 0; i < options_.workers; ++i) {
    workers[i]->finish();
    WorkerPublisher(region_, i).publish(*workers[i], {}, events_[i]->dropped(), Timestamp{});
  }
}

void StandInDataplane::publish_process(ProcessState state) { ProcessPublisher(region_).publish(state); }

std::vector<std::string> StandInDataplane::rules_taken() const {
  const std::lock_guard lock(mutex_);
  return rules_taken_;
}

std::vector<std::string> StandInDataplane::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}

void StandInDataplane::serve() {
  std::vector<FileDescriptor> clients;
  while (!stop_) {
    if (drop_.exchange(false)) clients.clear();
    std::vector<pollfd> watched{{listener_.get(), POLLIN, 0}};
    for (const FileDescriptor& client : clients) watched.push_back({client.get(), POLLIN, 0});
    ::poll(watched.data(), watched.size(), 5);
    for (size_t i = watched.size() - 1; i > 0; --i) {
      if (watched[i].revents != 0 && !answer_one(watched[i].fd)) clients.erase(clients.begin() + static_cast<ptrdiff_t>(i - 1));
    }
    if ((watched[0].revents & POLLIN) != 0) clients.emplace_back(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
}

bool StandInDataplane::answer_one(int client) {
  std::string text(65'536, '\0');
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t length = ::recvmsg(client, &message, MSG_CMSG_CLOEXEC);
  if (length <= 0) return false;
  text.resize(static_cast<size_t>(length));
  int raw = -1;
  if (const cmsghdr* const header = CMSG_FIRSTHDR(&message)) std::memcpy(&raw, CMSG_DATA(header), sizeof(int));
  const FileDescriptor passed(raw);
  const Json command = Json::parse(text);
  const auto name = command["command"].get<std::string>();
  const std::lock_guard lock(mutex_);
  commands_.push_back(text);
  const std::string live = rules_taken_.empty() ? std::string() : rules_taken_.back();
  if (name == "hello") {
    send(client, {{"ok", true}, {"version", 1}, {"pid", ::getpid()}, {"generation", options_.generation}, {"rules_sha256", live}},
         region_.fd());
  } else if (name == "load-rules") {
    const auto hash = hash_of_rules(passed.get());
    if (!hash || !options_.refuse_rules.empty()) {
      send(client, {{"ok", false}, {"error", hash ? options_.refuse_rules : hash.error().message}}, -1);
    } else {
      rules_taken_.push_back(*hash);
      send(client, {{"ok", true}, {"rules_sha256", *hash}}, -1);
    }
  } else if (name == "replay") {
    send(client, {{"ok", passed.get() >= 0}, {"replaying", command["name"]}}, -1);
  } else if (name == "block" || name == "unblock" || name == "blocked") {
    send(client, {{"ok", false}, {"error", "nothing can be blocked on these ports"}}, -1);
  } else {
    send(client, {{"ok", true}}, -1);
  }
  return true;
}

}  // namespace wirewatch
