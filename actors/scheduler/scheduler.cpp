#include "actors/scheduler/scheduler.hpp"

#include <algorithm>

namespace carillon {

namespace {

/// A sent timer cannot be taken back, so none is set further ahead than this.
constexpr duration longest_wait = std::chrono::hours{1};

} // namespace

scheduler_actor::behavior_type scheduler_state::make_behavior(scheduler_arguments args) {
  args_ = std::move(args);
  return {[this](const arm_deadline& m) {
            model_.arm(m);
            arm_timer();
          },
          [this](const std::vector<arm_deadline>& m) { on_arm(m); },
          [this](const clock_changed&) { look_again(); },
          [this](const timer_due& m) { on_timer(m); }};
}

void scheduler_state::on_arm(const std::vector<arm_deadline>& list) {
  for (const auto& d : list)
    model_.arm(d);
  arm_timer();
}

void scheduler_state::on_timer(const timer_due& m) {
  if (m.epoch == epoch_)
    look_again();
}

/// Tells what is due and sets the timer anew.
void scheduler_state::look_again() {
  auto due = model_.take_due(args_.time->now());
  if (!due.empty())
    self_->send(args_.owner, deadlines_due{std::move(due)});
  timer_for_ = far_future;
  arm_timer();
}

void scheduler_state::arm_timer() {
  auto next = model_.next();
  if (next == far_future || (timer_for_ != far_future && next >= timer_for_))
    return;
  auto wait = std::clamp(next - args_.time->now(), duration{0}, longest_wait);
  timer_for_ = std::min(next, args_.time->now() + longest_wait);
  self_->delayed_send(self_, wait, timer_due{++epoch_});
}

scheduler_actor::behavior_type scheduler(scheduler_actor::stateful_pointer<scheduler_state> self,
                                         scheduler_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
