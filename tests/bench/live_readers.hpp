#pragma once

#include "tests/harness/http_client.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace carillon::bench {

/// Many WebSocket sessions read by one thread with epoll. Lean: frames are found, not parsed.
/// Answers pings.
class live_readers {
public:
  using on_frame = std::function<void(std::size_t session, std::string_view text)>;

  /// `frame` is called from the reading thread.
  explicit live_readers(on_frame frame);
  ~live_readers();
  live_readers(const live_readers&) = delete;
  live_readers& operator=(const live_readers&) = delete;

  /// Upgrades, says `start` and waits for `hello`. Before `start`. Throws on a refusal.
  void open(const harness::endpoint& to, const std::string& token);

  /// Begins to read.
  void start();

  std::size_t size() const {
    return sessions_.size();
  }
  /// CPU time of the reading thread is part of the generator's.
  std::size_t lost() const {
    return lost_;
  }

private:
  struct session {
    int socket = -1;
    std::string pending;
  };
  void run();
  bool read(std::size_t which);
  void take_frames(std::size_t which);

  on_frame frame_;
  int epoll_;
  int stop_;
  std::vector<std::unique_ptr<session>> sessions_;
  std::atomic<std::size_t> lost_{0};
  std::thread thread_;
};

} // namespace carillon::bench
