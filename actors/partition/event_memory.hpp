#pragma once

#include "messages/ids.hpp"
#include "messages/time.hpp"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace carillon {

/// Which events this partition has planned, so that a repeated one is answered with the same ids (7
/// days). The recent ones are kept exactly, up to a bound; older ones only as bits of a filter,
/// whose hits are looked up in the read models.
class event_memory {
public:
  /// `most` entries kept exactly.
  event_memory(std::size_t most, duration window);

  /// The ids planned for the event; nothing if it is not remembered exactly.
  [[nodiscard]] std::optional<std::vector<notification_id>> find(const hash16& event) const;

  /// Whether it may have been planned and forgotten.
  [[nodiscard]] bool maybe_forgotten(const hash16& event) const noexcept;

  /// Remembers the event; a second call for the same event adds the id, if it is another.
  void remember(const hash16& event, const notification_id& id, timestamp at);
  /// ... an event that planned nothing here.
  void remember(const hash16& event, timestamp at);

  /// The event itself is in the journal: everything that it meant, anywhere, was done before.
  void keep(const hash16& event, timestamp at);
  [[nodiscard]] bool is_kept(const hash16& event) const {
    return kept_.contains(event);
  }

private:
  struct filter_part {
    std::vector<std::uint64_t> bits;
    timestamp since;
  };
  /// An event, as little of it as will do: there are millions.
  struct arrival {
    hash16 event;
    notification_id first; ///< nil: it planned nothing here
    std::uint32_t second = 0;
  };
  /// In the order of their coming; each has a number that stays its own (modulo 2^32).
  struct arrivals {
    std::deque<arrival> all;
    std::uint32_t first = 0;
    [[nodiscard]] arrival& at(std::uint32_t number) {
      return all[number - first];
    }
  };
  struct hash_of_event {
    using is_transparent = void;
    arrivals* of;
    std::size_t operator()(const hash16& event) const noexcept;
    std::size_t operator()(std::uint32_t number) const noexcept {
      return (*this)(of->at(number).event);
    }
  };
  struct same_event {
    using is_transparent = void;
    arrivals* of;
    bool operator()(std::uint32_t a, std::uint32_t b) const noexcept {
      return a == b;
    }
    bool operator()(std::uint32_t number, const hash16& event) const noexcept {
      return of->at(number).event == event;
    }
  };
  struct kept_arrival {
    hash16 event;
    std::uint32_t second;
  };
  void trim(timestamp now);
  void forget_first();
  arrival& arrived(const hash16& event, timestamp at);
  void let_go(const hash16& event, timestamp now);
  [[nodiscard]] bool is_over(std::uint32_t second, timestamp now) const;

  std::size_t most_;
  duration window_;
  std::unique_ptr<arrivals> order_ = std::make_unique<arrivals>();
  absl::flat_hash_set<std::uint32_t, hash_of_event, same_event> recent_; ///< numbers in `order_`
  absl::flat_hash_map<hash16, std::vector<notification_id>> more_; ///< the few behind the first
  absl::flat_hash_set<hash16> kept_;
  std::deque<kept_arrival> kept_order_;
  filter_part older_[2]; ///< two halves of the window; the elder is dropped whole
};

} // namespace carillon
