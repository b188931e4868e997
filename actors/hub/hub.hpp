#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "actors/hub/hub_model.hpp"

#include <caf/stateful_actor.hpp>

#include <chrono>

namespace carillon {

/// What the hub is spawned with.
struct hub_arguments {
  intake_actor intake;        ///< finds the owners
  metrics* numbers = nullptr; ///< outlives the hub; null: nothing is counted
  hub_patience patience = {};
  std::chrono::milliseconds tick{100};            ///< between tries
  std::chrono::milliseconds answer_timeout{5000}; ///< of one question
};

/// The live sessions of a node: one actor, for as long as the node runs. Keeps no history; owners
/// are asked for it. Never touches a socket: sessions do.
class hub_state {
public:
  static inline const char* name = "hub";

  explicit hub_state(hub_actor::stateful_pointer<hub_state> self) : self_(self) {}

  hub_actor::behavior_type make_behavior(hub_arguments args);

private:
  void on_owners(const know_partitions& what);
  void on_tick();
  health on_health() const;
  drained on_drain();

  void perform(hub_requests requests);
  void ask(const hub_requests::question& question);
  void count();

  hub_actor::stateful_pointer<hub_state> self_;
  hub_arguments args_;
  hub_model model_;
  std::uint64_t counted_frames_ = 0;
  bool ticking_ = false;
};

/// Spawn function of the hub.
hub_actor::behavior_type hub(hub_actor::stateful_pointer<hub_state> self, hub_arguments args);

} // namespace carillon
