// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/block_command.h"

#include <time.h>

#include <memory>

#include "control/cli/live/api_session.h"
#include "control/cli/live/block_words.h"
#include "control/cli/standard_streams.h"
#include "control/client/quantities.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

constexpr const char* kBlock = "/api/v1/block";
constexpr int64_t kLongest_ns = int64_t{366} * 86'400 * kSecond_ns;

constexpr const char* kBlockExamples =
    "Everything that is blocked expires; addresses on the allow list are never blocked, whatever else says so. Applications and categories are blocked\n"
    "on evidence from their packets, never on a port's number, where the data plane is inline or on an afxdp: port.\n\n"
    "Examples:\n"
    "  wirewatch block add bittorrent --for 8h\n"
    "  wirewatch block add 203.0.113.0/24\n"
    "  wirewatch block add tcp 10.0.0.1:40000 203.0.113.7:6881 --for 10m\n"
    "  wirewatch block add --allow 10.0.0.53\n\n";

struct BlockOrders : ApiOptions {
  std::vector<std::string> words;
  bool allow = false;
  std::string lasting = "1h";
};

std::string check_lasting(const std::string& text) {
  const auto lasting = parse_duration(text);
  if (!lasting) return lasting.error().message;
  return *lasting >= kSecond_ns && *lasting <= kLongest_ns ? std::string() : "expected 1s to 366d, not '" + text + "'";
}

ExitStatus change(const BlockOrders& orders, bool add) {
  const char* const command = add ? "block add" : "block remove";
  auto body = orders.allow ? allowed_of(orders.words) : blocked_of(orders.words);
  if (!body) return complain(command, body.error().message);
  if (add && !orders.allow) (*body)["expires"] = ::time(nullptr) + *parse_duration(orders.lasting) / kSecond_ns;
  ApiClient client({.socket = api_socket_path(orders.socket)});
  const std::string text = body->dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto answer = add ? client.post(kBlock, text) : client.erase(kBlock, text);
  if (!answer) return complain(command, answer.error());
  if (orders.json) return print(*answer + (answer->ends_with('\n') ? "" : "\n"));
  if (const auto document = parse_answer(*answer); add && document) {
    if (const std::string lines = not_on_lines(*document); !lines.empty()) say(lines);
  }
  if (!add) return print("Removed.\n");
  return print(orders.allow ? "Never blocked from now on.\n" : "Blocked for " + orders.lasting + ".\n");
}

}  // namespace

CommandRun declare_block(Options options) {
  const auto orders = std::make_shared<BlockOrders>();
  options.needs_a_command();
  const auto add = [&](const char* name, const char* summary) {
    const Options command = options.command(name, summary);
    declare_api_options(command, *orders);
    command.footer(kBlockExamples + std::string(kExitStatusHelp));
    return command;
  };
  const Options adds = add("add", "Block an address, a prefix, a connection, an application or a category");
  const Options lists = add("list", "What is blocked, until when, and what never is");
  const Options removes = add("remove", "Block it no longer");
  for (const Options each : {adds, removes}) {
    each.value("WHAT", orders->words, "ADDRESS, PREFIX, APPLICATION or CATEGORY, or TRANSPORT ADDRESS:PORT ADDRESS:PORT")
        .required()
        .takes(1, 3)
        .value_name("");
    each.flag("--allow", orders->allow, "The allow list instead: addresses that are never blocked");
  }
  adds.value("--for", orders->lasting, "How long: 90s, 10m, 8h, 7d")
      .value_name("TIME")
      .usual(orders->lasting)
      .check(check_lasting);
  return [=] {
    if (lists.chosen()) {
      return ask_and_print("block list", *orders, {kBlock},
                           [](const auto& documents, const PageStyle& style) { return block_page(*documents[0], style); });
    }
    return change(*orders, adds.chosen());
  };
}

}  // namespace wirewatch
