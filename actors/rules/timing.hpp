#pragma once

#include "messages/commands.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// Reads `immediate`, `delay:<n>unit` or `at:<path>[ ±<n>unit]`; nothing if it is none of them.
std::optional<timing_spec> parse_timing(std::string_view text);

/// When a notification is due.
struct due_time {
  bool skipped = false;
  std::string why;     ///< for skipped
  timestamp at;        ///< no_time: at once
  timestamp reference; ///< the time at the path, for `at`
};

/// Works the timing out for an event. An `at` in the past is due at once, unless the time it refers
/// to is past too or `skip_late` says to leave it out.
due_time resolve_timing(const timing_spec& timing, bool skip_late, const event& e, timestamp now);

} // namespace carillon
