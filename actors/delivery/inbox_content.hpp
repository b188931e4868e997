#pragma once

#include "messages/engine.hpp"

#include <string>

namespace carillon {

/// What the inbox shows of a message, as JSON text: `{"title","body","actions"?,"data"?}`. It is
/// what is sealed beside in_app_posted.
std::string inbox_content(const rendered_message& m, const json_ptr& data);

} // namespace carillon
