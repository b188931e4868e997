#include "actors/partition/recipient_book.hpp"

#include "actors/profile/preferences_json.hpp"
#include "actors/profile/profile_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace carillon {

namespace {

struct folder {
  recipient_map<recipient_entry>& entries;
  const tenant_id& tenant;
  const std::string& sealed;
  timestamp at;

  void operator()(const recipient_changed& f) const {
    auto& e = entries.get(tenant, f.recipient);
    e.profile = sealed;
    e.roles = f.roles;
    e.contacts = static_cast<std::uint8_t>((f.contacts & ~push_bit) | (e.contacts & push_bit));
    e.profile_version = f.version;
    ++e.version;
  }
  void operator()(const preferences_changed& f) const {
    auto& e = entries.get(tenant, f.recipient);
    e.preferences = f.body;
    e.preferences_version = f.version;
    ++e.version;
  }
  void operator()(const consent_recorded& f) const {
    auto& e = entries.get(tenant, f.recipient);
    e.consents.emplace_back(at, f);
    e.consents_sealed.push_back(sealed);
    ++e.version;
  }
  void operator()(const device_changed& f) const {
    auto& e = entries.get(tenant, f.recipient);
    std::erase_if(e.devices, [&](const auto& d) { return d.first == f.token; });
    if (!f.removed)
      e.devices.emplace_back(f.token, sealed);
    e.contacts = static_cast<std::uint8_t>(e.devices.empty() ? e.contacts & ~push_bit
                                                             : e.contacts | push_bit);
    ++e.version;
  }
  void operator()(const recipient_erased& f) const {
    auto& e = entries.get(tenant, f.recipient);
    auto offset = e.inbox_offset;
    auto version = e.version;
    auto profile_version = e.profile_version;
    e = {};
    e.inbox_offset = offset;
    e.version = version + 1;
    e.profile_version = profile_version;
  }
  void operator()(const in_app_posted& f) const {
    entries.get(tenant, f.recipient).inbox_offset = f.offset;
  }
  void operator()(const in_app_changed& f) const {
    entries.get(tenant, f.recipient).inbox_offset = f.offset;
  }
  template <class Other>
  void operator()(const Other&) const {
    // about no recipient
  }

  static constexpr std::uint8_t push_bit = 1U << static_cast<unsigned>(channel::push);
};

} // namespace

void recipient_book::know_key(const wrapped_key& k) {
  auto& e = entries_.get(k.tenant, k.recipient);
  e.key = k.wrapped;
  e.key_new = false;
}

void recipient_book::apply(const tenant_id& tenant, const fact& f, const std::string& sealed,
                           timestamp at) {
  std::visit(folder{entries_, tenant, sealed, at}, f);
  if (std::holds_alternative<recipient_erased>(f))
    recent_.fill(nullptr); // nothing in the clear outlives the key
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

std::vector<recipient_id> recipient_book::with_role(const tenant_id& tenant,
                                                    const std::string& role) const {
  std::vector<recipient_id> out;
  entries_.for_each([&](const tenant_id& t, const recipient_id& r, const recipient_entry& e) {
    if (t == tenant && std::find(e.roles.begin(), e.roles.end(), role) != e.roles.end())
      out.push_back(r);
  });
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace carillon
