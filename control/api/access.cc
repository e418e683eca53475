// SPDX-License-Identifier: BSD-3-Clause
#include "control/api/access.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cstring>

#include "dataplane/classify/sha256.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch {
namespace {

constexpr size_t kShortestToken = 16;
constexpr size_t kLongestToken = 1024;

bool is_loopback(const IpAddress& address) noexcept {
  if (address.family == IpFamily::V4) return address.bytes[0] == 127;
  return address == *IpAddress::parse("::1");
}

std::string_view without_port(std::string_view host) noexcept {
  if (host.starts_with('[')) return host.substr(1, host.find(']') == std::string_view::npos ? 0 : host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool is_this_machine(std::string_view host) {
  const std::string_view name = without_port(host);
  if (name == "localhost") return true;
  const auto address = IpAddress::parse(name);
  return address && is_loopback(*address);
}

bool same_word(std::string_view a, std::string_view lower) noexcept {
  if (a.size() != lower.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) != lower[i]) return false;
  }
  return true;
}

ApiResponse unauthorized(std::string_view detail) {
  ApiResponse response = problem(401, detail);
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"wirewatch\"");
  return response;
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  const std::string shown(text.substr(0, 100));
  const auto wrong = [&] { return fail("expected an address and a port such as \"127.0.0.1:9090\" or \"[::1]:9090\", found \"" + shown + "\""); };
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  if (!address || bracketed != (address->family == IpFamily::V6)) return wrong();
  const std::string_view digits = text.substr(colon + 1);
  ListenAddress listen{.address = std::string(host), .port = 0, .loopback = is_loopback(*address)};
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), listen.port);
  if (fault != std::errc() || end != digits.data() + digits.size()) return wrong();
  return listen;
}

Result<std::string> read_token(const std::string& path) {
  const auto because = [&](const std::string& why) { return fail("cannot take the token from '" + path + "': " + why); };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return because(std::strerror(errno));
  struct stat info {};
  std::array<char, kLongestToken + 2> text{};
  const bool known = ::fstat(file, &info) == 0;
  const ssize_t length = ::read(file, text.data(), text.size());
  ::close(file);
  if (!known || !S_ISREG(info.st_mode) || length < 0) return because("it is no file that can be read");
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0 && info.st_uid != 0) {
    return because("others may read it; 'chmod 600' it");
  }
  std::string_view token(text.data(), static_cast<size_t>(length));
  token = token.substr(0, token.find_first_of("\r\n"));
  if (token.size() < kShortestToken || token.size() > kLongestToken) {
    return because("a token has " + std::to_string(kShortestToken) + " to " + std::to_string(kLongestToken) +
                   " characters, its first line has " + std::to_string(token.size()));
  }
  return std::string(token);
}

bool same_secret(std::string_view given, std::string_view secret) noexcept {
  // Digests have one length, so that not even the secret's length shows in the time this takes.
  const auto digest = [](std::string_view text) {
    return sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  };
  const auto a = digest(given), b = digest(secret);
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

ApiResponse check_access(const AccessRequest& request, std::string_view token) {
  if (token.empty()) {
    if (request.method != Method::Get) return problem(403, "without a token only reading is allowed over TCP; set token_file in [control]");
    if (!is_this_machine(request.host)) {
      return problem(403, "without a token this answers only to a Host of localhost, 127.0.0.1 or [::1]");
    }
    return {};
  }
  const std::string_view given = request.authorization;
  const size_t space = given.find(' ');
  if (space == std::string_view::npos || !same_word(given.substr(0, space), "bearer")) {
    return unauthorized("expected the header 'Authorization: Bearer TOKEN'");
  }
  if (!same_secret(given.substr(given.find_last_of(' ') + 1), token)) return unauthorized("this is not the token");
  return {};
}

}  // namespace wirewatch
