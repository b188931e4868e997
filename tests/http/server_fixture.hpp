#pragma once

#include "adapters/http/server/server.hpp"
#include "tests/http/raw_client.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace carillon::test {

/// A server with a few plain routes, on a free port.
///   GET  /hello            200 "hello"
///   POST /echo             200, the body
///   GET  /items/{id}       200, the decoded id
///   PUT  /items/{id}       204
///   GET  /later            answered when the test calls `answer_all`
///   POST /sink             204
class server_fixture {
public:
  explicit server_fixture(http::server_settings settings = quick());
  ~server_fixture();

  /// Settings with a free port.
  static http::server_settings quick();

  std::uint16_t port() const {
    return server->port();
  }

  /// Waits until `count` requests to /later are pending. @returns false when that takes too long.
  bool wait_for_pending(std::size_t count);

  /// Answers the pending ones from this thread.
  void answer_all(const std::string& body = "later");

  std::unique_ptr<http::server> server;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<http::responder> pending_;
};

} // namespace carillon::test
