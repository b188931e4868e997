#pragma once

#include "actors/rate_limiter/rate_limiter_model.hpp"

namespace carillon {

/// The longest window with a limit; zero if there is none.
duration longest_window(const window_limits& limits) noexcept;

/// Whether an attempt at `t` keeps every window, counting attempts and slots given, of others than
/// `id`.
bool attempts_allow(const channel_windows& w, const window_limits& limits,
                    const notification_id& id, timestamp t);

/// Whether it also keeps every promise to those that wait; a promise that is overdue counts as due
/// now.
bool promises_allow(const channel_windows& w, const window_limits& limits,
                    const notification_id& id, timestamp t, timestamp now);

/// The earliest time from `now` on at which both allow it.
timestamp earliest_slot(const channel_windows& w, const window_limits& limits,
                        const notification_id& id, timestamp now);

/// The limit that forbids an attempt at `t`, as `5 per minute`; for inputs.
std::string name_limit(const channel_windows& w, const window_limits& limits,
                       const notification_id& id, timestamp t, timestamp now);

} // namespace carillon
