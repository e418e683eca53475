// SPDX-License-Identifier: BSD-3-Clause
// Info lines of file services: which file of which share (MS-SMB2 section 2.2, MS-NLMP 2.2.1), and which of NFS (RFC 1813).
#include <algorithm>
#include <array>
#include <optional>

#include "control/packets/describe.h"
#include "dataplane/base/byte_order.h"
#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

constexpr std::array<std::string_view, 19> kSmb2{
    "Negotiate Protocol", "Session Setup", "Session Logoff", "Tree Connect", "Tree Disconnect", "Create", "Close",
    "Flush", "Read", "Write", "Lock", "Ioctl", "Cancel", "KeepAlive", "Find", "Notify", "GetInfo", "SetInfo", "Break"};

/// MS-ERREF 2.3.1, those that file servers answer with.
std::string_view status_name(uint32_t status) noexcept {
  switch (status) {
    case 0xc000000d: return "STATUS_INVALID_PARAMETER";
    case 0xc000000f: return "STATUS_NO_SUCH_FILE";
    case 0xc0000010: return "STATUS_INVALID_DEVICE_REQUEST";
    case 0xc0000011: return "STATUS_END_OF_FILE";
    case 0xc0000016: return "STATUS_MORE_PROCESSING_REQUIRED";
    case 0xc0000022: return "STATUS_ACCESS_DENIED";
    case 0xc0000033: return "STATUS_OBJECT_NAME_INVALID";
    case 0xc0000034: return "STATUS_OBJECT_NAME_NOT_FOUND";
    case 0xc0000035: return "STATUS_OBJECT_NAME_COLLISION";
    case 0xc000003a: return "STATUS_OBJECT_PATH_NOT_FOUND";
    case 0xc0000043: return "STATUS_SHARING_VIOLATION";
    case 0xc000006d: return "STATUS_LOGON_FAILURE";
    case 0xc00000bb: return "STATUS_NOT_SUPPORTED";
    case 0xc00000cc: return "STATUS_BAD_NETWORK_NAME";
    case 0xc0000120: return "STATUS_CANCELLED";
    case 0xc0000203: return "STATUS_USER_SESSION_DELETED";
    case 0xc0000225: return "STATUS_NOT_FOUND";
    default: return {};
  }
}

/// UTF-16 in the order of the wire; letters beyond ASCII as UTF-8, what is no letter escaped.
void put_utf16(std::span<const uint8_t> text, InfoText& info) noexcept {
  for (size_t i = 0; i + 2 <= text.size(); i += 2) {
    const uint16_t unit = load_le16(text.data() + i);
    std::array<char, 3> bytes{};
    size_t length = 1;
    if (unit < 0x80) {
      bytes[0] = static_cast<char>(unit);
    } else if (unit < 0x800) {
      bytes = {static_cast<char>(0xc0 | unit >> 6), static_cast<char>(0x80 | (unit & 0x3f))};
      length = 2;
    } else {
      bytes = {static_cast<char>(0xe0 | unit >> 12), static_cast<char>(0x80 | (unit >> 6 & 0x3f)), static_cast<char>(0x80 | (unit & 0x3f))};
      length = 3;
    }
    info.put(Escaped{std::string_view(bytes.data(), length)});
  }
}

/// Where an offset and a length of 16 bits point to; nothing when beyond the message.
std::optional<std::span<const uint8_t>> pointed_at(std::span<const uint8_t> message, size_t at) noexcept {
  if (message.size() < at + 4) return std::nullopt;
  const size_t offset = load_le16(message.data() + at), length = load_le16(message.data() + at + 2);
  if (offset > message.size() || length > message.size() - offset) return std::nullopt;
  return message.subspan(offset, length);
}

