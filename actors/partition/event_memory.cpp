#include "actors/partition/event_memory.hpp"

#include <cstring>

namespace carillon {

namespace {

constexpr std::size_t filter_words = std::size_t{1}
                                     << 14; // 1 Mbit, made only once something is let go
constexpr int probes = 4;
constexpr std::size_t most_kept = 8192; // two million a node

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

event_memory::event_memory(std::size_t most, duration window) : most_(most), window_(window) {
  // nop
}

const std::vector<notification_id>* event_memory::find(const hash16& event) const {
  auto i = recent_.find(event);
  return i == recent_.end() ? nullptr : &i->second;
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
  remember(event, at);
  recent_[event].push_back(id);
}

void event_memory::remember(const hash16& event, timestamp at) {
  if (recent_.try_emplace(event).second) {
    order_.emplace_back(at, event);
    trim(at);
  }
}

void event_memory::keep(const hash16& event, timestamp at) {
  if (!kept_.insert(event).second)
    return;
  kept_order_.emplace_back(at, event);
  while (kept_order_.size() > most_kept || kept_order_.front().first < at - window_) {
    kept_.erase(kept_order_.front().second);
    kept_order_.pop_front();
  }
}

void event_memory::trim(timestamp now) {
  while (!order_.empty() && order_.front().first < now - window_) {
    recent_.erase(order_.front().second);
    order_.pop_front();
  }
  while (order_.size() > most_) {
    let_go(order_.front().second, now);
    recent_.erase(order_.front().second);
    order_.pop_front();
  }
}

void event_memory::let_go(const hash16& event, timestamp now) {
  if (older_[1].bits.empty() || older_[1].since < now - window_) {
    older_[0] = std::move(older_[1]);
    older_[1] = {std::vector<std::uint64_t>(filter_words), now};
  }
  each_probe(event, [&](auto word, auto mask) { older_[1].bits[word] |= mask; });
}

} // namespace carillon
