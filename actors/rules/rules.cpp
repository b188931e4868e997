#include "actors/rules/rules.hpp"

#include "actors/profile/contact_points.hpp"
#include "actors/renderer/compiled_template.hpp"
#include "actors/rules/condition.hpp"
#include "actors/rules/delivery_json.hpp"
#include "actors/rules/timing.hpp"
#include "actors/support/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

// -- reading --------------------------------------------------------------------------------------

/// Calls `path(inner)` for each `{{inner}}`; false if a tag is not closed or not a plain name.
template <class F, class G>
bool scan_key(std::string_view text, F literal, G path) {
  while (true) {
    auto open = text.find("{{");
    literal(text.substr(0, open));
    if (open == text.npos)
      return true;
    auto close = text.find("}}", open);
    if (close == text.npos)
      return false;
    auto inner = text.substr(open + 2, close - open - 2);
    while (!inner.empty() && (inner.front() == ' ' || inner.front() == '{'))
      inner.remove_prefix(1);
    while (!inner.empty() && inner.back() == ' ')
      inner.remove_suffix(1);
    if (!is_path(inner) || !path(inner))
      return false;
    text.remove_prefix(close + 2);
    if (text.starts_with('}'))
      text.remove_prefix(1);
  }
}

void check_key(const std::string& text, const std::string& pointer, problem_items& problems) {
  auto fine = scan_key(
      text, [](auto) {}, [](auto) { return true; });
  if (!fine)
    problems.push_back(
        {pointer,
         "must be a text with {{path}} in it, such as appointment:{{data.appointmentId}}"});
}

void read_paths(object_reader& in, const json& value, recipient_spec& out) {
  auto add = [&](const json& path, const std::string& pointer) {
    if (path.is_string() && is_path(path.get_ref<const std::string&>()))
      out.paths.push_back(path.get<std::string>());
    else
      in.problem_at(pointer, "must be a path such as data.patientId");
  };
  auto pointer = in.pointer_to("recipient");
  if (!value.is_array())
    return add(value, pointer);
  if (value.empty())
    in.problem("recipient", "must name at least one path");
  for (std::size_t i = 0; i < value.size(); ++i)
    add(value[i], pointer + "/" + std::to_string(i));
}

recipient_spec read_recipient(object_reader& in) {
  recipient_spec out;
  const auto* value = in.find("recipient");
  if (!value) {
    out.paths.push_back("subject");
  } else if (value->is_object()) {
    object_reader inner{*value, in.pointer_to("recipient"), in.problems()};
    out.role = inner.text("role", 64);
    if (inner.find("segment"))
      inner.problem("segment", "segments are not built yet; name paths or a role");
    else if (out.role.empty())
      inner.problem("role", "is required");
    inner.refuse_others();
  } else {
    read_paths(in, *value, out);
  }
  return out;
}

std::vector<std::string> read_keys(object_reader& in, const char* name) {
  auto keys = in.texts(name, 512, 32).value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < keys.size(); ++i)
    check_key(keys[i], in.pointer_to(name) + "/" + std::to_string(i), in.problems());
  return keys;
}

void read_content(object_reader& in, notification_rule& out) {
  out.template_name = in.text("template", 128);
  if (const auto* content = in.object("content")) {
    check_content(*content, in.pointer_to("content"), in.problems());
    out.content = std::make_shared<const json>(*content);
  }
  if (in.ok() && out.template_name.empty() && !out.content)
    in.problem("template", "a template or content is required");
}

void read_late(object_reader& in, notification_rule& out) {
  auto late = in.text("late", 16);
  out.skip_late = late == "skip";
  if (!late.empty() && late != "skip" && late != "send")
    in.problem("late", "must be send or skip");
}

notification_rule read_notification(const json& body, const std::string& pointer,
                                    problem_items& problems) {
  notification_rule out;
  object_reader in{body, pointer, problems};
  out.type = in.required_text("type", 128);
  if (auto which = in.choice<category>("category"))
    out.in = *which;
  else if (in.ok() && !in.find("category"))
    in.problem("category", "is required");
  out.at = in.choice<priority>("priority");
  out.recipient = read_recipient(in);
  if (auto text = in.text("timing", 512); !text.empty()) {
    if (auto timing = parse_timing(text))
      out.timing = *timing;
    else
      in.problem("timing", "must be immediate, delay:24h or at:data.startsAt -24h");
  }
  read_late(in, out);
  if (const auto* delivery = in.find("delivery"))
    out.delivery = parse_delivery(*delivery, in.pointer_to("delivery"), problems);
  out.expires = in.span("expires");
  out.correlation_key = in.text("correlation_key", 512);
  check_key(out.correlation_key, in.pointer_to("correlation_key"), problems);
  read_content(in, out);
  in.refuse_others();
  return out;
}

// -- matching -------------------------------------------------------------------------------------

/// The ids at the paths: strings and numbers, single or in lists, each once.
std::vector<std::string> find_recipients(const recipient_spec& spec, const event& e) {
  std::vector<std::string> out;
  auto add = [&](const json& value) {
    auto id = value.is_boolean() ? std::string{} : scalar_text(value);
    if (is_recipient_id(id) && std::find(out.begin(), out.end(), id) == out.end())
      out.push_back(std::move(id));
  };
  for (const auto& path : spec.paths) {
    json scratch;
    const auto* value = find_path(e, path, scratch);
    if (!value)
      continue;
    if (!value->is_array())
      add(*value);
    else
      for (const auto& item : *value)
        add(item);
  }
  return out;
}

struct matcher {
  const rule& r;
  const tenant_catalogue& catalogue;
  const event& e;
  timestamp now;
  matched& out;

  void skip(const std::string& type, std::string why) {
    out.skipped.push_back({r.name, type, std::move(why)});
  }

