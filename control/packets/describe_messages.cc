// SPDX-License-Identifier: BSD-3-Clause
// Binary protocols of clients and servers: PostgreSQL, MQTT, BitTorrent, SunRPC, SMB.
#include <array>

#include "control/packets/describe.h"
#include "control/packets/describe_memory.h"
#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

struct RpcProgram {
  uint32_t number;
  std::string_view column;
};
constexpr std::array kRpcPrograms{RpcProgram{100000, "Portmap"}, RpcProgram{100003, "NFS"}, RpcProgram{100005, "MOUNT"},
                                  RpcProgram{100021, "NLM"}, RpcProgram{100024, "STAT"}, RpcProgram{100227, "NFSACL"}};

constexpr std::array<std::string_view, 22> kNfs3{
    "NULL", "GETATTR", "SETATTR", "LOOKUP", "ACCESS", "READLINK", "READ", "WRITE", "CREATE", "MKDIR", "SYMLINK",
    "MKNOD", "REMOVE", "RMDIR", "RENAME", "LINK", "READDIR", "READDIRPLUS", "FSSTAT", "FSINFO", "PATHCONF", "COMMIT"};
constexpr std::array<std::string_view, 6> kMount{"NULL", "MNT", "DUMP", "UMNT", "UMNTALL", "EXPORT"};
constexpr std::array<std::string_view, 6> kPortmap2{"NULL", "SET", "UNSET", "GETPORT", "DUMP", "CALLIT"};
constexpr std::array<std::string_view, 13> kPortmap4{"NULL", "SET", "UNSET", "GETADDR", "DUMP", "BCAST", "GETTIME",
                                                     "UADDR2TADDR", "TADDR2UADDR", "GETVERSADDR", "INDIRECT",
                                                     "GETADDRLIST", "GETSTAT"};

std::string_view procedure_name(uint32_t program, uint32_t version, uint32_t procedure) noexcept {
  std::span<const std::string_view> names;
  if (program == 100003 && version == 3) names = kNfs3;
  if (program == 100005 && version >= 1 && version <= 3) names = kMount;
  if (program == 100000) names = version == 2 ? std::span<const std::string_view>(kPortmap2) : kPortmap4;
  if (program == 100000 && (version < 2 || version > 4)) names = {};
  return procedure < names.size() ? names[procedure] : std::string_view{};
}

/// What follows credentials and verifier (RFC 5531 section 9).
std::span<const uint8_t> arguments_of_call(std::span<const uint8_t> message) noexcept {
  constexpr size_t kFixed = 24;
  ByteReader reader(message.subspan(std::min(kFixed, message.size())));
  for (int i = 0; i < 2; ++i) {
    const auto flavour = reader.be32(), length = reader.be32();
    if (!flavour || !length || !reader.skip((size_t{*length} + 3) & ~size_t{3})) return {};
  }
  return reader.rest();
}

}  // namespace

bool describe_postgresql(const ApplicationData& data, PacketLine& line) noexcept {
  const bool from_server = data.source_port < data.destination_port;
  line.info.clear();
  line.info.put(from_server ? "<" : ">");
  bool first = true;
  for (auto rest = data.bytes; rest.size() >= 5;) {
    const uint8_t kind = rest[0];
    const bool letter = (kind >= 'A' && kind <= 'Z') || (kind >= 'a' && kind <= 'z') || (kind >= '1' && kind <= '3');
    const size_t length = load_be32(rest.data() + 1);
    if (!letter || length < 4) break;
    line.info.put(first ? "" : "/", static_cast<char>(kind));
    first = false;
    if (length + 1 > rest.size()) break;
    rest = rest.subspan(length + 1);
  }
  return true;
}

bool describe_mqtt(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr std::array<std::string_view, 16> kTypes{
      "Reserved", "Connect Command", "Connect Ack", "Publish Message", "Publish Ack", "Publish Received", "Publish Release",
      "Publish Complete", "Subscribe Request", "Subscribe Ack", "Unsubscribe Request", "Unsubscribe Ack", "Ping Request",
      "Ping Response", "Disconnect Req", "Authentication Exchange"};
  enum : uint8_t { kPublish = 3, kPublishAck = 4, kPublishComplete = 7, kSubscribe = 8, kUnsubscribeAck = 11 };
  line.info.clear();
  bool first = true;
  ByteReader reader(data.bytes);
  while (const auto head = reader.u8()) {
    size_t length = 0;
    std::optional<uint8_t> octet = 0x80;
    for (unsigned shift = 0; shift < 28 && (*octet & 0x80) != 0; shift += 7) {
      octet = reader.u8();
      if (!octet) return !first;
      length |= size_t{*octet & 0x7fu} << shift;
    }
    const uint8_t type = *head >> 4;
    const auto body = reader.rest().first(std::min(length, reader.remaining()));
    line.info.put(first ? "" : ", ", kTypes[type]);
    first = false;
    ByteReader fields(body);
    if (type == kPublish) {
      const auto topic_length = fields.be16();
      const auto topic = topic_length ? fields.take(*topic_length) : std::nullopt;
      const bool has_id = (*head & 6) != 0;
      const auto id = has_id ? fields.be16() : std::nullopt;
      if (id) line.info.put(" (id=", *id, ")");
      if (topic) line.info.put(" [", Escaped{*topic}, "]");
    } else if (type >= kPublishAck && type <= kUnsubscribeAck) {
      if (const auto id = fields.be16()) line.info.put(" (id=", *id, ")");
    }
    if (!reader.skip(length)) break;
  }
  return true;
}

