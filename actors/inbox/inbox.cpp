#include "actors/inbox/inbox.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace carillon {

static_assert(!std::is_aggregate_v<inbox_state>);

inbox_actor::behavior_type inbox_state::make_behavior(inbox_arguments args) {
  args_ = std::move(args);
  model_.emplace(*args_.seal, args_.limits);
  return {
      [this](const inbox_command& m) { return on_command(m); },
      [this](const apply_facts& m) { on_facts(m); },
      [this](const know_key& m) { model_->know(m); },
      [this](const frames_durable& m) { on_durable(m); },
      [this](const resume_inbox& m) { return on_resume(m); },
      [this](const watch_inbox& m) { model_->watch(m); },
      [this](const collect_people& m) { return on_collect(m); },
      [this](const restore_people& m) { on_restore(m); },
      [this](const evict_people& m) { on_evict(m); },
  };
}

inbox_proposal inbox_state::on_command(const inbox_command& what) {
  return model_->decide(what, args_.time->now());
}

void inbox_state::on_facts(const apply_facts& what) {
  auto now = args_.time->now();
  for (const auto& f : what.facts)
    model_->apply(f, what.durable, now);
}

void inbox_state::on_durable(const frames_durable& what) {
  auto shown = model_->make_durable(what, args_.time->now());
  if (!model_->is_watched(what.tenant, what.recipient))
    return;
  for (auto& frame : model_->frames_after(what.tenant, what.recipient, shown))
    self_->send(args_.hub, std::move(frame));
}

inbox_resumed inbox_state::on_resume(const resume_inbox& what) {
  return model_->resume(what, args_.time->now());
}

people_parts inbox_state::on_collect(const collect_people& whose) {
  people_parts out;
  for (const auto& who : whose.who)
    out.parts.push_back(model_->save(who));
  return out;
}

void inbox_state::on_restore(const restore_people& what) {
  auto now = args_.time->now();
  for (const auto& [who, saved] : what.parts)
    model_->restore(who, saved, now);
}

void inbox_state::on_evict(const evict_people& whose) {
  for (const auto& who : whose.who)
    model_->evict(who);
}

inbox_actor::behavior_type inbox(inbox_actor::stateful_pointer<inbox_state> self,
                                 inbox_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
