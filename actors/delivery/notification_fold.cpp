// What each fact does to a notification. Whatever it decides later rests on this fold alone, live
// and in replay.
#include "actors/delivery/notification.hpp"

#include <algorithm>

namespace carillon {

namespace {

bool any_accepted(const notification_state& s) noexcept {
  return std::any_of(s.steps.begin(), s.steps.end(), [](const auto& x) { return accepted(x.now); });
}

step_state* step_at(notification_state& s, std::uint8_t i) noexcept {
  return i < s.steps.size() ? &s.steps[i] : nullptr;
}

/// Ends every step on which nothing was called yet, or whose next call is dropped.
void end_steps(notification_state& s, status as, reason why, const step_state* but = nullptr) {
  for (auto& step : s.steps) {
    if (&step == but || step.ended)
      continue;
    step.ended = true;
    if (!accepted(step.now)
        && open_attempt(s, static_cast<std::uint8_t>(&step - s.steps.data())) == nullptr
        && step.now != status::outcome_unknown) {
      step.now = as;
      step.why = why;
    }
  }
}

/// Moves a fallback chain over suppressed steps; over any other it moves by a fact of its own.
void skip_suppressed(notification_state& s) noexcept {
  if (s.plan->by == strategy::all)
    return;
  while (s.current + 1U < s.steps.size() && s.steps[s.current].now == status::suppressed) {
    auto& next = s.steps[++s.current];
    if (next.now == status::accepted)
      next.now = status::queued;
  }
}

struct folder {
  notification_state& s;
  timestamp at;

  void operator()(const notification_planned& f) {
    auto plan = std::make_shared<notification_plan>();
    *plan = {f.notification_type, f.in, f.at, f.by, f.steps, f.template_name, f.template_version,
             f.catalogue_version};
    s.plan = std::move(plan);
    s.recipient = f.recipient;
    s.event_id = f.event_id;
    s.source = f.source;
    s.correlation_key = f.correlation_key;
    s.dedupe = f.dedupe;
    s.ordinal = f.ordinal;
    s.created_at = at;
    s.send_at = f.send_at;
    s.expires_at = f.expires_at;
    s.steps.assign(f.steps.size(), {});
    auto later = f.send_at > at;
    for (auto& step : s.steps)
      if (later) {
        step.now = status::scheduled;
        step.wake = f.send_at;
      }
    if (!later && !s.steps.empty())
      s.steps.front().now = status::queued;
  }

  void operator()(const rescheduled& f) {
    s.send_at = f.send_at;
    s.expires_at = f.expires_at;
    for (auto& step : s.steps)
      if (!step.ended && step.calls == 0) {
        step.now = f.send_at > at ? status::scheduled : status::queued;
        step.wake = f.send_at;
      }
  }

  void operator()(const step_held& f) {
    if (auto* step = step_at(s, f.step)) {
      step->now = f.why == reason::rate_limited ? status::rate_limited : status::deferred;
      step->why = f.why;
      step->wake = f.until;
    }
  }

  void operator()(const step_suppressed& f) {
    if (auto* step = step_at(s, f.step)) {
      step->now = status::suppressed;
      step->why = f.why;
      step->ended = true;
    }
  }

  void operator()(const attempt_started& f) {
    auto* step = step_at(s, f.step);
    if (step == nullptr)
      return;
    attempt_state a;
    a.number = f.number;
    a.step = f.step;
    a.silent = f.silent;
    a.provider = f.provider;
    a.started_at = at;
    a.answer_by = f.answer_by;
    s.attempts.push_back(std::move(a));
    ++step->calls;
    if (step->ended || accepted(step->now))
      return; // the chain ended while the intent was on its way; the call is not made
    step->now = status::sending;
    step->why = reason::none;
    step->wake = no_time;
    start_time_out(*step);
  }

  void operator()(const attempt_succeeded& f) {
    auto* a = find_attempt(s, f.number);
    if (a == nullptr)
      return;
    a->finished_at = at;
    a->provider_message_id = f.provider_message_id;
    if (rank(a->now) == 0)
      a->now = status::sent;
    step_reports(a->step, a->now);
  }

