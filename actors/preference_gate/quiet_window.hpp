#pragma once

#include "messages/time.hpp"

#include <chrono>

namespace date {
class time_zone;
} // namespace date

namespace carillon {

/// Whether the wall clock of the zone shows a time in [start, end) at `now`; over midnight where
/// end < start, always where they are equal. An hour that comes twice counts both times.
bool in_window(const date::time_zone& zone, std::chrono::minutes start, std::chrono::minutes end,
               timestamp now);

/// The first instant from `now` on at which the wall clock is outside. Where start and end are
/// equal: a day later.
timestamp leave_window(const date::time_zone& zone, std::chrono::minutes start,
                       std::chrono::minutes end, timestamp now);

} // namespace carillon
