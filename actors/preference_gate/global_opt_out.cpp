#include "actors/preference_gate/checks.hpp"

namespace carillon {

/// Binds the categories that may be switched off.
gate_opinion check_global_opt_out(const gate_question& q, timestamp) {
  if (!q.policy.opt_out)
    return {};
  auto out = q.layers.first([](const preferences& p) { return p.global_opt_out; });
  if (!out || !out->value)
    return {};
  return {verdict::suppress, reason::global_opt_out, out->from, no_time, {}};
}

} // namespace carillon
