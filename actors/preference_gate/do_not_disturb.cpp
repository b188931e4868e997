#include "actors/preference_gate/checks.hpp"

namespace carillon {

namespace {

/// Without an end nobody knows when to come back: after this it is looked at again.
constexpr auto look_again = std::chrono::hours{1};

} // namespace

/// Holds everything but what is silent by nature: an inbox entry or a call to a machine.
gate_opinion check_do_not_disturb(const gate_question& q, timestamp now) {
  if (q.on == channel::in_app || q.on == channel::webhook)
    return {};
  auto found = q.layers.first([](const preferences& p) { return p.do_not_disturb; });
  if (!found || !found->value.enabled)
    return {};
  auto until = found->value.until;
  if (until != no_time && until <= now)
    return {};
  auto open = until == no_time;
  return {verdict::hold, reason::do_not_disturb, found->from, open ? now + look_again : until,
          open ? "without an end" : "until " + to_rfc3339(until)};
}

} // namespace carillon
