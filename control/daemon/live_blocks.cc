// SPDX-License-Identifier: BSD-3-Clause
// What LiveService does about blocking: passes requests on, remembers what came of them, and offers it to the next data plane.
#include <vector>

#include "control/client/json_access.h"
#include "control/daemon/live_service.h"

namespace wirewatch {
namespace {

/// Of each of `rows` rows that were offered why it was not taken; empty when it was.
std::vector<std::string> faults_of(const Json& answer, size_t rows) {
  std::vector<std::string> faults(rows);
  for (const Json& fault : rows_of(answer, "not_taken")) {
    const int64_t number = integer(fault, "number").value_or(-1);
    if (number < 0 || static_cast<size_t>(number) >= rows) continue;
    const std::string_view why = text_of(fault, "why");
    faults[static_cast<size_t>(number)] = why.empty() ? "it does not say why" : why;
  }
  return faults;
}

}  // namespace

void LiveService::block(std::string_view command, const std::string& body, Done<std::string> done) {
  Json message = Json::parse(body, nullptr, false);
  if (!message.is_object()) return done(tl::unexpected(Refusal{400, "expected a JSON object"}));
  message["command"] = command;
  ask(std::move(message), {}, [this, command = std::string(command), done = std::move(done)](tl::expected<Json, Refusal> answer) {
    if (!answer) return done(tl::unexpected(answer.error()));
    answer->erase("ok");
    remember_block(command, *answer);
    done(answer->dump(-1, ' ', false, Json::error_handler_t::replace));
  });
}

void LiveService::remember_block(std::string_view command, Json& answer) {
  const auto meant = answer.find("meant");
  if (meant == answer.end()) return;
  const auto kept = command == "block" ? blocks_.add(*meant, now()) : blocks_.remove(*meant);
  if (!kept) log_(kept.error().message);
  answer.erase(meant);
}

/// To a data plane that does not know them: addresses at once, names when it has rules to know them by.
void LiveService::offer_blocks() {
  constexpr size_t kMostBytes = DataplaneLink::kLargestMessage - 1024;
  for (Json& request : blocks_.owed(now(), !rules_.view().sha256.empty(), kMostBytes)) {
    auto rows = std::make_shared<const Json>(request["all"]);
    link->request(std::move(request), {}, [this, rows](Result<Json> answer) {
      if (!answer) return log_("what was blocked could not be blocked again: " + answer.error().message);
      const auto faults = faults_of(*answer, rows->size());
      for (size_t i = 0; i < faults.size(); ++i) {
        if (faults[i].empty()) {
          blocks_.taken((*rows)[i]);
        } else {
          log_("not blocked again: " + (*rows)[i].dump(-1, ' ', false, Json::error_handler_t::replace) + ": " + faults[i]);
        }
      }
    });
  }
}

}  // namespace wirewatch
