#include "actors/preference_gate/resolved_json.hpp"

#include "actors/profile/preferences_json.hpp"
#include "actors/support/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

/// Puts in what is not there yet. Objects are merged member by member, except do_not_disturb, which
/// is one statement.
void fill(json& out, json& from, const json& layer, std::string_view name,
          const std::string& pointer) {
  for (const auto& [key, value] : layer.items()) {
    auto at = pointer + "/" + escape_pointer(key);
    if (value.is_object() && key != "do_not_disturb") {
      if (!out.contains(key))
        out[key] = json::object();
      fill(out[key], from, value, name, at);
    } else if (!out.contains(key)) {
      out[key] = value;
      from[at] = name;
    }
  }
}

} // namespace

json resolved_json(const preference_layers& layers) {
  auto out = json::object();
  auto from = json::object();
  const auto& all = layers.all();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i])
      fill(out, from, to_json(*all[i]), to_string(preference_layers::at(i)), "");
  out["layers"] = std::move(from);
  return out;
}

} // namespace carillon
