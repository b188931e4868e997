#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "actors/preference_gate/preference_gate_model.hpp"

#include <caf/stateful_actor.hpp>

namespace carillon {

struct preference_gate_arguments {
  rate_limiter_actor limiter;
  const catalogue_cell* catalogue = nullptr;
  metrics* count = nullptr;
};

/// Shell of the model. Owned by its partition. Passes every question on to the limiter, which
/// answers it.
class preference_gate_state {
public:
  static inline const char* name = "preference_gate";
  explicit preference_gate_state(
      preference_gate_actor::stateful_pointer<preference_gate_state> self)
      : self_(self) {}
  preference_gate_actor::behavior_type make_behavior(preference_gate_arguments args);

private:
  caf::result<assess> on_assess(assess& question);
  answer on_recipient_command(const recipient_command& m);

  preference_gate_actor::stateful_pointer<preference_gate_state> self_;
  preference_gate_arguments args_;
  preference_gate_model model_;
};

preference_gate_actor::behavior_type preference_gate(
    preference_gate_actor::stateful_pointer<preference_gate_state> self,
    preference_gate_arguments args);

} // namespace carillon
