#include "actors/partition/recipient_residence.hpp"

#include <absl/hash/hash.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace carillon {

namespace {

/// What an entry takes beside its texts, with its lines in gate, limiter and inbox.
constexpr std::size_t bytes_of_entry = 900;

std::uint64_t hash_of(const tenant_id& tenant, const recipient_id& recipient) {
  return absl::HashOf(std::string_view{tenant.str()}, std::string_view{recipient.str()});
}

} // namespace

void recipient_residence::know(const known_person& known) {
  known_.insert(hash_of(known.who.tenant, known.who.recipient));
  for (const auto& role : known.roles)
    book_.know_role(known.who.tenant, role, known.who.recipient);
}

bool recipient_residence::is_absent(const tenant_id& tenant, const recipient_id& recipient) {
  auto* e = book_.find(tenant, recipient);
  if (e != nullptr)
    e->residence.used = round_;
  auto read = e != nullptr && e->residence.bytes != 0; // else somebody made it, and nobody read it
  return !read && known_.contains(hash_of(tenant, recipient));
}

void recipient_residence::resize(recipient_entry& e, std::size_t bytes) {
  bytes_ += bytes;
  bytes_ -= e.residence.bytes;
  e.residence.bytes = static_cast<std::uint32_t>(
      std::min<std::size_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
}

void recipient_residence::arrived(const tenant_id& tenant, const recipient_id& recipient,
                                  std::uint64_t sequence, std::size_t bytes) {
  auto& e = book_.get(tenant, recipient);
  e.residence.changed_at = sequence;
  e.residence.used = round_;
  resize(e, bytes_of_entry + bytes);
}

void recipient_residence::got_key(const tenant_id& tenant, const recipient_id& recipient,
                                  std::uint64_t sequence) {
  auto& e = book_.get(tenant, recipient);
  e.residence.changed_at = sequence;
  e.residence.used = round_;
  if (e.residence.bytes == 0)
    resize(e, bytes_of_entry);
}

void recipient_residence::changed(const tenant_id& tenant, const recipient_id& recipient,
                                  std::uint64_t sequence, std::size_t bytes) {
  auto& e = book_.get(tenant, recipient);
  auto& r = e.residence;
  resize(e, std::max<std::size_t>(r.bytes, bytes_of_entry) + bytes);
  r.changed_at = sequence;
  r.used = round_;
  if (std::exchange(r.dirty, true))
    return;
  dirty_.push_back({sequence, book_.node_of(tenant, recipient)});
}

// -- snapshots ----------------------------------------------------------------------

std::vector<recipient_residence::unsaved> recipient_residence::take_unsaved(
    std::size_t most, std::size_t most_bytes) {
  std::vector<unsaved> out;
  saving_since_ = dirty_.empty() ? everything : dirty_.front().since;
  for (std::size_t bytes = 0; !dirty_.empty() && out.size() < most && bytes < most_bytes;) {
    out.push_back(dirty_.front());
    dirty_.pop_front();
    auto& r = out.back().who.value->residence;
    bytes += r.bytes;
    r.dirty = false;
    r.being_saved = true;
  }
  return out;
}

void recipient_residence::saved(const unsaved& who, std::size_t bytes) {
  auto& e = *who.who.value;
  e.residence.being_saved = false;
  saving_since_ = everything;
  if (!e.residence.dirty) // else what came meanwhile is counted already
    resize(e, bytes_of_entry + bytes);
}

void recipient_residence::not_saved(const unsaved& who) {
  auto& r = who.who.value->residence;
  r.being_saved = false;
  saving_since_ = everything;
  if (std::exchange(r.dirty, true)) // it stands for a later fact already
    std::erase_if(dirty_, [&](const unsaved& x) { return x.who.value == who.who.value; });
  auto place = std::lower_bound(dirty_.begin(), dirty_.end(), who.since,
                                [](const unsaved& a, std::uint64_t s) { return a.since < s; });
  dirty_.insert(place, who);
}

std::uint64_t recipient_residence::first_unsaved() const {
  return std::min(saving_since_, dirty_.empty() ? everything : dirty_.front().since);
}

// -- memory -------------------------------------------------------------------------

/// A round that nobody held goes on under a new number.
void recipient_residence::next_round() {
  ++round_;
  if (rounds_.back().use_count() == 1)
    rounds_.pop_back();
  while (!rounds_.empty() && rounds_.front().use_count() == 1)
    rounds_.pop_front();
  rounds_.push_back(std::make_shared<const std::uint32_t>(round_));
}

std::vector<person> recipient_residence::make_room(std::uint64_t durable) {
  std::vector<person> gone;
  if (!is_over())
    return gone;
  auto held = std::find_if(rounds_.begin(), rounds_.end(),
                           [](const presence& x) { return x.use_count() > 1; });
  auto first_held = held == rounds_.end() ? round_ + 1 : **held;
  std::vector<recipient_book::node> free;
  book_.each_node([&](const recipient_book::node& n) {
    const auto& r = n.value->residence;
    if (!r.dirty && !r.being_saved && r.changed_at <= durable && r.used < first_held)
      free.push_back(n);
  });
  std::sort(free.begin(), free.end(), [](const auto& a, const auto& b) {
    return a.value->residence.used < b.value->residence.used;
  });
  auto enough = most_bytes_ - most_bytes_ / 8;
  for (const auto& n : free) {
    if (bytes_ <= enough)
      break;
    person who{*n.tenant, *n.recipient};
    bytes_ -= n.value->residence.bytes;
    known_.insert(hash_of(who.tenant, who.recipient));
    book_.evict(who.tenant, who.recipient);
    gone.push_back(std::move(who));
  }
  return gone;
}

} // namespace carillon
