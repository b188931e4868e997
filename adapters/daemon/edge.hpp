#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "adapters/daemon/exit_code.hpp"
#include "adapters/daemon/keys.hpp"
#include "config/settings.hpp"

#include <caf/fwd.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace carillon::daemon {

/// Whom the edge talks to.
struct edge_neighbours {
  caf::actor_system* system = nullptr;
  intake_actor intake;
  store_actor store;
  catalog_actor catalog;
  hub_actor hub;
  supervisor_actor supervisor;
  std::map<std::string, provider_actor> providers;
  const clock* time = nullptr;
  std::shared_ptr<metrics> numbers;
  std::shared_ptr<const lease_view> lease;
};

/// The way in: the API's server and the live sessions.
class edge {
public:
  edge(const settings& with, const node_keys& keys, std::uint16_t port, std::string public_url,
       edge_neighbours around);
  ~edge();
  edge(const edge&) = delete;
  edge& operator=(const edge&) = delete;

  /// Listens. Errors: bad_configuration, in one line.
  std::optional<start_failure> start();

  /// Refuses what comes, lets what is in work finish, cuts what is left after `limit`.
  void stop(std::chrono::milliseconds limit);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

/// Serves `/livez` (200), `/readyz` (503) and 503 for the rest, for a node that waits for another's
/// end.
class standby_edge {
public:
  standby_edge(const settings& with, std::uint16_t port);
  ~standby_edge();
  standby_edge(const standby_edge&) = delete;
  standby_edge& operator=(const standby_edge&) = delete;

  /// Who has the lease, for those who ask.
  void set_holder(std::string holder);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace carillon::daemon
