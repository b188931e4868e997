#pragma once

#include "messages/commands.hpp"

#include <optional>
#include <string>
#include <vector>

/// What lists have in common, whichever backend reads them.
namespace carillon::persistence {

/// A line of a list.
struct listed_notification {
  notification_id id;
  std::string event_id;
  std::string recipient;
  std::string type;
  category in = category::transactional;
  priority at = priority::normal;
  status now = status::accepted;
  std::optional<channel> on;
  reason why = reason::none;
  timestamp created_at;
  timestamp updated_at;
  timestamp send_at;
  timestamp expires_at;
};

/// A query as asked, with its words turned into values. Ids order by time, newest first, so that
/// times and the cursor are bounds of ids.
struct list_filter {
  tenant_id tenant;
  std::string recipient;
  std::string type;
  std::optional<status> now;
  std::optional<channel> on;
  std::optional<reason> why;
  notification_id first; ///< inclusive
  notification_id last;  ///< exclusive
  std::uint32_t limit = 50;
  problem_items problems; ///< words that mean nothing; the query is not run then
};
list_filter filter_of(const list_notifications& query);
list_filter filter_of(const list_dead_letters& query);

bool matches(const list_filter& filter, const listed_notification& item);

/// The answer to a list: `{"items":[..],"next_cursor":..,"as_of":..}`. `items` may hold one more
/// than the limit, which is how it is known that there is a next page.
answer list_answer(const list_filter& filter, std::vector<listed_notification> items,
                   timestamp as_of);

/// The answer to a query with `problems`.
answer invalid_query(const list_filter& filter);

} // namespace carillon::persistence
