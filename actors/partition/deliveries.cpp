#include "messages/errors.hpp"
#include "messages/fact_codec.hpp"

#include "actors/partition/partition.hpp"
#include "actors/rules/rules.hpp"

#include <caf/send.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace carillon {

namespace {

constexpr auto store_timeout = std::chrono::seconds{10};
constexpr std::size_t most_contexts = 32; // kept for deliveries of a channel that wait their turn
constexpr auto critical = static_cast<std::size_t>(priority::critical);

/// Whose slowness would hold it up: the channel of the step it is at.
std::size_t channel_at(const notification_state& s) {
  auto step = s.finished ? leading_step(s) : s.current;
  if (s.plan->by == strategy::all && !s.finished)
    step = static_cast<std::uint8_t>(
        std::find_if(s.steps.begin(), s.steps.end() - 1, [](const auto& x) { return !x.ended; })
        - s.steps.begin());
  return static_cast<std::size_t>(s.plan->steps[step].on);
}

} // namespace

// -- starting and ending --------------------------------------------------------------------------

/// Starts a delivery, or, where enough are on their way, lets it wait for its turn as a model.
void partition_state::launch(const notification_id& id, delivery_context_ptr context,
                             const std::string& trace, bool small) {
  auto* e = model_->find(id);
  if (e == nullptr || draining_ || running_.contains(id))
    return;
  auto lane = static_cast<std::size_t>(e->state.plan->at);
  auto& load = loads_[channel_at(e->state)];
  if (lane != critical && load.alive >= args_.services->most_deliveries) {
    enqueue(load, lane, {id, small ? std::move(context) : nullptr, trace});
    return;
  }
  run(id, *e, std::move(context), trace);
}

void partition_state::run(const notification_id& id, notification_entry& e,
                          delivery_context_ptr context, const std::string& trace) {
  const auto& categories = args_.services->catalogue->get()->of(e.tenant)->categories;
  delivery_arguments a;
  a.owner = caf::actor_cast<partition_actor>(self_);
  a.services = args_.services->deliveries;
  a.tenant = e.tenant;
  a.generation = ++generation_;
  a.state = e.state;
  a.category = categories[static_cast<std::size_t>(e.state.plan->in)];
  a.context = std::move(context);
  a.trace = trace;
  e.busy = true;
  auto on = channel_at(e.state);
  ++loads_[on].alive;
  running_[id] = {self_->spawn<caf::linked>(delivery, std::move(a)), generation_, 0, on};
}

void partition_state::enqueue(channel_load& load, std::size_t lane, queued q) {
  if (load.contexts >= most_contexts)
    q.context = nullptr;
  load.contexts += q.context ? 1 : 0;
  load.backlog[lane].push_back(std::move(q));
}

/// Nothing that was decided is decided again: the last look before the call asks the gates anyway.
void partition_state::run_backlog(channel_load& load) {
  for (auto& lane : load.backlog)
    while (!lane.empty() && load.alive < args_.services->most_deliveries) {
      auto q = std::move(lane.front());
      lane.pop_front();
      load.contexts -= q.context ? 1 : 0;
      auto* e = model_->find(q.id);
      if (q.context && e != nullptr && e->state.fresh && !running_.contains(q.id))
        run(q.id, *e, std::move(q.context), q.trace);
      else
        wake(q.id);
    }
}

/// A chain that moved to another channel waits for that one's provider.
void partition_state::move_load(const notification_id& id) {
  auto i = running_.find(id);
  auto* e = model_->find(id);
  if (i == running_.end() || e == nullptr)
    return;
  auto from = std::exchange(i->second.on, channel_at(e->state));
  if (from == i->second.on)
    return;
  ++loads_[i->second.on].alive;
  --loads_[from].alive;
  run_backlog(loads_[from]);
}

/// Nothing in the clear outlives the key of an erased person.
void partition_state::drop_context(const notification_id& id) {
  for (auto& load : loads_)
    for (auto& lane : load.backlog)
      for (auto& q : lane)
        if (q.id == id && std::exchange(q.context, nullptr))
          --load.contexts;
}

void partition_state::release(const notification_id& id) {
  auto i = running_.find(id);
  if (i == running_.end())
    return;
  caf::anon_send(i->second.handle, delivery_command{delivery_command::verb::rest});
  auto& load = loads_[i->second.on];
  --load.alive;
  running_.erase(i);
  if (auto* e = model_->find(id)) {
    model_->rest(*e);
    if (!arm(*e))
      wake(id);
  }
  run_backlog(load);
  maybe_drained();
}

partition_state::running* partition_state::find_running(const notification_id& id,
                                                        std::uint64_t generation) {
  auto i = running_.find(id);
  return i != running_.end() && i->second.generation == generation ? &i->second : nullptr;
}

// -- deadlines ------------------------------------------------------------------------------------

/// False if its deadline has come: then it is for the caller, or for an alarm already on its way,
/// to wake it.
bool partition_state::arm(notification_entry& e) {
  auto deadline = deadline_of(e.state);
  if (deadline <= now())
    return false;
  if (deadline != e.armed)
    self_->send(scheduler_, arm_deadline{e.state.id, deadline, std::exchange(e.armed, deadline)});
  return true;
}

