#pragma once

#include "messages/journal.hpp"
#include "messages/profile.hpp"
#include "messages/sealing.hpp"

#include "actors/support/recipient_map.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// A profile in the clear, as a rendering needs it.
struct opened_profile {
  profile who; ///< the language that the recipient prefers is its locale
  std::uint64_t version = 0;
  bool lost = false; ///< it could not be unsealed
};

/// What a partition keeps of one recipient. Protected parts stay sealed; `version` moves with
/// everything that a decision or a rendering could depend on.
struct recipient_entry {
  std::string key;                                     ///< wrapped; empty: none yet, or forgotten
  std::string profile;                                 ///< sealed
  std::vector<std::pair<hash16, std::string>> devices; ///< token's hash, sealed
  std::vector<std::string> roles;
  std::string preferences; ///< the API's body
  std::vector<std::pair<timestamp, consent_recorded>> consents;
  std::vector<std::string> consents_sealed; ///< beside each consent
  std::uint64_t version = 0;
  std::uint64_t profile_version = 0;
  std::uint64_t preferences_version = 0;
  std::uint64_t inbox_offset = 0; ///< of the newest in-app fact
  std::weak_ptr<const opened_profile> opened;
  std::uint8_t contacts = 0; ///< bit (1 << channel)
  bool key_new = false;      ///< made here, not yet handed to the journal
  bool inbox_knows_key = false;
};

/// The recipients of a partition, folded from the ledger. Pure but for the cipher.
class recipient_book {
public:
  explicit recipient_book(sealer& seal) : seal_(&seal) {}

  void know_key(const wrapped_key& k);
  void apply(const tenant_id& tenant, const fact& f, const std::string& sealed, timestamp at);

  [[nodiscard]] recipient_entry* find(const tenant_id& tenant, const recipient_id& recipient) {
    return entries_.find(tenant, recipient);
  }

  /// The entry, with a data key (made now if there was none).
  recipient_entry& with_key(const tenant_id& tenant, const recipient_id& recipient);

  /// The profile in the clear, devices included; an empty one if nothing is known. `lost` is set
  /// where it cannot be unsealed.
  [[nodiscard]] profile open_profile(const recipient_entry& e, const recipient_id& recipient,
                                     bool& lost) const;

  /// The same for renderings; the last few are kept, since messages come in bursts.
  [[nodiscard]] std::shared_ptr<const opened_profile> open(recipient_entry& e,
                                                           const recipient_id& recipient);

  /// Everyone who has the role.
  [[nodiscard]] std::vector<recipient_id> with_role(const tenant_id& tenant,
                                                    const std::string& role) const;

private:
  [[nodiscard]] static std::string language(const recipient_entry& e);

  sealer* seal_;
  std::array<std::shared_ptr<const opened_profile>, 64> recent_; ///< a ring
  std::size_t next_recent_ = 0;
  recipient_map<recipient_entry> entries_;
};

/// Additional authenticated data for what is sealed about a person rather than a notification.
inline std::string_view context_of(const recipient_id& recipient) noexcept {
  return recipient.str();
}
/// ... and for what belongs to a notification: the 16 bytes of its id.
inline std::string_view context_of(const notification_id& id) noexcept {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

} // namespace carillon
