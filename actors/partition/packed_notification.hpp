#pragma once

#include "actors/delivery/notification.hpp"
#include "actors/partition/shared_values.hpp"

#include <cstddef>
#include <memory>

namespace carillon {

/// A notification in memory: waiting, on its way, or finished and not yet in the read models.
struct notification_entry {
  tenant_id tenant;
  notification_state state;
  std::uint64_t last_sequence = 0;
  timestamp armed = far_future; ///< the deadline its scheduler knows
  bool busy = false;            ///< a delivery is alive: it stays in memory
  friend bool operator==(const notification_entry&, const notification_entry&) = default;
};

/// What packed notifications have in common.
struct packed_context {
  shared_values<std::string> texts; ///< tenants, sources, providers
  shared_values<notification_plan_ptr> plans;
};

/// An entry that waits, in about a hundred bytes instead of five times as many: numbers of variable
/// length, times as differences, what many share by number. In memory only, never stored.
using packed_notification = std::unique_ptr<std::byte[]>;

/// Without its id and `busy`. What it shares is held until `unpack`.
packed_notification pack(const notification_entry& e, packed_context& shared);

/// The entry again.
notification_entry unpack(const notification_id& id, const std::byte* packed,
                          const packed_context& shared);

/// Lets go of what the packed entry shares.
void release(const std::byte* packed, packed_context& shared);

} // namespace carillon
