#include "actors/intake/intake.hpp"

#include "messages/errors.hpp"

#include "actors/rules/rules.hpp"

#include <algorithm>
#include <utility>

namespace carillon {

namespace {

constexpr std::size_t cost_of_item
    = 1024; // about what one planned notification holds until it is durable
constexpr std::size_t most_named = 100; // recipients an answer names; more are a fan-out

bool idle(const matched& m) noexcept {
  return m.items.empty() && m.cancels.empty() && m.reschedules.empty();
}

bool is_fan_out(const matched& m) noexcept {
  return m.items.size() > most_named
         || std::any_of(m.items.begin(), m.items.end(),
                        [](const auto& i) { return !i.role.empty(); });
}

std::vector<partition_id> all_partitions() {
  std::vector<partition_id> out;
  for (std::size_t i = 0; i < partition_count; ++i)
    out.push_back({static_cast<std::uint8_t>(i)});
  return out;
}

} // namespace

/// One request's events, split by partition and put together again. An event that acts on what
/// others planned (cancels, reschedules) goes three ways one after the other: its home is asked
/// whether all of it was done before; everyone does his part; its home keeps it. So a repeat does
/// nothing again, and a crash in between loses nothing, since the client repeats what was not
/// answered.
struct intake_state::submission {
  tenant_id tenant;
  std::vector<std::pair<std::size_t, event_ptr>>
      acting; ///< those that act, by their place; empty once they are kept
  bool keeping = false;
  std::uint64_t catalogue_version = 0;
  caf::typed_response_promise<events_answer> promise;
  events_answer reply;
  std::vector<bool> is_new; ///< an event was new to at least one partition that it concerns
  struct piece {
    std::vector<std::size_t> indices; ///< of the events, beside `plans`
    std::vector<event_plan> plans;
  };
  std::map<partition_id, piece> parts;
  std::size_t open = 0;
  std::size_t bytes = 0;
  timestamp started;
};

intake_actor::behavior_type intake_state::make_behavior(intake_arguments args) {
  args_ = args;
  random_.seed(std::random_device{}());
  return {
      [this](const submit_events& m) { return on_events(m); },
      [this](const submit_notification& m) { return on_notification(m); },
      [this](const notification_command& m) { return route<answer>(partition_of(m.id), m); },
      [this](const recipient_command& m) {
        return route<answer>(partition_of(m.tenant, m.recipient), m);
      },
      [this](const inbox_command& m) {
        return route<answer>(partition_of(m.tenant, m.recipient), m);
      },
      [this](const provider_report& m) { return route<answer>(partition_of(m.id), m); },
      [this](const claim_request& m) {
        return route<claim_answer>(home_of(m.tenant, m.route, m.key), m);
      },
      [this](const complete_request& m) {
        return route<caf::unit_t>(home_of(m.tenant, m.route, m.key), m);
      },
      [this](const resume_inbox& m) {
        return route<inbox_resumed>(partition_of(m.tenant, m.recipient), m);
      },
      [this](const watch_inbox& m) {
        auto p = partition_of(m.tenant, m.recipient);
        if (owners_ && (*owners_)[p.value])
          self_->send((*owners_)[p.value], m);
      },
      [this](const know_partitions& m) { on_partitions(m); },
      [this](const journal_health& m) { on_health(m); },
      [this](const drain&) {
        draining_ = true;
        return drained{};
      },
  };
}

/// Answers the questions for which `hopeless` as if their partition had failed.
template <class F>
void intake_state::give_up(F hopeless) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, asked] : questions_)
    if (hopeless(asked))
      numbers.push_back(number);
  for (auto number : numbers)
    part_answered(number, {});
}

template <class Answer, class Message>
caf::result<Answer> intake_state::route(partition_id p, const Message& m) {
  if (!owners_ || !(*owners_)[p.value])
    return make_error(errc::not_ready, "the partition is starting");
  return self_->delegate((*owners_)[p.value], m);
}

/// What was asked of an owner that is gone gets no answer any more.
void intake_state::on_partitions(const know_partitions& m) {
  auto before = std::exchange(owners_, m.table);
  give_up([&](const question& asked) {
    return before && (*before)[asked.whom.value] != (*owners_)[asked.whom.value];
  });
}

