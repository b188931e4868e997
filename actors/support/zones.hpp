#pragma once

#include <string_view>

namespace date {
class time_zone;
} // namespace date

namespace carillon {

/// The zone of an IANA name, or null if the zone database has none. The zone lives as long as the
/// process. Thread-safe.
const date::time_zone* find_zone(std::string_view name);

/// The zone's name, e.g. `America/New_York`.
std::string_view name_of(const date::time_zone& zone) noexcept;

} // namespace carillon
