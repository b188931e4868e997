#include "actors/catalog/catalogue_commands.hpp"
#include "actors/preference_gate/preference_gate_model.hpp"
#include "actors/profile/preferences_json.hpp"
#include "actors/profile/profile_json.hpp"
#include "actors/renderer/renderer.hpp"
#include "actors/rules/request.hpp"
#include "actors/rules/rules.hpp"
#include "actors/support/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

/// A CloudEvent in its JSON form; only `type` is needed for a rehearsal.
event read_event(const json& body, problem_items& problems) {
  event e;
  object_reader in{body, "/event", problems};
  e.type = in.required_text("type", 256);
  e.id = in.text("id", 256);
  e.source = in.text("source", 1024);
  e.subject = in.text("subject", 256);
  e.time = in.time("time").value_or(no_time);
  const auto* data = in.object("data");
  e.data = std::make_shared<const json>(data ? *data : json::object());
  auto extensions = json::object();
  if (in.ok())
    for (const auto& [name, value] : body.items())
      if (value.is_primitive())
        extensions[name] = value;
  e.extensions = std::make_shared<const json>(std::move(extensions));
  return e;
}

/// The recipient as the request describes it, for everyone the event names.
struct rehearsal {
  std::shared_ptr<const profile> who;
  json own; ///< preferences
};

void introduce(preference_gate_model& gate, const rehearsal& as, const recipient_id& id) {
  applied_fact f;
  f.body = std::make_shared<const fact>(recipient_changed{
      id, 1, as.who->timezone, as.who->organization, as.who->provider, as.who->roles, 0});
  gate.apply(f);
  if (as.own.is_object()) {
    f.body = std::make_shared<const fact>(preferences_changed{id, 1, as.own.dump()});
    gate.apply(f);
  }
}

json decisions(const tenant_catalogue& catalogue, const plan_item& item, const rehearsal& as,
               timestamp now) {
  preference_gate_model gate;
  introduce(gate, as, item.recipient);
  assessment about;
  about.recipient = item.recipient;
  about.type = item.type;
  about.in = item.in;
  about.at = item.at;
  about.now = item.send_at == no_time ? now : item.send_at;
  for (std::size_t i = 0; i < item.steps.size(); ++i) {
    step_verdict v;
    v.step = static_cast<std::uint8_t>(i);
    v.on = item.steps[i].on;
    about.steps.push_back(std::move(v));
  }
  gate.decide(catalogue, about);
  auto out = json::array();
  for (const auto& v : about.steps)
    out.push_back({{"at", to_rfc3339(about.now)},
                   {"step", v.step},
                   {"channel", to_string(v.on)},
                   {"check", to_string(v.by)},
                   {"verdict", to_string(v.says)},
                   {"reason", v.why == reason::none ? json{} : json(to_string(v.why))},
                   {"until", v.says == verdict::hold ? json(to_rfc3339(v.until)) : json{}},
                   {"layer", v.from == layer::none ? json{} : json(to_string(v.from))},
                   {"inputs", v.inputs.empty() ? json::object() : json{{"text", v.inputs}}}});
  return out;
}

json rendered(const tenant_catalogue& catalogue, const plan_item& item, const rehearsal& as,
              const event& e) {
  delivery_context context;
  context.who = as.who;
  context.data = e.data;
  context.content = item.content;
  context.by_template = find_template(catalogue, item.template_name, item.template_version);
  auto all = preview(context, item.recipient);
  auto out = json::object();
  for (const auto& s : item.steps) {
    auto name = std::string{to_string(s.on)};
    out[name] = all.contains(name) ? all[name] : json{{"error", "template_missing"}};
  }
  return out;
}

json words(const std::vector<skipped_item>& skipped) {
  auto out = json::array();
  for (const auto& s : skipped)
    out.push_back({{"rule", s.rule}, {"type", s.type}, {"why", s.why}});
  return out;
}

} // namespace

answer dry_run(const tenant_catalogue& catalogue, const json& body, timestamp now) {
  problem_items problems;
  object_reader in{body, "", problems};
  const auto* sent = in.object("event");
  if (in.ok() && !sent)
    in.problem("event", "is required");
  auto e = sent ? read_event(*sent, problems) : event{};
  now = in.time("at").value_or(now);
  problem_items wrong;
  rule_ptr tried;
  if (const auto* given = in.object("rule")) {
    auto text = *given;
    tried = parse_rule(text.value("name", json{}).is_string() ? text["name"].get<std::string>()
                                                              : "dry-run",
                       (text.erase("name"), text.erase("version"), text), wrong);
    for (auto& p : wrong)
      in.problem_at("/rule" + p.pointer, p.message);
  }
  rehearsal as;
  const auto* given = in.object("profile");
  as.who = std::make_shared<const profile>(given ? parse_profile(*given, problems) : profile{});
  if (const auto* own = in.object("preferences"))
    as.own = to_json(parse_preferences(*own, problems));
  in.refuse_others();
  if (!problems.empty())
    return reply_with(std::move(problems)).reply;
  matched found;
  if (tried)
    match_rule(*tried, catalogue, e, now, found);
  else
    found = match(catalogue, e, now);
  auto notifications = json::array();
  for (const auto& item : found.items) {
    auto one = to_json(item);
    one["rendered"] = rendered(catalogue, item, as, e);
    one["decisions"] = decisions(catalogue, item, as, now);
    notifications.push_back(std::move(one));
  }
  json out{{"notifications", std::move(notifications)},
           {"cancels", found.cancels},
           {"reschedules", found.reschedules},
           {"skipped", words(found.skipped)}};
  return reply_with(out, 0).reply;
}

} // namespace carillon