bool describe_bittorrent(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr std::array<std::string_view, 21> kMessages{
      "Choke", "Unchoke", "Interested", "Not Interested", "Have", "Bitfield", "Request", "Piece", "Cancel", "Port",
      "", "", "", "Suggest Piece", "Have All", "Have None", "Reject Request", "Allowed Fast", "", "", "Extended"};
  enum : uint8_t { kHave = 4, kRequest = 6, kPiece = 7, kCancel = 8, kAllowedFast = 17 };
  constexpr size_t kHandshake = 68;
  auto rest = data.bytes;
  if (data.udp) {
    if (rest.size() < 2 || rest[0] != 'd') return false;  // a DHT message is a bencoded dictionary
    line.protocol = "BT-DHT";
    line.info.clear();
    line.info.put("BitTorrent DHT Protocol");
    return true;
  }
  bool any = false;
  const auto begin = [&] {
    if (!any) line.info.clear();
    any = true;
  };
  if (rest.size() >= 20 && rest[0] == 19 && first_line(rest.subspan(1, 19)) == "BitTorrent protocol") {
    begin();
    line.info.put("Handshake  ");
    rest = rest.subspan(std::min(kHandshake, rest.size()));
  }
  while (rest.size() >= 5) {
    const size_t length = load_be32(rest.data());
    const uint8_t type = rest[4];
    if (length == 0) {
      rest = rest.subspan(4);
      continue;
    }
    if (type >= kMessages.size() || kMessages[type].empty() || length > (1u << 20)) break;
    begin();
    line.info.put(kMessages[type]);
    const uint8_t* const body = rest.data() + 5;
    if ((type == kRequest || type == kCancel) && rest.size() >= 17) {
      line.info.put(", Piece (Idx:0x", Hex{load_be32(body), 1}, ",Begin:0x", Hex{load_be32(body + 4), 1}, ",Len:0x",
                    Hex{load_be32(body + 8), 1}, ")");
    } else if (type == kPiece && rest.size() >= 13) {
      line.info.put(", Idx:0x", Hex{load_be32(body), 1}, ",Begin:0x", Hex{load_be32(body + 4), 1}, ",Len:0x", Hex{length - 9, 1});
    } else if ((type == kHave || type == kAllowedFast) && rest.size() >= 9) {
      line.info.put(", Piece (Idx:0x", Hex{load_be32(body), 1}, ")");
    }
    line.info.put("  ");
    if (length + 4 > rest.size()) break;
    rest = rest.subspan(length + 4);
  }
  return any;
}

bool describe_rpc(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr uint32_t kCall = 0, kReply = 1, kRpcVersion = 2;
  auto message = data.bytes;
  if (!data.udp) {  // RFC 5531 section 11: a length before each record
    if (message.size() < 4) return false;
    message = message.subspan(4);
  }
  if (message.size() < 12) return false;
  const uint8_t* const at = message.data();
  const uint64_t key = data.flow ^ uint64_t{load_be32(at)} << 8;
  const bool reply = load_be32(at + 4) == kReply;
  const RpcCall* call = nullptr;
  if (reply) {
    call = data.memory.rpc_calls.find(key);
    if (call == nullptr) {
      line.info.clear();
      line.info.put("Reply XID 0x", Hex{load_be32(at), 1});
      return true;
    }
  } else {
    if (message.size() < 24 || load_be32(at + 4) != kCall || load_be32(at + 8) != kRpcVersion) return false;
    RpcCall& kept = data.memory.rpc_calls.put(key, data.frame_number);
    kept = {.program = load_be32(at + 12), .version = load_be32(at + 16), .procedure = load_be32(at + 20)};
    call = &kept;
  }
  for (const RpcProgram& known : kRpcPrograms) {
    if (known.number == call->program) line.protocol = known.column;
  }
  line.info.clear();
  line.info.put("V", call->version, " ");
  if (const std::string_view name = procedure_name(call->program, call->version, call->procedure); !name.empty()) {
    line.info.put(name);
  } else {
    line.info.put("proc-", call->procedure);
  }
  line.info.put(reply ? " Reply" : " Call");
  if (reply) line.info.put(" (Call In ", data.memory.rpc_calls.frame_of(key), ")");
  constexpr uint32_t kNfs = 100003;
  if (!reply && call->program == kNfs && call->version == 3) put_nfs_arguments(call->procedure, arguments_of_call(message), line.info);
  return true;
}

}  // namespace wirewatch
