#include "actors/partition/partition_model.hpp"

#include "messages/fact_codec.hpp"

#include <algorithm>

namespace carillon {

namespace {

constexpr std::size_t most_plans = 256;

hash16 correlation_hash(const tenant_id& tenant, const std::string& key) {
  return make_hash(tenant.str(), key);
}

} // namespace

void partition_model::apply(const tenant_id& tenant, const notification_id& id, const fact& f,
                            timestamp at, std::uint64_t sequence) {
  requests.apply(f, at);
  if (const auto* e = std::get_if<event_received>(&f)) {
    events.remember(e->dedupe, at);
    events.keep(e->dedupe, at);
  }
  if (id.is_nil())
    return;
  auto* entry = find(id);
  if (const auto* planned = std::get_if<notification_planned>(&f);
      planned != nullptr && entry == nullptr) {
    entry = &notifications_.insert(id, {});
    entry->tenant = tenant;
    entry->state.id = id;
    carillon::apply(entry->state, f, at);
    share_plan(entry->state);
    index(tenant, entry->state);
    events.remember(planned->dedupe, id, at);
  } else if (entry != nullptr) {
    carillon::apply(entry->state, f, at);
    if (const auto* moved = std::get_if<rescheduled>(&f); moved && moved->dedupe != hash16{})
      events.remember(moved->dedupe, id, at);
  }
  if (entry == nullptr)
    return;
  entry->last_sequence = sequence;
  if (entry->state.finished)
    finished_.emplace_back(sequence, id);
}

std::optional<notification_entry> fold_rows(const notification_id& id,
                                            const std::vector<journal_row>& rows) {
  notification_entry entry;
  entry.state.id = id;
  for (const auto& row : rows)
    if (auto f = decode_fact(row.type, row.schema, row.body)) {
      apply(entry.state, *f, row.recorded_at);
      entry.tenant = row.tenant;
      entry.last_sequence = row.sequence;
    }
  if (entry.state.steps.empty())
    return std::nullopt;
  return entry;
}

notification_entry* partition_model::find(const notification_id& id) {
  return notifications_.find(id);
}

notification_entry& partition_model::put(const notification_id& id, notification_entry entry) {
  if (auto* known = find(id))
    return *known;
  auto& e = notifications_.insert(id, std::move(entry));
  share_plan(e.state);
  index(e.tenant, e.state);
  if (e.state.finished)
    finished_.emplace_back(e.last_sequence, id);
  return e;
}

void partition_model::drop(const notification_id& id) {
  auto* e = find(id);
  if (e == nullptr)
    return;
  unindex(e->tenant, e->state);
  notifications_.erase(id);
}

std::vector<notification_id> partition_model::correlated(const tenant_id& tenant,
                                                         const std::string& key) {
  std::vector<notification_id> out;
  auto i = correlations_.find(correlation_hash(tenant, key));
  if (i == correlations_.end())
    return out;
  for (const auto& id : i->second) {
    const auto* e = find(id);
    if (e != nullptr && !e->state.finished)
      out.push_back(id);
  }
  return out;
}

void partition_model::rest(notification_entry& e) {
  e.busy = false;
  notifications_.settle(e.state.id);
  if (e.state.finished)
    finished_.emplace_back(e.last_sequence, e.state.id);
}

std::size_t partition_model::drop_finished(std::uint64_t sequence) {
  std::size_t dropped = 0;
  while (!finished_.empty() && finished_.front().first <= sequence) {
    auto [at, id] = finished_.front();
    finished_.pop_front();
    auto* entry = find(id);
    auto done = entry != nullptr && entry->state.finished && !entry->busy
                && entry->last_sequence == at && deadline_of(entry->state) == far_future;
    if (done) {
      drop(id);
      ++dropped;
    }
  }
  return dropped;
}

/// Notifications of one rule item are alike; they share what is alike.
void partition_model::share_plan(notification_state& s) {
  auto same = [&](const auto& p) { return *p == *s.plan; };
  if (auto i = std::find_if(plans_.begin(), plans_.end(), same); i != plans_.end()) {
    s.plan = *i;
    return;
  }
  if (plans_.size() >= most_plans)
    plans_.erase(plans_.begin(), plans_.begin() + most_plans / 2);
  plans_.push_back(s.plan);
}

void partition_model::index(const tenant_id& tenant, const notification_state& s) {
  if (!s.correlation_key.empty())
    correlations_[correlation_hash(tenant, s.correlation_key)].push_back(s.id);
}

void partition_model::unindex(const tenant_id& tenant, const notification_state& s) {
  if (s.correlation_key.empty())
    return;
  auto i = correlations_.find(correlation_hash(tenant, s.correlation_key));
  if (i == correlations_.end())
    return;
  std::erase(i->second, s.id);
  if (i->second.empty())
    correlations_.erase(i);
}

} // namespace carillon
