#include "actors/catalog/catalogue_commands.hpp"
#include "actors/rules/rules.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;
using verb = catalogue_command::verb;

json show(const std::string& name, const catalogue_entry& e) {
  auto out = *e.body;
  out["name"] = name;
  out["version"] = e.version;
  return out;
}

catalogue_decision list_rules(const tenant_entries& entries) {
  auto items = json::array();
  for (const auto& [key, e] : entries.entries)
    if (key.first == catalogue_kind::rule && e.body)
      items.push_back(show(key.second, e));
  return reply_with(json{{"items", std::move(items)}, {"next_cursor", nullptr}}, 0);
}

catalogue_decision put_rule(const catalogue_entry* known, const catalogue_command& m) {
  auto body = m.body ? *m.body : json{};
  if (body.is_object()) {
    // What GET showed may be sent back.
    if (auto i = body.find("name"); i != body.end() && *i == m.name)
      body.erase(i);
    body.erase("version");
  }
  problem_items problems;
  if (!parse_rule(m.name, body, problems))
    return reply_with(std::move(problems));
  catalogue_row row{{},
                    catalogue_kind::rule,
                    m.name,
                    (known ? known->version : 0) + 1,
                    template_state::active,
                    body.dump(),
                    false,
                    0};
  auto fresh = !known || !known->body;
  auto out = reply_with(show(m.name, {row.version, false, std::make_shared<const json>(body)}),
                        row.version);
  out.reply.what = fresh ? answer::kind::created : answer::kind::ok;
  out.rows.push_back(std::move(row));
  return out;
}

} // namespace

catalogue_decision decide_rule(const tenant_entries& entries, const catalogue_command& m) {
  if (m.what == verb::list)
    return list_rules(entries);
  if (!is_catalogue_name(m.name))
    return m.what == verb::put
               ? reply_with(problem_items{{"", "a rule's name has letters, digits and . _ - only"}})
               : reply_with(answer::kind::not_found, "there is no such rule");
  const auto* known = entries.find(catalogue_kind::rule, m.name);
  auto alive = known && known->body;
  auto current = alive ? known->version : 0;
  if (m.what == verb::put)
    return is_stale(m, current)
               ? reply_with(answer::kind::precondition_failed, "the rule was changed in between")
               : put_rule(known, m);
  if (!alive)
    return reply_with(answer::kind::not_found, "there is no such rule");
  if (m.what == verb::get)
    return reply_with(show(m.name, *known), known->version);
  if (m.what != verb::erase)
    return reply_with(answer::kind::not_found, "there is no such thing to do with a rule");
  if (is_stale(m, current))
    return reply_with(answer::kind::precondition_failed, "the rule was changed in between");
  catalogue_decision out;
  out.reply.what = answer::kind::no_content;
  out.rows.push_back({{},
                      catalogue_kind::rule,
                      m.name,
                      known->version + 1,
                      template_state::archived,
                      {},
                      false,
                      0});
  return out;
}

} // namespace carillon
