#include "actors/rules/request.hpp"

#include "actors/profile/contact_points.hpp"
#include "actors/renderer/compiled_template.hpp"
#include "actors/rules/delivery_json.hpp"
#include "actors/rules/rules.hpp"
#include "actors/support/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

void read_times(object_reader& in, timestamp now, plan_item& item) {
  item.send_at = in.time("send_at").value_or(no_time);
  if (item.send_at <= now)
    item.send_at = no_time;
  item.expires_at = in.time("expires_at").value_or(no_time);
  if (item.expires_at == no_time)
    return;
  if (item.expires_at <= now)
    in.problem("expires_at", "is in the past");
  else if (item.expires_at <= item.send_at)
    in.problem("expires_at", "must be later than send_at");
}

template_ptr read_content(object_reader& in, const tenant_catalogue& catalogue, plan_item& item) {
  if (const auto* content = in.object("content")) {
    check_content(*content, in.pointer_to("content"), in.problems());
    item.content = std::make_shared<const json>(*content);
  }
  item.template_name = in.text("template", 128);
  if (item.template_name.empty()) {
    if (in.ok() && !in.find("template") && (!item.content || item.content->empty()))
      in.problem("content", "content or template is required");
    return nullptr;
  }
  auto by = active_template(catalogue, item.template_name);
  if (by)
    item.template_version = by->version;
  else
    in.problem("template", "there is no active template of this name");
  return by;
}

void put_time(json& out, const char* name, timestamp at) {
  out[name] = at == no_time ? json{} : json(to_rfc3339(at));
}

} // namespace

std::optional<notification_request> parse_notification_request(const json& body,
                                                               const tenant_catalogue& catalogue,
                                                               timestamp now,
                                                               problem_items& problems) {
  auto before = problems.size();
  notification_request out;
  auto& item = out.item;
  object_reader in{body, "", problems};
  item.recipient = recipient_id{in.required_text("recipient_id", 256)};
  if (!item.recipient.empty() && !is_recipient_id(item.recipient.str()))
    in.problem("recipient_id", "must be text without control characters");
  item.type = in.text("type", 128);
  if (item.type.empty())
    item.type = "notification";
  if (auto which = in.choice<category>("category"))
    item.in = *which;
  else if (in.ok() && !in.find("category"))
    in.problem("category", "is required");
  item.at = in.choice<priority>("priority")
                .value_or(catalogue.categories[static_cast<std::size_t>(item.in)].at);
  delivery_spec delivery;
  if (const auto* spec = in.find("delivery"))
    delivery = parse_delivery(*spec, "/delivery", problems);
  auto by = read_content(in, catalogue, item);
  item.by = delivery.by;
  item.steps
      = plan_steps(delivery, item.in, item.at, channels_with_body(by.get(), item.content.get()));
  const auto* data = in.object("data");
  out.data = std::make_shared<const json>(data ? *data : json::object());
  read_times(in, now, item);
  item.correlation_key = in.text("correlation_key", 512);
  in.refuse_others();
  return problems.size() == before ? std::optional{std::move(out)} : std::nullopt;
}

json to_json(const plan_item& item) {
  json out{{"type", item.type},
           {"category", to_string(item.in)},
           {"priority", to_string(item.at)},
           {"strategy", to_string(item.by)}};
  if (item.role.empty())
    out["recipient_id"] = item.recipient.str();
  else
    out["role"] = item.role;
  for (const auto& s : item.steps)
    out["steps"].push_back({{"channel", to_string(s.on)},
                            {"until", to_string(s.until)},
                            {"on_hold", to_string(s.on_hold)},
                            {"timeout_ms", s.timeout.count() / 1000}});
  if (!item.template_name.empty()) {
    out["template"] = item.template_name;
    out["template_version"] = item.template_version;
  }
  put_time(out, "send_at", item.send_at);
  put_time(out, "expires_at", item.expires_at);
  if (!item.correlation_key.empty())
    out["correlation_key"] = item.correlation_key;
  return out;
}

} // namespace carillon
