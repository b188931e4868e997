#include "actors/preference_gate/checks.hpp"

namespace carillon {

/// A channel that is off binds every category.
gate_opinion check_channel_switch(const gate_question& q, timestamp) {
  auto on = q.layers.first([&](const preferences& p) {
    auto i = p.channels.find(q.on);
    return i == p.channels.end() ? std::optional<bool>{} : i->second.enabled;
  });
  if (!on || on->value)
    return {};
  return {verdict::suppress, reason::channel_disabled, on->from, no_time,
          std::string{to_string(q.on)} + " off"};
}

} // namespace carillon
