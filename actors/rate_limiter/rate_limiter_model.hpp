#pragma once

#include "messages/engine.hpp"
#include "messages/people.hpp"

#include "actors/support/recipient_map.hpp"
#include "config/settings.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Attempts of one recipient on one channel, and what is promised to those that wait.
struct channel_windows {
  struct slot {
    notification_id id;
    timestamp at;
    friend bool operator==(const slot&, const slot&) = default;
  };

  channel on = channel::sms;
  std::vector<timestamp> attempts; ///< ascending, none older than the longest window
  std::vector<slot> provisional;   ///< passed, and the attempt_started is not seen yet
  std::vector<slot> reservations;  ///< held until then
  friend bool operator==(const channel_windows&, const channel_windows&) = default;
};

/// Sliding windows per recipient and channel. An attempt at time t is allowed if no window that
/// ends at t then holds more than its limit. Whatever the clock does, attempts that seem to lie in
/// the future count, so a clock that was set back makes nothing early. Reservations order those
/// that wait; they never allow what attempts forbid.
class rate_limiter_model {
public:
  explicit rate_limiter_model(std::array<window_limits, enum_count<channel>> limits)
      : limits_(limits) {}

  /// Answers the steps of one assessment in place. Only steps at `pass` are looked at; where not
  /// every step is wanted, no further than the first that may go.
  void decide(assessment& about);

  /// Folds a fact.
  void apply(const applied_fact& f);

  /// The attempt for which a slot was given will not be made.
  void release(const release_slot& slot);

  /// Drops what no window needs any more.
  void prune(timestamp now);

  /// The attempts that a window may still need, in bytes; empty if there are none. Promises and
  /// given slots are not among them: they go with their notifications.
  [[nodiscard]] std::string save(const person& who) const;

  /// Puts saved attempts in the place of those there are. Of damaged bytes, as many as can be read.
  void restore(const person& who, std::string_view saved);

  /// Forgets the attempts until they are restored.
  void evict(const person& who);

  /// For tests: the recipient's windows, without slots not confirmed by a fact.
  [[nodiscard]] std::vector<channel_windows> confirmed(const tenant_id& tenant,
                                                       const recipient_id& who) const;
  [[nodiscard]] std::size_t recipients() const {
    return windows_.size();
  }

private:
  using windows = std::vector<channel_windows>;

  void decide_step(const assessment& about, step_verdict& step);
  channel_windows& windows_of(const tenant_id& tenant, const recipient_id& who, channel on);
  void count_attempt(const applied_fact& f);
  void note_hold(const applied_fact& f);
  void drop(const tenant_id& tenant, const recipient_id& who, const notification_id& id,
            const channel* only);

  std::array<window_limits, enum_count<channel>> limits_;
  recipient_map<windows> windows_;
  std::size_t folded_ = 0;
};

} // namespace carillon
