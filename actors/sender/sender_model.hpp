#pragma once

#include "messages/engine.hpp"

#include "config/settings.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace carillon {

/// How a provider fares, for its page and metrics.
enum class breaker_state : std::uint8_t { closed, open, half_open };
template <>
struct enum_names<breaker_state> {
  static constexpr std::array<std::string_view, 3> values{"closed", "open", "half_open"};
};

/// The brain of a sender: which waiting request gets a permit of which provider, now. Pure; steady
/// time is an argument, since windows, pauses and buckets are about durations and no wall clock.
class sender_model {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct grant {
    std::uint64_t ticket = 0; ///< of the waiting request
    permit given;
    reason refused = reason::none;
  };

  sender_model(std::vector<provider_settings> providers, delivery_settings calls, time_point now);

  /// A request waits; `ticket` is the caller's. Wall-clock expiry is the caller's business too:
  /// `expired` takes it out.
  void wait(std::uint64_t ticket, priority lane, timestamp give_up_at);

  /// All requests that can be answered now, in the order in which they are.
  std::vector<grant> pump(time_point now, timestamp wall);

  /// Takes the requests out of which `gone(ticket)` is true; returns them.
  template <class F>
  std::vector<std::uint64_t> drop(F gone) {
    std::vector<std::uint64_t> out;
    for (auto& lane : lanes_)
      std::erase_if(lane, [&](const request& r) {
        if (!gone(r.ticket))
          return false;
        out.push_back(r.ticket);
        return true;
      });
    return out;
  }

  /// A permit was not used.
  void give_back(std::uint64_t permit_number);

  /// A call begins under its permit; nothing if it ran out. Returns the provider's index.
  std::optional<std::size_t> start(std::uint64_t permit_number, time_point now);
  void finished(std::uint64_t permit_number, const call_outcome& o, time_point now);

  /// When to pump again without anything happening; time_point::max(): never.
  [[nodiscard]] time_point next_tick(time_point now) const;

  [[nodiscard]] std::size_t waiting() const noexcept;
  [[nodiscard]] std::string describe(time_point now) const;
  [[nodiscard]] const provider_settings& provider(std::size_t i) const {
    return providers_[i].settings;
  }
  [[nodiscard]] std::uint64_t breakers_open() const noexcept;

private:
  struct provider_state {
    provider_settings settings;
    std::uint32_t in_use = 0; ///< permits and calls
    double tokens = 0;        ///< starts empty: a restart makes no burst
    time_point filled;
    time_point paused_until;
    std::uint32_t failures = 0; ///< in a row
    breaker_state breaker = breaker_state::closed;
    double current = 0; ///< smooth weighted round robin
  };
  struct request {
    std::uint64_t ticket;
    timestamp give_up_at;
  };
  struct issued {
    std::size_t provider = 0;
    time_point start_by;
    bool calling = false;
  };

  std::optional<std::size_t> choose(time_point now);
  bool available(provider_state& p, time_point now);
  std::deque<request>* next_lane() noexcept;
  void reclaim(time_point now);
  void end(std::uint64_t permit_number);

  std::vector<provider_state> providers_;
  delivery_settings calls_;
  std::array<std::deque<request>, enum_count<priority>> lanes_;
  std::unordered_map<std::uint64_t, issued> permits_;
  std::deque<std::pair<time_point, std::uint64_t>> issue_order_; ///< by start_by
  std::uint64_t next_permit_ = 1;
  std::uint32_t turns_ = 0;
};

} // namespace carillon
