#pragma once

#include "tests/harness/http_client.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <time.h>

namespace carillon::bench {

/// What the fan-out is measured against: a server of one thread with epoll that upgrades every
/// client without looking, says `hello` to its first frame, and then writes prebuilt bytes to all
/// sockets in one loop.
class bare_sender {
public:
  bare_sender();
  ~bare_sender();
  bare_sender(const bare_sender&) = delete;
  bare_sender& operator=(const bare_sender&) = delete;

  harness::endpoint where() const;

  /// Sends this text as one frame to every session. Returns at once; the next one only after the
  /// readers have it.
  void send(std::string_view text);

  /// CPU of its thread.
  std::chrono::microseconds used() const;

private:
  void run();
  void watch(int socket) const;
  void take_client();
  void greet(int socket);
  void send_to_all();

  int listener_;
  int epoll_;
  int wake_;
  std::atomic<bool> ending_{false};
  std::string frame_;
  std::vector<int> sockets_;
  std::vector<bool> upgraded_; ///< by descriptor
  clockid_t clock_{};
  std::thread thread_;
};

} // namespace carillon::bench
