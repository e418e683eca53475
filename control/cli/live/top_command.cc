// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/top_command.h"

#include <array>
#include <memory>
#include <thread>

#include "control/cli/live/api_session.h"
#include "control/cli/live/screen.h"
#include "control/cli/live/top_model.h"
#include "control/cli/live/top_page.h"
#include "control/cli/options/option_checks.h"
#include "control/cli/standard_streams.h"
#include "control/cli/terminal.h"

namespace wirewatch {
namespace {

struct TopRequest : ApiOptions {
  std::string sort = "now";
};

/// A part of the screen, where the API has it, and its name in the document of --json.
struct Part {
  const char* name;
  const char* target;
  Json TopAnswers::*answer;
};

// More destinations than a screen has rows: the busiest at this moment need not be the ones with most
// packets.
constexpr std::array kParts{Part{"status", "/api/v1/status", &TopAnswers::status},
                            Part{"protocols", "/api/v1/protocols", &TopAnswers::protocols},
                            Part{"destinations", "/api/v1/destinations?top=1000", &TopAnswers::destinations},
                            Part{"handshakes", "/api/v1/handshakes?window=1m&top=1", &TopAnswers::handshakes},
                            Part{"alerts", "/api/v1/alerts?top=5", &TopAnswers::alerts}};

constexpr char kCtrlC = 3;  // as a key, on a terminal that makes no signal of it
constexpr std::chrono::milliseconds kRedraw{1000};
constexpr std::chrono::milliseconds kPatience{2000};  // for an answer, while keys wait

ApiResult<TopAnswers> ask(ApiClient& client) {
  TopAnswers answers;
  for (const Part& part : kParts) {
    const auto answer = client.get(part.target);
    if (!answer) return tl::unexpected(answer.error());
    auto document = parse_answer(*answer);
    if (!document) return tl::unexpected(ApiError{ApiFault::Unusable, document.error().message});
    answers.*part.answer = std::move(*document);
  }
  return answers;
}

ExitStatus print_json(ApiClient& client) {
  std::string text = "{";
  for (const Part& part : kParts) {
    const auto answer = client.get(part.target);
    if (!answer) return complain("top", answer.error());
    text += (text.size() == 1 ? "\"" : ",\n\"") + std::string(part.name) + "\": " + *answer;
  }
  return print(text + "}\n");
}

/// What a pipe gets: one look. Rates take two answers.
ExitStatus print_once(ApiClient& client, TopSort sort) {
  TopModel model;
  for (const auto pause : {std::chrono::milliseconds{0}, kRedraw}) {
    std::this_thread::sleep_for(pause);
    auto answers = ask(client);
    if (!answers) return complain("top", answers.error());
    model.observe(std::move(*answers));
  }
  constexpr size_t kRows = 40;
  return print(top_page(model, {.page = page_style({}), .rows = kRows, .sort = sort, .keys = false}));
}

ExitStatus show(ApiClient& client, TopSort sort) {
  TopModel model;
  auto first = ask(client);
  if (!first)
    return complain("top", first.error());  // before the screen is taken, where the word can be read
  model.observe(std::move(*first));

  Screen screen;
  TopView view{.page = page_style({}), .sort = sort};
  for (;;) {
    view.page.width = screen.columns();
    view.rows = screen.rows();
    screen.draw(top_page(model, view));
    char key = 0;
    const Screen::Event event = screen.wait(kRedraw, key);
    if (event == Screen::Event::Quit) return ExitStatus::Done;
    if (event == Screen::Event::Key) {
      if (key == 'q' || key == 'Q' || key == kCtrlC) return ExitStatus::Done;
      if (key == 'n') view.sort = TopSort::Rate;
      if (key == 'p') view.sort = TopSort::Packets;
      if (key == 'b') view.sort = TopSort::Bytes;
      if (key == ' ') view.paused = !view.paused;
      continue;
    }
    if (event == Screen::Event::Resized || view.paused) continue;
    auto answers = ask(client);
    view.trouble = answers ? std::string() : answers.error().message;
    if (answers) model.observe(std::move(*answers));
  }
}

TopSort sort_of(const std::string& name) noexcept {
  return name == "packets" ? TopSort::Packets : name == "bytes" ? TopSort::Bytes : TopSort::Rate;
}

}  // namespace

CommandRun declare_top(Options options) {
  const auto request = std::make_shared<TopRequest>();
  declare_api_options(options, *request);
  options.value("--sort", request->sort, "Order of the rows to begin with: now, packets or bytes")
      .value_name("KEY")
      .usual("now")
      .check(one_of({"now", "packets", "bytes"}));
  options.footer(
      "Keys: n, p, b sort by what is busy now, by packets, by bytes; space pauses; q or Ctrl-C quits. Into a "
      "pipe it "
      "prints one look and ends.\n\n" +
      std::string(kExitStatusHelp));
  return [request] {
    ApiClient client({.socket = api_socket_path(request->socket), .timeout = kPatience});
    if (request->json) return print_json(client);
    return Screen::available() ? show(client, sort_of(request->sort))
                               : print_once(client, sort_of(request->sort));
  };
}

}  // namespace wirewatch
