// POST /v1/events: CloudEvents in, one answer for each.

#include "adapters/http/routes/cloud_event.hpp"
#include "adapters/http/routes/support.hpp"
#include "adapters/http/server/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <variant>

namespace carillon::http {

namespace {

constexpr std::size_t most_events = 1000;

problem not_durable() {
  return unavailable("the event could not be made durable; repeat it", 1);
}

void append_answer(std::string& out, const event_answer& item) {
  out.append(R"({"event_id":)");
  append_json(out, item.event_id);
  out.append(item.duplicate ? R"(,"duplicate":true)" : R"(,"duplicate":false)");
  if (!item.fan_out.empty()) {
    out.append(R"(,"fan_out":)");
    append_json(out, item.fan_out);
  }
  out.append(R"(,"notifications":[)");
  for (std::size_t i = 0; i < item.notifications.size(); ++i) {
    const auto& planned = item.notifications[i];
    out.append(i == 0 ? R"({"id":")" : R"(,{"id":")").append(to_string(planned.id));
    out.append(R"(","recipient_id":)");
    append_json(out, planned.recipient.str());
    out.append(R"(,"type":)");
    append_json(out, planned.type);
    out.append(R"(,"status":")").append(to_string(planned.now)).append("\"}");
  }
  out.append("]}");
}

void answer_one(const responder& to, const event_answer& item) {
  if (item.failed)
    return to(not_durable());
  response result{202, {}};
  append_answer(result.body, item);
  to(std::move(result));
}

void post_one(const api_context& api, const request& what, event_result&& read,
              const responder& to) {
  if (!read.value)
    return to(invalid(std::move(read.errors)));
  submit_events command{tenant_of(what), {std::move(read.value)}};
  api.with.bridge->ask(api.with.intake, std::move(command), [to](caf::expected<events_answer> got) {
    if (!got)
      return to(to_problem(got.error()));
    if (got->items.empty())
      return to(not_durable());
    answer_one(to, got->items.front());
  });
}

// -- batches -------------------------------------------------------------------------------------

/// What is known of each event of a batch before the engine is asked, in order: null where it is
/// asked, else what was wrong.
using batch_problems = std::vector<std::optional<problem>>;

/// Answers in the order of the request, taking the engine's answers where an event was accepted.
response batch_response(const batch_problems& refused, const std::vector<event_answer>& accepted) {
  std::string body = R"({"items":[)";
  std::size_t next = 0;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < refused.size(); ++i) {
    body.append(i == 0 ? "" : ",");
    const auto instance = "/v1/events#" + std::to_string(i);
    if (refused[i])
      body.append(to_text(*refused[i], instance));
    else if (next < accepted.size() && !accepted[next].failed)
      append_answer(body, accepted[next++]);
    else {
      body.append(to_text(not_durable(), instance));
      ++next;
      ++failed;
    }
  }
  if (failed > 0 && failed == refused.size())
    return not_durable();
  return {202, body.append("]}")};
}

void post_batch(const api_context& api, const request& what, nlohmann::json& body,
                const responder& to) {
  if (!body.is_array())
    return to(invalid({{"", "must be a list of events"}}));
  if (body.size() > most_events)
    return to(invalid({{"", "must not hold more than 1000 events"}}));
  submit_events command{tenant_of(what), {}};
  batch_problems refused;
  for (std::size_t i = 0; i < body.size(); ++i) {
    auto read = read_structured(body[i], what.traceparent);
    for (auto& error : read.errors)
      error.pointer = "/" + std::to_string(i) + error.pointer;
    if (read.value)
      command.events.push_back(std::move(read.value));
    refused.push_back(read.value || read.errors.empty()
                          ? std::nullopt
                          : std::optional{invalid(std::move(read.errors))});
  }
  if (command.events.empty())
    return to(batch_response(refused, {}));
  api.with.bridge->ask(api.with.intake, std::move(command),
                       [to, refused = std::move(refused)](caf::expected<events_answer> got) {
                         if (!got)
                           return to(to_problem(got.error()));
                         to(batch_response(refused, got->items));
                       });
}

void post_events(const api_context& api, const request& what, const responder& to) {
  const auto mode = event_mode_of(what);
  json_result read;
  if (!what.body.empty() || mode != event_mode::binary) {
    read = read_json(what.body);
    if (!read.value)
      return to(not_json(std::move(read.error)));
  }
  switch (mode) {
  case event_mode::structured:
    return post_one(api, what, read_structured(*read.value, what.traceparent), to);
  case event_mode::batched:
    return post_batch(api, what, *read.value, to);
  case event_mode::binary:
    return post_one(api, what, read_binary(what, std::move(read.value)), to);
  }
}

} // namespace

void add_event_routes(route_table& table) {
  table.add(verb::post, "/v1/events", access::key, post_events);
}

} // namespace carillon::http
