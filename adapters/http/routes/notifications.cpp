// /v1/notifications: one message without a rule, and everything about messages on their way.

#include "adapters/http/routes/support.hpp"
#include "adapters/http/server/body_reader.hpp"

#include <nlohmann/json.hpp>

namespace carillon::http {

namespace {

void post_notification(const api_context& api, const request& what, const responder& to) {
  auto body = read_object(what, to);
  if (!body)
    return;
  submit_notification command{tenant_of(what), std::move(body),
                              std::string{what.header("idempotency-key")},
                              std::string{what.traceparent}};
  api.with.bridge->ask(api.with.intake, std::move(command), answer_with(to));
}

void list(const api_context& api, const request& what, const responder& to) {
  list_query query{what};
  list_notifications command;
  command.tenant = tenant_of(what);
  command.recipient = query.text("recipient_id");
  command.status = query.name_of<status>("status");
  command.type = query.text("type");
  command.channel = query.name_of<channel>("channel");
  command.since = query.time("since");
  command.until = query.time("until");
  command.limit = query.limit();
  command.cursor = query.text("cursor");
  if (query.sound(to))
    api.with.bridge->ask(api.with.store, std::move(command), answer_with(to));
}

/// A handler that passes a command about the notification in the path to its owner.
route_table::route_handler pass(notification_command::verb meaning) {
  return [meaning](const api_context& api, const request& what, const responder& to) {
    const auto id = notification_in_path(what, to);
    if (!id)
      return;
    if (what.method == verb::post && !read_object(what, to, true))
      return;
    notification_command command{tenant_of(what), *id, meaning, {}};
    api.with.bridge->ask(api.with.intake, std::move(command), answer_with(to));
  };
}

} // namespace

void add_notification_routes(route_table& table) {
  using command = notification_command::verb;
  table.add(verb::post, "/v1/notifications", access::key, post_notification);
  table.add(verb::get, "/v1/notifications", access::key, list);
  table.add(verb::get, "/v1/notifications/{id}", access::key, pass(command::show));
  table.add(verb::get, "/v1/notifications/{id}/timeline", access::key, pass(command::timeline));
  table.add(verb::get, "/v1/notifications/{id}/explain", access::key, pass(command::explain));
  table.add(verb::post, "/v1/notifications/{id}/cancel", access::key, pass(command::cancel));
  table.add(verb::post, "/v1/notifications/{id}/resend", access::key, pass(command::resend));
}

} // namespace carillon::http
