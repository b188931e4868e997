#include "actors/rules/delivery_json.hpp"

#include "actors/renderer/compiled_template.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

step_spec read_step(const json& body, const std::string& pointer, problem_items& problems) {
  step_spec out;
  auto wrapped = body.is_string() ? json{{"channel", body}} : body;
  object_reader in{wrapped, pointer, problems};
  if (auto on = in.choice<channel>("channel"))
    out.on = *on;
  else if (in.ok() && !in.find("channel"))
    in.problem("channel", "is required");
  out.until = in.choice<step_until>("until");
  if (auto on_hold = in.choice<hold_policy>("on_hold"))
    out.on_hold = *on_hold;
  if (auto timeout = in.span("timeout"))
    out.timeout = *timeout;
  in.refuse_others();
  return out;
}

std::vector<channel> default_order(category in, priority at) {
  using enum channel;
  if (in == category::realtime_alert)
    return {in_app, push, sms, email, whatsapp, webhook};
  if (at == priority::critical)
    return {sms, push, email, whatsapp, in_app, webhook};
  return {email, sms, push, whatsapp, in_app, webhook};
}

} // namespace

delivery_spec parse_delivery(const json& body, const std::string& pointer,
                             problem_items& problems) {
  delivery_spec out;
  object_reader in{body, pointer, problems};
  if (auto by = in.choice<strategy>("strategy"))
    out.by = *by;
  const auto* channels = in.array("channels");
  if (channels && (channels->empty() || channels->size() > 16))
    in.problem("channels", "must have 1 to 16 items");
  else if (channels)
    for (std::size_t i = 0; i < channels->size(); ++i)
      out.steps.push_back(
          read_step((*channels)[i], pointer + "/channels/" + std::to_string(i), problems));
  in.refuse_others();
  return out;
}

std::vector<planned_step> plan_steps(const delivery_spec& spec, category in, priority at,
                                     const std::vector<channel>& available) {
  auto chosen = spec.steps;
  if (chosen.empty()) {
    auto order = default_order(in, at);
    for (auto on : order)
      if (std::find(available.begin(), available.end(), on) != available.end())
        chosen.push_back({on, std::nullopt, hold_policy::wait, std::chrono::seconds{30}});
    for (std::size_t i = 0; chosen.empty() && i < 3; ++i)
      chosen.push_back({order[i], std::nullopt, hold_policy::wait, std::chrono::seconds{30}});
  }
  std::vector<planned_step> out;
  for (const auto& s : chosen) {
    auto confirmed = s.on == channel::in_app || at == priority::critical;
    out.push_back({s.on, s.until.value_or(confirmed ? step_until::delivered : step_until::sent),
                   s.on_hold, s.timeout});
  }
  return out;
}

std::vector<channel> channels_with_body(const template_version* by, const json* content) {
  std::vector<channel> out;
  for (std::size_t i = 0; i < enum_count<channel>; ++i) {
    auto on = static_cast<channel>(i);
    auto has = content && content->is_object() && content->contains(std::string{to_string(on)});
    if (by && by->compiled)
      for (const auto& [locale, bodies] : by->compiled->locales)
        has |= bodies[i].has_value();
    if (has)
      out.push_back(on);
  }
  return out;
}

} // namespace carillon