  /// Everything but the recipient; nothing if the notification is left out.
  std::optional<plan_item> plan(const notification_rule& n) {
    auto due = resolve_timing(n.timing, n.skip_late, e, now);
    if (due.skipped) {
      skip(n.type, due.why);
      return std::nullopt;
    }
    plan_item item;
    item.type = n.type;
    item.in = n.in;
    item.at = n.at.value_or(catalogue.categories[static_cast<std::size_t>(n.in)].at);
    item.by = n.delivery.by;
    auto by = active_template(catalogue, n.template_name);
    item.steps
        = plan_steps(n.delivery, item.in, item.at, channels_with_body(by.get(), n.content.get()));
    item.template_name = n.template_name;
    item.template_version = by ? by->version : 0;
    item.send_at = due.at;
    if (n.expires)
      item.expires_at = (due.at == no_time ? now : due.at) + *n.expires;
    else if (n.timing.what == timing_spec::kind::at && n.timing.offset < duration{0})
      item.expires_at = due.reference; // a reminder of what has begun is of no use
    if (!n.correlation_key.empty()) {
      auto key = expand_key(n.correlation_key, e);
      item.correlation_key = key.value_or("");
      if (!key)
        skip(n.type, "no correlation key: a value of " + n.correlation_key
                         + " is absent; planned without one");
    }
    item.content = n.content;
    return item;
  }

  void add(plan_item item) {
    item.ordinal = static_cast<std::uint16_t>(out.items.size());
    out.items.push_back(std::move(item));
  }

  void leave_out(const notification_rule& n) {
    if (n.recipient.role.empty())
      for (auto& id : find_recipients(n.recipient, e))
        out.late.emplace_back(std::move(id));
  }

  void run(const notification_rule& n) {
    auto item = plan(n);
    if (!item)
      return leave_out(n);
    if (!n.recipient.role.empty()) {
      item->role = n.recipient.role;
      return add(std::move(*item));
    }
    auto ids = find_recipients(n.recipient, e);
    if (ids.empty())
      return skip(n.type, "the event names no recipient");
    for (auto& id : ids) {
      if (out.items.size() >= 60'000)
        return skip(n.type, "too many recipients");
      item->recipient = recipient_id{std::move(id)};
      add(*item);
    }
  }

  void keys(const std::vector<std::string>& texts, std::vector<std::string>& to, const char* what) {
    for (const auto& text : texts)
      if (auto key = expand_key(text, e))
        to.push_back(std::move(*key));
      else
        skip({}, std::string{what} + ": a value of " + text + " is absent");
  }
};

} // namespace

rule_ptr parse_rule(const std::string& name, const json& body, problem_items& problems) {
  auto before = problems.size();
  auto out = std::make_shared<rule>();
  out->name = name;
  object_reader in{body, "", problems};
  out->event = in.required_text("event", 256);
  in.text("description", 4096);
  if (const auto* when = in.find("when"))
    out->when = parse_condition(*when, "/when", problems);
  if (const auto* list = in.array("notifications")) {
    if (list->size() > 64)
      in.problem("notifications", "must have at most 64 items");
    for (std::size_t i = 0; i < list->size(); ++i)
      out->notifications.push_back(
          read_notification((*list)[i], "/notifications/" + std::to_string(i), problems));
  }
  out->cancels = read_keys(in, "cancels");
  out->reschedules = read_keys(in, "reschedules");
  if (in.ok() && out->notifications.empty() && out->cancels.empty() && out->reschedules.empty()
      && problems.size() == before)
    in.problem("notifications", "a rule needs notifications, cancels or reschedules");
  in.refuse_others();
  if (problems.size() != before)
    return nullptr;
  out->source = std::make_shared<const json>(body);
  return out;
}

void match_rule(const rule& r, const tenant_catalogue& catalogue, const event& e, timestamp now,
                matched& out) {
  matcher m{r, catalogue, e, now, out};
  if (r.when && !holds(*r.when, e))
    return m.skip({}, "its condition does not hold");
  out.any = true;
  for (const auto& n : r.notifications)
    m.run(n);
  m.keys(r.cancels, out.cancels, "cancels nothing");
  m.keys(r.reschedules, out.reschedules, "moves nothing");
}

matched match(const tenant_catalogue& catalogue, const event& e, timestamp now) {
  matched out;
  auto i = catalogue.rules_by_event.find(e.type);
  if (i != catalogue.rules_by_event.end())
    for (const auto& r : i->second)
      match_rule(*r, catalogue, e, now, out);
  return out;
}

std::optional<std::string> expand_key(const std::string& text, const event& e) {
  std::string out;
  auto value_of = [&](std::string_view path) {
    json scratch;
    const auto* value = find_path(e, path, scratch);
    auto word = value ? scalar_text(*value) : std::string{};
    out += word;
    return !word.empty();
  };
  auto complete = scan_key(
      text, [&](std::string_view literal) { out += literal; }, value_of);
  return complete && !out.empty() ? std::optional{out.substr(0, 512)} : std::nullopt;
}

template_ptr active_template(const tenant_catalogue& catalogue, const std::string& name) {
  auto i = catalogue.templates.find(name);
  if (i == catalogue.templates.end())
    return nullptr;
  for (auto v = i->second.rbegin(); v != i->second.rend(); ++v)
    if ((*v)->state == template_state::active)
      return *v;
  return nullptr;
}

template_ptr find_template(const tenant_catalogue& catalogue, const std::string& name,
                           std::uint32_t version) {
  auto i = catalogue.templates.find(name);
  if (i == catalogue.templates.end())
    return nullptr;
  for (const auto& v : i->second)
    if (v->version == version)
      return v;
  return nullptr;
}

} // namespace carillon
