#include "actors/preference_gate/checks.hpp"

namespace carillon {

/// The newest consent of a channel that says `opted_out` binds every category; one of the purpose
/// marketing, the categories that may be switched off.
gate_opinion check_consent(const gate_question& q, timestamp) {
  auto bit = 1U << static_cast<unsigned>(q.on);
  auto bound = (q.opted_out & bit) != 0 || (q.policy.opt_out && (q.opted_out_marketing & bit) != 0);
  if (!bound)
    return {};
  return {verdict::suppress, reason::opted_out, layer::recipient, no_time,
          std::string{to_string(q.on)} + " opted_out"};
}

} // namespace carillon
