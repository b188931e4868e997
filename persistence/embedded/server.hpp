#pragma once

#include "persistence/embedded/layout.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::persistence {

/// What an embedded server is started with.
struct embedded_options {
  std::filesystem::path data_dir; ///< the daemon's; made if missing
  std::filesystem::path programs; ///< directory of initdb and postgres; empty: searched
  std::chrono::milliseconds start_timeout{60'000}; ///< includes recovery after a crash
  std::chrono::milliseconds stop_timeout{8'000};   ///< until a fast stop becomes an immediate one
  bool throw_away = false; ///< a test's: the cluster is made without waiting for the disk
  std::vector<std::pair<std::string, std::string>> settings; ///< on top of ours
  std::function<void(std::string_view)> log; ///< one line for the operator, from any thread
};

/// A private PostgreSQL of the daemon: a child process on a Unix socket, started again with backoff
/// when it dies, and never left behind: its keeper thread stops it at the end, and the kernel does
/// (SIGINT) if the daemon is killed.
class embedded_server {
public:
  /// Takes the data directory's lock, makes a cluster if there is none, waits for an earlier server
  /// to end, starts ours and waits until it takes connections. Errors: each one line, by kind.
  static fallible<std::unique_ptr<embedded_server>> start(embedded_options options);

  embedded_server(const embedded_server&) = delete;
  embedded_server& operator=(const embedded_server&) = delete;
  ~embedded_server();

  /// libpq URL of a database in this server; that of Carillon unless named.
  std::string url(std::string_view database = "carillon") const;

  /// Process of the server, or -1 while it is down.
  pid_t pid() const;

  const layout& place() const;

  /// Stops: fast, and after `stop_timeout` immediately (PostgreSQL then recovers at the next
  /// start).
  void stop();

  /// For tests: kills the server with `signal`; the keeper starts it again.
  void kill(int signal);

  /// Waits until connections are taken. False after `timeout`.
  bool await_ready(std::chrono::milliseconds timeout) const;

private:
  class keeper;
  explicit embedded_server(std::unique_ptr<keeper> runner);
  std::unique_ptr<keeper> keeper_;
};

/// Directory of PostgreSQL's programs on this machine, or an empty path. Looks at the newest
/// version under /usr/lib/postgresql, then along PATH.
std::filesystem::path find_server_programs();

} // namespace carillon::persistence
