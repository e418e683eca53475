// SPDX-License-Identifier: BSD-3-Clause
// The control socket of the running process: what it answers, what it refuses, and how it ends.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include "dataplane/capture/capture_reader.h"
#include "tests/app/data_plane_process.h"

namespace wirewatch::testing {
namespace {

using ::testing::HasSubstr;
using nlohmann::json;

constexpr const char* kSmall = "[dataplane]\nmax_flows = 2000\nmax_pending_syns = 2000\nmax_table_rows = 2000\n[[dataplane.port]]\nname = \"in\"\nsource = \"replay\"\n";

#ifdef WIREWATCH_HAS_DPDK
/// A digest of each frame, in order.
std::vector<size_t> frames_of(const std::filesystem::path& path) {
  auto reader = CaptureReader::open(path.string());
  if (!reader) throw std::runtime_error(reader.error().message);
  std::vector<size_t> frames;
  PacketBatch batch;
  while ((*reader)->read(batch, 1'000) > 0) {
    for (const Packet& packet : batch.packets) {
      frames.push_back(std::hash<std::string_view>{}({reinterpret_cast<const char*>(packet.data), packet.captured_length}));
    }
  }
  return frames;
}
#endif

std::string error_of(const Answered& answer) { return answer.json.value("error", std::string("none")); }

TEST(ControlSocket, SaysWhoItIsAndHandsOverTheSharedMemory) {
  DataPlaneProcess process(kSmall);
  ASSERT_TRUE(process.running()) << process.words();
  struct stat status {};
  ASSERT_EQ(::stat(process.socket_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const Answered hello = process.client().ask({{"command", "hello"}, {"version", 1}});
  EXPECT_EQ(hello.json["pid"], process.pid());
  const auto state = SharedState::map(hello.file.get());
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->generation(), hello.json["generation"]);
  EXPECT_EQ(state->worker_count(), 1u);
  const auto block = state->read_process();
  ASSERT_TRUE(block) << block.error().message;
  ASSERT_EQ(block->ports.size(), 1u);
  EXPECT_EQ(block->ports[0].name, "in");
  EXPECT_EQ(block->state, "running");
  EXPECT_THAT(error_of(process.client().ask({{"command", "hello"}, {"version", 2}})), HasSubstr("speaks version 1, not 2"));
}

/// What every thread of the process may do.
void expect_no_privileges(pid_t pid) {
  size_t threads = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    const std::string status = read_file(thread.path() / "status");
    for (const char* line : {"CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n", "CapInh:\t0000000000000000\n", "NoNewPrivs:\t1\n"}) {
      EXPECT_THAT(status, HasSubstr(line)) << "thread " << ++threads;
    }
  }
}

TEST(ControlSocket, NoThreadKeepsAPrivilege) {
  std::vector<std::string> sources{"replay"};
#ifdef WIREWATCH_HAS_DPDK
  sources.emplace_back("dpdk:net_ring0");
#endif
  for (const std::string& source : sources) {
    DataPlaneProcess process("[dataplane]\nmax_flows = 2000\nmax_pending_syns = 2000\nmax_table_rows = 2000\nmemory_mb = 64\n[[dataplane.port]]\nsource = \"" + source + "\"\n");
    ASSERT_TRUE(process.running()) << process.words();
    expect_no_privileges(process.pid());
    EXPECT_THAT(process.words(), ::testing::Not(HasSubstr("keeps its privileges")));
    EXPECT_EQ(process.shut_down(), 0) << process.words();
  }
}

TEST(ControlSocket, TakesRulesAndKeepsTheOldOnesOnAnyError) {
  DataPlaneProcess process(kSmall);
  ASSERT_TRUE(process.running()) << process.words();
  ControlClient& client = process.client();
  const json load{{"command", "load-rules"}};
  const std::string blob = read_file(compiled_rules());
  const Answered loaded = client.ask(load, memory_file(blob, true).get());
  ASSERT_TRUE(loaded.json["ok"]) << loaded.json;
  const std::string sha = loaded.json["rules_sha256"];
  EXPECT_EQ(sha.size(), 64u);

  std::string flipped = blob;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
  const FileDescriptor plain(::open(compiled_rules().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(error_of(client.ask(load, memory_file(flipped, true).get())), HasSubstr("SHA-256"));
  EXPECT_THAT(error_of(client.ask(load, memory_file(blob, false).get())), HasSubstr("must be sealed"));
  EXPECT_THAT(error_of(client.ask(load, plain.get())), HasSubstr("memory file"));
  EXPECT_THAT(error_of(client.ask(load, memory_file("", true).get())), HasSubstr("empty"));
  EXPECT_THAT(error_of(client.ask(load, memory_file("nonsense", true).get())), HasSubstr("magic"));
  EXPECT_THAT(error_of(client.ask(load)), HasSubstr("needs the rules"));
  const json status = client.ask({{"command", "status"}}).json;
  EXPECT_EQ(status["rules"]["sha256"], sha);
  EXPECT_EQ(status["rules"]["generation"], 1);
}

TEST(ControlSocket, RefusesNonsenseWithASentenceAndGoesOn) {
  DataPlaneProcess process(kSmall);
  ASSERT_TRUE(process.running()) << process.words();
  ControlClient& client = process.client();
  EXPECT_THAT(error_of(client.send("no json")), HasSubstr("a JSON object with a \"command\""));
  EXPECT_THAT(error_of(client.send("[1,2]")), HasSubstr("a JSON object"));
  EXPECT_THAT(error_of(client.send(R"({"command": 7})")), HasSubstr("a JSON object"));
  EXPECT_THAT(error_of(client.ask({{"command", "statsu"}})), HasSubstr("unknown command 'statsu'; did you mean 'status'?"));
  EXPECT_THAT(error_of(client.ask({{"command", "block"}, {"prefix", 7}})), HasSubstr("wrong type"));
  EXPECT_THAT(error_of(client.ask({{"command", "clock"}, {"port", "inn"}, {"use_hardware", false}})), HasSubstr("did you mean 'in'?"));
  EXPECT_THAT(error_of(client.ask({{"command", "clock"}, {"port", "in"}, {"use_hardware", false}})), HasSubstr("no clock that could be switched: it reads captures"));
  EXPECT_THAT(error_of(client.send(std::string(100'000, ' '))), HasSubstr("at most 65536 bytes"));
  EXPECT_THAT(error_of(client.send("{}", {0, 1, 2})), HasSubstr("at most one file"));
  EXPECT_THAT(error_of(client.ask({{"command", "replay"}})), HasSubstr("needs the capture"));
  EXPECT_THAT(error_of(client.ask({{"command", "replay"}}, memory_file("nothing that is a capture", true).get())), HasSubstr("magic"));
  EXPECT_THAT(error_of(client.ask({{"command", "replay"}, {"speed", -1}}, memory_file("x", true).get())), HasSubstr("speed"));
  EXPECT_TRUE(client.ask({{"command", "status"}}).json["ok"]);
}

TEST(ControlSocket, ServesSeveralClientsAtOnce) {
  DataPlaneProcess process(kSmall);
  ASSERT_TRUE(process.running()) << process.words();
  std::vector<std::unique_ptr<ControlClient>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<ControlClient>(process.socket_path()));
  for (int round = 0; round < 3; ++round) {
    for (auto& client : clients) EXPECT_TRUE(client->ask({{"command", "status"}}).json["ok"]);
    clients.pop_back();
  }
}

TEST(ControlSocket, KeepsTheBlockList) {
  DataPlaneProcess process(std::string("[dataplane]\nallow = [\"10.9.9.9\"]\n") + std::string(kSmall).substr(12));
  ASSERT_TRUE(process.running()) << process.words();
  ControlClient& client = process.client();
  const json flow{{"source", {{"address", "10.0.0.1"}, {"port", 1000}}}, {"destination", {{"address", "10.0.0.2"}, {"port", 443}}}, {"protocol", "tcp"}};
  EXPECT_TRUE(client.ask({{"command", "block"}, {"prefix", "10.1.0.0/16"}, {"expires", 4'000'000'000}}).json["ok"]);
  EXPECT_TRUE(client.ask({{"command", "block"}, {"flow", flow}}).json["ok"]);
  EXPECT_TRUE(client.ask({{"command", "block"}, {"allow", {"10.1.0.1", "2001:db8::1"}}}).json["ok"]);
  json list = client.ask({{"command", "blocked"}}).json;
  EXPECT_EQ(list["prefixes"], json::parse(R"([{"prefix": "10.1.0.0/16", "expires": 4000000000.0}])"));
  ASSERT_EQ(list["flows"].size(), 1u);
  EXPECT_GT(list["flows"][0]["expires"], 1'700'000'000) << "nothing is blocked for ever";
  EXPECT_EQ(list["allow"].size(), 3u);
  EXPECT_EQ(list["not_on"], json::parse(R"([{"port": "in", "why": "it reads captures"}])"));
  EXPECT_THAT(error_of(client.ask({{"command", "block"}, {"name", "bittorrent"}})), HasSubstr("cannot be blocked here; port 'in': it reads captures"));
  EXPECT_TRUE(client.ask({{"command", "unblock"}, {"prefix", "10.1.0.0/16"}}).json["ok"]);
  EXPECT_THAT(error_of(client.ask({{"command", "unblock"}, {"prefix", "10.1.0.0/16"}})), HasSubstr("not on the list"));
  EXPECT_THAT(error_of(client.ask({{"command", "block"}, {"prefix", "10.1.0.0/40"}})), HasSubstr("10.1.0.0/40"));
  EXPECT_THAT(error_of(client.ask({{"command", "block"}})), HasSubstr("or \"allow\""));
  EXPECT_THAT(error_of(client.ask({{"command", "block"}, {"prefix", "10.2.0.0/16"}, {"expires", 1}})), HasSubstr("over already"));
  EXPECT_TRUE(client.ask({{"command", "block"}, {"prefix", "10.2.0.0/16"}, {"expires", static_cast<double>(::time(nullptr)) + 1.5}}).json["ok"]);
  EXPECT_TRUE(process.wait_for([&](const json&) { return client.ask({{"command", "blocked"}}).json["prefixes"].empty(); }));
}

TEST(ControlSocket, SaysWhatItUnderstoodSoThatItCanBeOfferedAgain) {
  DataPlaneProcess process{std::string(kSmall)};
  ASSERT_TRUE(process.running()) << process.words();
  ControlClient& client = process.client();
  const json meant = client.ask({{"command", "block"}, {"prefix", "10.1.2.3/8"}}).json["meant"];
  ASSERT_EQ(meant["prefixes"].size(), 1u);
  EXPECT_EQ(meant["prefixes"][0]["prefix"], "10.0.0.0/8");
  EXPECT_EQ(client.ask({{"command", "blocked"}}).json["prefixes"][0]["prefix"], "10.0.0.0/8");
  const json given_up = client.ask({{"command", "unblock"}, {"prefix", "10.0.0.0/8"}}).json["meant"];
  EXPECT_EQ(given_up["prefixes"][0]["prefix"], "10.0.0.0/8");

  const json many = json::parse(R"([{"allow": "10.9.0.0/16"}, {"prefix": "10.8.0.0/16", "expires": 4000000000},
                                    {"prefix": "10.7.0.0/16", "expires": 1}, {"name": "bittorrent"}])");
  const json taken = client.ask({{"command", "block"}, {"all", many}}).json;
  ASSERT_TRUE(taken["ok"]) << taken;
  ASSERT_EQ(taken["not_taken"].size(), 2u);
  EXPECT_EQ(taken["not_taken"][0]["number"], 2);
  EXPECT_THAT(taken["not_taken"][1]["why"].get<std::string>(), HasSubstr("cannot be blocked here"));
  const json list = client.ask({{"command", "blocked"}}).json;
  EXPECT_EQ(list["prefixes"], json::parse(R"([{"prefix": "10.8.0.0/16", "expires": 4000000000.0}])"));
  EXPECT_EQ(list["allow"], json::parse(R"(["10.9.0.0/16"])"));
  const json broken = json::parse(R"([{"prefix": "10.7.0.0/16"}, 5])");
  EXPECT_THAT(error_of(client.ask({{"command", "block"}, {"all", broken}})), HasSubstr("number 1: "));
}

#ifdef WIREWATCH_HAS_DPDK
TEST(ControlSocket, SwitchesTheHardwareClockOfAPort) {
  DataPlaneProcess process(std::string(kSmall).substr(0, std::string(kSmall).find("[[")) + "memory_mb = 64\n[[dataplane.port]]\nname = \"in\"\nsource = \"dpdk:net_ring0\"\n");
  ASSERT_TRUE(process.running()) << process.words();
  const auto clock_says = [](std::string words) {
    return [words](const json& status) { return status["ports"][0]["clock"].get<std::string>().find(words) != std::string::npos; };
  };
  EXPECT_TRUE(process.client().ask({{"command", "clock"}, {"port", "in"}, {"use_hardware", false}}).json["ok"]);
  EXPECT_TRUE(process.wait_for(clock_says("switched off")));
  EXPECT_TRUE(process.client().ask({{"command", "clock"}, {"port", "in"}, {"use_hardware", true}}).json["ok"]);
  EXPECT_TRUE(process.wait_for(clock_says("processor's clock")));
}

TEST(InlineProcess, LetsEverythingThroughInOrder) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("wirewatch-inline-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const auto port = [&](const std::string& name, const std::string& other, const std::string& number) {
    return "[[dataplane.port]]\nname = \"" + name + "\"\ninline_with = \"" + other + "\"\nsource = \"dpdk:net_pcap" + number + ",rx_pcap=" +
           bundled_capture().string() + ",tx_pcap=" + (folder / (name + ".pcap")).string() + "\"\n";
  };
  DataPlaneProcess process("[dataplane]\nmax_flows = 5000\nmax_pending_syns = 5000\nmemory_mb = 128\n" + port("wan", "lan", "0") + port("lan", "wan", "1"));
  ASSERT_TRUE(process.running()) << process.words();
  EXPECT_TRUE(process.wait_for([](const json& status) {
    return status["ports"][0]["forwarded_packets"] == 4'838 && status["ports"][1]["forwarded_packets"] == 4'838;
  }));
  const json ports = process.client().ask({{"command", "status"}}).json["ports"];
  const uint64_t shed = ports[0]["losses"]["shed_inspection"];
  EXPECT_GT(shed, 0u) << "a capture comes faster than it can be inspected";
  EXPECT_EQ(process.shut_down(), 0);
  for (const char* name : {"wan.pcap", "lan.pcap"}) EXPECT_EQ(frames_of(folder / name), frames_of(bundled_capture())) << name;
  std::filesystem::remove_all(folder);
}
#endif

#ifdef WIREWATCH_HAS_DPDK
TEST(InlineProcess, IsRefusedWithSeveralWorkersWhenNobodyVouchesForTheHash) {
  const auto port = [](const std::string& number, const std::string& name, const std::string& other, const std::string& more) {
    return "[[dataplane.port]]\nname = \"" + name + "\"\ninline_with = \"" + other + "\"\nworkers = 2\n" + more + "source = \"dpdk:net_null" + number + "\"\n";
  };
  const std::string head = "[dataplane]\nmax_flows = 5000\nmax_pending_syns = 5000\nmemory_mb = 128\n", by_nic = "steering = \"nic\"\n";
  DataPlaneProcess refused(head + port("0", "wan", "lan", "") + port("1", "lan", "wan", ""));
  EXPECT_FALSE(refused.running());
  EXPECT_EQ(refused.wait_for_end(), 2);
  EXPECT_THAT(refused.words(), HasSubstr("port 'wan': 'net_null0' (net_null) does not confirm a symmetric hash"));
  DataPlaneProcess told(head + port("0", "wan", "lan", by_nic) + port("1", "lan", "wan", by_nic));
  EXPECT_TRUE(told.running()) << told.words();
}
#endif

TEST(DataPlane, EndsCleanlyOnASignal) {
  DataPlaneProcess process(kSmall);
  ASSERT_TRUE(process.running()) << process.words();
  const SharedState state = process.shared();
  EXPECT_EQ(process.signal(SIGTERM), 0);
  EXPECT_EQ(state.read_process()->state, "stopped");
  struct stat status {};
  EXPECT_NE(::stat(process.socket_path().c_str(), &status), 0) << "the socket is taken away";
}

TEST(DataPlane, LeavesTheSocketOfALivingOneAlone) {
  DataPlaneProcess first(kSmall);
  ASSERT_TRUE(first.running()) << first.words();
  DataPlaneProcess second(kSmall, first.socket_path());
  EXPECT_FALSE(second.running());
  EXPECT_EQ(second.wait_for_end(), 2);
  EXPECT_THAT(second.words(), HasSubstr("another data plane answers"));
  EXPECT_TRUE(first.client().ask({{"command", "status"}}).json["ok"]);
}

TEST(DataPlane, ReplacesTheSocketOfOneThatWasKilled) {
  DataPlaneProcess first(kSmall);
  ASSERT_TRUE(first.running()) << first.words();
  EXPECT_EQ(first.signal(SIGKILL), -1);
  struct stat status {};
  EXPECT_EQ(::stat(first.socket_path().c_str(), &status), 0) << "it was left behind";
  DataPlaneProcess second(kSmall, first.socket_path());
  EXPECT_TRUE(second.running()) << second.words();
}

TEST(DataPlane, SaysWhyItDoesNotStart) {
  DataPlaneProcess wrong("[dataplane]\nmax_flow = 1\n");
  EXPECT_FALSE(wrong.running());
  EXPECT_EQ(wrong.wait_for_end(), 2);
  EXPECT_THAT(wrong.words(), HasSubstr("config.toml:2:1: unknown key 'max_flow'"));
  DataPlaneProcess missing("[[dataplane.port]]\nsource = \"file:/nowhere/x.cap\"\n");
  EXPECT_FALSE(missing.running());
  EXPECT_EQ(missing.wait_for_end(), 2);
  EXPECT_THAT(missing.words(), HasSubstr("port 'port0': "));
  DataPlaneProcess none("");
  EXPECT_EQ(none.wait_for_end(), 2);
  EXPECT_THAT(none.words(), HasSubstr("no port is configured"));
}

}  // namespace
}  // namespace wirewatch::testing