void intake_state::on_health(const journal_health& m) {
  give_up_overdue();
  lanes_[m.lane] = m;
}

/// Why new work is refused now; no error if it is not. What is on its way already goes on.
caf::error intake_state::pressure() const {
  if (draining_)
    return make_error(errc::shutting_down);
  std::size_t pending = in_flight_;
  for (const auto& [lane, h] : lanes_) {
    if (h.state == journal_state::down || h.state == journal_state::fenced)
      return make_error(errc::journal_unavailable, h.detail);
    pending += h.pending_bytes;
  }
  if (pending > args_.memory_budget)
    return make_error(errc::overloaded, "too much accepted work waits to become durable");
  return {};
}

// -- events ---------------------------------------------------------------------------------------

caf::result<events_answer> intake_state::on_events(const submit_events& m) {
  give_up_overdue();
  if (auto refused = pressure()) {
    args_.count->events_refused.add(m.events.size());
    return refused;
  }
  auto s = std::make_shared<submission>();
  s->tenant = m.tenant;
  s->started = args_.time->now();
  s->reply.items.resize(m.events.size());
  s->is_new.resize(m.events.size());
  s->promise = self_->make_response_promise<events_answer>();
  for (std::size_t i = 0; i < m.events.size(); ++i)
    plan(s, i, m.events[i]);
  in_flight_ += s->bytes;
  if (s->acting.empty())
    send_parts(s);
  else
    recall(s);
  return s->promise;
}

/// Asks the home of each event that acts whether it is a repeat.
void intake_state::recall(const submission_ptr& s) {
  auto acting = s->acting; // the last answer may come at once, and go on to what takes it out
  s->open = acting.size();
  for (const auto& [at, e] : acting) {
    auto index = at;
    auto home = home_of(s->tenant, e->source, e->id);
    if (!owners_ || !(*owners_)[home.value]) {
      recalled(s, index, make_error(errc::not_ready, "the partition is starting"));
      continue;
    }
    recall_events m{s->tenant, {make_hash(s->tenant.str(), e->source, e->id)}};
    self_->request((*owners_)[home.value], plan_timeout, std::move(m))
        .then([this, s, index](const events_recalled& a) { recalled(s, index, a.known.front()); },
              [this, s, index](const caf::error& failed) { recalled(s, index, failed); });
  }
}

void intake_state::recalled(const submission_ptr& s, std::size_t index,
                            const caf::expected<bool>& known) {
  if (!known)
    s->reply.items[index].failed = true;
  if (!known || *known)
    for (auto& [p, piece] : s->parts)
      for (std::size_t i = 0; i < piece.indices.size(); ++i)
        piece.plans[i].repeat = piece.plans[i].repeat || piece.indices[i] == index;
  if (--s->open == 0)
    send_parts(s);
}

/// The homes of the events that acted keep them, so that a repeat is known. False if there are
/// none.
bool intake_state::keep_acting(const submission_ptr& s) {
  s->parts.clear();
  for (const auto& [index, e] : std::exchange(s->acting, {}))
    if (!s->reply.items[index].failed)
      part(*s, home_of(s->tenant, e->source, e->id), index, e).home = true;
  s->keeping = true;
  if (s->parts.empty())
    return false;
  send_parts(s);
  return true;
}

/// What one event means, split by owner.
void intake_state::plan(const submission_ptr& s, std::size_t index, const event_ptr& e) {
  auto catalogue = args_.catalogue->get()->of(s->tenant);
  s->catalogue_version = catalogue->version;
  auto found = match(*catalogue, *e, s->started);
  s->reply.items[index].event_id = e->id;
  s->bytes += e->data_text.size() + cost_of_item * (found.items.size() + 1);
  if (!found.any)
    args_.count->events_unmatched.add();
  // What is too late now was planned if this is a repeat: its owners know.
  for (const auto& who : found.late)
    part(*s, partition_of(s->tenant, who), index, e);
  if (idle(found)) {
    part(*s, home_of(s->tenant, e->source, e->id), index, e).home = true;
    return;
  }
  if (is_fan_out(found))
    s->reply.items[index].fan_out = to_hex(make_hash(s->tenant.str(), e->source, e->id));
  for (auto& item : found.items) {
    if (item.role.empty()) {
      auto p = partition_of(s->tenant, item.recipient);
      part(*s, p, index, e).items.push_back(std::move(item));
    } else {
      for (auto p : all_partitions())
        part(*s, p, index, e).items.push_back(item);
    }
  }
  // Whose notifications a correlation key names is known to their owners alone.
  if (found.cancels.empty() && found.reschedules.empty())
    return;
  s->acting.emplace_back(index, e);
  for (auto p : all_partitions()) {
    auto& mine = part(*s, p, index, e);
    mine.cancels = found.cancels;
    mine.reschedules = found.reschedules;
  }
}