  void operator()(const attempt_failed& f) {
    auto* a = find_attempt(s, f.number);
    if (a == nullptr)
      return;
    a->finished_at = at;
    a->error = f.error;
    a->error_code = f.error_code;
    a->retry_at = f.retry_at;
    a->now = status::failed;
    step_failed(*a, f.error == error_class::not_called);
  }

  void operator()(const carillon::outcome_unknown& f) {
    auto* a = find_attempt(s, f.number);
    if (a == nullptr || rank(a->now) != 0)
      return;
    a->now = status::outcome_unknown;
    a->settle_at = f.settle_at;
    a->error_code = f.error_code;
    auto& step = s.steps[a->step];
    if (!accepted(step.now))
      step.now = status::outcome_unknown;
  }

  void operator()(const outcome_settled& f) {
    auto* a = find_attempt(s, f.number);
    if (a == nullptr)
      return;
    a->settle_at = no_time;
    a->finished_at = at;
    auto& step = s.steps[a->step];
    if (f.as == settlement::give_up) {
      give_up(a->step);
    } else if (f.as == settlement::resend && !step.ended && step.now == status::outcome_unknown) {
      step.now = status::queued;
      step.wake = no_time;
    }
  }

  void operator()(const fallback_taken& f) {
    if (auto* from = step_at(s, f.from_step)) {
      from->ended = true;
      from->timed = false;
      if (!accepted(from->now) && from->now != status::bounced
          && from->now != status::outcome_unknown && from->now != status::suppressed
          && open_attempt(s, f.from_step) == nullptr)
        from->now = status::failed;
      if (from->why == reason::none)
        from->why = f.why;
    }
    if (auto* to = step_at(s, f.to_step)) {
      s.current = f.to_step;
      s.finished = false;
      to->ended = false;
      to->now = status::queued;
      to->wake = no_time;
    }
  }

  void operator()(const provider_reported& f) {
    if (auto* a = find_attempt(s, f.number)) {
      if (!f.provider_message_id.empty())
        a->provider_message_id = f.provider_message_id;
      attempt_reported(*a, f);
      if (rank(f.what) > 0 || !has_later(*a))
        step_reports(a->step, f.what);
    } else if (f.number == 0 && step_at(s, f.step) != nullptr) {
      step_reports(f.step, f.what);
    }
  }

  void operator()(const carillon::cancelled& f) {
    end_steps(s, status::cancelled, f.why);
    s.finished = true;
    s.why = f.why;
  }

  void operator()(const carillon::expired&) {
    end_steps(s, status::expired, reason::expired);
    s.finished = true;
    s.why = reason::expired;
  }

  void operator()(const carillon::dead_lettered& f) {
    end_steps(s, status::failed, f.why);
    s.finished = true;
    s.now = status::dead_lettered;
    s.why = f.why;
  }

  void operator()(const replayed& f) {
    for (auto& a : s.attempts)
      a.settle_at = no_time; // what was unknown before is settled by this
    for (auto& step : s.steps) {
      step = {};
      step.now = status::accepted;
    }
    if (!s.steps.empty())
      s.steps.front().now = status::queued;
    s.current = 0;
    s.finished = false;
    s.now = status::queued;
    s.why = f.why;
  }

  void operator()(const discarded&) {
    end_steps(s, status::failed, reason::discarded);
    s.finished = true;
    s.why = reason::discarded;
  }

  void operator()(const in_app_posted& f) {
    if (auto* step = step_at(s, f.step)) {
      step->now = status::sent;
      step->why = reason::none;
      step->wake = no_time;
      start_time_out(*step);
      after_acceptance(f.step);
    }
  }

  void operator()(const in_app_changed&) {
    // the partition proposes a provider_reported beside it
  }

  template <class Other>
  void operator()(const Other&) {
    // about no notification
  }

private:
  /// It may have arrived: another channel would be a second message, so the chain ends where it
  /// stands on this step.
  void give_up(std::uint8_t i) {
    auto& step = s.steps[i];
    step.ended = true;
    if (!accepted(step.now))
      step.why = reason::outcome_unknown_given_up;
    if (s.plan->by != strategy::all && s.current == i && !s.finished) {
      end_steps(s, status::cancelled, reason::outcome_unknown_given_up);
      s.finished = true;
    }
  }

