// SPDX-License-Identifier: BSD-3-Clause
// The server over real sockets: its bounds hold, and nobody can hold it up.
#include "control/api/http_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/api/stub_live_data.h"

namespace wirewatch {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;
using Tcp = asio::ip::tcp;

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "wirewatch-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    options.socket_path = folder_ + "/api.sock";
  }
  ~HttpServerTest() override {
    if (server) asio::post(io_, [this] { server->stop(); });
    if (thread_.joinable()) thread_.join();
    server.reset();
    std::filesystem::remove_all(folder_);
  }
  void start() {
    auto started = HttpServer::start(io_, options, live);
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
    thread_ = std::jthread([this] { io_.run(); });
  }
  std::unique_ptr<Local::socket> connect() {
    auto socket = std::make_unique<Local::socket>(client_);
    socket->connect({options.socket_path});
    return socket;
  }
  /// Sends the text as it is and reads until the other side closes.
  template <typename Socket>
  static std::string exchange(Socket& socket, const std::string& text) {
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(text), ignored);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), ignored);
    return answer;
  }
  std::string exchange(const std::string& text) { return exchange(*connect(), text); }
  std::string over_tcp(const std::string& text) {
    Tcp::socket socket(client_);
    socket.connect({asio::ip::make_address("127.0.0.1"), server->tcp_port()});
    return exchange(socket, text);
  }

  StubLiveData live;
  HttpOptions options;
  std::unique_ptr<HttpServer> server;
  std::string folder_;

 private:
  asio::io_context io_;
  asio::io_context client_;
  std::jthread thread_;
};

std::string status_of(const std::string& answer) { return answer.substr(0, answer.find('\r')); }

TEST_F(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
  start();
  const std::string answer = exchange("GET /api/v1/rules HTTP/1.1\r\nHost: x\r\n\r\nGET /api/v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
  EXPECT_NE(answer.find("HTTP/1.1 404 Not Found"), std::string::npos);
}

TEST_F(HttpServerTest, LetsNobodyElseAtItsSocket) {
  start();
  struct stat info {};
  ASSERT_EQ(::stat(options.socket_path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(HttpServerTest, RefusesWhatIsTooLargeOrNoHttp) {
  options.read_timeout = std::chrono::milliseconds(2000);
  start();
  EXPECT_EQ(status_of(exchange("GET /" + std::string(40'000, 'x') + " HTTP/1.1\r\n\r\n")), "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_EQ(status_of(exchange("POST /api/v1/replay HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")), "HTTP/1.1 413 Content Too Large");
  EXPECT_EQ(status_of(exchange("\x16\x03\x01 this is TLS\r\n\r\n")), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(exchange("GET / HTTP/9.9\r\n\r\n")), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(exchange("PATCH /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n")), "HTTP/1.1 405 Method Not Allowed");
}

TEST_F(HttpServerTest, DoesNotWaitForASlowRequestForEver) {
  options.read_timeout = std::chrono::milliseconds(100);
  start();
  EXPECT_EQ(exchange("GET /api/v1/sta"), "") << "closed without an answer";
  EXPECT_EQ(exchange(""), "");
}

std::string body_of(const std::string& answer) { return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4)); }

TEST_F(HttpServerTest, SendsAFileInPiecesAndThenTakesTheNextRequest) {
  std::string bytes(1'000'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 / 7);
  live.file_to_send = folder_ + "/x.pcapng";
  live.file_size = bytes.size() - 3;  // as far as it was written when it was opened
  std::ofstream(live.file_to_send, std::ios::binary) << bytes;
  start();
  const std::string get = "GET /api/v1/captures/x/files/x.pcapng HTTP/1.1\r\nHost: x\r\n";
  const std::string answer = exchange(get + "\r\n" + get + "Connection: close\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
  EXPECT_NE(answer.find("Content-Length: 999997\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Content-Disposition: attachment; filename=\"x.pcapng\"\r\n"), std::string::npos);
  EXPECT_TRUE(body_of(answer).starts_with(bytes.substr(0, live.file_size)));
  EXPECT_TRUE(answer.ends_with(bytes.substr(0, live.file_size))) << "of the second request";
}

TEST_F(HttpServerTest, SendsNothingOfAnEmptyFileAndClosesOnOneThatShrank) {
  live.file_to_send = folder_ + "/x.pcapng";
  std::ofstream(live.file_to_send) << "short";
  start();
  const std::string get = "GET /api/v1/captures/x/files/x.pcapng HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(body_of(exchange(get)), "");
  live.file_size = 1000;
  EXPECT_EQ(body_of(exchange(get)), "short") << "fewer bytes than were promised, so that nobody takes it for the whole";
}

TEST_F(HttpServerTest, GivesPacketsToNobodyOverTcpWithoutAToken) {
  options.listen = *ListenAddress::parse("127.0.0.1:0");
  live.file_to_send = "/dev/null";
  start();
  const std::string end = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(status_of(over_tcp("GET /api/v1/captures" + end)), "HTTP/1.1 200 OK");
  EXPECT_EQ(status_of(over_tcp("GET /api/v1/captures/x/files/y" + end)), "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(status_of(over_tcp("DELETE /api/v1/captures/x" + end)), "HTTP/1.1 403 Forbidden");
}

TEST_F(HttpServerTest, BoundsItsConnections) {
  options.most_connections = 3;
  start();
  std::vector<std::unique_ptr<Local::socket>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(connect());
    asio::write(*open.back(), asio::buffer(std::string("GET /api/v1/rules HTTP/1.1\r\nHost: x\r\n\r\n")));
    char first = 0;
    asio::read(*open.back(), asio::buffer(&first, 1));  // it has been taken
  }
  EXPECT_EQ(status_of(exchange("GET /api/v1/rules HTTP/1.1\r\nHost: x\r\n\r\n")), "HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(server->refused_connections(), 1u);
}

TEST_F(HttpServerTest, AsksForTheTokenOverTcpOnly) {
  options.listen = *ListenAddress::parse("127.0.0.1:0");
  options.token = "0123456789abcdef";
  start();
  const std::string end = "Host: x\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(status_of(over_tcp("GET /api/v1/rules HTTP/1.1\r\n" + end)), "HTTP/1.1 401 Unauthorized");
  EXPECT_EQ(status_of(over_tcp("GET /api/v1/rules HTTP/1.1\r\nAuthorization: Bearer 0123456789abcdef\r\n" + end)), "HTTP/1.1 200 OK");
  EXPECT_EQ(status_of(exchange("GET /api/v1/rules HTTP/1.1\r\n" + end)), "HTTP/1.1 200 OK");
}

TEST_F(HttpServerTest, WillNotListenBeyondThisMachineWithoutAToken) {
  options.listen = *ListenAddress::parse("0.0.0.0:0");
  asio::io_context io;
  const auto started = HttpServer::start(io, options, live);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("without a token"), std::string::npos);
}

TEST_F(HttpServerTest, ReplacesAStaleSocketAndRefusesALiveOneOrAFile) {
  {
    asio::io_context io;
    Local::acceptor dead(io, Local::endpoint(options.socket_path));
  }
  start();
  asio::io_context io;
  const auto second = HttpServer::start(io, options, live);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another daemon answers there"), std::string::npos);
  HttpOptions file = options;
  file.socket_path = folder_ + "/file";
  std::ofstream(file.socket_path) << "precious";
  ASSERT_FALSE(HttpServer::start(io, file, live));
  EXPECT_TRUE(std::filesystem::exists(file.socket_path));
}

}  // namespace
}  // namespace wirewatch