event_plan& intake_state::part(submission& s, partition_id p, std::size_t index,
                               const event_ptr& e) {
  auto& piece = s.parts[p];
  if (piece.indices.empty() || piece.indices.back() != index) {
    piece.indices.push_back(index);
    piece.plans.push_back({e, {}, {}, {}, false, false});
  }
  return piece.plans.back();
}

void intake_state::send_parts(const submission_ptr& s) {
  s->open = s->parts.size() + 1;
  for (auto& [p, piece] : s->parts) {
    plan_events m{s->tenant, s->catalogue_version, std::move(piece.plans)};
    if (!owners_ || !(*owners_)[p.value]) {
      on_part(s, p, {});
      continue;
    }
    auto number = ++last_question_;
    questions_.emplace(number, question{s, p, self_->clock().now()});
    self_->request((*owners_)[p.value], caf::infinite, std::move(m))
        .then([this, number](const events_answer& a) { part_answered(number, a); },
              [this, number](const caf::error&) { part_answered(number, {}); });
  }
  finish(s);
}

void intake_state::part_answered(std::uint64_t number, const events_answer& a) {
  auto i = questions_.find(number);
  if (i == questions_.end())
    return; // too late: the client was told
  auto asked = std::move(i->second);
  questions_.erase(i);
  on_part(asked.about, asked.whom, a);
}

/// Partitions answer or fail; this is for one that died with the question, or whose journal is
/// away.
void intake_state::give_up_overdue() {
  auto now = self_->clock().now();
  if (now - swept_ < std::chrono::seconds{1})
    return;
  swept_ = now;
  give_up([&](const question& asked) { return now - asked.asked >= plan_timeout; });
}

/// An empty answer: the partition could not make its part durable, so the client has to repeat
/// these events.
void intake_state::on_part(const submission_ptr& s, partition_id p, const events_answer& a) {
  const auto& indices = s->parts[p].indices;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    auto index = indices[i];
    auto& item = s->reply.items[index];
    if (a.items.empty()) {
      item.failed = true;
      s->is_new[index] = true;
      continue;
    }
    if (s->keeping)
      continue;
    const auto& got = a.items[i];
    // A partition that only looked for correlation keys or roles, and found none, knows nothing of
    // a repeat.
    s->is_new[index] = s->is_new[index] || (!got.duplicate && !got.notifications.empty());
    item.duplicate = item.duplicate || got.duplicate;
    item.failed = item.failed || got.failed;
    item.notifications.insert(item.notifications.end(), got.notifications.begin(),
                              got.notifications.end());
  }
  finish(s);
}

void intake_state::finish(const submission_ptr& s) {
  if (--s->open != 0 || (!s->acting.empty() && keep_acting(s)))
    return;
  in_flight_ -= s->bytes;
  auto& count = *args_.count;
  for (std::size_t i = 0; i < s->reply.items.size(); ++i) {
    auto& item = s->reply.items[i];
    if (item.failed) {
      count.events_refused.add();
      continue;
    }
    count.events_accepted.add();
    item.duplicate = item.duplicate && !s->is_new[i];
    if (item.duplicate)
      count.events_duplicate.add();
    if (!item.fan_out.empty())
      item.notifications.clear();
    std::sort(item.notifications.begin(), item.notifications.end(),
              [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
  }
  auto took = args_.time->now() - s->started;
  count.event_to_durable.record(static_cast<std::uint64_t>(std::max(took, duration{0}).count()));
  s->promise.deliver(std::move(s->reply));
}

intake_actor::behavior_type intake(intake_actor::stateful_pointer<intake_state> self,
                                   intake_arguments args) {
  return self->state.make_behavior(args);
}

} // namespace carillon
