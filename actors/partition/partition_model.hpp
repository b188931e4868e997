#pragma once

#include "messages/journal.hpp"

#include "actors/partition/event_memory.hpp"
#include "actors/partition/notification_table.hpp"
#include "actors/partition/recipient_book.hpp"
#include "actors/partition/recipient_residence.hpp"
#include "actors/partition/request_memory.hpp"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

struct partition_limits {
  std::size_t remembered_events = 4096;
  duration dedupe_window = std::chrono::hours{24 * 7};
  duration request_window = std::chrono::hours{24};
  std::size_t people_bytes = std::size_t{4} << 20; ///< of recipients in memory; an estimate
};

/// The state of a notification that is not in memory, from its rows; nothing if they do not plan
/// it.
std::optional<notification_entry> fold_rows(const notification_id& id,
                                            const std::vector<journal_row>& rows);

/// The brain of a partition: the fold over its facts, the same for live facts and for replay. No
/// actor, no I/O.
class partition_model {
public:
  partition_model(sealer& seal, partition_limits limits)
      : recipients(seal), residence(recipients, limits.people_bytes),
        events(limits.remembered_events, limits.dedupe_window), requests(limits.request_window) {}

  /// Folds one fact, but for what it says of a person: that is `recipients.apply`, since they may
  /// have to be read first. `id` is nil where it is about no notification.
  void apply(const tenant_id& tenant, const notification_id& id, const fact& f, timestamp at,
             std::uint64_t sequence);

  [[nodiscard]] notification_entry* find(const notification_id& id);

  /// Puts a notification back that was folded from its rows.
  notification_entry& put(const notification_id& id, notification_entry entry);
  void drop(const notification_id& id);

  /// Notifications under a correlation key that are not finished.
  [[nodiscard]] std::vector<notification_id> correlated(const tenant_id& tenant,
                                                        const std::string& key);

  /// Its delivery ended.
  void rest(notification_entry& e);

  /// Drops finished notifications whose last fact is not above `sequence`; returns how many.
  std::size_t drop_finished(std::uint64_t sequence);

  [[nodiscard]] notification_table& notifications() noexcept {
    return notifications_;
  }
  [[nodiscard]] const notification_table& notifications() const noexcept {
    return notifications_;
  }

  recipient_book recipients;
  recipient_residence residence;
  event_memory events;
  request_memory requests;

private:
  void share_plan(notification_state& s);
  void index(const tenant_id& tenant, const notification_state& s);
  void unindex(const tenant_id& tenant, const notification_state& s);

  notification_table notifications_;
  absl::flat_hash_map<hash16, std::vector<notification_id>> correlations_;
  std::vector<notification_plan_ptr> plans_;                       ///< the shared ones, few
  std::deque<std::pair<std::uint64_t, notification_id>> finished_; ///< by sequence
};

} // namespace carillon
