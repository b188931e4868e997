#include "actors/delivery/delivery.hpp"

#include "messages/errors.hpp"

#include "actors/delivery/inbox_content.hpp"
#include "actors/renderer/renderer.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace carillon {

namespace {

constexpr auto store_pause = std::chrono::seconds{5};
constexpr auto not_called_pause = std::chrono::seconds{1};

std::size_t index(channel c) noexcept {
  return static_cast<std::size_t>(c);
}

} // namespace

delivery_actor::behavior_type delivery_state::make_behavior(delivery_arguments args) {
  args_ = std::move(args);
  const auto& services = *args_.services;
  model_.emplace(std::move(args_.state),
                 delivery_policy{&services.retry, &services.calls, args_.category});
  phases_.resize(model_->state().steps.size());
  chance_.seed(static_cast<std::uint32_t>(std::hash<notification_id>{}(model_->state().id)));
  services.count->deliveries_alive.add();
  self_->attach_functor(
      [count = services.count](const caf::error&) { count->deliveries_alive.sub(); });
  if (model_->state().fresh)
    pump();
  return {[this](const delivery_command& m) { return on_command(m); }};
}

// -- the way of a step ----------------------------------------------------------------------------

void delivery_state::pump() {
  abandon_requests();
  for (auto step : model_->due_steps(args_.services->time->now()))
    if (!phases_[step])
      begin(step);
  if (idle() && !retiring_)
    record({});
}

void delivery_state::begin(std::uint8_t step) {
  phases_[step].emplace();
  if (!model_->state().fresh)
    peek(step);
  else if (channel_of(step) == channel::in_app)
    ask_context(step);
  else
    ask_permit(step);
}

void delivery_state::peek(std::uint8_t step) {
  phases_[step]->at = phase::kind::peek;
  auto p = proposal();
  p.peek = true;
  p.step = step;
  self_->request(args_.owner, caf::infinite, std::move(p))
      .then(
          [this, step](const proposal_answer& m) {
            if (m.what == proposal_answer::kind::held_back && wanted(step))
              hold_back(step, m.verdict);
            else if (m.what != proposal_answer::kind::durable || !wanted(step))
              give_back(step);
            else if (channel_of(step) == channel::in_app)
              ask_context(step);
            else
              ask_permit(step);
          },
          [this](const caf::error&) { fail(); });
}

void delivery_state::ask_context(std::uint8_t step) {
  phases_[step]->at = phase::kind::context;
  if (args_.context)
    return have_context(step);
  self_->request(args_.owner, caf::infinite, get_context{model_->state().id, args_.generation})
      .then(
          [this, step](const delivery_context_ptr& m) {
            args_.context = m;
            if (!wanted(step))
              return give_back(step);
            have_context(step);
          },
          [this, step](const caf::error&) { wait_for_store(step); });
}

/// The database cannot be read: the step waits, and its partition lives on.
void delivery_state::wait_for_store(std::uint8_t step) {
  if (!wanted(step))
    return give_back(step);
  step_verdict v;
  v.step = step;
  v.on = channel_of(step);
  v.says = verdict::hold;
  v.why = reason::storage_unavailable;
  v.until = args_.services->time->now() + store_pause;
  hold_back(step, v);
}

void delivery_state::have_context(std::uint8_t step) {
  if (args_.context->forgotten)
    return suppress(step, reason::content_forgotten, check::none);
  auto rendered = render(*args_.context, model_->state().recipient, channel_of(step));
  if (rendered.failed != reason::none)
    return suppress(step, rendered.failed,
                    rendered.failed == reason::no_contact ? check::contact_point : check::none);
  phases_[step]->message = std::move(rendered.message);
  phases_[step]->content = rendered.content;
  if (channel_of(step) == channel::in_app)
    post(step);
  else
    intend(step);
}

