#include "actors/partition/partition.hpp"

#include "messages/errors.hpp"
#include "messages/fact_codec.hpp"

#include "actors/inbox/inbox.hpp"
#include "actors/partition/fact_routes.hpp"
#include "actors/preference_gate/preference_gate.hpp"
#include "actors/rate_limiter/rate_limiter.hpp"
#include "actors/rate_limiter/window_check.hpp"
#include "actors/scheduler/scheduler.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <stdexcept>

namespace carillon {

namespace {

/// What is sealed beside a fact and longer is kept apart from it.
constexpr std::size_t most_sealed = 64 * 1024;

/// The facts for which `concerns`, in their order.
template <class F>
apply_facts pick(const std::vector<applied_fact>& facts, bool durable, F concerns) {
  apply_facts out;
  out.durable = durable;
  for (const auto& f : facts)
    if (concerns(type_of(*f.body)))
      out.facts.push_back(f);
  return out;
}

} // namespace

partition_actor::behavior_type partition_state::make_behavior(partition_arguments args) {
  args_ = std::move(args);
  const auto& services = *args_.services;
  model_.emplace(seal(), services.memory);
  random_.seed(std::random_device{}());
  self_->attach_functor([shown = shown_, m = &count()](const caf::error&) {
    m->notifications_waiting.sub(shown->notifications);
    m->people_in_memory.sub(shown->people);
  });
  auto owner = caf::actor_cast<partition_actor>(self_);
  limiter_
      = self_->spawn<caf::linked>(rate_limiter, rate_limiter_arguments{services.limits, &count()});
  gate_ = self_->spawn<caf::linked>(
      preference_gate, preference_gate_arguments{limiter_, services.catalogue, &count()});
  scheduler_
      = self_->spawn<caf::linked>(scheduler, scheduler_arguments{owner, services.deliveries->time});
  inbox_ = self_->spawn<caf::linked>(
      inbox, inbox_arguments{services.hub, &seal(), services.deliveries->time});
  return {
      [this](plan_events& m) { return on_plan(m); },
      [this](const recall_events& m) { return on_recall(m); },
      [this](const notification_command& m) { return on_notification(m); },
      [this](const recipient_command& m) { return on_recipient(m); },
      [this](const inbox_command& m) { return on_inbox(m); },
      [this](const provider_report& m) { return on_report(m); },
      [this](const claim_request& m) { return on_claim(m); },
      [this](const complete_request& m) { return on_complete(m); },
      [this](const resume_inbox& m) { return on_resume(m); },
      [this](const watch_inbox& m) {
        with_person(m.tenant, m.recipient, [this, m] { self_->send(inbox_, m); });
      },
      [this](propose& m) { return on_propose(m); },
      [this](const get_context& m) { return on_get_context(m); },
      [this](const deadlines_due& m) { on_due(m); },
      [this](const clock_changed& m) { self_->send(scheduler_, m); },
      [this](const replay_rows& m) { on_replay(m); },
      [this](const replay_end& m) { on_replay_end(m); },
      [this](const projected& m) { on_projected(m); },
      [this](const flush_people&) { return on_flush_people(); },
      [this](const tick_due&) { on_tick(); },
      [this](const get_health&) { return on_health(); },
      [this](const drain&) { return on_drain(); },
  };
}

caf::error partition_state::unavailable() const {
  return make_error(draining_ ? errc::shutting_down : errc::not_ready);
}

caf::result<health> partition_state::on_health() const {
  return health{ready_, R"({"notifications":)" + std::to_string(model_->notifications().size())
                            + R"(,"deliveries":)" + std::to_string(running_.size()) + "}"};
}

notification_id partition_state::new_id(timestamp at) {
  auto r = random_();
  return make_notification_id(args_.id, at, static_cast<std::uint8_t>(r & 15), random_());
}

wrapped_key partition_state::key_row(const tenant_id& tenant, const recipient_id& recipient,
                                     const std::string& wrapped) const {
  return {args_.id, tenant, recipient, wrapped};
}

/// The recipient's entry with a data key; one that was made just now becomes part of the input's
/// append.
recipient_entry& partition_state::key_for(const tenant_id& tenant, const recipient_id& recipient,
                                          input& in) {
  auto& e = model_->recipients.with_key(tenant, recipient);
  if (e.key_new) {
    in.keys.push_back(key_row(tenant, recipient, e.key));
    e.key_new = false;
  }
  return e;
}

// -- the journal ----------------------------------------------------------------------------------

journal_row partition_state::encode(const input& in, const pending_fact& f,
                                    std::uint64_t sequence) const {
  journal_row row;
  row.partition = args_.id;
  row.sequence = sequence;
  row.recorded_at = in.at;
  row.tenant = in.tenant;
  row.notification = f.id;
  row.type = type_of(f.body);
  row.schema = schema_of(f.body);
  row.body.reserve(256);
  encode_fact(f.body, row.body);
  row.sealed = f.sealed;
  row.trace = in.trace;
  return row;
}

/// Counts what happened, for the metrics page.
struct partition_state::tally {
  metrics& count;
  const notification_entry* entry;
  timestamp at;

