#pragma once

#include "messages/commands.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace carillon {

/// A value of an event by its path: `data.a.b` (`data.list.0` for an item of a list), `subject`,
/// `type`, `source`, `id`, `time`, or an extension attribute by its name. Null where there is none.
/// The pointer lives as long as the event and `scratch`, which holds the value of an attribute.
const nlohmann::json* find_path(const event& e, std::string_view path, nlohmann::json& scratch);

/// Whether the text is a path: names of letters, digits, `_` and `-`, with dots between.
bool is_path(std::string_view text) noexcept;

/// Reads a condition of docs/rules.md, at most 16 deep. Null if there is a problem.
std::shared_ptr<const compiled_condition> parse_condition(const nlohmann::json& body,
                                                          const std::string& pointer,
                                                          problem_items& problems);

/// Whether the condition holds for the event. A comparison of values that have no order is false.
bool holds(const compiled_condition& condition, const event& e);

} // namespace carillon
