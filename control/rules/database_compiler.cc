// SPDX-License-Identifier: BSD-3-Clause
// Hyperscan may compile in several threads at once, and the same expressions give the same bytes each time.
#include "control/rules/database_compiler.h"

#include <hs.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <thread>

#include "control/rules/first_bytes.h"
#include "control/rules/regex_head.h"
#include "control/rules/regex_lint.h"

namespace wirewatch {
namespace {

constexpr size_t kMostFirstBytes = 16;  // an expression with more begins in the database of many bytes

struct FreeError {
  void operator()(hs_compile_error_t* error) const noexcept { hs_free_compile_error(error); }
};
struct Free {
  void operator()(char* bytes) const noexcept { std::free(bytes); }
};

Result<HyperscanDatabase> compile(const LinkedRules& rules, const std::vector<std::string>& texts,
                                  const std::vector<unsigned int>& ids) {
  if (texts.empty()) return HyperscanDatabase{};
  std::vector<const char*> expressions;
  for (const std::string& text : texts) expressions.push_back(text.c_str());
  const std::vector<unsigned int> flags(texts.size(), regex_flags());
  hs_database_t* database = nullptr;
  hs_compile_error_t* raw_error = nullptr;
  const auto status = hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                                       static_cast<unsigned int>(expressions.size()), HS_MODE_BLOCK, nullptr,
                                       &database, &raw_error);
  if (status == HS_SUCCESS) return HyperscanDatabase(database);
  const std::unique_ptr<hs_compile_error_t, FreeError> error(raw_error);
  const std::string why = error ? error->message : "no reason given";
  if (!error || error->expression < 0) return fail("Hyperscan cannot compile the rules: " + why);
  const size_t index = ids[static_cast<size_t>(error->expression)];
  return fail(rules.expression_positions[index].to_string() + ": Hyperscan refuses this regex: " + why);
}

}  // namespace

void FreeHyperscanDatabase::operator()(hs_database* database) const noexcept { hs_free_database(database); }

bool belongs_to(const Signature& signature, SharedDatabase which) {
  return (signature.transports & (which == SharedDatabase::Udp ? kUdpBit : kTcpBit | kSctpBit)) != 0;
}

std::vector<SharedPart> shared_parts(const LinkedRules& rules, SharedDatabase which) {
  std::map<uint16_t, SharedPart> parts;
  const auto add = [&](uint16_t byte, size_t signature) {
    parts[byte].first_byte = byte;
    parts[byte].signatures.push_back(signature);
  };
  for (size_t i = 1; i < rules.expressions.size(); ++i) {
    const Signature& signature = rules.content.signatures[i];
    if (signature.by_port != 0 || !belongs_to(signature, which)) continue;
    const auto bytes = first_bytes(regex_head(rules.expressions[i]));
    if (bytes.count() > kMostFirstBytes) {
      add(kAnyFirstByte, i);
      continue;
    }
    for (uint16_t byte = 0; byte < kAnyFirstByte; ++byte) {
      if (bytes[byte]) add(byte, i);
    }
  }
  std::vector<SharedPart> all;
  for (auto& [byte, part] : parts) all.push_back(std::move(part));
  return all;
}

Result<HyperscanDatabase> compile_part(const LinkedRules& rules, const SharedPart& part, size_t without) {
  std::vector<std::string> expressions;
  std::vector<unsigned int> ids;
  for (const size_t i : part.signatures) {
    if (i == without) continue;
    expressions.push_back(regex_head(rules.expressions[i]));
    ids.push_back(static_cast<unsigned int>(i));
  }
  return compile(rules, expressions, ids);
}

Result<HyperscanDatabase> compile_alone(const LinkedRules& rules, size_t signature) {
  return compile(rules, {rules.expressions[signature]}, {static_cast<unsigned int>(signature)});
}

bool needs_own_database(const LinkedRules& rules, size_t signature) {
  const std::string& expression = rules.expressions[signature];
  return rules.content.signatures[signature].by_port != 0 || regex_head(expression) != expression;
}

namespace {

/// Makes bytes of each task's database, by as many threads as there are cores. The first failure in order is the answer.
Result<void> compile_all(std::span<const std::function<Result<HyperscanDatabase>()>> tasks,
                         std::span<std::vector<uint8_t>* const> into) {
  constexpr unsigned kMostThreads = 8;
  std::vector<Result<void>> outcomes(tasks.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < tasks.size(); i = next++) {
      const auto database = tasks[i]();
      auto bytes = database ? serialise(*database) : tl::unexpected(database.error());
      if (bytes) {
        *into[i] = std::move(*bytes);
      } else {
        outcomes[i] = tl::unexpected(std::move(bytes.error()));
      }
    }
  };
  {
    std::vector<std::jthread> beside;
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
    for (unsigned i = 1; i < threads; ++i) beside.emplace_back(work);
    work();
  }
  for (Result<void>& outcome : outcomes) {
    if (!outcome) return outcome;
  }
  return {};
}

}  // namespace

Result<CompiledDatabases> compile_databases(const LinkedRules& rules) {
  CompiledDatabases all;
  const auto tcp = shared_parts(rules, SharedDatabase::Tcp), udp = shared_parts(rules, SharedDatabase::Udp);
  for (const SharedPart& part : tcp) all.tcp.push_back({part.first_byte, {}});
  for (const SharedPart& part : udp) all.udp.push_back({part.first_byte, {}});
  for (size_t i = 1; i < rules.expressions.size(); ++i) {
    if (needs_own_database(rules, i)) all.own.push_back({static_cast<uint16_t>(i), {}});
  }
  std::vector<std::function<Result<HyperscanDatabase>()>> tasks;
  std::vector<std::vector<uint8_t>*> into;
  const auto add_parts = [&](const std::vector<SharedPart>& parts, std::vector<ByteDatabase>& databases) {
    for (size_t i = parts.size(); i-- > 0;) {  // the one of many bytes is the largest, and last
      tasks.emplace_back([&rules, &part = parts[i]] { return compile_part(rules, part); });
      into.push_back(&databases[i].bytes);
    }
  };
  add_parts(tcp, all.tcp);
  add_parts(udp, all.udp);
  for (OwnDatabase& own : all.own) {
    tasks.emplace_back([&rules, signature = own.signature] { return compile_alone(rules, signature); });
    into.push_back(&own.bytes);
  }
  if (auto done = compile_all(tasks, into); !done) return tl::unexpected(std::move(done.error()));
  return all;
}

Result<std::vector<uint8_t>> serialise(const HyperscanDatabase& database) {
  if (!database) return std::vector<uint8_t>{};
  char* raw = nullptr;
  size_t size = 0;
  if (hs_serialize_database(database.get(), &raw, &size) != HS_SUCCESS) {
    return fail("Hyperscan cannot serialise the compiled rules: out of memory");
  }
  const std::unique_ptr<char, Free> bytes(raw);
  return std::vector<uint8_t>(raw, raw + size);
}

size_t size_of(const HyperscanDatabase& database) {
  size_t size = 0;
  if (database) hs_database_size(database.get(), &size);
  return size;
}

}  // namespace wirewatch
