#include "actors/rate_limiter/rate_limiter.hpp"

namespace carillon {

rate_limiter_actor::behavior_type rate_limiter_state::make_behavior(
    const rate_limiter_arguments& args) {
  model_.emplace(args.limits);
  return {[this](assess& m) { return on_assess(m); },
          [this](const apply_facts& m) {
            for (const auto& f : m.facts)
              model_->apply(f);
          },
          [this](const release_slot& m) { model_->release(m); }};
}

assess rate_limiter_state::on_assess(assess& question) {
  for (auto& item : question.items)
    model_->decide(item);
  return std::move(question);
}

rate_limiter_actor::behavior_type rate_limiter(
    rate_limiter_actor::stateful_pointer<rate_limiter_state> self, rate_limiter_arguments args) {
  return self->state.make_behavior(args);
}

} // namespace carillon
