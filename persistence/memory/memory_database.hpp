#pragma once

#include "messages/interfaces.hpp"

#include "persistence/support/listing.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace carillon::persistence {

/// What a start reads of one partition.
struct memory_replay {
  std::vector<known_person> people;
  std::vector<remembered_event> events;
  std::vector<journal_row> carried;
  std::vector<journal_row> rows;
  replay_end end;
};

/// A database that lives as long as its last holder: journal, keys, read models, catalogue. Shared
/// by the actors of the memory backend, so that they can be restarted on it. Thread-safe.
class memory_database {
public:
  explicit memory_database(std::uint32_t lanes = 1);

  std::uint32_t lanes() const {
    return static_cast<std::uint32_t>(lanes_.size());
  }

  /// All of it or nothing; gives the rows their positions. Nothing if the rows do not continue
  /// their partition's sequence or are no text.
  std::optional<appended> write(std::uint32_t lane, append& what);

  std::vector<journal_row> rows(std::uint32_t lane, partition_id partition) const;
  memory_replay replay(std::uint32_t lane, partition_id partition) const;
  std::vector<journal_row> facts_of(const tenant_id& tenant, const notification_id& id) const;

  void project(const committed_batch& batch);
  std::vector<listed_notification> list(const list_filter& filter, bool dead_letters) const;
  std::vector<notification_id> find(const find_event& query) const;

  void save(const save_snapshots& what);
  snapshots_read read(const read_snapshots& what) const;

  /// Segments are ranges of positions here. `now` tells what is young.
  segments_listed tend(const tend_segments& what, timestamp now);

  std::uint64_t save(const save_catalogue& what);
  catalogue_rows catalogue() const;

private:
  struct stored_row {
    journal_row what;
    bool carried = false; ///< a start reads it though it is settled
    bool alone = false;   ///< its segment is dropped
  };
  struct lane_rows {
    std::vector<stored_row> rows;
    std::uint64_t next_position = 1;
    std::uint64_t projected = 0;
    std::uint64_t settled = 0; ///< a start reads what is behind it; before it, what is carried
  };
  struct line {
    notification_view view;
    listed_notification shown;
    bool open = true;
  };
  struct segment {
    segment_info info;
    std::vector<std::uint64_t> ends; ///< by lane: its last position
    std::map<std::uint8_t, std::vector<remembered_event>> events;
  };
  using person_key = std::tuple<std::uint8_t, std::string, std::string>;

  bool is_open(const notification_id& id) const;
  void count_rows();
  std::string settle(segment& what, const tend_segments& how, timestamp now);
  std::string why_not(const segment& what, const tend_segments& how) const;
  void carry(const segment& what, timestamp now);
  void pack_events(segment& what);
  std::string drop(std::int32_t number);
  void drop_rows(const segment& of);

  mutable std::mutex mutex_;
  std::vector<lane_rows> lanes_;
  std::array<std::uint64_t, partition_count> next_sequence_;
  std::map<person_key, wrapped_key> keys_;
  std::map<person_key, snapshot> snapshots_;
  std::vector<segment> segments_;
  std::vector<segment> dropped_;                                           ///< for their events
  std::map<std::pair<notification_id, std::uint64_t>, std::string> blobs_; ///< by position
  std::map<notification_id, line> lines_;
  std::map<std::string, std::uint64_t> versions_;
  std::vector<catalogue_row> catalogue_;
  std::map<std::pair<std::string, std::string>, std::string> imported_;
};

} // namespace carillon::persistence
