#pragma once

#include "messages/ids.hpp"
#include "messages/time.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Snapshots: what the facts about a person come to, so that a start need not read them all.
/// docs/journal.md and docs/adr/0105-snapshots.md say when they are written and read.
namespace carillon {

struct person {
  tenant_id tenant;
  recipient_id recipient;
  friend bool operator==(const person&, const person&) = default;

  template <class H>
  friend H AbslHashValue(H h, const person& x) {
    return H::combine(std::move(h), x.tenant, x.recipient);
  }
};

/// What one person's facts up to `sequence` come to. A newer one takes its place, an older one
/// never does.
struct snapshot {
  person who;
  std::uint64_t sequence = 0;
  std::vector<std::string> roles; ///< in the clear, as in recipient_changed
  std::string body; ///< actors/partition/snapshot_codec.hpp; sealed in its protected part
};

/// Partition to store: keep these. Durable when answered.
struct save_snapshots {
  partition_id partition;
  std::vector<snapshot> items;
};
struct snapshots_saved {
  std::uint64_t count = 0;
};

/// Partition to store: what is kept of these people.
struct read_snapshots {
  partition_id partition;
  std::vector<person> who;
};
/// Of one person. `wrapped` is empty without a data key; `sequence` is 0 and `body` empty without a
/// snapshot.
struct person_read {
  person who;
  std::string wrapped;
  std::uint64_t sequence = 0;
  std::string body;
};
/// In any order; those of whom nothing is kept are left out.
struct snapshots_read {
  std::vector<person_read> items;
};

/// Somebody of whom a key or a snapshot is kept; first of all in a replay.
struct known_person {
  person who;
  std::vector<std::string> roles; ///< of the snapshot
};

/// An event that was planned before the replayed facts begin; before them in a replay, oldest
/// first.
struct remembered_event {
  hash16 event;
  notification_id first; ///< nil: it planned nothing
  timestamp at;
  bool kept = false; ///< the event itself is in the journal
};

/// Housekeeper to partition: write a snapshot of everybody that has changed since their last one.
/// Answered when they are durable.
struct flush_people {};
struct people_flushed {
  std::uint64_t sequence = 0; ///< no fact up to here is needed for people any more
};

/// Partition to its children: what they keep of these people, in their order.
struct collect_people {
  std::vector<person> who;
};
struct people_parts {
  std::vector<std::string> parts; ///< empty: nothing
};
/// ... what they kept, which takes the place of what they have.
struct restore_people {
  std::vector<std::pair<person, std::string>> parts;
};
/// ... these are no longer needed, until they are restored.
struct evict_people {
  std::vector<person> who;
};

/// Housekeeper to store: segments of the journal.
struct tend_segments {
  enum class verb : std::uint8_t { list, rotate, settle, drop };
  verb what = verb::list;
  std::int32_t segment = 0;                             ///< for settle and drop
  std::array<std::uint64_t, partition_count> flushed{}; ///< for settle: by partition
};
struct segment_info {
  std::int32_t number = 0;
  std::uint64_t rows = 0; ///< of one that is open; an estimate from positions
  timestamp created_at;
  timestamp closed_at;  ///< no_time: it is written to
  timestamp settled_at; ///< no_time: a start reads it
};
/// Answers every verb: the segments as they are afterwards, oldest first.
struct segments_listed {
  std::vector<segment_info> segments;
  std::string refused; ///< why settle or drop did nothing, in words; empty: it was done
};

} // namespace carillon
