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
          [this](const release_slot& m) { model_->release(m); },
          [this](const collect_people& m) { return on_collect(m); },
          [this](const restore_people& m) {
            for (const auto& [who, saved] : m.parts)
              model_->restore(who, saved);
          },
          [this](const evict_people& m) {
            for (const auto& who : m.who)
              model_->evict(who);
          }};
}

assess rate_limiter_state::on_assess(assess& question) {
  for (auto& item : question.items)
    model_->decide(item);
  return std::move(question);
}

people_parts rate_limiter_state::on_collect(const collect_people& whose) const {
  people_parts out;
  for (const auto& who : whose.who)
    out.parts.push_back(model_->save(who));
  return out;
}

rate_limiter_actor::behavior_type rate_limiter(
    rate_limiter_actor::stateful_pointer<rate_limiter_state> self, rate_limiter_arguments args) {
  return self->state.make_behavior(args);
}

} // namespace carillon
