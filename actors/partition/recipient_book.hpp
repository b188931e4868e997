#pragma once

#include "messages/journal.hpp"
#include "messages/profile.hpp"
#include "messages/sealing.hpp"

#include "actors/support/recipient_map.hpp"

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/node_hash_set.h>

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
  const std::string* timezone = nullptr; ///< as in recipient_changed; null: empty
  const std::string* organization = nullptr;
  const std::string* provider = nullptr;
  std::string preferences; ///< the API's body
  std::vector<std::pair<timestamp, consent_recorded>> consents;
  std::vector<std::string> consents_sealed; ///< beside each consent
  std::uint64_t version = 0;                ///< sequence of the fact that made it so
  std::uint64_t profile_version = 0;
  std::uint64_t preferences_version = 0;
  std::uint64_t inbox_offset = 0; ///< of the newest in-app fact
  std::weak_ptr<const opened_profile> opened;
  std::uint8_t contacts = 0; ///< bit (1 << channel)
  bool key_new = false;      ///< made here, not yet handed to the journal
  bool inbox_knows_key = false;

  /// Where it stands between journal and snapshot; kept by `recipient_residence`.
  struct {
    std::uint64_t changed_at = 0; ///< sequence of the newest fact about them
    std::uint32_t used = 0;       ///< in rounds
    std::uint32_t bytes = 0;      ///< of memory, inbox included; an estimate
    bool dirty = false;           ///< a fact is newer than the snapshot
    bool being_saved = false;
  } residence;
};

/// The recipients of a partition that are in memory, folded from their snapshots and the ledger.
/// Who else there is, and who must be written down, is said by `recipient_residence`. Pure but for
/// the cipher.
class recipient_book {
public:
  using node = recipient_map<recipient_entry>::node;

  explicit recipient_book(sealer& seal) : seal_(&seal) {}

  void apply(const tenant_id& tenant, const fact& f, const std::string& sealed, timestamp at,
             std::uint64_t sequence);

  [[nodiscard]] recipient_entry* find(const tenant_id& tenant, const recipient_id& recipient) {
    return entries_.find(tenant, recipient);
  }
  [[nodiscard]] const recipient_entry* find(const tenant_id& tenant,
                                            const recipient_id& recipient) const {
    return entries_.find(tenant, recipient);
  }

  /// The entry, made if there is none.
  recipient_entry& get(const tenant_id& tenant, const recipient_id& recipient) {
    return entries_.get(tenant, recipient);
  }
  [[nodiscard]] node node_of(const tenant_id& tenant, const recipient_id& recipient) {
    return entries_.node_of(tenant, recipient);
  }
  template <class F>
  void each_node(F visit) {
    entries_.each_node(visit);
  }
  [[nodiscard]] std::size_t size() const {
    return entries_.size();
  }

  /// It leaves memory; the roles stay known.
  void evict(const tenant_id& tenant, const recipient_id& recipient) {
    entries_.erase(tenant, recipient);
  }

  /// The entry, with a data key (made now if there was none).
  recipient_entry& with_key(const tenant_id& tenant, const recipient_id& recipient);

  /// The facts from which the entry can be folded again, oldest first, with their time and what is
  /// sealed beside them.
  struct kept_fact {
    fact body;
    std::string sealed;
    timestamp at;
  };
  [[nodiscard]] std::vector<kept_fact> facts_of(const recipient_id& recipient,
                                                const recipient_entry& e) const;

  /// The profile in the clear, devices included; an empty one if nothing is known. `lost` is set
  /// where it cannot be unsealed.
  [[nodiscard]] profile open_profile(const recipient_entry& e, const recipient_id& recipient,
                                     bool& lost) const;

  /// The same for renderings; the last few are kept, since messages come in bursts.
  [[nodiscard]] std::shared_ptr<const opened_profile> open(recipient_entry& e,
                                                           const recipient_id& recipient);

  /// Somebody has the role, in memory or not.
  void know_role(const tenant_id& tenant, const std::string& role, const recipient_id& recipient);

  /// Whatever roles they were known to have.
  void forget_roles(const tenant_id& tenant, const recipient_id& recipient);

  /// Everyone who has the role, in memory or not.
  [[nodiscard]] std::vector<recipient_id> with_role(const tenant_id& tenant,
                                                    const std::string& role) const;

private:
  struct folder;
  [[nodiscard]] static std::string language(const recipient_entry& e);
  const std::string* word(const std::string& text);
  void move_roles(const tenant_id& tenant, const recipient_id& recipient,
                  const std::vector<std::string>& from, const std::vector<std::string>& to);

  sealer* seal_;
  std::array<std::shared_ptr<const opened_profile>, 64> recent_; ///< a ring
  std::size_t next_recent_ = 0;
  recipient_map<recipient_entry> entries_;
  absl::node_hash_set<std::string> words_; ///< zones and organisations, which many share
  absl::flat_hash_map<tenant_id, absl::flat_hash_map<std::string, absl::btree_set<recipient_id>>>
      roles_;
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