  void start_time_out(step_state& step) const {
    if (step.first_call == no_time)
      step.first_call = at;
    step.timed = true;
  }

  void step_failed(const attempt_state& a, bool not_called) {
    auto& step = s.steps[a.step];
    if (a.error == error_class::soft_bounce)
      ++step.soft_bounces;
    if (not_called) {
      // Nothing left: the step stands where it stood before the intent.
      step.calls = static_cast<std::uint16_t>(step.calls - (step.calls > 0 ? 1 : 0));
      if (!step.ended && !accepted(step.now)) {
        step.now = status::queued;
        step.wake = a.retry_at;
      }
      return;
    }
    if (step.ended || accepted(step.now)) {
      if (step.ended && step.now == status::sending)
        step.now = status::failed;
      return;
    }
    if (a.retry_at != no_time) {
      step.now = status::queued;
      step.wake = a.retry_at;
      return;
    }
    step.now = status::failed;
    step.ended = true;
    if (step.why == reason::none)
      step.why = reason_of(a);
  }

  /// A refusal of an old attempt says nothing about the one that followed it.
  [[nodiscard]] bool has_later(const attempt_state& a) const {
    return std::any_of(s.attempts.begin(), s.attempts.end(),
                       [&](const auto& x) { return x.step == a.step && x.number > a.number; });
  }

  static reason reason_of(const attempt_state& a) {
    switch (a.error) {
    case error_class::permanent_address:
      return reason::permanent_address;
    case error_class::permanent_content:
      return reason::permanent_content;
    case error_class::auth:
      return reason::provider_auth;
    default:
      return reason::retries_exhausted;
    }
  }

  void attempt_reported(attempt_state& a, const provider_reported& f) {
    if (rank(f.what) > rank(a.now) || f.what == status::bounced
        || (f.what == status::failed && rank(a.now) <= 1)) {
      a.now = f.what;
      a.error_code = f.error_code;
    }
    if (a.finished_at == no_time)
      a.finished_at = at;
    a.settle_at = no_time;
  }

  void step_reports(std::uint8_t i, status what) {
    auto& step = s.steps[i];
    if (rank(what) > 0) {
      if (rank(what) > rank(step.now))
        step.now = what;
      step.why = reason::none;
      step.wake = no_time;
      after_acceptance(i);
      return;
    }
    // A bounce takes `sent` back, not what a reader has confirmed.
    if (rank(step.now) > 1)
      return;
    step.now = what == status::bounced ? status::bounced : status::failed;
    step.why = reason::provider_bounced;
    step.ended = true;
    step.timed = false;
  }

  /// Ends what need not be called any more once a step was accepted or confirmed.
  void after_acceptance(std::uint8_t i) {
    auto& step = s.steps[i];
    if (s.plan->by == strategy::all) {
      step.ended = true;
      return;
    }
    auto last = i + 1U == s.steps.size();
    if (reached(s, i)) {
      step.timed = false;
      step.ended = true;
      end_steps(s, status::cancelled, reason::confirmed_elsewhere, &step);
      s.finished = true;
    } else if (last) {
      step.timed = false;
      step.ended = true;
      s.finished = true;
    }
  }
};

} // namespace

void apply(notification_state& s, const fact& f, timestamp at) {
  s.updated_at = at;
  if (s.steps.empty() && type_of(f) != fact_type::notification_planned)
    return;
  auto dead = s.now == status::dead_lettered && type_of(f) != fact_type::replayed;
  std::visit(folder{s, at}, f);
  if (s.steps.empty())
    return;
  s.fresh = s.fresh && type_of(f) == fact_type::notification_planned;
  if (!s.finished)
    skip_suppressed(s);
  auto all = std::all_of(s.steps.begin(), s.steps.end(), [](const auto& x) { return x.ended; });
  if (all)
    s.finished = true;
  if (type_of(f) == fact_type::dead_lettered || (dead && !any_accepted(s)))
    return;
  s.now = overall(s);
  if (type_of(f) != fact_type::replayed
      && !(s.finished && s.why != reason::none && !accepted(s.now)))
    s.why = s.steps[leading_step(s)].why;
}

} // namespace carillon
