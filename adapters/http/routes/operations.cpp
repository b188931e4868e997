// Health, metrics and the documents that describe the API.

#include "adapters/http/routes/openapi.hpp"
#include "adapters/http/routes/support.hpp"

#include <nlohmann/json.hpp>

namespace carillon::http {

namespace {

using nlohmann::json;

void live(const api_context&, const request&, const responder& to) {
  to(json_response(200, {{"status", "live"}}));
}

response health_response(const health& found, bool verbose) {
  auto details = json::parse(found.json.empty() ? "{}" : found.json, nullptr, false);
  if (found.ready) {
    json body = {{"status", "ready"}};
    if (verbose)
      body["details"] = std::move(details);
    return json_response(200, body);
  }
  const auto state = details.is_object() ? details.value("state", std::string{}) : std::string{};
  const auto refused = unavailable(
      state.empty() ? "replaying, draining or without its database" : "this node is a " + state, 1);
  auto body = to_json(refused, {});
  if (!state.empty())
    body["state"] = state;
  if (verbose)
    body["details"] = std::move(details);
  auto result = json_response(503, body);
  result.content_type = "application/problem+json";
  result.with("Retry-After", "1");
  return result;
}

void ready(const api_context& api, const request& what, const responder& to) {
  list_query query{what};
  const auto verbose = query.flag("verbose");
  if (!query.sound(to))
    return;
  if (!api.with.node_health)
    return to(health_response({}, verbose));
  api.with.node_health([to, verbose](const health& found) { to(health_response(found, verbose)); });
}

void metrics_text(const api_context& api, const request&, const responder& to) {
  to(text_response(200, api.with.metrics ? api.with.metrics() : std::string{},
                   "text/plain; version=0.0.4; charset=utf-8"));
}

void openapi_document(const api_context&, const request&, const responder& to) {
  static const std::string text = openapi().dump();
  to(response{200, text});
}

void asyncapi_document(const api_context& api, const request&, const responder& to) {
  if (!api.with.asyncapi)
    return to(not_found("nothing is streamed here"));
  to(response{200, api.with.asyncapi()});
}

} // namespace

void add_operation_routes(route_table& table) {
  table.add(verb::get, "/livez", access::open, live);
  table.add(verb::get, "/readyz", access::open, ready);
  table.add(verb::get, "/healthz", access::open, ready);
  table.add(verb::get, "/metrics", access::open, metrics_text);
  table.add(verb::get, "/openapi.json", access::open, openapi_document);
  table.add(verb::get, "/asyncapi.json", access::open, asyncapi_document);
}

} // namespace carillon::http
