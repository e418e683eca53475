// SPDX-License-Identifier: BSD-3-Clause
#include "control/client/api_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "control/report/human.h"

namespace wirewatch {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Stream = beast::basic_stream<asio::local::stream_protocol>;
using Code = beast::error_code;

constexpr unsigned kHttp11 = 11;

std::string nobody_answers(const std::filesystem::path& socket, const Code& code) {
  const std::string start =
      "; start one with 'wirewatch run', or name its socket with --socket or $WIREWATCH_API";
  if (code == asio::error::access_denied || code == Code(EACCES, boost::system::system_category())) {
    return "the daemon's socket " + socket.string() +
           " may not be opened by this user; ask as the user who runs it, or as root";
  }
  if (code == Code(ENOENT, boost::system::system_category()))
    return "no daemon runs here: there is no socket " + socket.string() + start;
  return "no daemon answers on " + socket.string() + " (" + code.message() + ")" + start;
}

}  // namespace

struct ApiClient::Connection {
  Connection() : stream(context) {}

  /// Runs what was started until it is done; the stream's own deadline ends it at the latest.
  template <typename Start>
  Code wait(Start start) {
    std::optional<Code> done;
    start([&done](const Code& code) { done = code; });
    context.restart();
    context.run();
    return done.value_or(Code(asio::error::operation_aborted));
  }

  static ApiError fault_of(const Code& code, const ApiClientOptions& options);

  asio::io_context context;
  Stream stream;
  beast::flat_buffer buffer;
  Code failed;  // of what was sent last
};

ApiClient::ApiClient(ApiClientOptions options) : options_(std::move(options)) {}
ApiClient::~ApiClient() = default;

tl::unexpected<ApiError> ApiClient::give_up(ApiFault fault, std::string message) {
  connection_.reset();
  return tl::unexpected(ApiError{fault, std::move(message)});
}

ApiResult<void> ApiClient::send(Verb verb, std::string_view target, std::string_view json) {
  constexpr http::verb kVerbs[] = {http::verb::get, http::verb::post, http::verb::delete_};
  http::request<http::string_body> request(kVerbs[static_cast<size_t>(verb)], std::string(target), kHttp11);
  request.set(http::field::host, "localhost");
  request.set(http::field::user_agent, "wirewatch");
  if (!json.empty()) {
    request.set(http::field::content_type, "application/json");
    request.body() = json;
  }
  request.prepare_payload();

  if (connection_ == nullptr) {
    connection_ = std::make_unique<Connection>();
    connection_->stream.expires_after(options_.timeout);
    asio::local::stream_protocol::endpoint endpoint;
    try {
      endpoint = asio::local::stream_protocol::endpoint(options_.socket.string());
    } catch (const boost::system::system_error&) {
      return give_up(ApiFault::NoDaemon,
                     "a socket's path has at most 107 characters, unlike " + options_.socket.string());
    }
    const Code code =
        connection_->wait([&](auto done) { connection_->stream.async_connect(endpoint, done); });
    if (code) return give_up(ApiFault::NoDaemon, nobody_answers(options_.socket, code));
  }
  connection_->stream.expires_after(options_.timeout);
  // What went wrong here shows, and is worded, when the answer is read.
  connection_->failed = connection_->wait([&](auto done) {
    http::async_write(connection_->stream, request,
                      [done](const Code& written, size_t) mutable { done(written); });
  });
  return {};
}

ApiError ApiClient::Connection::fault_of(const Code& code, const ApiClientOptions& options) {
  if (code == beast::error::timeout)
    return {ApiFault::Unusable, "the daemon did not answer within " +
                                    human_duration(std::chrono::nanoseconds(options.timeout).count(), false)};
  if (code == http::error::body_limit)
    return {ApiFault::Unusable, "the daemon's answer is longer than " + std::to_string(options.longest_answer >> 20) +
                                    " MiB; ask for fewer rows with --top"};
  if (code == http::error::end_of_stream || code == asio::error::connection_reset ||
      code == asio::error::broken_pipe || code == http::error::partial_message)
    return {ApiFault::NoDaemon, "the daemon went away while it was asked"};
  return {ApiFault::Unusable, "what answers on " + options.socket.string() + " is no daemon (" + code.message() + ")"};
}

