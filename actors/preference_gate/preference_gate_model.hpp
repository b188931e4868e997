#pragma once

#include "messages/engine.hpp"

#include "actors/preference_gate/resolve.hpp"
#include "actors/support/recipient_map.hpp"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>

namespace carillon {

/// What the gate knows of one recipient: only what a check needs. Strings and layers that many
/// share are kept once.
struct gate_recipient {
  const date::time_zone* zone = nullptr;
  const std::string* organization = nullptr;
  const std::string* provider = nullptr;
  preferences_ptr own; ///< null: says nothing
  std::uint8_t opted_out
      = 0; ///< bit (1 << channel): the newest consent of the channel says opted_out
  std::uint8_t opted_out_marketing = 0; ///< the same, for consents of the purpose marketing
};

/// Preferences, opt-outs, do-not-disturb and quiet hours of a partition's recipients.
class preference_gate_model {
public:
  /// Answers the steps of one assessment in place; steps that are not at `pass` stay as they are.
  void decide(const tenant_catalogue& catalogue, assessment& about) const;

  /// Folds a ledger fact.
  void apply(const applied_fact& f);

  /// Until facts about them are folded again; the same ones, oldest first, lead to the same state
  /// however often they are folded.
  void forget(const tenant_id& tenant, const recipient_id& who);

  /// All layers merged, with `layers`: the layer by the pointer of each value.
  [[nodiscard]] nlohmann::json resolved(const tenant_catalogue& catalogue, const tenant_id& tenant,
                                        const recipient_id& who) const;

  [[nodiscard]] const gate_recipient* find(const tenant_id& tenant, const recipient_id& who) const {
    return recipients_.find(tenant, who);
  }

private:
  void decide_step(const tenant_catalogue& catalogue, const assessment& about,
                   const gate_recipient& who, step_verdict& step) const;
  const std::string* share(const std::string& text);
  preferences_ptr share_layer(const std::string& body);

  recipient_map<gate_recipient> recipients_;
  absl::flat_hash_map<std::string, std::unique_ptr<std::string>> shared_;
  absl::flat_hash_map<hash16, std::weak_ptr<const preferences>> layers_;
};

} // namespace carillon
