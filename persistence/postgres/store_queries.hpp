#pragma once

#include "messages/commands.hpp"
#include "messages/local.hpp"

#include "persistence/postgres/link.hpp"
#include "persistence/support/listing.hpp"

#include <string>
#include <vector>

namespace carillon::persistence {

/// The store's statements on one connection. Used by one thread. Throws `sql_failure`; a connection
/// that was lost is opened again by the next call.
class store_queries {
public:
  explicit store_queries(std::string url);

  /// Of each, in the order of the questions.
  std::vector<facts_read> facts_of(const std::vector<read_facts>& questions);
  std::vector<notification_id> find(const find_event& query);
  std::vector<listed_notification> list(const list_filter& filter, bool dead_letters);
  catalogue_rows catalogue();
  std::uint64_t save(const save_catalogue& what);
  void save(const save_snapshots& what);
  snapshots_read read(const read_snapshots& what);

  /// Until when lists show everything: `now` if the read models hold all that is durable.
  timestamp as_of(timestamp now);

  /// Whether the database answers.
  bool is_reachable();

private:
  void open();
  std::uint64_t save_rows(const save_catalogue& what);
  template <class Take>
  void copy_rows(const std::string& sql, Take take);

  link link_;
};

} // namespace carillon::persistence
