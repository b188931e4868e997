#include "actors/partition/recipient_book.hpp"

#include "actors/profile/preferences_json.hpp"
#include "actors/profile/profile_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace carillon {

namespace {

constexpr std::uint8_t push_bit = 1U << static_cast<unsigned>(channel::push);

std::string text_of(const std::string* word) {
  return word == nullptr ? std::string{} : *word;
}

} // namespace

struct recipient_book::folder {
  recipient_book& book;
  const tenant_id& tenant;
  const std::string& sealed;
  timestamp at;
  std::uint64_t sequence;

  recipient_entry& moved(const recipient_id& recipient) const {
    auto& e = book.get(tenant, recipient);
    e.version = sequence;
    return e;
  }
  void operator()(const recipient_changed& f) const {
    auto& e = moved(f.recipient);
    e.profile = sealed;
    book.move_roles(tenant, f.recipient, e.roles, f.roles);
    e.roles = f.roles;
    e.timezone = book.word(f.timezone);
    e.organization = book.word(f.organization);
    e.provider = book.word(f.provider);
    e.contacts = static_cast<std::uint8_t>((f.contacts & ~push_bit) | (e.contacts & push_bit));
    e.profile_version = f.version;
  }
  void operator()(const preferences_changed& f) const {
    auto& e = moved(f.recipient);
    e.preferences = f.body;
    e.preferences_version = f.version;
  }
  void operator()(const consent_recorded& f) const {
    auto& e = moved(f.recipient);
    e.consents.emplace_back(at, f);
    e.consents_sealed.push_back(sealed);
  }
  void operator()(const device_changed& f) const {
    auto& e = moved(f.recipient);
    std::erase_if(e.devices, [&](const auto& d) { return d.first == f.token; });
    if (!f.removed)
      e.devices.emplace_back(f.token, sealed);
    e.contacts = static_cast<std::uint8_t>(e.devices.empty() ? e.contacts & ~push_bit
                                                             : e.contacts | push_bit);
  }
  void operator()(const recipient_erased& f) const {
    auto& e = moved(f.recipient);
    book.forget_roles(tenant, f.recipient);
    recipient_entry blank;
    blank.inbox_offset = e.inbox_offset;
    blank.version = e.version;
    blank.profile_version = e.profile_version;
    blank.residence = e.residence;
    e = std::move(blank);
  }
  void operator()(const in_app_posted& f) const {
    book.get(tenant, f.recipient).inbox_offset = f.offset;
  }
  void operator()(const in_app_changed& f) const {
    book.get(tenant, f.recipient).inbox_offset = f.offset;
  }
  template <class Other>
  void operator()(const Other&) const {
    // about no recipient
  }
};

void recipient_book::apply(const tenant_id& tenant, const fact& f, const std::string& sealed,
                           timestamp at, std::uint64_t sequence) {
  std::visit(folder{*this, tenant, sealed, at, sequence}, f);
  if (std::holds_alternative<recipient_erased>(f))
    recent_.fill(nullptr); // nothing in the clear outlives the key
}

std::vector<recipient_book::kept_fact> recipient_book::facts_of(const recipient_id& recipient,
                                                                const recipient_entry& e) const {
  std::vector<kept_fact> out;
  if (!e.profile.empty())
    out.push_back({recipient_changed{recipient, e.profile_version, text_of(e.timezone),
                                     text_of(e.organization), text_of(e.provider), e.roles,
                                     static_cast<std::uint8_t>(e.contacts & ~push_bit)},
                   e.profile, no_time});
  if (!e.preferences.empty())
    out.push_back(
        {preferences_changed{recipient, e.preferences_version, e.preferences}, {}, no_time});
  for (std::size_t i = 0; i < e.consents.size(); ++i)
    out.push_back({e.consents[i].second, e.consents_sealed[i], e.consents[i].first});
  for (const auto& [token, sealed] : e.devices)
    out.push_back({device_changed{recipient, token, false}, sealed, no_time});
  return out;
}

recipient_entry& recipient_book::with_key(const tenant_id& tenant, const recipient_id& recipient) {
  auto& e = entries_.get(tenant, recipient);
  if (e.key.empty()) {
    e.key = seal_->make_key();
    e.key_new = true;
  }
  return e;
}

profile recipient_book::open_profile(const recipient_entry& e, const recipient_id& recipient,
                                     bool& lost) const {
  profile who;
  lost = false;
  auto unseal = [&](const std::string& sealed) -> std::optional<nlohmann::json> {
    auto plain = seal_->unseal(e.key, sealed, context_of(recipient));
    if (!plain) {
      lost = true;
      return std::nullopt;
    }
    return nlohmann::json::parse(*plain);
  };
  if (!e.profile.empty())
    if (auto body = unseal(e.profile))
      who = read_profile(*body);
  for (const auto& [hash, sealed] : e.devices)
    if (auto body = unseal(sealed))
      who.devices.push_back(parse_sealed_device(*body));
  return who;
}

std::shared_ptr<const opened_profile> recipient_book::open(recipient_entry& e,
                                                           const recipient_id& recipient) {
  if (auto known = e.opened.lock(); known && known->version == e.version)
    return known;
  auto fresh = std::make_shared<opened_profile>();
  fresh->who = open_profile(e, recipient, fresh->lost);
  if (auto preferred = language(e); !preferred.empty())
    fresh->who.locale = std::move(preferred);
  fresh->version = e.version;
  e.opened = fresh;
  recent_[next_recent_++ % recent_.size()] = fresh;
  return fresh;
}

std::string recipient_book::language(const recipient_entry& e) {
  if (e.preferences.find("\"language\"") == std::string::npos)
    return {};
  problem_items ignored;
  return parse_preferences(nlohmann::json::parse(e.preferences), ignored)
      .language.value_or(std::string{});
}

// -- words and roles ------------------------------------------------------------------------------

const std::string* recipient_book::word(const std::string& text) {
  return text.empty() ? nullptr : &*words_.insert(text).first;
}

void recipient_book::know_role(const tenant_id& tenant, const std::string& role,
                               const recipient_id& recipient) {
  roles_[tenant][role].insert(recipient);
}

void recipient_book::forget_roles(const tenant_id& tenant, const recipient_id& recipient) {
  for (auto& [role, who] : roles_[tenant])
    who.erase(recipient);
}

void recipient_book::move_roles(const tenant_id& tenant, const recipient_id& recipient,
                                const std::vector<std::string>& from,
                                const std::vector<std::string>& to) {
  for (const auto& role : from)
    roles_[tenant][role].erase(recipient);
  for (const auto& role : to)
    know_role(tenant, role, recipient);
}

std::vector<recipient_id> recipient_book::with_role(const tenant_id& tenant,
                                                    const std::string& role) const {
  auto theirs = roles_.find(tenant);
  if (theirs == roles_.end())
    return {};
  auto all = theirs->second.find(role);
  if (all == theirs->second.end())
    return {};
  return {all->second.begin(), all->second.end()};
}

} // namespace carillon
