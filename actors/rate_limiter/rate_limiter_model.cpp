#include "actors/rate_limiter/rate_limiter_model.hpp"

#include "actors/rate_limiter/window_check.hpp"

#include <algorithm>

namespace carillon {

namespace {

constexpr std::size_t prune_every = 4096;

/// A promise nobody came for is forgotten after this; it only keeps others waiting.
constexpr auto promise_grace = std::chrono::minutes{15};

void erase_id(std::vector<channel_windows::slot>& slots, const notification_id& id) {
  std::erase_if(slots, [&](const auto& s) { return s.id == id; });
}

channel_windows::slot* find_id(std::vector<channel_windows::slot>& slots,
                               const notification_id& id) {
  auto i = std::find_if(slots.begin(), slots.end(), [&](const auto& s) { return s.id == id; });
  return i == slots.end() ? nullptr : &*i;
}

void set_slot(std::vector<channel_windows::slot>& slots, const notification_id& id, timestamp at) {
  if (auto* s = find_id(slots, id))
    s->at = at;
  else
    slots.push_back({id, at});
}

/// Drops attempts that have left the longest window, most of the time only when they are the
/// greater part; and promises long overdue.
void clean(channel_windows& w, duration longest, timestamp now, bool all = false) {
  auto last = std::upper_bound(w.attempts.begin(), w.attempts.end(), now - longest);
  if (all || 2 * (last - w.attempts.begin()) >= w.attempts.end() - w.attempts.begin())
    w.attempts.erase(w.attempts.begin(), last);
  std::erase_if(w.reservations, [&](const auto& s) { return s.at + promise_grace < now; });
}

} // namespace

channel_windows& rate_limiter_model::windows_of(const tenant_id& tenant, const recipient_id& who,
                                                channel on) {
  auto& all = windows_.get(tenant, who);
  auto i = std::find_if(all.begin(), all.end(), [&](const auto& w) { return w.on == on; });
  if (i != all.end())
    return *i;
  all.emplace_back().on = on;
  return all.back();
}

void rate_limiter_model::decide(assessment& about) {
  for (auto& step : about.steps) {
    if (step.says != verdict::pass)
      continue;
    if (step.on != channel::in_app)
      decide_step(about, step);
    if (!about.every_step && step.says == verdict::pass)
      return;
  }
}

void rate_limiter_model::decide_step(const assessment& about, step_verdict& step) {
  const auto& limits = limits_[static_cast<std::size_t>(step.on)];
  auto longest = longest_window(limits);
  auto pass = [&] { step.passed |= 1U << static_cast<unsigned>(check::rate_limit); };
  if (longest == duration{0})
    return pass();
  auto now = about.now;
  auto* known = windows_.find(about.tenant, about.recipient);
  if (!known && !about.reserve)
    return pass();
  auto& w = windows_of(about.tenant, about.recipient, step.on);
  clean(w, longest, now);
  auto* promised = find_id(w.reservations, about.id);
  auto due = promised && promised->at <= now;
  auto free = due ? attempts_allow(w, limits, about.id, now)
                  : promises_allow(w, limits, about.id, now, now);
  if (free || about.in == category::emergency) {
    if (about.reserve) // the promise stays until the attempt is on record: the slot may be released
      set_slot(w.provisional, about.id, now);
    return pass();
  }
  step.says = verdict::hold;
  step.why = reason::rate_limited;
  step.by = check::rate_limit;
  step.from = layer::fallback;
  step.inputs = name_limit(w, limits, about.id, now, now);
  step.until = promised && !due ? promised->at : earliest_slot(w, limits, about.id, now);
  set_slot(w.reservations, about.id, step.until);
}

void rate_limiter_model::drop(const tenant_id& tenant, const recipient_id& who,
                              const notification_id& id, const channel* only) {
  auto* all = windows_.find(tenant, who);
  if (!all)
    return;
  for (auto& w : *all)
    if (!only || w.on == *only) {
      erase_id(w.reservations, id);
      erase_id(w.provisional, id);
    }
}

void rate_limiter_model::count_attempt(const applied_fact& f) {
  auto on = std::get<attempt_started>(*f.body).on;
  auto longest = longest_window(limits_[static_cast<std::size_t>(on)]);
  if (longest == duration{0})
    return;
  auto& w = windows_of(f.tenant, f.recipient, on);
  erase_id(w.reservations, f.id);
  erase_id(w.provisional, f.id);
  w.attempts.insert(std::upper_bound(w.attempts.begin(), w.attempts.end(), f.at), f.at);
  clean(w, longest, f.at);
}

void rate_limiter_model::note_hold(const applied_fact& f) {
  const auto& held = std::get<step_held>(*f.body);
  if (held.why != reason::rate_limited)
    drop(f.tenant, f.recipient, f.id, &f.on);
  else if (longest_window(limits_[static_cast<std::size_t>(f.on)]) != duration{0})
    set_slot(windows_of(f.tenant, f.recipient, f.on).reservations, f.id, held.until);
}

void rate_limiter_model::apply(const applied_fact& f) {
  switch (type_of(*f.body)) {
  case fact_type::attempt_started:
    count_attempt(f);
    break;
  case fact_type::step_held:
    note_hold(f);
    break;
  case fact_type::step_suppressed:
  case fact_type::fallback_taken:
    drop(f.tenant, f.recipient, f.id, &f.on);
    break;
  case fact_type::cancelled:
  case fact_type::expired:
  case fact_type::dead_lettered:
  case fact_type::discarded:
    drop(f.tenant, f.recipient, f.id, nullptr);
    break;
  case fact_type::recipient_erased:
    windows_.erase(f.tenant, f.recipient);
    break;
  default:
    break;
  }
  if (++folded_ % prune_every == 0)
    prune(f.at);
}

void rate_limiter_model::release(const release_slot& slot) {
  auto* all = windows_.find(slot.tenant, slot.recipient);
  if (!all)
    return;
  for (auto& w : *all)
    if (w.on == slot.on)
      erase_id(w.provisional, slot.id);
}

void rate_limiter_model::prune(timestamp now) {
  windows_.prune([&](windows& all) {
    std::erase_if(all, [&](channel_windows& w) {
      clean(w, longest_window(limits_[static_cast<std::size_t>(w.on)]), now, true);
      return w.attempts.empty() && w.provisional.empty() && w.reservations.empty();
    });
    return all.empty();
  });
}

std::vector<channel_windows> rate_limiter_model::confirmed(const tenant_id& tenant,
                                                           const recipient_id& who) const {
  std::vector<channel_windows> out;
  if (const auto* all = windows_.find(tenant, who))
    out = *all;
  for (auto& w : out) {
    w.provisional.clear();
    std::sort(w.reservations.begin(), w.reservations.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
  }
  std::erase_if(out, [](const auto& w) { return w.attempts.empty() && w.reservations.empty(); });
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.on < b.on; });
  return out;
}

} // namespace carillon
