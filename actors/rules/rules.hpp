#pragma once

#include "messages/engine.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

/// Rules: from JSON, and from an event to what is to be planned. Pure. docs/rules.md is the
/// language.
namespace carillon {

/// Reads and compiles a rule body; null if there is a problem. `version` is left 0.
rule_ptr parse_rule(const std::string& name, const nlohmann::json& body, problem_items& problems);

/// Something of a rule that is not planned for this event, and why, in words.
struct skipped_item {
  std::string rule;
  std::string type;
  std::string why;
};

/// What an event means.
struct matched {
  bool any = false;             ///< at least one rule applies, even if nothing comes of it
  std::vector<plan_item> items; ///< ordinals count from 0 in this order
  std::vector<std::string> cancels;
  std::vector<std::string> reschedules;
  std::vector<skipped_item> skipped;
  std::vector<recipient_id> late; ///< whose notification is left out: its time is past
};

/// Asks all rules for the event's type.
matched match(const tenant_catalogue& catalogue, const event& e, timestamp now);

/// Asks one rule, whatever type it is for (dry run).
void match_rule(const rule& r, const tenant_catalogue& catalogue, const event& e, timestamp now,
                matched& out);

/// A correlation key: `{{path}}` replaced by the event's value. Nothing if a value is absent or
/// empty, because half a key would join strangers.
std::optional<std::string> expand_key(const std::string& text, const event& e);

/// The newest active version, or null.
template_ptr active_template(const tenant_catalogue& catalogue, const std::string& name);

/// A version by number, or null.
template_ptr find_template(const tenant_catalogue& catalogue, const std::string& name,
                           std::uint32_t version);

} // namespace carillon
