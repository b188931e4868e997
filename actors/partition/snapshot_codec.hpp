#pragma once

#include "messages/sealing.hpp"

#include "actors/partition/recipient_book.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// What the children keep of a recipient, in forms of their own.
struct snapshot_parts {
  std::string limits; ///< rate_limiter_model::save
  std::string inbox;  ///< inbox_model::save
};

/// The body of a snapshot, up to sealing. Versions and offsets stay in the clear: they go on when
/// the key is dropped. The other part is what was protected already, or names what was sealed.
struct snapshot_plain {
  std::string head;
  std::string kept; ///< to be sealed, where the recipient has a key
};
[[nodiscard]] snapshot_plain encode_snapshot(const recipient_book& book,
                                             const recipient_id& recipient,
                                             const recipient_entry& e);

/// Puts the parts behind and seals under `wrapped_key`; in the clear where that is empty: who has
/// no key has nothing that is protected.
[[nodiscard]] std::string finish_snapshot(sealer& seal, const recipient_id& recipient,
                                          std::string_view wrapped_key, snapshot_plain plain,
                                          const snapshot_parts& parts);

/// A snapshot read back. `lost`: it is sealed under a key that is gone, and only the numbers are
/// left. Nothing if the bytes are not one.
struct opened_snapshot {
  std::uint64_t version = 0;
  std::uint64_t profile_version = 0;
  std::uint64_t preferences_version = 0;
  std::uint64_t inbox_offset = 0;
  std::vector<recipient_book::kept_fact> facts;
  snapshot_parts parts;
  bool lost = false;
};
[[nodiscard]] std::optional<opened_snapshot> open_snapshot(sealer& seal,
                                                           const recipient_id& recipient,
                                                           std::string_view wrapped_key,
                                                           std::string_view body);

} // namespace carillon
