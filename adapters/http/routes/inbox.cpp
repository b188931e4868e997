// /v1/inbox and /v1/stream: what a recipient sees and does.

#include "adapters/http/routes/support.hpp"
#include "adapters/http/server/body_reader.hpp"
#include "adapters/http/server/upgrade.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

namespace carillon::http {

namespace {

using command_verb = inbox_command::verb;

constexpr std::array<std::string_view, 4> states{"", "unread", "read", "archived"};

/// The inbox is the token's: a key has none. Answers 403 if the caller is no recipient.
bool is_recipient(const request& what, const responder& to) {
  if (what.caller.who == principal::kind::recipient)
    return true;
  to(forbidden("a recipient's token is needed: POST /v1/recipients/{id}/tokens makes one"));
  return false;
}

inbox_command command_of(const request& what, command_verb meaning) {
  inbox_command result;
  result.tenant = tenant_of(what);
  result.recipient = recipient_id{what.caller.recipient_id};
  result.what = meaning;
  return result;
}

void list(const api_context& api, const request& what, const responder& to) {
  if (!is_recipient(what, to))
    return;
  auto command = command_of(what, command_verb::list);
  list_query query{what};
  command.state = query.text("state");
  if (std::find(states.begin(), states.end(), command.state) == states.end())
    query.fail("state", "must be unread, read or archived");
  command.query = query.text("q");
  command.limit = query.limit();
  const auto cursor = query.text("cursor");
  if (!cursor.empty()) {
    const auto* last = cursor.data() + cursor.size();
    const auto [end, error] = std::from_chars(cursor.data(), last, command.before_offset);
    if (error != std::errc{} || end != last || command.before_offset == 0)
      query.fail("cursor", "is not a cursor of this list");
  }
  if (query.sound(to))
    api.with.bridge->ask(api.with.intake, std::move(command), answer_with(to));
}

route_table::route_handler change(command_verb meaning) {
  return [meaning](const api_context& api, const request& what, const responder& to) {
    if (!is_recipient(what, to))
      return;
    auto command = command_of(what, meaning);
    if (meaning != command_verb::read_all) {
      const auto id = notification_in_path(what, to);
      if (!id)
        return;
      command.id = *id;
    }
    const auto body = read_object(what, to, true);
    if (!body)
      return;
    std::vector<field_error> errors;
    body_reader read{*body, errors};
    if (meaning == command_verb::act)
      command.action = read.text("action", presence::required, 256).value_or("");
    read.done();
    if (!errors.empty())
      return to(invalid(std::move(errors)));
    api.with.bridge->ask(api.with.intake, std::move(command), answer_with(to));
  };
}

void stream(const api_context& api, const request& what, const responder& to) {
  if (!is_recipient(what, to))
    return;
  const auto web_socket = same_text(what.header("upgrade"), "websocket");
  const auto events = what.header("accept").find("text/event-stream") != std::string_view::npos;
  if (!web_socket && !events)
    return to(response{problem{426,
                               "upgrade-required",
                               "open a WebSocket, or ask with Accept: text/event-stream",
                               {},
                               0}}
                  .with("Upgrade", "websocket"));
  if (!api.with.stream)
    return to(unavailable("streams are not served now", 1));
  to.hand_over([take = api.with.stream, tenant = what.caller.tenant,
                recipient = what.caller.recipient_id](upgraded_connection&& given) mutable {
    take(std::move(given), std::move(tenant), std::move(recipient));
  });
}

} // namespace

void add_inbox_routes(route_table& table) {
  const std::string one = "/v1/inbox/{id}";
  table.add(verb::get, "/v1/inbox", access::recipient, list);
  table.add(verb::post, "/v1/inbox/read-all", access::recipient, change(command_verb::read_all));
  table.add(verb::post, one + "/read", access::recipient, change(command_verb::read));
  table.add(verb::post, one + "/archive", access::recipient, change(command_verb::archive));
  table.add(verb::post, one + "/ack", access::recipient, change(command_verb::ack));
  table.add(verb::post, one + "/act", access::recipient, change(command_verb::act));
  table.add(verb::get, "/v1/stream", access::recipient, stream);
}

} // namespace carillon::http
