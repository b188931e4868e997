#include "messages/fact_codec.hpp"

#include "actors/partition/fact_routes.hpp"
#include "actors/partition/partition.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace carillon {

namespace {

/// Whom a fact names, where it is about no notification.
struct recipient_of_fact {
  template <class Fact>
  recipient_id operator()(const Fact& f) const {
    if constexpr (requires { f.recipient; })
      return f.recipient;
    else
      return {};
  }
};

} // namespace

void partition_state::on_replay(const replay_rows& m) {
  for (const auto& k : m.chunk->keys)
    model_->recipients.know_key(k);
  std::vector<applied_fact> applied;
  applied.reserve(m.chunk->rows.size());
  for (const auto& row : m.chunk->rows) {
    auto f = decode_fact(row.type, row.schema, row.body);
    if (!f) {
      spdlog::critical("partition {}: fact {} ({}) cannot be read; stopping rather than guessing",
                       args_.id.value, row.sequence, to_string(row.type));
      return self_->quit(caf::exit_reason::unhandled_exception);
    }
    model_->apply(row.tenant, row.notification, *f, row.sealed, row.recorded_at, row.sequence);
    if (!row.notification.is_nil())
      to_project_.emplace_back(row.position, row.notification);
    auto recipient = std::visit(recipient_of_fact{}, *f);
    if (!concerns_children(row.type))
      continue;
    const auto* entry = row.notification.is_nil() ? nullptr : model_->find(row.notification);
    if (entry != nullptr)
      recipient = entry->state.recipient;
    auto on = channel_of(*f, entry);
    applied.push_back({row.notification, row.tenant, row.recorded_at,
                       std::make_shared<const fact>(std::move(*f)), std::move(recipient), on,
                       row.sealed});
  }
  tell_children(applied, true);
  model_->notifications().pack(true);
}

void partition_state::on_replay_end(const replay_end& m) {
  next_sequence_ = m.next_sequence;
  durable_sequence_ = m.next_sequence - 1;
  ready_ = true;
  append missed;
  missed.partition = args_.id;
  absl::flat_hash_set<notification_id> seen;
  for (const auto& [position, id] : to_project_)
    if (position > m.projected_position && seen.insert(id).second)
      project(missed, id, true);
  to_project_.clear();
  to_project_.shrink_to_fit();
  if (!missed.projections.empty())
    self_->request(args_.lane, caf::infinite, std::move(missed))
        .then([](const appended&) {}, [](const caf::error&) {});
  take_up_work();
  gauge();
  if (args_.supervisor)
    self_->send(args_.supervisor, partition_ready{args_.id});
}

/// Everything that waits gets its deadline back; what was on its way goes on.
void partition_state::take_up_work() {
  std::vector<notification_id> due;
  for (const auto& id : model_->notifications().ids()) {
    auto& e = *model_->find(id);
    const auto& s = e.state;
    auto lost_call = std::any_of(s.attempts.begin(), s.attempts.end(),
                                 [](const auto& a) { return a.now == status::sending; });
    if (s.finished && deadline_of(s) == far_future && !lost_call)
      model_->drop(id);
    else if (lost_call || !arm(e))
      due.push_back(id);
    else
      model_->notifications().pack();
  }
  for (const auto& id : due)
    wake(id);
}

caf::result<drained> partition_state::on_drain() {
  draining_ = true;
  for (auto& load : loads_)
    load.backlog = {}; // durable: they go on after the restart
  drains_.push_back(self_->make_response_promise<drained>());
  auto promise = drains_.back();
  maybe_drained();
  return promise;
}

/// Drained: nothing waits for the journal, and no call is out.
void partition_state::maybe_drained() {
  if (drains_.empty() || !effects_.empty() || durable_sequence_ + 1 != next_sequence_)
    return;
  for (const auto& [id, r] : running_)
    if (const auto* e = model_->find(id))
      for (const auto& a : e->state.attempts)
        if (a.now == status::sending)
          return;
  for (auto& promise : drains_)
    promise.deliver(drained{});
  drains_.clear();
}

} // namespace carillon
