#include "actors/preference_gate/checks.hpp"
#include "actors/preference_gate/quiet_window.hpp"
#include "actors/profile/preferences_json.hpp"
#include "actors/support/zones.hpp"

#include <algorithm>

namespace carillon {

namespace {

bool concerns(const effective_quiet_hours& hours, const gate_question& q) {
  auto named
      = hours.channels
        && std::find(hours.channels->begin(), hours.channels->end(), q.on) != hours.channels->end();
  if (hours.channels ? !named : q.on == channel::in_app)
    return false;
  return std::none_of(hours.exceptions.begin(), hours.exceptions.end(), [&](const auto& x) {
    return x == q.about.type || x == to_string(q.about.in);
  });
}

} // namespace

/// Holds until the window ends on the recipient's wall clock. Not asked for categories that pass at
/// any hour.
gate_opinion check_quiet_hours(const gate_question& q, timestamp now) {
  if (!q.policy.quiet_hours)
    return {};
  auto hours = resolve_quiet_hours(q.layers, q.home);
  if (!hours || !concerns(*hours, q) || !in_window(*hours->zone, hours->start, hours->end, now))
    return {};
  auto inputs = to_clock_text(hours->start) + "-" + to_clock_text(hours->end) + " "
                + std::string{name_of(*hours->zone)};
  if (!hours->zone_known)
    inputs += " (no zone known)";
  return {verdict::hold, reason::quiet_hours, hours->from,
          leave_window(*hours->zone, hours->start, hours->end, now), std::move(inputs)};
}

} // namespace carillon
