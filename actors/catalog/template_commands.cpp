#include "actors/catalog/catalogue_commands.hpp"
#include "actors/profile/profile_json.hpp"
#include "actors/renderer/compiled_template.hpp"
#include "actors/renderer/renderer.hpp"
#include "actors/rules/rules.hpp"
#include "actors/support/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;
using verb = catalogue_command::verb;

json show(const template_version& v) {
  auto out = *v.source;
  out["name"] = v.name;
  out["version"] = v.version;
  out["state"] = to_string(v.state);
  return out;
}

catalogue_decision list_templates(const tenant_catalogue& catalogue) {
  auto items = json::array();
  for (const auto& [name, versions] : catalogue.templates) {
    auto locales = json::array();
    for (const auto& [locale, bodies] : versions.back()->compiled->locales)
      locales.push_back(locale);
    auto active = active_template(catalogue, name);
    items.push_back({{"name", name},
                     {"version", versions.back()->version},
                     {"state", to_string(versions.back()->state)},
                     {"active_version", active ? json(active->version) : json{}},
                     {"locales", std::move(locales)}});
  }
  return reply_with(json{{"items", std::move(items)}, {"next_cursor", nullptr}}, 0);
}

catalogue_decision list_versions(const std::vector<template_ptr>& versions) {
  auto items = json::array();
  for (const auto& v : versions)
    items.push_back(show(*v));
  return reply_with(json{{"items", std::move(items)}, {"next_cursor", nullptr}}, 0);
}

catalogue_decision put_template(const template_version* newest, const catalogue_command& m) {
  problem_items problems;
  auto body = m.body ? *m.body : json{};
  auto source = next_template_source(newest ? *newest->source : json{}, body, problems);
  if (!problems.empty())
    return reply_with(std::move(problems));
  catalogue_row row{{},
                    catalogue_kind::template_,
                    m.name,
                    (newest ? newest->version : 0) + 1,
                    template_state::draft,
                    source.dump(),
                    false,
                    0};
  template_version shown;
  shown.name = m.name;
  shown.version = row.version;
  shown.source = std::make_shared<const json>(std::move(source));
  auto out = reply_with(show(shown), row.version);
  out.reply.what = answer::kind::created;
  out.rows.push_back(std::move(row));
  return out;
}

/// One version is active at a time: the one before is archived.
catalogue_decision set_state(const std::vector<template_ptr>& versions,
                             const template_version& which, template_state state) {
  auto shown = which;
  shown.state = state;
  auto out = reply_with(show(shown), which.version);
  auto change = [&](const template_version& v, template_state s) {
    if (v.state != s)
      out.rows.push_back(
          {{}, catalogue_kind::template_, v.name, v.version, s, v.source->dump(), false, 0});
  };
  for (const auto& v : versions)
    if (v->version == which.version)
      change(*v, state);
    else if (state == template_state::active && v->state == template_state::active)
      change(*v, template_state::archived);
  return out;
}

catalogue_decision preview_template(const std::vector<template_ptr>& versions,
                                    const catalogue_command& m) {
  problem_items problems;
  auto body = m.body ? *m.body : json::object();
  object_reader in{body, "", problems};
  profile who;
  if (const auto* given = in.object("profile"))
    who = parse_profile(*given, problems);
  if (auto locale = in.text("locale", 64); !locale.empty())
    who.locale = locale;
  auto id = in.text("recipient_id", 256);
  const auto* data = in.object("data");
  auto wanted = in.integer("version", 1, UINT32_MAX)
                    .value_or(m.version != 0 ? m.version : versions.back()->version);
  in.refuse_others();
  auto i = std::find_if(versions.begin(), versions.end(),
                        [&](const auto& v) { return v->version == wanted; });
  if (i == versions.end() && problems.empty())
    in.problem("version", "there is no such version");
  if (!problems.empty())
    return reply_with(std::move(problems));
  delivery_context context;
  context.who = std::make_shared<const profile>(std::move(who));
  context.data = std::make_shared<const json>(data ? *data : json::object());
  context.by_template = *i;
  return reply_with(preview(context, recipient_id{id}), 0);
}

} // namespace

catalogue_decision decide_template(const tenant_entries& entries, const catalogue_command& m) {
  const auto& catalogue = *entries.current;
  if (m.what == verb::list)
    return list_templates(catalogue);
  auto i = catalogue.templates.find(m.name);
  const auto* newest = i == catalogue.templates.end() ? nullptr : i->second.back().get();
  if (m.what == verb::put) {
    if (!is_catalogue_name(m.name))
      return reply_with(
          problem_items{{"", "a template's name has letters, digits and . _ - only"}});
    return is_stale(m, newest ? newest->version : 0)
               ? reply_with(answer::kind::precondition_failed, "there is a newer version")
               : put_template(newest, m);
  }
  if (!newest)
    return reply_with(answer::kind::not_found, "there is no such template");
  if (m.what == verb::versions)
    return list_versions(i->second);
  if (m.what == verb::preview)
    return preview_template(i->second, m);
  auto by = m.version != 0 ? find_template(catalogue, m.name, m.version)
                           : active_template(catalogue, m.name);
  if (m.version == 0 && !by)
    by = i->second.back();
  if (!by)
    return reply_with(answer::kind::not_found, "there is no such version");
  if (m.what == verb::activate)
    return set_state(i->second, *by, template_state::active);
  if (m.what == verb::archive)
    return set_state(i->second, *by, template_state::archived);
  return m.what == verb::get
             ? reply_with(show(*by), newest->version)
             : reply_with(answer::kind::not_found, "there is no such thing to do with a template");
}

} // namespace carillon
