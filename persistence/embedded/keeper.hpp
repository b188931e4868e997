#pragma once

#include "persistence/embedded/server.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace carillon::persistence {

/// Runs the server's process: one thread that starts it, waits for its end and starts it again. The
/// thread lives as long as the server may, because the kernel's death signal is bound to it.
class embedded_server::keeper {
public:
  keeper(embedded_options options, account who, layout place, directory_lock lock);
  ~keeper();

  keeper(const keeper&) = delete;
  keeper& operator=(const keeper&) = delete;

  attempt launch();
  void stop();
  void kill(int signal);
  pid_t pid() const;
  bool await_ready(std::chrono::milliseconds timeout) const;
  std::string url(std::string_view database) const;
  const layout& place() const {
    return place_;
  }

private:
  void run();
  void run_once();
  void say(std::string_view line) const;
  program server_program() const;
  bool await_end(std::chrono::milliseconds timeout);
  bool started_and_died() const;

  embedded_options options_;
  account who_;
  layout place_;
  directory_lock lock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  pid_t child_ = -1;
  unsigned starts_ = 0;
  bool stopping_ = false;
  bool finished_ = true;
  std::thread thread_;
};

} // namespace carillon::persistence
