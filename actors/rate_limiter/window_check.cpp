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

/// Everything that uses a channel's windows, in order: past attempts, slots given, and promises.
class agenda {
public:
  agenda(const channel_windows& w, const window_limits& limits, const notification_id& id,
         timestamp now)
      : w_(w), limits_(limits), id_(id), now_(now), points_(w.attempts) {
    for (const auto& s : w.provisional)
      if (s.id != id)
        points_.push_back(s.at);
    for (const auto& s : w.reservations)
      if (waits(w, s, id))
        points_.push_back(std::max(s.at, now));
    std::sort(points_.begin(), points_.end());
    set_back_ = !w.attempts.empty() && w.attempts.back() > now;
  }

  [[nodiscard]] bool allows(timestamp t) const {
    for (const auto& win : windows_of(limits_))
      if (win.limit != 0 && !(set_back_ ? window_allows(w_, win, id_, t, now_) : fits(win, t)))
        return false;
    return true;
  }

  [[nodiscard]] timestamp earliest() const {
    std::vector<timestamp> candidates;
    for (auto at : points_)
      for (const auto& win : windows_of(limits_))
        if (win.limit != 0 && at + win.length > now_)
          candidates.push_back(at + win.length);
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    auto i = std::find_if(candidates.begin(), candidates.end(), [&](auto t) { return allows(t); });
    return i == candidates.end() ? now_ : *i;
  }

private:
  /// Whether no `limit + 1` neighbours with `t` among them lie within less than the window's
  /// length.
  [[nodiscard]] bool fits(const window& win, timestamp t) const {
    auto p = static_cast<std::size_t>(std::upper_bound(points_.begin(), points_.end(), t)
                                      - points_.begin());
    auto at = [&](std::size_t i) { return i < p ? points_[i] : (i == p ? t : points_[i - 1]); };
    auto limit = static_cast<std::size_t>(win.limit);
    for (auto j = p > limit ? p - limit : 0; j <= p && j + limit <= points_.size(); ++j)
      if (at(j + limit) - at(j) < win.length)
        return false;
    return true;
  }

  const channel_windows& w_;
  const window_limits& limits_;
  const notification_id& id_;
  timestamp now_;
  std::vector<timestamp> points_;
  bool set_back_ = false; ///< attempts lie in the future: count those without an upper end
};

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
  // Nobody waits, as nearly always: no need to put everything in order.
  return w.reservations.empty() ? attempts_allow(w, limits, id, t)
                                : agenda{w, limits, id, now}.allows(t);
}

timestamp earliest_slot(const channel_windows& w, const window_limits& limits,
                        const notification_id& id, timestamp now) {
  return agenda{w, limits, id, now}.earliest();
}

std::string name_limit(const channel_windows& w, const window_limits& limits,
                       const notification_id& id, timestamp t, timestamp now) {
  for (const auto& win : windows_of(limits))
    if (win.limit != 0 && !window_allows(w, win, id, t, now))
      return std::to_string(win.limit) + " per " + win.name;
  return {};
}

} // namespace carillon
