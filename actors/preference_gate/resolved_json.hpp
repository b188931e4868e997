#pragma once

#include "actors/preference_gate/resolve.hpp"

#include <nlohmann/json_fwd.hpp>

namespace carillon {

/// The preferences body with every field from the most specific layer that has it, and `layers`: an
/// object from each field's JSON pointer to the name of its layer.
nlohmann::json resolved_json(const preference_layers& layers);

} // namespace carillon
