#pragma once

#include "messages/interfaces.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace carillon::realtime {

/// A client's command on its way into the engine. `done` is called once, on any thread, with words
/// for the client if it was refused or could not be done, else with nothing.
struct forward_command {
  inbox_command what;
  std::function<void(std::string)> done;
};

/// Where commands cross from sockets to actors. One a node, spawned and ended by the handler.
using bridge_actor = caf::typed_actor<on<forward_command>::accept>;

/// Spawn function of the bridge.
bridge_actor::behavior_type bridge(bridge_actor::pointer self, intake_actor intake,
                                   std::chrono::milliseconds timeout);

} // namespace carillon::realtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::carillon::realtime::forward_command)
