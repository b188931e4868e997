#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "actors/delivery/delivery.hpp"
#include "adapters/providers/support/http_client.hpp"
#include "config/settings.hpp"

#include <caf/fwd.hpp>

#include <map>
#include <memory>
#include <string>

namespace carillon::daemon {

/// The way out: the HTTP client, the providers of the settings, and a sender for each channel that
/// has any.
class outlets {
public:
  outlets(caf::actor_system& system, const settings& with, const clock& time,
          std::string public_url, std::shared_ptr<const lease_view> lease, metrics& numbers);
  ~outlets();
  outlets(const outlets&) = delete;
  outlets& operator=(const outlets&) = delete;

  /// Ends the actors, then the client: calls in flight get until `grace`.
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] const std::map<std::string, provider_actor>& providers() const {
    return providers_;
  }
  [[nodiscard]] const std::shared_ptr<const sender_table>& senders() const {
    return senders_;
  }

private:
  void spawn_provider(caf::actor_system& system, const provider_settings& with, const clock& time,
                      duration call_timeout);

  std::string public_url_;
  providers::http_client client_;
  std::map<std::string, provider_actor> providers_;
  std::shared_ptr<const sender_table> senders_;
};

} // namespace carillon::daemon