void delivery_state::post(std::uint8_t step) {
  auto facts = model_->post_in_app(step, args_.services->time->now());
  auto p = proposal();
  for (auto& f : facts) {
    if (type_of(f) == fact_type::in_app_posted) {
      const auto& id = model_->state().id;
      std::string_view context{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
      auto plain = inbox_content(*phases_[step]->message, args_.context->data);
      p.facts.push_back(
          {std::move(f), args_.services->seal->seal(args_.context->wrapped_key, plain, context)});
    } else {
      p.facts.push_back({std::move(f), {}});
    }
  }
  phases_[step].reset();
  caf::anon_send(args_.owner, std::move(p));
  pump();
}

void delivery_state::ask_permit(std::uint8_t step) {
  phases_[step]->at = phase::kind::permit;
  phases_[step]->request = ++last_request_;
  const auto& sender = (*args_.services->senders)[index(channel_of(step))];
  if (!sender)
    return suppress(step, reason::no_provider, check::provider);
  const auto& s = model_->state();
  request_permit m{
      s.id, step, channel_of(step), s.plan->at, s.expires_at == no_time ? far_future : s.expires_at,
      {}};
  self_->request(sender, caf::infinite, std::move(m))
      .then([this, step,
             request = last_request_](const permit_answer& a) { have_permit(step, request, a); },
            [this](const caf::error&) { fail(); });
}

/// A step that is not to be taken any more waits for no permit: with a slow provider that could be
/// long.
void delivery_state::abandon_requests() {
  for (std::uint8_t step = 0; step < phases_.size(); ++step)
    if (phases_[step] && phases_[step]->at == phase::kind::permit && !wanted(step))
      phases_[step].reset();
}

void delivery_state::have_permit(std::uint8_t step, std::uint32_t request, const permit_answer& m) {
  auto& waits = phases_[step];
  if (!waits || waits->at != phase::kind::permit || waits->request != request)
    return return_to_sender(step, m.granted.number);
  if (m.refused == reason::expired) {
    phases_[step].reset();
    record(model_->wake(args_.services->time->now(), awaited()));
    return pump();
  }
  if (m.refused != reason::none)
    return suppress(step, m.refused, check::provider);
  phases_[step]->granted = m.granted;
  if (!wanted(step))
    return give_back(step);
  ask_context(step);
}

void delivery_state::intend(std::uint8_t step) {
  auto& ph = *phases_[step];
  auto pending
      = static_cast<std::size_t>(std::count_if(phases_.begin(), phases_.end(), [](const auto& x) {
          return x && x->at == phase::kind::intent;
        }));
  ph.at = phase::kind::intent;
  ph.attempt = model_->next_number(pending);
  auto now = args_.services->time->now();
  auto f = model_->intent(step, ph.attempt, ph.granted, ph.content, now);
  auto p = proposal();
  p.attempt = true;
  p.step = step;
  p.profile_version = args_.context->profile_version;
  p.facts.push_back({f, {}});
  self_->request(args_.owner, caf::infinite, std::move(p))
      .then([this, step, f](const proposal_answer& m) { on_intent(step, f, m); },
            [this](const caf::error&) { fail(); });
}

void delivery_state::on_intent(std::uint8_t step, const attempt_started& f,
                               const proposal_answer& m) {
  using kind = proposal_answer::kind;
  switch (m.what) {
  case kind::durable:
    carry_out(step, f, m.at);
    return;
  case kind::held_back:
    return wanted(step) ? hold_back(step, m.verdict) : give_back(step);
  case kind::stale_profile:
    args_.context.reset();
    return wanted(step) ? ask_context(step) : give_back(step);
  case kind::refused:
    give_back(step);
    resolve_cancels();
    return pump();
  }
}

/// The intent is durable. If the chain ended meanwhile, or somebody waits to cancel it, nothing is
/// called.
void delivery_state::carry_out(std::uint8_t step, const attempt_started& f, timestamp at) {
  auto still = wanted(step);
  model_->begin(f, at);
  if (still)
    return call(step);
  record(model_->not_called(f.number, args_.services->time->now(), false));
  give_back(step);
}

void delivery_state::call(std::uint8_t step) {
  auto& ph = *phases_[step];
  ph.at = phase::kind::call;
  const auto& s = model_->state();
  const auto& sender = (*args_.services->senders)[index(channel_of(step))];
  provider_call m;
  m.permit_number = ph.granted.number;
  m.id = s.id;
  m.attempt = ph.attempt;
  m.on = channel_of(step);
  m.idempotency_key = to_string(s.id) + "." + std::to_string(ph.attempt);
  m.message = ph.message;
  m.timeout = ph.granted.call_timeout;
  m.trace = args_.trace;
  args_.services->count->attempts_started[index(m.on)].add();
  // The sender bounds the call: a timer of the actor system's own would wake its clock each time.
  self_->request(sender, caf::infinite, m)
      .then([this, step](const call_outcome& o) { on_outcome(step, o); },
            [this, step](const caf::error&) {
              call_outcome o;
              o.error_code = "no_answer";
              on_outcome(step, o);
            });
}

void delivery_state::on_outcome(std::uint8_t step, const call_outcome& o) {
  auto& count = *args_.services->count;
  auto at = index(channel_of(step));
  auto number = phases_[step]->attempt;
  auto now = args_.services->time->now();
  phases_[step].reset();
  if (o.what == call_outcome::kind::accepted)
    count.attempts_succeeded[at].add();
  else if (o.what == call_outcome::kind::unknown)
    count.attempts_unknown[at].add();
  else
    count.attempts_failed[at].add();
  if (o.what == call_outcome::kind::failed && o.error == error_class::not_called) {
    record(model_->not_called(number, now + not_called_pause, cancels_.empty()));
  } else {
    auto jitter = std::uniform_real_distribution<double>{-1.0, 1.0}(chance_);
    record(model_->outcome(number, o, now, jitter));
  }
  if (!cancels_.empty())
    return resolve_cancels();
  if (!idle())
    pump();
}

/// Ends the step's phase; an unused permit goes back to its sender.
void delivery_state::leave(std::uint8_t step) {
  auto number = phases_[step]->granted.number;
  phases_[step].reset();
  return_to_sender(step, number);
}

void delivery_state::return_to_sender(std::uint8_t step, std::uint64_t permit_number) {
  if (permit_number != 0)
    self_->send((*args_.services->senders)[index(channel_of(step))], return_permit{permit_number});
}

void delivery_state::give_back(std::uint8_t step) {
  leave(step);
  resolve_cancels();
  if (idle())
    pump();
}

void delivery_state::hold_back(std::uint8_t step, const step_verdict& v) {
  leave(step);
  record(model_->hold_back(v, args_.services->time->now()));
  resolve_cancels();
  if (!idle())
    pump();
}

void delivery_state::suppress(std::uint8_t step, reason why, check by) {
  step_verdict v;
  v.step = step;
  v.on = channel_of(step);
  v.says = verdict::suppress;
  v.why = why;
  v.by = by;
  hold_back(step, v);
}

// -- the partition --------------------------------------------------------------------------------

void delivery_state::record(delivery_model::facts facts) {
  auto done = idle();
  if (facts.empty() && !done)
    return;
  auto p = proposal();
  for (auto& f : facts)
    p.facts.push_back({std::move(f), {}});
  p.retire = done;
  retiring_ = done;
  caf::anon_send(args_.owner, std::move(p));
}

propose delivery_state::proposal() const {
  propose p;
  p.id = model_->state().id;
  p.generation = args_.generation;
  p.at = args_.services->time->now();
  p.handled = handled_;
  return p;
}

bool delivery_state::idle() const {
  return cancels_.empty()
         && std::none_of(phases_.begin(), phases_.end(),
                         [](const auto& x) { return x.has_value(); })
         && model_->due_steps(args_.services->time->now()).empty();
}

bool delivery_state::calling() const {
  return std::any_of(phases_.begin(), phases_.end(), [](const auto& x) {
    return x && (x->at == phase::kind::intent || x->at == phase::kind::call);
  });
}

/// Whether the step is still to be taken: nothing else ended the chain, and nobody waits to cancel
/// it.
bool delivery_state::wanted(std::uint8_t step) const {
  if (!cancels_.empty())
    return false;
  auto due = model_->due_steps(args_.services->time->now());
  return std::find(due.begin(), due.end(), step) != due.end();
}

std::vector<std::uint16_t> delivery_state::awaited() const {
  std::vector<std::uint16_t> out;
  for (const auto& x : phases_)
    if (x && x->at == phase::kind::call)
      out.push_back(x->attempt);
  return out;
}

channel delivery_state::channel_of(std::uint8_t step) const {
  return model_->state().plan->steps[step].on;
}

/// The partition or a sender is gone: the partition replays, and with it this notification.
void delivery_state::fail() {
  self_->quit(caf::exit_reason::unhandled_exception);
}

delivery_actor::behavior_type delivery(delivery_actor::stateful_pointer<delivery_state> self,
                                       delivery_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