/// The NTLM message that a session setup carries.
void put_ntlm(std::span<const uint8_t> message, InfoText& info) noexcept {
  constexpr std::string_view kMark{"NTLMSSP\0", 8};
  const auto found = std::search(message.begin(), message.end(), kMark.begin(), kMark.end());
  const auto ntlm = message.subspan(static_cast<size_t>(found - message.begin()));
  if (ntlm.size() < 12) return;
  constexpr std::array<std::string_view, 3> kTypes{"NEGOTIATE", "CHALLENGE", "AUTH"};
  const uint32_t type = load_le32(ntlm.data() + 8);
  if (type < 1 || type > kTypes.size()) return;
  info.put(", NTLMSSP_", kTypes[type - 1]);
  constexpr uint32_t kAuthenticate = 3;
  constexpr size_t kDomain = 28, kUser = 36;
  if (type != kAuthenticate || ntlm.size() < kUser + 8) return;
  const auto text = [&](size_t at) {
    const size_t length = load_le16(ntlm.data() + at), offset = load_le32(ntlm.data() + at + 4);
    return offset <= ntlm.size() && length <= ntlm.size() - offset ? ntlm.subspan(offset, length) : std::span<const uint8_t>{};
  };
  info.put(", User: ");
  put_utf16(text(kDomain), info);
  info.put("\\");
  put_utf16(text(kUser), info);
}

/// What a request is about.
void put_smb2_request(uint16_t command, std::span<const uint8_t> message, InfoText& info) noexcept {
  constexpr uint16_t kTreeConnect = 3, kCreate = 5, kRead = 8, kWrite = 9, kFind = 14;
  constexpr size_t kBody = 64;
  switch (command) {
    case kTreeConnect:
      if (const auto path = pointed_at(message, kBody + 4)) {
        info.put(" Tree: ");
        put_utf16(*path, info);
      }
      return;
    case kCreate:
      if (const auto name = pointed_at(message, kBody + 44)) {
        info.put(" File: ");
        put_utf16(*name, info);
      }
      return;
    case kRead:
    case kWrite:
      if (message.size() >= kBody + 16) info.put(" Len:", load_le32(message.data() + kBody + 4), " Off:", load_le64(message.data() + kBody + 8));
      return;
    case kFind:
      if (const auto pattern = pointed_at(message, kBody + 24)) {
        info.put(" Pattern: ");
        put_utf16(*pattern, info);
      }
      return;
    default: return;
  }
}

}  // namespace

bool describe_smb(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr size_t kSessionHeader = 4, kHeader = 64;
  if (data.bytes.size() < kSessionHeader + 4) return false;
  const auto message = data.bytes.subspan(kSessionHeader);
  if (load_be32(message.data()) == 0xff534d42) {  // \xffSMB
    line.protocol = "SMB";
    line.info.clear();
    line.info.put("Command 0x", Hex{message.size() > 4 ? message[4] : 0u, 2});
    return true;
  }
  if (load_be32(message.data()) != 0xfe534d42 || message.size() < kHeader) return false;  // \xfeSMB
  const uint16_t command = load_le16(message.data() + 12);
  const bool response = (message[16] & 1) != 0;
  if (command >= kSmb2.size()) return false;
  line.info.clear();
  line.info.put(kSmb2[command], response ? " Response" : " Request");
  if (!response) put_smb2_request(command, message, line.info);
  const uint32_t status = load_le32(message.data() + 8);
  if (response && (status & 0xc0000000) == 0xc0000000) {
    line.info.put(", Error: ");
    if (const std::string_view name = status_name(status); !name.empty()) {
      line.info.put(name);
    } else {
      line.info.put("0x", Hex{status, 8});
    }
  }
  constexpr uint16_t kSessionSetup = 1;
  if (command == kSessionSetup) put_ntlm(message, line.info);
  return true;
}

/// The parts of a call of version 3 that follow the file handle: names, and what is read or written.
void put_nfs_arguments(uint32_t procedure, std::span<const uint8_t> arguments, InfoText& info) noexcept {
  constexpr std::array<uint32_t, 7> kNamed{3, 8, 9, 10, 11, 12, 13};  // LOOKUP, CREATE, MKDIR, SYMLINK, MKNOD, REMOVE, RMDIR
  constexpr uint32_t kRead = 6, kWrite = 7;
  ByteReader reader(arguments);
  const auto padded = [](uint32_t length) { return (size_t{length} + 3) & ~size_t{3}; };
  const auto handle = reader.be32();
  if (!handle || !reader.skip(padded(*handle))) return;
  if (procedure == kRead || procedure == kWrite) {
    const auto offset = reader.be64();
    const auto length = reader.be32();
    if (offset && length) info.put(", Offset: ", *offset, " Len: ", *length);
    return;
  }
  if (std::ranges::find(kNamed, procedure) == kNamed.end()) return;
  const auto length = reader.be32();
  const auto name = length ? reader.take(*length) : std::nullopt;
  if (name) info.put(", ", Escaped{*name});
}

}  // namespace wirewatch
