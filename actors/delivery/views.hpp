#pragma once

#include "messages/journal.hpp"

#include "actors/delivery/notification.hpp"

#include <string>
#include <vector>

namespace carillon {

/// `GET /v1/notifications/{id}` as JSON text (docs/api.md).
std::string show_notification(const notification_state& s);

/// `GET .../timeline`: the rows, oldest first.
std::string show_timeline(const std::vector<journal_row>& rows);

/// `GET .../explain`: sentences and the decisions they word.
std::string show_explanation(const std::vector<journal_row>& rows);

} // namespace carillon
