#pragma once

#include "messages/ids.hpp"
#include "messages/time.hpp"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <deque>
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
  /// When an event came: in whole seconds, as there are millions of these.
  struct arrival {
    hash16 event;
    std::uint32_t second;
  };
  void trim(timestamp now);
  void forget_first();
  void let_go(const hash16& event, timestamp now);
  [[nodiscard]] bool is_over(const arrival& a, timestamp now) const;

  std::size_t most_;
  duration window_;
  absl::flat_hash_map<hash16, notification_id> recent_;            ///< nil: it planned nothing here
  absl::flat_hash_map<hash16, std::vector<notification_id>> more_; ///< the few behind the first
  std::deque<arrival> order_;
  absl::flat_hash_set<hash16> kept_;
  std::deque<arrival> kept_order_;
  filter_part older_[2]; ///< two halves of the window; the elder is dropped whole
};

} // namespace carillon
