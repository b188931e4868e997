#include "actors/preference_gate/quiet_window.hpp"

#include <date/tz.h>

namespace carillon {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::minutes;

/// Microseconds since local midnight.
duration time_of_day(timestamp local) {
  return local - floor<days>(local);
}

bool inside(duration of_day, minutes start, minutes end) {
  if (start == end)
    return true;
  return start < end ? start <= of_day && of_day < end : of_day >= start || of_day < end;
}

} // namespace

bool in_window(const date::time_zone& zone, minutes start, minutes end, timestamp now) {
  auto info = zone.get_info(floor<std::chrono::seconds>(now));
  return inside(time_of_day(now + info.offset), start, end);
}

timestamp leave_window(const date::time_zone& zone, minutes start, minutes end, timestamp now) {
  if (start == end)
    return now + days{1};
  auto t = now;
  // Within one stretch of constant offset the wall clock runs evenly; at its end it jumps, and is
  // looked at again. A window is shorter than a day, so few stretches are crossed.
  for (int i = 0; i < 64; ++i) {
    auto info = zone.get_info(floor<std::chrono::seconds>(t));
    auto local = t + info.offset;
    auto of_day = time_of_day(local);
    if (!inside(of_day, start, end))
      return t;
    auto edge = floor<days>(local) + end;
    if (edge <= local)
      edge += days{1};
    timestamp leaves = edge - info.offset;
    if (leaves < info.end)
      return leaves;
    t = info.end;
  }
  return t;
}

} // namespace carillon
