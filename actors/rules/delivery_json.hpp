#pragma once

#include "messages/engine.hpp"

#include "actors/support/json_reader.hpp"

#include <vector>

namespace carillon {

/// Reads `{"strategy","channels":[{"channel","until","timeout","on_hold"}]}`; a channel may also be
/// a bare name.
delivery_spec parse_delivery(const nlohmann::json& body, const std::string& pointer,
                             problem_items& problems);

/// The steps with their defaults: `until` is `delivered` for in_app and critical, else `sent`. A
/// specification without steps takes the category's order of channels, those that `available`
/// names.
std::vector<planned_step> plan_steps(const delivery_spec& spec, category in, priority at,
                                     const std::vector<channel>& available);

/// The channels for which a template (may be null) or inline content (may be null) has a body.
std::vector<channel> channels_with_body(const template_version* by, const nlohmann::json* content);

} // namespace carillon
