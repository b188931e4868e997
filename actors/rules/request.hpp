#pragma once

#include "messages/engine.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace carillon {

/// A message without a rule, as `POST /v1/notifications` asks for it.
struct notification_request {
  plan_item item; ///< one recipient, ordinal 0
  json_ptr data;  ///< an object, never null
};

/// Reads and checks the body of docs/api.md; nothing if there is a problem. A `send_at` in the past
/// means at once.
std::optional<notification_request> parse_notification_request(const nlohmann::json& body,
                                                               const tenant_catalogue& catalogue,
                                                               timestamp now,
                                                               problem_items& problems);

/// A planned item as dry runs show it.
nlohmann::json to_json(const plan_item& item);

} // namespace carillon