  void operator()(const step_held& f) const {
    count.holds[static_cast<std::size_t>(f.why)].add();
  }
  void operator()(const step_suppressed& f) const {
    count.suppressions[static_cast<std::size_t>(f.why)].add();
  }
  void operator()(const cancelled&) const {
    count.notifications_cancelled.add();
  }
  void operator()(const expired&) const {
    count.notifications_expired.add();
  }
  void operator()(const dead_lettered&) const {
    count.notifications_dead_lettered.add();
  }
  void operator()(const attempt_succeeded& f) const {
    if (entry != nullptr && f.number == 1 && entry->state.send_at == no_time)
      count.event_to_outcome.record(
          static_cast<std::uint64_t>(std::max(at - entry->state.created_at, duration{0}).count()));
  }
  void operator()(const outcome_settled& f) const {
    if (entry == nullptr || f.as != settlement::resend)
      return;
    if (const auto* a = find_attempt(entry->state, f.number))
      count
          .attempts_resent_after_unknown[static_cast<std::size_t>(
              entry->state.plan->steps[a->step].on)]
          .add();
  }
  template <class Other>
  void operator()(const Other&) const {
    // counted elsewhere, or not at all
  }
};

/// Numbers, folds and hands over; does not wait. Returns the sequence of the last fact.
std::uint64_t partition_state::commit(input in) {
  append a;
  a.partition = args_.id;
  a.rows.reserve(in.facts.size());
  std::vector<applied_fact> applied;
  std::vector<std::pair<notification_id, bool>> touched; // and whether it is new
  for (auto& f : in.facts) {
    auto sequence = next_sequence_++;
    auto type = type_of(f.body);
    a.rows.push_back(encode(in, f, sequence));
    if (auto& row = a.rows.back(); row.sealed.size() > most_sealed && is_content(type))
      a.blobs.push_back({a.rows.size() - 1, std::exchange(row.sealed, {})});
    model_->apply(in.tenant, f.id, f.body, in.at, sequence);
    if (!f.id.is_nil() && (touched.empty() || touched.back().first != f.id))
      touched.emplace_back(f.id, type == fact_type::notification_planned);
    const auto* entry = f.id.is_nil() ? nullptr : model_->find(f.id);
    std::visit(tally{count(), entry, in.at}, f.body);
    if (!concerns_children(type))
      continue;
    auto on = channel_of(f.body, entry);
    auto recipient = entry != nullptr ? entry->state.recipient : f.recipient;
    applied.push_back({f.id, in.tenant, in.at, std::make_shared<const fact>(std::move(f.body)),
                       std::move(recipient), on, std::move(f.sealed)});
    fold_person(applied.back(), sequence);
  }
  for (const auto& k : in.keys)
    model_->residence.got_key(k.tenant, k.recipient, next_sequence_ - 1);
  a.keys = std::move(in.keys);
  for (const auto& [id, created] : touched)
    project(a, id, created);
  tell_children(applied, false);
  self_->request(args_.lane, caf::infinite, std::move(a))
      .then([this](const appended& ack) { on_appended(ack); },
            [this, last = next_sequence_ - 1](const caf::error& e) { on_append_failed(e, last); });
  return next_sequence_ - 1;
}

/// What the fact says about a person, where it does. They are in memory, or new.
void partition_state::fold_person(const applied_fact& f, std::uint64_t sequence) {
  auto type = type_of(*f.body);
  if (!concerns_person(type))
    return;
  if (type == fact_type::attempt_started
      && longest_window(args_.services->limits[static_cast<std::size_t>(f.on)]) == duration{0})
    return;
  if (model_->residence.is_absent(f.tenant, f.recipient))
    throw std::logic_error{"a fact about a recipient who was not read"};
  model_->recipients.apply(f.tenant, *f.body, f.sealed, f.at, sequence);
  model_->residence.changed(f.tenant, f.recipient, sequence, f.sealed.size());
}

/// What the append did to a notification: its line in the read model and its next deadline.
void partition_state::project(append& a, const notification_id& id, bool created) {
  auto* entry = model_->find(id);
  if (entry == nullptr)
    return;
  const auto& s = entry->state;
  projection p{id, s.now, s.why, channel::sms, false, is_open(s), s.updated_at, nullptr};
  if (!s.steps.empty()) {
    p.on = s.plan->steps[leading_step(s)].on;
    p.has_channel = true;
  }
  if (created)
    p.created = std::make_shared<const notification_view>(
        notification_view{id, entry->tenant, s.recipient, s.event_id, s.dedupe, s.plan->type,
                          s.plan->in, s.plan->at, s.created_at, s.send_at, s.expires_at});
  a.projections.push_back(std::move(p));
  arm(*entry);
}

void partition_state::tell_children(const std::vector<applied_fact>& facts, bool durable) {
  if (auto m = pick(facts, durable, concerns_gate); !m.facts.empty())
    self_->send(gate_, std::move(m));
  if (auto m = pick(facts, durable, concerns_limiter); !m.facts.empty())
    self_->send(limiter_, std::move(m));
  auto m = pick(facts, durable, concerns_inbox);
  if (m.facts.empty())
    return;
  for (const auto& f : m.facts) {
    auto* r = model_->recipients.find(f.tenant, f.recipient);
    if (r != nullptr && !r->inbox_knows_key && !r->key.empty()) {
      r->inbox_knows_key = true;
      self_->send(inbox_, know_key{f.tenant, f.recipient, r->key});
    }
  }
  self_->send(inbox_, std::move(m));
}

/// Live sessions see a frame only once it is durable.
void partition_state::show_frames(const tenant_id& tenant, const recipient_id& recipient,
                                  std::uint64_t sequence) {
  const auto* r = model_->recipients.find(tenant, recipient);
  if (r == nullptr)
    return;
  after_durable(sequence, [this, m = frames_durable{tenant, recipient, r->inbox_offset}](
                              const caf::error& failed) {
    if (!failed)
      self_->send(inbox_, m);
  });
}

void partition_state::after_durable(std::uint64_t sequence, effect run) {
  if (sequence <= durable_sequence_)
    return run({});
  effects_.emplace_back(sequence, std::move(run));
}

/// What is in memory is ahead of the journal for good: whoever waits is told, and a replay starts
/// over. Only those whose own append it was hear why; the others may ask again.
void partition_state::on_append_failed(const caf::error& e, std::uint64_t last_sequence) {
  spdlog::error("partition {}: append refused: {}", args_.id.value, render(e));
  auto later = make_error(errc::not_ready, "the partition starts again");
  for (auto& [sequence, run] : std::exchange(effects_, {}))
    run(sequence == last_sequence ? e : later);
  self_->quit(e);
}

void partition_state::on_appended(const appended& ack) {
  if (ack.last_sequence > durable_sequence_)
    durable_sequence_ = ack.last_sequence;
  if (ack.last_position != 0)
    positions_.emplace_back(ack.last_position, ack.last_sequence);
  while (!effects_.empty() && effects_.front().first <= durable_sequence_) {
    auto run = std::move(effects_.front().second);
    effects_.pop_front();
    run({});
  }
  gauge();
  maybe_drained();
}

void partition_state::on_projected(const projected& m) {
  std::uint64_t sequence = 0;
  while (!positions_.empty() && positions_.front().first <= m.position) {
    sequence = positions_.front().second;
    positions_.pop_front();
  }
  if (sequence != 0)
    model_->drop_finished(sequence);
  model_->notifications().pack();
  model_->residence.next_round();
  if (model_->residence.is_over() && !saving_) {
    make_room();
    save_people();
  }
  gauge();
}

/// Moves the node's gauges by what this partition's share has changed.
void partition_state::gauge() {
  auto move = [](auto& of_node, std::size_t& shown, std::size_t now) {
    if (now > shown)
      of_node.add(now - shown);
    else
      of_node.sub(shown - now);
    shown = now;
  };
  move(count().notifications_waiting, shown_->notifications, model_->notifications().size());
  move(count().people_in_memory, shown_->people, model_->recipients.size());
}

partition_actor::behavior_type partition(partition_actor::stateful_pointer<partition_state> self,
                                         partition_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
