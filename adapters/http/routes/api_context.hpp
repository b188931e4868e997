#pragma once

#include "adapters/http/api.hpp"
#include "adapters/http/routes/authenticator.hpp"

#include <memory>

namespace carillon::http {

/// What all routes share. Immutable once the server runs.
struct api_context : std::enable_shared_from_this<api_context> {
  explicit api_context(api_dependencies given);

  api_dependencies with;
  authenticator auth;
};
using api_context_ptr = std::shared_ptr<const api_context>;

/// Adds the routes of one area; each area has its own file.
class route_table {
public:
  route_table(router& routes, api_context_ptr api) : routes_(routes), api_(std::move(api)) {
    // nop
  }

  using route_handler = std::function<void(const api_context&, const request&, const responder&)>;

  /// A POST gets Idempotency-Key unless its answer must not be kept.
  enum class keep : std::uint8_t { answer, never };

  void add(verb method, std::string pattern, access who, route_handler handle,
           keep kept = keep::answer);

private:
  router& routes_;
  api_context_ptr api_;
};

void add_event_routes(route_table& table);
void add_notification_routes(route_table& table);
void add_dead_letter_routes(route_table& table);
void add_rule_routes(route_table& table);
void add_template_routes(route_table& table);
void add_recipient_routes(route_table& table);
void add_preference_routes(route_table& table);
void add_inbox_routes(route_table& table);
void add_callback_routes(route_table& table);
void add_operation_routes(route_table& table);

} // namespace carillon::http
