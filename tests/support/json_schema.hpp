#pragma once

#include <nlohmann/json.hpp>

#include <regex>
#include <string>

namespace carillon::test {

namespace detail {

inline bool has_type(const nlohmann::json& value, const std::string& type) {
  if (type == "object")
    return value.is_object();
  if (type == "array")
    return value.is_array();
  if (type == "string")
    return value.is_string();
  if (type == "integer")
    return value.is_number_integer();
  if (type == "number")
    return value.is_number();
  if (type == "boolean")
    return value.is_boolean();
  return type == "null" && value.is_null();
}

inline bool fits_type(const nlohmann::json& value, const nlohmann::json& types) {
  if (types.is_string())
    return has_type(value, types.get<std::string>());
  for (const auto& type : types)
    if (has_type(value, type.get<std::string>()))
      return true;
  return false;
}

} // namespace detail

/// Checks a value against a JSON Schema that lives in `document`: the keywords our documents use
/// ($ref into the document, type, const, enum, required, properties, additionalProperties, items,
/// minimum, minLength, pattern).
/// @returns what is wrong and where, or an empty text.
inline std::string schema_error(const nlohmann::json& document, const nlohmann::json& schema,
                                const nlohmann::json& value, const std::string& at = {}) {
  using nlohmann::json;
  if (schema.contains("$ref")) {
    auto target = schema["$ref"].get<std::string>().substr(1);
    auto wrong = schema_error(document, document.at(json::json_pointer{target}), value, at);
    if (!wrong.empty())
      return wrong;
  }
  if (schema.contains("type") && !detail::fits_type(value, schema["type"]))
    return at + ": not of type " + schema["type"].dump();
  if (schema.contains("const") && value != schema["const"])
    return at + ": not " + schema["const"].dump();
  if (schema.contains("enum")) {
    const auto& all = schema["enum"];
    if (std::find(all.begin(), all.end(), value) == all.end())
      return at + ": not one of " + all.dump();
  }
  if (schema.contains("minimum") && value.is_number() && value < schema["minimum"])
    return at + ": too small";
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (schema.contains("minLength") && text.size() < schema["minLength"].get<std::size_t>())
      return at + ": too short";
    if (schema.contains("pattern")
        && !std::regex_search(text, std::regex{schema["pattern"].get<std::string>()}))
      return at + ": does not match the pattern";
  }
  if (value.is_array() && schema.contains("items"))
    for (std::size_t i = 0; i < value.size(); ++i)
      if (auto wrong
          = schema_error(document, schema["items"], value[i], at + '/' + std::to_string(i));
          !wrong.empty())
        return wrong;
  if (!value.is_object())
    return {};
  if (schema.contains("required"))
    for (const auto& name : schema["required"])
      if (!value.contains(name.get<std::string>()))
        return at + '/' + name.get<std::string>() + ": missing";
  for (const auto& [name, member] : value.items()) {
    if (schema.contains("properties") && schema["properties"].contains(name)) {
      auto wrong = schema_error(document, schema["properties"][name], member, at + '/' + name);
      if (!wrong.empty())
        return wrong;
    } else if (schema.value("additionalProperties", json(true)) == json(false)) {
      return at + '/' + name + ": not allowed";
    }
  }
  return {};
}

} // namespace carillon::test
