#include "actors/scheduler/scheduler_model.hpp"

namespace carillon {

void scheduler_model::arm(const arm_deadline& what) {
  if (what.was != far_future)
    deadlines_.erase({what.was, what.id});
  if (what.at != far_future)
    deadlines_.insert({what.at, what.id});
}

std::vector<notification_id> scheduler_model::take_due(timestamp now) {
  std::vector<notification_id> due;
  auto i = deadlines_.begin();
  for (; i != deadlines_.end() && i->first <= now; ++i)
    due.push_back(i->second);
  deadlines_.erase(deadlines_.begin(), i);
  return due;
}

timestamp scheduler_model::next() const {
  return deadlines_.empty() ? far_future : deadlines_.begin()->first;
}

} // namespace carillon
