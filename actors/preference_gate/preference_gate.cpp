#include "actors/preference_gate/preference_gate.hpp"

#include "actors/support/log_name.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace carillon {

namespace {

/// Emergencies pass everything; who was told against which rule is on record.
void log_overrides(const assessment& about) {
  if (about.in != category::emergency)
    return;
  for (const auto& step : about.steps)
    if (step.says == verdict::pass && step.why != reason::none)
      spdlog::warn("emergency {} passes {} ({} layer) on {} for recipient {}", to_string(about.id),
                   to_string(step.why), to_string(step.from), to_string(step.on),
                   log_name(about.tenant, about.recipient));
}

} // namespace

preference_gate_actor::behavior_type preference_gate_state::make_behavior(
    preference_gate_arguments args) {
  args_ = std::move(args);
  return {[this](assess& m) { return on_assess(m); },
          [this](const apply_facts& m) {
            for (const auto& f : m.facts)
              model_.apply(f);
          },
          [this](const evict_people& m) {
            for (const auto& who : m.who)
              model_.forget(who.tenant, who.recipient);
          },
          [this](const recipient_command& m) { return on_recipient_command(m); }};
}

caf::result<assess> preference_gate_state::on_assess(assess& question) {
  auto catalogue = args_.catalogue->get();
  for (auto& item : question.items) {
    model_.decide(*catalogue->of(item.tenant), item);
    log_overrides(item);
  }
  return self_->delegate(args_.limiter, std::move(question));
}

answer preference_gate_state::on_recipient_command(const recipient_command& m) {
  answer out;
  if (m.what == recipient_command::verb::get_resolved_preferences) {
    out.body = model_.resolved(*args_.catalogue->get()->of(m.tenant), m.tenant, m.recipient).dump();
  } else {
    out.what = answer::kind::invalid;
    out.detail = "the gate only resolves preferences";
  }
  return out;
}

preference_gate_actor::behavior_type preference_gate(
    preference_gate_actor::stateful_pointer<preference_gate_state> self,
    preference_gate_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
