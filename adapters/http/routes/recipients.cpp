// /v1/recipients and the layers of preferences.

#include "adapters/http/routes/support.hpp"
#include "adapters/http/server/body_reader.hpp"

#include <nlohmann/json.hpp>

namespace carillon::http {

namespace {

using command_verb = recipient_command::verb;

/// Whether a request brings a body; what it must hold is the domain's business.
enum class brings : std::uint8_t { nothing, object };

constexpr std::chrono::minutes token_life{15};
constexpr std::chrono::hours longest_token_life{24};

/// A handler that passes a command about the recipient in the path to its owner.
route_table::route_handler pass(command_verb meaning, brings body = brings::nothing) {
  return [meaning, body](const api_context& api, const request& what, const responder& to) {
    const auto id = name_in_path(what, to);
    if (!id)
      return;
    const auto version = if_match(what, to);
    if (!version)
      return;
    recipient_command command{tenant_of(what), recipient_id{*id}, meaning, nullptr, {}, *version};
    if (body == brings::object && !(command.body = read_object(what, to)))
      return;
    api.with.bridge->ask(api.with.intake, std::move(command), answer_with(to));
  };
}

route_table::route_handler device(command_verb meaning, brings body = brings::nothing) {
  return [meaning, body](const api_context& api, const request& what, const responder& to) {
    const auto id = name_in_path(what, to);
    if (!id)
      return;
    auto token = what.parameter(1);
    if (token.empty() || token.size() > 4096)
      return to(not_found("a device's token has 1 to 4096 bytes"));
    recipient_command command{tenant_of(what), recipient_id{*id}, meaning,
                              nullptr,         std::move(token),  0};
    if (body == brings::object && !(command.body = read_object(what, to)))
      return;
    api.with.bridge->ask(api.with.intake, std::move(command), answer_with(to));
  };
}

void get_preferences(const api_context& api, const request& what, const responder& to) {
  list_query query{what};
  const auto resolved = query.flag("resolved");
  if (query.sound(to))
    pass(resolved ? command_verb::get_resolved_preferences
                  : command_verb::get_preferences)(api, what, to);
}

void make_token(const api_context& api, const request& what, const responder& to) {
  const auto id = name_in_path(what, to);
  if (!id)
    return;
  const auto body = read_object(what, to, true);
  if (!body)
    return;
  std::vector<field_error> errors;
  body_reader read{*body, errors};
  const auto life = read.period("expires_in").value_or(token_life);
  if (life <= duration::zero() || life > longest_token_life)
    read.fail("expires_in", "must be more than nothing and at most 24h");
  read.done();
  if (!errors.empty())
    return to(invalid(std::move(errors)));
  const auto now = api.with.now->now();
  const token_claims claims{what.caller.tenant, *id,
                            std::chrono::floor<std::chrono::seconds>(now + life)};
  to(json_response(201, {{"token", api.auth.tokens().sign(claims, now)},
                         {"expires_at", to_rfc3339(claims.expires_at)}}));
}

// -- the other layers of preferences
// ---------------------------------------------------------------

route_table::route_handler layer(catalogue_command::kind of, catalogue_command::verb meaning) {
  return [of, meaning](const api_context& api, const request& what, const responder& to) {
    std::string name;
    if (of != catalogue_command::kind::global_preferences) {
      auto found = name_in_path(what, to);
      if (!found)
        return;
      name = std::move(*found);
    }
    const auto version = if_match(what, to);
    if (!version)
      return;
    catalogue_command command{tenant_of(what), of, meaning, std::move(name), 0, nullptr, *version};
    if (meaning != catalogue_command::verb::get && !(command.body = read_object(what, to)))
      return;
    api.with.bridge->ask(api.with.catalog, std::move(command), answer_with(to));
  };
}

void add_layer(route_table& table, const std::string& pattern, catalogue_command::kind of) {
  table.add(verb::get, pattern, access::key, layer(of, catalogue_command::verb::get));
  table.add(verb::put, pattern, access::key, layer(of, catalogue_command::verb::put));
  table.add(verb::patch, pattern, access::key, layer(of, catalogue_command::verb::patch));
}

} // namespace

void add_recipient_routes(route_table& table) {
  const std::string one = "/v1/recipients/{id}";
  table.add(verb::get, one, access::key, pass(command_verb::get));
  table.add(verb::put, one, access::key, pass(command_verb::put, brings::object));
  table.add(verb::patch, one, access::key, pass(command_verb::patch, brings::object));
  table.add(verb::del, one, access::key, pass(command_verb::erase));
  table.add(verb::put, one + "/devices/{token}", access::key,
            device(command_verb::put_device, brings::object));
  table.add(verb::del, one + "/devices/{token}", access::key, device(command_verb::remove_device));
  table.add(verb::post, one + "/consents", access::key,
            pass(command_verb::add_consent, brings::object));
  table.add(verb::get, one + "/consents", access::key, pass(command_verb::list_consents));
  table.add(verb::post, one + "/tokens", access::key, make_token, route_table::keep::never);
}

void add_preference_routes(route_table& table) {
  const std::string own = "/v1/recipients/{id}/preferences";
  table.add(verb::get, own, access::recipient, get_preferences);
  table.add(verb::put, own, access::recipient, pass(command_verb::put_preferences, brings::object));
  table.add(verb::patch, own, access::recipient,
            pass(command_verb::patch_preferences, brings::object));
  add_layer(table, "/v1/organizations/{id}/preferences",
            catalogue_command::kind::organization_preferences);
  add_layer(table, "/v1/providers/{id}/preferences", catalogue_command::kind::provider_preferences);
  add_layer(table, "/v1/preferences", catalogue_command::kind::global_preferences);
}

} // namespace carillon::http
