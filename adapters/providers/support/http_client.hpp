#pragma once

#include "adapters/providers/support/http_types.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace carillon::providers {

/// Settings of the HTTP client, fixed for its lifetime.
struct http_client_options {
  std::string user_agent = "carillon";
  std::string ca_file;                 ///< PEM bundle; empty: the system's
  std::string proxy;                   ///< URL; empty: none (the environment is not asked)
  long max_connections_per_host = 256; ///< a call above it waits, within its own time-out
  long max_pooled_connections = 1024;
  std::size_t max_idle_handles = 1024;
  /// A pooled connection idle for longer is not used again: most servers close at 60 s, and a
  /// request on a connection that is just being closed ends as maybe_sent.
  std::chrono::seconds idle_connection{30};
  /// Asked when a connection is ready and the request is about to be written, with the time that
  /// the call may still take; false: it is not made (never_connected, cancelled). Empty: always.
  /// On the client's thread.
  std::function<bool(std::chrono::milliseconds)> may_start;
};

/// Counters since the start; read them from any thread.
struct http_client_stats {
  std::uint64_t submitted = 0;
  std::uint64_t answered = 0;
  std::uint64_t never_connected = 0;
  std::uint64_t maybe_sent = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t resends_refused = 0; ///< curl wanted to repeat a request by itself
  std::uint64_t in_flight = 0;       ///< submitted and not yet completed
};

/// All HTTP calls to providers: one thread around a curl multi handle, with pooled keep-alive
/// connections, HTTP/1.1 or HTTP/2 as negotiated, TLS verified, no redirects, everything bounded
/// in time and size. A plain class; actors talk to it through the provider shells.
///
/// It never sends a request twice: see `transfer`.
class http_client {
public:
  http_client();
  explicit http_client(http_client_options options);

  /// Same as stop() without grace.
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Starts a call; any thread. `done` runs exactly once: on the client's thread, or on the
  /// caller's if the client is already stopped (never_connected, cancelled).
  void submit(http_request request, http_completion done);

  /// Waits at most `grace` for calls in flight, then completes what is left as cancelled
  /// (never_connected or maybe_sent, as the case is) and ends the thread. Idempotent. Not to be
  /// called from a completion.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds{0});

  http_client_stats stats() const noexcept;

private:
  class driver;
  std::unique_ptr<driver> driver_;
};

} // namespace carillon::providers
