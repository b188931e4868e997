#include "actors/partition/event_memory.hpp"

#include <algorithm>
#include <cstring>

namespace carillon {

namespace {

constexpr std::size_t filter_words = std::size_t{1}
                                     << 14; // 1 Mbit, made only once something is let go
constexpr int probes = 4;
constexpr std::size_t most_kept = 8192; // two million a node

std::uint32_t second_of(timestamp at) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
}

template <class F>
void each_probe(const hash16& h, F visit) {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::memcpy(&a, h.bytes.data(), sizeof a);
  std::memcpy(&b, h.bytes.data() + 8, sizeof b);
  for (int i = 0; i < probes; ++i) {
    auto bit = (a + static_cast<std::uint64_t>(i) * (b | 1)) % (filter_words * 64);
    visit(bit / 64, std::uint64_t{1} << (bit % 64));
  }
}

} // namespace

// The key is the beginning of a SHA-256 already.
std::size_t event_memory::hash_of_event::operator()(const hash16& event) const noexcept {
  std::size_t h = 0;
  std::memcpy(&h, event.bytes.data(), sizeof h);
  return h;
}

event_memory::event_memory(std::size_t most, duration window)
    : most_(most), window_(window),
      recent_(0, hash_of_event{order_.get()}, same_event{order_.get()}) {
  // nop
}

std::optional<std::vector<notification_id>> event_memory::find(const hash16& event) const {
  auto i = recent_.find(event);
  if (i == recent_.end())
    return std::nullopt;
  std::vector<notification_id> ids;
  if (const auto& first = order_->at(*i).first; !first.is_nil())
    ids.push_back(first);
  if (auto more = more_.find(event); more != more_.end())
    ids.insert(ids.end(), more->second.begin(), more->second.end());
  return ids;
}

bool event_memory::maybe_forgotten(const hash16& event) const noexcept {
  for (const auto& part : older_) {
    auto hit = !part.bits.empty();
    if (hit)
      each_probe(event, [&](auto word, auto mask) { hit = hit && (part.bits[word] & mask) != 0; });
    if (hit)
      return true;
  }
  return false;
}

void event_memory::remember(const hash16& event, const notification_id& id, timestamp at) {
  auto& first = arrived(event, at).first;
  if (first.is_nil())
    first = id;
  if (first == id)
    return;
  auto& more = more_[event];
  if (std::find(more.begin(), more.end(), id) == more.end())
    more.push_back(id);
}

void event_memory::remember(const hash16& event, timestamp at) {
  arrived(event, at);
}

event_memory::arrival& event_memory::arrived(const hash16& event, timestamp at) {
  if (auto i = recent_.find(event); i != recent_.end())
    return order_->at(*i);
  auto number = order_->first + static_cast<std::uint32_t>(order_->all.size());
  order_->all.push_back({event, {}, second_of(at)});
  recent_.insert(number);
  trim(at);
  return order_->at(number);
}

void event_memory::keep(const hash16& event, timestamp at) {
  if (!kept_.insert(event).second)
    return;
  kept_order_.push_back({event, second_of(at)});
  while (kept_order_.size() > most_kept || is_over(kept_order_.front().second, at)) {
    kept_.erase(kept_order_.front().event);
    kept_order_.pop_front();
  }
}

bool event_memory::is_over(std::uint32_t second, timestamp now) const {
  return timestamp{std::chrono::seconds{second}} < now - window_;
}

/// The newest one stays, whatever the limits are: somebody is about to add to it.
void event_memory::trim(timestamp now) {
  const auto& all = order_->all;
  while (all.size() > 1 && is_over(all.front().second, now))
    forget_first();
  while (all.size() > std::max<std::size_t>(most_, 1)) {
    let_go(all.front().event, now);
    forget_first();
  }
}

void event_memory::forget_first() {
  recent_.erase(order_->first);
  more_.erase(order_->all.front().event);
  order_->all.pop_front();
  ++order_->first;
}

void event_memory::let_go(const hash16& event, timestamp now) {
  if (older_[1].bits.empty() || older_[1].since < now - window_) {
    older_[0] = std::move(older_[1]);
    older_[1] = {std::vector<std::uint64_t>(filter_words), now};
  }
  each_probe(event, [&](auto word, auto mask) { older_[1].bits[word] |= mask; });
}

} // namespace carillon
