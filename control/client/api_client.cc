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

  asio::io_context context;
  Stream stream;
  beast::flat_buffer buffer;
};

ApiClient::ApiClient(ApiClientOptions options) : options_(std::move(options)) {}
ApiClient::~ApiClient() = default;

ApiResult<std::string> ApiClient::ask(bool post, std::string_view target, std::string_view json) {
  const auto give_up = [this](ApiFault fault, std::string message) {
    connection_.reset();
    return tl::unexpected(ApiError{fault, std::move(message)});
  };
  http::request<http::string_body> request(post ? http::verb::post : http::verb::get, std::string(target),
                                           kHttp11);
  request.set(http::field::host, "localhost");
  request.set(http::field::user_agent, "wirewatch");
  if (post) {
    request.set(http::field::content_type, "application/json");
    request.body() = json;
  }
  request.prepare_payload();

  const bool reused = connection_ != nullptr;
  if (!reused) {
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
  Connection& connection = *connection_;
  connection.stream.expires_after(options_.timeout);
  Code code = connection.wait([&](auto done) {
    http::async_write(connection.stream, request,
                      [done](const Code& written, size_t) mutable { done(written); });
  });
  http::response_parser<http::string_body> parser;
  parser.body_limit(options_.longest_answer);
  if (!code) {
    code = connection.wait([&](auto done) {
      http::async_read(connection.stream, connection.buffer, parser,
                       [done](const Code& read, size_t) mutable { done(read); });
    });
  }
  if (code && reused && !post && code != beast::error::timeout) {
    // The daemon may close a connection that said nothing for a while; that shows only now.
    connection_.reset();
    return ask(post, target, json);
  }
  if (code == beast::error::timeout)
    return give_up(ApiFault::Unusable,
                   "the daemon did not answer within " +
                       human_duration(std::chrono::nanoseconds(options_.timeout).count(), false));
  if (code == http::error::body_limit)
    return give_up(ApiFault::Unusable, "the daemon's answer is longer than " +
                                           std::to_string(options_.longest_answer >> 20) +
                                           " MiB; ask for fewer rows with --top");
  if (code == http::error::end_of_stream || code == asio::error::connection_reset ||
      code == asio::error::broken_pipe || code == http::error::partial_message)
    return give_up(ApiFault::NoDaemon, "the daemon went away while it was asked");
  if (code)
    return give_up(ApiFault::Unusable,
                   "what answers on " + options_.socket.string() + " is no daemon (" + code.message() + ")");

  if (!parser.get().keep_alive()) connection_.reset();
  const unsigned status = parser.get().result_int();
  if (status >= 200 && status < 300) return std::move(parser.get().body());
  return tl::unexpected(ApiError{ApiFault::Refused, problem_sentence(status, parser.get().body())});
}

ApiResult<std::string> ApiClient::get(std::string_view target) { return ask(false, target, {}); }

ApiResult<std::string> ApiClient::post(std::string_view target, std::string_view json) {
  return ask(true, target, json);
}

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
