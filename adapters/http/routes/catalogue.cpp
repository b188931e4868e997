// Rules and templates: passed to the catalogue, which checks them.

#include "adapters/http/routes/support.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace carillon::http {

namespace {

using kind = catalogue_command::kind;
using command_verb = catalogue_command::verb;

void send(const api_context& api, catalogue_command command, const responder& to) {
  api.with.bridge->ask(api.with.catalog, std::move(command), answer_with(to));
}

/// A handler for one thing by name; a PUT brings a body.
route_table::route_handler by_name(kind of, command_verb meaning) {
  return [of, meaning](const api_context& api, const request& what, const responder& to) {
    const auto name = name_in_path(what, to);
    if (!name)
      return;
    const auto version = if_match(what, to);
    if (!version)
      return;
    catalogue_command command{tenant_of(what), of, meaning, *name, 0, nullptr, *version};
    if (meaning == command_verb::put) {
      command.body = read_object(what, to);
      if (!command.body)
        return;
    }
    send(api, std::move(command), to);
  };
}

route_table::route_handler list_all(kind of) {
  return [of](const api_context& api, const request& what, const responder& to) {
    list_query query{what};
    query.limit();
    query.text("cursor");
    if (query.sound(to))
      send(api, {tenant_of(what), of, command_verb::list, {}, 0, nullptr, 0}, to);
  };
}

void dry_run(const api_context& api, const request& what, const responder& to) {
  auto body = read_object(what, to);
  if (body)
    send(api, {tenant_of(what), kind::rule, command_verb::dry_run, {}, 0, std::move(body), 0}, to);
}

/// A preview for a recipient: the catalogue knows no people, so the profile is fetched from its
/// owner and goes along. An unknown recipient has an empty one, as when a message is planned.
void preview(const api_context& api, const request& what, const responder& to) {
  const auto name = name_in_path(what, to);
  if (!name)
    return;
  catalogue_command command{
      tenant_of(what), kind::template_, command_verb::preview, *name, 0, nullptr, 0};
  command.body = read_object(what, to);
  if (!command.body)
    return;
  const auto id = command.body->find("recipient_id");
  if (id == command.body->end() || !id->is_string() || command.body->contains("profile"))
    return send(api, std::move(command), to);
  recipient_command ask{command.tenant,
                        recipient_id{id->get<std::string>()},
                        recipient_command::verb::get,
                        nullptr,
                        {},
                        0};
  api.with.bridge->ask(
      api.with.intake, std::move(ask),
      [held = api.shared_from_this(), command, to](const caf::expected<answer>& got) mutable {
        if (!got)
          return to(to_problem(got.error()));
        auto profile = nlohmann::json::parse(got->body, nullptr, false);
        if (got->what == answer::kind::ok && profile.is_object()) {
          profile.erase("id");
          auto body = *command.body;
          body["profile"] = std::move(profile);
          command.body = std::make_shared<const nlohmann::json>(std::move(body));
        }
        send(*held, std::move(command), to);
      });
}

/// A handler that moves one version of a template to another state.
route_table::route_handler move_version(command_verb meaning) {
  return [meaning](const api_context& api, const request& what, const responder& to) {
    const auto name = name_in_path(what, to);
    if (!name)
      return;
    const auto text = what.parameter(1);
    std::uint32_t version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error != std::errc{} || end != text.data() + text.size() || version == 0)
      return to(not_found("versions count from 1"));
    if (!read_object(what, to, true))
      return;
    send(api, {tenant_of(what), kind::template_, meaning, *name, version, nullptr, 0}, to);
  };
}

} // namespace

void add_rule_routes(route_table& table) {
  table.add(verb::get, "/v1/rules", access::key, list_all(kind::rule));
  table.add(verb::post, "/v1/rules/dry-run", access::key, dry_run);
  table.add(verb::put, "/v1/rules/{name}", access::key, by_name(kind::rule, command_verb::put));
  table.add(verb::get, "/v1/rules/{name}", access::key, by_name(kind::rule, command_verb::get));
  table.add(verb::del, "/v1/rules/{name}", access::key, by_name(kind::rule, command_verb::erase));
}

void add_template_routes(route_table& table) {
  const auto of = kind::template_;
  table.add(verb::get, "/v1/templates", access::key, list_all(of));
  table.add(verb::put, "/v1/templates/{name}", access::key, by_name(of, command_verb::put));
  table.add(verb::get, "/v1/templates/{name}", access::key, by_name(of, command_verb::get));
  table.add(verb::get, "/v1/templates/{name}/versions", access::key,
            by_name(of, command_verb::versions));
  table.add(verb::post, "/v1/templates/{name}/preview", access::key, preview);
  table.add(verb::post, "/v1/templates/{name}/versions/{version}/activate", access::key,
            move_version(command_verb::activate));
  table.add(verb::post, "/v1/templates/{name}/versions/{version}/archive", access::key,
            move_version(command_verb::archive));
}

} // namespace carillon::http
