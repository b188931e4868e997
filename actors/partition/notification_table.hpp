#pragma once

#include "actors/partition/packed_notification.hpp"

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include <vector>

namespace carillon {

/// The notifications of a partition that are not over, and those that are but not yet in the read
/// models. What nobody works on is packed; looking at it unpacks it. An entry stays where it is
/// until `pack` or `erase`.
class notification_table {
public:
  /// Null if it is not here.
  notification_entry* find(const notification_id& id);

  /// It is not here yet.
  notification_entry& insert(const notification_id& id, notification_entry entry);
  void erase(const notification_id& id);

  /// The next `pack` looks at it: its delivery ended.
  void settle(const notification_id& id) {
    unpacked_.push_back(id);
  }

  /// Packs what was unpacked or settled and is not busy; with `over`, also those that are over and
  /// about to leave. Ends the life of all references to entries.
  void pack(bool over = false);

  /// The same for a replay, which arms nothing before its end: `armed` is when they will be due.
  void pack_replayed();

  /// Visits all, unpacking none for good.
  template <class F>
  void each(F visit) const {
    for (const auto& [id, entry] : awake_)
      visit(static_cast<const notification_entry&>(*entry));
    for (const auto& [id, packed] : packed_)
      visit(static_cast<const notification_entry&>(unpack(id, packed.get(), shared_)));
  }

  [[nodiscard]] bool contains(const notification_id& id) const {
    return awake_.contains(id) || packed_.contains(id);
  }
  [[nodiscard]] std::size_t size() const noexcept {
    return awake_.size() + packed_.size();
  }

private:
  absl::flat_hash_map<notification_id, std::unique_ptr<notification_entry>> awake_;
  /// A tree: its nodes are nearly full, as ids come in order; a hash table is half empty.
  absl::btree_map<notification_id, packed_notification> packed_;
  packed_context shared_;
  std::vector<notification_id> unpacked_; ///< since the last `pack`; some more than once
};

} // namespace carillon
