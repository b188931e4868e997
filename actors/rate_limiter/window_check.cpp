#include "actors/rate_limiter/window_check.hpp"

#include <algorithm>

namespace carillon {

namespace {

struct window {
  std::uint32_t limit;
  duration length;
  const char* name;
};

std::array<window, 3> windows_of(const window_limits& limits) {
  using namespace std::chrono_literals;
  return {{{limits.per_minute, 1min, "minute"},
           {limits.per_hour, 1h, "hour"},
           {limits.per_day, 24h, "day"}}};
}

/// Attempts and given slots later than `after`, without an upper end: a stamp in the future is a
/// clock that was set back.
std::size_t count_attempts(const channel_windows& w, const notification_id& id, timestamp after) {
  auto n = static_cast<std::size_t>(
      w.attempts.end() - std::upper_bound(w.attempts.begin(), w.attempts.end(), after));
  for (const auto& s : w.provisional)
    n += s.id != id && s.at > after ? 1 : 0;
  return n;
}

/// Whether the slot is somebody else's promise that still waits; one whose slot was given counts as
/// that.
bool waits(const channel_windows& w, const channel_windows::slot& s, const notification_id& id) {
  return s.id != id
         && std::none_of(w.provisional.begin(), w.provisional.end(),
                         [&](const auto& given) { return given.id == s.id; });
}

/// Promises to others in (after, upto].
std::size_t count_promises(const channel_windows& w, const notification_id& id, timestamp after,
                           timestamp upto, timestamp now) {
  std::size_t n = 0;
  for (const auto& s : w.reservations) {
    auto at = std::max(s.at, now);
    n += at > after && at <= upto && waits(w, s, id) ? 1 : 0;
  }
  return n;
}

bool window_allows(const channel_windows& w, const window& win, const notification_id& id,
                   timestamp t, timestamp now) {
  auto full_at = [&](timestamp end) {
    auto used = count_attempts(w, id, end - win.length)
                + count_promises(w, id, end - win.length, end, now);
    return used + 1 > win.limit;
  };
  if (full_at(t))
    return false;
  // An attempt now must not break what was promised for later.
  return std::none_of(w.reservations.begin(), w.reservations.end(), [&](const auto& s) {
    return s.at > t && s.at < t + win.length && waits(w, s, id) && full_at(s.at);
  });
}

} // namespace

duration longest_window(const window_limits& limits) noexcept {
  duration out{0};
  for (const auto& win : windows_of(limits))
    if (win.limit != 0)
      out = win.length;
  return out;
}

bool attempts_allow(const channel_windows& w, const window_limits& limits,
                    const notification_id& id, timestamp t) {
  for (const auto& win : windows_of(limits))
    if (win.limit != 0 && count_attempts(w, id, t - win.length) + 1 > win.limit)
      return false;
  return true;
}

bool promises_allow(const channel_windows& w, const window_limits& limits,
                    const notification_id& id, timestamp t, timestamp now) {
  for (const auto& win : windows_of(limits))
    if (win.limit != 0 && !window_allows(w, win, id, t, now))
      return false;
  return true;
}

timestamp earliest_slot(const channel_windows& w, const window_limits& limits,
                        const notification_id& id, timestamp now) {
  std::vector<timestamp> candidates;
  auto leaves = [&](timestamp at) {
    for (const auto& win : windows_of(limits))
      if (win.limit != 0 && at + win.length > now)
        candidates.push_back(at + win.length);
  };
  for (auto at : w.attempts)
    leaves(at);
  for (const auto& s : w.provisional)
    leaves(s.at);
  for (const auto& s : w.reservations)
    leaves(std::max(s.at, now));
  std::sort(candidates.begin(), candidates.end());
  for (auto t : candidates)
    if (promises_allow(w, limits, id, t, now))
      return t;
  return now;
}

std::string name_limit(const channel_windows& w, const window_limits& limits,
                       const notification_id& id, timestamp t, timestamp now) {
  for (const auto& win : windows_of(limits))
    if (win.limit != 0 && !window_allows(w, win, id, t, now))
      return std::to_string(win.limit) + " per " + win.name;
  return {};
}

} // namespace carillon
