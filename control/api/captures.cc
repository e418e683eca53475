// SPDX-License-Identifier: BSD-3-Clause
// Capture sessions. What a session is and what is wrong with one is not known here: bodies are handed on as they came,
// and answers are taken as they are.
#include "control/api/answers.h"
#include "control/api/document.h"

namespace wirewatch {
namespace {

/// The document that begins as every other and holds these members too.
ApiResponse with_members(Timestamp at, const std::string& members, unsigned status) {
  ApiResponse response = document(at, [](JsonWriter&) {}, status);
  response.body.insert(response.body.rfind('}'), ",\n" + members);
  return response;
}

void ask(const EndpointCall& call, CaptureOrder order, unsigned status, Reply reply) {
  call.live.capture(order, call.names.empty() ? std::string() : call.names[0], call.request.body,
                    [reply = std::move(reply), at = call.live.now(), status](tl::expected<std::string, Refusal> done) {
                      if (!done) return reply(problem(done.error().status, done.error().detail));
                      reply(with_members(at, *done, status));
                    });
}

}  // namespace

void list_captures(const EndpointCall& call, Reply reply) { ask(call, CaptureOrder::List, 200, std::move(reply)); }
void start_capture(const EndpointCall& call, Reply reply) { ask(call, CaptureOrder::Start, 201, std::move(reply)); }
void show_capture(const EndpointCall& call, Reply reply) { ask(call, CaptureOrder::Show, 200, std::move(reply)); }
void stop_capture(const EndpointCall& call, Reply reply) { ask(call, CaptureOrder::Stop, 200, std::move(reply)); }
void erase_capture(const EndpointCall& call, Reply reply) { ask(call, CaptureOrder::Erase, 200, std::move(reply)); }

void send_capture_file(const EndpointCall& call, Reply reply) {
  if (call.request.caller == Caller::Anyone) {
    return reply(problem(403, "packets are handed out over the Unix socket, or over TCP to who has the token; set token_file in [control]"));
  }
  std::string disposition = "attachment; filename=\"" + call.names[1] + "\"";  // a name holds no quote
  call.live.open_capture_file(call.names[0], call.names[1],
                              [reply = std::move(reply), disposition = std::move(disposition)](tl::expected<OpenFile, Refusal> done) {
                                if (!done) return reply(problem(done.error().status, done.error().detail));
                                ApiResponse response{.status = 200, .content_type = kBytesType, .body = {}, .headers = {}};
                                response.headers.emplace_back("Content-Disposition", disposition);
                                response.file = std::move(*done);
                                reply(std::move(response));
                              });
}

}  // namespace wirewatch