ApiResult<std::string> ApiClient::ask(Verb verb, std::string_view target, std::string_view json) {
  const bool reused = connection_ != nullptr;
  if (auto sent = send(verb, target, json); !sent) return tl::unexpected(sent.error());
  Connection& connection = *connection_;
  Code code = connection.failed;
  http::response_parser<http::string_body> parser;
  parser.body_limit(options_.longest_answer);
  if (!code) {
    code = connection.wait([&](auto done) {
      http::async_read(connection.stream, connection.buffer, parser,
                       [done](const Code& read, size_t) mutable { done(read); });
    });
  }
  if (code && reused && verb == Verb::Get && code != beast::error::timeout) {
    // The daemon may close a connection that said nothing for a while; that shows only now.
    connection_.reset();
    return ask(verb, target, json);
  }
  if (code) {
    ApiError fault = Connection::fault_of(code, options_);
    return give_up(fault.fault, std::move(fault.message));
  }
  if (!parser.get().keep_alive()) connection_.reset();
  const unsigned status = parser.get().result_int();
  if (status >= 200 && status < 300) return std::move(parser.get().body());
  return tl::unexpected(ApiError{ApiFault::Refused, problem_sentence(status, parser.get().body()), status});
}

ApiResult<uint64_t> ApiClient::download(std::string_view target, const Sink& sink) {
  connection_.reset();  // one that was closed meanwhile would be noticed only now
  if (auto sent = send(Verb::Get, target, {}); !sent) return tl::unexpected(sent.error());
  Connection& connection = *connection_;
  constexpr size_t kPiece = 64 * 1024;
  std::string piece(kPiece, '\0'), problem;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  uint64_t bytes = 0;
  Code code = connection.failed;
  while (!code && !parser.is_done()) {
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    connection.stream.expires_after(options_.timeout);
    code = connection.wait([&](auto done) {
      http::async_read_some(connection.stream, connection.buffer, parser,
                            [done](const Code& read, size_t) mutable { done(read); });
    });
    if (code == http::error::need_buffer) code = {};  // the piece is full
    if (!parser.is_header_done()) continue;
    const std::string_view got(piece.data(), piece.size() - body.size);
    if (parser.get().result_int() != 200) {
      if (problem.size() < kPiece) problem += got;
      continue;
    }
    bytes += got.size();
    if (got.empty()) continue;
    if (auto taken = sink(got); !taken) return give_up(ApiFault::Unusable, taken.error().message);
  }
  if (code) {
    ApiError fault = Connection::fault_of(code, options_);
    return give_up(fault.fault, std::move(fault.message));
  }
  if (!parser.get().keep_alive()) connection_.reset();
  const unsigned status = parser.get().result_int();
  if (status == 200) return bytes;
  return tl::unexpected(ApiError{ApiFault::Refused, problem_sentence(status, problem), status});
}

ApiResult<std::string> ApiClient::get(std::string_view target) { return ask(Verb::Get, target, {}); }

ApiResult<std::string> ApiClient::post(std::string_view target, std::string_view json) {
  return ask(Verb::Post, target, json);
}

ApiResult<std::string> ApiClient::erase(std::string_view target, std::string_view json) { return ask(Verb::Delete, target, json); }

std::filesystem::path api_socket_path(const std::string& given) {
  if (!given.empty()) return given;
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const std::string named = variable("WIREWATCH_API"); !named.empty()) return named;
  const std::string runtime = variable("XDG_RUNTIME_DIR");
  return std::filesystem::path(runtime.empty() ? "/run" : runtime) / "wirewatch" / "api.sock";
}

std::string problem_sentence(unsigned status, std::string_view body) {
  constexpr size_t kLongestSentence = 4096;
  const auto problem = nlohmann::json::parse(body, nullptr, false);
  if (problem.is_object()) {
    for (const char* key : {"detail", "title"}) {
      const auto found = problem.find(key);
      if (found != problem.end() && found->is_string() && !found->get_ref<const std::string&>().empty())
        return found->get<std::string>().substr(0, kLongestSentence);
    }
  }
  return "the daemon answered with HTTP status " + std::to_string(status);
}

}  // namespace wirewatch
