#include "actors/delivery/notification.hpp"

#include <algorithm>

namespace carillon {

namespace {

int rank(step_until x) noexcept {
  return static_cast<int>(x) + 1;
}

/// How much a step that came to nothing says: bounced > failed > suppressed.
int weight(status x) noexcept {
  switch (x) {
  case status::outcome_unknown:
    return 4;
  case status::bounced:
    return 3;
  case status::failed:
    return 2;
  case status::suppressed:
    return 1;
  default:
    return 0;
  }
}

} // namespace

int rank(status x) noexcept {
  switch (x) {
  case status::sent:
    return 1;
  case status::delivered:
    return 2;
  case status::read:
    return 3;
  case status::clicked:
    return 4;
  default:
    return 0;
  }
}

bool accepted(status x) noexcept {
  return rank(x) > 0;
}

bool reached(const notification_state& s, std::uint8_t i) noexcept {
  const auto& step = s.steps[i];
  if (!accepted(step.now))
    return false;
  auto silent = std::any_of(s.attempts.begin(), s.attempts.end(), [i](const auto& a) {
    return a.step == i && a.silent && accepted(a.now);
  });
  return silent || rank(step.now) >= rank(s.plan->steps[i].until);
}

attempt_state* find_attempt(notification_state& s, std::uint16_t number) noexcept {
  auto i = std::find_if(s.attempts.begin(), s.attempts.end(),
                        [&](const auto& a) { return a.number == number; });
  return i != s.attempts.end() ? &*i : nullptr;
}

const attempt_state* find_attempt(const notification_state& s, std::uint16_t number) noexcept {
  return find_attempt(const_cast<notification_state&>(s), number);
}

const attempt_state* open_attempt(const notification_state& s, std::uint8_t step) noexcept {
  for (const auto& a : s.attempts)
    if (a.step == step && a.now == status::sending)
      return &a;
  return nullptr;
}

std::uint8_t leading_step(const notification_state& s) noexcept {
  std::uint8_t best = 0;
  int found = 0;
  for (std::uint8_t i = 0; i < s.steps.size(); ++i)
    if (rank(s.steps[i].now) > found) {
      found = rank(s.steps[i].now);
      best = i;
    }
  if (found > 0)
    return best;
  if (!s.finished)
    return s.current;
  for (std::uint8_t i = 0; i < s.steps.size(); ++i)
    if (weight(s.steps[i].now) > weight(s.steps[best].now))
      best = i;
  return best;
}

timestamp deadline_of(const notification_state& s) noexcept {
  auto due = far_future;
  // An unknown outcome is settled even where the chain has moved on.
  for (const auto& a : s.attempts)
    if (a.now == status::outcome_unknown && a.settle_at != no_time)
      due = std::min(due, a.settle_at);
  if (s.finished)
    return due;
  if (s.expires_at != no_time)
    due = std::min(due, s.expires_at);
  for (std::uint8_t i = 0; i < s.steps.size(); ++i) {
    const auto& step = s.steps[i];
    auto active = s.plan->by == strategy::all || i == s.current;
    if (!active)
      continue;
    auto waits = !step.ended && !accepted(step.now) && step.now != status::sending
                 && step.now != status::outcome_unknown;
    if (waits)
      due = std::min(due, step.wake);
    if (step.timed && s.plan->by != strategy::all && i + 1U < s.steps.size() && !reached(s, i))
      due = std::min(due, step.first_call + s.plan->steps[i].timeout);
  }
  return due;
}

status overall(const notification_state& s) noexcept {
  const auto& lead = s.steps[leading_step(s)];
  if (accepted(lead.now))
    return lead.now;
  auto ended = std::all_of(s.steps.begin(), s.steps.end(), [](const auto& x) { return x.ended; });
  if (!ended && !s.finished)
    return s.steps[s.current].now;
  if (s.why == reason::expired && lead.now != status::outcome_unknown)
    return status::expired;
  return lead.now;
}

bool has_open_call(const notification_state& s) noexcept {
  return std::any_of(s.attempts.begin(), s.attempts.end(),
                     [](const auto& a) { return a.now == status::sending; });
}

bool is_open(const notification_state& s) noexcept {
  return !s.finished || deadline_of(s) != far_future || has_open_call(s);
}

} // namespace carillon
