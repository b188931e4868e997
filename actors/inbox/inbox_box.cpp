#include "actors/inbox/inbox_box.hpp"

#include <algorithm>

namespace carillon {

item_state after(item_state now, in_app_change what) {
  switch (what) {
  case in_app_change::acked:
    return std::max(now, item_state::acked);
  case in_app_change::read:
  case in_app_change::all_read:
    return std::max(now, item_state::read);
  case in_app_change::acted:
    return std::max(now, item_state::acted);
  case in_app_change::archived:
    return item_state::archived;
  }
  return now;
}

std::uint64_t offset_of(const fact& what) {
  if (auto* post = std::get_if<in_app_posted>(&what))
    return post->offset;
  if (auto* change = std::get_if<in_app_changed>(&what))
    return change->offset;
  return 0;
}

inbox_item* find_item(inbox_box& box, const notification_id& id) {
  // From the back: the newest are asked for most.
  auto i = std::find_if(box.items.rbegin(), box.items.rend(),
                        [&](const inbox_item& item) { return item.id == id; });
  return i == box.items.rend() ? nullptr : &*i;
}

} // namespace carillon
