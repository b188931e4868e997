#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "adapters/realtime/handover.hpp"
#include "adapters/realtime/settings.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace carillon::realtime {

/// What the handler talks to; all outlive it.
struct neighbours {
  caf::actor_system* system = nullptr;
  hub_actor hub;
  intake_actor intake;
  metrics* numbers = nullptr; ///< null: nothing is counted
};

/// Takes over authenticated connections and makes live sessions of them: a WebSocket where the
/// request asks for one, else server-sent events. Owned by the composition root. Plain sockets move
/// to its own loops; a TLS stream stays on the loop that it came from, which must run until `stop`
/// has returned.
class handler {
public:
  handler(neighbours around, realtime_settings settings = {});
  ~handler(); ///< Stops at once if still running.

  handler(const handler&) = delete;
  handler& operator=(const handler&) = delete;

  /// Starts the loops. Connections are taken from now on.
  void start();

  /// Takes a connection, from the thread that runs its loop, and answers the request: 101, 200 with
  /// the event stream, 503 when there are too many sessions or the node drains, 406 when the
  /// request asks for neither.
  void take(stream_socket socket, stream_request request, std::string tenant, std::string recipient,
            std::string request_id);

  /// Closes all sessions (1001, or the end of the event stream) and refuses new ones; cuts what is
  /// left after `grace`.
  /// @returns true if nothing had to be cut. Called once, from no loop's thread.
  bool stop(std::chrono::milliseconds grace);

  [[nodiscard]] std::size_t sessions() const;

  /// Looks at all deadlines now and waits until that is done: for tests, with `settings.tick` 0.
  /// Not from a loop's thread.
  void tick();

private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

} // namespace carillon::realtime
