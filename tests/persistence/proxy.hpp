#pragma once

#include "tests/support/postgres_fixture.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace carillon::test {

/// What a proxy does to one connection.
struct cut {
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
  std::size_t after_sent = never;     ///< bytes from the client
  std::size_t after_received = never; ///< bytes from the server
  /// At the first end of a copy: drops the client, and only then hands the end to the server, so
  /// that it commits for nobody.
  bool commit_alone = false;
};

/// A Unix socket in front of the test server that cuts connections.
class cutting_proxy {
public:
  /// `plan` is asked once per connection.
  explicit cutting_proxy(std::function<cut()> plan);
  ~cutting_proxy();
  cutting_proxy(const cutting_proxy&) = delete;
  cutting_proxy& operator=(const cutting_proxy&) = delete;

  /// libpq URL of a database through this proxy.
  std::string url(const database& of) const;

  unsigned cuts() const {
    return cuts_;
  }

private:
  void accept_all();
  void serve(int client, cut plan);
  bool pass(int from, int to, std::size_t& left) const;

  temporary_directory directory_;
  std::function<cut()> plan_;
  int listener_ = -1;
  std::atomic<unsigned> cuts_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

} // namespace carillon::test
