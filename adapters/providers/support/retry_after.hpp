#pragma once

#include "messages/time.hpp"

#include <optional>
#include <string_view>

namespace carillon::providers {

/// Reads a Retry-After value: delay seconds or an IMF-fixdate (RFC 9110, 10.2.3 and 5.6.7).
/// Gives how long to wait from `now`, at least zero and at most a day (a longer or mistaken value
/// must not park a provider for good); nothing if it is neither form.
std::optional<duration> parse_retry_after(std::string_view value, timestamp now);

} // namespace carillon::providers
