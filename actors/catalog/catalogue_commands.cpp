#include "actors/catalog/catalogue_commands.hpp"

#include "actors/profile/contact_points.hpp"
#include "actors/profile/preferences_json.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

using nlohmann::json;
using verb = catalogue_command::verb;

catalogue_decision reply_with(answer::kind what, std::string detail) {
  catalogue_decision out;
  out.reply.what = what;
  out.reply.detail = std::move(detail);
  return out;
}

catalogue_decision reply_with(problem_items problems) {
  catalogue_decision out;
  out.reply.what = answer::kind::invalid;
  out.reply.problems = std::move(problems);
  out.reply.detail = "the body is not valid";
  return out;
}

catalogue_decision reply_with(const json& body, std::uint64_t version) {
  catalogue_decision out;
  out.reply.body = body.dump();
  out.reply.version = version;
  return out;
}

bool is_stale(const catalogue_command& command, std::uint64_t current) noexcept {
  return command.if_match != 0 && command.if_match != current;
}

bool is_catalogue_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.'
           || c == '_' || c == '-';
  });
}

catalogue_decision decide_preferences(const tenant_entries& entries, const catalogue_command& m) {
  using kind = catalogue_command::kind;
  auto of = m.of == kind::organization_preferences ? catalogue_kind::organization_preferences
            : m.of == kind::provider_preferences   ? catalogue_kind::provider_preferences
                                                   : catalogue_kind::global_preferences;
  if (of != catalogue_kind::global_preferences && !is_recipient_id(m.name))
    return reply_with(answer::kind::not_found, "there is no such id");
  const auto* known = entries.find(of, m.name);
  auto body = known && known->body ? *known->body : json::object();
  auto version = known ? known->version : 0;
  if (m.what == verb::get)
    return reply_with(body, version);
  if (is_stale(m, version))
    return reply_with(answer::kind::precondition_failed, "it was changed in between");
  catalogue_row row{{}, of, m.name, version + 1, template_state::active, {}, false, 0};
  if (m.what != verb::put && m.what != verb::patch && m.what != verb::erase)
    return reply_with(answer::kind::not_found, "there is no such thing to do");
  catalogue_decision out;
  if (m.what == verb::erase) {
    out.reply.what = answer::kind::no_content;
  } else {
    problem_items problems;
    auto sent = m.body ? *m.body : json{};
    if (!sent.is_object())
      return reply_with(problem_items{{"", "must be an object"}});
    if (m.what == verb::patch)
      body.merge_patch(sent);
    else
      body = std::move(sent);
    auto next = to_json(parse_preferences(body, problems));
    if (!problems.empty())
      return reply_with(std::move(problems));
    row.body = next.dump();
    out = reply_with(next, row.version);
  }
  out.rows.push_back(std::move(row));
  return out;
}

catalogue_decision decide(const catalogue_model& model, const catalogue_command& m, timestamp now) {
  const auto& entries = model.of(m.tenant);
  catalogue_decision out;
  if (m.what == verb::dry_run)
    out.reply = dry_run(*entries.current, m.body ? *m.body : json{}, now);
  else if (m.of == catalogue_command::kind::rule)
    out = decide_rule(entries, m);
  else if (m.of == catalogue_command::kind::template_)
    out = decide_template(entries, m);
  else
    out = decide_preferences(entries, m);
  for (auto& row : out.rows)
    row.tenant = m.tenant;
  return out;
}

} // namespace carillon
