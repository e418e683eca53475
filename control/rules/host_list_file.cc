// SPDX-License-Identifier: BSD-3-Clause
#include "control/rules/host_list_file.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kLargestFile = 16 << 20;
constexpr size_t kLongestService = 64;

constexpr std::array<std::string_view, 45> kCategories{
    "adult",        "advertising",   "ai",        "analytics",     "business",   "cdn",       "chat",
    "cloud",        "collaboration", "crypto",    "dating",        "delivery",   "developer", "education",
    "finance",      "gambling",      "game",      "identity",      "iot",        "mail",      "maps",
    "mining",       "music",         "name-service", "news",       "notification", "p2p",     "privacy",
    "publishing",   "reference",     "remote-access", "search",    "security",   "shopping",  "social",
    "software",     "storage",       "time",      "travel",        "tunnel",     "update",    "video",
    "voice-video",  "vpn",           "weather"};

struct Word {
  std::string text;
  RulePosition at;
};

std::vector<Word> split(const Word& whole, char separator) {
  std::vector<Word> words;
  size_t begin = 0;
  while (begin <= whole.text.size()) {
    const size_t end = std::min(whole.text.find(separator, begin), whole.text.size());
    words.push_back({whole.text.substr(begin, end - begin), whole.at.right_by(begin)});
    begin = end + 1;
  }
  return words;
}

bool is_lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

/// What is wrong with a domain and what to write, or nothing.
std::optional<std::string> fault_of(const std::string& domain) {
  if (const size_t scheme = domain.find("://"); scheme != std::string::npos) {
    return "write the host alone: '" + domain.substr(scheme + 3, domain.find('/', scheme + 3) - scheme - 3) + "'";
  }
  if (domain.starts_with("*.")) return "leave out the '*.': '" + domain.substr(2) + "' stands for all below it";
  if (domain.starts_with('.') || domain.ends_with('.')) return "a domain has no dot at its ends";
  if (domain.size() > 253 || domain.find("..") != std::string::npos) return "this is no domain";
  if (std::ranges::any_of(domain, [](char c) { return c >= 'A' && c <= 'Z'; })) return "write domains in lower case";
  if (!std::ranges::all_of(domain, [](char c) { return is_lower(c) || c == '.'; })) {
    return "a domain consists of letters, digits, '-', '_' and dots; international ones begin with xn--";
  }
  if (domain.find('.') == std::string::npos) return "'" + domain + "' alone would stand for a whole top-level domain";
  return std::nullopt;
}

class Compiler {
 public:
  explicit Compiler(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void add(const RuleFile& file) {
    std::map<std::string, RulePosition> services_here;
    domains_here_.clear();
    uint32_t line = 0;
    for (Word& each : split({file.text, {}}, '\n')) {
      each.at = {file.name, ++line, 1};
      if (each.text.ends_with('\r')) each.text.pop_back();
      if (each.text.empty() || each.text.starts_with('#')) continue;
      const auto fields = split(each, '\t');
      if (fields.size() != 3) {
        diagnostics_.add(each.at, "a line is service, category and domains, with a tab between them; this one has " +
                                      std::to_string(fields.size()) + (fields.size() == 1 ? " field" : " fields"));
        continue;
      }
      const auto [before, fresh] = services_here.emplace(fields[0].text, each.at);
      if (!fresh) {
        diagnostics_.add(fields[0].at, "service '" + fields[0].text + "' is already in line " +
                                           std::to_string(before->second.line) + "; put its domains there");
      }
      add_service(fields[0], fields[1], fields[2]);
    }
  }

  HostList list() { return HostList(std::move(services_), domains_); }

 private:
  void add_service(const Word& name, const Word& category, const Word& domains) {
    if (name.text.empty() || name.text.size() > kLongestService || !std::ranges::all_of(name.text, is_lower)) {
      diagnostics_.add(name.at, "a service is named by 1 to 64 lower-case letters, digits or the signs - _");
    }
    if (std::ranges::find(kCategories, category.text) == kCategories.end()) {
      diagnostics_.add(category.at, "unknown category '" + category.text + "'" + did_you_mean(category.text, kCategories));
    }
    const auto service = static_cast<uint32_t>(services_.size());
    services_.push_back({name.text, category.text});
    std::vector<Word> all = split(domains, ' ');
    std::set<std::string> of_service;
    for (const Word& domain : all) of_service.insert(domain.text);
    for (const Word& domain : all) {
      if (domain.text.empty()) {
        diagnostics_.add(domain.at, "expected a domain; one blank stands between two of them");
      } else if (const auto fault = fault_of(domain.text)) {
        diagnostics_.add(domain.at, *fault);
      } else {
        add_domain(domain, service, of_service);
      }
    }
  }

  void add_domain(const Word& domain, uint32_t service, const std::set<std::string>& of_service) {
    for (size_t dot = domain.text.find('.'); dot != std::string::npos; dot = domain.text.find('.', dot + 1)) {
      if (!of_service.contains(domain.text.substr(dot + 1))) continue;
      diagnostics_.add(domain.at, "leave out '" + domain.text + "': '" + domain.text.substr(dot + 1) +
                                      "' of the same service covers it");
      break;
    }
    const auto [before, fresh] = domains_here_.emplace(domain.text, domain.at);
    if (!fresh) {
      diagnostics_.add(domain.at, "'" + domain.text + "' is already in line " + std::to_string(before->second.line));
    }
    domains_.push_back({domain.text, service});
  }

  Diagnostics& diagnostics_;
  std::vector<HostService> services_;
  std::vector<ListedDomain> domains_;
  std::map<std::string, RulePosition> domains_here_;
};

}  // namespace

Result<RuleFile> read_host_list(const fs::path& folder, bool from_operator) {
  const fs::path path = folder / kHostListFile;
  RuleFile file{path.string(), {}, from_operator};
  std::error_code error;
  if (!fs::exists(path, error)) return file;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > kLargestFile) {
    return fail("the list of hosts " + path.string() + " is not a file of at most 16 MiB");
  }
  std::ifstream stream(path, std::ios::binary);
  file.text.assign(std::istreambuf_iterator<char>(stream), {});
  if (!stream) return fail("cannot read the list of hosts " + path.string());
  return file;
}

HostList compile_host_list(std::span<const RuleFile> files, Diagnostics& diagnostics) {
  Compiler compiler(diagnostics);
  for (const RuleFile& file : files) compiler.add(file);
  return compiler.list();
}

Result<HostList> load_host_list(const fs::path& shipped, const fs::path& operators) {
  std::vector<RuleFile> files;
  for (const fs::path& folder : {shipped, operators}) {
    if (folder.empty()) continue;
    auto file = read_host_list(folder, !files.empty());
    if (!file) return tl::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  Diagnostics diagnostics;
  HostList list = compile_host_list(files, diagnostics);
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.to_error());
  return list;
}

}  // namespace wirewatch
