#pragma once

#include "adapters/daemon/exit_code.hpp"
#include "adapters/daemon/keys.hpp"
#include "adapters/daemon/reserved_port.hpp"
#include "adapters/daemon/stop_signal.hpp"
#include "config/settings.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace carillon::daemon {

/// Everything that runs in one process: the composition root, the only place that knows every part.
/// Owns the parts and stops them in the reverse order of their start.
class node {
public:
  /// `standby` is called, from a thread of the node, when another node has the lease and this one
  /// waits for it.
  node(settings with, node_keys keys, reserved_port port, stop_signal& stop,
       std::function<void()> standby);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Opens the database, replays, begins to serve. Blocks until requests are served. Errors: in one
  /// line; then `stop`.
  std::optional<start_failure> start();

  /// `host:port` as a client would write it.
  [[nodiscard]] std::string endpoint() const;

  /// Drains, then stops every part, within about `limit`. Idempotent.
  void stop(duration limit);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace carillon::daemon
