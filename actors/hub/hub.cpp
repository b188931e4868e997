#include "actors/hub/hub.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace carillon {

static_assert(!std::is_aggregate_v<hub_state>);

hub_actor::behavior_type hub_state::make_behavior(hub_arguments args) {
  args_ = std::move(args);
  model_ = hub_model{args_.patience};
  return {
      [this](const session_opened& m) { perform(model_.open(m)); },
      [this](const session_closed& m) { perform(model_.close(m)); },
      [this](const live_frame_ptr& m) { perform(model_.on_frame(m)); },
      [this](const know_partitions& m) { on_owners(m); },
      [this](const tick_due&) { on_tick(); },
      [this](const get_health&) { return on_health(); },
      [this](const drain&) { return on_drain(); },
  };
}

void hub_state::on_owners(const know_partitions& what) {
  perform(model_.on_owners(*what.table));
}

void hub_state::on_tick() {
  ticking_ = false;
  perform(model_.on_tick());
}

health hub_state::on_health() const {
  return {true, R"({"sessions":)" + std::to_string(model_.sessions()) + '}'};
}

drained hub_state::on_drain() {
  model_.drain();
  return {};
}

void hub_state::perform(hub_requests requests) {
  for (auto& watch : requests.watches)
    self_->send(args_.intake, std::move(watch));
  for (const auto& question : requests.questions)
    ask(question);
  if (model_.wants_tick() && !ticking_) {
    ticking_ = true;
    self_->delayed_send(self_, args_.tick, tick_due{});
  }
  count();
}

void hub_state::ask(const hub_requests::question& question) {
  self_->request(args_.intake, args_.answer_timeout, question.what)
      .then([this, session = question.session, round = question.round](
                const inbox_resumed& answer) { perform(model_.on_answer(session, round, answer)); },
            [this, session = question.session, round = question.round](const caf::error&) {
              model_.on_failure(session, round);
              perform({});
            });
}

void hub_state::count() {
  if (!args_.numbers)
    return;
  args_.numbers->live_sessions.set(model_.sessions());
  args_.numbers->live_frames.add(model_.frames() - counted_frames_);
  counted_frames_ = model_.frames();
}

hub_actor::behavior_type hub(hub_actor::stateful_pointer<hub_state> self, hub_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
