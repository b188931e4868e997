#include "messages/errors.hpp"
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

/// Somebody was calling a provider, and nobody knows what came of it.
bool open_call(const notification_state& s) {
  return std::any_of(s.attempts.begin(), s.attempts.end(),
                     [](const auto& a) { return a.now == status::sending; });
}

} // namespace

void partition_state::on_replay(const replay_rows& m) {
  incoming_.push_back(m.chunk);
  take_in();
}

void partition_state::on_replay_end(const replay_end& m) {
  incoming_end_ = m;
  take_in();
}

/// Chunk after chunk; one that needs people who are not read yet holds up those behind it.
void partition_state::take_in() {
  while (!folding_ && !incoming_.empty()) {
    auto chunk = std::move(incoming_.front());
    incoming_.pop_front();
    take_in(*chunk);
  }
  if (!folding_ && incoming_end_ && reading_orphans_ == 0)
    read_orphans();
}

void partition_state::take_in(const replay_chunk& chunk) {
  for (const auto& who : chunk.people)
    model_->residence.know(who);
  for (const auto& e : chunk.events) {
    if (e.first.is_nil())
      model_->events.remember(e.event, e.at);
    else
      model_->events.remember(e.event, e.first, e.at);
    if (e.kept)
      model_->events.keep(e.event, e.at);
  }
  std::vector<replayed> facts;
  for (const auto& row : chunk.rows)
    if (!fold_row(row, chunk.settled, facts))
      return self_->quit(caf::exit_reason::unhandled_exception);
  std::vector<person> absent;
  for (const auto& f : facts)
    if (concerns_person(type_of(*f.what.body))
        && model_->residence.is_absent(f.what.tenant, f.what.recipient))
      absent.push_back({f.what.tenant, f.what.recipient});
  folding_ = true;
  with_people(std::move(absent), [this, facts = std::move(facts)] {
    fold_people(facts);
    model_->notifications().pack_replayed();
    folding_ = false;
    take_in();
  });
}

/// Folds what is about the notification; puts the rest into `out`. False if it cannot be read.
bool partition_state::fold_row(const journal_row& row, bool settled, std::vector<replayed>& out) {
  auto f = decode_fact(row.type, row.schema, row.body);
  if (!f) {
    spdlog::critical("partition {}: fact {} ({}) cannot be read; stopping rather than guessing",
                     args_.id.value, row.sequence, to_string(row.type));
    return false;
  }
  if (!model_->apply(row.tenant, row.notification, *f, row.recorded_at, row.sequence))
    orphans_.insert(row.notification);
  if (!row.notification.is_nil())
    to_project_.emplace_back(row.position, row.notification);
  if (!concerns_children(row.type) || (settled && concerns_person(row.type)))
    return true;
  auto recipient = std::visit(recipient_of_fact{}, *f);
  const auto* entry = row.notification.is_nil() ? nullptr : model_->find(row.notification);
  if (entry != nullptr)
    recipient = entry->state.recipient;
  auto on = channel_of(*f, entry);
  out.push_back(
      {{row.notification, row.tenant, row.recorded_at, std::make_shared<const fact>(std::move(*f)),
        std::move(recipient), on, row.sealed},
       row.sequence});
  return true;
}

/// What a snapshot holds already is passed over.
void partition_state::fold_people(const std::vector<replayed>& facts) {
  std::vector<applied_fact> applied;
  applied.reserve(facts.size());
  for (const auto& f : facts) {
    const auto* r = model_->recipients.find(f.what.tenant, f.what.recipient);
    if (r != nullptr && concerns_person(type_of(*f.what.body))
        && f.sequence <= r->residence.changed_at)
      continue;
    fold_person(f.what, f.sequence);
    applied.push_back(f.what);
  }
  tell_children(applied, true);
}

/// Facts about notifications that were over when their segment was settled, and are not now: the
/// whole of them is read back.
void partition_state::read_orphans() {
  if (orphans_.empty())
    return finish_replay();
  reading_orphans_ = orphans_.size();
  for (const auto& id : std::exchange(orphans_, {}))
    self_->request(args_.store, caf::infinite, read_facts{{}, id})
        .then(
            [this, id](const facts_read& x) {
              if (auto entry = fold_rows(id, x.rows))
                model_->put(id, std::move(*entry));
              if (--reading_orphans_ == 0)
                take_in();
            },
            [this, id](const caf::error& why) {
              spdlog::warn("partition {}: {} cannot be read: {}; trying again", args_.id.value,
                           to_string(id), render(why));
              orphans_.insert(id);
              if (--reading_orphans_ == 0)
                try_later();
            });
}

void partition_state::finish_replay() {
  const auto end = *std::exchange(incoming_end_, std::nullopt);
  next_sequence_ = end.next_sequence;
  durable_sequence_ = end.next_sequence - 1;
  ready_ = true;
  append missed;
  missed.partition = args_.id;
  absl::flat_hash_set<notification_id> seen;
  for (const auto& [position, id] : to_project_)
    if (position > end.projected_position && seen.insert(id).second)
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
  model_->notifications().pack_replayed();
  std::vector<notification_id> over;
  std::vector<notification_id> due;
  std::vector<arm_deadline> timers;
  model_->notifications().each([&](const notification_entry& e) {
    if (!is_open(e.state))
      over.push_back(e.state.id);
    else if (open_call(e.state) || e.armed <= now())
      due.push_back(e.state.id);
    else if (e.armed != far_future)
      timers.push_back({e.state.id, e.armed, far_future});
  });
  if (!timers.empty())
    self_->send(scheduler_, std::move(timers));
  for (const auto& id : over)
    model_->drop(id);
  for (const auto& id : due) {
    model_->find(id)->armed = far_future;
    wake(id);
  }
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
