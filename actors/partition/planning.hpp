#pragma once

#include "actors/partition/partition.hpp"

namespace carillon {

/// One notification being planned.
struct partition_state::candidate {
  std::size_t index = 0; ///< of its event in the request
  plan_item item;
  notification_id id;
  std::vector<step_verdict> verdicts; ///< of its steps, where it is due now
  bool due = false;
  delivery_context_ptr context;
  std::string in_app; ///< plain content for the inbox, if a step there goes at once
};

/// One plan_events on its way through the gates.
struct partition_state::planning {
  plan_events request;
  std::vector<hash16> keys; ///< by which a repeat is known, beside the request's plans
  caf::typed_response_promise<events_answer> promise;
  events_answer reply;
  timestamp at;
  presence here; ///< of everybody it plans for
  std::vector<candidate> candidates;
  absl::flat_hash_set<notification_id> moved; ///< by this request
  std::size_t recalls = 1; ///< look-ups of forgotten events still awaited, and their start
  caf::error unreadable;   ///< of one of them
  std::size_t open
      = 1; ///< answers still awaited: repeats looked up, cancels, reschedules, the append
};

} // namespace carillon
