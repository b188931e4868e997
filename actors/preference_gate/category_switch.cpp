#include "actors/preference_gate/checks.hpp"

namespace carillon {

namespace {

std::optional<bool> find_switch(const std::map<category, bool>& switches, category in) {
  auto i = switches.find(in);
  return i == switches.end() ? std::optional<bool>{} : std::optional{i->second};
}

} // namespace

/// A category, or a category on one channel, that is off. Either switch is enough; each is resolved
/// over the layers by itself. Categories that cannot be switched off are not asked about.
gate_opinion check_category_switch(const gate_question& q, timestamp) {
  if (!q.policy.opt_out)
    return {};
  auto in = q.about.in;
  auto off = [&](layer from, std::string_view where) {
    return gate_opinion{verdict::suppress, reason::category_disabled, from, no_time,
                        std::string{to_string(in)} + " off" + std::string{where}};
  };
  auto everywhere
      = q.layers.first([&](const preferences& p) { return find_switch(p.categories, in); });
  if (everywhere && !everywhere->value)
    return off(everywhere->from, "");
  auto here = q.layers.first([&](const preferences& p) {
    auto i = p.channels.find(q.on);
    return i == p.channels.end() ? std::optional<bool>{} : find_switch(i->second.categories, in);
  });
  if (here && !here->value)
    return off(here->from, " on " + std::string{to_string(q.on)});
  return {};
}

} // namespace carillon
