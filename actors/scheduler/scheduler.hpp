#pragma once

#include "messages/interfaces.hpp"

#include "actors/scheduler/scheduler_model.hpp"

#include <caf/stateful_actor.hpp>

namespace carillon {

struct scheduler_arguments {
  partition_actor owner;
  const clock* time = nullptr;
};

/// Shell of the model with one timer armed. Owned by its partition. Says what is due and not what
/// that means; never early by the wall clock, whatever the timer does.
class scheduler_state {
public:
  static inline const char* name = "scheduler";
  explicit scheduler_state(scheduler_actor::stateful_pointer<scheduler_state> self) : self_(self) {}
  scheduler_actor::behavior_type make_behavior(scheduler_arguments args);

private:
  void on_arm(const std::vector<arm_deadline>& list);
  void on_timer(const timer_due& m);
  void look_again();
  void arm_timer();

  scheduler_actor::stateful_pointer<scheduler_state> self_;
  scheduler_arguments args_;
  scheduler_model model_;
  timestamp timer_for_ = far_future; ///< the deadline the timer was set for
  std::uint64_t epoch_ = 0;          ///< of the one timer that counts
};

scheduler_actor::behavior_type scheduler(scheduler_actor::stateful_pointer<scheduler_state> self,
                                         scheduler_arguments args);

} // namespace carillon
