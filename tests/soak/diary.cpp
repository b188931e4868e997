#include "tests/soak/diary.hpp"

namespace carillon::soak {

namespace {

constexpr std::size_t most_movable = 400;
constexpr std::size_t most_complaints = 60;

} // namespace

void diary::accepted(const nlohmann::json& event, const std::vector<std::string>& ids,
                     std::mt19937_64& dice) {
  ++events;
  std::lock_guard lock{mutex_};
  for (const auto& each : ids)
    if (auto id = parse_notification_id(each))
      acknowledged_.insert(*id);
  if (event.dump().size() > 8'192)
    return;
  // A reservoir: each event of the run is in it with the same chance.
  ++offered_;
  if (sample_.size() < most_kept)
    sample_.push_back({event, ids});
  else if (const auto place = dice() % offered_; place < most_kept)
    sample_[place] = {event, ids};
}

void diary::accepted_direct(const std::string& id) {
  std::lock_guard lock{mutex_};
  if (auto parsed = parse_notification_id(id))
    acknowledged_.insert(*parsed);
}

void diary::complain(std::string what) {
  std::lock_guard lock{mutex_};
  if (complaints_.size() < most_complaints)
    complaints_.push_back(std::move(what));
}

void diary::may_be_moved(const std::string& id, const std::string& key) {
  std::lock_guard lock{mutex_};
  if (movable_.size() < most_movable)
    movable_.push_back({id, key});
  else
    movable_[next_movable_++ % most_movable] = {id, key};
}

diary::movable diary::any_movable(std::mt19937_64& dice) const {
  std::lock_guard lock{mutex_};
  return movable_.empty() ? movable{} : movable_[dice() % movable_.size()];
}

told_event diary::any_event(std::mt19937_64& dice) const {
  std::lock_guard lock{mutex_};
  return sample_.empty() ? told_event{} : sample_[dice() % sample_.size()];
}

void diary::cancelled(const std::string& id, const std::string& result) {
  std::lock_guard lock{mutex_};
  cancels_[id] = result;
}

} // namespace carillon::soak
