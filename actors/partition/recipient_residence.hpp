#pragma once

#include "messages/people.hpp"

#include "actors/partition/recipient_book.hpp"

#include <absl/container/flat_hash_set.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <vector>

namespace carillon {

/// Which recipients are in memory, which are only known to be in the database, and which have
/// changed since their last snapshot. Moves entries of the book in and out; no actor, no I/O.
class recipient_residence {
public:
  static constexpr std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();

  /// `most_bytes`: what entries may take before some are let go.
  recipient_residence(recipient_book& book, std::size_t most_bytes)
      : book_(book), most_bytes_(most_bytes) {}

  // -- who is there ---------------------------------------------------------------

  /// Somebody of whom a key or a snapshot is kept.
  void know(const known_person& who);

  /// Whether they must be read before anything about them can be decided. Counts as a use of who
  /// is here.
  [[nodiscard]] bool is_absent(const tenant_id& tenant, const recipient_id& recipient);

  /// They were read: `sequence` of their snapshot and its size, or 0 and 0. Also who is kept
  /// nowhere, and has the hash of somebody who is.
  void arrived(const tenant_id& tenant, const recipient_id& recipient, std::uint64_t sequence,
               std::size_t bytes);

  /// Their key goes with the append of this sequence.
  void got_key(const tenant_id& tenant, const recipient_id& recipient, std::uint64_t sequence);

  /// A fact about them of so many bytes.
  void changed(const tenant_id& tenant, const recipient_id& recipient, std::uint64_t sequence,
               std::size_t bytes);

  // -- snapshots ------------------------------------------------------------------

  /// Somebody whose snapshot is older than their newest fact.
  struct unsaved {
    std::uint64_t since = 0; ///< sequence of the first fact after the snapshot
    recipient_book::node who;
  };

  /// The longest unsaved ones, up to `most` and to about `most_bytes`, one at least. Each is given
  /// to `saved` or `not_saved`, before more are taken.
  [[nodiscard]] std::vector<unsaved> take_unsaved(std::size_t most,
                                                  std::size_t most_bytes = std::size_t{4} << 20);
  void saved(const unsaved& who, std::size_t bytes);
  void not_saved(const unsaved& who);

  /// Sequence of the first fact that is in no snapshot; `everything` if there is none.
  [[nodiscard]] std::uint64_t first_unsaved() const;

  // -- memory ---------------------------------------------------------------------

  /// As long as it is held, nobody leaves who was used since it was taken.
  using presence = std::shared_ptr<const std::uint32_t>;
  [[nodiscard]] presence here() const {
    return rounds_.back();
  }

  /// Lets the longest unused go until an eighth of the room is free, of those that are saved, and
  /// whose key is: all up to `durable`. @returns who went.
  [[nodiscard]] std::vector<person> make_room(std::uint64_t durable);

  [[nodiscard]] bool is_over() const noexcept {
    return bytes_ > most_bytes_;
  }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return bytes_;
  }
  /// Uses from now on are later than those before.
  void next_round();

private:
  void resize(recipient_entry& e, std::size_t bytes);

  recipient_book& book_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::uint32_t round_ = 1;
  /// Of rounds somebody still works in, and the present one.
  std::deque<presence> rounds_{std::make_shared<const std::uint32_t>(1)};
  /// Who is kept somewhere, by hash: two of one hash cost a look in the database, no more.
  absl::flat_hash_set<std::uint64_t> known_;
  std::deque<unsaved> dirty_; ///< by `since`
  std::uint64_t saving_since_ = everything;
};

} // namespace carillon
