#pragma once

#include "messages/local.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>

/// From a template version (or inline content), an event's data and a profile to the message of one
/// channel. Pure; any thread. docs/templates.md says what a text sees.
namespace carillon {

struct rendering {
  std::shared_ptr<const rendered_message> message; ///< null if it failed
  reason failed = reason::none; ///< no_contact, template_missing or template_failed
  hash16 content;               ///< of the rendered texts
  std::string detail;           ///< for template_failed: which variable or text
};

/// The message for a step on `on`, addressed from the profile.
rendering render(const delivery_context& context, const recipient_id& who, channel on);

/// All channels of a template: `{"sms":{"text","segments","encoding"},"email":{..},..}`. Needs no
/// contact points.
nlohmann::json preview(const delivery_context& context, const recipient_id& who);

/// The parts of one message as the API shows them, without its address.
nlohmann::json to_json(const rendered_message& message, channel on);

} // namespace carillon
