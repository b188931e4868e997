#include "actors/partition/notification_table.hpp"

namespace carillon {

notification_entry* notification_table::find(const notification_id& id) {
  if (auto i = awake_.find(id); i != awake_.end())
    return i->second.get();
  auto i = packed_.find(id);
  if (i == packed_.end())
    return nullptr;
  auto packed = std::move(i->second);
  packed_.erase(i);
  auto& e = insert(id, unpack(id, packed.get(), shared_));
  release(packed.get(), shared_);
  return &e;
}

notification_entry& notification_table::insert(const notification_id& id,
                                               notification_entry entry) {
  settle(id);
  return *awake_.emplace(id, std::make_unique<notification_entry>(std::move(entry))).first->second;
}

void notification_table::erase(const notification_id& id) {
  if (awake_.erase(id) > 0)
    return;
  if (auto i = packed_.find(id); i != packed_.end()) {
    release(i->second.get(), shared_);
    packed_.erase(i);
  }
}

void notification_table::pack(bool over) {
  for (const auto& id : unpacked_) {
    auto i = awake_.find(id);
    if (i == awake_.end() || i->second->busy)
      continue;
    const auto& s = i->second->state;
    if (!over && s.finished && deadline_of(s) == far_future)
      continue;
    packed_.emplace(id, carillon::pack(*i->second, shared_));
    awake_.erase(i);
  }
  unpacked_.clear();
}

void notification_table::pack_replayed() {
  for (const auto& id : unpacked_)
    if (auto i = awake_.find(id); i != awake_.end())
      i->second->armed = deadline_of(i->second->state);
  pack(true);
}

} // namespace carillon
