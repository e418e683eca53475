// SPDX-License-Identifier: BSD-3-Clause
// One connection: reads a request, has it answered, writes the answer, and again. Kept alive by the operation it waits
// for. Everything happens on the server's thread; an answer from another thread is brought there first.
#pragma once

#include <unistd.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/api/endpoints.h"
#include "control/api/http_server.h"

namespace wirewatch {

/// What the sessions of one server share.
struct ServerState {
  HttpOptions options;
  LiveData& live;
  size_t connections = 0;
  uint64_t refused = 0;
  bool stopping = false;
};

class HttpSession : public std::enable_shared_from_this<HttpSession> {
  /// Of a Unix socket or of TCP: whoever accepted it knows.
  using Protocol = boost::asio::generic::stream_protocol;
  using Stream = boost::beast::basic_stream<Protocol>;
  using Error = boost::beast::error_code;
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

 public:
  HttpSession(Protocol::socket socket, std::shared_ptr<ServerState> server, bool is_owner)
      : stream_(std::move(socket)), server_(std::move(server)), is_owner_(is_owner) {
    ++server_->connections;
  }
  ~HttpSession() { --server_->connections; }
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  void start() {
    if (server_->connections > server_->options.most_connections) {
      ++server_->refused;
      keep_alive_ = false;
      return write(problem(503, "there are too many connections; try again"));
    }
    read();
  }

  void close() { stream_.close(); }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(server_->options.most_header_bytes);
    parser_->body_limit(server_->options.most_body_bytes);
    stream_.expires_after(server_->options.read_timeout);
    boost::beast::http::async_read(stream_, buffer_, *parser_,
                                   [self = shared_from_this()](Error error, size_t) { self->on_read(error); });
  }

  void on_read(Error error) {
    namespace http = boost::beast::http;
    if (error == http::error::end_of_stream || server_->stopping) return finish();
    if (error == boost::beast::error::timeout) return;  // the stream is closed already
    if (error) {
      keep_alive_ = false;
      if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return write(problem(431, "the header is larger than " + std::to_string(server_->options.most_header_bytes) + " bytes"));
      }
      if (error == http::error::body_limit) {
        return write(problem(413, "the body is larger than " + std::to_string(server_->options.most_body_bytes) + " bytes"));
      }
      if (error.category() == make_error_code(http::error::bad_method).category()) {
        return write(problem(400, "this is no HTTP request: " + error.message()));
      }
      return;
    }
    const Request request = parser_->release();
    keep_alive_ = request.keep_alive();
    const auto method = method_of(request.method());
    if (!method) {
      keep_alive_ = false;  // a HEAD expects no body behind the header, so nothing may follow ours
      return write(problem(405, "this answers GET, POST and DELETE"));
    }
    if (!is_owner_) {
      ApiResponse denied = check_access({.method = *method,
                                         .authorization = text(request[http::field::authorization]),
                                         .host = text(request[http::field::host])},
                                        server_->options.token);
      if (denied.status != 200) return write(std::move(denied));
    }
    stream_.expires_never();  // the answer may take longer than a request
    answer({.method = *method,
            .target = std::string(text(request.target())),
            .body = request.body(),
            .caller = is_owner_                        ? Caller::Owner
                      : server_->options.token.empty() ? Caller::Anyone
                                                       : Caller::TokenHolder},
           server_->live, [self = shared_from_this()](ApiResponse response) {
             boost::asio::post(self->stream_.get_executor(), [self, response = std::move(response)]() mutable {
               self->write(std::move(response));
             });
           });
  }

  void write(ApiResponse answered) {
    namespace http = boost::beast::http;
    response_ = {};
    response_.version(11);
    response_.result(answered.status);
    response_.reason(std::string(reason_phrase(answered.status)));
    response_.set(http::field::server, "wirewatch");
    response_.set(http::field::content_type, std::string(answered.content_type));
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    for (auto& [name, value] : answered.headers) response_.set(name, value);
    response_.keep_alive(keep_alive_);
    file_ = std::move(answered.file);
    if (file_) {
      sent_ = 0;
      response_.content_length(file_->size);
      serializer_.emplace(response_);
      stream_.expires_after(server_->options.write_timeout);
      http::async_write_header(stream_, *serializer_, [self = shared_from_this()](Error error, size_t) {
        if (!error) self->write_piece();
      });
      return;
    }
    response_.body() = std::move(answered.body);
    response_.prepare_payload();
    stream_.expires_after(server_->options.write_timeout);
    http::async_write(stream_, response_, [self = shared_from_this()](Error error, size_t) {
      if (!error) self->answered();
    });
  }

  /// Every piece has the time of a whole answer: a large file is not a slow reader.
  void write_piece() {
    const uint64_t left = file_->size - sent_;
    if (left == 0) {
      file_.reset();
      return answered();
    }
    piece_.resize(kPiece);
    const ssize_t got = ::pread(file_->descriptor.get(), piece_.data(), static_cast<size_t>(std::min<uint64_t>(left, kPiece)),
                                static_cast<off_t>(sent_));
    if (got <= 0) return stream_.close();  // it became shorter, and the reader has been promised more
    sent_ += static_cast<uint64_t>(got);
    stream_.expires_after(server_->options.write_timeout);
    boost::asio::async_write(stream_, boost::asio::buffer(piece_.data(), static_cast<size_t>(got)),
                             [self = shared_from_this()](Error error, size_t) {
                               if (!error) self->write_piece();
                             });
  }

  void answered() {
    if (!keep_alive_ || server_->stopping) return finish();
    read();
  }

  void finish() {
    Error ignored;
    stream_.socket().shutdown(Protocol::socket::shutdown_send, ignored);
  }

  static std::string_view text(boost::beast::string_view view) noexcept { return {view.data(), view.size()}; }
  static std::optional<Method> method_of(boost::beast::http::verb verb) noexcept {
    switch (verb) {
      case boost::beast::http::verb::get:
        return Method::Get;
      case boost::beast::http::verb::post:
        return Method::Post;
      case boost::beast::http::verb::delete_:
        return Method::Delete;
      default:
        return std::nullopt;
    }
  }

  static constexpr size_t kPiece = 64 * 1024;

  Stream stream_;
  std::shared_ptr<ServerState> server_;
  bool is_owner_;
  bool keep_alive_ = false;
  boost::beast::flat_buffer buffer_{128 * 1024};
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  boost::beast::http::response<boost::beast::http::string_body> response_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::string_body>> serializer_;
  std::optional<OpenFile> file_;  // being sent, `sent_` bytes so far
  uint64_t sent_ = 0;
  std::vector<char> piece_;
};

}  // namespace wirewatch
