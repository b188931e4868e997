#pragma once

#include "messages/facts.hpp"
#include "messages/profile.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace carillon {

/// A consent as it is recorded: the fact, and the JSON text of what is sealed beside it (`ip`,
/// `user_agent`, `text`).
struct consent {
  consent_recorded entry;
  std::string protected_text;
};

/// Reads the consent body of docs/api.md.
consent parse_consent(const recipient_id& recipient, const nlohmann::json& body,
                      problem_items& problems);

/// One entry of the history; `protected_text` may be empty where the key is gone.
nlohmann::json to_json(const consent_recorded& entry, timestamp at,
                       const std::string& protected_text);

} // namespace carillon
