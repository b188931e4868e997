#pragma once

#include "messages/engine.hpp"
#include "messages/enums.hpp"
#include "messages/facts.hpp"
#include "messages/ids.hpp"
#include "messages/sealing.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace carillon {

/// How far the reader got. Only ever moves up.
enum class item_state : std::uint8_t { unread, acked, read, acted, archived };
template <>
struct enum_names<item_state> {
  static constexpr std::array<std::string_view, 5> values{"unread", "acked", "read", "acted",
                                                          "archived"};
};

/// A message in an inbox. The content stays sealed; `type` and `action` are numbers of interned
/// words (0: none).
struct inbox_item {
  notification_id id;
  std::uint64_t offset = 0;
  timestamp created_at;
  timestamp expires_at; ///< no_time: never
  std::string sealed;
  std::uint32_t type = 0;
  std::uint32_t action = 0;
  priority at = priority::normal;
  item_state state = item_state::unread;

  [[nodiscard]] bool counts_as_unread() const noexcept {
    return state == item_state::unread || state == item_state::acked;
  }
};

/// What the reader did, kept for those who resume. A nil id: everything up to it was read.
struct inbox_update {
  std::uint64_t offset = 0;
  notification_id id;
  std::uint32_t unread = 0; ///< after it
  item_state state = item_state::read;
};

/// One recipient's inbox. Everything but `pending` is durable and may be shown.
struct inbox_box {
  std::vector<inbox_item> items;     ///< by offset
  std::vector<inbox_update> updates; ///< by offset
  std::vector<applied_fact> pending; ///< decided but not known to be durable, by offset
  std::string wrapped_key;
  std::uint64_t durable = 0; ///< offset of the newest fact shown
  std::uint64_t floor = 0;   ///< everything after this offset can be told again
  timestamp next_expiry = far_future;
  std::uint32_t unread = 0;
  bool watched = false; ///< somebody has a live session
};

/// The offset of a fact that has a place in an inbox; 0 for any other.
std::uint64_t offset_of(const fact& what);

/// @returns where a change takes an item, or `now` if it takes it nowhere.
item_state after(item_state now, in_app_change what);

/// @returns the item, or null.
inbox_item* find_item(inbox_box& box, const notification_id& id);

/// How much is kept of one inbox; what is over goes, the oldest first.
struct inbox_limits {
  std::size_t items = 500;
  std::size_t updates = 256;
};

} // namespace carillon
