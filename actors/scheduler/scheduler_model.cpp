#include "actors/scheduler/scheduler_model.hpp"

#include <algorithm>
#include <functional>

namespace carillon {

void scheduler_model::arm(const arm_deadline& what) {
  if (what.at == far_future) {
    armed_.erase(what.id);
  } else {
    auto [i, fresh] = armed_.try_emplace(what.id, what.at);
    if (!fresh && i->second == what.at)
      return;
    i->second = what.at;
    heap_.push_back({what.at, what.id});
    std::push_heap(heap_.begin(), heap_.end(), std::greater{});
  }
  if (heap_.size() > 64 && heap_.size() > 2 * armed_.size())
    rebuild();
}

std::vector<notification_id> scheduler_model::take_due(timestamp now) {
  std::vector<notification_id> due;
  for (drop_stale_front(); !heap_.empty() && heap_.front().at <= now; drop_stale_front()) {
    due.push_back(heap_.front().id);
    armed_.erase(heap_.front().id);
    pop();
  }
  return due;
}

timestamp scheduler_model::next() {
  drop_stale_front();
  return heap_.empty() ? far_future : heap_.front().at;
}

bool scheduler_model::is_stale(const entry& e) const {
  auto i = armed_.find(e.id);
  return i == armed_.end() || i->second != e.at;
}

void scheduler_model::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), std::greater{});
  heap_.pop_back();
}

void scheduler_model::drop_stale_front() {
  while (!heap_.empty() && is_stale(heap_.front()))
    pop();
}

void scheduler_model::rebuild() {
  heap_.clear();
  for (const auto& [id, at] : armed_)
    heap_.push_back({at, id});
  std::make_heap(heap_.begin(), heap_.end(), std::greater{});
}

} // namespace carillon
