#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <string>
#include <thread>
#include <vector>

namespace carillon::test {

/// Answers one request on a loopback port with what it was told, and remembers the request.
class fake_daemon {
public:
  using request = boost::beast::http::request<boost::beast::http::string_body>;

  fake_daemon(unsigned status, std::string body) : status_(status), body_(std::move(body)) {
    thread_ = std::thread{[this] { serve_one(); }};
  }

  /// Waits for the request to be answered.
  ~fake_daemon() {
    join();
  }

  fake_daemon(const fake_daemon&) = delete;
  fake_daemon& operator=(const fake_daemon&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

  /// The request; waits until it is answered.
  const request& got() {
    join();
    return request_;
  }

private:
  void join() {
    if (thread_.joinable())
      thread_.join();
  }

  void serve_one() {
    namespace http = boost::beast::http;
    boost::asio::ip::tcp::socket socket{context_};
    acceptor_.accept(socket);
    boost::beast::flat_buffer buffer;
    http::read(socket, buffer, request_);
    http::response<http::string_body> answer{http::int_to_status(status_), 11, body_};
    answer.set(http::field::content_type, "application/json");
    answer.keep_alive(false);
    answer.prepare_payload();
    http::write(socket, answer);
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  unsigned status_;
  std::string body_;
  request request_;
  std::thread thread_;
};

} // namespace carillon::test
