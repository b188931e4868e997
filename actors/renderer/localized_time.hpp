#pragma once

#include "messages/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// How a time is written for a person.
enum class time_style { date, time, datetime, weekday, iso_date };

/// The style of a computed name: `date`, `time`, `datetime`, `weekday`, `iso_date`.
std::optional<time_style> parse_time_style(std::string_view name) noexcept;

/// A time in words of the locale and in the zone (UTC where it is empty or unknown).
std::string localize_time(timestamp at, time_style style, const std::string& locale,
                          const std::string& zone);

} // namespace carillon
