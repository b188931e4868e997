#pragma once

#include "messages/interfaces.hpp"

#include "adapters/providers/provider.hpp"

#include <memory>

namespace caf {
class actor_system;
}

namespace carillon::providers {

/// Spawns the actor of one provider. It lives as long as the node's senders (the daemon owns it and
/// sends it an exit), starts each call at once, never queues or repeats one, and answers
/// `provider_call` when the HTTP client is done. An `http_finished` carries a call_outcome.
///
/// The HTTP client must be stopped before the actor system ends: its completions send to the actor.
provider_actor spawn_provider(caf::actor_system& system, const provider_settings& settings,
                              std::unique_ptr<provider> body);

} // namespace carillon::providers
