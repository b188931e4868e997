#pragma once

#include "messages/interfaces.hpp"

#include "persistence/support/listing.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace carillon::persistence {

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
  std::vector<wrapped_key> keys(partition_id partition) const;
  std::vector<journal_row> facts_of(const tenant_id& tenant, const notification_id& id) const;

  void project(const committed_batch& batch);
  std::uint64_t projected(std::uint32_t lane) const;
  std::vector<listed_notification> list(const list_filter& filter, bool dead_letters) const;
  std::vector<notification_id> find(const find_event& query) const;

  std::uint64_t save(const save_catalogue& what);
  catalogue_rows catalogue() const;

private:
  struct lane_rows {
    std::vector<journal_row> rows;
    std::uint64_t projected = 0;
  };
  struct line {
    notification_view view;
    listed_notification shown;
  };

  mutable std::mutex mutex_;
  std::vector<lane_rows> lanes_;
  std::array<std::uint64_t, partition_count> next_sequence_;
  std::map<std::tuple<std::uint8_t, std::string, std::string>, wrapped_key> keys_;
  std::map<std::pair<notification_id, std::uint64_t>, std::string> blobs_; ///< by position
  std::map<notification_id, line> lines_;
  std::map<std::string, std::uint64_t> versions_;
  std::vector<catalogue_row> catalogue_;
  std::map<std::pair<std::string, std::string>, std::string> imported_;
};

} // namespace carillon::persistence