void partition_state::on_due(const deadlines_due& m) {
  for (const auto& id : m.ids) {
    // Unless it was armed anew while this was on its way.
    if (auto* e = model_->find(id); e != nullptr && e->armed <= now())
      e->armed = far_future;
    wake(id);
  }
}

void partition_state::wake(const notification_id& id) {
  auto* e = model_->find(id);
  if (e == nullptr || draining_)
    return;
  e->state.fresh = false;
  if (!running_.contains(id))
    launch(id, nullptr, {});
  auto i = running_.find(id);
  if (i == running_.end())
    return; // its turn comes
  ++i->second.sent;
  caf::anon_send(i->second.handle, delivery_command{delivery_command::verb::wake});
}

// -- what deliveries propose ----------------------------------------------------------------------

caf::result<proposal_answer> partition_state::on_propose(propose& m) {
  auto* e = model_->find(m.id);
  if (e == nullptr || find_running(m.id, m.generation) == nullptr)
    return proposal_answer{proposal_answer::kind::refused, {}, {}};
  auto question = m.peek || m.attempt;
  if (!question && !model_->residence.is_absent(e->tenant, e->state.recipient))
    return take_proposal(m);
  auto promise = self_->make_response_promise<proposal_answer>();
  auto held = std::make_shared<propose>(std::move(m));
  with_person(e->tenant, e->state.recipient, [this, held, question, promise]() mutable {
    if (question)
      return ask(held, promise);
    promise.deliver(take_proposal(*held));
  });
  return promise;
}

/// Appends what the delivery decided.
proposal_answer partition_state::take_proposal(propose& m) {
  auto* r = find_running(m.id, m.generation);
  auto* e = model_->find(m.id);
  if (r == nullptr || e == nullptr)
    return {proposal_answer::kind::refused, {}, {}};
  if (!m.facts.empty()) {
    input in;
    in.tenant = e->tenant;
    in.at = m.at;
    auto posted = false;
    for (auto& f : m.facts) {
      if (auto* item = std::get_if<in_app_posted>(&f.body)) {
        item->offset = key_for(e->tenant, e->state.recipient, in).inbox_offset + 1;
        posted = true;
      }
      in.facts.push_back({m.id, e->state.recipient, std::move(f.body), std::move(f.sealed)});
    }
    auto recipient = e->state.recipient;
    auto tenant = e->tenant;
    auto sequence = commit(std::move(in));
    if (posted)
      show_frames(tenant, recipient, sequence);
  }
  if (m.retire && r->sent == m.handled)
    release(m.id);
  else
    move_load(m.id);
  return {};
}

/// What no gate need be asked about.
std::optional<step_verdict> partition_state::impossible(const recipient_entry* r, std::uint8_t step,
                                                        channel on) const {
  step_verdict v;
  v.step = step;
  v.on = on;
  if (on == channel::in_app)
    return std::nullopt;
  auto bit = 1U << static_cast<unsigned>(on);
  if (on != channel::webhook && (r == nullptr || (r->contacts & bit) == 0)) {
    v.says = verdict::suppress;
    v.why = reason::no_contact;
    v.by = check::contact_point;
    return v;
  }
  if (!(*args_.services->deliveries->senders)[static_cast<std::size_t>(on)]) {
    v.says = verdict::suppress;
    v.why = reason::no_provider;
    v.by = check::provider;
    return v;
  }
  return std::nullopt;
}

/// A peek at the gates, or the last look before an attempt.
void partition_state::ask(const std::shared_ptr<propose>& m,
                          caf::typed_response_promise<proposal_answer> promise) {
  using kind = proposal_answer::kind;
  auto* e = model_->find(m->id);
  if (e == nullptr || find_running(m->id, m->generation) == nullptr)
    return give(promise, proposal_answer{kind::refused, {}, {}});
  if (draining_ && m->attempt)
    return; // never answered: no call begins any more, and what waits is durable
  const auto& s = e->state;
  auto* r = model_->recipients.find(e->tenant, s.recipient);
  auto on = s.plan->steps[m->step].on;
  if (auto v = impossible(r, m->step, on))
    return give(promise, proposal_answer{kind::held_back, *v, {}});
  auto version = r == nullptr ? 0 : r->version;
  if (m->attempt && m->profile_version != version)
    return give(promise, proposal_answer{kind::stale_profile, {}, {}});
  assessment a;
  a.id = m->id;
  a.tenant = e->tenant;
  a.recipient = s.recipient;
  a.type = s.plan->type;
  a.in = s.plan->in;
  a.at = s.plan->at;
  a.now = now();
  a.reserve = m->attempt;
  a.steps.push_back({m->step, on});
  assess q;
  q.items.push_back(std::move(a));
  self_->request(gate_, caf::infinite, std::move(q))
      .then([this, m, version, promise, here = model_->residence.here()](
                const assess& x) { on_verdict(m, x.items.front(), version, promise); },
            [this](const caf::error& err) { self_->quit(err); });
}

