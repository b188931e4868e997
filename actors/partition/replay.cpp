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

/// The slots that its steps were promised by the limiter.
void add_holds(const notification_entry& e, std::vector<applied_fact>& to) {
  const auto& s = e.state;
  for (std::uint8_t i = 0; i < s.steps.size(); ++i)
    if (s.steps[i].now == status::rate_limited && !s.steps[i].ended)
      to.push_back({s.id,
                    e.tenant,
                    s.updated_at,
                    std::make_shared<const fact>(
                        step_held{i, s.steps[i].wake, reason::rate_limited, check::rate_limit}),
                    s.recipient,
                    s.plan->steps[i].on,
                    {}});
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

/// Notifications that were over when their segment was settled, and of which there is a fact now:
/// what they were before is read back.
struct partition_state::orphans {
  replay_chunk_ptr chunk;
  absl::flat_hash_map<notification_id, std::uint64_t> first; ///< sequence of the first fact here
  std::size_t asked = 0;
};

/// Chunk after chunk; one that needs what is not read yet holds up those behind it.
void partition_state::take_in() {
  if (std::exchange(taking_in_, true))
    return;
  while (!folding_ && !incoming_.empty()) {
    auto chunk = std::move(incoming_.front());
    incoming_.pop_front();
    folding_ = true;
    read_orphans(chunk);
  }
  taking_in_ = false;
  if (!folding_ && incoming_end_)
    finish_replay();
}

void partition_state::read_orphans(const replay_chunk_ptr& chunk) {
  auto all = std::make_shared<orphans>(orphans{chunk, {}, 0});
  absl::flat_hash_set<notification_id> planned;
  for (const auto& row : chunk->rows)
    if (row.type == fact_type::notification_planned)
      planned.insert(row.notification);
    else if (!row.notification.is_nil() && !planned.contains(row.notification)
             && !model_->notifications().contains(row.notification))
      all->first.try_emplace(row.notification, row.sequence);
  if (all->first.empty())
    return fold_chunk(*chunk);
  orphans_ = std::move(all);
  ask_for_orphans();
}

void partition_state::ask_for_orphans() {
  if (!orphans_ || orphans_->asked != 0)
    return;
  orphans_->asked = orphans_->first.size();
  auto answered = [this, all = orphans_] {
    if (--all->asked != 0)
      return;
    if (!all->first.empty())
      return try_later();
    orphans_ = nullptr;
    fold_chunk(*all->chunk);
  };
  for (const auto& [id, sequence] : orphans_->first)
    self_->request(args_.store, caf::infinite, read_facts{{}, id})
        .then(
            [this, all = orphans_, id = id, before = sequence, answered](facts_read& x) {
              std::erase_if(x.rows, [&](const auto& row) { return row.sequence >= before; });
              if (auto entry = fold_rows(id, x.rows))
                model_->put(id, std::move(*entry));
              all->first.erase(id);
              answered();
            },
            [this, id = id, answered](const caf::error& why) {
              spdlog::warn("partition {}: {} cannot be read: {}; trying again", args_.id.value,
                           to_string(id), render(why));
              answered();
            });
}

void partition_state::fold_chunk(const replay_chunk& chunk) {
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
    if (model_->residence.is_absent(f.what.tenant, f.what.recipient))
      absent.push_back({f.what.tenant, f.what.recipient});
  with_people(std::move(absent), [this, facts = std::move(facts)] {
    fold_people(facts);
    model_->notifications().pack_replayed();
    folding_ = false;
    take_in();
  });
}

/// Folds what is about the notification; puts into `out` what is about a person. What waits for a
/// limit promises itself at the end, from what is left. False if the row cannot be read.
bool partition_state::fold_row(const journal_row& row, bool settled, std::vector<replayed>& out) {
  auto f = decode_fact(row.type, row.schema, row.body);
  if (!f) {
    spdlog::critical("partition {}: fact {} ({}) cannot be read; stopping rather than guessing",
                     args_.id.value, row.sequence, to_string(row.type));
    return false;
  }
  model_->apply(row.tenant, row.notification, *f, row.recorded_at, row.sequence);
  if (!row.notification.is_nil())
    to_project_.emplace_back(row.position, row.notification);
  if (settled || !concerns_person(row.type))
    return true;
  auto recipient = std::visit(recipient_of_fact{}, *f);
  const auto* entry = row.notification.is_nil() ? nullptr : model_->find(row.notification);
  if (entry != nullptr)
    recipient = entry->state.recipient;
  else if (row.type == fact_type::attempt_started)
    return true; // all else of it is gone, and with it whose it was
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
    if (r != nullptr && f.sequence <= r->residence.changed_at)
      continue;
    // The key was read as it is now: if they came back since, it is the new one.
    auto key = r == nullptr ? std::string{} : r->key;
    fold_person(f.what, f.sequence);
    if (auto* e = model_->recipients.find(f.what.tenant, f.what.recipient))
      e->key = std::move(key);
    applied.push_back(f.what);
  }
  tell_children(applied, true);
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
  save_people();
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
  apply_facts holds;
  holds.durable = true;
  model_->notifications().each([&](const notification_entry& e) {
    add_holds(e, holds.facts);
    if (!is_open(e.state))
      over.push_back(e.state.id);
    else if (has_open_call(e.state) || e.armed <= now())
      due.push_back(e.state.id);
    else if (e.armed != far_future)
      timers.push_back({e.state.id, e.armed, far_future});
  });
  if (!holds.facts.empty())
    self_->send(limiter_, std::move(holds));
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
  if (drains_.empty() || !reading_.empty() || !effects_.empty()
      || durable_sequence_ + 1 != next_sequence_)
    return;
  for (const auto& [id, r] : running_)
    if (const auto* e = model_->find(id); e != nullptr && has_open_call(e->state))
      return;
  for (auto& promise : drains_)
    promise.deliver(drained{});
  drains_.clear();
}

} // namespace carillon
