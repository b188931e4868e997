#include "actors/delivery/delivery_model.hpp"

#include <algorithm>

namespace carillon {

/// Folds each fact as it is decided, so that what follows sees it.
struct delivery_model::recorder {
  notification_state& s;
  timestamp now;
  facts out;

  void emit(fact f) {
    apply(s, f, now);
    out.push_back(std::move(f));
  }
};

namespace {

/// Whether the end was wanted: then nothing is taken up again.
bool called_off(const notification_state& s) noexcept {
  switch (s.why) {
  case reason::cancelled_by_request:
  case reason::cancelled_by_event:
  case reason::recipient_erased:
  case reason::expired:
  case reason::discarded:
    return true;
  default:
    return false;
  }
}

bool any_accepted(const notification_state& s) noexcept {
  return std::any_of(s.steps.begin(), s.steps.end(), [](const auto& x) { return accepted(x.now); });
}

bool any_open(const notification_state& s) noexcept {
  return std::any_of(s.attempts.begin(), s.attempts.end(),
                     [](const auto& a) { return a.now == status::sending; });
}

/// A dead letter is something that was tried; what the gates suppressed is explained and done.
bool was_tried(const notification_state& s) noexcept {
  return std::any_of(s.steps.begin(), s.steps.end(), [](const auto& x) {
    return x.now == status::failed || x.now == status::bounced || x.now == status::outcome_unknown;
  });
}

bool waits(const step_state& step) noexcept {
  return !step.ended && !accepted(step.now) && step.now != status::sending
         && step.now != status::outcome_unknown;
}

bool positive(status x) noexcept {
  return accepted(x);
}

reason dead_reason(const notification_state& s) noexcept {
  auto why = s.steps[leading_step(s)].why;
  return why == reason::none ? reason::all_steps_ended : why;
}

} // namespace

/// The consequences of a step that came to nothing: the next step, or the end.
void delivery_model::chain(recorder& r) const {
  auto& s = r.s;
  if (called_off(s) && s.finished)
    return;
  auto& step = s.steps[s.current];
  auto failed = step.ended && (step.now == status::failed || step.now == status::bounced);
  if (s.plan->by != strategy::all && failed && s.current + 1U < s.steps.size()) {
    auto to = static_cast<std::uint8_t>(s.current + 1U);
    auto confirmed = s.steps[to].why == reason::confirmed_elsewhere;
    if (!s.finished || confirmed || !any_accepted(s))
      r.emit(fallback_taken{s.current, to, step.why});
  }
  if (s.finished && s.now != status::dead_lettered && !any_accepted(s) && was_tried(s)
      && !any_open(s))
    r.emit(dead_lettered{dead_reason(s)});
}

void delivery_model::settle(recorder& r) const {
  for (std::size_t i = 0; i < r.s.attempts.size(); ++i) {
    const auto& a = r.s.attempts[i];
    if (a.now != status::outcome_unknown || a.settle_at == no_time || a.settle_at > r.now)
      continue;
    const auto& step = r.s.steps[a.step];
    auto wanted = !step.ended && !r.s.finished && step.now == status::outcome_unknown;
    auto again = wanted && policy_.category.unknown == settlement::resend
                 && step.calls < policy_.retry->of(r.s.plan->at).calls;
    r.emit(outcome_settled{a.number, again ? settlement::resend : settlement::give_up});
  }
}

void delivery_model::time_out(recorder& r) const {
  auto& s = r.s;
  if (s.finished || s.plan->by == strategy::all)
    return;
  const auto& step = s.steps[s.current];
  auto last = s.current + 1U >= s.steps.size();
  if (last || !step.timed || reached(s, s.current)
      || step.first_call + s.plan->steps[s.current].timeout > r.now)
    return;
  r.emit(fallback_taken{s.current, static_cast<std::uint8_t>(s.current + 1U),
                        reason::not_confirmed_in_time});
}

delivery_model::facts delivery_model::wake(timestamp now, std::span<const std::uint16_t> calling) {
  recorder r{state_, now, {}};
  for (std::size_t i = 0; i < state_.attempts.size(); ++i) {
    const auto& a = state_.attempts[i];
    auto awaited = std::find(calling.begin(), calling.end(), a.number) != calling.end();
    if (a.now == status::sending && !awaited)
      r.emit(outcome_unknown{a.number, now + policy_.calls->unknown_wait_after_restart, "restart"});
  }
  settle(r);
  if (!state_.finished && state_.expires_at != no_time && state_.expires_at <= now
      && !any_open(state_))
    r.emit(expired{state_.current});
  time_out(r);
  chain(r);
  return std::move(r.out);
}

std::vector<std::uint8_t> delivery_model::due_steps(timestamp now) const {
  std::vector<std::uint8_t> out;
  if (state_.finished || (state_.expires_at != no_time && state_.expires_at <= now))
    return out;
  for (std::uint8_t i = 0; i < state_.steps.size(); ++i) {
    auto active = state_.plan->by == strategy::all || i == state_.current;
    if (active && waits(state_.steps[i]) && state_.steps[i].wake <= now)
      out.push_back(i);
  }
  return out;
}

delivery_model::facts delivery_model::hold_back(const step_verdict& v, timestamp now) {
  recorder r{state_, now, {}};
  auto takes_next = state_.plan->steps[v.step].on_hold == hold_policy::next;
  if (v.says == verdict::hold && !takes_next)
    r.emit(step_held{v.step, v.until, v.why, v.by, v.from, v.inputs, v.passed});
  else if (v.says == verdict::hold)
    r.emit(step_suppressed{v.step, reason::held_takes_next, v.by, v.from, v.inputs, v.passed});
  else
    r.emit(step_suppressed{v.step, v.why, v.by, v.from, v.inputs, v.passed});
  chain(r);
  return std::move(r.out);
}

std::uint16_t delivery_model::next_number(std::size_t pending) const noexcept {
  auto last = state_.attempts.empty() ? 0U : state_.attempts.back().number;
  return static_cast<std::uint16_t>(last + 1U + pending);
}

attempt_started delivery_model::intent(std::uint8_t step, std::uint16_t number, const permit& p,
                                       hash16 content, timestamp now) const {
  attempt_started f;
  f.number = number;
  f.step = step;
  f.on = state_.plan->steps[step].on;
  f.provider = p.provider;
  f.content = content;
  f.template_version = state_.plan->template_version;
  f.answer_by = now + p.call_timeout;
  f.silent = !p.reports;
  return f;
}

void delivery_model::begin(const attempt_started& f, timestamp at) {
  apply(state_, f, at);
}

timestamp delivery_model::retry_time(const attempt_state& a, const call_outcome& o, timestamp now,
                                     double jitter) const {
  const auto& step = state_.steps[a.step];
  auto left = step.ended || (state_.plan->by != strategy::all && a.step != state_.current)
              || state_.finished;
  if (left)
    return no_time;
  if (o.error == error_class::soft_bounce)
    return step.soft_bounces + 1U < policy_.retry->soft_bounce.calls
               ? now + policy_.retry->soft_bounce.first_wait
               : no_time;
  auto retried = o.error == error_class::transient || o.error == error_class::rate_limited
                 || o.error == error_class::unknown;
  const auto& policy = policy_.retry->of(state_.plan->at);
  if (!retried || step.calls >= policy.calls)
    return no_time;
  auto doubled = policy.first_wait * (std::int64_t{1} << std::min<int>(step.calls - 1, 20));
  auto wait = std::min(doubled, policy_.retry->max_wait);
  auto spread = static_cast<double>(wait.count()) * jitter * policy_.retry->jitter_percent / 100.0;
  wait += duration{static_cast<std::int64_t>(spread)};
  return now + std::max(wait, o.retry_after.value_or(duration{0}));
}

delivery_model::facts delivery_model::outcome(std::uint16_t number, const call_outcome& o,
                                              timestamp now, double jitter) {
  recorder r{state_, now, {}};
  const auto* a = find_attempt(state_, number);
  if (a == nullptr)
    return {};
  if (a->now == status::bounced || a->now == status::failed)
    return {}; // a callback was quicker than the answer, and says more
  if (o.what == call_outcome::kind::accepted) {
    r.emit(attempt_succeeded{number, o.provider_message_id});
  } else if (a->now != status::sending) {
    return {}; // a callback was quicker and knows better than a lost or late answer
  } else if (o.what == call_outcome::kind::unknown) {
    r.emit(outcome_unknown{number, now + policy_.calls->unknown_wait, o.error_code});
  } else {
    r.emit(attempt_failed{number, o.error, o.error_code, retry_time(*a, o, now, jitter)});
  }
  chain(r);
  return std::move(r.out);
}

delivery_model::facts delivery_model::not_called(std::uint16_t number, timestamp retry_at,
                                                 bool again) {
  recorder r{state_, retry_at, {}};
  r.emit(attempt_failed{number, error_class::not_called, {}, again ? retry_at : no_time});
  chain(r);
  return std::move(r.out);
}

delivery_model::facts delivery_model::report(const provider_report& p, timestamp now) {
  recorder r{state_, now, {}};
  const auto* a = find_attempt(state_, p.attempt);
  if (a == nullptr)
    return {};
  auto known = static_cast<int>(a->now);
  auto told
      = static_cast<int>(p.what); // sent < delivered < read < clicked, in the order of the enum
  if (positive(p.what) && positive(a->now) && told <= known)
    return {};
  if (!positive(p.what)
      && (a->now == status::bounced || a->now == status::failed || a->now == status::delivered
          || a->now == status::read || a->now == status::clicked))
    return {};
  auto unknown = a->now == status::outcome_unknown && a->settle_at != no_time;
  auto step = a->step;
  if (unknown && positive(p.what))
    r.emit(outcome_settled{p.attempt, settlement::confirmed});
  r.emit(provider_reported{p.attempt, step, p.what, p.error_code, p.provider_message_id});
  chain(r);
  return std::move(r.out);
}

void delivery_model::look_again() noexcept {
  for (auto& step : state_.steps)
    if (!step.ended && step.now == status::deferred)
      step.wake = no_time;
}

delivery_model::facts delivery_model::confirm_in_app(status what, timestamp now) {
  recorder r{state_, now, {}};
  for (std::uint8_t i = 0; i < state_.steps.size(); ++i) {
    auto& step = state_.steps[i];
    if (state_.plan->steps[i].on == channel::in_app && accepted(step.now)
        && static_cast<int>(what) > static_cast<int>(step.now))
      r.emit(provider_reported{0, i, what, {}, {}});
  }
  return std::move(r.out);
}

delivery_model::facts delivery_model::post_in_app(std::uint8_t step, timestamp now) {
  recorder r{state_, now, {}};
  in_app_posted f;
  f.recipient = state_.recipient;
  f.step = step;
  f.notification_type = state_.plan->type;
  f.at = state_.plan->at;
  f.expires_at = state_.expires_at;
  r.emit(std::move(f));
  return std::move(r.out);
}

delivery_model::facts delivery_model::cancel(reason why, const std::string& event_id,
                                             timestamp now) {
  recorder r{state_, now, {}};
  auto pending = std::any_of(state_.attempts.begin(), state_.attempts.end(), [](const auto& a) {
    return a.now == status::outcome_unknown && a.settle_at != no_time;
  });
  if (!state_.finished || pending)
    r.emit(cancelled{why, event_id});
  return std::move(r.out);
}

delivery_model::facts delivery_model::start_again(reason why, timestamp now) {
  recorder r{state_, now, {}};
  r.emit(replayed{why});
  return std::move(r.out);
}

delivery_model::facts delivery_model::discard(const std::string& note, timestamp now) {
  recorder r{state_, now, {}};
  r.emit(discarded{note});
  return std::move(r.out);
}

delivery_model::facts delivery_model::reschedule(timestamp send_at, timestamp expires_at,
                                                 const std::string& event_id, const hash16& dedupe,
                                                 timestamp now) {
  recorder r{state_, now, {}};
  if (!state_.finished && state_.attempts.empty())
    r.emit(rescheduled{send_at, expires_at, event_id, dedupe});
  return std::move(r.out);
}

delivery_model::facts delivery_model::plan(const notification_planned& f,
                                           std::span<const step_verdict> verdicts, timestamp now) {
  recorder r{state_, now, {}};
  r.emit(f);
  if (f.send_at > now)
    return std::move(r.out);
  for (const auto& v : verdicts) {
    auto active = f.by == strategy::all || v.step == state_.current;
    if (!active || state_.finished)
      continue;
    facts more;
    if (v.says != verdict::pass)
      more = hold_back(v, now);
    else if (v.on == channel::in_app)
      more = post_in_app(v.step, now);
    std::move(more.begin(), more.end(), std::back_inserter(r.out));
  }
  state_.fresh = true;
  return std::move(r.out);
}

} // namespace carillon
