#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace carillon::providers {

/// The epoll set and the wake-up of the HTTP client's thread, which alone calls everything except
/// wake(). Sockets that curl puts back into its pool stay registered, because they are usually
/// wanted again at once; that saves two system calls a request.
class socket_watch {
public:
  /// What happened at one socket; bits are CURL_CSELECT_*.
  struct event {
    int socket;
    int curl_bits;
  };

  socket_watch();
  ~socket_watch();
  socket_watch(const socket_watch&) = delete;
  socket_watch& operator=(const socket_watch&) = delete;

  /// curl wants to hear of `socket`; `curl_what` is one of CURL_POLL_*.
  void want(int socket, int curl_what);

  /// curl is about to close `socket`.
  void forget(int socket);

  /// Waits for events or wake(), at most `limit` (negative: without a limit), and appends to `out`.
  void wait(std::chrono::milliseconds limit, std::vector<event>& out);

  /// Ends a running or the next wait(). Callable from any thread.
  void wake() noexcept;

private:
  struct entry {
    std::uint32_t registered = 0; // what epoll reports for this socket, 0: not in the set
    std::uint32_t wanted = 0;     // what curl asked for, 0: idle in curl's pool
  };

  void set(int socket, entry& e, std::uint32_t events);

  int epoll_ = -1;
  int wake_ = -1;
  std::vector<entry> entries_; // by file descriptor
};

} // namespace carillon::providers
