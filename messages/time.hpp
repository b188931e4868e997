#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// Wall-clock time in UTC, microseconds, as PostgreSQL stores it.
using timestamp = std::chrono::sys_time<std::chrono::microseconds>;
using duration = std::chrono::microseconds;

/// "No time": before every real one.
inline constexpr timestamp no_time{};

/// Later than every real time.
inline constexpr timestamp far_future{std::chrono::microseconds{253402300799000000}};

/// The one clock for now and, through the actors' timers, for later. Tests advance it by hand;
/// models get `now` as an argument instead.
class clock {
public:
  virtual ~clock() = default;
  [[nodiscard]] virtual timestamp now() const noexcept = 0;
};

/// RFC 3339 in UTC with milliseconds, `2026-11-23T09:00:00.000Z`.
std::string to_rfc3339(timestamp t);

/// Reads RFC 3339 with any offset and up to 9 fraction digits; nothing if it is not one (a zone is
/// required).
std::optional<timestamp> parse_rfc3339(std::string_view text);

/// Reads `<n>(ms|s|min|m|h|d|w)` as in rules and bodies: `30s`, `30min`, `24h`; nothing otherwise.
/// Not negative.
std::optional<duration> parse_duration(std::string_view text);

} // namespace carillon