void partition_state::on_verdict(const std::shared_ptr<propose>& m, const assessment& a,
                                 std::uint64_t version,
                                 caf::typed_response_promise<proposal_answer> promise) {
  using kind = proposal_answer::kind;
  const auto& v = a.steps.front();
  auto* e = model_->find(m->id);
  auto* r = model_->recipients.find(a.tenant, a.recipient);
  auto changed = (r == nullptr ? 0 : r->version) != version;
  auto gone = e == nullptr || find_running(m->id, m->generation) == nullptr;
  auto late = !gone && e->state.expires_at != no_time && e->state.expires_at <= now();
  if (draining_ && m->attempt)
    return;
  if (v.says == verdict::pass && a.reserve && (changed || gone || late))
    self_->send(limiter_, release_slot{a.tenant, a.recipient, v.on, a.id});
  if (gone || late)
    return give(promise, proposal_answer{kind::refused, {}, {}});
  // An opt-out that came in between binds this very attempt: ask again.
  if (changed)
    return ask(m, promise);
  if (v.says != verdict::pass)
    return give(promise, proposal_answer{kind::held_back, v, {}});
  if (m->peek)
    return give(promise, proposal_answer{});
  auto& begun = std::get<attempt_started>(m->facts.front().body);
  begun.passed = v.passed;
  input in;
  in.tenant = a.tenant;
  in.at = a.now;
  in.facts.push_back({m->id, a.recipient, std::move(m->facts.front().body), {}});
  auto sequence = commit(std::move(in));
  answer_after(sequence, promise, proposal_answer{kind::durable, {}, a.now});
}

// -- what a rendering needs -----------------------------------------------------------------------

caf::result<delivery_context_ptr> partition_state::on_get_context(const get_context& m) {
  auto* e = model_->find(m.id);
  auto* r = find_running(m.id, m.generation);
  if (e == nullptr || r == nullptr)
    return make_error(errc::not_found);
  auto promise = self_->make_response_promise<delivery_context_ptr>();
  with_person(e->tenant, e->state.recipient, [this, m, promise, here = model_->residence.here()] {
    auto* entry = model_->find(m.id);
    if (entry == nullptr)
      return give(promise, make_error(errc::not_found));
    // Its rows are read back from the journal, so they have to be there.
    after_durable(entry->last_sequence, [this, m, promise, here](const caf::error& failed) {
      if (failed)
        return give(promise, failed);
      read_context(m, promise);
    });
  });
  return promise;
}

void partition_state::read_context(const get_context& m,
                                   caf::typed_response_promise<delivery_context_ptr> promise) {
  auto* e = model_->find(m.id);
  if (e == nullptr || find_running(m.id, m.generation) == nullptr)
    return give(promise, make_error(errc::not_found));
  self_->request(args_.store, store_timeout, read_facts{e->tenant, m.id})
      .then(
          [this, m, promise, here = model_->residence.here()](const facts_read& x) {
            auto* entry = model_->find(m.id);
            give(promise, entry == nullptr ? nullptr : make_context(*entry, x.rows));
          },
          [promise](const caf::error& err) { give(promise, err); });
}

/// The part of it that the recipient and the catalogue give.
std::shared_ptr<delivery_context> partition_state::context_for(const tenant_id& tenant,
                                                               recipient_entry& r,
                                                               const recipient_id& recipient,
                                                               const std::string& template_name,
                                                               std::uint32_t template_version) {
  auto context = std::make_shared<delivery_context>();
  auto opened = model_->recipients.open(r, recipient);
  context->forgotten = opened->lost;
  context->who = std::shared_ptr<const profile>{opened, &opened->who};
  context->profile_version = r.version;
  context->wrapped_key = r.key;
  context->by_template = find_template(*args_.services->catalogue->get()->of(tenant), template_name,
                                       template_version);
  return context;
}

/// Unseals the newest content among the notification's rows, and the profile as it is now.
delivery_context_ptr partition_state::make_context(const notification_entry& e,
                                                   const std::vector<journal_row>& rows) {
  auto* r = model_->recipients.find(e.tenant, e.state.recipient);
  if (r == nullptr) {
    auto nothing = std::make_shared<delivery_context>();
    nothing->who = std::make_shared<const profile>();
    nothing->forgotten = true;
    return nothing;
  }
  auto context = context_for(e.tenant, *r, e.state.recipient, e.state.plan->template_name,
                             e.state.plan->template_version);
  std::optional<std::string> plain;
  for (const auto& row : rows)
    if ((row.type == fact_type::notification_planned || row.type == fact_type::rescheduled)
        && !row.sealed.empty())
      plain = seal().unseal(r->key, row.sealed, context_of(e.state.id));
  context->forgotten = context->forgotten || !plain;
  if (plain) {
    auto body = nlohmann::json::parse(*plain, nullptr, false);
    if (auto i = body.find("data"); i != body.end())
      context->data = std::make_shared<const nlohmann::json>(*i);
    if (auto i = body.find("content"); i != body.end() && i->is_object())
      context->content = std::make_shared<const nlohmann::json>(*i);
  }
  return context;
}

} // namespace carillon
