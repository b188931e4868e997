#include "actors/partition/request_memory.hpp"

namespace carillon {

claim_answer request_memory::ask(const hash16& key, const hash16& body) const {
  using kind = claim_answer::kind;
  auto i = entries_.find(key);
  if (i == entries_.end())
    return {kind::fresh, 0, {}};
  const auto& e = i->second;
  if (!e.body.is_nil() && e.body != body)
    return {kind::conflict, 0, {}};
  if (e.http_status != 0)
    return {kind::replay, e.http_status, e.answer};
  return {e.running ? kind::running : kind::fresh, 0, {}};
}

void request_memory::withdraw(const hash16& key) {
  if (auto i = entries_.find(key); i != entries_.end())
    i->second.running = false;
}

void request_memory::apply(const fact& f, timestamp at) {
  if (const auto* claimed = std::get_if<request_claimed>(&f)) {
    entries_[claimed->key].body = claimed->body;
    order_.emplace_back(at, claimed->key);
  } else if (const auto* answered = std::get_if<request_answered>(&f)) {
    auto& e = entries_[answered->key];
    e.http_status = answered->http_status;
    e.answer = answered->answer;
    e.running = false;
  }
  while (!order_.empty() && order_.front().first < at - window_) {
    entries_.erase(order_.front().second);
    order_.pop_front();
  }
}

} // namespace carillon
