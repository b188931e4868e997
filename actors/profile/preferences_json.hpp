#pragma once

#include "messages/profile.hpp"

#include <nlohmann/json_fwd.hpp>

namespace carillon {

/// Reads the preferences body of docs/api.md, of any layer. Problems carry pointers.
preferences parse_preferences(const nlohmann::json& body, problem_items& problems);

/// The body; what the layer does not say is left out.
nlohmann::json to_json(const preferences& layer);

/// RFC 7396 patch of a layer.
preferences patch_preferences(const preferences& layer, const nlohmann::json& patch,
                              problem_items& problems);

/// `22:00` from minutes since midnight.
std::string to_clock_text(std::chrono::minutes of_day);

} // namespace carillon
