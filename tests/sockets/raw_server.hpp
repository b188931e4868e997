#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace carillon::test {

/// One accepted connection of a raw_server; blocking, with a bound of 10 s on every read.
class raw_connection {
public:
  explicit raw_connection(int socket) : socket_(socket) {}
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;
  ~raw_connection();

  /// Reads one whole HTTP request with its body; empty if the peer closed before.
  std::string read_request();

  /// Reads at least one byte; empty if the peer closed.
  std::string read_some();

  void write(const std::string& bytes);

  /// Closes with a TCP reset.
  void reset();

private:
  int socket_;
  std::string buffer_;
};

/// A server on a free loopback port whose behaviour is one function: called for each connection on
/// its own thread with the connection's ordinal from 1. For faults no HTTP server library has.
class raw_server {
public:
  using behaviour = std::function<void(raw_connection&, int)>;

  explicit raw_server(behaviour b);
  ~raw_server();
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  std::string url(const std::string& path = "/") const;
  unsigned short port() const {
    return port_;
  }
  int connections() const {
    return connections_;
  }

private:
  int listener_;
  unsigned short port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

/// An HTTP/1.1 answer with Content-Length.
std::string http_answer(int status, const std::string& body, const std::string& headers = {});

} // namespace carillon::test
